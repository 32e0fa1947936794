/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Which measurements of a run are drawn, and how. */
#include "reports/charts.h"

#include "analysis/overview.h"
#include "core/error.h"
#include "reports/plot.h"
#include "reports/values.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS  48u
#define MAX_LINES 6u
#define BESIDE	  0.21 /* of the middle of a row, where two bars share it */

/* Everything that one chart is made of. */
struct drawing {
	struct nm_arena *arena;
	const struct nm_document *document;
	struct nm_charts *charts;
	struct nm_plot plot;
	double scale; /* from the unit of the document to that of the axis */
};

struct nm_chart *nm_charts_add(struct nm_arena *arena, struct nm_charts *charts, const char *title,
			       const char *text)
{
	struct nm_chart *chart =
		nm_arena_append(arena, &charts->items, &charts->count, sizeof(*chart));

	if (chart)
		*chart = (struct nm_chart) {.title = title, .text = text};
	return chart;
}

int nm_charts_finish(struct nm_arena *arena, struct nm_charts *charts, struct nm_plot *plot)
{
	int r = nm_plot_draw(plot, &charts->items[charts->count - 1]);

	if (!r || r == -ENOMEM)
		return r;
	/* Tables say the same. */
	nm_text_free(&charts->items[--charts->count].body);
	charts->missing = nm_arena_strdup(arena, nm_error_last()->text);
	return charts->missing ? 0 : -ENOMEM;
}

static bool is_drawn(const struct nm_document *document, const struct nm_measurement *m)
{
	/* One axis cannot have two units. */
	return nm_measurement_counts(m) && !strcmp(m->unit, nm_clock_units[document->run.clock]);
}

/* "exit.cpuid cpl0" */
static const char *label_of(struct nm_arena *arena, const struct nm_measurement *m)
{
	const char *name = nm_measurement_name(arena, m);
	const char *variant = name ? nm_name_variant(name, m->operation, m->context) : "";

	return nm_arena_printf(arena, "%s %s", m->operation, variant);
}

static bool same_value(const struct nm_value *a, const struct nm_value *b)
{
	if (!a || !b || a->type != b->type)
		return false;
	return a->type != NM_VALUE_INT || a->integer == b->integer;
}

/* The native side of the same operation at the same point. */
static const struct nm_measurement *partner_of(const struct nm_document *document,
					       const struct nm_measurement *guest)
{
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];
		bool same = m->context == NM_CONTEXT_NATIVE && is_drawn(document, m) &&
			    !strcmp(m->operation, guest->operation);

		for (size_t p = 0; same && p < m->parameters.count; p++)
			same = same_value(&m->parameters.pairs[p].value,
					  nm_map_get(&guest->parameters,
						     m->parameters.pairs[p].name));
		if (same)
			return m;
	}
	return NULL;
}

/* The rows of a chart of bars: a measurement each, with its partner beside it. */
struct row {
	const struct nm_measurement *measurement, *partner;
};

struct rows {
	struct row items[MAX_ROWS];
	size_t count, left_out, partners;
};

static int put_labels(struct drawing *drawing, const struct rows *rows,
		      double (*value)(const struct nm_measurement *))
{
	nm_plot_begin_block(&drawing->plot, "labels");
	for (size_t i = 0; i < rows->count; i++) {
		const struct nm_measurement *m = rows->items[i].measurement;
		const char *label = label_of(drawing->arena, m);

		if (!label)
			return -ENOMEM;
		nm_plot_put_position(&drawing->plot, (double)i);
		nm_plot_put_number(&drawing->plot, value(m) * drawing->scale);
		nm_plot_put_label(&drawing->plot, label);
		nm_plot_end_row(&drawing->plot);
	}
	return 0;
}

static double median_of(const struct nm_measurement *m)
{
	return m->summary.p50.value;
}

static int draw_bars(struct drawing *drawing, const struct rows *rows, const char *title,
		     const char *text)
{
	struct nm_chart *chart = nm_charts_add(drawing->arena, drawing->charts, title, text);
	int r = chart ? put_labels(drawing, rows, median_of) : -ENOMEM;

	if (r)
		return r;
	chart->left_out = rows->left_out;
	drawing->plot.kind = NM_PLOT_BARS;
	nm_plot_begin_block(&drawing->plot, rows->items[0].measurement->context == NM_CONTEXT_GUEST
						    ? "guest"
						    : "native");
	for (size_t i = 0; i < rows->count; i++)
		nm_plot_put_bar(&drawing->plot, (double)i - (rows->items[i].partner ? BESIDE : 0),
				&rows->items[i].measurement->summary.p50, drawing->scale);
	if (rows->partners)
		nm_plot_begin_block(&drawing->plot, "native");
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].partner)
			nm_plot_put_bar(&drawing->plot, (double)i + BESIDE,
					&rows->items[i].partner->summary.p50, drawing->scale);
	return nm_charts_finish(drawing->arena, drawing->charts, &drawing->plot);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	double vx = x->measurement->summary.p50.value;
	double vy = y->measurement->summary.p50.value;

	if (vx != vy)
		return vx > vy ? -1 : 1;
	return (x->measurement > y->measurement) - (x->measurement < y->measurement);
}

