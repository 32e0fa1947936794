/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Which lines of a comparison are drawn, and how. */
#include "reports/charts.h"

#include "core/error.h"
#include "reports/plot.h"
#include "reports/values.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 48u
#define BESIDE	 0.21 /* of the middle of a row, which two bars share */

struct row {
	const struct nm_compared *line;
	const struct nm_compared_statistic *median;
};

struct rows {
	struct row items[MAX_ROWS];
	size_t count, left_out;
	bool counted;
};

static const struct nm_compared_statistic *median_of(const struct nm_compared *line)
{
	for (size_t i = 0; i < line->statistics.count; i++) {
		const struct nm_compared_statistic *s = &line->statistics.items[i];

		if (s->kind == NM_COMPARED_P50 && s->ratio.value > 0 && isfinite(s->ratio.value) &&
		    s->base.value > 0 && s->changed.value > 0)
			return s;
	}
	return NULL;
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	if (x->median->ratio.value != y->median->ratio.value)
		return x->median->ratio.value > y->median->ratio.value ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/* Of one unit: that of the first line. */
static void collect(const struct nm_comparison *comparison, struct rows *out)
{
	const char *unit = NULL;

	*out = (struct rows) {0};
	for (size_t i = 0; i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];
		const struct nm_compared_statistic *median = median_of(line);

		/* What cannot be compared must not look as if it were. */
		if (!median || line->verdict > NM_VERDICT_REGRESSED)
			continue;
		unit = unit ? unit : line->unit;
		if (out->count == MAX_ROWS || strcmp(line->unit, unit) != 0)
			out->left_out++;
		else
			out->items[out->count++] = (struct row) {line, median};
	}
	if (out->count)
		qsort(out->items, out->count, sizeof(out->items[0]), compare_rows);
	out->counted = unit && !strcmp(unit, nm_clock_units[NM_CLOCK_INSTRUCTIONS]);
}

static const char *label_of(struct nm_arena *arena, const struct nm_compared *line)
{
	bool native = line->context == NM_CONTEXT_NATIVE;

	return nm_arena_printf(arena, "%s%s %s", line->operation, native ? " native" : "",
			       nm_name_variant(line->name, line->operation, line->context));
}

static int put_labels(struct nm_arena *arena, struct nm_plot *plot, const struct rows *rows,
		      bool ratios)
{
	nm_plot_begin_block(plot, "labels");
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];
		const char *label = label_of(arena, row->line);

		if (!label)
			return -ENOMEM;
		nm_plot_put_position(plot, (double)i);
		nm_plot_put_number(plot, ratios		 ? row->median->ratio.value
					 : rows->counted ? row->median->base.value
							 : row->median->base.value * 1e-9);
		nm_plot_put_label(plot, label);
		nm_plot_end_row(plot);
	}
	return 0;
}

static bool is_multiplier(const struct nm_published *published)
{
	return isfinite(published->multiplier) && published->multiplier > 0;
}

/* A block of its own; nothing where the line has none. */
static void put_published(struct nm_plot *plot, const struct rows *rows)
{
	bool begun = false;

	for (size_t i = 0; i < rows->count; i++) {
		const struct nm_compared *line = rows->items[i].line;

		for (size_t p = 0; p < line->published.count; p++) {
			const struct nm_published *published = &line->published.items[p];
			const struct nm_statistic point = {.value = published->multiplier,
							   .lo = NAN,
							   .hi = NAN};

			if (!is_multiplier(published))
				continue;
			if (!begun)
				nm_plot_begin_block(plot, "published");
			begun = true;
			nm_plot_put_bar(plot, (double)i, &point, 1);
		}
	}
}

static int draw_ratios(struct nm_arena *arena, const struct nm_comparison *comparison,
		       const struct rows *rows, struct nm_charts *out)
{
	bool levels = comparison->mode == NM_COMPARE_MACHINES;
	struct nm_plot plot = {.kind = NM_PLOT_RATIOS};
	struct nm_chart *chart = nm_charts_add(
		arena, out, "New against base",
		levels ? "How many times as long each operation takes on the new side, with 95 % "
			 "intervals. Squares are multipliers that others have published for one "
			 "level more; the table names them."
		       : "How many times as long each operation takes on the new side, with 95 % "
			 "intervals. What is right of the line at 1 became slower.");
	int r = chart ? put_labels(arena, &plot, rows, true) : -ENOMEM;

	if (r)
		return r;
	chart->left_out = rows->left_out;
	nm_plot_begin_block(&plot, "new / base");
	for (size_t i = 0; i < rows->count; i++)
		nm_plot_put_bar(&plot, (double)i, &rows->items[i].median->ratio, 1);
	if (levels)
		put_published(&plot, rows);
	return nm_charts_finish(arena, out, &plot);
}

static int draw_medians(struct nm_arena *arena, const struct rows *rows, struct nm_charts *out)
{
	struct nm_plot plot = {.kind = NM_PLOT_BARS, .counted = rows->counted};
	double scale = rows->counted ? 1 : 1e-9;
	struct nm_chart *chart =
		nm_charts_add(arena, out, "Base and new",
			      "Median of each operation on both sides, with 95 % intervals over "
			      "rounds, on a logarithmic axis; in the order of the chart above.");
	int r = chart ? put_labels(arena, &plot, rows, false) : -ENOMEM;

	if (r)
		return r;
	chart->left_out = rows->left_out;
	nm_plot_begin_block(&plot, "base");
	for (size_t i = 0; i < rows->count; i++)
		nm_plot_put_bar(&plot, (double)i - BESIDE, &rows->items[i].median->base, scale);
	nm_plot_begin_block(&plot, "new");
	for (size_t i = 0; i < rows->count; i++)
		nm_plot_put_bar(&plot, (double)i + BESIDE, &rows->items[i].median->changed, scale);
	return nm_charts_finish(arena, out, &plot);
}

int nm_charts_of_comparison(struct nm_arena *arena, const struct nm_comparison *comparison,
			    struct nm_charts *out)
{
	struct rows rows;
	int r;

	collect(comparison, &rows);
	if (!rows.count)
		return 0;
	r = draw_ratios(arena, comparison, &rows, out);
	return r ? r : draw_medians(arena, &rows, out);
}
