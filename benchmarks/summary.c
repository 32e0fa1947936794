/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/summary.h"

#include "benchmarks/area.h"
#include "benchmarks/plan.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limits of what counts as evidence; docs/measurement.md names them. */
#define EXITS_BELOW	  0.05	 /* a counter may miss this many exits per operation */
#define EXITS_ABOVE	  0.10	 /* and see this many more, */
#define EXITS_PER_S	  2000.0 /* besides the host's own interrupts */
#define USER_EXITS_APART  0.001
#define EMULATED_ABOVE	  0.5 /* instructions per operation beyond the expected and one per exit */
#define QUIET_WITHIN	  0.02 /* of the floor, clock reading included: a round this close is quiet */
#define QUIET_SLACK	  2.0  /* ns or instructions */
#define KNOWN_WITHIN	  0.20 /* of the p50, clock reading included: half of its interval */
#define MIN_ROUNDS	  3u
#define MAX_FLAGGED_SHARE 0.2

/* A number of a round, by its offset: FIELD(p50). */
#define FIELD(member) offsetof(struct nm_round, member)

static double number_in(const struct nm_round *round, size_t field)
{
	double number;

	memcpy(&number, (const char *)round + field, sizeof(number));
	return number;
}

static bool usable(const struct nm_round *round)
{
	return round->state == NM_STATE_OK;
}

/* Values of the usable rounds, without those that are missing. */
static size_t collect(const struct nm_measurement *measurement, size_t field, double *out)
{
	size_t count = 0;

	for (size_t i = 0; i < measurement->rounds.count && count < NM_MAX_ROUNDS; i++) {
		const struct nm_round *round = &measurement->rounds.items[i];

		if (usable(round) && isfinite(number_in(round, field)))
			out[count++] = number_in(round, field);
	}
	return count;
}

static double median_of(const struct nm_measurement *measurement, size_t field)
{
	double values[NM_MAX_ROUNDS];
	size_t count = collect(measurement, field, values);

	if (!count)
		return NAN;
	nm_sort_real(values, count);
	return nm_median_sorted(values, count);
}

static int statistic(const struct nm_measurement *measurement, size_t field, nm_estimator estimator,
		     uint64_t seed, const char *missing, struct nm_statistic *out)
{
	double values[NM_MAX_ROUNDS];
	size_t count = collect(measurement, field, values);
	struct nm_interval interval;
	int r;

	*out = (struct nm_statistic) {.value = NAN, .lo = NAN, .hi = NAN, .reason = missing};
	if (!count)
		return 0;
	r = nm_bootstrap(values, count, estimator, seed, &interval);
	if (!r)
		*out = (struct nm_statistic) {.value = interval.value,
					      .lo = interval.lo,
					      .hi = interval.hi};
	return r;
}

void nm_summary_clear(struct nm_measurement *measurement)
{
	const struct nm_statistic none = {.value = NAN,
					  .lo = NAN,
					  .hi = NAN,
					  .reason = "no usable round"};
	struct nm_summary *summary = &measurement->summary;
	struct nm_evidence *evidence = &measurement->evidence;

	*summary = (struct nm_summary) {.floor = none,
					.p50 = none,
					.p90 = none,
					.p99 = none,
					.p999 = none,
					.mean = none,
					.min = NAN,
					.max = NAN};
	measurement->native_ratio = none;
	measurement->against = NULL;
	measurement->histogram = (struct nm_map) {0};
	measurement->throughput = NULL;
	measurement->native_ratio.reason = "no native partner measured";
	*evidence = (struct nm_evidence) {.exits_per_op = NAN,
					  .expected_exits_per_op = NAN,
					  .exits_below_per_op = NAN,
					  .user_exits_per_op = NAN,
					  .expected_user_exits_per_op = NAN,
					  .insn_emulation_per_op = NAN,
					  .expected_insn_emulation_per_op = NAN,
					  .clock_deviation_percent = NAN,
					  .overhead = NAN,
					  .steal_percent = NAN,
					  .quiet_share = NAN};
}

