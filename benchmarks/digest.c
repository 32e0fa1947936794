/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/area.h"

#include "core/clock.h"
#include "core/statistics.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Limits of what is as it should be; docs/measurement.md names them. */
#define INTERRUPTION_NS	       100e3
#define STEAL_LIMIT_PERCENT    1.0
#define STEAL_RESOLUTION_NS    (10 * NM_NS_PER_MS) /* the kernel counts in ticks */
#define OVERHEAD_LIMIT_OF_SELF 0.10
#define OVERHEAD_LIMIT_OF_P50  0.02

/* Percentiles need about ten samples beyond them. */
#define SAMPLES_FOR_P99	 1000u
#define SAMPLES_FOR_P999 10000u

/* Nothing takes longer than 10^15 ns. */
#define MAX_DECADE 1000000000000000ull

/* From raw ticks of a sample to nanoseconds, or instructions, of an operation. */
struct scale {
	double per_tick;
	double overhead_ticks;
	double batch;
};

static double per_tick(const struct nm_round_order *order, const struct nm_round_area *area)
{
	if (order->ticks_per_instruction)
		return 1 / (double)order->ticks_per_instruction;
	return 1e6 / (double)area->tsc_khz;
}

static double to_unit(const struct scale *scale, uint64_t ticks)
{
	return ((double)ticks - scale->overhead_ticks) * scale->per_tick / scale->batch;
}

static double percentile(const struct scale *scale, const uint64_t *sorted, size_t count,
			 unsigned int permille)
{
	return to_unit(scale, sorted[nm_rank(count, permille)]);
}

/* Ticks of one sample fit 63 bits: they can be sorted as signed numbers. */
static void sort_ticks(uint64_t *ticks, size_t count)
{
	nm_sort_int64((int64_t *)ticks, count);
}

static double mean_of(const struct scale *scale, const uint64_t *ticks, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += to_unit(scale, ticks[i]);
	return sum / (double)count;
}

static void digest_samples(const struct nm_round_order *order, struct nm_round_area *area,
			   struct nm_round *out)
{
	size_t count = order->samples;
	uint64_t *samples = area->values;
	uint64_t *overhead = area->values + count;
	struct scale scale = {.per_tick = per_tick(order, area), .batch = 1};

	sort_ticks(samples, count);
	sort_ticks(overhead, count);
	out->overhead = percentile(&scale, overhead, count, 50);
	out->overhead_spread = percentile(&scale, overhead, count, 500) - out->overhead;
	scale.overhead_ticks = (double)overhead[nm_rank(count, 50)];
	scale.batch = (double)order->batch;
	out->samples = count;
	out->min = to_unit(&scale, samples[0]);
	out->p5 = percentile(&scale, samples, count, 50);
	out->p50 = percentile(&scale, samples, count, 500);
	out->p90 = percentile(&scale, samples, count, 900);
	out->max = to_unit(&scale, samples[count - 1]);
	out->mean = mean_of(&scale, samples, count);
	if (count >= SAMPLES_FOR_P99)
		out->p99 = percentile(&scale, samples, count, 990);
	else
		out->p99_reason = "needs 1000 samples in a round";
	if (count >= SAMPLES_FOR_P999)
		out->p999 = percentile(&scale, samples, count, 999);
	else
		out->p999_reason = "needs 10000 samples in a round";
}

/* The largest of 1, 2, 5, 10, 20, 50 … that value reaches; 0 below 1. */
static uint64_t bucket_of(double value)
{
	uint64_t decade = 1;

	if (!(value >= 1))
		return 0;
	while (decade < MAX_DECADE && value >= 10.0 * (double)decade)
		decade *= 10;
	if (value >= 5.0 * (double)decade)
		return 5 * decade;
	return value >= 2.0 * (double)decade ? 2 * decade : decade;
}

/* The samples are sorted: buckets come one after the other. */
static int digest_histogram(const struct nm_round_order *order, const struct nm_round_area *area,
			    struct nm_arena *arena, struct nm_round *out)
{
	const struct scale scale = {
		.per_tick = per_tick(order, area),
		.overhead_ticks =
			(double)area->values[order->samples + nm_rank(order->samples, 50)],
		.batch = (double)order->batch,
	};
	int64_t count = 0;
	int r = 0;

	for (size_t i = 0; !r && i < order->samples; i++) {
		uint64_t bucket = bucket_of(to_unit(&scale, area->values[i]));
		char name[24];

		count++;
		if (i + 1 < order->samples &&
		    bucket_of(to_unit(&scale, area->values[i + 1])) == bucket)
			continue;
		snprintf(name, sizeof(name), "%" PRIu64, bucket);
		r = nm_map_set(arena, &out->histogram, name, NM_INT(count));
		count = 0;
	}
	return r;
}

