/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/comparisons.h"

#include "reports/comparison_renderers.h"

/* Extensions differ, so that -o FORMAT:FOLDER/ can be asked of all. */
const struct nm_comparison_renderer nm_comparison_renderers[] = {
	{"text", "txt", nm_comparison_render_text},
	{"md", "md", nm_comparison_render_markdown},
	{"json", "json", nm_comparison_render_json},
	{"html", "html", nm_comparison_render_html},
	{"csv", "csv", nm_comparison_render_csv},
	{"junit", "xml", nm_comparison_render_junit},
	{"ktap", "ktap", nm_comparison_render_ktap},
	{"github", "github.txt", nm_comparison_render_github},
	{"summary", "summary.md", nm_comparison_render_summary},
	{"prometheus", "prom", nm_comparison_render_prometheus},
	{"plain", "plain.txt", nm_comparison_render_plain},
	{0},
};

int nm_comparison_render_json(const struct nm_comparison *comparison,
			      const struct nm_render_options *options, struct nm_text *out)
{
	(void)options;
	return nm_comparison_write(out, comparison);
}
