/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fire drills: guests and native code that go wrong on purpose, to show what nestmark and a pipeline around it make of
 * that. They run only when a pattern names their group.
 */
#include "benchmarks/native.h"

#include <signal.h>
#include <unistd.h>

static bool crash(struct nm_native_round *round, char *why, size_t size)
{
	(void)round;
	(void)why;
	(void)size;
	kill(getpid(), SIGKILL);
	return true;
}

#define DRILL(id, drill_name, drill_summary)                                                       \
	const struct nm_bench nm_bench_drill_##id = {                                              \
		.name = (drill_name),                                                              \
		.group = "drills",                                                                 \
		.summary = (drill_summary),                                                        \
		.version = 1,                                                                      \
		.cpls = NM_CPL0,                                                                   \
		.drill = true,                                                                     \
	}

DRILL(spin, "drill.spin", "a guest that spins with interrupts off");
DRILL(triple_fault, "drill.triple-fault", "a guest that triple-faults");
DRILL(exception, "drill.exception", "a guest with an exception that it did not expect");
DRILL(internal_error, "drill.internal-error", "a guest that KVM gives up on");
DRILL(silent, "drill.silent", "a guest that ends without measuring");

const struct nm_bench nm_bench_drill_crash = {
	.name = "drill.crash",
	.group = "drills",
	.summary = "a measuring process that is killed",
	.version = 1,
	.drill = true,
	.native = crash,
};
