/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_PUBLISHED_H
#define NM_ANALYSIS_PUBLISHED_H

#include "core/comparison.h"

/** What others have published (reports/reference/), as it stands in the program. */
struct nm_publications;

/** Reads it into the arena; -EINVAL when it is not as it should be. */
int nm_publications_read(struct nm_arena *arena, struct nm_publications **out);

/**
 * Adds to a line what was published of its operation on x86: multipliers of a nested guest against one of bare metal, and
 * costs of single operations.
 */
int nm_publications_add(struct nm_arena *arena, const struct nm_publications *publications,
			struct nm_compared *line);

#endif
