/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/session.h"

#include "benchmarks/lifecycle/fit.h"
#include "benchmarks/linux/exit_profile.h"
#include "benchmarks/linux/side.h"
#include "benchmarks/plan.h"
#include "benchmarks/soak.h"
#include "benchmarks/summary.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PILOT_SAMPLES 64u
#define PILOT_WARMUP  16u

/*
 * Operations below 200 ns are timed in batches of about 2 µs, and those below 200 instructions in batches of about 2000. What
 * one of them costs in a batch is asked of a batch: alone it may be nothing at all.
 */
#define BATCH_BELOW 200.0
#define BATCH_COST  2000.0
#define PILOT_BATCH 64u
#define MAX_BATCH   8192u

/* The first look at precision, and the last round that it may ask for (docs/measurement.md). */
#define FIRST_LOOK  10u
#define MAX_PRECISE 100u

/* An operation whose first two rounds both fail is not tried again. */
#define FAILURES_TO_GIVE_UP 2u

static bool has_round(const struct nm_measurement *measurement, uint64_t index)
{
	for (size_t i = 0; i < measurement->rounds.count; i++)
		if (measurement->rounds.items[i].index == index)
			return true;
	return false;
}

static size_t usable_rounds(const struct nm_measurement *measurement)
{
	size_t count = 0;

	for (size_t i = 0; i < measurement->rounds.count; i++)
		count += measurement->rounds.items[i].state == NM_STATE_OK;
	return count;
}

static bool is_open(const struct nm_measurement *measurement)
{
	return measurement->state != NM_STATE_UNSUPPORTED && !measurement->stopped_by;
}

static uint64_t last_pass(const struct nm_plan *plan)
{
	if (isnan(plan->target_ci_percent))
		return plan->rounds;
	return plan->rounds > MAX_PRECISE ? plan->rounds : MAX_PRECISE;
}

/* The least power of two, from 2 on, of operations that cost BATCH_COST together. */
static uint64_t choose_batch(double p50)
{
	uint64_t batch = 2;

	while (batch < MAX_BATCH && (double)batch * p50 < BATCH_COST)
		batch *= 2;
	return batch;
}

static bool ran(const struct nm_round *round)
{
	return round->state == NM_STATE_OK || round->state == NM_STATE_INVALID;
}

static int run_round(struct nm_session *session, size_t number, uint64_t index,
		     struct nm_arena *arena, struct nm_round *round)
{
	struct nm_document *document = session->document;
	const struct nm_measurement *measurement = &document->measurements.items[number];
	const struct nm_bench *bench = nm_bench_find(measurement->operation);
	const uint64_t samples = index ? document->run.plan.samples : PILOT_SAMPLES;
	struct nm_linux *linux_side = session->host->linux_side;
	const struct nm_round_order order = {
		.bench = bench,
		.context = (enum nm_context)measurement->context,
		.cpl = nm_measurement_cpl(measurement),
		.point = nm_measurement_point(measurement),
		.vmm = nm_measurement_vmm(measurement),
		.number = number,
		.pass = index,
		.samples = nm_bench_samples(bench, samples),
		.warmup = index ? nm_bench_warmup(bench, nm_bench_samples(bench, samples))
				: PILOT_WARMUP,
		.batch = measurement->batch,
		.ticks_per_instruction = session->host->ticks_per_instruction,
		.limit_ns = document->run.plan.round_limit_ns,
		.cpus = session->cpus,
		.cpu_count = session->cpu_count,
	};

	*round = (struct nm_round) {.index = index};
	if (*order.vmm && nm_linux_plan(linux_side, document, number, index))
		return -nm_error_last()->code;
	return nm_round_run(session->host, &order, arena, round);
}

static int keep_round(struct nm_session *session, size_t number, const struct nm_round *round)
{
	struct nm_document *document = session->document;
	struct nm_measurement *measurement = &document->measurements.items[number];
	struct nm_round *kept = nm_arena_append(&document->arena, &measurement->rounds.items,
						&measurement->rounds.count, sizeof(*kept));

	if (!kept)
		return -ENOMEM;
	*kept = *round;
	return nm_journal_add(session->journal, number, measurement, kept);
}

