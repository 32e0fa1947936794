/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_VALUES_H
#define NM_REPORTS_VALUES_H

#include "core/document.h"

/* The statistics of a summary by their names, in the order in which formats of values list them. */

#define NM_SUMMARY_STATISTICS 6

struct nm_named_statistic {
	const char *name;
	const struct nm_statistic *statistic;
};

void nm_summary_statistics(const struct nm_summary *summary,
			   struct nm_named_statistic out[NM_SUMMARY_STATISTICS]);

/** Whether its figures may leave the document as results: noisy ones do, with their state beside them. */
bool nm_has_results(const struct nm_measurement *measurement);

/** What is behind "operation/context/" in the name of a measurement: "cpl3/4KiB"; "" for nothing. */
const char *nm_name_variant(const char *name, const char *operation, int context);

#endif
