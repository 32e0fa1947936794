/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_CPUID_H
#define NM_CORE_CPUID_H

#include <stdbool.h>
#include <stdint.h>

struct nm_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/** One leaf and subleaf of the CPU that runs this; zeros above the highest leaf of its range. */
struct nm_cpuid nm_cpuid(uint32_t leaf, uint32_t subleaf);

/** Leaf 1 ECX[31]: set by hypervisors for their guests. */
bool nm_cpuid_hypervisor(void);

/**
 * What identifies a CPU. Code names are deliberately absent: tables of names are always older than the
 * machines that clouds rent out, and guess.
 */
struct nm_cpu_identity {
	char vendor[13];
	char brand[49];
	char hypervisor[13]; /* signature of leaf 40000000h, empty when there is none */
	unsigned int family, model, stepping; /* as the SDM's display family and model */
	bool vmx;
	bool svm;
	bool x2apic;
	bool invariant_tsc;
};

/** From libcpuid's raw leaves. -ENOTSUP where it cannot read CPUID. */
int nm_cpu_identify(struct nm_cpu_identity *out);

#endif
