/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_READINESS_H
#define NM_CLI_READINESS_H

#include "reports/report.h"

/** Renders a run document; a format that shows it also gets which workloads the findings of the run are enough for. */
int nm_render_run(const struct nm_renderer *renderer, const struct nm_document *document,
		  const struct nm_render_options *options, struct nm_text *out);

#endif
