/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_COMPARISONS_H
#define NM_REPORTS_COMPARISONS_H

#include "core/comparison.h"
#include "reports/report.h"

/** A format of comparisons, as nm_renderer is one of run documents. */
struct nm_comparison_renderer {
	const char *name;
	const char *extension;
	int (*render)(const struct nm_comparison *comparison,
		      const struct nm_render_options *options, struct nm_text *out);
};

/** All of them; name is NULL at the end. */
extern const struct nm_comparison_renderer nm_comparison_renderers[];

#endif