static bool is_of_user_mode(const struct nm_measurement *m)
{
	const struct nm_value *cpl = nm_map_get(&m->parameters, "cpl");

	return cpl && cpl->type == NM_VALUE_INT && cpl->integer == 3;
}

/* A guest's kernel speaks for the operation; its user mode does where there is no other. */
static bool is_said_by_kernel_mode(const struct nm_document *document,
				   const struct nm_measurement *user)
{
	if (!is_of_user_mode(user))
		return false;
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (m->context == user->context && !is_of_user_mode(m) && is_drawn(document, m) &&
		    !strcmp(m->operation, user->operation))
			return true;
	}
	return false;
}

/* Guests of an operation whose name begins so; where no guest has run, their native sides. */
static void collect_rows(const struct nm_document *document, const char *prefix, int context,
			 struct rows *out)
{
	*out = (struct rows) {0};
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (m->context != context || m->series || !is_drawn(document, m) ||
		    strncmp(m->operation, prefix, strlen(prefix)) != 0)
			continue;
		if (out->count == MAX_ROWS || is_said_by_kernel_mode(document, m)) {
			out->left_out++;
			continue;
		}
		out->items[out->count].measurement = m;
		out->items[out->count].partner =
			context == NM_CONTEXT_GUEST ? partner_of(document, m) : NULL;
		out->partners += out->items[out->count++].partner != NULL;
	}
	if (out->count)
		qsort(out->items, out->count, sizeof(out->items[0]), compare_rows);
}

static int draw_group(struct drawing *drawing, const char *prefix, const char *title,
		      const char *text)
{
	struct rows rows;

	collect_rows(drawing->document, prefix, NM_CONTEXT_GUEST, &rows);
	if (!rows.count)
		collect_rows(drawing->document, prefix, NM_CONTEXT_NATIVE, &rows);
	return rows.count ? draw_bars(drawing, &rows, title, text) : 0;
}

static double ratio_of(const struct nm_measurement *m)
{
	return m->native_ratio.value;
}

static int compare_ratios(const void *a, const void *b)
{
	double x = ratio_of(((const struct row *)a)->measurement);
	double y = ratio_of(((const struct row *)b)->measurement);

	return (x < y) - (x > y);
}

static int draw_ratios(struct drawing *drawing)
{
	struct rows rows = {0};
	struct nm_chart *chart;
	int r;

	for (size_t i = 0; i < drawing->document->measurements.count; i++) {
		const struct nm_measurement *m = &drawing->document->measurements.items[i];

		if (!is_drawn(drawing->document, m) || !isfinite(ratio_of(m)) || ratio_of(m) <= 0)
			continue;
		if (rows.count == MAX_ROWS)
			rows.left_out++;
		else
			rows.items[rows.count++].measurement = m;
	}
	if (!rows.count)
		return 0;
	qsort(rows.items, rows.count, sizeof(rows.items[0]), compare_ratios);
	chart = nm_charts_add(drawing->arena, drawing->charts, "Guest against native",
			      "How many times as long the same work takes in a guest, with 95 % "
			      "intervals. The line at 1 is this machine without a guest; what is "
			      "left of it is faster in the guest.");
	drawing->scale = 1;
	r = chart ? put_labels(drawing, &rows, ratio_of) : -ENOMEM;
	if (r)
		return r;
	chart->left_out = rows.left_out;
	drawing->plot.kind = NM_PLOT_RATIOS;
	nm_plot_begin_block(&drawing->plot, "guest / native");
	for (size_t i = 0; i < rows.count; i++)
		nm_plot_put_bar(&drawing->plot, (double)i, &rows.items[i].measurement->native_ratio,
				1);
	return nm_charts_finish(drawing->arena, drawing->charts, &drawing->plot);
}

static void put_point(struct drawing *drawing, double x, double y)
{
	nm_plot_put_number(&drawing->plot, x);
	nm_plot_put_number(&drawing->plot, y);
	nm_plot_end_row(&drawing->plot);
}

