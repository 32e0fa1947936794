/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/area.h"

#include "benchmarks/native.h"
#include "core/error.h"

#include <stdio.h>
#include <string.h>

/* What a reading of the clock costs: nanoseconds by TSC, microseconds by HPET or the ACPI timer. */
static uint64_t clock_cost_ns(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 8; i++) {
		uint64_t before = nm_clock_raw_ns();
		uint64_t cost = nm_clock_raw_ns() - before;

		if (cost < least)
			least = cost;
	}
	return least;
}

/* A result can only be wrong where there is one: without a loop behind it every number would be 0. */
static enum nm_state failed_state(const struct nm_native_round *round)
{
	if (round->unsupported)
		return NM_STATE_UNSUPPORTED;
	return round->host_end_ns ? NM_STATE_INVALID : NM_STATE_FAILED;
}

static void store_counts(const struct nm_native_round *round, struct nm_round_area *area)
{
	for (size_t i = 0; i < NM_NATIVE_COUNTS && round->counts[i].name; i++) {
		struct nm_counter *counter = &area->counters[area->counter_count++];

		snprintf(counter->name, sizeof(counter->name), "%s", round->counts[i].name);
		counter->delta = round->counts[i].per_operation * round->samples * round->batch;
	}
}

void nm_native_round(const struct nm_round_host *host, const struct nm_round_order *order,
		     struct nm_round_area *area)
{
	const struct nm_cpus cpus = {
		.topology = host->topology,
		.ids = order->cpus,
		.count = order->cpu_count,
	};
	struct nm_native_round round = {
		.bench = order->bench,
		.kvm = host->kvm,
		.cpus = &cpus,
		.io = host->io,
		.point = order->point,
		.density_max = host->density_max,
		.delay = host->delay,
		.samples = order->samples,
		.warmup = order->warmup,
		.batch = order->batch,
		.sample = area->values,
		.overhead = area->values + order->samples,
	};

	/* The pages must be there before the loop writes to them. */
	memset(area->values, 0, 2 * order->samples * sizeof(uint64_t));
	if (!order->bench->native(&round, area->reason, sizeof(area->reason)))
		area->state = failed_state(&round);
	snprintf(area->remedy, sizeof(area->remedy), "%s", round.remedy ? round.remedy : "");
	area->tsc_khz = host->tsc_khz;
	area->tsc_ticks = round.tsc_end - round.tsc_begin;
	area->host_ns = round.host_end_ns - round.host_begin_ns;
	area->slack_ns = clock_cost_ns();
	store_counts(&round, area);
}
