/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_PREDICTIONS_H
#define NM_REPORTS_PREDICTIONS_H

#include "core/prediction.h"
#include "reports/report.h"

/** A table of operations; below it each kind of exit with its price, or why it has none. */
int nm_prediction_render_text(const struct nm_prediction *prediction,
			      const struct nm_render_options *options, struct nm_text *out);

#endif