static const char *line_title(struct nm_arena *arena, const struct nm_measurement *m)
{
	char *name = nm_measurement_name(arena, m);

	for (char *c = name; c && *c; c++)
		if (*c == '/')
			*c = ' ';
	return name;
}

static double tail_of(const struct nm_measurement *m)
{
	return m->summary.p99.value / m->summary.p50.value;
}

/* The guest of a class whose tail is the longest; without guests the native side. */
static const struct nm_measurement *longest_tail(const struct nm_document *document,
						 enum nm_cost_class kind, int context)
{
	const struct nm_measurement *longest = NULL;

	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (m->context != context || nm_cost_class_of(m) != kind ||
		    !is_drawn(document, m) || !isfinite(tail_of(m)))
			continue;
		if (!longest || tail_of(m) > tail_of(longest))
			longest = m;
	}
	return longest;
}

static int put_percentiles(struct drawing *drawing, const struct nm_measurement *m)
{
	const char *title = line_title(drawing->arena, m);

	if (!title)
		return -ENOMEM;
	nm_plot_begin_block(&drawing->plot, title);
	put_point(drawing, 0.5, m->summary.p50.value * drawing->scale);
	put_point(drawing, 0.1, m->summary.p90.value * drawing->scale);
	put_point(drawing, 0.01, m->summary.p99.value * drawing->scale);
	put_point(drawing, 0.001, m->summary.p999.value * drawing->scale);
	return 0;
}

static int draw_percentiles(struct drawing *drawing)
{
	struct nm_chart *chart = NULL;
	int r = 0;

	for (enum nm_cost_class kind = 0; !r && kind < NM_COST_CLASSES; kind++) {
		const struct nm_measurement *m =
			longest_tail(drawing->document, kind, NM_CONTEXT_GUEST);

		if (!m)
			m = longest_tail(drawing->document, kind, NM_CONTEXT_NATIVE);
		if (!m || drawing->plot.blocks == MAX_LINES)
			continue;
		if (!chart)
			chart = nm_charts_add(
				drawing->arena, drawing->charts, "Tails",
				"Latency by percentile, of the operation with the longest tail "
				"of each class. A flat line is predictable; one that rises is "
				"what a latency-critical workload will notice.");
		r = chart ? put_percentiles(drawing, m) : -ENOMEM;
	}
	drawing->plot.kind = NM_PLOT_PERCENTILES;
	return r || !chart ? r : nm_charts_finish(drawing->arena, drawing->charts, &drawing->plot);
}

static double bytes_of(const struct nm_measurement *m)
{
	const struct nm_value *bytes = nm_map_get(&m->parameters, "bytes");

	return bytes && bytes->type == NM_VALUE_INT ? (double)bytes->integer : NAN;
}

static bool is_point(const struct nm_document *document, const struct nm_measurement *m)
{
	return m->series && !strcmp(m->series, "bytes") && is_drawn(document, m) &&
	       !strncmp(m->operation, "mem.chase", strlen("mem.chase")) && bytes_of(m) > 0;
}

/* Points of one line: the same in all but the size. */
static bool same_line(const struct nm_measurement *a, const struct nm_measurement *b)
{
	bool same = a->context == b->context && !strcmp(a->operation, b->operation) &&
		    a->parameters.count == b->parameters.count;

	for (size_t i = 0; same && i < a->parameters.count; i++) {
		const char *name = a->parameters.pairs[i].name;

		same = !strcmp(name, "bytes") ||
		       same_value(&a->parameters.pairs[i].value, nm_map_get(&b->parameters, name));
	}
	return same;
}

static int put_line(struct drawing *drawing, const struct nm_measurement *first)
{
	const struct nm_document *document = drawing->document;
	const struct nm_value *cpl = nm_map_get(&first->parameters, "cpl");
	const char *title =
		cpl && cpl->type == NM_VALUE_INT
			? nm_arena_printf(drawing->arena, "%s %s cpl%lld", first->operation,
					  nm_context_names[first->context], (long long)cpl->integer)
			: nm_arena_printf(drawing->arena, "%s %s", first->operation,
					  nm_context_names[first->context]);

	if (!title)
		return -ENOMEM;
	nm_plot_begin_block(&drawing->plot, title);
	for (const struct nm_measurement *m = first;
	     m < document->measurements.items + document->measurements.count; m++)
		if (is_point(document, m) && same_line(first, m))
			put_point(drawing, bytes_of(m), m->summary.p50.value * drawing->scale);
	return 0;
}

static bool begins_line(const struct nm_document *document, const struct nm_measurement *m)
{
	for (const struct nm_measurement *before = document->measurements.items; before < m;
	     before++)
		if (is_point(document, before) && same_line(before, m))
			return false;
	return true;
}

