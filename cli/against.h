/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_AGAINST_H
#define NM_CLI_AGAINST_H

#include "benchmarks/plan.h"
#include "cli/comparing.h"

/* nestmark run --against: what was measured, compared with documents of before. */

#define NM_MAX_BASES 64

struct nm_against {
	struct nm_comparing comparing;
	char *paths[NM_MAX_BASES];
	size_t count;
	struct nm_documents base;
};

/** Reads the base and the policy, and opens the outputs of the comparison, before anything is measured. */
int nm_against_prepare(struct nm_against *against, const struct nm_selection *selection,
		       const char *document_path);

/** Compares a document with the base; an exit code. */
int nm_against_finish(struct nm_against *against, const struct nm_document *document,
		      const char *document_path);

void nm_against_free(struct nm_against *against);

#endif
