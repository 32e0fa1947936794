/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_OUTCOMES_H
#define NM_ANALYSIS_OUTCOMES_H

#include "core/check.h"
#include "core/comparison.h"
#include "core/document.h"

/* Documents as lists of tests, for consumers that know nothing but tests: JUnit, KTAP, annotations. */

struct nm_outcome {
	const char *name; /* of the measurement */
	const char *group;
	enum nm_check_outcome outcome;
	const char *word;   /* its state or verdict */
	const char *reason; /* "" without */
	bool timeout;
	bool undecided; /* it may be looked at, and breaks nothing */
	double seconds; /* that its rounds took; 0 in a comparison */
	double weight;	/* the larger the worse, among those of one outcome */
};

/** One for each measurement or line, in their order. */
struct nm_outcomes {
	struct nm_outcome *items;
	size_t count;
	size_t counts[NM_OUTCOME_FAILURE + 1]; /* by outcome */
	double seconds;
};

/** out must be zeroed; its texts are those of the arena and the document. */
int nm_outcomes_of_run(struct nm_arena *arena, const struct nm_document *document,
		       struct nm_outcomes *out);
int nm_outcomes_of_comparison(struct nm_arena *arena, const struct nm_comparison *comparison,
			      struct nm_outcomes *out);

/**
 * For each name whether it is the first of its kind: series and keys of other formats must be unique. NULL without memory.
 */
bool *nm_outcomes_first(struct nm_arena *arena, const struct nm_outcomes *outcomes);

#endif
