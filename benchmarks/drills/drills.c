/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fire drills: guests and native code that go wrong on purpose, to show what nestmark and a pipeline around it make of
 * that. They run only when a pattern names their group.
 */
#include "benchmarks/native.h"

#include <signal.h>
#include <stdio.h>
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

static bool refuse(struct nm_guest_round *round, char *why, size_t size)
{
	(void)round;
	snprintf(why, size, "the driver saw what it did not expect");
	return false;
}

static bool wait_for_ever(struct nm_guest_round *round, char *why, size_t size)
{
	(void)why;
	(void)size;
	return nm_drive_wait(round, &round->shared->seen.value, 1);
}

#define COMPANION_DRILL(id, drill_name, drill_summary, drill_payload, ...)                         \
	const struct nm_bench nm_bench_drill_##id = {.name = (drill_name),                         \
						     .group = "drills",                            \
						     .summary = (drill_summary),                   \
						     .version = 1,                                 \
						     .payload = (drill_payload),                   \
						     .cpls = NM_CPL0,                              \
						     .drill = true,                                \
						     __VA_ARGS__}

COMPANION_DRILL(partner_dies, "drill.partner-dies", "a further vCPU that triple-faults",
		"drill.awaiting", .vcpus = 2, .partner = "drill.triple-fault");
COMPANION_DRILL(partner_leaves, "drill.partner-leaves", "a further vCPU that ends too early",
		"drill.awaiting", .vcpus = 2, .partner = "drill.silent");
COMPANION_DRILL(partner_halts, "drill.partner-halts",
		"a further vCPU that halts for ever with interrupts off", "drill.awaiting",
		.vcpus = 2, .partner = "drill.halting", .requires = {"kvm.cap.irqchip"},
		.irqchip = true);
COMPANION_DRILL(driver_fails, "drill.driver-fails", "a driver that sees a wrong result",
		"drill.awaiting", .drive = refuse);
COMPANION_DRILL(driver_waits, "drill.driver-waits", "a driver whose guest does not answer",
		"drill.awaiting", .drive = wait_for_ever);
COMPANION_DRILL(driven_dies, "drill.driven-dies", "a driver whose guest has an exception",
		"drill.ready-and-dead", .drive = wait_for_ever);
COMPANION_DRILL(driven_leaves, "drill.driven-leaves", "a driver whose guest does not wait for it",
		"drill.ready-and-gone", .drive = wait_for_ever);

const struct nm_bench nm_bench_drill_crash = {
	.name = "drill.crash",
	.group = "drills",
	.summary = "a measuring process that is killed",
	.version = 1,
	.drill = true,
	.native = crash,
};
