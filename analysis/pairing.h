/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_PAIRING_H
#define NM_ANALYSIS_PAIRING_H

#include "analysis/compare.h"

/** The measurements of one side that have one name, at most one of each document. */
struct nm_found {
	const struct nm_measurement **items;
	size_t count;
};

/** What a line compares. A side that has nothing is empty. */
struct nm_pairing {
	const char *name;
	struct nm_found base, changed;
};

struct nm_pairings {
	struct nm_pairing *items;
	size_t count;
};

/** Pairs what the request selects by operation, context and parameters, in the order of the documents. */
int nm_pair(struct nm_arena *arena, const struct nm_compare_request *request,
	    struct nm_pairings *out);

#endif
