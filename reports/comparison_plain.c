/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* As plain.c: "nestmark: OPERATION CONTEXT WHAT VALUE UNIT", frozen. */
#include "reports/comparison_renderers.h"
#include "reports/escape.h"
#include "reports/values.h"

#include <math.h>

static void put_start(struct nm_text *out, const struct nm_compared *line)
{
	const char *variant = nm_name_variant(line->name, line->operation, line->context);

	nm_text_puts(out, "nestmark: ");
	nm_put_word(out, line->operation);
	nm_text_printf(out, " %s", nm_context_names[line->context]);
	if (*variant) {
		nm_text_puts(out, "/");
		nm_put_word(out, variant);
	}
}

int nm_comparison_render_plain(const struct nm_comparison *comparison,
			       const struct nm_render_options *options, struct nm_text *out)
{
	(void)options;
	for (size_t i = 0; i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];

		put_start(out, line);
		nm_text_printf(out, " verdict %s -\n", nm_verdict_names[line->verdict]);
		for (size_t s = 0; s < line->statistics.count; s++) {
			const struct nm_compared_statistic *compared = &line->statistics.items[s];

			if (!isfinite(compared->ratio.value))
				continue;
			put_start(out, line);
			nm_text_printf(out, " %s-ratio %.10g x\n",
				       nm_compared_kind_names[compared->kind],
				       compared->ratio.value);
		}
	}
	nm_text_printf(out, "nestmark: comparison verdict %s -\n",
		       nm_verdict_names[comparison->verdict]);
	return nm_text_status(out);
}
