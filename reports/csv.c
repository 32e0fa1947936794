/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* One row for each measurement, in the units of the document; empty where there is no number. */
#include "reports/escape.h"
#include "reports/renderers.h"
#include "reports/values.h"

#include <errno.h>

static void put_header(struct nm_text *out)
{
	static const struct nm_summary none;
	struct nm_named_statistic statistics[NM_SUMMARY_STATISTICS];

	nm_summary_statistics(&none, statistics);
	nm_text_puts(out, "run_uuid,host,started,nestmark,name,operation,group,context,variant,"
			  "version,state,unit");
	for (size_t i = 0; i < NM_SUMMARY_STATISTICS; i++)
		nm_text_printf(out, ",%s,%s_lo,%s_hi", statistics[i].name, statistics[i].name,
			       statistics[i].name);
	nm_text_puts(out, ",min,max,native_ratio,native_ratio_lo,native_ratio_hi,"
			  "operations_per_s,operations_per_s_lo,operations_per_s_hi,bytes_per_op,"
			  "exits_per_op,"
			  "expected_exits_per_op,exits_below_per_op,user_exits_per_op,"
			  "insn_emulation_per_op,emulated,rounds_ok,rounds_flagged,rounds_failed,"
			  "reason\n");
}

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

static void put_identity(struct nm_text *out, const struct nm_document *document,
			 const struct nm_measurement *m, const char *name)
{
	put_text(out, document->run.uuid);
	put_text(out, document->run.host);
	put_text(out, document->run.started);
	put_text(out, document->run.tool_version);
	put_text(out, name);
	put_text(out, m->operation);
	put_text(out, m->group);
	put_text(out, nm_context_names[m->context]);
	put_text(out, nm_name_variant(name, m->operation, m->context));
	nm_text_printf(out, "%llu,", (unsigned long long)m->version);
	put_text(out, nm_state_names[m->state]);
	put_text(out, m->unit);
}

static void put_throughput(struct nm_text *out, const struct nm_throughput *throughput)
{
	if (!throughput) {
		nm_text_puts(out, ",,,,");
		return;
	}
	put_statistic(out, &throughput->operations_per_s);
	nm_text_printf(out, "%llu,", (unsigned long long)throughput->bytes_per_op);
}

static void put_figures(struct nm_text *out, const struct nm_measurement *m)
{
	struct nm_named_statistic statistics[NM_SUMMARY_STATISTICS];
	const struct nm_evidence *e = &m->evidence;

	nm_summary_statistics(&m->summary, statistics);
	for (size_t i = 0; i < NM_SUMMARY_STATISTICS; i++)
		put_statistic(out, statistics[i].statistic);
	put_real(out, m->summary.min);
	put_real(out, m->summary.max);
	put_statistic(out, &m->native_ratio);
	put_throughput(out, m->throughput);
	put_real(out, e->exits_per_op);
	put_real(out, e->expected_exits_per_op);
	put_real(out, e->exits_below_per_op);
	put_real(out, e->user_exits_per_op);
	put_real(out, e->insn_emulation_per_op);
	nm_text_printf(out, "%s,%llu,%llu,%llu,", e->emulated ? "true" : "false",
		       (unsigned long long)e->rounds_ok, (unsigned long long)e->rounds_flagged,
		       (unsigned long long)e->rounds_failed);
}

int nm_render_csv(const struct nm_document *document, const struct nm_render_options *options,
		  struct nm_text *out)
{
	struct nm_arena arena = {0};
	int r = 0;

	(void)options;
	put_header(out);
	for (size_t i = 0; !r && i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];
		const char *name = nm_measurement_name(&arena, m);

		if (!name) {
			r = -ENOMEM;
			break;
		}
		put_identity(out, document, m, name);
		put_figures(out, m);
		nm_put_csv(out, m->reason ? m->reason : "");
		nm_text_puts(out, "\n");
	}
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
