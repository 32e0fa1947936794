/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_JUDGE_H
#define NM_ANALYSIS_JUDGE_H

#include "analysis/design.h"
#include "analysis/policy.h"
#include "analysis/rounds.h"

/** Everything about one statistic but its verdict and adjusted p, from its rounds. NAN and a reason where there is no value. */
int nm_judge_measure(struct nm_designs *designs, struct nm_rounds *rounds, bool paired,
		     struct nm_compared_statistic *out);

/** What a verdict hangs on besides the statistic. */
struct nm_court {
	const struct nm_limits *limits;
	const struct nm_design *design;
	double q;
	size_t family;
	uint64_t block; /* so many rounds are one value of the design */
	bool counted;	/* the unit is instructions: they need no test */
};

/** The verdict of a statistic that was measured, and when it is inconclusive about how many rounds would decide. */
int nm_judge(struct nm_arena *arena, const struct nm_court *court,
	     struct nm_compared_statistic *statistic);

/** How bad a verdict is, for the worst of several. */
int nm_verdict_weight(int verdict);

#endif
