/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/platform.h"

/* Leaves relative to the block that says "Hv#1" (TLFS, Feature and Interface Discovery). */
enum { FEATURES = 3, RECOMMENDATIONS = 4, NESTED_FEATURES = 0xa };

enum reg { EAX, EBX };

static const struct bit {
	const char *id;
	uint32_t leaf;
	enum reg reg;
	unsigned int bit;
	const char *meaning;
} bits[] = {
	{"platform.hyperv.cpu_management", FEATURES, EBX, 12,
	 "CpuManagement: this is the root partition"},
	{"platform.hyperv.isolation", FEATURES, EBX, 22, "Isolation: a confidential VM"},
	{"platform.hyperv.nested", RECOMMENDATIONS, EAX, 12,
	 "this Hyper-V itself runs in a partition of another"},
	{"platform.hyperv.evmcs", RECOMMENDATIONS, EAX, 14,
	 "an enlightened VMCS is recommended to a hypervisor here"},
	{"platform.hyperv.direct_flush", NESTED_FEATURES, EAX, 17,
	 "direct virtual flush hypercalls"},
	{"platform.hyperv.guest_mapping_flush", NESTED_FEATURES, EAX, 18,
	 "hypercalls that flush guest physical address spaces"},
	{"platform.hyperv.msr_bitmap", NESTED_FEATURES, EAX, 19, "enlightened MSR bitmap"},
	{"platform.hyperv.npt_tlb", NESTED_FEATURES, EAX, 22,
	 "enlightened TLB on AMD: ASID flushes leave nested translations alone"},
	{NULL, 0, EAX, 0, NULL},
};

static bool is_set(const struct nm_probe_context *context, uint32_t base, const struct bit *bit)
{
	const struct nm_cpuid regs = nm_cpuid_get(&context->cpuid, base + bit->leaf, 0);

	return (bit->reg == EAX ? regs.eax : regs.ebx) >> bit->bit & 1;
}

static int add_versions(struct nm_probe_context *context, uint32_t base)
{
	uint32_t eax = nm_cpuid_get(&context->cpuid, base + NESTED_FEATURES, 0).eax;

	if (!(eax & 0xffff))
		return 0;
	return nm_detail_add(context, "platform.hyperv.evmcs_versions", NM_STATUS_INFO,
			     NM_INT((int64_t)(eax >> 8 & 0xff)), NULL,
			     "CPUID %Xh EAX[15:0]: enlightened VMCS versions %u to %u",
			     base + NESTED_FEATURES, eax & 0xff, eax >> 8 & 0xff);
}

static int add_block(struct nm_probe_context *context, uint32_t base, bool *root)
{
	int r = add_versions(context, base);
	bool isolated = false;

	for (const struct bit *bit = bits; !r && bit->id; bit++) {
		bool set = is_set(context, base, bit);

		/* Linux takes a confidential VM for no root (arch/x86/kernel/cpu/mshyperv.c). */
		if (bit == &bits[0])
			*root = set;
		isolated |= bit == &bits[1] && set;
		r = nm_detail_add(context, bit->id, NM_STATUS_INFO, NM_BOOL(set), NULL,
				  "CPUID %Xh %s[%u]: %s", base + bit->leaf,
				  bit->reg == EAX ? "EAX" : "EBX", bit->bit, bit->meaning);
	}
	*root &= !isolated;
	return r;
}

int nm_platform_hyperv(struct nm_probe_context *context, struct nm_platform *platform)
{
	for (size_t i = 0; i < platform->signs.layer_count; i++)
		if (platform->signs.layers[i].hyperv)
			return add_block(context, platform->signs.layers[i].leaf,
					 &platform->hyperv_root);
	return 0;
}
