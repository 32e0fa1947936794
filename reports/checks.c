/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/checks.h"
#include "reports/escape.h"

#include <string.h>

const struct nm_check_renderer nm_check_renderers[] = {
	{"text", "txt", nm_check_render_text},	   {"json", "json", nm_check_render_json},
	{"junit", "xml", nm_check_render_junit},   {"ktap", "ktap", nm_check_render_ktap},
	{"github", "txt", nm_check_render_github}, {0},
};

const struct nm_check_renderer *nm_check_renderer_find(const char *name)
{
	for (const struct nm_check_renderer *renderer = nm_check_renderers; renderer->name;
	     renderer++)
		if (!strcmp(renderer->name, name))
			return renderer;
	return NULL;
}

size_t nm_check_count_rows(const struct nm_check_workload *workload, uint64_t number)
{
	size_t count = 0;

	for (size_t i = 0; i < workload->rows.count; i++)
		count += workload->rows.items[i].number == number;
	return count;
}

/* Joins what there is of two texts. */
static char *join(struct nm_arena *arena, const char *a, const char *separator, const char *b)
{
	bool both = a && *a && b && *b;
	char *joined =
		nm_arena_printf(arena, "%s%s%s", a ? a : "", both ? separator : "", b ? b : "");

	return joined ? nm_printable(arena, joined) : NULL;
}

char *nm_check_row_name(struct nm_arena *arena, const struct nm_check_workload *workload,
			const struct nm_check_row *row)
{
	bool several = nm_check_count_rows(workload, row->number) > 1;

	return join(arena, row->requirement, ": ", several ? row->finding : NULL);
}

char *nm_check_detail(struct nm_arena *arena, const char *evidence, const char *remedy)
{
	return join(arena, evidence, "; ", remedy);
}

char *nm_check_verdict_text(struct nm_arena *arena, const struct nm_check_workload *workload)
{
	return join(arena, nm_readiness_titles[workload->verdict], ": ",
		    join(arena, workload->reason, "; ", workload->remedy));
}
