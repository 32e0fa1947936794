/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RDMSR and WRMSR, by who answers them:
 *
 * - KVM. IA32_MISC_ENABLE, IA32_TSC_ADJUST and IA32_APIC_BASE always exit: KVM keeps copies of its own and never passes
 *   these through (kvm_get_msr_common() and kvm_set_msr_common() in arch/x86/kvm/x86.c). What the check toggles concerns
 *   those copies: fast strings, 2^20 ticks of the guest's TSC, and the enable bit of a local APIC that is not in use. A
 *   write of IA32_TSC_ADJUST also makes KVM update the guest's clock before it enters again.
 * - The CPU. Without an exit are IA32_FS_BASE, IA32_GS_BASE and IA32_KERNEL_GS_BASE (vmx_possible_passthrough_msrs in
 *   vmx/vmx.c, direct_access_msrs in svm/svm.c). GS leads to the control page of this vCPU, so it is read as it is.
 * - The VMM, by KVM_CAP_X86_USER_SPACE_MSR, which only these rounds enable: an MSR that KVM does not know. With the
 *   kvm module's ignore_msrs=1 KVM would answer it instead.
 */
#include "benchmarks/exits/msr.h"

#include <inttypes.h>
#include <stdio.h>

/* SDM vol. 4, architectural MSRs. */
#define IA32_APIC_BASE	    0x1bu
#define IA32_TSC_ADJUST	    0x3bu
#define IA32_MISC_ENABLE    0x1a0u
#define IA32_FS_BASE	    0xc0000100u
#define IA32_GS_BASE	    0xc0000101u
#define IA32_KERNEL_GS_BASE 0xc0000102u

#define FAST_STRINGS 1u
#define APIC_ENABLE  (1u << 11)
#define TICKS	     (1u << 20)
#define ADDRESS	     (1u << 20)

int nm_msr_arguments(struct nm_guest_round *round, uint32_t msr, uint64_t toggle)
{
	round->control->argument[0] = msr;
	round->control->argument[1] = toggle;
	return 0;
}

static int prepare_misc_enable(struct nm_guest_round *round)
{
	return nm_msr_arguments(round, IA32_MISC_ENABLE, FAST_STRINGS);
}

static int prepare_tsc_adjust(struct nm_guest_round *round)
{
	return nm_msr_arguments(round, IA32_TSC_ADJUST, TICKS);
}

static int prepare_apic_base(struct nm_guest_round *round)
{
	return nm_msr_arguments(round, IA32_APIC_BASE, APIC_ENABLE);
}

static int prepare_fs_base(struct nm_guest_round *round)
{
	return nm_msr_arguments(round, IA32_FS_BASE, ADDRESS);
}

static int prepare_gs_base_read(struct nm_guest_round *round)
{
	return nm_msr_arguments(round, IA32_GS_BASE, 0);
}

static int prepare_gs_base_write(struct nm_guest_round *round)
{
	return nm_msr_arguments(round, IA32_GS_BASE, ADDRESS);
}

static int prepare_kernel_gs_base(struct nm_guest_round *round)
{
	return nm_msr_arguments(round, IA32_KERNEL_GS_BASE, ADDRESS);
}

static int prepare_user(struct nm_guest_round *round)
{
	int r = nm_vm_forward_unknown_msrs(&round->guest->vm);

	return r ? r : nm_test_device(round, NM_BUS_MSR);
}

static bool equals(const struct nm_guest_round *round, uint64_t got, uint64_t expected, char *why,
		   size_t size)
{
	if (got == expected)
		return true;
	snprintf(why, size, "MSR %#" PRIx64 " was %#" PRIx64 ", expected %#" PRIx64,
		 round->control->argument[0], got, expected);
	return false;
}

bool nm_msr_verify_read(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	return equals(round, result[1], result[0] ^ round->control->argument[1], why, size);
}

static bool verify_gs_base_read(const struct nm_guest_round *round, char *why, size_t size)
{
	return equals(round, round->control->result[1], round->guest->cpu_blocks, why, size);
}

bool nm_msr_verify_write(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	return equals(round, result[2], result[0] ^ round->control->argument[1], why, size) &&
	       equals(round, result[1], result[0], why, size);
}

