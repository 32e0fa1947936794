/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_AROUND_H
#define NM_ANALYSIS_HISTORY_AROUND_H

#include "analysis/history/database.h"
#include "core/trend.h"

/** Fills the differences of all changes: between the first run after each and the run before it. */
int nm_around_fill(struct nm_database *database, struct nm_trend *trend);

#endif
