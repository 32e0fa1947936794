/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Data of github-action-benchmark (github.com/benchmark-action/github-action-benchmark). A file has one direction: costs for
 * customSmallerIsBetter, and for customBiggerIsBetter the share of rounds in which the machine was quiet.
 */
#include "core/json.h"
#include "reports/renderers.h"
#include "reports/values.h"

#include <errno.h>
#include <math.h>

static char *extra_of(struct nm_arena *arena, const struct nm_document *document,
		      const struct nm_measurement *m)
{
	const char *kernel = document->environment.kernel_release;

	return nm_arena_printf(arena, "rounds=%llu\nstate=%s\nkernel=%s",
			       (unsigned long long)m->evidence.rounds_ok, nm_state_names[m->state],
			       kernel ? kernel : "unknown");
}

static int add_entry(nm_json *entries, struct nm_arena *arena, const struct nm_document *document,
		     const struct nm_measurement *m, const char *what, const char *unit,
		     const struct nm_statistic *statistic)
{
	const char *name = nm_measurement_name(arena, m);
	const char *full = name ? nm_arena_printf(arena, "%s/%s", name, what) : NULL;
	const char *extra = extra_of(arena, document, m);
	nm_json *entry;

	if (!full || !extra)
		return -ENOMEM;
	if (!isfinite(statistic->value))
		return 0;
	entry = nm_json_new_object();
	nm_json_add(entry, "name", nm_json_string(full));
	nm_json_add(entry, "unit", nm_json_string(unit));
	nm_json_add(entry, "value", nm_json_real(statistic->value));
	if (isfinite(statistic->lo) && isfinite(statistic->hi))
		nm_json_add(entry, "range",
			    nm_json_string(nm_arena_printf(arena, "%.10g..%.10g", statistic->lo,
							   statistic->hi)));
	nm_json_add(entry, "extra", nm_json_string(extra));
	nm_json_append(entries, entry);
	return 0;
}

static int add_costs(nm_json *entries, struct nm_arena *arena, const struct nm_document *document,
		     const struct nm_measurement *m)
{
	int r = add_entry(entries, arena, document, m, "p50", m->unit, &m->summary.p50);

	return r ? r : add_entry(entries, arena, document, m, "floor", m->unit, &m->summary.floor);
}

static int add_quiet(nm_json *entries, struct nm_arena *arena, const struct nm_document *document,
		     const struct nm_measurement *m)
{
	const struct nm_statistic share = {.value = m->evidence.quiet_share, .lo = NAN, .hi = NAN};

	return add_entry(entries, arena, document, m, "quiet_share", "share of rounds", &share);
}

static int render(const struct nm_document *document, struct nm_text *out,
		  int (*add)(nm_json *, struct nm_arena *, const struct nm_document *,
			     const struct nm_measurement *))
{
	struct nm_arena arena = {0};
	nm_json *entries = nm_json_new_array();
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++)
		if (nm_has_results(&document->measurements.items[i]))
			r = add(entries, &arena, document, &document->measurements.items[i]);
	if (!r)
		r = nm_json_write(out, entries, true);
	nm_json_free(entries);
	nm_arena_free(&arena);
	return r;
}

int nm_render_github_benchmark(const struct nm_document *document,
			       const struct nm_render_options *options, struct nm_text *out)
{
	(void)options;
	return render(document, out, add_costs);
}

int nm_render_github_benchmark_bigger(const struct nm_document *document,
				      const struct nm_render_options *options, struct nm_text *out)
{
	(void)options;
	return render(document, out, add_quiet);
}
