/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_OUTPUTS_H
#define NM_CLI_OUTPUTS_H

#include "cli/cli.h"
#include "core/file.h"
#include "reports/report.h"

#define NM_MAX_OUTPUTS 16

/** A kind of document, and the formats that it can be rendered to. */
struct nm_output_kind {
	const char *(*name)(size_t format); /* NULL behind the last one */
	const char *(*extension)(size_t format);
	int (*render)(size_t format, const void *document, const struct nm_render_options *options,
		      struct nm_text *out);
};

extern const struct nm_output_kind nm_run_output, nm_comparison_output;

/** What -o FORMAT:PATH asked for. */
struct nm_output {
	size_t format; /* of its kind */
	const char *format_name;
	const char *path; /* "-" is stdout */
	struct nm_file file;
};

struct nm_outputs {
	const struct nm_output_kind *kind;
	struct nm_output items[NM_MAX_OUTPUTS];
	size_t count;
};

/** Adds one -o; false, with an error line, when it is malformed. */
bool nm_outputs_add(const struct nm_command *command, struct nm_outputs *outputs, const char *spec);

/** Whether some output goes to stdout. */
bool nm_outputs_to_stdout(const struct nm_outputs *outputs);

/** Gives outputs into a directory ("PATH/") the name `name` and their extension. */
int nm_outputs_name(struct nm_outputs *outputs, struct nm_arena *arena, const char *name);

/**
 * -EINVAL when two outputs are one file, or one is the document `other` (NULL: none), which is read or written besides.
 */
int nm_outputs_check(const struct nm_outputs *outputs, const struct nm_output *except,
		     const char *other);

/** Opens all files but `except`, so that a place that cannot be written to is known before work starts. */
int nm_outputs_open(struct nm_outputs *outputs, const struct nm_output *except);

/** Renders a document of their kind to all opened outputs and stdout; each failure is reported. Returns an exit code. */
int nm_outputs_write(struct nm_outputs *outputs, const void *document, enum nm_colour colour);

void nm_outputs_abandon(struct nm_outputs *outputs);

#endif
