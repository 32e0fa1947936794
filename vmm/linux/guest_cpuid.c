/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/guest_cpuid.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>

#define HYPERVISOR_BASE	 0x40000000u
#define HYPERVISOR_LIMIT 0x400000ffu
#define SPARE_ENTRIES	 2 /* the signature, and the second level of leaf 0Bh */

/* SDM vol. 2A, CPUID: leaf 1 EBX and ECX; leaf 0Bh levels. */
#define LEAF1_APIC_ID_SHIFT 24
#define LEAF1_CPUS_SHIFT    16
#define LEAF1_X2APIC	    (1u << 21)
#define LEAF1_TSC_DEADLINE  (1u << 24)
#define LEAF1_HYPERVISOR    (1u << 31)
#define LEAF_LEVELS	    0xbu
#define LEAF_LEVELS_V2	    0x1fu
#define LEAFB_SMT	    0x100u
#define LEAFB_CORE	    0x201u
#define LEAF4_TYPE	    0x1fu
#define LEAF4_TOPOLOGY	    0xffffc000u
#define LEAF8_CORES	    0xffffu

static unsigned int bits_for(unsigned int count)
{
	unsigned int bits = 0;

	while ((1u << bits) < count)
		bits++;
	return bits;
}

static bool is_hypervisor_leaf(uint32_t leaf)
{
	return leaf >= HYPERVISOR_BASE && leaf <= HYPERVISOR_LIMIT;
}

static void set_features(struct kvm_cpuid_entry2 *entry, const struct nm_kvm *kvm, unsigned int id,
			 unsigned int count, const struct nm_identity *identity)
{
	entry->ebx = (entry->ebx & 0xffff) | count << LEAF1_CPUS_SHIFT | id << LEAF1_APIC_ID_SHIFT;
	entry->ecx |= LEAF1_X2APIC;
	if (nm_kvm_capability(kvm, KVM_CAP_TSC_DEADLINE_TIMER))
		entry->ecx |= LEAF1_TSC_DEADLINE;
	if (identity->signature)
		entry->ecx |= LEAF1_HYPERVISOR;
	else
		entry->ecx &= ~LEAF1_HYPERVISOR;
}

/* KVM supports the leaf but leaves the levels to its user: threads of a core, cores of the package (api.rst). */
static void add_levels(struct kvm_cpuid2 *cpuid, unsigned int id, unsigned int count)
{
	const struct kvm_cpuid_entry2 thread = {.function = LEAF_LEVELS,
						.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
						.ebx = 1,
						.ecx = LEAFB_SMT,
						.edx = id};
	const struct kvm_cpuid_entry2 core = {.function = LEAF_LEVELS,
					      .index = 1,
					      .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
					      .eax = bits_for(count),
					      .ebx = count,
					      .ecx = LEAFB_CORE,
					      .edx = id};

	cpuid->entries[cpuid->nent++] = thread;
	cpuid->entries[cpuid->nent++] = core;
}

/* One thread per core, one package: whatever topology the host has is not the guest's. */
static void adjust(struct kvm_cpuid_entry2 *entry, const struct nm_kvm *kvm, unsigned int id,
		   unsigned int count, const struct nm_identity *identity)
{
	switch (entry->function) {
	case 1:
		set_features(entry, kvm, id, count, identity);
		break;
	case 4:
		if (entry->eax & LEAF4_TYPE)
			entry->eax = (entry->eax & ~LEAF4_TOPOLOGY) | (count - 1) << 26;
		break;
	case 0x80000008:
		entry->ecx = (entry->ecx & ~LEAF8_CORES) | bits_for(count) << 12 | (count - 1);
		break;
	case 0x8000001e:
		entry->eax = id;
		entry->ebx = id;
		entry->ecx = 0;
		break;
	default:
		break;
	}
}

/* Ours are put in their place, or in none. */
static bool is_replaced(const struct kvm_cpuid_entry2 *entry, const struct nm_identity *identity)
{
	if (is_hypervisor_leaf(entry->function))
		return !identity->kvm || entry->function == HYPERVISOR_BASE;
	return entry->function == LEAF_LEVELS || entry->function == LEAF_LEVELS_V2;
}

static struct kvm_cpuid_entry2 signature_leaf(const struct nm_identity *identity)
{
	struct kvm_cpuid_entry2 entry = {.function = HYPERVISOR_BASE,
					 .eax = identity->highest_leaf};
	char text[12] = {0};

	memcpy(text, identity->signature, strnlen(identity->signature, sizeof(text)));
	memcpy(&entry.ebx, text, 4);
	memcpy(&entry.ecx, text + 4, 4);
	memcpy(&entry.edx, text + 8, 4);
	return entry;
}

int nm_linux_set_cpuid(const struct nm_vcpu *vcpu, const struct nm_kvm *kvm, unsigned int id,
		       unsigned int count, const struct nm_identity *identity)
{
	const struct kvm_cpuid2 *supported = kvm->cpuid;
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + (supported->nent + SPARE_ENTRIES) *
								      sizeof(cpuid->entries[0]));
	int r;

	if (!cpuid)
		return nm_fail(ENOMEM, "out of memory");
	for (uint32_t i = 0; i < supported->nent; i++) {
		struct kvm_cpuid_entry2 entry = supported->entries[i];

		if (entry.function == LEAF_LEVELS && entry.index == 0)
			add_levels(cpuid, id, count);
		if (is_replaced(&entry, identity))
			continue;
		adjust(&entry, kvm, id, count, identity);
		cpuid->entries[cpuid->nent++] = entry;
	}
	if (identity->signature)
		cpuid->entries[cpuid->nent++] = signature_leaf(identity);
	r = nm_vcpu_set_cpuid(vcpu, cpuid);
	free(cpuid);
	return r;
}
