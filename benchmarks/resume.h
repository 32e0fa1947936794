/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_RESUME_H
#define NM_BENCHMARKS_RESUME_H

#include "core/document.h"

/**
 * Whether a document can be continued: incomplete, planned by this version with operations that still exist, and with
 * numbers within the limits of a plan. path stands in messages.
 */
int nm_resume_check(const struct nm_document *document, const char *path);

/** Whether the machine is still the one that the document was measured on. */
int nm_resume_match(const struct nm_document *document, const struct nm_document *now,
		    const char *path);

#endif
