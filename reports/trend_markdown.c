/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/escape.h"
#include "reports/trend_view.h"
#include "reports/trends.h"

static void put_list(struct nm_text *out, const char *heading, const struct nm_strings *lines)
{
	if (heading)
		nm_text_printf(out, "\n## %s\n\n", heading);
	for (size_t i = 0; i < lines->count; i++) {
		nm_text_puts(out, "- ");
		nm_put_markdown(out, lines->items[i]);
		nm_text_puts(out, "\n");
	}
}

static void put_table(struct nm_text *out, const struct nm_trend_view *view)
{
	nm_text_puts(out, "\n## Changes\n\n");
	for (size_t c = 0; c < NM_TREND_COLUMNS; c++)
		nm_text_printf(out, "| %s ", nm_trend_column_titles[c]);
	nm_text_puts(out, "|\n");
	for (size_t c = 0; c < NM_TREND_COLUMNS; c++)
		nm_text_puts(out, c >= NM_TREND_STEP ? "|---:" : "|---");
	nm_text_puts(out, "|\n");
	for (size_t i = 0; i < view->rows.count; i++) {
		for (size_t c = 0; c < NM_TREND_COLUMNS; c++) {
			nm_text_puts(out, "| ");
			nm_put_markdown(out, view->rows.items[i].cells[c]);
			nm_text_puts(out, " ");
		}
		nm_text_puts(out, "|\n");
	}
}

int nm_trend_render_markdown(const struct nm_trend *trend, const struct nm_render_options *options,
			     struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct nm_trend_view view = {0};
	int r = nm_trend_view_build(&view, &arena, trend);

	(void)options;
	if (!r) {
		nm_text_puts(out, "# nestmark history\n\n");
		put_list(out, NULL, &view.title);
		if (view.night.count)
			put_list(out, view.verdict, &view.night);
		if (view.rows.count) {
			put_table(out, &view);
			put_list(out, "What else changed", &view.around);
		}
		r = nm_text_status(out);
	}
	nm_arena_free(&arena);
	return r;
}