/* Why a percentile is missing: as the first usable round says at that offset. */
static const char *missing_reason(const struct nm_measurement *measurement, size_t field)
{
	for (size_t i = 0; i < measurement->rounds.count; i++) {
		const struct nm_round *round = &measurement->rounds.items[i];

		if (usable(round))
			return *(const char *const *)(const void *)((const char *)round + field);
	}
	return "no usable round";
}

static int summarise_latency(struct nm_measurement *measurement, uint64_t seed)
{
	static const char none[] = "no usable round";
	struct nm_summary *s = &measurement->summary;
	int r;

	r = statistic(measurement, FIELD(p5), nm_floor_sorted, seed, none, &s->floor);
	if (!r)
		r = statistic(measurement, FIELD(p50), nm_median_sorted, seed, none, &s->p50);
	if (!r)
		r = statistic(measurement, FIELD(p90), nm_median_sorted, seed, none, &s->p90);
	if (!r)
		r = statistic(measurement, FIELD(p99), nm_median_sorted, seed,
			      missing_reason(measurement, FIELD(p99_reason)), &s->p99);
	if (!r)
		r = statistic(measurement, FIELD(p999), nm_median_sorted, seed,
			      missing_reason(measurement, FIELD(p999_reason)), &s->p999);
	if (!r)
		r = statistic(measurement, FIELD(mean), nm_median_sorted, seed, none, &s->mean);
	for (size_t i = 0; i < measurement->rounds.count; i++) {
		const struct nm_round *round = &measurement->rounds.items[i];

		if (!usable(round))
			continue;
		s->min = fmin(s->min, round->min); /* fmin() and fmax() pass over NAN */
		s->max = fmax(s->max, round->max);
	}
	return r;
}

static struct nm_statistic in_bytes(struct nm_statistic statistic, uint64_t bytes)
{
	if (!bytes)
		return (struct nm_statistic) {.value = NAN,
					      .lo = NAN,
					      .hi = NAN,
					      .reason = "an operation moves no data"};
	statistic.value *= (double)bytes;
	statistic.lo *= (double)bytes;
	statistic.hi *= (double)bytes;
	return statistic;
}

/* Instructions are not time. */
static int summarise_throughput(struct nm_measurement *measurement, const struct nm_bench *bench,
				uint64_t seed, struct nm_arena *arena)
{
	const uint64_t bytes =
		bench->moves_point ? nm_measurement_point(measurement) : bench->bytes;
	struct nm_throughput *out;
	int r;

	if (!bench->throughput || strcmp(measurement->unit, nm_clock_units[NM_CLOCK_TSC]) != 0)
		return 0;
	out = nm_arena_alloc(arena, sizeof(*out));
	if (!out)
		return -ENOMEM;
	r = statistic(measurement, FIELD(operations_per_s), nm_median_sorted, seed,
		      "no usable round", &out->operations_per_s);
	out->bytes_per_op = bytes;
	out->bytes_per_s = in_bytes(out->operations_per_s, bytes);
	out->native_ratio = measurement->native_ratio;
	measurement->throughput = out;
	return r;
}

static double number_of(const struct nm_value *value)
{
	if (!value)
		return 0;
	if (value->type == NM_VALUE_INT)
		return (double)value->integer;
	return value->type == NM_VALUE_REAL ? value->real : NAN;
}

/* Median over rounds of one KVM counter per operation; a counter that did not move in a round is 0 there. */
static double counter_median(const struct nm_measurement *measurement, const char *name)
{
	double values[NM_MAX_ROUNDS];
	size_t count = 0;

	for (size_t i = 0; i < measurement->rounds.count && count < NM_MAX_ROUNDS; i++) {
		const struct nm_round *round = &measurement->rounds.items[i];

		/* Exits of guests are recorded even when there are none: without them there is no record at all. */
		if (usable(round) && (nm_map_get(&round->counters_per_op, "exits") ||
				      nm_map_get(&round->counters_per_op, name)))
			values[count++] = number_of(nm_map_get(&round->counters_per_op, name));
	}
	if (!count)
		return NAN;
	nm_sort_real(values, count);
	return nm_median_sorted(values, count);
}

