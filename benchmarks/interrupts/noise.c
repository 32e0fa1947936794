/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the operating systems below take from a program that only reads the clock: timer ticks, softirqs, other threads, and
 * in a guest the exits on top of them. A window has one sample, its longest gap: with windows much shorter than the time
 * between two ticks the median is the loop itself, and the share of windows with a gap is the rate of the noise.
 */
#include "benchmarks/interrupts/interrupts.h"

#include "benchmarks/native.h"

#include <inttypes.h>
#include <stdio.h>

#define WINDOW_NS   100000u
#define MAX_SAMPLES 1000u

static int prepare(struct nm_guest_round *round)
{
	round->control->argument[0] = nm_interrupts_ticks(round, WINDOW_NS);
	return round->control->argument[0] ? 0 : nm_interrupts_no_ticks();
}

/* The windows follow each other without a pause. */
static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t ticks = round->control->tsc_end - round->control->tsc_begin;
	uint64_t least = round->samples * round->control->argument[0];

	if (ticks >= least)
		return true;
	snprintf(why, size, "the windows took %" PRIu64 " ticks of the TSC, expected %" PRIu64,
		 ticks, least);
	return false;
}

static uint64_t longest_gap(uint64_t window)
{
	uint64_t start = nm_tsc();
	uint64_t last = start;
	uint64_t longest = 0;

	while (last - start < window) {
		uint64_t now = nm_tsc();

		if (now - last > longest)
			longest = now - last;
		last = now;
	}
	return longest;
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	uint64_t window = nm_tsc_khz() * WINDOW_NS / 1000000;

	(void)why;
	(void)size;
	for (uint64_t i = 0; i < round->warmup; i++)
		longest_gap(window);
	round->host_begin_ns = nm_clock_raw_ns();
	round->tsc_begin = nm_tsc();
	for (uint64_t i = 0; i < round->samples; i++)
		round->sample[i] = longest_gap(window);
	round->tsc_end = nm_tsc();
	round->host_end_ns = nm_clock_raw_ns();
	return true;
}

const struct nm_bench nm_bench_noise_gaps = {
	.name = "noise.gaps",
	.group = "interrupts",
	.summary = "the longest gap in 100 µs of reading the TSC",
	.happens =
		"A loop reads the TSC for 100 µs, and the sample is the longest time between two "
		"readings: the median is the loop, and what is far above it is what the host "
		"took meanwhile, with the exits and entries that this cost.",
	.matters = "Programs that poll, such as DPDK and exchanges, and computations that wait for "
		   "their slowest part feel each of these gaps.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.max_samples = MAX_SAMPLES,
	.single = true,
	.histogram = true,
	.prepare = prepare,
	.verify = verify,
	.native = native,
};
