/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/predictions.h"

#include "core/error.h"
#include "reports/escape.h"
#include "reports/format.h"
#include "reports/table.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static const char *const titles[] = {"operation", "native p50", "guest p50", "difference",
				     "exits/op",  "priced",	"they cost", "share"};

#define COLUMNS (sizeof(titles) / sizeof(titles[0]))

static int fill_row(struct nm_arena *arena, struct libscols_line *row, const char *unit,
		    const struct nm_predicted *line)
{
	const char *const cells[COLUMNS] = {
		line->measurement,
		nm_format_value(arena, unit, line->native.value),
		nm_format_value(arena, unit, line->guest.value),
		nm_format_value(arena, unit, line->difference),
		nm_format_count(arena, line->exits_per_op),
		nm_format_count(arena, line->priced_exits_per_op),
		nm_format_statistic(arena, unit, &line->cost),
		isnan(line->share) ? "–" : nm_arena_printf(arena, "%.0f %%", line->share * 100),
	};
	int r = 0;

	for (size_t i = 0; !r && i < COLUMNS; i++)
		r = cells[i] ? nm_table_set_cell(arena, row, i, cells[i]) : -ENOMEM;
	return r;
}

static int put_table(struct nm_arena *arena, const struct nm_prediction *prediction,
		     const struct nm_render_options *options, struct nm_text *out)
{
	struct libscols_table *table = nm_table_new(options);
	int r = table ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < COLUMNS; i++)
		r = nm_table_add_column(arena, table, titles[i], i ? SCOLS_FL_RIGHT : 0);
	for (size_t i = 0; !r && i < prediction->operations.count; i++) {
		struct libscols_line *row = scols_table_new_line(table, NULL);

		r = row ? fill_row(arena, row, prediction->unit, &prediction->operations.items[i])
			: -ENOMEM;
	}
	if (!r)
		r = nm_table_print(table, out);
	scols_unref_table(table);
	return r;
}

static int put_line(struct nm_arena *arena, struct nm_text *out, const char *line)
{
	const char *clean = line ? nm_printable(arena, line) : NULL;

	if (clean)
		nm_text_printf(out, "%s\n", clean);
	return clean ? 0 : -ENOMEM;
}

static int put_kind(struct nm_arena *arena, const char *unit, const struct nm_predicted_kind *kind,
		    struct nm_text *out)
{
	const char *count = nm_format_count(arena, kind->exits_per_op);
	const char *each = nm_format_statistic(arena, unit, &kind->each);
	const char *cost = nm_format_value(arena, unit, kind->cost.value);

	if (!count || !each || !cost)
		return -ENOMEM;
	nm_text_puts(out, "    ");
	if (kind->reason)
		return put_line(arena, out,
				nm_arena_printf(arena, "%s %s: no price: %s", count, kind->kind,
						kind->reason));
	return put_line(arena, out,
			nm_arena_printf(arena, "%s %s at %s (%s): %s", count, kind->kind, each,
					kind->priced_by, cost));
}

static int put_kinds(struct nm_arena *arena, const struct nm_prediction *prediction,
		     struct nm_text *out)
{
	int r = 0;

	for (size_t i = 0; !r && i < prediction->operations.count; i++) {
		const struct nm_predicted *line = &prediction->operations.items[i];
		const char *tail = line->reason ? line->reason : "";

		nm_text_puts(out, "  ");
		r = put_line(arena, out,
			     nm_arena_printf(arena, "%s, exits by %s%s%s", line->measurement,
					     line->source, *tail ? "; no share: " : "", tail));
		for (size_t j = 0; !r && j < line->kinds.count; j++)
			if (line->kinds.items[j].exits_per_op > 0)
				r = put_kind(arena, prediction->unit, &line->kinds.items[j], out);
	}
	return r;
}

static int put_side(struct nm_arena *arena, const char *what, const struct nm_prediction_side *side,
		    struct nm_text *out)
{
	return put_line(arena, out,
			nm_arena_printf(arena, "%s: %s, %s, %.8s", what, side->host, side->started,
					side->uuid));
}

int nm_prediction_render_text(const struct nm_prediction *prediction,
			      const struct nm_render_options *options, struct nm_text *out)
{
	struct nm_arena arena = {0};
	int r = put_side(&arena, "exits", &prediction->profile, out);

	if (!r)
		r = put_side(&arena, "costs", &prediction->costs, out);
	nm_text_puts(out, "\n");
	if (!r)
		r = put_table(&arena, prediction, options, out);
	nm_text_puts(out, "\nexits per operation, what one costs, and what they cost together:\n");
	if (!r)
		r = put_kinds(&arena, prediction, out);
	nm_text_puts(out,
		     "\nAn exit costs the p50 of the operation in brackets by its exits. Intervals "
		     "are those of these prices alone.\nExits beside what is timed count too, as "
		     "those of a sleep whose end alone is timed: a share may be above 100 %.\n");
	nm_arena_free(&arena);
	return r == -ENOMEM ? nm_fail(ENOMEM, "out of memory") : r ? r : nm_text_status(out);
}