static bool has_counter(const struct nm_measurement *measurement, const char *name)
{
	for (size_t i = 0; i < measurement->rounds.count; i++)
		if (nm_map_get(&measurement->rounds.items[i].counters_per_op, name))
			return true;
	return false;
}

double nm_operation_ns(const struct nm_measurement *measurement)
{
	double values[NM_MAX_ROUNDS];
	size_t count = 0;

	for (size_t i = 0; i < measurement->rounds.count && count < NM_MAX_ROUNDS; i++) {
		const struct nm_round *round = &measurement->rounds.items[i];

		if (usable(round) && round->samples)
			values[count++] = (double)round->duration_ns / (double)round->samples /
					  (double)measurement->batch;
	}
	if (!count)
		return NAN;
	nm_sort_real(values, count);
	return nm_median_sorted(values, count);
}

static int summarise_counters(struct nm_measurement *measurement, struct nm_arena *arena)
{
	struct nm_map *out = &measurement->evidence.counters_per_op;
	int r = 0;

	for (size_t i = 0; !r && i < measurement->rounds.count; i++) {
		const struct nm_map *map = &measurement->rounds.items[i].counters_per_op;

		for (size_t j = 0; !r && j < map->count; j++) {
			const char *name = map->pairs[j].name;

			if (!nm_map_get(out, name))
				r = nm_map_set(arena, out, name,
					       NM_REAL(counter_median(measurement, name)));
		}
	}
	return r;
}

static int64_t count_in(const struct nm_value *value)
{
	return value && value->type == NM_VALUE_INT ? value->integer : 0;
}

static int by_bucket(const void *a, const void *b)
{
	const struct nm_pair *x = a;
	const struct nm_pair *y = b;
	double first = strtod(x->name, NULL);
	double second = strtod(y->name, NULL);

	return (first > second) - (first < second);
}

static int summarise_histogram(struct nm_measurement *measurement, struct nm_arena *arena)
{
	struct nm_map *out = &measurement->histogram;
	int r = 0;

	for (size_t i = 0; !r && i < measurement->rounds.count; i++) {
		const struct nm_round *round = &measurement->rounds.items[i];

		for (size_t j = 0; !r && usable(round) && j < round->histogram.count; j++) {
			const struct nm_pair *pair = &round->histogram.pairs[j];
			int64_t sum;

			if (__builtin_add_overflow(count_in(nm_map_get(out, pair->name)),
						   count_in(&pair->value), &sum))
				sum = INT64_MAX;
			r = nm_map_set(arena, out, pair->name, NM_INT(sum));
		}
	}
	if (out->count)
		qsort(out->pairs, out->count, sizeof(*out->pairs), by_bucket);
	return r;
}

/* The floor is a difference of two readings, so its tolerance is one of their sum. */
static bool is_quiet(const struct nm_round *round, const struct nm_measurement *measurement)
{
	double floor = measurement->summary.floor.value;
	double reading = round->overhead / (double)measurement->batch;

	return round->p5 - floor <= (floor + reading) * QUIET_WITHIN + QUIET_SLACK;
}

/* Of what a descriptor allows, the number that is nearer to what was counted. */
static double expected_exits(const struct nm_expect *expect, double counted)
{
	bool other = expect->exits_or > 0 &&
		     fabs(counted - expect->exits_or) < fabs(counted - expect->exits);

	if (expect->exits_vary)
		return counted;
	return other ? expect->exits_or : expect->exits;
}

static int summarise_evidence(struct nm_measurement *measurement, const struct nm_bench *bench,
			      struct nm_arena *arena)
{
	struct nm_evidence *evidence = &measurement->evidence;
	double steal = 0;
	double elapsed = 0;
	uint64_t quiet = 0;