static int draw_sizes(struct drawing *drawing)
{
	const struct nm_document *document = drawing->document;
	struct nm_chart *chart = NULL;
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (!is_point(document, m))
			continue;
		if (chart && drawing->plot.blocks == MAX_LINES) {
			chart->left_out++;
			continue;
		}
		if (!begins_line(document, m))
			continue;
		if (!chart)
			chart = nm_charts_add(
				drawing->arena, drawing->charts, "Memory by working set",
				"Latency of one dependent load by the size of the memory that is "
				"walked. Where the lines of guest and native part, translating "
				"addresses twice costs time.");
		r = chart ? put_line(drawing, m) : -ENOMEM;
	}
	drawing->plot.kind = NM_PLOT_SIZES;
	return r || !chart ? r : nm_charts_finish(drawing->arena, drawing->charts, &drawing->plot);
}

static int put_histogram(struct drawing *drawing, const struct nm_measurement *m)
{
	const char *title = line_title(drawing->arena, m);

	if (!title)
		return -ENOMEM;
	nm_plot_begin_block(&drawing->plot, title);
	for (size_t i = 0; i < m->histogram.count; i++) {
		const struct nm_pair *pair = &m->histogram.pairs[i];

		if (pair->value.type == NM_VALUE_INT)
			put_point(drawing, strtod(pair->name, NULL) * drawing->scale,
				  (double)pair->value.integer);
	}
	return 0;
}

static bool has_histogram(const struct nm_document *document, const struct nm_measurement *m)
{
	size_t points = 0;

	for (size_t i = 0; i < m->histogram.count; i++)
		points += m->histogram.pairs[i].value.type == NM_VALUE_INT &&
			  m->histogram.pairs[i].value.integer > 0 &&
			  strtod(m->histogram.pairs[i].name, NULL) > 0;
	return points > 1 && is_drawn(document, m);
}

static int draw_histograms(struct drawing *drawing)
{
	const struct nm_document *document = drawing->document;
	struct nm_chart *chart = NULL;
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (!has_histogram(document, m))
			continue;
		if (chart && drawing->plot.blocks == MAX_LINES) {
			chart->left_out++;
			continue;
		}
		if (!chart)
			chart = nm_charts_add(
				drawing->arena, drawing->charts, "Jitter",
				"How many samples reached how much. What lies far to the right "
				"happened seldom and took long: interruptions by neighbours, "
				"timers and the hypervisor.");
		r = chart ? put_histogram(drawing, m) : -ENOMEM;
	}
	drawing->plot.kind = NM_PLOT_HISTOGRAM;
	return r || !chart ? r : nm_charts_finish(drawing->arena, drawing->charts, &drawing->plot);
}

static int draw_exits(struct drawing *drawing)
{
	return draw_group(drawing, "exit.", "Exits",
			  "Median latency of each operation, with 95 % intervals over rounds, on a "
			  "logarithmic axis: ten times as long is the same distance everywhere.");
}

static int draw_interrupts(struct drawing *drawing)
{
	return draw_group(drawing, "irq.", "Interrupts",
			  "Median latency from the cause of an interrupt to its handler, with 95 % "
			  "intervals, on a logarithmic axis.");
}

static int draw_touch(struct drawing *drawing)
{
	return draw_group(
		drawing, "mem.touch", "First touch of a page, by backing",
		"Median cost of touching a page for the first time, by what stands behind "
		"it, with 95 % intervals, on a logarithmic axis.");
}

static int draw_io(struct drawing *drawing)
{
	return draw_group(drawing, "io.", "I/O",
			  "Median latency of each request, with 95 % intervals, on a logarithmic "
			  "axis.");
}

int nm_charts_of_run(struct nm_arena *arena, const struct nm_document *document,
		     struct nm_charts *out)
{
	static int (*const draw[])(struct drawing *) = {
		draw_ratios, draw_exits, draw_interrupts,  draw_touch,
		draw_sizes,  draw_io,	 draw_percentiles, draw_histograms,
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(draw) / sizeof(draw[0]); i++) {
		bool counted = document->run.clock == NM_CLOCK_INSTRUCTIONS;
		struct drawing drawing = {.arena = arena,
					  .document = document,
					  .charts = out,
					  .plot = {.counted = counted},
					  .scale = counted ? 1 : 1e-9};

		r = draw[i](&drawing);
		nm_text_free(&drawing.plot.data);
	}
	return r;
}

void nm_charts_free(struct nm_charts *charts)
{
	for (size_t i = 0; i < charts->count; i++)
		nm_text_free(&charts->items[i].body);
	*charts = (struct nm_charts) {0};
}
