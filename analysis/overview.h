/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_OVERVIEW_H
#define NM_ANALYSIS_OVERVIEW_H

#include "core/document.h"

/* What a run says as a whole, for the first page of a report. */

enum nm_cost_class {
	NM_COST_EXITS,
	NM_COST_FAULTS,
	NM_COST_INTERRUPTS,
	NM_COST_MEMORY,
	NM_COST_IO,
	NM_COST_LIFECYCLE,
	NM_COST_NOISE,
	NM_COST_CLASSES,
};

/** Middle and ends of one quantity over measurements. count is 0 when there is none. */
struct nm_spread {
	size_t count;
	double lowest, median, highest;
	const struct nm_measurement *at_lowest, *at_highest;
};

/** What guests pay in one class of operations. Only measurements in state ok and noisy count; noisy ones are counted. */
struct nm_cost {
	size_t planned;	 /* guest measurements of this class, whatever became of them */
	size_t inside;	 /* of exits, those that did not leave the guest: they do not count */
	size_t noisy;	 /* of those that count */
	size_t emulated; /* of those that count: an interpreter's time */
	struct nm_spread latency;		      /* p50 in guests */
	struct nm_spread ratio;			      /* guest / native, where both were measured */
	const struct nm_measurement *example_missing; /* the first that gave no number */
};

struct nm_overview {
	size_t states[NM_STATE_TIMEOUT + 1]; /* measurements by state */
	size_t guests;			     /* guest measurements that count */
	size_t emulated;
	bool counted; /* figures are instructions */
	struct nm_cost costs[NM_COST_CLASSES];
	struct nm_spread interval;    /* of p50: its width in percent of it */
	struct nm_spread quiet_share; /* share of rounds as quiet as the floor, in percent */
};

/** The class of an operation, or NM_COST_CLASSES for what is of none, such as floors. */
enum nm_cost_class nm_cost_class_of(const struct nm_measurement *measurement);

/** Whether its figures count as results. */
bool nm_measurement_counts(const struct nm_measurement *measurement);

/** 0 or -ENOMEM. out points into the document. */
int nm_overview_build(const struct nm_document *document, struct nm_overview *out);

#endif
