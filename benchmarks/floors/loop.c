/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The empty loop: one decrement and one branch. It shows what recording a sample costs, what a batch adds to each of
 * its operations, and whether guest code runs on the CPU or in an interpreter.
 */
#include "benchmarks/native.h"

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	(void)why;
	(void)size;
	NM_NATIVE(round, );
	return true;
}

const struct nm_bench nm_bench_floor_loop = {
	.name = "floor.loop",
	.group = "floors",
	.summary = "one iteration of an empty loop",
	.happens = "One DEC and one branch that is taken, in guest kernel or user mode and "
		   "natively: nothing exits.",
	.matters = "It tells whether guest code runs on the CPU or in an interpreter, and what a "
		   "batch adds to each of its operations.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.native = native,
};
