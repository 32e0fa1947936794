/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_LINE_H
#define NM_ANALYSIS_LINE_H

#include "analysis/compare.h"
#include "analysis/design.h"
#include "analysis/pairing.h"

/** Fills a line from its measurements, all but verdicts; a line that cannot have one becomes invalid, missing and so on. */
int nm_line_measure(struct nm_comparison *comparison, const struct nm_compare_request *request,
		    struct nm_designs *designs, const struct nm_pairing *pairing,
		    struct nm_compared *line);

/** Tests that are corrected together: those that decide lines, and apart from them those that are only shown. */
struct nm_families {
	size_t gated, shown;
};

/** Gives verdicts to the statistics and to the line, after the correction of all p. */
int nm_line_judge(struct nm_comparison *comparison, const struct nm_compare_request *request,
		  struct nm_designs *designs, const struct nm_families *families,
		  struct nm_compared *line);

/** "new" or "base", whichever is noisy; NULL. */
const char *nm_line_noisy_side(const struct nm_compared *line);

/** Whether the p of a statistic belongs to a family. */
bool nm_line_has_test(const struct nm_compared *line,
		      const struct nm_compared_statistic *statistic);

struct nm_limits nm_line_limits(const struct nm_compare_request *request,
				const struct nm_compared *line);

#endif
