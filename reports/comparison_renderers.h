/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_COMPARISON_RENDERERS_H
#define NM_REPORTS_COMPARISON_RENDERERS_H

#include "core/comparison.h"
#include "reports/report.h"

int nm_comparison_render_text(const struct nm_comparison *comparison,
			      const struct nm_render_options *options, struct nm_text *out);
int nm_comparison_render_markdown(const struct nm_comparison *comparison,
				  const struct nm_render_options *options, struct nm_text *out);
int nm_comparison_render_json(const struct nm_comparison *comparison,
			      const struct nm_render_options *options, struct nm_text *out);
int nm_comparison_render_csv(const struct nm_comparison *comparison,
			     const struct nm_render_options *options, struct nm_text *out);
int nm_comparison_render_junit(const struct nm_comparison *comparison,
			       const struct nm_render_options *options, struct nm_text *out);
int nm_comparison_render_ktap(const struct nm_comparison *comparison,
			      const struct nm_render_options *options, struct nm_text *out);
int nm_comparison_render_github(const struct nm_comparison *comparison,
				const struct nm_render_options *options, struct nm_text *out);
int nm_comparison_render_prometheus(const struct nm_comparison *comparison,
				    const struct nm_render_options *options, struct nm_text *out);
int nm_comparison_render_plain(const struct nm_comparison *comparison,
			       const struct nm_render_options *options, struct nm_text *out);

int nm_comparison_render_html(const struct nm_comparison *comparison,
			      const struct nm_render_options *options, struct nm_text *out);
int nm_comparison_render_summary(const struct nm_comparison *comparison,
				 const struct nm_render_options *options, struct nm_text *out);

#endif
