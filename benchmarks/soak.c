/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/soak.h"

#include "benchmarks/plan.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_HOUR (3600 * NM_NS_PER_S)

/* As in a run: with more failures than that a measurement is what its failures are. */
#define MAX_FAILED_SHARE 0.2

/* Planning */

static int add_measurement(struct nm_document *document, const struct nm_measurement *measurement)
{
	struct nm_soak *soak = document->soak;
	struct nm_soak_measurement *added =
		nm_arena_append(&document->arena, &soak->measurements.items,
				&soak->measurements.count, sizeof(*added));

	if (!added)
		return -ENOMEM;
	added->measurement = nm_measurement_name(&document->arena, measurement);
	added->count.failed_per_hour = NAN;
	return added->measurement ? 0 : -ENOMEM;
}

int nm_soak_plan(struct nm_document *document)
{
	struct nm_soak *soak = nm_arena_alloc(&document->arena, sizeof(*soak));
	int r = 0;

	if (!soak)
		return -ENOMEM;
	soak->sampling = "reservoir";
	soak->all.failed_per_hour = NAN;
	document->soak = soak;
	for (size_t i = 0; !r && i < document->measurements.count; i++)
		r = add_measurement(document, &document->measurements.items[i]);
	return r;
}

static bool is_known_state(const char *state)
{
	return !state || nm_name_index(nm_state_names, state) >= 0;
}

int nm_soak_check(const struct nm_document *document, const char *path)
{
	const struct nm_soak *soak = document->soak;
	bool fits = !soak == !document->run.plan.soak_ns;

	if (soak)
		fits = fits && document->run.plan.soak_ns <= NM_MAX_SOAK_NS &&
		       soak->measurements.count == document->measurements.count;
	for (size_t i = 0; fits && soak && i < soak->measurements.count; i++)
		fits = is_known_state(soak->measurements.items[i].last_state) &&
		       document->measurements.items[i].rounds.count <= document->run.plan.rounds;
	return fits ? 0 : nm_fail(EINVAL, "%s: soak: numbers that no plan has", path);
}

/* Counting */

static const char *failure_of(const struct nm_round *round)
{
	return round->failure ? round->failure : "other";
}

static int count_failure(struct nm_arena *arena, struct nm_map *failures, const char *kind)
{
	const struct nm_value *value = nm_map_get(failures, kind);
	int64_t before = value && value->type == NM_VALUE_INT ? value->integer : 0;

	return nm_map_set(arena, failures, kind, NM_INT(before < INT64_MAX ? before + 1 : before));
}

static int count_round(struct nm_arena *arena, struct nm_soak_count *count,
		       const struct nm_round *round, bool changed)
{
	count->rounds++;
	count->state_changes += changed;
	if (round->state == NM_STATE_OK)
		return 0;
	count->failed++;
	return count_failure(arena, &count->failures, failure_of(round));
}

/* The hour in which a round ended; the last one that was planned takes what comes late. */
static struct nm_soak_count *hour_at(struct nm_document *document, uint64_t elapsed_ns)
{
	struct nm_soak *soak = document->soak;
	uint64_t planned = document->run.plan.soak_ns;
	uint64_t last = (planned && planned <= NM_MAX_SOAK_NS ? planned - 1 : 0) / NS_PER_HOUR;
	uint64_t hour = elapsed_ns / NS_PER_HOUR < last ? elapsed_ns / NS_PER_HOUR : last;

	while (soak->hours.count <= hour) {
		struct nm_soak_count *added = nm_arena_append(&document->arena, &soak->hours.items,
							      &soak->hours.count, sizeof(*added));

		if (!added)
			return NULL;
		added->failed_per_hour = NAN;
	}
	return &soak->hours.items[hour];
}

/* Only the first ones are told: `told` are those of this measurement. */
static int add_event(struct nm_arena *arena, struct nm_soak_events *events, uint64_t *left_out,
		     uint64_t told, const struct nm_soak_event *event)
{
	struct nm_soak_event *added;

	if (told > NM_SOAK_EVENTS || events->count >= NM_MAX_SOAK_EVENTS) {
		++*left_out;
		return 0;
	}
	added = nm_arena_append(arena, &events->items, &events->count, sizeof(*added));
	if (!added)
		return -ENOMEM;
	*added = *event;
	added->time = nm_arena_strdup(arena, event->time);
	added->failure = nm_arena_strdup(arena, event->failure);
	added->reason = nm_arena_strdup(arena, event->reason);
	return !added->time || !added->failure != !event->failure ||
			       !added->reason != !event->reason
		       ? -ENOMEM
		       : 0;
}

