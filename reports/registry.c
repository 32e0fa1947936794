/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/renderers.h"

#include <string.h>

/* Extensions differ, so that -o FORMAT:FOLDER/ can be asked of all. */
const struct nm_renderer nm_renderers[] = {
	{"text", "txt", nm_render_text, false},
	{"md", "md", nm_render_markdown, false},
	{"json", "json", nm_render_json, false},
	{"html", "html", nm_render_html, true},
	{"csv", "csv", nm_render_csv, false},
	{"junit", "xml", nm_render_junit, false},
	{"ktap", "ktap", nm_render_ktap, false},
	{"github", "github.txt", nm_render_github, false},
	{"summary", "summary.md", nm_render_summary, false},
	{"github-benchmark", "smaller.json", nm_render_github_benchmark, false},
	{"github-benchmark-bigger", "bigger.json", nm_render_github_benchmark_bigger, false},
	{"bencher", "bencher.json", nm_render_bencher, false},
	{"prometheus", "prom", nm_render_prometheus, false},
	{"plain", "plain.txt", nm_render_plain, false},
	{0},
};

const struct nm_renderer *nm_renderer_find(const char *name)
{
	for (const struct nm_renderer *renderer = nm_renderers; renderer->name; renderer++)
		if (!strcmp(renderer->name, name))
			return renderer;
	return NULL;
}
