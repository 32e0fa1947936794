/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/renderers.h"

#include <string.h>

/* Extensions differ, so that -o FORMAT:FOLDER/ can be asked of all. */
const struct nm_renderer nm_renderers[] = {
	{"text", "txt", nm_render_text},
	{"md", "md", nm_render_markdown},
	{"json", "json", nm_render_json},
	{"html", "html", nm_render_html},
	{"csv", "csv", nm_render_csv},
	{"junit", "xml", nm_render_junit},
	{"ktap", "ktap", nm_render_ktap},
	{"github", "github.txt", nm_render_github},
	{"summary", "summary.md", nm_render_summary},
	{"github-benchmark", "smaller.json", nm_render_github_benchmark},
	{"github-benchmark-bigger", "bigger.json", nm_render_github_benchmark_bigger},
	{"bencher", "bencher.json", nm_render_bencher},
	{"prometheus", "prom", nm_render_prometheus},
	{"plain", "plain.txt", nm_render_plain},
	{0},
};

const struct nm_renderer *nm_renderer_find(const char *name)
{
	for (const struct nm_renderer *renderer = nm_renderers; renderer->name; renderer++)
		if (!strcmp(renderer->name, name))
			return renderer;
	return NULL;
}
