/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/* System calls and clocks. */
#include "linux/agent.h"
#include "linux/vdso.h"

#define CLOCK_SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

static void syscall_getppid(struct nm_work *work)
{
	long parent = nm_call(SYS_getppid, 0, 0, 0, 0);
	long last = -1;

	NM_MEASURE_BATCH(work, last = nm_call(SYS_getppid, 0, 0, 0, 0));
	if (last != parent)
		work->wrong = "getppid() changed its mind";
}

/* The clock source that the kernel has now, without the end of the line. */
static void current_source(char *out, size_t size)
{
	long length = nm_read_text(CLOCK_SOURCE, out, size);

	if (length > 0 && out[length - 1] == '\n')
		out[length - 1] = '\0';
}

static void read_clock(struct nm_work *work)
{
	nm_clock_fn clock = nm_vdso_clock();
	struct nm_timespec time = {0, 0};
	int64_t first;
	int64_t last;

	if (!clock) {
		work->lack = "a vDSO with clock_gettime()";
		return;
	}
	clock(1 /* CLOCK_MONOTONIC */, &time);
	first = time.seconds * 1000000000 + time.nanoseconds;
	NM_MEASURE_BATCH(work, clock(1, &time));
	last = time.seconds * 1000000000 + time.nanoseconds;
	/* Both clocks have seen the loop. */
	if (last - first < work->ns / 2)
		work->wrong = "CLOCK_MONOTONIC did not go on";
}

/* In a guest, with the clock source of the operation's name, and afterwards as it was; elsewhere only where that is the current one. */
static void clock_by(struct nm_work *work, const char *source)
{
	char before[64];
	char now[64];

	current_source(before, sizeof(before));
	if (work->is_guest)
		nm_write_text(CLOCK_SOURCE, source);
	current_source(now, sizeof(now));
	if (nm_equal(now, source))
		read_clock(work);
	else
		work->lack =
			work->is_guest
				? "this clock source: the guest's kernel does not offer it"
				: "this clock source: it is not the current one, and nothing is "
				  "changed here";
	if (work->is_guest)
		nm_write_text(CLOCK_SOURCE, before);
}

static void clock_current(struct nm_work *work)
{
	read_clock(work);
}

static void clock_tsc(struct nm_work *work)
{
	clock_by(work, "tsc");
}

static void clock_kvm(struct nm_work *work)
{
	clock_by(work, "kvm-clock");
}

static void clock_acpi_pm(struct nm_work *work)
{
	clock_by(work, "acpi_pm");
}

const struct nm_operation nm_cpu_operations[] = {
	{"linux.syscall", syscall_getppid},	{"linux.clock.current", clock_current},
	{"linux.clock.tsc", clock_tsc},		{"linux.clock.kvm-clock", clock_kvm},
	{"linux.clock.acpi_pm", clock_acpi_pm}, {NULL, NULL},
};