	for (size_t i = 0; i < measurement->rounds.count; i++) {
		const struct nm_round *round = &measurement->rounds.items[i];

		if (!usable(round)) {
			evidence->rounds_failed++;
			continue;
		}
		evidence->rounds_ok++;
		evidence->rounds_flagged += round->flags.count > 0;
		steal += (double)round->steal_ns;
		elapsed += (double)round->elapsed_ns;
		quiet += is_quiet(round, measurement);
	}
	evidence->overhead = median_of(measurement, FIELD(overhead));
	evidence->clock_deviation_percent = median_of(measurement, FIELD(clock_deviation_percent));
	if (!evidence->rounds_ok)
		return 0;
	evidence->steal_percent = elapsed > 0 ? steal / elapsed * 100 : NAN;
	evidence->quiet_share = (double)quiet / (double)evidence->rounds_ok;
	if (measurement->context != NM_CONTEXT_GUEST)
		return summarise_counters(measurement, arena);
	evidence->exits_per_op = counter_median(measurement, "exits");
	evidence->insn_emulation_per_op = counter_median(measurement, "insn_emulation");
	if (has_counter(measurement, NM_COUNTER_BELOW))
		evidence->exits_below_per_op = counter_median(measurement, NM_COUNTER_BELOW);
	evidence->user_exits_per_op = median_of(measurement, FIELD(user_exits_per_op));
	evidence->expected_exits_per_op = expected_exits(&bench->expect, evidence->exits_per_op);
	evidence->expected_user_exits_per_op =
		bench->expect.exits_vary ? evidence->user_exits_per_op : bench->expect.user_exits;
	evidence->expected_insn_emulation_per_op = bench->expect.insn_emulation;
	/* An SVM without nRIP save skips the instruction that exited by decoding it. */
	evidence->emulated =
		evidence->insn_emulation_per_op >
		bench->expect.insn_emulation + evidence->expected_exits_per_op + EMULATED_ABOVE;
	return summarise_counters(measurement, arena);
}

static int set_state(struct nm_measurement *measurement, enum nm_state state, const char *reason)
{
	measurement->state = (int)state;
	measurement->reason = reason;
	return reason ? 0 : -ENOMEM;
}

/* A guest round is what its name says only when KVM's counters agree; true when they do not. */
static bool contradicts_evidence(const struct nm_measurement *measurement,
				 const struct nm_bench *bench, char *why, size_t size)
{
	const struct nm_evidence *evidence = &measurement->evidence;
	double expected = evidence->expected_exits_per_op;
	double interrupts = EXITS_PER_S * nm_operation_ns(measurement) / 1e9;

	/* Linux exits for what it likes, and other VMMs show nobody how often. */
	if (measurement->context != NM_CONTEXT_GUEST || bench->linux_guest)
		return false;
	if (isnan(evidence->user_exits_per_op) || isnan(evidence->exits_per_op) ||
	    isnan(evidence->insn_emulation_per_op)) {
		snprintf(why, size, "no exits recorded that would prove it");
		return true;
	}
	if (fabs(evidence->user_exits_per_op - evidence->expected_user_exits_per_op) >
	    USER_EXITS_APART) {
		snprintf(why, size, "%.3g exits to user space per operation, expected %.3g",
			 evidence->user_exits_per_op, evidence->expected_user_exits_per_op);
		return true;
	}
	/* An interpreter works off many instructions in one exit. */
	if (evidence->emulated)
		return false;
	if (evidence->exits_per_op < expected - EXITS_BELOW) {
		snprintf(why, size,
			 "%.3g exits per operation, expected %.3g: it did not exit to this "
			 "machine's KVM",
			 evidence->exits_per_op, expected);
		return true;
	}
	if (evidence->exits_per_op > expected + EXITS_ABOVE + interrupts) {
		snprintf(why, size,
			 "%.3g exits per operation, expected %.3g: something else exits too",
			 evidence->exits_per_op, expected);
		return true;
	}
	return false;
}

/* How many rounds are bad, and what the last of them said. */
static int describe_failures(struct nm_measurement *measurement, enum nm_state state,
			     struct nm_arena *arena)
{
	const struct nm_round *bad = measurement->rounds.items;

