/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "core/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PER_SECOND 10u

void nm_progress_init(struct nm_progress *progress, const struct nm_document *document, bool quiet,
		      bool verbose)
{
	*progress = (struct nm_progress) {
		.rewrite = !quiet && !verbose && isatty(STDERR_FILENO) && !getenv("CI"),
		.lines = !quiet && verbose,
		.document = document,
	};
}

static int show_soak(const struct nm_document *document, const char *name)
{
	const struct nm_soak *soak = document->soak;
	unsigned long long passed = soak->elapsed_ns / NM_NS_PER_S;
	unsigned long long planned = document->run.plan.soak_ns / NM_NS_PER_S;

	return fprintf(stderr,
		       "\r%llu:%02llu:%02llu of %llu:%02llu:%02llu, %llu rounds, %llu failed  %s",
		       passed / 3600, passed / 60 % 60, passed % 60, planned / 3600,
		       planned / 60 % 60, planned % 60, (unsigned long long)soak->all.rounds,
		       (unsigned long long)soak->all.failed, name);
}

static int show_run(const char *name, size_t done, size_t total)
{
	return fprintf(stderr, "\r%zu/%zu rounds  %s", done, total, name);
}

static void show_line(const char *name, size_t done, size_t total)
{
	if (total)
		fprintf(stderr, "round %zu of %zu: %s\n", done + 1, total, name);
	else
		fprintf(stderr, "round %zu: %s\n", done + 1, name);
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
	name = name ? name : "";
	if (progress->lines) {
		show_line(name, done, total);
	} else {
		width = progress->document->soak ? show_soak(progress->document, name)
						 : show_run(name, done, total);
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
