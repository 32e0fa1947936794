/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * System calls and clocks of Linux, by the agent (guest-payloads/linux/ops_cpu.c).
 */
#include "benchmarks/linux/agent.h"

const struct nm_bench nm_bench_linux_syscall = {
	.name = "linux.syscall",
	NM_AGENT,
	.summary = "getppid(): a system call that does next to nothing",
	.happens = "The kernel is entered and left; mitigations of this kernel take part. No exit "
		   "is needed.",
	.matters = "Every application; what it costs in a guest beyond the machine is what the "
		   "guest kernel believes of its CPU.",
	.batch = 64,
	.max_samples = 1000,
};

const struct nm_bench nm_bench_linux_clock_current = {
	.name = "linux.clock.current",
	NM_AGENT,
	.summary = "clock_gettime(CLOCK_MONOTONIC) by the clock source that the kernel has chosen",
	.happens = "The vDSO reads the TSC, or where the source is none that user space can read, "
		   "the kernel reads its device, which in a guest is an exit.",
	.matters = "Databases, tracing, garbage collectors: some read the clock a million times a "
		   "second.",
	.batch = 64,
	.max_samples = 1000,
};

const struct nm_bench nm_bench_linux_clock_tsc = {
	.name = "linux.clock.tsc",
	NM_AGENT,
	.summary = "clock_gettime(CLOCK_MONOTONIC) with the clock source tsc",
	.happens = "As linux.clock.current, by the TSC, as on bare metal. A guest is told to use "
		   "it; natively it is measured only where it is the current one.",
	.matters =
		"What a guest pays whose kernel has fallen back to it, or that was told to use it.",
	.batch = 64,
	.max_samples = 1000,
};

const struct nm_bench nm_bench_linux_clock_kvm = {
	.name = "linux.clock.kvm-clock",
	NM_AGENT,
	.summary = "clock_gettime(CLOCK_MONOTONIC) with the clock source kvm-clock",
	.happens = "As linux.clock.current, by the clock that KVM keeps in shared memory. A guest "
		   "is told to use it; natively it is measured only where it is the current one.",
	.matters =
		"What a guest pays whose kernel has fallen back to it, or that was told to use it.",
	.batch = 64,
	.max_samples = 1000,
};

const struct nm_bench nm_bench_linux_clock_acpi_pm = {
	.name = "linux.clock.acpi_pm",
	NM_AGENT,
	.summary = "clock_gettime(CLOCK_MONOTONIC) with the clock source acpi_pm",
	.happens = "As linux.clock.current, by the timer of ACPI, an I/O port. A guest is told to "
		   "use it; natively it is measured only where it is the current one.",
	.matters =
		"What a guest pays whose kernel has fallen back to it, or that was told to use it.",
	.batch = 4,
	.max_samples = 200,
};
