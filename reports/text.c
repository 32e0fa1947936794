/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/renderers.h"
#include "reports/table.h"
#include "reports/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *state_colour(int state)
{
	switch (state) {
	case NM_STATE_OK:
		return "green";
	case NM_STATE_UNSUPPORTED:
		return "gray";
	case NM_STATE_NOISY:
		return "brown";
	default:
		return "red";
	}
}

static int add_columns(struct libscols_table *table, struct nm_arena *arena,
		       const struct nm_view *view)
{
	int r = 0;

	for (size_t c = 0; !r && c < NM_COLUMNS; c++) {
		bool number = c >= NM_COLUMN_FLOOR && c < NM_COLUMN_STATE;

		if (view->shown[c])
			r = nm_table_add_column(arena, table, nm_column_titles[c],
						number ? SCOLS_FL_RIGHT : 0);
	}
	return r;
}

static int add_row(struct libscols_table *table, struct nm_arena *arena, const struct nm_view *view,
		   const struct nm_view_row *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	size_t used = 0;
	int r = line ? 0 : -ENOMEM;

	for (size_t c = 0; !r && c < NM_COLUMNS; c++)
		if (view->shown[c])
			r = nm_table_set_cell(arena, line, used++, row->cells[c]);
	/* The state is the last column. */
	if (!r)
		scols_cell_set_color(scols_line_get_cell(line, used - 1), state_colour(row->state));
	return r;
}

static int fill_measurements(struct libscols_table *table, struct nm_arena *arena,
			     const struct nm_view *view)
{
	int r = add_columns(table, arena, view);

	for (size_t i = 0; !r && i < view->rows.count; i++)
		r = add_row(table, arena, view, &view->rows.items[i]);
	return r;
}

static int put_vmms(struct nm_text *out, struct nm_arena *arena, const struct nm_view_vmms *vmms,
		    const struct nm_render_options *options)
{
	struct libscols_table *table = nm_table_new(options);
	int r = table ? 0 : -ENOMEM;

	for (size_t c = 0; !r && c < vmms->columns; c++)
		r = nm_table_add_column(arena, table, vmms->titles[c], c ? SCOLS_FL_RIGHT : 0);
	for (size_t i = 0; !r && i < vmms->rows.count; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		r = line ? 0 : -ENOMEM;
		for (size_t c = 0; !r && c < vmms->columns; c++)
			r = nm_table_set_cell(arena, line, c, vmms->rows.items[i].cells[c]);
	}
	if (!r)
		nm_text_puts(out, "\np50 by VMM:\n");
	if (!r)
		r = nm_table_print(table, out);
	scols_unref_table(table);
	return r;
}

static void put_lines(struct nm_text *out, const struct nm_strings *lines, const char *indent)
{
	for (size_t i = 0; i < lines->count; i++) {
		size_t size = strlen(lines->items[i]) + 1;
		char *clean = malloc(size);

		if (!clean) {
			out->failed = true;
			return;
		}
		nm_text_printf(out, "%s%s\n", indent,
			       nm_text_printable(clean, size, lines->items[i]));
		free(clean);
	}
}

int nm_render_text(const struct nm_document *document, const struct nm_render_options *options,
		   struct nm_text *out)
{
	struct libscols_table *table = nm_table_new(options);
	struct nm_arena arena = {0};
	struct nm_view view = {0};
	int r = table ? nm_view_build(&view, &arena, document) : -ENOMEM;

	if (!r)
		r = fill_measurements(table, &arena, &view);
	if (!r) {
		put_lines(out, &view.title, "");
		nm_text_puts(out, "\n");
		r = nm_table_print(table, out);
	}
	if (!r && view.vmms.rows.count) {
		r = put_vmms(out, &arena, &view.vmms, options);
		put_lines(out, &view.vmms.commands, "  ");
	}
	if (!r && view.relations.count) {
		nm_text_puts(out, "\nbeside another of this run:\n");
		put_lines(out, &view.relations, "  ");
	}
	if (!r && view.exits.count) {
		nm_text_puts(out, "\nwhat Linux guests exit for:\n");
		put_lines(out, &view.exits, "  ");
	}
	if (!r && view.density.count) {
		nm_text_puts(out, "\nhow many guests fit:\n");
		put_lines(out, &view.density, "  ");
	}
	if (!r && view.soak.count) {
		nm_text_puts(out, "\nSoak:\n");
		put_lines(out, &view.soak, "  ");
	}
	if (!r && view.throughput.count) {
		nm_text_puts(out, "\nhow much in a second:\n");
		put_lines(out, &view.throughput, "  ");
	}
	if (!r && view.histograms.count) {
		nm_text_puts(out, "\nhow many samples reached how much:\n");
		put_lines(out, &view.histograms, "  ");
	}
	if (!r && view.reasons.count) {
		nm_text_puts(out, "\nnot ok, and why:\n");
		put_lines(out, &view.reasons, "  ");
	}
	if (!r) {
		nm_text_puts(out, "\n");
		put_lines(out, &view.notes, "");
		r = nm_text_status(out);
	}
	scols_unref_table(table);
	nm_arena_free(&arena);
	return r;
}
