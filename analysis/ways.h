/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_WAYS_H
#define NM_ANALYSIS_WAYS_H

#include "core/arena.h"

#include <stddef.h>

/* Null distributions of rank sums, by counting. Ranks may be tied, as doubled midranks. */

/** P(sum <= s), s from 0 to limit, of `chosen` of `count` ranks, all choices being equally likely; NULL without memory. */
double *nm_ways_of(struct nm_arena *arena, const unsigned int *ranks, size_t count, size_t chosen,
		   size_t limit);

/** The same of each rank or not, both being equally likely. */
double *nm_ways_of_any(struct nm_arena *arena, const unsigned int *ranks, size_t count,
		       size_t limit);

#endif
