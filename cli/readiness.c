/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/readiness.h"

#include "probes/profile.h"
#include "probes/readiness.h"

#include <errno.h>

static int judge(struct nm_arena *arena, const struct nm_document *document, struct nm_check *check)
{
	struct nm_workloads profiles = {0};
	int r = nm_workloads_builtin(arena, &profiles);

	for (size_t i = 0; !r && i < profiles.count; i++) {
		struct nm_check_workload *workload =
			nm_arena_append(arena, &check->workloads.items, &check->workloads.count,
					sizeof(*workload));

		r = workload
			    ? nm_readiness(arena, &profiles.items[i], &document->findings, workload)
			    : -ENOMEM;
	}
	return r;
}

int nm_render_run(const struct nm_renderer *renderer, const struct nm_document *document,
		  const struct nm_render_options *options, struct nm_text *out)
{
	struct nm_render_options with = *options;
	struct nm_arena arena = {0};
	struct nm_check check = {0};
	int r = 0;

	if (renderer->shows_readiness) {
		r = judge(&arena, document, &check);
		with.readiness = &check;
	}
	if (!r)
		r = renderer->render(document, &with, out);
	nm_arena_free(&arena);
	return r;
}
