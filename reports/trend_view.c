/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/trend_view.h"

#include "reports/format.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* The JSON document has them all. */
#define MAX_LINES 100

const char *const nm_trend_column_titles[NM_TREND_COLUMNS] = {"host", "measurement", "since",
							      "run",  "step",	     "quiet floor",
							      "p50",  "p99",	     "nights",
							      "p"};

struct builder {
	struct nm_trend_view *view;
	struct nm_arena *arena;
	const struct nm_trend *trend;
	const struct nm_trend_change *last; /* whose surroundings were listed */
};

static int add(struct builder *builder, struct nm_strings *lines, const char *line)
{
	return line ? nm_strings_add(builder->arena, lines, line) : -ENOMEM;
}

static int put_title(struct builder *builder)
{
	const struct nm_trend *trend = builder->trend;
	struct nm_strings *title = &builder->view->title;
	int r = add(builder, title,
		    nm_arena_printf(builder->arena,
				    "%llu machines, %llu runs, %llu series, %llu changes",
				    (unsigned long long)trend->machines,
				    (unsigned long long)trend->runs,
				    (unsigned long long)trend->series_count,
				    (unsigned long long)trend->changes));

	return r ? r
		 : add(builder, title,
		       nm_arena_printf(builder->arena,
				       "decided by: %s, steps of %g %% or more, %llu permutations "
				       "at %g %%, "
				       "false discovery rate %g over %llu tests, seed %llu",
				       nm_compared_kind_names[trend->statistic],
				       trend->threshold_percent,
				       (unsigned long long)trend->permutations,
				       100 * trend->significance, trend->false_discovery_rate,
				       (unsigned long long)trend->family,
				       (unsigned long long)trend->seed));
}

static const char *levels(struct builder *builder, const char *unit, double before, double after)
{
	const char *from = nm_format_value(builder->arena, unit, before);
	const char *to = nm_format_value(builder->arena, unit, after);

	return from && to ? nm_arena_printf(builder->arena, "%s → %s", from, to) : NULL;
}

static int put_row(struct builder *builder, const struct nm_trend_series *series,
		   const struct nm_trend_change *change)
{
	struct nm_arena *arena = builder->arena;
	const struct nm_trend_level *before = &change->before;
	const struct nm_trend_level *after = &change->after;
	struct nm_trend_row *row = nm_arena_append(arena, &builder->view->rows.items,
						   &builder->view->rows.count, sizeof(*row));

	if (!row)
		return -ENOMEM;
	row->worse = change->step.value > 1;
	row->cells[NM_TREND_HOST] = series->host;
	row->cells[NM_TREND_MEASUREMENT] = series->measurement;
	row->cells[NM_TREND_SINCE] = nm_arena_printf(arena, "%.10s", change->started);
	row->cells[NM_TREND_RUN] = nm_arena_printf(arena, "%.8s", change->run);
	row->cells[NM_TREND_STEP] =
		nm_arena_printf(arena, "× %.3f [%.3f, %.3f]", change->step.value, change->step.lo,
				change->step.hi);
	row->cells[NM_TREND_FLOOR] = levels(builder, series->unit, before->floor, after->floor);
	row->cells[NM_TREND_P50] = levels(builder, series->unit, before->p50, after->p50);
	row->cells[NM_TREND_P99] = levels(builder, series->unit, before->p99, after->p99);
	row->cells[NM_TREND_NIGHTS] =
		nm_arena_printf(arena, "%llu → %llu", (unsigned long long)before->nights,
				(unsigned long long)after->nights);
	row->cells[NM_TREND_P] = nm_arena_printf(arena, "%.1g", change->p_adjusted);
	for (size_t i = 0; i < NM_TREND_COLUMNS; i++)
		if (!row->cells[i])
			return -ENOMEM;
	return 0;
}

static const char *list_differences(struct builder *builder, const struct nm_trend_change *change)
{
	const char *list = change->differences.count ? "" : "nothing that is recorded";

	for (size_t i = 0; list && i < change->differences.count; i++) {
		const struct nm_difference *difference = &change->differences.items[i];

		list = nm_arena_printf(builder->arena, "%s%s%s: %s → %s", list, i ? "; " : "",
				       difference->what,
				       difference->base ? difference->base : "none",
				       difference->changed ? difference->changed : "none");
	}
	return list;
}

static int put_around(struct builder *builder, const struct nm_trend_series *series,
		      const struct nm_trend_change *change)
{
	const struct nm_trend_change *last = builder->last;
	const char *list;

	if (last && !strcmp(last->run, change->run) &&
	    !strcmp(last->run_before, change->run_before))
		return 0;
	builder->last = change;
	list = list_differences(builder, change);
	if (!list)
		return -ENOMEM;
	return add(builder, &builder->view->around,
		   nm_arena_printf(builder->arena, "%s, run %.8s of %s after %.8s of %s: %s",
				   series->host, change->run, change->started, change->run_before,
				   change->last_before, list));
}

static int put_lines(struct builder *builder, const char *word, const struct nm_strings *lines)
{
	size_t shown = lines->count > MAX_LINES ? MAX_LINES : lines->count;
	int r = 0;

	for (size_t i = 0; !r && i < shown; i++)
		r = add(builder, &builder->view->night,
			nm_arena_printf(builder->arena, "%s %s", word, lines->items[i]));
	if (!r && shown < lines->count)
		r = add(builder, &builder->view->night,
			nm_arena_printf(builder->arena, "%s … and %zu more, which -J has", word,
					lines->count - shown));
	return r;
}

static const char *night_title(struct builder *builder, const struct nm_trend_night *night)
{
	const char *hosts =
		night->expected
			? nm_arena_printf(builder->arena, "%s (%llu of %llu hosts expected)",
					  night->complete ? "complete" : "partial",
					  (unsigned long long)(night->expected -
							       night->missing.count),
					  (unsigned long long)night->expected)
			: nm_arena_printf(builder->arena, "%llu hosts",
					  (unsigned long long)night->reported);

	return hosts ? nm_arena_printf(
			       builder->arena,
			       "night %s: %s, %llu series, %llu of them too young to decide",
			       night->night, hosts, (unsigned long long)night->series,
			       (unsigned long long)night->young)
		     : NULL;
}

static int put_night(struct builder *builder, const struct nm_trend_night *night)
{
	const struct {
		const char *word;
		const struct nm_strings *lines;
	} parts[] = {{"REGRESSED", &night->regressions},
		     {"MISS", &night->missing},
		     {"UNDECIDED", &night->undecided},
		     {"SUSPECT", &night->suspects},
		     {"UNEXPECTED", &night->unexpected}};
	int r = add(builder, &builder->view->night, night_title(builder, night));

	builder->view->verdict = night->verdict;
	for (size_t i = 0; !r && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = put_lines(builder, parts[i].word, parts[i].lines);
	return r;
}

int nm_trend_view_build(struct nm_trend_view *view, struct nm_arena *arena,
			const struct nm_trend *trend)
{
	struct builder builder = {.view = view, .arena = arena, .trend = trend};
	int r = put_title(&builder);

	for (size_t i = 0; !r && i < trend->series.count; i++) {
		const struct nm_trend_series *series = &trend->series.items[i];

		for (size_t j = 0; !r && j < series->changes.count; j++) {
			r = put_row(&builder, series, &series->changes.items[j]);
			if (!r)
				r = put_around(&builder, series, &series->changes.items[j]);
		}
	}
	return r || !trend->night ? r : put_night(&builder, trend->night);
}