/*
 * What a first round found this machine to lack; what it says is the document's from now on. Where there was a round before, what
 * it needs comes and goes: that is a failure.
 */
static int take_lack(struct nm_document *document, struct nm_measurement *measurement,
		     struct nm_round *round)
{
	if (round->state != NM_STATE_UNSUPPORTED)
		return 0;
	if (measurement->rounds.count) {
		round->state = NM_STATE_FAILED;
		return 0;
	}
	measurement->state = NM_STATE_UNSUPPORTED;
	measurement->batch = 0;
	measurement->reason = nm_arena_strdup(&document->arena, round->reason);
	measurement->remedy =
		round->remedy ? nm_arena_strdup(&document->arena, round->remedy) : NULL;
	return measurement->reason && !round->remedy == !measurement->remedy ? 0 : -ENOMEM;
}

/* Chooses the batch; there is none when it failed, and the next pass begins with another pilot. */
static int pilot(struct nm_session *session, size_t number, struct nm_arena *arena,
		 struct nm_round *round)
{
	struct nm_measurement *measurement = &session->document->measurements.items[number];
	const struct nm_bench *bench = nm_bench_find(measurement->operation);
	const bool chooses = !bench->single && !bench->batch;
	int r;

	measurement->batch = bench->batch ? bench->batch : 1;
	r = run_round(session, number, 0, arena, round);
	if (!r && ran(round) && chooses && round->p50 < BATCH_BELOW) {
		measurement->batch = PILOT_BATCH;
		r = run_round(session, number, 0, arena, round);
		if (!r && ran(round))
			measurement->batch = choose_batch(round->p50);
	}
	if (r || !ran(round))
		measurement->batch = 0;
	return r;
}

/* Operations of Linux are known well enough, and their rounds cost too much, for a pilot. */
static void set_known_batch(struct nm_measurement *measurement)
{
	const struct nm_bench *bench = nm_bench_find(measurement->operation);

	if (!measurement->batch && bench->linux_guest)
		measurement->batch = bench->batch ? bench->batch : 1;
}

int nm_session_round(struct nm_session *session, size_t number, uint64_t index,
		     struct nm_arena *arena, struct nm_round *round)
{
	struct nm_measurement *measurement = &session->document->measurements.items[number];
	bool goes_on;
	int r = 0;

	set_known_batch(measurement);
	goes_on = measurement->batch;

	if (!goes_on) {
		r = pilot(session, number, arena, round);
		round->index = index;
		goes_on = !r && ran(round);
	}
	if (goes_on)
		r = run_round(session, number, index, arena, round);
	return r ? r : take_lack(session->document, measurement, round);
}

static void give_up(struct nm_measurement *measurement)
{
	if (!usable_rounds(measurement) && measurement->rounds.count >= FAILURES_TO_GIVE_UP)
		measurement->stopped_by = "failures";
}

static int run_measurement(struct nm_session *session, size_t number, uint64_t pass)
{
	struct nm_measurement *measurement = &session->document->measurements.items[number];
	struct nm_round round;
	int r = nm_session_round(session, number, pass, &session->document->arena, &round);

	if (!r && measurement->state != NM_STATE_UNSUPPORTED)
		r = keep_round(session, number, &round);
	if (!r)
		give_up(measurement);
	return r;
}

/* Fisher and Yates. */
void nm_session_order(size_t *order, size_t count, uint64_t seed, uint64_t pass)
{
	struct nm_random random;

	nm_random_seed(&random, seed + pass);
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)nm_random_below(&random, i);
		size_t swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

static void stop_what_is_done(struct nm_document *document, uint64_t pass)
{
	const struct nm_plan *plan = &document->run.plan;

	for (size_t i = 0; i < document->measurements.count; i++) {
		struct nm_measurement *measurement = &document->measurements.items[i];

		if (!is_open(measurement))
			continue;
		if (!isnan(plan->target_ci_percent) && usable_rounds(measurement) >= FIRST_LOOK &&
		    nm_precision_percent(measurement, document->run.seed) <=
			    plan->target_ci_percent)
			measurement->stopped_by = "precision";
		else if (pass >= last_pass(plan))
			measurement->stopped_by = "rounds";
	}
}