static int tell(struct nm_document *document, const struct nm_soak_measurement *measurement,
		const struct nm_round *round, const struct nm_soak_moment *moment, bool changed)
{
	struct nm_soak *soak = document->soak;
	bool failed = round->state != NM_STATE_OK;
	const struct nm_soak_event event = {
		.time = moment->time ? moment->time : "",
		.elapsed_ns = moment->elapsed_ns,
		.measurement = measurement->measurement,
		.round = round->index,
		.before = measurement->last_state,
		.state = round->state,
		.failure = failed ? failure_of(round) : NULL,
		.reason = round->reason,
	};
	int r = 0;

	if (failed)
		r = add_event(&document->arena, &soak->failures, &soak->failures_left_out,
			      measurement->count.failed, &event);
	if (!r && changed)
		r = add_event(&document->arena, &soak->state_changes, &soak->state_changes_left_out,
			      measurement->count.state_changes, &event);
	return r;
}

/* Keeping */

static int copy_text(struct nm_arena *arena, const char **text)
{
	const char *copy = nm_arena_strdup(arena, *text);

	if (*text && !copy)
		return -ENOMEM;
	*text = copy;
	return 0;
}

static int copy_map(struct nm_arena *arena, struct nm_map *map)
{
	struct nm_map copy = {0};
	int r = 0;

	for (size_t i = 0; !r && i < map->count; i++)
		r = nm_map_set(arena, &copy, map->pairs[i].name, map->pairs[i].value);
	if (!r)
		*map = copy;
	return r;
}

/* The reasons of missing percentiles are constants, or belong to the document already. */
static int copy_round(struct nm_arena *arena, const struct nm_round *from, struct nm_round *to)
{
	struct nm_round copy = *from;
	int r = copy_text(arena, &copy.reason);

	if (!r)
		r = copy_text(arena, &copy.failure);
	if (!r)
		r = copy_map(arena, &copy.counters_per_op);
	if (!r)
		r = copy_map(arena, &copy.histogram);
	copy.flags = (struct nm_strings) {0};
	for (size_t i = 0; !r && i < from->flags.count; i++)
		r = nm_strings_add(arena, &copy.flags, from->flags.items[i]);
	if (!r)
		*to = copy;
	return r;
}

/* A number below `rounds` that hangs on the seed, the measurement and the round alone. */
static uint64_t draw(uint64_t seed, size_t number, uint64_t rounds)
{
	struct nm_random random;

	nm_random_seed(&random, seed + ((uint64_t)(number + 1) << 40) + rounds);
	return nm_random_below(&random, rounds);
}

/* Vitter, "Random Sampling with a Reservoir", algorithm R: all rounds have the same chance to be among those kept. */
static int keep(struct nm_document *document, size_t number, const struct nm_round *round,
		struct nm_arena *arena)
{
	struct nm_measurement *measurement = &document->measurements.items[number];
	struct nm_round *slot;
	uint64_t at;

