/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_CHECK_OUTPUTS_H
#define NM_CLI_CHECK_OUTPUTS_H

#include "cli/cli.h"
#include "core/file.h"
#include "reports/checks.h"

#define NM_MAX_CHECK_OUTPUTS 16

/** What -o FORMAT:PATH of `check` asked for. */
struct nm_check_outputs {
	struct nm_check_output {
		const struct nm_check_renderer *renderer;
		const char *path; /* "-" is stdout */
		struct nm_file file;
	} items[NM_MAX_CHECK_OUTPUTS];
	size_t count;
};

/** Adds one -o; false, with an error line, when it is malformed. */
bool nm_check_outputs_add(struct nm_check_outputs *outputs, const char *spec);

/** Whether some output goes to stdout. */
bool nm_check_outputs_to_stdout(const struct nm_check_outputs *outputs);

/** Opens all files, so that a place that cannot be written to is known before a guest runs. */
int nm_check_outputs_open(struct nm_check_outputs *outputs);

/** Renders to all of them; each failure is reported. Returns an exit code. */
int nm_check_outputs_write(struct nm_check_outputs *outputs, const struct nm_check *check,
			   const struct nm_check_options *options);

void nm_check_outputs_abandon(struct nm_check_outputs *outputs);

#endif
