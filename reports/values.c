/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/values.h"

#include <math.h>
#include <string.h>

void nm_summary_statistics(const struct nm_summary *summary,
			   struct nm_named_statistic out[NM_SUMMARY_STATISTICS])
{
	const struct nm_named_statistic all[NM_SUMMARY_STATISTICS] = {
		{"floor", &summary->floor}, {"p50", &summary->p50},   {"p90", &summary->p90},
		{"p99", &summary->p99},	    {"p999", &summary->p999}, {"mean", &summary->mean},
	};

	memcpy(out, all, sizeof(all));
}

bool nm_has_results(const struct nm_measurement *measurement)
{
	return (measurement->state == NM_STATE_OK || measurement->state == NM_STATE_NOISY) &&
	       isfinite(measurement->summary.p50.value);
}

/* Skips "word/" where text begins with it. */
static const char *skip(const char *text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(text, word, length) != 0)
		return text;
	return text[length] == '/' ? text + length + 1 : text + length;
}

const char *nm_name_variant(const char *name, const char *operation, int context)
{
	return skip(skip(name, operation), nm_context_names[context]);
}
