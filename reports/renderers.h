/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_RENDERERS_H
#define NM_REPORTS_RENDERERS_H

#include "reports/report.h"

int nm_render_text(const struct nm_document *document, const struct nm_render_options *options,
		   struct nm_text *out);
int nm_render_markdown(const struct nm_document *document, const struct nm_render_options *options,
		       struct nm_text *out);
int nm_render_json(const struct nm_document *document, const struct nm_render_options *options,
		   struct nm_text *out);
int nm_render_csv(const struct nm_document *document, const struct nm_render_options *options,
		  struct nm_text *out);
int nm_render_junit(const struct nm_document *document, const struct nm_render_options *options,
		    struct nm_text *out);
int nm_render_ktap(const struct nm_document *document, const struct nm_render_options *options,
		   struct nm_text *out);
int nm_render_github(const struct nm_document *document, const struct nm_render_options *options,
		     struct nm_text *out);
int nm_render_summary(const struct nm_document *document, const struct nm_render_options *options,
		      struct nm_text *out);
int nm_render_github_benchmark(const struct nm_document *document,
			       const struct nm_render_options *options, struct nm_text *out);
int nm_render_github_benchmark_bigger(const struct nm_document *document,
				      const struct nm_render_options *options, struct nm_text *out);
int nm_render_bencher(const struct nm_document *document, const struct nm_render_options *options,
		      struct nm_text *out);
int nm_render_prometheus(const struct nm_document *document,
			 const struct nm_render_options *options, struct nm_text *out);
int nm_render_plain(const struct nm_document *document, const struct nm_render_options *options,
		    struct nm_text *out);
int nm_render_html(const struct nm_document *document, const struct nm_render_options *options,
		   struct nm_text *out);

#endif
