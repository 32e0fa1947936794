/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Debug registers. KVM intercepts them until a guest uses one: then it gives the guest all of them, until the next exit
 * of any kind takes them back (KVM_DEBUGREG_WONT_EXIT in arch/x86/kvm/; handle_dr() of VMX, dr_interception() of SVM). So
 * accesses next to each other do not exit, and the first after an exit does.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

#define ADDRESS	  0x123450u
#define DR7_RESET 0x400u /* SDM vol. 3, DR7: bit 10 is always set */

static int prepare(struct nm_guest_round *round)
{
	round->control->argument[0] = ADDRESS;
	return 0;
}

static bool is_value(const struct nm_guest_round *round, uint64_t expected, char *why, size_t size)
{
	if (round->control->result[0] == expected)
		return true;
	snprintf(why, size, "the debug register is %#" PRIx64 ", expected %#" PRIx64,
		 round->control->result[0], expected);
	return false;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_value(round, ADDRESS, why, size);
}

static bool verify_read(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_value(round, DR7_RESET, why, size);
}

const struct nm_bench nm_bench_exit_dr_write = {
	.name = "exit.dr.write",
	.group = "exits",
	.summary = "MOV to DR0 after another: KVM has given the debug registers to the guest",
	.happens = "MOV to DR0 right after another access: KVM has stopped to intercept debug "
		   "registers until the next exit.",
	.matters = "Debuggers and perf with hardware breakpoints write debug registers at each "
		   "switch of tasks.",
	.vmexit = "mov_dr: there DR7",
	.version = 1,
	.cpls = NM_CPL0,
	.prepare = prepare,
	.verify = verify,
};

const struct nm_bench nm_bench_exit_dr_read = {
	.name = "exit.dr.read",
	.group = "exits",
	.summary = "MOV from DR7 after another: KVM has given the debug registers to the guest",
	.happens = "MOV from DR7 right after another access: KVM has stopped to intercept debug "
		   "registers until the next exit.",
	.matters = "Handlers of debug exceptions read the debug registers first.",
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify_read,
};

const struct nm_bench nm_bench_exit_dr_first = {
	.name = "exit.dr.first",
	.group = "exits",
	.summary = "CPUID, and the MOV to DR0 that exits because CPUID did",
	.happens = "An exit takes the debug registers back from the guest, so that the next access "
		   "exits and KVM loads them.",
	.matters = "It is what a debugger in a guest pays at each switch of tasks, in addition to "
		   "the other exits.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 2},
	.prepare = prepare,
	.verify = verify,
};
