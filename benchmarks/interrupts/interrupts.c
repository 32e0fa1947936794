/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/interrupts/interrupts.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>

/* Documentation/virt/kvm/x86/msr.rst: bit 0 of each MSR that takes an address. */
#define MSR_ENABLED 1u

bool nm_interrupts_verify(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t came = round->control->result[0];
	uint64_t early = round->control->result[1];

	if (came == round->operations && !early)
		return true;
	if (early) {
		snprintf(why, size,
			 "%" PRIu64 " of %" PRIu64 " interrupts came between STI and HLT, where "
			 "a CPU holds them back",
			 early, came);
		return false;
	}
	snprintf(why, size, "%" PRIu64 " interrupts came, expected %" PRIu64, came,
		 round->operations);
	return false;
}

int nm_interrupts_never_poll(const struct nm_vm *vm)
{
	return nm_vm_halt_poll(vm, 0);
}

uint64_t nm_interrupts_ticks(const struct nm_guest_round *round, uint64_t ns)
{
	return (uint64_t)((double)ns * (double)nm_vcpu_tsc_khz(&round->guest->vcpus[0]) / 1e6);
}

int nm_interrupts_no_ticks(void)
{
	return nm_fail_remedy(EOPNOTSUPP, "use a KVM that tells the frequency of the guest's TSC",
			      "KVM_GET_TSC_KHZ gives nothing");
}

static uint64_t page_of(const struct nm_guest *guest)
{
	return guest->shared + offsetof(struct nm_abi_shared, vcpu);
}

int nm_interrupts_set_page(const struct nm_guest *guest, uint32_t msr)
{
	_Alignas(struct kvm_msrs) char
		bytes[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)] = {0};
	struct kvm_msrs *msrs = (struct kvm_msrs *)bytes;

	msrs->nmsrs = 1;
	msrs->entries[0] = (struct kvm_msr_entry) {
		.index = msr,
		.data = page_of(guest) | MSR_ENABLED,
	};
	if (ioctl(guest->vcpus[0].fd, KVM_SET_MSRS, msrs) != 1)
		return nm_fail_remedy(EOPNOTSUPP, "use a KVM that has it",
				      "KVM does not take its MSR %#" PRIx32, msr);
	return 0;
}
