/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An exception raised, delivered through the guest's IDT and returned from. #DE stays inside the guest; #UD is
 * intercepted by KVM on both vendors, which tries to decode the instruction before it injects the exception.
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