const struct nm_bench nm_bench_exit_rdmsr = {
	.name = "exit.rdmsr",
	.group = "exits",
	.summary = "RDMSR of an MSR that KVM emulates",
	.happens = "RDMSR of IA32_MISC_ENABLE exits, because KVM keeps that register itself.",
	.matters = "Guests read MSRs for time, power and performance counters; those that KVM does "
		   "not pass through cost this.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
	.prepare = prepare_misc_enable,
	.verify = nm_msr_verify_read,
};

const struct nm_bench nm_bench_exit_rdmsr_irqchip = {
	.name = "exit.rdmsr.irqchip",
	.group = "exits",
	.summary = "RDMSR of an MSR that KVM emulates in a VM with an in-kernel local APIC",
	.happens =
		"As exit.rdmsr, with a local APIC in KVM that the entry looks at for interrupts.",
	.matters = "Nearly all VMs have their APICs there: this is nearer to the exit.rdmsr of a "
		   "real guest.",
	.version = 1,
	.payload = "exit.rdmsr",
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 1},
	.prepare = prepare_misc_enable,
	.verify = nm_msr_verify_read,
};

const struct nm_bench nm_bench_exit_wrmsr = {
	.name = "exit.wrmsr",
	.group = "exits",
	.summary = "WRMSR of an MSR that KVM emulates",
	.happens = "WRMSR of IA32_MISC_ENABLE exits, because KVM keeps that register itself.",
	.matters = "Timers are armed by WRMSR (TSC deadline), so a guest with many timers pays it "
		   "thousands of times a second.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
	.prepare = prepare_misc_enable,
	.verify = nm_msr_verify_write,
};

const struct nm_bench nm_bench_exit_rdmsr_tsc_adjust = {
	.name = "exit.rdmsr.tsc_adjust",
	.group = "exits",
	.summary = "RDMSR of IA32_TSC_ADJUST, which KVM emulates",
	.happens = "RDMSR of IA32_TSC_ADJUST exits, because KVM keeps that register itself.",
	.matters = "Kernels read it on each CPU at boot and whenever it goes idle, to see that "
		   "nobody has moved the TSC.",
	.vmexit = "rd_tsc_adjust_msr",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
	.prepare = prepare_tsc_adjust,
	.verify = nm_msr_verify_read,
};

const struct nm_bench nm_bench_exit_wrmsr_tsc_adjust = {
	.name = "exit.wrmsr.tsc_adjust",
	.group = "exits",
	.summary = "WRMSR of IA32_TSC_ADJUST, which KVM emulates",
	.happens = "WRMSR of IA32_TSC_ADJUST exits; KVM moves the guest's TSC offset and has its "
		   "clock updated before it enters again.",
	.matters = "Kernels write it when they set the TSCs of all CPUs alike.",
	.vmexit = "wr_tsc_adjust_msr: there the value is 0",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
	.prepare = prepare_tsc_adjust,
	.verify = nm_msr_verify_write,
};

const struct nm_bench nm_bench_exit_rdmsr_apic_base = {
	.name = "exit.rdmsr.apic_base",
	.group = "exits",
	.summary = "RDMSR of IA32_APIC_BASE, which KVM emulates",
	.happens = "RDMSR of IA32_APIC_BASE exits, because KVM keeps that register itself.",
	.matters = "Guests read it when they set up their local APICs, for each CPU that comes up.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
	.prepare = prepare_apic_base,
	.verify = nm_msr_verify_read,
};

const struct nm_bench nm_bench_exit_wrmsr_apic_base = {
	.name = "exit.wrmsr.apic_base",
	.group = "exits",
	.summary = "WRMSR of IA32_APIC_BASE, which KVM emulates",
	.happens = "WRMSR of IA32_APIC_BASE exits; KVM checks that the mode of the local APIC may "
		   "change so.",
	.matters = "Guests write it to switch to x2APIC, for each CPU that comes up.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
	.prepare = prepare_apic_base,
	.verify = nm_msr_verify_write,
};

const struct nm_bench nm_bench_exit_rdmsr_fs_base = {
	.name = "exit.rdmsr.fs_base",
	.group = "exits",
	.summary = "RDMSR of IA32_FS_BASE, which the CPU does without an exit",
	.happens = "RDMSR of IA32_FS_BASE does not exit: KVM lets the guest have that register of "
		   "the CPU.",
	.matters = "Kernels read it when they switch between threads, without FSGSBASE.",
	.version = 1,
	.cpls = NM_CPL0,
	.prepare = prepare_fs_base,
	.verify = nm_msr_verify_read,
};

