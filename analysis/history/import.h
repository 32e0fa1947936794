/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_IMPORT_H
#define NM_ANALYSIS_HISTORY_IMPORT_H

#include "analysis/history/database.h"

#include <stdbool.h>

/** An import into an open database. */
struct nm_importer;

int nm_importer_new(struct nm_database *database, struct nm_importer **out);
void nm_importer_free(struct nm_importer *importer);

/**
 * Reads the run document at path, checks it, and adds it in one transaction. Threads may do so at a time: only the last part
 * is one by one. *added is false when the same document is
 * there already.
 *
 * -EINVAL and the like: the document is refused, and nothing of it is in the database. So is a replay, and a document
 * whose UUID is there with other bytes. *broken: the database failed, not the document.
 */
int nm_importer_add(struct nm_importer *importer, const char *path, bool *added, bool *broken);

#endif
