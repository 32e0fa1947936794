/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/lifecycle/fit.h"

#include "benchmarks/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define EXIT  "life.density.exit"
#define START "life.density.start"

static const struct nm_measurement *find(const struct nm_document *document, const char *operation,
					 uint64_t guests)
{
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (!strcmp(m->operation, operation) && nm_measurement_point(m) == guests)
			return m;
	}
	return NULL;
}

static double counter(const struct nm_measurement *measurement, const char *name)
{
	const struct nm_value *value =
		measurement ? nm_map_get(&measurement->evidence.counters_per_op, name) : NULL;

	if (!value || (value->type != NM_VALUE_REAL && value->type != NM_VALUE_INT))
		return NAN;
	return value->type == NM_VALUE_REAL ? value->real : (double)value->integer;
}

static bool is_valid(const struct nm_measurement *measurement)
{
	return measurement->state == NM_STATE_OK || measurement->state == NM_STATE_NOISY;
}

static int add_point(struct nm_document *document, struct nm_density *density,
		     const struct nm_measurement *m)
{
	struct nm_density_point *point = nm_arena_append(&document->arena, &density->points.items,
							 &density->points.count, sizeof(*point));
	const uint64_t guests = nm_measurement_point(m);
	const struct nm_measurement *started = find(document, START, guests);

	if (!point)
		return -ENOMEM;
	*point = (struct nm_density_point) {
		.guests = guests,
		.p99 = is_valid(m) ? m->summary.p99.value : NAN,
		.p99_ratio = m->against ? m->against->p99.value : NAN,
		.steal_percent = m->evidence.steal_percent,
		.rss_bytes = counter(started, "rss_bytes"),
		.secondary_page_table_bytes = counter(started, "secondary_page_table_bytes"),
	};
	if (density->points.count == 1 && isfinite(point->p99))
		point->p99_ratio = 1;
	return 0;
}

/* Why the point behind the last one that is good enough is not, or why there is none. */
static const char *limit(struct nm_document *document, const struct nm_measurement *m, double ratio)
{
	struct nm_arena *arena = &document->arena;
	const uint64_t guests = m ? nm_measurement_point(m) : 0;

	if (!m)
		return "no more were measured";
	if (isfinite(ratio))
		return nm_arena_printf(arena, "with %" PRIu64 " the p99 is %.2f times as long",
				       guests, ratio);
	if (!is_valid(m))
		return nm_arena_printf(arena, "%" PRIu64 " are %s: %s", guests,
				       nm_state_names[m->state],
				       m->reason ? m->reason : "no reason recorded");
	return nm_arena_printf(arena, "no p99 with %" PRIu64 ": %s", guests,
			       m->summary.p99.reason ? m->summary.p99.reason
						     : "none with the fewest");
}

/* In the order of the axis, which the plan has kept. */
static int add_points(struct nm_document *document, struct nm_density *density)
{
	bool open = true;
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];
		double ratio;

		if (strcmp(m->operation, EXIT) != 0)
			continue;
		r = add_point(document, density, m);
		if (r || !open)
			continue;
		ratio = density->points.items[density->points.count - 1].p99_ratio;
		open = ratio <= density->factor;
		if (open)
			density->largest = nm_measurement_point(m);
		else
			density->limited = limit(document, m, ratio);
	}
	return r;
}

int nm_density_fit(struct nm_document *document)
{
	const double factor = document->run.plan.density_factor;
	struct nm_density *density;
	int r;

	document->density = NULL;
	if (!find(document, EXIT, 1))
		return 0;
	density = nm_arena_alloc(&document->arena, sizeof(*density));
	if (!density)
		return -ENOMEM;
	*density = (struct nm_density) {
		.operation = EXIT,
		.factor = factor > 0 ? factor : NM_DENSITY_FACTOR,
		.limited = limit(document, NULL, NAN),
	};
	document->density = density;
	r = add_points(document, density);
	return r || density->limited ? r : -ENOMEM;
}
