/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_POLICY_H
#define NM_ANALYSIS_POLICY_H

#include "core/arena.h"
#include "core/comparison.h"

#include <stdbool.h>

#define NM_COMPARED_KINDS 3u /* enum nm_compared_kind */

/** How much of a change matters to one measurement. */
struct nm_limits {
	double threshold_percent[NM_COMPARED_KINDS]; /* of the ratio */
	bool gated[NM_COMPARED_KINDS];		     /* decides the line; the others are shown */
	double minimum_effect; /* in the unit of the measurement: smaller shifts do not matter */
	bool ignored;	       /* the gate does not look at it */
};

/** A section of a policy: what it says of some measurements. */
struct nm_policy_rule {
	const char *group;   /* NULL: any */
	const char *pattern; /* as of nm_name_matches(); NULL: any */
	bool says_threshold[NM_COMPARED_KINDS];
	bool says_gated[NM_COMPARED_KINDS];
	bool says_minimum_effect, says_ignored;
	struct nm_limits limits;
};

struct nm_policy {
	struct nm_arena arena;
	const char *name;
	double false_discovery_rate;
	double max_undecided_percent; /* of lines that are missing or invalid */
	bool strict;		      /* what is inconclusive is not passed */
	struct nm_limits limits;      /* where no rule says otherwise */
	struct {
		struct nm_policy_rule *items;
		size_t count;
	} rules; /* the last one that matches and says it wins */
};

/** What holds without a policy file. */
extern const struct nm_policy nm_policy_default;

/**
 * Reads a policy file (docs/compare.md): what it does not say is as in the default. -EINVAL with "file:line: what" and the
 * remedy. On failure out is empty.
 */
int nm_policy_read(const char *path, struct nm_policy *out);

/** The same from memory, which it writes into; name stands for the file in messages. */
int nm_policy_parse(const char *name, char *text, size_t length, struct nm_policy *out);

void nm_policy_free(struct nm_policy *policy);

/** The limits of one measurement. */
struct nm_limits nm_policy_limits(const struct nm_policy *policy, const char *group,
				  const char *operation, const char *name);

/** Whether a glob matches an operation, or where it has a slash the whole name of a measurement. */
bool nm_name_matches(const char *pattern, const char *operation, const char *name);

#endif
