/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/renderers.h"

#include <string.h>

const struct nm_renderer nm_renderers[] = {
	{"text", "txt", nm_render_text},
	{"md", "md", nm_render_markdown},
	{"json", "json", nm_render_json},
	{0},
};

const struct nm_renderer *nm_renderer_find(const char *name)
{
	for (const struct nm_renderer *renderer = nm_renderers; renderer->name; renderer++)
		if (!strcmp(renderer->name, name))
			return renderer;
	return NULL;
}
