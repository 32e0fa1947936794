/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MSRs that control speculation. KVM gives IA32_SPEC_CTRL to a guest at its first write of another value than 0, so that
 * reads and writes no longer exit; from then on each exit has to save and restore it. IA32_PRED_CMD is the guest's for
 * writes, from the first IBPB on or from the start (vmx_set_msr() in vmx/vmx.c, svm_set_msr() in svm/svm.c). IA32_TSX_CTRL
 * stays with KVM, which loads it for as long as the guest has this CPU. A guest has them when its CPUID says so, which on
 * AMD and Intel are other bits.
 */
#include "benchmarks/exits/msr.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

/* SDM vol. 4, architectural MSRs. */
#define IA32_SPEC_CTRL	       0x48u
#define IA32_ARCH_CAPABILITIES 0x10au
#define IA32_TSX_CTRL	       0x122u
#define SPEC_CTRL_IBRS	       1u
#define TSX_CTRL_RTM_DISABLE   1u
#define HAS_TSX_CTRL	       (1u << 7)

/* SDM vol. 2, CPUID leaf 7; APM vol. 3, CPUID 80000008h. */
#define LEAF_7_EDX_IBRS_IBPB   (1u << 26)
#define LEAF_7_EDX_ARCH_CAP    (1u << 29)
#define LEAF_80000008_EBX_IBPB (1u << 12)
#define LEAF_80000008_EBX_IBRS (1u << 14)

static struct kvm_cpuid_entry2 leaf_of(const struct nm_guest_round *round, uint32_t function)
{
	const struct kvm_cpuid2 *cpuid = round->guest->vm.kvm->cpuid;

	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function && !cpuid->entries[i].index)
			return cpuid->entries[i];
	return (struct kvm_cpuid_entry2) {0};
}

static int lacks(const char *what)
{
	return nm_fail_remedy(EOPNOTSUPP,
			      "a CPU and microcode with it, and a hypervisor that passes it on",
			      "KVM offers guests no %s", what);
}

static int prepare_spec_ctrl(struct nm_guest_round *round)
{
	if (leaf_of(round, 7).edx & LEAF_7_EDX_IBRS_IBPB ||
	    leaf_of(round, 0x80000008).ebx & LEAF_80000008_EBX_IBRS)
		return nm_msr_arguments(round, IA32_SPEC_CTRL, SPEC_CTRL_IBRS);
	return lacks("IBRS (CPUID 7h EDX[26], 80000008h EBX[14])");
}

static int prepare_pred_cmd(struct nm_guest_round *round)
{
	if (leaf_of(round, 7).edx & LEAF_7_EDX_IBRS_IBPB ||
	    leaf_of(round, 0x80000008).ebx & LEAF_80000008_EBX_IBPB)
		return 0;
	return lacks("IBPB (CPUID 7h EDX[26], 80000008h EBX[12])");
}

/* What KVM lets guests have of a feature MSR; 0 when it has none. */
static uint64_t feature_msr(const struct nm_kvm *kvm, uint32_t msr)
{
	_Alignas(struct kvm_msrs) unsigned char
		buffer[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)] = {0};
	struct kvm_msrs *request = (struct kvm_msrs *)buffer;

	request->nmsrs = 1;
	request->entries[0].index = msr;
	return ioctl(kvm->fd, KVM_GET_MSRS, request) == 1 ? request->entries[0].data : 0;
}

static int prepare_tsx_ctrl(struct nm_guest_round *round)
{
	if (leaf_of(round, 7).edx & LEAF_7_EDX_ARCH_CAP &&
	    feature_msr(round->guest->vm.kvm, IA32_ARCH_CAPABILITIES) & HAS_TSX_CTRL)
		return nm_msr_arguments(round, IA32_TSX_CTRL, TSX_CTRL_RTM_DISABLE);
	return lacks("IA32_TSX_CTRL (IA32_ARCH_CAPABILITIES[7])");
}

const struct nm_bench nm_bench_exit_rdmsr_spec_ctrl = {
	.name = "exit.rdmsr.spec_ctrl",
	.group = "exits",
	.summary = "RDMSR of IA32_SPEC_CTRL, which the guest has got after its first write",
	.happens = "The guest has set IBRS, so that KVM has given it the register: RDMSR does not "
		   "exit.",
	.matters = "What a guest pays for having used it once is in the other rows: each exit of "
		   "such a guest saves and restores the register.",
	.version = 1,
	.payload = "exit.rdmsr",
	.cpls = NM_CPL0,
	.prepare = prepare_spec_ctrl,
	.verify = nm_msr_verify_read,
};

const struct nm_bench nm_bench_exit_wrmsr_spec_ctrl = {
	.name = "exit.wrmsr.spec_ctrl",
	.group = "exits",
	.summary = "WRMSR of IA32_SPEC_CTRL, which the guest has got after its first write",
	.happens = "The guest has set IBRS once, so that KVM has given it the register: WRMSR does "
		   "not exit.",
	.matters = "Kernels with IBRS write it at each entry and exit, others when they go idle or "
		   "switch to a task that asks for SSBD or STIBP.",
	.vmexit = "wr_ibrs_msr: there two writes, of 1 and of 0",
	.version = 1,
	.payload = "exit.wrmsr",
	.cpls = NM_CPL0,
	.prepare = prepare_spec_ctrl,
	.verify = nm_msr_verify_write,
};

/* It can only be written: what it did cannot be seen. */
const struct nm_bench nm_bench_exit_wrmsr_pred_cmd = {
	.name = "exit.wrmsr.pred_cmd",
	.group = "exits",
	.summary = "WRMSR of IA32_PRED_CMD: an IBPB, which the guest does without an exit",
	.happens = "After the first one at the latest WRMSR does not exit; the CPU drops its "
		   "indirect branch predictions.",
	.matters = "Guests do it when they switch between tasks that do not trust each other; the "
		   "branches that miss afterwards cost more than the write.",
	.vmexit = "wr_ibpb_msr",
	.version = 1,
	.cpls = NM_CPL0,
	.prepare = prepare_pred_cmd,
};

const struct nm_bench nm_bench_exit_wrmsr_tsx_ctrl = {
	.name = "exit.wrmsr.tsx_ctrl",
	.group = "exits",
	.summary = "WRMSR of IA32_TSX_CTRL, which KVM emulates",
	.happens = "WRMSR of IA32_TSX_CTRL exits; KVM loads the CPU's own with it until the host's "
		   "user space runs.",
	.matters = "Guests write it once for each CPU, to turn TSX off.",
	.vmexit = "wr_tsx_ctrl_msr",
	.version = 1,
	.payload = "exit.wrmsr",
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
	.prepare = prepare_tsx_ctrl,
	.verify = nm_msr_verify_write,
};
