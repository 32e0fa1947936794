/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_DIFFERENCES_H
#define NM_ANALYSIS_DIFFERENCES_H

#include "core/comparison.h"

/**
 * Adds to the comparison what is not the same in two documents: machine, environment, tool and plan. Decisive is another
 * CPU, microcode, hypervisor, level or number of threads, and a vulnerability of another class (not affected, mitigated,
 * vulnerable) unless a glob of `allowed` matches it. The
 * prefix comes before each name.
 */
int nm_differences_add(struct nm_comparison *comparison, const struct nm_document *base,
		       const struct nm_document *changed, const char *prefix,
		       const struct nm_strings *allowed);

/** The decisive ones as a list of names, for a reason; NULL when there are none. */
const char *nm_differences_decisive(struct nm_comparison *comparison);

#endif
