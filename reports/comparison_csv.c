/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* One row for each statistic of a line; a line without any is a row without figures. */
#include "reports/comparison_renderers.h"
#include "reports/escape.h"
#include "reports/values.h"

#include <math.h>

static void put_text(struct nm_text *out, const char *text)
{
	nm_put_csv(out, text ? text : "");
	nm_text_puts(out, ",");
}

static void put_real(struct nm_text *out, double value)
{
	nm_put_number(out, value, "");
	nm_text_puts(out, ",");
}

static void put_statistic(struct nm_text *out, const struct nm_statistic *statistic)
{
	put_real(out, statistic->value);
	put_real(out, statistic->lo);
	put_real(out, statistic->hi);
}

static void put_header(struct nm_text *out)
{
	static const char *const statistics[] = {"base", "new", "ratio", "shift"};

	nm_text_puts(out, "name,operation,group,context,variant,unit,base_state,new_state,"
			  "base_rounds,new_rounds,line_verdict,line_reason,statistic,verdict");
	for (size_t i = 0; i < sizeof(statistics) / sizeof(statistics[0]); i++)
		nm_text_printf(out, ",%s,%s_lo,%s_hi", statistics[i], statistics[i], statistics[i]);
	nm_text_puts(out, ",p,p_adjusted,cliffs_delta,threshold_percent,gated,rounds_to_decide,"
			  "reason\n");
}

static void put_line(struct nm_text *out, const struct nm_compared *line)
{
	put_text(out, line->name);
	put_text(out, line->operation);
	put_text(out, line->group);
	put_text(out, nm_context_names[line->context]);
	put_text(out, nm_name_variant(line->name, line->operation, line->context));
	put_text(out, line->unit);
	put_text(out, line->base_state);
	put_text(out, line->changed_state);
	nm_text_printf(out, "%llu,%llu,", (unsigned long long)line->base_rounds,
		       (unsigned long long)line->changed_rounds);
	put_text(out, nm_verdict_names[line->verdict]);
	put_text(out, line->reason);
}

static void put_compared(struct nm_text *out, const struct nm_compared_statistic *s)
{
	put_text(out, nm_compared_kind_names[s->kind]);
	put_text(out, nm_verdict_names[s->verdict]);
	put_statistic(out, &s->base);
	put_statistic(out, &s->changed);
	put_statistic(out, &s->ratio);
	put_statistic(out, &s->shift);
	put_real(out, s->p);
	put_real(out, s->p_adjusted);
	put_real(out, s->cliffs_delta);
	put_real(out, s->threshold_percent);
	nm_text_printf(out, "%s,%llu,", s->gated ? "true" : "false",
		       (unsigned long long)s->rounds_to_decide);
	nm_put_csv(out, s->reason ? s->reason : "");
	nm_text_puts(out, "\n");
}

/* The commas of the columns of one statistic. */
#define NO_STATISTIC ",,,,,,,,,,,,,,,,,,,,\n"

int nm_comparison_render_csv(const struct nm_comparison *comparison,
			     const struct nm_render_options *options, struct nm_text *out)
{
	(void)options;
	put_header(out);
	for (size_t i = 0; i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];

		for (size_t s = 0; s < line->statistics.count; s++) {
			put_line(out, line);
			put_compared(out, &line->statistics.items[s]);
		}
		if (!line->statistics.count) {
			put_line(out, line);
			nm_text_puts(out, NO_STATISTIC);
		}
	}
	return nm_text_status(out);
}
