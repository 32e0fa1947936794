/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/comparison_renderers.h"
#include "reports/comparison_view.h"
#include "reports/escape.h"
#include "reports/table.h"

#include <errno.h>

static const char *verdict_colour(int verdict)
{
	switch (verdict) {
	case NM_VERDICT_EQUAL:
		return "gray";
	case NM_VERDICT_IMPROVED:
		return "green";
	case NM_VERDICT_INCONCLUSIVE:
	case NM_VERDICT_ADDED:
		return "brown";
	default:
		return "red";
	}
}

static int add_columns(struct libscols_table *table, struct nm_arena *arena,
		       const struct nm_comparison_view *view)
{
	int r = 0;

	for (size_t c = 0; !r && c < NM_COMPARISON_COLUMNS; c++) {
		bool number = c >= NM_COMPARISON_BASE && c < NM_COMPARISON_PUBLISHED;

		if (view->titles[c])
			r = nm_table_add_column(arena, table, view->titles[c],
						number ? SCOLS_FL_RIGHT : 0);
	}
	return r;
}

static int add_row(struct libscols_table *table, struct nm_arena *arena,
		   const struct nm_comparison_view *view, const struct nm_comparison_row *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	size_t used = 0;
	int r = line ? 0 : -ENOMEM;

	for (size_t c = 0; !r && c < NM_COMPARISON_COLUMNS; c++)
		if (view->titles[c])
			r = nm_table_set_cell(arena, line, used++, row->cells[c]);
	/* The verdict is the last column. */
	if (!r)
		scols_cell_set_color(scols_line_get_cell(line, used - 1),
				     verdict_colour(row->verdict));
	return r;
}

static int put_lines(struct nm_text *out, struct nm_arena *arena, const char *heading,
		     const struct nm_strings *lines)
{
	if (lines->count && heading)
		nm_text_printf(out, "\n%s:\n", heading);
	for (size_t i = 0; i < lines->count; i++) {
		const char *line = nm_printable(arena, lines->items[i]);

		if (!line)
			return -ENOMEM;
		nm_text_printf(out, "%s%s\n", heading ? "  " : "", line);
	}
	return 0;
}

static int put_table(struct nm_text *out, struct nm_arena *arena,
		     const struct nm_comparison_view *view, const struct nm_render_options *options)
{
	struct libscols_table *table = nm_table_new(options);
	int r = table ? add_columns(table, arena, view) : -ENOMEM;

	for (size_t i = 0; !r && i < view->rows.count; i++)
		r = add_row(table, arena, view, &view->rows.items[i]);
	if (!r) {
		nm_text_puts(out, "\n");
		r = nm_table_print(table, out);
	}
	scols_unref_table(table);
	return r;
}

static int render(const struct nm_comparison_view *view, struct nm_arena *arena,
		  const struct nm_render_options *options, struct nm_text *out)
{
	int r = put_lines(out, arena, NULL, &view->title);

	if (!r)
		r = put_lines(out, arena, "not the same on both sides", &view->differences);
	if (!r && view->rows.count)
		r = put_table(out, arena, view, options);
	if (!r)
		r = put_lines(out, arena, "by group", &view->groups);
	if (!r)
		r = put_lines(out, arena, "not decided, and why", &view->reasons);
	if (!r) {
		nm_text_puts(out, "\n");
		r = put_lines(out, arena, NULL, &view->notes);
	}
	if (!r) {
		nm_text_printf(out, "\n%s\n", view->conclusion);
		r = put_lines(out, arena, NULL, &view->gate);
	}
	return r ? r : nm_text_status(out);
}

int nm_comparison_render_text(const struct nm_comparison *comparison,
			      const struct nm_render_options *options, struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct nm_comparison_view view = {0};
	int r = nm_comparison_view_build(&view, &arena, comparison);

	if (!r)
		r = render(&view, &arena, options, out);
	nm_arena_free(&arena);
	return r;
}
