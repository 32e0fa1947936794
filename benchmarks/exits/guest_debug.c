/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A guest under a debugger outside (KVM_SET_GUEST_DEBUG, api.rst 4.87): what it raises as #BP or #DB leaves to the VMM by
 * KVM_EXIT_DEBUG. An emulated CPU can lack a part of it: QEMU's TCG looks at the intercept of INTn at INT3, and not at that
 * of #BP, and VMRUN arms no data breakpoint there (target/i386/tcg).
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdio.h>

/* SDM vol. 3, exceptions, and DR6: breakpoint 0, single step. */
#define DB	   1u
#define BP	   3u
#define DR6_B0	   (1u << 0)
#define DR6_BS	   (1u << 14)
#define INT3_BYTES 1u

static bool is_debug(const struct nm_vcpu *vcpu, uint64_t dr6)
{
	const struct kvm_debug_exit_arch *debug = &vcpu->run->debug.arch;

	return debug->exception == DB && debug->dr6 & dr6;
}

static bool on_int3(void *context, const struct nm_vcpu *vcpu)
{
	struct nm_guest_round *round = context;

	round->accesses++;
	return vcpu->run->debug.arch.exception == BP && !nm_vcpu_skip(vcpu, INT3_BYTES);
}

/* The debugger passes the breakpoint, takes one step and lets the guest run again. */
static bool on_step_over(void *context, const struct nm_vcpu *vcpu)
{
	struct nm_guest_round *round = context;

	if (vcpu->run->debug.arch.exception == BP)
		return !nm_vcpu_skip(vcpu, INT3_BYTES) &&
		       !nm_vcpu_debug(vcpu, KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_SINGLESTEP, 0);
	round->accesses++;
	return is_debug(vcpu, DR6_BS) && !nm_vcpu_debug(vcpu, KVM_GUESTDBG_USE_SW_BP, 0);
}

static bool on_watchpoint(void *context, const struct nm_vcpu *vcpu)
{
	struct nm_guest_round *round = context;

	round->accesses++;
	return is_debug(vcpu, DR6_B0);
}

static int attach(struct nm_guest_round *round, uint32_t events, uint64_t watched,
		  bool (*on_debug)(void *, const struct nm_vcpu *))
{
	round->guest->on_debug = on_debug;
	round->guest->debug_context = round;
	return nm_vcpu_debug(&round->guest->vcpus[0], events, watched);
}

static int prepare_int3(struct nm_guest_round *round)
{
	return attach(round, KVM_GUESTDBG_USE_SW_BP, 0, on_int3);
}

static int prepare_step_over(struct nm_guest_round *round)
{
	return attach(round, KVM_GUESTDBG_USE_SW_BP, 0, on_step_over);
}

static int prepare_watchpoint(struct nm_guest_round *round)
{
	uint64_t watched = round->guest->cpu_blocks + offsetof(struct nm_abi_control, result);

	round->control->argument[0] = watched;
	return attach(round, KVM_GUESTDBG_USE_HW_BP, watched, on_watchpoint);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	if (round->accesses == round->operations)
		return true;
	snprintf(why, size, "the VMM saw %" PRIu64 " debug exits, expected %" PRIu64,
		 round->accesses, round->operations);
	return false;
}

static bool verify_watchpoint(const struct nm_guest_round *round, char *why, size_t size)
{
	if (!verify(round, why, size))
		return false;
	if (round->control->result[0] == round->operations)
		return true;
	snprintf(why, size, "the watched word is %" PRIu64 ", expected %" PRIu64,
		 round->control->result[0], round->operations);
	return false;
}

const struct nm_bench nm_bench_exit_debug_int3 = {
	.name = "exit.debug.int3",
	.group = "exits",
	.summary = "INT3 that leaves to a debugger outside the guest",
	.happens = "INT3 raises #BP, which exits and leaves to the VMM by KVM_EXIT_DEBUG; the VMM "
		   "reads the registers, moves RIP on and enters again.",
	.matters = "Breakpoints of a debugger that is attached to the VMM, and introspection, cost "
		   "this each time they are hit.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.set_guest_debug"},
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare_int3,
	.verify = verify,
};

const struct nm_bench nm_bench_exit_debug_step_over = {
	.name = "exit.debug.step_over",
	.group = "exits",
	.summary = "INT3 that leaves to a debugger, which steps over the instruction behind it",
	.happens =
		"As exit.debug.int3; then the VMM turns single step on, the guest executes one "
		"instruction and leaves by #DB, and the VMM turns it off: beyond exit.debug.int3 "
		"it is one single step.",
	.matters = "A debugger that leaves a breakpoint, or steps through code, does this for each "
		   "instruction.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.set_guest_debug"},
	.expect = {.exits = 2, .user_exits = 2},
	.prepare = prepare_step_over,
	.verify = verify,
};

const struct nm_bench nm_bench_exit_debug_watchpoint = {
	.name = "exit.debug.watchpoint",
	.group = "exits",
	.summary = "a store to a word that a debugger outside the guest watches",
	.happens = "KVM runs the guest with the VMM's debug registers; a store to the watched word "
		   "raises #DB behind it, which exits and leaves to the VMM.",
	.matters = "Watchpoints of a debugger that is attached to the VMM: only the stores that "
		   "hit cost anything.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.set_guest_debug"},
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare_watchpoint,
	.verify = verify_watchpoint,
};
