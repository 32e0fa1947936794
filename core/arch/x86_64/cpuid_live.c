/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpuid.h"

#include <libcpuid/libcpuid.h>

/* Every CPUID is a VM exit in a guest, so each range and leaf is bounded by what CPUs and hypervisors have. */
#define MAX_LEAVES	  0x40u
#define MAX_SUBLEAVES	  0x40u
#define HYPERVISOR_FIRST  0x40000000u
#define HYPERVISOR_STEP	  0x100u
#define HYPERVISOR_RANGES 4u /* Hyper-V's or Xen's leaves may stand before KVM's */

static struct nm_cpuid execute(uint32_t leaf, uint32_t subleaf)
{
	uint32_t regs[4] = {leaf, 0, subleaf, 0};

	cpu_exec_cpuid_ext(regs);
	return (struct nm_cpuid) {.eax = regs[0], .ebx = regs[1], .ecx = regs[2], .edx = regs[3]};
}

struct nm_cpuid nm_cpuid(uint32_t leaf, uint32_t subleaf)
{
	uint32_t range = leaf & 0xf0000000u;

	if (range != HYPERVISOR_FIRST && leaf > execute(range, 0).eax)
		return (struct nm_cpuid) {0};
	return execute(leaf, subleaf);
}

/* How many subleaves a leaf has, by SDM vol. 2 and APM vol. 3; what says so itself is asked. */
static uint32_t subleaves(uint32_t leaf, const struct nm_cpuid *first)
{
	switch (leaf) {
	case 0x7:
	case 0x14:
	case 0x17:
	case 0x18:
	case 0x1d:
		return first->eax + 1;
	case 0xd:
		return MAX_SUBLEAVES;
	case 0x4:
	case 0xb:
	case 0x1f:
	case 0x8000001d:
	case 0x80000026:
		return 8;
	case 0xf:
	case 0x10:
	case 0x12:
	case 0x24:
		return 4;
	default:
		return 1;
	}
}

static bool is_empty(const struct nm_cpuid *regs)
{
	return !(regs->eax | regs->ebx | regs->ecx | regs->edx);
}

/* Leaves 4, Bh, 1Fh and their like end with one whose type is 0. */
static bool is_last(uint32_t leaf, const struct nm_cpuid *regs)
{
	switch (leaf) {
	case 0x4:
	case 0x8000001d:
		return !(regs->eax & 0x1f);
	case 0xb:
	case 0x1f:
	case 0x80000026:
		return !(regs->ecx & 0xff00);
	default:
		return false;
	}
}

static void dump_leaf(struct nm_text *out, uint32_t leaf)
{
	struct nm_cpuid regs = execute(leaf, 0);
	uint32_t count = subleaves(leaf, &regs);

	nm_cpuid_print(out, leaf, 0, &regs);
	if (count > MAX_SUBLEAVES)
		count = MAX_SUBLEAVES;
	for (uint32_t i = 1; i < count && !is_last(leaf, &regs); i++) {
		regs = execute(leaf, i);
		if (!is_empty(&regs))
			nm_cpuid_print(out, leaf, i, &regs);
	}
}

static void dump_range(struct nm_text *out, uint32_t first, uint32_t highest)
{
	if (highest - first >= MAX_LEAVES)
		highest = first + MAX_LEAVES - 1;
	for (uint32_t leaf = first; leaf <= highest; leaf++)
		dump_leaf(out, leaf);
}

int nm_cpuid_dump(struct nm_text *out)
{
	dump_range(out, 0, execute(0, 0).eax);
	for (uint32_t i = 0; execute(1, 0).ecx >> 31 && i < HYPERVISOR_RANGES; i++) {
		uint32_t first = HYPERVISOR_FIRST + i * HYPERVISOR_STEP;
		uint32_t highest = execute(first, 0).eax;

		/* KVM of old gives 0 for the highest leaf (Documentation/virt/kvm/x86/cpuid.rst). */
		if (!highest && !is_empty(&(struct nm_cpuid) {.ebx = execute(first, 0).ebx}))
			highest = first + 1;
		if (highest >= first && highest < first + HYPERVISOR_STEP)
			dump_range(out, first, highest);
	}
	dump_range(out, 0x80000000, execute(0x80000000, 0).eax);
	return nm_text_status(out);
}
