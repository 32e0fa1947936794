/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Control registers and XCR0. Which bits a guest may change without an exit:
 *  - CR0: VMX gives TS to the guest, and since Linux 6.4 WP too, as do stable kernels of 2023 and later
 *    (KVM_POSSIBLE_CR0_GUEST_BITS in arch/x86/kvm/kvm_cache_regs.h). SVM's selective intercept, which KVM always has,
 *    passes over TS and MP only (APM vol. 2, intercepts of control registers).
 *  - CR3: nobody intercepts it with nested paging (EPT, NPT).
 *  - CR4: VMX gives PGE to the guest with EPT; SVM intercepts every write (init_vmcb() in arch/x86/kvm/svm/svm.c).
 *  - CR8: VMX has the TPR shadow, SVM a virtual TPR, both for guests with KVM's local APIC only, which SVM
 *    wants to be enabled (update_cr8_intercept() in arch/x86/kvm/x86.c).
 *  - XCR0: XSETBV always exits from VMX (SDM vol. 3, instructions that cause VM exits unconditionally), and KVM
 *    intercepts it on SVM.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

/* SDM vol. 3, control registers. */
#define CR0_TS	 (1u << 3)
#define CR0_WP	 (1u << 16)
#define CR4_PGE	 (1u << 7)
#define PRIORITY 5u
#define X87	 1u
#define X87_SSE	 3u

/* Every operation changed these bits: what is there after them depends on their number. */
static bool is_toggled(const struct nm_guest_round *round, uint64_t bits, char *why, size_t size)
{
	const uint64_t *result = round->control->result;
	uint64_t expected = result[0] ^ (round->operations % 2 ? bits : 0);

	if (result[1] == expected)
		return true;
	snprintf(why, size,
		 "the register went from %#" PRIx64 " to %#" PRIx64 ", expected %#" PRIx64,
		 result[0], result[1], expected);
	return false;
}

static bool verify_ts(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[0] & CR0_TS && result[1] == (result[0] ^ CR0_TS))
		return true;
	snprintf(why, size, "CR0 was %#" PRIx64 " with TS set and %#" PRIx64 " after CLTS",
		 result[0], result[1]);
	return false;
}

static bool verify_wp(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_toggled(round, CR0_WP, why, size);
}

static bool verify_pge(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_toggled(round, CR4_PGE, why, size);
}

static bool verify_write(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[2] != result[0] && result[1] == result[0])
		return true;
	snprintf(why, size, "CR3 was %#" PRIx64 ", then %#" PRIx64 ", and is %#" PRIx64, result[0],
		 result[2], result[1]);
	return false;
}

static bool verify_switch(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_toggled(round, round->control->result[2], why, size);
}

static int prepare_priority(struct nm_guest_round *round)
{
	round->control->argument[0] = PRIORITY;
	return 0;
}

static bool verify_priority(const struct nm_guest_round *round, char *why, size_t size)
{
	if (round->control->result[0] == PRIORITY)
		return true;
	snprintf(why, size, "CR8 gave %" PRIu64 ", expected %u", round->control->result[0],
		 PRIORITY);
	return false;
}

static bool verify_new_priority(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_toggled(round, PRIORITY, why, size);
}

static bool verify_xcr0(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[0] == X87_SSE && result[1] == X87)
		return true;
	snprintf(why, size, "XCR0 was %#" PRIx64 " and then %#" PRIx64, result[0], result[1]);
	return false;
}

const struct nm_bench nm_bench_exit_cr0_ts = {
	.name = "exit.cr0.ts",
	.group = "exits",
	.summary = "MOV CR0 that sets TS, and CLTS",
	.happens = "MOV CR0 that sets TS, then CLTS; VMX lets the guest own the bit, SVM passes "
		   "over it.",
	.matters = "Kernels with lazy FPU switching set TS at each change of tasks.",
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify_ts,
};

const struct nm_bench nm_bench_exit_cr0_wp = {
	.name = "exit.cr0.wp",
	.group = "exits",
	.summary = "MOV CR0 that changes WP: exits on SVM, and on VMX until 2023",
	.happens = "MOV CR0 that changes write protection in supervisor mode; where the guest does "
		   "not own the bit, KVM must intercept it.",
	.matters = "Hardened kernels clear WP around each write to protected data.",
	.vmexit = "toggle_cr0_wp: there two writes, which also clear all other bits but PE and PG",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits_or = 1},
	.verify = verify_wp,
};

const struct nm_bench nm_bench_exit_cr3_write = {
	.name = "exit.cr3.write",
	.group = "exits",
	.summary = "MOV CR3 with the value it has: a flush of the TLB",
	.happens = "MOV CR3 with the same page table drops translations of the current address "
		   "space; with EPT or NPT nothing exits.",
	.matters = "Under shadow paging every such write exits, which is what makes a switch of "
		   "processes slow there.",
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify_write,
};

const struct nm_bench nm_bench_exit_cr3_switch = {
	.name = "exit.cr3.switch",
	.group = "exits",
	.summary = "MOV CR3 to another page table, as a switch of processes does",
	.happens =
		"MOV CR3 to another page table and back, without an exit where paging is nested.",
	.matters = "Every switch between processes does it, and with page-table isolation every "
		   "system call.",
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify_switch,
};

const struct nm_bench nm_bench_exit_cr4_pge = {
	.name = "exit.cr4.pge",
	.group = "exits",
	.summary = "MOV CR4 that changes PGE, a flush of all of the TLB: exits on SVM",
	.happens = "MOV CR4 that clears or sets PGE drops global translations too; VMX lets the "
		   "guest own the bit with EPT, SVM intercepts.",
	.matters = "Kernels flush all of the TLB in this way where INVPCID is missing.",
	.vmexit = "toggle_cr4_pge: there two writes",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits_or = 1},
	.verify = verify_pge,
};

const struct nm_bench nm_bench_exit_cr8_read = {
	.name = "exit.cr8.read",
	.group = "exits",
	.summary = "MOV from CR8, the task priority",
	.happens = "MOV from CR8 reads the task priority from the virtual APIC page or the virtual "
		   "TPR.",
	.matters = "Windows reads and writes the task priority at almost every change of its "
		   "interrupt level.",
	.vmexit = "mov_from_cr8: there without regard to the APIC of the VM",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.prepare = prepare_priority,
	.verify = verify_priority,
};

const struct nm_bench nm_bench_exit_cr8_write = {
	.name = "exit.cr8.write",
	.group = "exits",
	.summary = "MOV to CR8, the task priority",
	.happens = "MOV to CR8 sets the task priority in the virtual APIC page or the virtual TPR; "
		   "it exits only below a threshold.",
	.matters = "Windows reads and writes the task priority at almost every change of its "
		   "interrupt level.",
	.vmexit = "mov_to_cr8: there the value is always 0",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.prepare = prepare_priority,
	.verify = verify_new_priority,
};

const struct nm_bench nm_bench_exit_xsetbv = {
	.name = "exit.xsetbv",
	.group = "exits",
	.summary = "XSETBV of XCR0",
	.happens = "XSETBV exits unconditionally on VMX and by an intercept on SVM; KVM checks the "
		   "value and keeps it.",
	.matters = "Guests execute it once for each vCPU, and hypervisors in guests at each entry "
		   "to a guest with another XCR0.",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"cpu.flag.xsave"},
	.expect = {.exits = 1},
	.verify = verify_xcr0,
};
