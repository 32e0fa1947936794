/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_PROGRESS_H
#define NM_CLI_PROGRESS_H

#include "core/document.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Progress on stderr: one line rewritten on a terminal, plain lines when asked for, else nothing. */
struct nm_progress {
	bool rewrite;
	bool lines;
	uint64_t last_ns;
	int width; /* of the line that stands there */
	const struct nm_document *document;
};

void nm_progress_init(struct nm_progress *progress, const struct nm_document *document, bool quiet,
		      bool verbose);

/** For struct nm_session; context is a struct nm_progress. */
void nm_progress_show(void *context, const struct nm_measurement *measurement, size_t done,
		      size_t total);

/** Erases the line. */
void nm_progress_end(struct nm_progress *progress);

#endif
