/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/escape.h"
#include "reports/renderers.h"
#include "reports/view.h"

static void put_list(struct nm_text *out, const struct nm_strings *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		nm_text_puts(out, "- ");
		nm_put_markdown(out, lines->items[i]);
		nm_text_puts(out, "\n");
	}
}

static void put_table(struct nm_text *out, const struct nm_view *view)
{
	for (size_t c = 0; c < NM_COLUMNS; c++)
		if (view->shown[c])
			nm_text_printf(out, "| %s ", nm_column_titles[c]);
	nm_text_puts(out, "|\n");
	for (size_t c = 0; c < NM_COLUMNS; c++)
		if (view->shown[c])
			nm_text_puts(out, c >= NM_COLUMN_FLOOR && c < NM_COLUMN_STATE ? "|---:"
										      : "|---");
	nm_text_puts(out, "|\n");
	for (size_t r = 0; r < view->rows.count; r++) {
		for (size_t c = 0; c < NM_COLUMNS; c++) {
			if (!view->shown[c])
				continue;
			nm_text_puts(out, "| ");
			nm_put_markdown(out, view->rows.items[r].cells[c]);
			nm_text_puts(out, " ");
		}
		nm_text_puts(out, "|\n");
	}
}

static void put_vmms(struct nm_text *out, const struct nm_view_vmms *vmms)
{
	nm_text_puts(out, "\n## p50 by VMM\n\n");
	for (size_t c = 0; c < vmms->columns; c++) {
		nm_text_puts(out, "| ");
		nm_put_markdown(out, vmms->titles[c]);
		nm_text_puts(out, " ");
	}
	nm_text_puts(out, "|\n");
	for (size_t c = 0; c < vmms->columns; c++)
		nm_text_puts(out, c ? "|---:" : "|---");
	nm_text_puts(out, "|\n");
	for (size_t i = 0; i < vmms->rows.count; i++) {
		for (size_t c = 0; c < vmms->columns; c++) {
			nm_text_puts(out, "| ");
			nm_put_markdown(out, vmms->rows.items[i].cells[c]);
			nm_text_puts(out, " ");
		}
		nm_text_puts(out, "|\n");
	}
	nm_text_puts(out, "\n");
	put_list(out, &vmms->commands);
}

int nm_render_markdown(const struct nm_document *document, const struct nm_render_options *options,
		       struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct nm_view view = {0};
	int r = nm_view_build(&view, &arena, document);

	(void)options;
	if (!r) {
		nm_text_puts(out, "# nestmark report\n\n");
		put_list(out, &view.title);
		nm_text_puts(out, "\n## Measurements\n\n");
		put_table(out, &view);
		if (view.vmms.rows.count)
			put_vmms(out, &view.vmms);
		if (view.relations.count) {
			nm_text_puts(out, "\n## Beside another of this run\n\n");
			put_list(out, &view.relations);
		}
		if (view.exits.count) {
			nm_text_puts(out, "\n## What Linux guests exit for\n\n");
			put_list(out, &view.exits);
		}
		if (view.density.count) {
			nm_text_puts(out, "\n## How many guests fit\n\n");
			put_list(out, &view.density);
		}
		if (view.soak.count) {
			nm_text_puts(out, "\n## Soak\n\n");
			put_list(out, &view.soak);
		}
		if (view.throughput.count) {
			nm_text_puts(out, "\n## How much in a second\n\n");
			put_list(out, &view.throughput);
		}
		if (view.histograms.count) {
			nm_text_puts(out, "\n## How many samples reached how much\n\n");
			put_list(out, &view.histograms);
		}
		if (view.reasons.count) {
			nm_text_puts(out, "\n## Not ok, and why\n\n");
			put_list(out, &view.reasons);
		}
		nm_text_puts(out, "\n## How to read this\n\n");
		put_list(out, &view.notes);
		r = nm_text_status(out);
	}
	nm_arena_free(&arena);
	return r;
}
