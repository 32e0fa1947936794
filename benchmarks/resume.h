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

/**
 * Takes the batches of another document of the same plan, which may still be written, so that both time the same thing. Those
 * that this plan cannot have are left to a pilot.
 */
int nm_resume_batches(struct nm_document *document, const char *path);

#endif
