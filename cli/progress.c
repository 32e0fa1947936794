/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "core/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PER_SECOND 10u

void nm_progress_init(struct nm_progress *progress, bool quiet, bool verbose)
{
	*progress = (struct nm_progress) {
		.rewrite = !quiet && !verbose && isatty(STDERR_FILENO) && !getenv("CI"),
		.lines = !quiet && verbose,
	};
}

void nm_progress_show(void *context, const struct nm_measurement *measurement, size_t done,
		      size_t total)
{
	struct nm_progress *progress = context;
	uint64_t now = nm_clock_ns();
	struct nm_arena arena = {0};
	const char *name;
	int width;

	if (progress->rewrite && now - progress->last_ns < NM_NS_PER_S / PER_SECOND)
		return;
	if (!progress->rewrite && !progress->lines)
		return;
	progress->last_ns = now;
	name = nm_measurement_name(&arena, measurement);
	if (progress->lines) {
		fprintf(stderr, "round %zu of %zu: %s\n", done + 1, total, name ? name : "");
	} else {
		width = fprintf(stderr, "\r%zu/%zu rounds  %s", done, total, name ? name : "");
		fprintf(stderr, "%*s", progress->width > width ? progress->width - width : 0, "");
		progress->width = width;
		fflush(stderr);
	}
	nm_arena_free(&arena);
}

void nm_progress_end(struct nm_progress *progress)
{
	if (progress->rewrite && progress->width)
		fprintf(stderr, "\r%*s\r", progress->width, "");
	progress->width = 0;
}
