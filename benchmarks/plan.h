/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_PLAN_H
#define NM_BENCHMARKS_PLAN_H

#include "benchmarks/bench.h"
#include "core/document.h"

#include <stdbool.h>

/** What the user asked for. Empty lists mean everything but the drills. */
struct nm_selection {
	/* Globs on names of operations, or with a slash on those of measurements. */
	struct nm_strings patterns;
	struct nm_strings groups;
	bool native;
	bool guest;
};

/* Limits of a plan, for the command line and for documents that are resumed. */
#define NM_MAX_CPUS	      1024
#define NM_IO_BYTES	      (64ull << 20) /* unless the user says otherwise */
#define NM_MIN_IO_BYTES	      (1ull << 20)
#define NM_MAX_IO_BYTES	      (1ull << 40)
#define NM_DENSITY_DEFAULT    32u /* guests that life.density.* has at a time */
#define NM_DENSITY_LIMIT      200u
#define NM_MIN_SAMPLES	      10u
#define NM_MAX_ROUND_LIMIT_NS (24ull * 3600 * 1000000000)

/** Why a measurement got no further rounds; NULL at the end. */
extern const char *const nm_stop_names[];

/** A named number of rounds and samples. */
struct nm_profile {
	const char *name;
	const char *summary;
	uint64_t rounds;
	uint64_t samples;
	uint64_t round_limit_ns;
	bool all_points; /* of every axis */
	bool few_points; /* as many as an axis has for a look */
};

/** All profiles, the default one first; name is NULL at the end. */
extern const struct nm_profile nm_profiles[];
const struct nm_profile *nm_profile_find(const char *name);

/** Whether a descriptor is selected, if only for some of its measurements. */
bool nm_selected(const struct nm_selection *selection, const struct nm_bench *bench);

/** -EINVAL, naming it, when a pattern or a group matches no operation. */
int nm_selection_check(const struct nm_selection *selection);

/**
 * Adds one measurement for each selected operation, context and privilege level; -EINVAL when a pattern names none. Those whose
 * requirements the findings do not meet become unsupported, with the reason and the remedy of that finding.
 */
int nm_plan(struct nm_document *document, const struct nm_selection *selection);

/** The privilege level of a guest measurement. */
unsigned int nm_measurement_cpl(const struct nm_measurement *measurement);

/** The VMM of a measurement in a Linux guest; "" for all others. */
const char *nm_measurement_vmm(const struct nm_measurement *measurement);

/** Where on the axis of its operation a measurement lies; 0 without one. */
uint64_t nm_measurement_point(const struct nm_measurement *measurement);

/**
 * Whether a side of an operation, at a point of its axis, needs a finding that does not pass, or more CPUs than
 * topology.threads says. *id is set to the name of the first one, and *finding to the finding itself or to NULL when no probe
 * made it.
 */
bool nm_unmet(const struct nm_bench *bench, enum nm_context context, uint64_t point,
	      const struct nm_findings *findings, const char **id,
	      const struct nm_finding **finding);

#endif
