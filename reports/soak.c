/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/view.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Failures that are shown; the document has more of them. */
#define SHOWN_FAILURES 20u

static int add_line(struct nm_arena *arena, struct nm_strings *lines, char *line)
{
	return line ? nm_strings_add(arena, lines, line) : -ENOMEM;
}

static unsigned long long number(uint64_t value)
{
	return value;
}

static char *format_time(struct nm_arena *arena, uint64_t ns)
{
	uint64_t seconds = ns / 1000000000u;

	return nm_arena_printf(arena, "%llu:%02llu:%02llu", number(seconds / 3600),
			       number(seconds / 60 % 60), number(seconds % 60));
}

static const char *format_rate(struct nm_arena *arena, double per_hour)
{
	if (!isfinite(per_hour))
		return "";
	return nm_arena_printf(arena, per_hour < 100 ? " (%.3g per hour)" : " (%.0f per hour)",
			       per_hour);
}

static int add_totals(struct nm_arena *arena, const struct nm_document *document,
		      struct nm_strings *out)
{
	const struct nm_soak *soak = document->soak;
	const char *passed = format_time(arena, soak->elapsed_ns);
	const char *planned = format_time(arena, document->run.plan.soak_ns);
	const char *rate = format_rate(arena, soak->all.failed_per_hour);
	int r;

	if (!passed || !planned || !rate)
		return -ENOMEM;
	r = add_line(
		arena, out,
		nm_arena_printf(arena,
				"duration %s of %s, %llu rounds; the figures above are of at most "
				"%llu of each measurement, drawn with equal chances",
				passed, planned, number(soak->all.rounds),
				number(document->run.plan.rounds)));
	return r ? r
		 : add_line(arena, out,
			    nm_arena_printf(arena, "failed rounds: %llu%s; changes of state: %llu",
					    number(soak->all.failed), rate,
					    number(soak->all.state_changes)));
}

static const struct nm_soak_count *count_of(const struct nm_soak *soak, size_t i)
{
	return &soak->measurements.items[i].count;
}

static long long integer_of(const struct nm_value *value)
{
	return value && value->type == NM_VALUE_INT ? value->integer : 0;
}

/* "shutdown: 3 (12 per hour): exit.cpuid/guest/cpl0 2, exit.hlt/guest/cpl0 1" */
static int add_kind(struct nm_arena *arena, const struct nm_soak *soak, const struct nm_pair *pair,
		    struct nm_strings *out)
{
	const struct nm_value *per_hour = nm_map_get(&soak->all.failures_per_hour, pair->name);
	const char *rate =
		format_rate(arena,
			    per_hour && per_hour->type == NM_VALUE_REAL ? per_hour->real : NAN);
	const char *separator = ": ";
	char *line;

	line = nm_arena_printf(arena, "%s: %lld%s", pair->name, integer_of(&pair->value),
			       rate ? rate : "");
	for (size_t i = 0; line && i < soak->measurements.count; i++) {
		long long count = integer_of(nm_map_get(&count_of(soak, i)->failures, pair->name));

		if (!count)
			continue;
		line = nm_arena_printf(arena, "%s%s%s %lld", line, separator,
				       soak->measurements.items[i].measurement, count);
		separator = ", ";
	}
	return add_line(arena, out, line);
}

static int add_hours(struct nm_arena *arena, const struct nm_soak *soak, struct nm_strings *out)
{
	char *line = nm_arena_strdup(arena, "failed rounds by hour:");

	if (soak->hours.count < 2 || !soak->all.failed)
		return 0;
	for (size_t i = 0; line && i < soak->hours.count; i++)
		line = nm_arena_printf(arena, "%s %llu", line, number(soak->hours.items[i].failed));
	return add_line(arena, out, line);
}

static int add_failure(struct nm_arena *arena, const struct nm_soak_event *event,
		       struct nm_strings *out)
{
	const char *passed = format_time(arena, event->elapsed_ns);

	if (!passed)
		return -ENOMEM;
	return add_line(arena, out,
			nm_arena_printf(arena, "%s (%s), %s, round %llu, %s: %s", event->time,
					passed, event->measurement, number(event->round),
					event->failure ? event->failure : "failed",
					event->reason ? event->reason : "no reason recorded"));
}

static bool is_same(const struct nm_soak_event *a, const struct nm_soak_event *b)
{
	return a->state == b->state && !strcmp(a->measurement, b->measurement) &&
	       (!a->failure || !b->failure ? a->failure == b->failure
					   : !strcmp(a->failure, b->failure));
}

/* The first of its kind in its measurement. */
static bool is_first(const struct nm_soak_events *events, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_same(&events->items[i], &events->items[at]))
			return false;
	return true;
}

static int add_failures(struct nm_arena *arena, const struct nm_soak *soak, struct nm_strings *out)
{
	const struct nm_soak_events *failures = &soak->failures;
	size_t shown = 0;
	int r = failures->count ? nm_strings_add(arena, out,
						 "first failures of each kind and measurement "
						 "(the document has more):")
				: 0;

	for (size_t i = 0; !r && i < failures->count && shown < SHOWN_FAILURES; i++) {
		if (!is_first(failures, i))
			continue;
		r = add_failure(arena, &failures->items[i], out);
		shown++;
	}
	return r;
}

int nm_view_soak(struct nm_arena *arena, const struct nm_document *document, struct nm_strings *out)
{
	const struct nm_soak *soak = document->soak;
	int r;

	if (!soak)
		return 0;
	r = add_totals(arena, document, out);
	for (size_t i = 0; !r && i < soak->all.failures.count; i++)
		r = add_kind(arena, soak, &soak->all.failures.pairs[i], out);
	if (!r)
		r = add_hours(arena, soak, out);
	return r ? r : add_failures(arena, soak, out);
}
