/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/kvm_fact.h"

#include "core/cpuid.h"
#include "probes/errno_name.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define MAX_FEATURES 1024u

/* One at a time, since KVM_GET_MSRS stops at the first that it refuses. */
static void put_msr(struct nm_text *out, const struct nm_kvm *kvm, uint32_t index)
{
	alignas(struct kvm_msrs) unsigned char
		bytes[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)] = {0};
	struct kvm_msrs *msrs = (struct kvm_msrs *)(void *)bytes;

	msrs->nmsrs = 1;
	msrs->entries[0].index = index;
	if (ioctl(kvm->fd, KVM_GET_MSRS, msrs) == 1)
		nm_text_printf(out, "msr 0x%08x 0x%016llx\n", index, msrs->entries[0].data);
	else
		nm_text_printf(out, "msr 0x%08x EIO\n", index);
}

static void put_features(struct nm_text *out, const struct nm_kvm *kvm)
{
	alignas(struct kvm_msr_list) unsigned char
		bytes[sizeof(struct kvm_msr_list) + MAX_FEATURES * sizeof(uint32_t)] = {0};
	struct kvm_msr_list *list = (struct kvm_msr_list *)(void *)bytes;

	list->nmsrs = MAX_FEATURES;
	if (ioctl(kvm->fd, KVM_GET_MSR_FEATURE_INDEX_LIST, list)) {
		nm_text_printf(out, "msrs %s\n", nm_errno_name(errno));
		return;
	}
	for (uint32_t i = 0; i < list->nmsrs; i++)
		put_msr(out, kvm, list->indices[i]);
}

static bool is_before(const struct kvm_cpuid_entry2 *a, const struct kvm_cpuid_entry2 *b)
{
	return a->function != b->function ? a->function < b->function : a->index < b->index;
}

/* KVM's list does not ascend, and a leaf may stand in it twice: the first one counts, as it does for KVM. */
static void sort_entries(struct kvm_cpuid_entry2 *entries, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		const struct kvm_cpuid_entry2 entry = entries[i];
		uint32_t place = i;

		for (; place && is_before(&entry, &entries[place - 1]); place--)
			entries[place] = entries[place - 1];
		entries[place] = entry;
	}
}

static void put_cpuid(struct nm_text *out, const struct kvm_cpuid2 *offered)
{
	struct kvm_cpuid_entry2 *entries = calloc(offered->nent + 1ul, sizeof(*entries));

	if (!entries) {
		out->failed = true;
		return;
	}
	memcpy(entries, offered->entries, offered->nent * sizeof(*entries));
	sort_entries(entries, offered->nent);
	for (uint32_t i = 0; i < offered->nent; i++) {
		const struct kvm_cpuid_entry2 *entry = &entries[i];
		const struct nm_cpuid regs = {entry->eax, entry->ebx, entry->ecx, entry->edx};

		if (!i || is_before(entry - 1, entry))
			nm_cpuid_print(out, entry->function, entry->index, &regs);
	}
	free(entries);
}

void nm_kvm_fact_arch(struct nm_text *out, const struct nm_kvm *kvm)
{
	put_features(out, kvm);
	if (kvm->cpuid)
		put_cpuid(out, kvm->cpuid);
}