	for (size_t i = 0; i < measurement->rounds.count; i++)
		if (!usable(&measurement->rounds.items[i]))
			bad = &measurement->rounds.items[i];
	return set_state(measurement, state == NM_STATE_OK ? (enum nm_state)bad->state : state,
			 nm_arena_printf(arena, "%llu of %zu rounds %s: %s",
					 (unsigned long long)measurement->evidence.rounds_failed,
					 measurement->rounds.count, nm_state_names[bad->state],
					 bad->reason ? bad->reason : "no reason given"));
}

/* Half of the interval of the p50, of the p50; 0 where the clock cannot tell any better. */
static double uncertainty(const struct nm_measurement *measurement)
{
	const struct nm_statistic *p50 = &measurement->summary.p50;
	double reading = measurement->evidence.overhead / (double)measurement->batch;
	double half = (p50->hi - p50->lo) / 2;

	return half > QUIET_SLACK ? half / (p50->value + reading) : 0;
}

static int judge(struct nm_measurement *measurement, const struct nm_bench *bench,
		 struct nm_arena *arena)
{
	const struct nm_evidence *evidence = &measurement->evidence;
	size_t rounds = measurement->rounds.count;
	char why[256];

	if (!rounds)
		return set_state(measurement, NM_STATE_FAILED,
				 "the run ended before its first round");
	if ((double)evidence->rounds_failed > MAX_FLAGGED_SHARE * (double)rounds)
		return describe_failures(measurement, NM_STATE_OK, arena);
	if (isnan(evidence->clock_deviation_percent))
		return set_state(measurement, NM_STATE_INVALID,
				 "no second clock recorded that would prove it");
	if (fabs(evidence->clock_deviation_percent) > NM_CLOCK_LIMIT_PERCENT)
		return set_state(
			measurement, NM_STATE_INVALID,
			nm_arena_printf(arena,
					"TSC and CLOCK_MONOTONIC_RAW are %.1f %% apart for the "
					"same loop",
					fabs(evidence->clock_deviation_percent)));
	if (contradicts_evidence(measurement, bench, why, sizeof(why)))
		return set_state(measurement, NM_STATE_INVALID, nm_arena_strdup(arena, why));
	if (evidence->rounds_failed)
		return describe_failures(measurement, NM_STATE_NOISY, arena);
	if (evidence->rounds_ok < MIN_ROUNDS)
		return set_state(measurement, NM_STATE_NOISY,
				 nm_arena_printf(arena, "too few rounds: %llu",
						 (unsigned long long)evidence->rounds_ok));
	if ((double)evidence->rounds_flagged > MAX_FLAGGED_SHARE * (double)rounds)
		return set_state(measurement, NM_STATE_NOISY,
				 nm_arena_printf(arena,
						 "%llu of %zu rounds flagged (see their flags)",
						 (unsigned long long)evidence->rounds_flagged,
						 rounds));
	if (uncertainty(measurement) > KNOWN_WITHIN)
		return set_state(measurement, NM_STATE_NOISY,
				 nm_arena_printf(arena, "the median is known to %.0f %% only",
						 uncertainty(measurement) * 100));
	measurement->state = NM_STATE_OK;
	measurement->reason = NULL;
	return 0;
}

int nm_summarise(struct nm_measurement *measurement, const struct nm_bench *bench, uint64_t seed,
		 struct nm_arena *arena)
{
	int r;

	if (measurement->state == NM_STATE_UNSUPPORTED)
		return 0;
	nm_summary_clear(measurement);
	r = summarise_latency(measurement, seed);
	if (!r)
		r = summarise_throughput(measurement, bench, seed, arena);
	if (!r)
		r = summarise_histogram(measurement, arena);
	if (!r)
		r = summarise_evidence(measurement, bench, arena);
	if (!r)
		r = judge(measurement, bench, arena);
	return r;
}

/* The same operation natively, at the same point of its axis. */
static const struct nm_measurement *native_partner(const struct nm_document *document,
						   const struct nm_measurement *guest)
{
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (m->context == NM_CONTEXT_NATIVE && !strcmp(m->operation, guest->operation) &&
		    nm_measurement_point(m) == nm_measurement_point(guest))
			return m;
	}
	return NULL;
}

