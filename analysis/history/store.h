/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_STORE_H
#define NM_ANALYSIS_HISTORY_STORE_H

#include "analysis/history/database.h"

/** Opens a history for reading. -ENOENT with a remedy when there is none, -EINVAL when it is something else. */
int nm_store_open(const char *path, struct nm_database **out);

/** The same for import, which makes it where there is none. */
int nm_store_open_or_create(const char *path, struct nm_database **out);

#endif