	if (measurement->rounds.count < document->run.plan.rounds) {
		slot = nm_arena_append(&document->arena, &measurement->rounds.items,
				       &measurement->rounds.count, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		return copy_round(arena, round, slot);
	}
	at = draw(document->run.seed, number,
		  document->soak->measurements.items[number].count.rounds);
	if (at >= measurement->rounds.count)
		return 0;
	return copy_round(arena, round, &measurement->rounds.items[at]);
}

int nm_soak_fold(struct nm_document *document, size_t number, const struct nm_round *round,
		 const struct nm_soak_moment *moment, struct nm_arena *arena)
{
	struct nm_soak *soak = document->soak;
	struct nm_soak_count *hour = hour_at(document, moment->elapsed_ns);
	struct nm_soak_measurement *measurement;
	bool changed;
	int r;

	if (!hour)
		return -ENOMEM;
	if (number >= soak->measurements.count ||
	    soak->measurements.items[number].count.rounds == UINT64_MAX)
		return nm_fail(EINVAL, "soak: numbers that no plan has");
	measurement = &soak->measurements.items[number];
	changed = measurement->last_state &&
		  strcmp(measurement->last_state, nm_state_names[round->state]) != 0;
	r = count_round(&document->arena, &soak->all, round, changed);
	if (!r)
		r = count_round(&document->arena, hour, round, changed);
	if (!r)
		r = count_round(&document->arena, &measurement->count, round, changed);
	if (!r)
		r = tell(document, measurement, round, moment, changed);
	measurement->last_state = nm_state_names[round->state];
	soak->elapsed_ns = moment->elapsed_ns;
	return r ? r : keep(document, number, round, arena);
}

/* Running */

/* What a measurement keeps: copies that a later round has replaced are left behind until the arena is changed. */
struct store {
	struct nm_arena arena;
	uint64_t rounds; /* since then */
};

struct soak {
	struct nm_session *session;
	struct store *stores;
	size_t *order;
	uint64_t begin_ns;
};

static int copy_rounds(struct nm_measurement *measurement, struct nm_arena *arena)
{
	int r = 0;

	for (size_t i = 0; !r && i < measurement->rounds.count; i++)
		r = copy_round(arena, &measurement->rounds.items[i], &measurement->rounds.items[i]);
	return r;
}

static int change_arena(struct nm_measurement *measurement, struct store *store)
{
	struct store fresh = {0};
	int r = copy_rounds(measurement, &fresh.arena);

	/* With too little memory for all of them the rounds are in both. */
	if (r)
		return r;
	nm_arena_free(&store->arena);
	*store = fresh;
	return 0;
}

static uint64_t elapsed_ns(const struct soak *soak)
{
	return nm_clock_ns() - soak->begin_ns;
}

static int keep_round(struct soak *soak, size_t number, const struct nm_round *round)
{
	struct nm_session *session = soak->session;
	struct nm_document *document = session->document;
	struct nm_measurement *measurement = &document->measurements.items[number];
	struct store *store = &soak->stores[number];
	char time[32];
	const struct nm_soak_moment moment = {.elapsed_ns = elapsed_ns(soak), .time = time};
	int r;

	nm_time_rfc3339(time, sizeof(time));
	r = nm_journal_add_moment(session->journal, number, measurement, round, &moment);
	if (!r)
		r = nm_soak_fold(document, number, round, &moment, &store->arena);
	if (!r && ++store->rounds > 2 * document->run.plan.rounds)
		r = change_arena(measurement, store);
	return r ? r : nm_journal_renew(session->journal, document);
}

static int run_measurement(struct soak *soak, size_t number, uint64_t pass)
{
	struct nm_session *session = soak->session;
	struct nm_measurement *measurement = &session->document->measurements.items[number];
	struct nm_arena arena = {0};
	struct nm_round round;
	int r = nm_session_round(session, number, pass, &arena, &round);

	if (!r && measurement->state != NM_STATE_UNSUPPORTED)
		r = keep_round(soak, number, &round);
	nm_arena_free(&arena);
	return r;
}

static bool is_over(const struct soak *soak)
{
	return elapsed_ns(soak) >= soak->session->document->run.plan.soak_ns;
}

static int run_pass(struct soak *soak, uint64_t pass)
{
	struct nm_session *session = soak->session;
	struct nm_document *document = session->document;
	size_t count = document->measurements.count;
	int r = 0;

	nm_session_order(soak->order, count, document->run.seed, pass);
	for (size_t i = 0; !r && i < count && !is_over(soak); i++) {
		size_t number = soak->order[i];
		struct nm_measurement *measurement = &document->measurements.items[number];

		if (measurement->state == NM_STATE_UNSUPPORTED ||
		    document->soak->measurements.items[number].count.rounds >= pass)
			continue;
		if (*session->host->stop)
			return -EINTR;
		if (session->progress)
			session->progress(session->progress_context, measurement,
					  document->soak->all.rounds, 0);
		r = run_measurement(soak, number, pass);
	}
	return r;
}

/* The first pass that some measurement has not been through; 0 when nothing can run. */
static uint64_t first_pass(const struct nm_document *document)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < document->measurements.count; i++) {
		uint64_t rounds = document->soak->measurements.items[i].count.rounds;

		if (document->measurements.items[i].state != NM_STATE_UNSUPPORTED && rounds < least)
			least = rounds;
	}
	return least == UINT64_MAX ? 0 : least + 1;
}

/* Rates */

