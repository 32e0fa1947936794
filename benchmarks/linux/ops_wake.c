/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Switches, wake-ups and timers of Linux, by the agent (guest-payloads/linux/ops_wake.c).
 */
#include "benchmarks/linux/agent.h"

const struct nm_bench nm_bench_linux_switch = {
	.name = "linux.switch",
	NM_AGENT,
	.summary =
		"a byte to another process on the same CPU by a pipe, and one back: two switches",
	.happens = "Each process sleeps in read() while the other runs: the scheduler switches "
		   "address spaces, no other CPU takes part.",
	.matters = "Servers and pipelines of processes on few CPUs.",
	.single = true,
	.max_samples = 1000,
};

const struct nm_bench nm_bench_linux_wake = {
	.name = "linux.wake",
	NM_AGENT,
	.summary = "a thread that sleeps on another CPU is woken by a futex, until it answers",
	.happens = "The other CPU is idle, in HLT or polling, and is woken by an interrupt; this "
		   "one waits for the answer and never sleeps. In a guest the interrupt and the "
		   "end of the halt may be exits.",
	.matters = "Locks, queues, RPC: mostly this is what makes a guest feel slow.",
	.vcpus = 2,
	.native_cpus = 2,
	.single = true,
	.max_samples = 500,
};

const struct nm_bench nm_bench_linux_wake_storm = {
	.name = "linux.wake.storm",
	NM_AGENT,
	.summary = "a token goes once round 16 threads on two CPUs: 16 wake-ups to the other CPU",
	.happens = "As linux.wake, but who has handed on sleeps as well, and there are eight "
		   "threads on each CPU.",
	.matters = "Pools of threads, actors, event loops that hand over to each other.",
	.vcpus = 2,
	.native_cpus = 2,
	.single = true,
	.max_samples = 100,
};

const struct nm_bench nm_bench_linux_timer = {
	.name = "linux.timer",
	NM_AGENT,
	.summary = "how long after its time a sleeper of 100 us runs: clock_nanosleep(), absolute",
	.happens = "A timer interrupt wakes an idle CPU. In a guest arming it is an exit, and the "
		   "interrupt comes when the host schedules the vCPU. The samples are the lateness "
		   "alone; the distribution is the jitter.",
	.matters = "Media, telephony, trading, polling loops.",
	.single = true,
	.histogram = true,
	.max_samples = 500,
};
