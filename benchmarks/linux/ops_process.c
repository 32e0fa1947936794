/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Processes and threads of Linux, by the agent (guest-payloads/linux/ops_process.c).
 */
#include "benchmarks/linux/agent.h"

const struct nm_bench nm_bench_linux_fork_exec = {
	.name = "linux.fork-exec",
	NM_AGENT,
	.summary = "fork, exec and wait: a small static program is started and ends",
	.happens = "Page tables are copied, torn down and built, pages fault in, the scheduler "
		   "switches twice.",
	.matters = "Shells, builds, CGI, CI.",
	.single = true,
	.max_samples = 100,
};

const struct nm_bench nm_bench_linux_compile = {
	.name = "linux.compile",
	NM_AGENT,
	.summary = "four processes one after the other that read a file and touch 1 MiB of new "
		   "memory each",
	.happens = "fork and exec, page faults, reads from the page cache and computing in the "
		   "proportions of a small compiler. Their results are compared.",
	.matters = "Builds and CI: what all the other rows add up to.",
	.single = true,
	.max_samples = 10,
};

const struct nm_bench nm_bench_linux_thread = {
	.name = "linux.thread",
	NM_AGENT,
	.summary = "a thread is created and joined",
	.happens = "clone() with shared memory, a switch to it, its end, and a futex that says so.",
	.matters = "Programs without a pool of threads.",
	.single = true,
	.max_samples = 500,
};