static bool has_figures(const struct nm_measurement *measurement)
{
	return measurement->state == NM_STATE_OK || measurement->state == NM_STATE_NOISY;
}

/* Of medians over rounds; *out says why where there is none. */
static int ratio(const struct nm_measurement *over, const struct nm_measurement *under,
		 size_t field, uint64_t seed, struct nm_statistic *out)
{
	double base[NM_MAX_ROUNDS];
	double changed[NM_MAX_ROUNDS];
	const size_t bases = collect(under, field, base);
	const size_t changes = collect(over, field, changed);
	struct nm_interval interval;
	int r;

	*out = (struct nm_statistic) {NAN, NAN, NAN, "a side is not valid"};
	if (!has_figures(over) || !has_figures(under))
		return 0;
	out->reason = "a side has no such figure";
	if (!bases || !changes)
		return 0;
	r = nm_bootstrap_ratio(base, bases, changed, changes, seed, &interval);
	if (r)
		return r;
	out->reason = "the other side costs nothing";
	if (isfinite(interval.value))
		*out = (struct nm_statistic) {interval.value, interval.lo, interval.hi, NULL};
	return 0;
}

/* Another operation at the same point, or the same one at its first point, as its descriptor says. */
static const struct nm_measurement *compared_with(const struct nm_document *document,
						  const struct nm_measurement *measurement)
{
	const struct nm_bench *bench = nm_bench_find(measurement->operation);
	const char *against = bench ? bench->against : NULL;
	const bool itself = against && !strcmp(against, bench->name);
	const uint64_t point = itself ? bench->axis->points[0] : nm_measurement_point(measurement);

	for (size_t i = 0; against && i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (m != measurement && m->context == measurement->context &&
		    !strcmp(m->operation, against) && nm_measurement_point(m) == point &&
		    nm_measurement_cpl(m) == nm_measurement_cpl(measurement))
			return m;
	}
	return NULL;
}

static int relate(struct nm_document *document, struct nm_measurement *measurement)
{
	const struct nm_measurement *other = compared_with(document, measurement);
	const uint64_t seed = document->run.seed;
	struct nm_relation *relation;
	int r;

	if (!other || measurement->state == NM_STATE_UNSUPPORTED ||
	    other->state == NM_STATE_UNSUPPORTED)
		return 0;
	relation = nm_arena_alloc(&document->arena, sizeof(*relation));
	if (!relation)
		return -ENOMEM;
	relation->measurement = nm_measurement_name(&document->arena, other);
	r = relation->measurement ? 0 : -ENOMEM;
	if (!r)
		r = ratio(measurement, other, FIELD(p50), seed, &relation->p50);
	if (!r)
		r = ratio(measurement, other, FIELD(p99), seed, &relation->p99);
	measurement->against = relation;
	return r;
}

int nm_summarise_ratios(struct nm_document *document)
{
	const uint64_t seed = document->run.seed;
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++) {
		struct nm_measurement *m = &document->measurements.items[i];
		const struct nm_measurement *native = native_partner(document, m);

		if (m->context != NM_CONTEXT_GUEST)
			continue;
		if (native)
			r = ratio(m, native, FIELD(p50), seed, &m->native_ratio);
		if (!r && native && m->throughput)
			r = ratio(m, native, FIELD(operations_per_s), seed,
				  &m->throughput->native_ratio);
		if (!r)
			r = relate(document, m);
	}
	return r;
}

double nm_precision_percent(const struct nm_measurement *measurement, uint64_t seed)
{
	struct nm_statistic p50;
	double values[NM_MAX_ROUNDS];

	if (collect(measurement, FIELD(p50), values) < 2)
		return NAN;
	if (statistic(measurement, FIELD(p50), nm_median_sorted, seed, NULL, &p50))
		return NAN;
	if (p50.lo == p50.hi)
		return 0;
	if (!(p50.value > 0))
		return NAN;
	return (p50.hi - p50.lo) / 2 / p50.value * 100;
}
