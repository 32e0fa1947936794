/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/comparison_renderers.h"
#include "reports/comparison_view.h"
#include "reports/escape.h"

static void put_list(struct nm_text *out, const char *heading, const struct nm_strings *lines)
{
	if (!lines->count)
		return;
	nm_text_printf(out, "\n## %s\n\n", heading);
	for (size_t i = 0; i < lines->count; i++) {
		nm_text_puts(out, "- ");
		nm_put_markdown(out, lines->items[i]);
		nm_text_puts(out, "\n");
	}
}

static void put_head(struct nm_text *out, const struct nm_comparison_view *view)
{
	for (size_t c = 0; c < NM_COMPARISON_COLUMNS; c++)
		if (view->titles[c])
			nm_text_printf(out, "| %s ", view->titles[c]);
	nm_text_puts(out, "|\n");
	for (size_t c = 0; c < NM_COMPARISON_COLUMNS; c++)
		if (view->titles[c])
			nm_text_puts(out, c >= NM_COMPARISON_BASE && c < NM_COMPARISON_PUBLISHED
						  ? "|---:"
						  : "|---");
	nm_text_puts(out, "|\n");
}

static void put_row(struct nm_text *out, const struct nm_comparison_view *view,
		    const struct nm_comparison_row *row)
{
	for (size_t c = 0; c < NM_COMPARISON_COLUMNS; c++) {
		if (!view->titles[c])
			continue;
		nm_text_puts(out, "| ");
		nm_put_markdown(out, row->cells[c]);
		nm_text_puts(out, " ");
	}
	nm_text_puts(out, "|\n");
}

static void put_table(struct nm_text *out, const struct nm_comparison_view *view)
{
	if (!view->rows.count)
		return;
	nm_text_puts(out, "\n## Measurements\n\n");
	put_head(out, view);
	for (size_t i = 0; i < view->rows.count; i++)
		put_row(out, view, &view->rows.items[i]);
}

int nm_comparison_render_markdown(const struct nm_comparison *comparison,
				  const struct nm_render_options *options, struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct nm_comparison_view view = {0};
	int r = nm_comparison_view_build(&view, &arena, comparison);

	(void)options;
	if (!r) {
		nm_text_printf(out, "# nestmark comparison: %s\n", view.conclusion);
		put_list(out, "Gate", &view.gate);
		put_list(out, "Sides", &view.title);
		put_list(out, "Not the same on both sides", &view.differences);
		put_table(out, &view);
		put_list(out, "By group", &view.groups);
		put_list(out, "Not decided, and why", &view.reasons);
		put_list(out, "How to read this", &view.notes);
		r = nm_text_status(out);
	}
	nm_arena_free(&arena);
	return r;
}
