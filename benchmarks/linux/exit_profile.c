/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/linux/exit_profile.h"

#include "benchmarks/linux/job.h"
#include "benchmarks/plan.h"
#include "benchmarks/summary.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define OTHER "other"

/* Statistics that count exits of one kind each (arch/x86/kvm): what none of them counts is "other". */
static const char *const kinds[] = {
	"io_exits",	    "mmio_exits", "halt_exits", "irq_window_exits",
	"nmi_window_exits", "irq_exits",  "hypercalls", "pf_taken",
};

static const char *kind_of(const char *counter, bool by_reason)
{
	const size_t prefix = strlen(NM_COUNTER_REASON);

	if (by_reason)
		return strncmp(counter, NM_COUNTER_REASON, prefix) ? NULL : counter + prefix;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(counter, kinds[i]))
			return counter;
	return NULL;
}

static int set_kind(struct nm_arena *arena, struct nm_exit_profile *profile, const char *kind,
		    double per_op)
{
	int r = nm_map_set(arena, &profile->kinds_per_op, kind, NM_REAL(per_op));

	return r ? r
		 : nm_map_set(arena, &profile->kinds_per_s, kind,
			      NM_REAL(per_op * profile->operations_per_s));
}

/* Kinds are medians of their own, so that what is left of their sum may be a little less than nothing. */
static int set_kinds(struct nm_arena *arena, struct nm_exit_profile *profile,
		     const struct nm_map *counters, bool by_reason)
{
	double other = profile->exits_per_op;
	int r = 0;

	for (size_t i = 0; !r && i < counters->count; i++) {
		const struct nm_pair *pair = &counters->pairs[i];
		const char *kind = kind_of(pair->name, by_reason);

		if (!kind || pair->value.type != NM_VALUE_REAL || !(pair->value.real > 0))
			continue;
		other -= pair->value.real;
		r = set_kind(arena, profile, kind, pair->value.real);
	}
	return r ? r : set_kind(arena, profile, OTHER, fmax(other, 0));
}

static int add(struct nm_document *document, const struct nm_measurement *measurement)
{
	struct nm_arena *arena = &document->arena;
	const bool by_reason = document->run.plan.exit_reasons;
	const double each_s = nm_operation_ns(measurement) / 1e9;
	struct nm_exit_profile *profile =
		nm_arena_append(arena, &document->exit_profile.items, &document->exit_profile.count,
				sizeof(*profile));

	if (!profile)
		return -ENOMEM;
	*profile = (struct nm_exit_profile) {
		.measurement = nm_measurement_name(arena, measurement),
		.source = by_reason ? "tracepoint" : "kvmstats",
		.operations_per_s = 1 / each_s,
		.exits_per_op = measurement->evidence.exits_per_op,
		.exits_per_s = measurement->evidence.exits_per_op / each_s,
	};
	if (!profile->measurement)
		return -ENOMEM;
	return set_kinds(arena, profile, &measurement->evidence.counters_per_op, by_reason);
}

/* VMMs of others show no exits. */
static bool has_profile(const struct nm_measurement *measurement)
{
	const struct nm_bench *bench = nm_bench_find(measurement->operation);

	return bench && bench->linux_guest == NM_LINUX_AGENT &&
	       measurement->context == NM_CONTEXT_GUEST &&
	       isfinite(measurement->evidence.exits_per_op) && nm_operation_ns(measurement) > 0;
}

int nm_exit_profile_fill(struct nm_document *document)
{
	int r = 0;

	document->exit_profile.items = NULL;
	document->exit_profile.count = 0;
	for (size_t i = 0; !r && i < document->measurements.count; i++)
		if (has_profile(&document->measurements.items[i]))
			r = add(document, &document->measurements.items[i]);
	return r;
}