const struct nm_bench nm_bench_exit_wrmsr_fs_base = {
	.name = "exit.wrmsr.fs_base",
	.group = "exits",
	.summary = "WRMSR of IA32_FS_BASE, which the CPU does without an exit",
	.happens = "WRMSR of IA32_FS_BASE does not exit: KVM lets the guest have that register of "
		   "the CPU.",
	.matters = "Each switch between threads writes it, without FSGSBASE.",
	.version = 1,
	.cpls = NM_CPL0,
	.prepare = prepare_fs_base,
	.verify = nm_msr_verify_write,
};

const struct nm_bench nm_bench_exit_rdmsr_gs_base = {
	.name = "exit.rdmsr.gs_base",
	.group = "exits",
	.summary = "RDMSR of IA32_GS_BASE, which the CPU does without an exit",
	.happens = "RDMSR of IA32_GS_BASE does not exit: KVM lets the guest have that register of "
		   "the CPU.",
	.matters = "Kernels find their own CPU by it; whoever reads it this way relies on no exit.",
	.version = 1,
	.cpls = NM_CPL0,
	.prepare = prepare_gs_base_read,
	.verify = verify_gs_base_read,
};

const struct nm_bench nm_bench_exit_wrmsr_gs_base = {
	.name = "exit.wrmsr.gs_base",
	.group = "exits",
	.summary = "WRMSR of IA32_GS_BASE, which the CPU does without an exit",
	.happens = "WRMSR of IA32_GS_BASE does not exit: KVM lets the guest have that register of "
		   "the CPU.",
	.matters = "Kernels write it when a CPU comes up, and at entries that cannot trust SWAPGS.",
	.version = 1,
	.cpls = NM_CPL0,
	.prepare = prepare_gs_base_write,
	.verify = nm_msr_verify_write,
};

const struct nm_bench nm_bench_exit_rdmsr_kernel_gs_base = {
	.name = "exit.rdmsr.kernel_gs_base",
	.group = "exits",
	.summary = "RDMSR of IA32_KERNEL_GS_BASE, which the CPU does without an exit",
	.happens = "RDMSR of IA32_KERNEL_GS_BASE does not exit: KVM lets the guest have that "
		   "register of the CPU.",
	.matters = "Kernels read it when they save the state of a thread.",
	.version = 1,
	.cpls = NM_CPL0,
	.prepare = prepare_kernel_gs_base,
	.verify = nm_msr_verify_read,
};

const struct nm_bench nm_bench_exit_wrmsr_kernel_gs_base = {
	.name = "exit.wrmsr.kernel_gs_base",
	.group = "exits",
	.summary = "WRMSR of IA32_KERNEL_GS_BASE, which the CPU does without an exit",
	.happens = "WRMSR of IA32_KERNEL_GS_BASE does not exit: KVM lets the guest have that "
		   "register of the CPU.",
	.matters = "Each switch between threads writes it, without FSGSBASE.",
	.vmexit = "wr_kernel_gs_base",
	.version = 1,
	.cpls = NM_CPL0,
	.prepare = prepare_kernel_gs_base,
	.verify = nm_msr_verify_write,
};

const struct nm_bench nm_bench_exit_rdmsr_user = {
	.name = "exit.rdmsr.user",
	.group = "exits",
	.summary = "RDMSR of an MSR that the VMM serves in user space",
	.happens = "RDMSR of an MSR that KVM does not know exits, and KVM, having been asked to, "
		   "leaves to the VMM, which answers.",
	.matters = "VMMs serve MSRs of their own, or filter those of KVM, this way.",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.x86_user_space_msr"},
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare_user,
	.verify = nm_test_device_verify_read,
};

const struct nm_bench nm_bench_exit_wrmsr_user = {
	.name = "exit.wrmsr.user",
	.group = "exits",
	.summary = "WRMSR of an MSR that the VMM serves in user space",
	.happens = "WRMSR of an MSR that KVM does not know exits, and KVM, having been asked to, "
		   "leaves to the VMM, which takes the value.",
	.matters = "VMMs serve MSRs of their own, or filter those of KVM, this way.",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.x86_user_space_msr"},
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare_user,
	.verify = nm_test_device_verify_write,
};
