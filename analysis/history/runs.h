/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_RUNS_H
#define NM_ANALYSIS_HISTORY_RUNS_H

#include "analysis/history/database.h"
#include "core/history.h"

/** Which runs: NULL and "" are all. Nights are dates, both included. */
struct nm_run_filter {
	const char *host; /* a glob */
	const char *since, *until;
};

/** Adds the runs by host and time. The history must be freed also on failure. */
int nm_history_list(struct nm_database *database, const struct nm_run_filter *filter,
		    struct nm_history *out);

/** One run with its values, by the beginning of its UUID, which must be that of one run only. -ENOENT, -EINVAL. */
int nm_history_show(struct nm_database *database, const char *uuid, struct nm_history *out);

#endif
