/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_CPUID_H
#define NM_CORE_CPUID_H

#include "core/arena.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

struct nm_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/** One leaf and subleaf of the CPU that runs this; zeros above the highest leaf of its range. */
struct nm_cpuid nm_cpuid(uint32_t leaf, uint32_t subleaf);

/** Leaves of a CPU, or of what KVM offers to guests, in ascending order. */
struct nm_cpuid_table {
	struct nm_cpuid_leaf {
		uint32_t leaf, subleaf;
		struct nm_cpuid regs;
	} * items;
	size_t count;
};

/** Every leaf of the CPU that runs this, as lines of nm_cpuid_print(). -ENOTSUP where there is no CPUID. */
int nm_cpuid_dump(struct nm_text *out);

/** One line in the manner of `cpuid -r`: "   0x00000001 0x00: eax=0x… ebx=0x… ecx=0x… edx=0x…". */
void nm_cpuid_print(struct nm_text *out, uint32_t leaf, uint32_t subleaf,
		    const struct nm_cpuid *regs);

/** Reads such lines; -EINVAL with the line's number for anything else. "CPU 0:" before them is allowed. */
int nm_cpuid_parse(struct nm_arena *arena, const char *text, struct nm_cpuid_table *out);

/** Registers of a leaf; zeros when the table has none. */
struct nm_cpuid nm_cpuid_get(const struct nm_cpuid_table *table, uint32_t leaf, uint32_t subleaf);

/** The 12 characters of ebx, edx, ecx (vendor) or ebx, ecx, edx (hypervisors), without what is not printable. */
void nm_cpuid_vendor(const struct nm_cpuid *regs, char out[13]);
void nm_cpuid_signature(const struct nm_cpuid *regs, char out[13]);

/**
 * What identifies a CPU. Code names are deliberately absent: tables of names are always older than the
 * machines that clouds rent out, and guess.
 */
struct nm_cpu_identity {
	char vendor[13];
	char brand[49];
	char hypervisor[13]; /* signature of leaf 40000000h, empty when there is none */
	unsigned int family, model, stepping; /* as the SDM's display family and model */
	bool guest; /* leaf 1 ECX[31]: set by hypervisors for their guests */
	bool vmx;
	bool svm;
	bool x2apic;
	bool invariant_tsc;
};

/** "vmx", "svm" or "none". */
const char *nm_cpu_virtualization(const struct nm_cpu_identity *cpu);

void nm_cpu_identify(const struct nm_cpuid_table *table, struct nm_cpu_identity *out);

#endif
