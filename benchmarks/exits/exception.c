/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An exception raised, delivered through the guest's IDT and returned from. #DE stays inside the guest; #UD is
 * intercepted by KVM on both vendors, which tries to decode the instruction before it injects the exception.
 *
 * #PF stays inside where the CPU walks two levels of page tables, and #BP while no debugger is attached to the VM
 * (vmx_update_exception_bitmap() in vmx/vmx.c, init_vmcb() in svm/svm.c). #DB is always intercepted there, because a guest could
 * make the CPU loop in its delivery, and injected again.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t handled = round->control->result[0];

	if (handled == round->operations)
		return true;
	snprintf(why, size, "the handler ran %" PRIu64 " times, expected %" PRIu64, handled,
		 round->operations);
	return false;
}

const struct nm_bench nm_bench_exception_de = {
	.name = "exception.de",
	.group = "exits",
	.summary = "#DE delivered and returned inside the guest",
	.happens = "DIV by zero raises #DE, which the guest takes through its own IDT and returns "
		   "from with IRET; nothing exits.",
	.matters = "It shows that exceptions of guests stay in the guest, which software "
		   "virtualization cannot offer.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.verify = verify,
};

const struct nm_bench nm_bench_exception_ud = {
	.name = "exception.ud",
	.group = "exits",
	.summary = "#UD intercepted by KVM, then delivered and returned in the guest",
	.happens = "UD2 raises #UD, which KVM intercepts, tries to decode, and injects into the "
		   "guest.",
	.matters = "Guests that trap on purpose, such as debuggers and language run-times with "
		   "BUG() traps, pay for the interception.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1, .insn_emulation = 1},
	.verify = verify,
};

/* SDM vol. 3, page-fault error code: a read of a page that is not present, by a supervisor or by a user. */
#define PF_USER 4u

static bool verify_pf(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t expected = round->cpl ? PF_USER : 0;

	if (!verify(round, why, size))
		return false;
	if (round->control->result[1] == expected)
		return true;
	snprintf(why, size, "#PF came with error code %#" PRIx64 ", expected %#" PRIx64,
		 round->control->result[1], expected);
	return false;
}

const struct nm_bench nm_bench_exception_pf = {
	.name = "exception.pf",
	.group = "exits",
	.summary = "#PF delivered and returned inside the guest",
	.happens = "A load from a page that the guest's own page tables do not have raises #PF, "
		   "which the guest takes and returns from; with nested paging nothing exits.",
	.matters = "Demand paging, copy-on-write and garbage collectors raise it all the time; "
		   "under shadow paging each one exits first.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.verify = verify_pf,
};

const struct nm_bench nm_bench_exception_bp = {
	.name = "exception.bp",
	.group = "exits",
	.summary = "#BP by INT3, delivered and returned inside the guest",
	.happens = "INT3 raises #BP, which the guest takes through its own IDT; KVM intercepts it "
		   "only while the VMM debugs the guest.",
	.matters = "Breakpoints of debuggers and probes inside the guest (kprobes, uprobes) are "
		   "INT3 at first.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.verify = verify,
};

const struct nm_bench nm_bench_exception_db = {
	.name = "exception.db",
	.group = "exits",
	.summary =
		"#DB by single step, intercepted by KVM, then delivered and returned in the guest",
	.happens = "POPF sets TF, so that the NOP behind it raises #DB; KVM intercepts that, and "
		   "injects it into the guest.",
	.matters = "A debugger inside the guest that steps pays it for each instruction.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1},
	.verify = verify,
};