static void stop_all(struct nm_document *document, const char *why)
{
	for (size_t i = 0; i < document->measurements.count; i++)
		if (is_open(&document->measurements.items[i]))
			document->measurements.items[i].stopped_by = why;
}

struct progress {
	size_t done;
	size_t total;
	uint64_t end_ns; /* of the budget; 0 without one */
};

static int run_pass(struct nm_session *session, uint64_t pass, size_t *order,
		    struct progress *progress)
{
	struct nm_document *document = session->document;
	size_t count = document->measurements.count;

	nm_session_order(order, count, document->run.seed, pass);
	for (size_t i = 0; i < count; i++) {
		struct nm_measurement *measurement = &document->measurements.items[order[i]];
		int r;

		if (!is_open(measurement) || has_round(measurement, pass))
			continue;
		if (*session->host->stop)
			return -EINTR;
		if (progress->end_ns && nm_clock_ns() >= progress->end_ns) {
			stop_all(document, "budget");
			return 0;
		}
		if (session->progress)
			session->progress(session->progress_context, measurement, progress->done,
					  progress->total);
		r = run_measurement(session, order[i], pass);
		if (r)
			return r;
		progress->done++;
		if (progress->total < progress->done)
			progress->total = progress->done;
	}
	stop_what_is_done(document, pass);
	return 0;
}

static size_t open_count(const struct nm_document *document)
{
	size_t count = 0;

	for (size_t i = 0; i < document->measurements.count; i++)
		count += is_open(&document->measurements.items[i]);
	return count;
}

/* Rounds that an earlier part of the run has already given. */
static size_t rounds_done(struct nm_document *document)
{
	size_t count = 0;

	for (size_t i = 0; i < document->measurements.count; i++) {
		struct nm_measurement *measurement = &document->measurements.items[i];

		give_up(measurement);
		if (is_open(measurement))
			count += measurement->rounds.count;
	}
	return count;
}

/* An earlier part of the run may have done a pass already. */
static bool lacks_rounds(const struct nm_document *document, uint64_t pass)
{
	for (size_t i = 0; i < document->measurements.count; i++)
		if (is_open(&document->measurements.items[i]) &&
		    !has_round(&document->measurements.items[i], pass))
			return true;
	return false;
}

/* Whether this part of the run has done all that it is to do. */
static bool is_part_over(const struct nm_session *session, uint64_t pass, uint64_t *passes)
{
	if (!session->limited || !lacks_rounds(session->document, pass))
		return false;
	return (*passes)++ == session->passes;
}

int nm_session_run(struct nm_session *session)
{
	struct nm_document *document = session->document;
	const struct nm_plan *plan = &document->run.plan;
	size_t *order = calloc(document->measurements.count + 1, sizeof(*order));
	struct progress progress = {
		.done = rounds_done(document),
		.total = open_count(document) * plan->rounds,
		.end_ns = plan->budget_ns ? nm_clock_ns() + plan->budget_ns : 0,
	};
	uint64_t passes = 0;
	int r = order ? 0 : nm_fail(ENOMEM, "out of memory");

	for (uint64_t pass = 1; !r && open_count(document); pass++) {
		if (is_part_over(session, pass, &passes))
			r = nm_fail(ECANCELED, "the rest was not asked for");
		else
			r = run_pass(session, pass, order, &progress);
	}
	free(order);
	return r;
}

int nm_session_summarise(struct nm_document *document)
{
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++) {
		struct nm_measurement *measurement = &document->measurements.items[i];

		r = nm_summarise(measurement, nm_bench_find(measurement->operation),
				 document->run.seed, &document->arena);
		if (!r && document->soak)
			r = nm_soak_judge(document, i);
	}
	if (!r)
		r = nm_summarise_ratios(document);
	if (!r)
		r = nm_exit_profile_fill(document);
	return r ? r : nm_density_fit(document);
}
