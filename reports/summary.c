/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/summary.h"

#include "reports/comparison_renderers.h"
#include "reports/comparisons.h"
#include "reports/renderers.h"

/* Of the line that says what is missing. */
#define NOTE_BYTES 128u

void nm_summary_cut(struct nm_text *out)
{
	size_t length = NM_SUMMARY_MAX_BYTES - NOTE_BYTES;
	size_t left_out = 0;

	if (out->failed || out->length <= NM_SUMMARY_MAX_BYTES)
		return;
	while (length && out->bytes[length - 1] != '\n')
		length--;
	for (size_t i = length; i < out->length; i++)
		left_out += out->bytes[i] == '\n';
	out->length = length;
	nm_text_printf(out, "\n**%zu more lines did not fit into a step summary.**\n", left_out);
}

int nm_render_summary(const struct nm_document *document, const struct nm_render_options *options,
		      struct nm_text *out)
{
	int r = nm_render_markdown(document, options, out);

	nm_summary_cut(out);
	return r;
}

int nm_comparison_render_summary(const struct nm_comparison *comparison,
				 const struct nm_render_options *options, struct nm_text *out)
{
	int r = nm_comparison_render_markdown(comparison, options, out);

	nm_summary_cut(out);
	return r;
}
