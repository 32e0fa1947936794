/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The columns that Apache Otava reads: time,commit,metric… A run is a commit. */
#include "reports/escape.h"
#include "reports/trends.h"

#include "core/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const statistics[] = {"floor", "p50", "p99"};

static void put_header(const struct nm_trend *trend, struct nm_text *out)
{
	nm_text_puts(out, "time,commit");
	for (size_t i = 0; i < trend->series.count; i++)
		for (size_t s = 0; s < 3; s++) {
			struct nm_text name = {0};

			nm_text_printf(&name, "%s/%s", trend->series.items[i].measurement,
				       statistics[s]);
			nm_text_puts(out, ",");
			nm_put_csv(out, name.bytes ? name.bytes : "");
			nm_text_free(&name);
		}
	nm_text_puts(out, "\n");
}

static void put_values(const struct nm_trend_point *point, struct nm_text *out)
{
	const double values[] = {point->floor, point->p50, point->p99};

	for (size_t i = 0; i < 3; i++) {
		nm_text_puts(out, ",");
		nm_put_number(out, values[i], "");
	}
}

static int compare(const struct nm_trend_point *a, const struct nm_trend_point *b)
{
	int order = strcmp(a->started, b->started);

	return order ? order : strcmp(a->run, b->run);
}

/* The earliest point that is left in any series; NULL at the end. */
static const struct nm_trend_point *earliest(const struct nm_trend *trend, const size_t *next)
{
	const struct nm_trend_point *found = NULL;

	for (size_t i = 0; i < trend->series.count; i++) {
		const struct nm_trend_series *series = &trend->series.items[i];

		if (next[i] < series->points.count &&
		    (!found || compare(&series->points.items[next[i]], found) < 0))
			found = &series->points.items[next[i]];
	}
	return found;
}

static void put_row(const struct nm_trend *trend, const struct nm_trend_point *first, size_t *next,
		    struct nm_text *out)
{
	nm_put_csv(out, first->started);
	nm_text_puts(out, ",");
	nm_put_csv(out, first->run);
	for (size_t i = 0; i < trend->series.count; i++) {
		const struct nm_trend_series *series = &trend->series.items[i];

		if (next[i] < series->points.count &&
		    !compare(&series->points.items[next[i]], first))
			put_values(&series->points.items[next[i]++], out);
		else
			nm_text_puts(out, ",,,");
	}
	nm_text_puts(out, "\n");
}

int nm_trend_render_csv(const struct nm_trend *trend, const struct nm_render_options *options,
			struct nm_text *out)
{
	const struct nm_trend_point *point;
	size_t *next;

	(void)options;
	if (trend->machines > 1)
		return nm_fail_remedy(
			EINVAL, "name one with --host, or of a host that became another --machine",
			"csv: %llu machines, and the rows are of one",
			(unsigned long long)trend->machines);
	next = calloc(trend->series.count + 1, sizeof(*next));
	if (!next)
		return nm_fail(ENOMEM, "out of memory");
	put_header(trend, out);
	while ((point = earliest(trend, next)))
		put_row(trend, point, next, out);
	free(next);
	return nm_text_status(out);
}
