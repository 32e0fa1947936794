/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpuid.h"

#include "core/error.h"

#include <errno.h>
#include <libcpuid/libcpuid.h>
#include <string.h>

static void keep_quiet(const char *message)
{
	(void)message;
}

struct nm_cpuid nm_cpuid(uint32_t leaf, uint32_t subleaf)
{
	uint32_t regs[4] = {leaf & 0xf0000000u, 0, 0, 0};
	uint32_t highest;

	cpu_exec_cpuid_ext(regs);
	highest = regs[0];
	if (leaf > highest && (leaf & 0xf0000000u) != 0x40000000u)
		return (struct nm_cpuid) {0};
	regs[0] = leaf;
	regs[1] = 0;
	regs[2] = subleaf;
	regs[3] = 0;
	cpu_exec_cpuid_ext(regs);
	return (struct nm_cpuid) {.eax = regs[0], .ebx = regs[1], .ecx = regs[2], .edx = regs[3]};
}

bool nm_cpuid_hypervisor(void)
{
	return nm_cpuid(1, 0).ecx >> 31;
}

/* SDM vol. 2, CPUID leaf 1: how family and model are extended. */
static void decode_signature(uint32_t eax, struct nm_cpu_identity *out)
{
	unsigned int family = eax >> 8 & 0xf;
	unsigned int model = eax >> 4 & 0xf;

	out->stepping = eax & 0xf;
	out->family = family == 0xf ? family + (eax >> 20 & 0xff) : family;
	out->model = family == 0xf || family == 0x6 ? model | (eax >> 12 & 0xf0) : model;
}

int nm_cpu_identify(struct nm_cpu_identity *out)
{
	struct cpu_raw_data_t raw;
	const char *brand;
	int r;

	*out = (struct nm_cpu_identity) {0};
	cpuid_set_warn_function(keep_quiet);
	r = cpuid_get_raw_data(&raw);
	if (r < 0)
		return nm_fail(ENOTSUP, "CPUID cannot be read: %s", cpuid_error());
	memcpy(out->vendor, &raw.basic_cpuid[0][1], 4);
	memcpy(out->vendor + 4, &raw.basic_cpuid[0][3], 4);
	memcpy(out->vendor + 8, &raw.basic_cpuid[0][2], 4);
	decode_signature(raw.basic_cpuid[1][0], out);
	out->vmx = raw.basic_cpuid[1][2] >> 5 & 1;
	out->x2apic = raw.basic_cpuid[1][2] >> 21 & 1;
	out->svm = raw.ext_cpuid[1][2] >> 2 & 1;
	out->invariant_tsc = raw.ext_cpuid[7][3] >> 8 & 1;
	for (size_t i = 0; i < 3; i++)
		memcpy(out->brand + 16 * i, raw.ext_cpuid[2 + i], 16);
	brand = out->brand + strspn(out->brand, " ");
	memmove(out->brand, brand, strlen(brand) + 1);
	if (raw.basic_cpuid[1][2] >> 31) {
		struct nm_cpuid leaf = nm_cpuid(0x40000000, 0);

		memcpy(out->hypervisor, &leaf.ebx, 4);
		memcpy(out->hypervisor + 4, &leaf.ecx, 4);
		memcpy(out->hypervisor + 8, &leaf.edx, 4);
	}
	return 0;
}
