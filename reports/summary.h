/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_SUMMARY_H
#define NM_REPORTS_SUMMARY_H

#include "core/text.h"

/* GitHub refuses a step summary of more than 1 MiB altogether (docs.github.com, "Workflow commands"). */
#define NM_SUMMARY_MAX_BYTES 1000000u

/** Cuts Markdown at the end of a line, and says so, where it is longer than a step summary may be. */
void nm_summary_cut(struct nm_text *out);

#endif
