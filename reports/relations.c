/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What measurements are next to each other: interference of neighbours, how many guests fit, and exits by kind. */
#include "reports/format.h"
#include "reports/view.h"

#include <errno.h>
#include <math.h>

static int add(struct nm_arena *arena, struct nm_strings *out, char *line)
{
	return line ? nm_strings_add(arena, out, line) : -ENOMEM;
}

static int add_relation(struct nm_arena *arena, const struct nm_measurement *m,
			struct nm_strings *out)
{
	const char *name = nm_measurement_name(arena, m);
	const char *p50 = nm_format_ratio(arena, &m->against->p50);
	const char *p99 = nm_format_ratio(arena, &m->against->p99);

	if (!name || !p50 || !p99)
		return -ENOMEM;
	return add(arena, out,
		   nm_arena_printf(arena, "%s: p50 × %s, p99 × %s, of %s", name, p50, p99,
				   m->against->measurement));
}

int nm_view_relations(struct nm_arena *arena, const struct nm_document *document,
		      struct nm_strings *out)
{
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++)
		if (document->measurements.items[i].against)
			r = add_relation(arena, &document->measurements.items[i], out);
	return r;
}

static char *kind_of(struct nm_arena *arena, const char *line, const struct nm_pair *pair,
		     const char *between)
{
	const char *count = nm_format_count(arena, pair->value.real);

	return line && count ? nm_arena_printf(arena, "%s%s%s %s", line, between, count, pair->name)
			     : NULL;
}

static int add_exits(struct nm_arena *arena, const struct nm_exit_profile *profile,
		     struct nm_strings *out)
{
	const char *count = nm_format_count(arena, profile->exits_per_op);
	const struct nm_map *kinds = &profile->kinds_per_op;
	const char *between = ": ";
	char *line;

	if (!count)
		return -ENOMEM;
	line = nm_arena_printf(arena, "%s: %s exits per operation, %.0f a second, by %s",
			       profile->measurement, count, profile->exits_per_s, profile->source);
	for (size_t i = 0; i < kinds->count; i++) {
		const struct nm_pair *pair = &kinds->pairs[i];

		if (pair->value.type != NM_VALUE_REAL || !(pair->value.real > 0))
			continue;
		line = kind_of(arena, line, pair, between);
		between = ", ";
	}
	return add(arena, out, line);
}

int nm_view_exits(struct nm_arena *arena, const struct nm_document *document,
		  struct nm_strings *out)
{
	int r = 0;

	for (size_t i = 0; !r && i < document->exit_profile.count; i++)
		r = add_exits(arena, &document->exit_profile.items[i], out);
	return r;
}

static int add_point(struct nm_arena *arena, const struct nm_density_point *point, bool counted,
		     struct nm_strings *out)
{
	const char *p99 = counted ? nm_format_instructions(arena, point->p99)
				  : nm_format_ns(arena, point->p99);
	char *line =
		nm_arena_printf(arena, "%llu guest%s: p99 %s", (unsigned long long)point->guests,
				point->guests == 1 ? "" : "s", p99 ? p99 : "");

	if (line && isfinite(point->p99_ratio))
		line = nm_arena_printf(arena, "%s, × %.2f", line, point->p99_ratio);
	if (line && isfinite(point->steal_percent))
		line = nm_arena_printf(arena, "%s, steal %.1f %%", line, point->steal_percent);
	if (line && isfinite(point->rss_bytes))
		line = nm_arena_printf(arena, "%s; of each %.1f MiB resident", line,
				       point->rss_bytes / (1 << 20));
	if (line && isfinite(point->secondary_page_table_bytes))
		line = nm_arena_printf(arena, "%s and %.1f KiB of KVM's page tables", line,
				       point->secondary_page_table_bytes / 1024);
	return add(arena, out, line);
}

int nm_view_density(struct nm_arena *arena, const struct nm_document *document,
		    struct nm_strings *out)
{
	const struct nm_density *density = document->density;
	int r;

	if (!density)
		return 0;
	r = add(arena, out,
		nm_arena_printf(arena,
				"with up to %llu guests the p99 of %s stays within %g times that "
				"with the fewest; %s",
				(unsigned long long)density->largest, density->operation,
				density->factor, density->limited));
	for (size_t i = 0; !r && i < density->points.count; i++)
		r = add_point(arena, &density->points.items[i],
			      document->run.clock == NM_CLOCK_INSTRUCTIONS, out);
	return r;
}