static int digest_counters(const struct nm_round_order *order, const struct nm_round_area *area,
			   struct nm_arena *arena, struct nm_round *out)
{
	double operations = (double)order->samples * (double)order->batch;
	int r = 0;

	if (order->context == NM_CONTEXT_GUEST && area->counter_count)
		out->user_exits_per_op = (double)area->user_exits / operations;
	for (uint32_t i = 0; !r && i < area->counter_count; i++)
		r = nm_map_set(arena, &out->counters_per_op, area->counters[i].name,
			       NM_REAL((double)area->counters[i].delta / operations));
	return r;
}

/* Of the loop without its marks. Under a clock that counts instructions there is no such thing. */
static double operations_per_s(const struct nm_round_order *order, const struct nm_round_area *area)
{
	const double operations = (double)order->samples * (double)order->batch;

	if (!order->bench || !order->bench->throughput || order->ticks_per_instruction ||
	    !area->tsc_ticks)
		return NAN;
	return operations * (double)area->tsc_khz * 1e3 / (double)area->tsc_ticks;
}

/*
 * How far the clocks are apart beyond what the marks around the loop cost, in percent. An interruption between two readings
 * looks the same in a single round: the median over rounds decides, and a flag is for what is longer than one.
 */
static bool clocks_disagree(const struct nm_round_area *area, struct nm_round *out)
{
	double host = (double)area->host_ns;
	double apart = (double)area->tsc_ticks * 1e6 / (double)area->tsc_khz +
		       (double)area->slack_ns - host;
	double beyond = fmax(fabs(apart) - (double)area->slack_ns, 0);

	out->clock_deviation_percent = host > 0 ? copysign(beyond, apart) / host * 100 : NAN;
	return beyond > host * NM_CLOCK_LIMIT_PERCENT / 100 && beyond > INTERRUPTION_NS;
}

static int flag(struct nm_arena *arena, struct nm_round *out, bool raised, const char *name)
{
	return raised ? nm_strings_add(arena, &out->flags, name) : 0;
}

/* A count does not hang on the TSC's frequency: a tick of a timer between two readings of the clocks changes nothing in it. */
static int check_conditions(const struct nm_round_order *order, const struct nm_round_area *area,
			    struct nm_arena *arena, struct nm_round *out)
{
	bool apart = clocks_disagree(area, out) && !order->ticks_per_instruction;
	double steal = (double)out->steal_ns / (double)(out->elapsed_ns + 1) * 100;
	bool stolen = steal > STEAL_LIMIT_PERCENT && out->steal_ns >= 2 * STEAL_RESOLUTION_NS;
	bool unstable = out->overhead_spread > OVERHEAD_LIMIT_OF_SELF * out->overhead &&
			out->overhead_spread > OVERHEAD_LIMIT_OF_P50 * out->p50;
	int r = flag(arena, out, apart, "clock");

	if (!r)
		r = flag(arena, out, stolen, "steal");
	if (!r)
		r = flag(arena, out, out->migrations > 0, "migration");
	if (!r)
		r = flag(arena, out, unstable, "overhead");
	return r;
}

/* The kind of a failure that is not one of a guest. */
static const char *failure_of(enum nm_state state)
{
	return state == NM_STATE_INVALID   ? "invalid"
	       : state == NM_STATE_TIMEOUT ? "timeout"
					   : "other";
}

static int digest_failure(const struct nm_round_area *area, struct nm_arena *arena,
			  struct nm_round *out)
{
	out->reason = nm_arena_strdup(arena, area->reason);
	out->failure =
		nm_arena_strdup(arena, area->failure[0] ? area->failure
							: failure_of((enum nm_state)area->state));
	return out->reason && out->failure ? 0 : -ENOMEM;
}

/* What was broken off before its loop has ended has no samples: those in the area are of another round. */
static bool has_numbers(const struct nm_round_area *area)
{
	return area->state == NM_STATE_OK || (area->state == NM_STATE_INVALID && area->host_ns);
}

int nm_round_digest(const struct nm_round_order *order, struct nm_round_area *area,
		    struct nm_arena *arena, struct nm_round *out)
{
	int r;

	out->state = area->state;
	out->elapsed_ns = area->elapsed_ns;
	out->steal_ns = area->steal_ns;
	out->context_switches = area->context_switches;
	out->migrations = area->migrations;
	if (area->state != NM_STATE_OK && digest_failure(area, arena, out))
		return -ENOMEM;
	if (area->remedy[0]) {
		out->remedy = nm_arena_strdup(arena, area->remedy);
		if (!out->remedy)
			return -ENOMEM;
	}
	if (!has_numbers(area))
		return 0;
	out->duration_ns = area->host_ns;
	digest_samples(order, area, out);
	out->operations_per_s = operations_per_s(order, area);
	r = digest_counters(order, area, arena, out);
	if (!r && order->bench && order->bench->histogram)
		r = digest_histogram(order, area, arena, out);
	return r ? r : check_conditions(order, area, arena, out);
}
