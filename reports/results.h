/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_RESULTS_H
#define NM_REPORTS_RESULTS_H

#include "analysis/outcomes.h"
#include "core/arena.h"
#include "core/comparison.h"
#include "core/document.h"
#include "core/text.h"

/* A run or a comparison as tests with their figures; JUnit, KTAP and annotations show the same of both. */

struct nm_results {
	struct nm_arena arena;
	struct nm_outcomes outcomes;
	const char **figures; /* one line for each outcome; "" without */
	const char *name;     /* "nestmark run" */
	const char *package;  /* "nestmark.run" */
	const char *host, *time;
	struct nm_map properties;   /* strings */
	struct nm_strings failures; /* why the whole is not within its policy */
	bool incomplete;
	const char *conclusion; /* one line */
};

int nm_results_of_run(struct nm_results *results, const struct nm_document *document);
int nm_results_of_comparison(struct nm_results *results, const struct nm_comparison *comparison);
void nm_results_free(struct nm_results *results);

int nm_results_junit(struct nm_results *results, struct nm_text *out);
int nm_results_ktap(struct nm_results *results, struct nm_text *out);
int nm_results_github(struct nm_results *results, struct nm_text *out);

#endif