static int set_rates(struct nm_arena *arena, struct nm_soak_count *count, uint64_t elapsed_ns)
{
	double hours = (double)elapsed_ns / (double)NS_PER_HOUR;
	int r = 0;

	count->failed_per_hour = hours > 0 ? (double)count->failed / hours : NAN;
	for (size_t i = 0; !r && hours > 0 && i < count->failures.count; i++) {
		const struct nm_pair *pair = &count->failures.pairs[i];

		if (pair->value.type == NM_VALUE_INT)
			r = nm_map_set(arena, &count->failures_per_hour, pair->name,
				       NM_REAL((double)pair->value.integer / hours));
	}
	return r;
}

static int set_all_rates(struct nm_document *document)
{
	struct nm_soak *soak = document->soak;
	int r = set_rates(&document->arena, &soak->all, soak->elapsed_ns);

	for (size_t i = 0; !r && i < soak->measurements.count; i++)
		r = set_rates(&document->arena, &soak->measurements.items[i].count,
			      soak->elapsed_ns);
	return r;
}

static int compare_rounds(const void *a, const void *b)
{
	uint64_t x = ((const struct nm_round *)a)->index;
	uint64_t y = ((const struct nm_round *)b)->index;

	return (x > y) - (x < y);
}

/* What was kept becomes part of the document, in the order in which it was measured. */
static int settle(struct soak *soak, bool over)
{
	struct nm_document *document = soak->session->document;
	int r = 0;

	for (size_t i = 0; i < document->measurements.count; i++) {
		struct nm_measurement *measurement = &document->measurements.items[i];

		r = r ? r : copy_rounds(measurement, &document->arena);
		if (r)
			measurement->rounds.count = 0;
		if (measurement->rounds.count)
			qsort(measurement->rounds.items, measurement->rounds.count,
			      sizeof(*measurement->rounds.items), compare_rounds);
		if (over && measurement->state != NM_STATE_UNSUPPORTED)
			measurement->stopped_by = "soak";
	}
	document->soak->elapsed_ns = elapsed_ns(soak);
	return r ? r : set_all_rates(document);
}

static void free_stores(struct soak *soak, size_t count)
{
	for (size_t i = 0; soak->stores && i < count; i++)
		nm_arena_free(&soak->stores[i].arena);
	free(soak->stores);
}

int nm_soak_run(struct nm_session *session)
{
	struct nm_document *document = session->document;
	size_t count = document->measurements.count;
	struct soak soak = {
		.session = session,
		.stores = calloc(count + 1, sizeof(*soak.stores)),
		.order = calloc(count + 1, sizeof(*soak.order)),
		.begin_ns = nm_clock_ns() - document->soak->elapsed_ns,
	};
	uint64_t pass = first_pass(document);
	int r = soak.stores && soak.order ? 0 : nm_fail(ENOMEM, "out of memory");
	int settled;

	for (; !r && pass && !is_over(&soak); pass++)
		r = run_pass(&soak, pass);
	settled = settle(&soak, !r);
	free_stores(&soak, count);
	free(soak.order);
	return r ? r : settled;
}

/* Judging */

static char *name_failures(struct nm_arena *arena, const struct nm_map *failures)
{
	char *names = nm_arena_strdup(arena, "");

	for (size_t i = 0; names && i < failures->count; i++)
		names = nm_arena_printf(arena, "%s%s%s %lld", names, i ? ", " : "",
					failures->pairs[i].name,
					(long long)failures->pairs[i].value.integer);
	return names;
}

int nm_soak_judge(struct nm_document *document, size_t number)
{
	struct nm_measurement *measurement = &document->measurements.items[number];
	const struct nm_soak_count *count = &document->soak->measurements.items[number].count;
	bool many = (double)count->failed > MAX_FAILED_SHARE * (double)count->rounds;
	bool figures = measurement->state == NM_STATE_OK || measurement->state == NM_STATE_NOISY;
	const char *names;

	if (measurement->state == NM_STATE_UNSUPPORTED || !count->failed)
		return 0;
	/* A sample may hold none of a few failures, and by chance more of them than there were. */
	if (many && figures)
		measurement->state = NM_STATE_FAILED;
	else if (!many && measurement->state != NM_STATE_INVALID)
		measurement->state = NM_STATE_NOISY;
	else if (!many)
		return 0;
	names = name_failures(&document->arena, &count->failures);
	if (names)
		measurement->reason =
			nm_arena_printf(&document->arena, "%llu of %llu rounds failed: %s",
					(unsigned long long)count->failed,
					(unsigned long long)count->rounds, names);
	return names && measurement->reason ? 0 : -ENOMEM;
}
