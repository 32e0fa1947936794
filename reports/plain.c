/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One line for each result, "nestmark: OPERATION CONTEXT STATISTIC VALUE UNIT": parsers of others match them (docs/reports.md),
 * so they stay as they are.
 */
#include "reports/escape.h"
#include "reports/renderers.h"
#include "reports/values.h"

#include <errno.h>
#include <math.h>

static void put_start(struct nm_text *out, const struct nm_measurement *m, const char *name)
{
	const char *variant = nm_name_variant(name, m->operation, m->context);

	nm_text_puts(out, "nestmark: ");
	nm_put_word(out, m->operation);
	nm_text_printf(out, " %s", nm_context_names[m->context]);
	if (*variant) {
		nm_text_puts(out, "/");
		nm_put_word(out, variant);
	}
}

static void put_value(struct nm_text *out, const struct nm_measurement *m, const char *name,
		      const struct nm_named_statistic *named)
{
	if (!isfinite(named->statistic->value))
		return;
	put_start(out, m, name);
	nm_text_printf(out, " %s ", named->name);
	nm_put_number(out, named->statistic->value, "-");
	nm_text_puts(out, " ");
	nm_put_word(out, m->unit);
	nm_text_puts(out, "\n");
}

static void put_measurement(struct nm_text *out, const struct nm_measurement *m, const char *name)
{
	struct nm_named_statistic statistics[NM_SUMMARY_STATISTICS];

	put_start(out, m, name);
	nm_text_printf(out, " state %s -\n", nm_state_names[m->state]);
	nm_summary_statistics(&m->summary, statistics);
	for (size_t i = 0; nm_has_results(m) && i < NM_SUMMARY_STATISTICS; i++)
		put_value(out, m, name, &statistics[i]);
}

int nm_render_plain(const struct nm_document *document, const struct nm_render_options *options,
		    struct nm_text *out)
{
	struct nm_arena arena = {0};
	int r = 0;

	(void)options;
	for (size_t i = 0; !r && i < document->measurements.count; i++) {
		const char *name = nm_measurement_name(&arena, &document->measurements.items[i]);

		if (name)
			put_measurement(out, &document->measurements.items[i], name);
		else
			r = -ENOMEM;
	}
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
