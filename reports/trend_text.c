/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/table.h"
#include "reports/trend_view.h"
#include "reports/trends.h"

#include "core/error.h"
#include "reports/escape.h"

#include <errno.h>

static bool is_number(size_t column)
{
	return column >= NM_TREND_STEP;
}

static int fill_table(struct nm_arena *arena, struct libscols_table *table,
		      const struct nm_trend_view *view)
{
	int r = 0;

	for (size_t i = 0; !r && i < NM_TREND_COLUMNS; i++)
		r = nm_table_add_column(arena, table, nm_trend_column_titles[i],
					is_number(i) ? SCOLS_FL_RIGHT : 0);
	for (size_t i = 0; !r && i < view->rows.count; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		if (!line)
			return -ENOMEM;
		for (size_t c = 0; !r && c < NM_TREND_COLUMNS; c++)
			r = nm_table_set_cell(arena, line, c, view->rows.items[i].cells[c]);
		if (!r)
			r = scols_line_set_color(line, view->rows.items[i].worse ? "red" : "green");
	}
	return r;
}

static int put_table(struct nm_arena *arena, const struct nm_trend_view *view,
		     const struct nm_render_options *options, struct nm_text *out)
{
	struct libscols_table *table = nm_table_new(options);
	int r = table ? fill_table(arena, table, view) : -ENOMEM;

	if (!r)
		r = nm_table_print(table, out);
	scols_unref_table(table);
	return r == -ENOMEM ? nm_fail(ENOMEM, "out of memory") : r;
}

static int put_lines(struct nm_arena *arena, const struct nm_strings *lines, const char *before,
		     struct nm_text *out)
{
	for (size_t i = 0; i < lines->count; i++) {
		const char *clean = nm_printable(arena, lines->items[i]);

		if (!clean)
			return -ENOMEM;
		nm_text_printf(out, "%s%s\n", before, clean);
	}
	return 0;
}

static int put_view(struct nm_arena *arena, const struct nm_trend_view *view,
		    const struct nm_render_options *options, struct nm_text *out)
{
	int r = put_lines(arena, &view->title, "", out);

	if (!r && view->rows.count) {
		nm_text_puts(out, "\n");
		r = put_table(arena, view, options, out);
		nm_text_puts(out, "\nwhat else changed:\n");
	}
	if (!r)
		r = put_lines(arena, &view->around, "  ", out);
	if (!r && view->verdict) {
		nm_text_puts(out, "\n");
		r = put_lines(arena, &view->night, "", out);
		nm_text_printf(out, "%s\n", view->verdict);
	}
	return r;
}

int nm_trend_render_text(const struct nm_trend *trend, const struct nm_render_options *options,
			 struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct nm_trend_view view = {0};
	int r = nm_trend_view_build(&view, &arena, trend);

	if (!r)
		r = put_view(&arena, &view, options, out);
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
