/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_outputs.h"

#include "core/error.h"

#include <string.h>
#include <sys/stat.h>

static bool is_stdout(const struct nm_check_output *output)
{
	return !strcmp(output->path, "-");
}

/* Several outputs may go to one device or pipe, but not into one file or to stdout. */
static bool same_place(const char *a, const char *b)
{
	struct stat info;

	return !strcmp(a, b) && (stat(a, &info) || S_ISREG(info.st_mode));
}

bool nm_check_outputs_add(struct nm_check_outputs *outputs, const char *spec)
{
	const struct nm_command *command = &nm_command_check;
	struct nm_check_output *output = &outputs->items[outputs->count];
	const char *colon = strchr(spec, ':');
	char format[16] = "";

	if (outputs->count == NM_MAX_CHECK_OUTPUTS) {
		nm_usage_error(command, "-o: more than %d outputs", NM_MAX_CHECK_OUTPUTS);
		return false;
	}
	if (!colon || !colon[1]) {
		nm_usage_error(command, "-o %s: expected FORMAT:PATH, such as junit:check.xml",
			       spec);
		return false;
	}
	if ((size_t)(colon - spec) < sizeof(format))
		memcpy(format, spec, (size_t)(colon - spec));
	*output = (struct nm_check_output) {.renderer = nm_check_renderer_find(format),
					    .path = colon + 1,
					    .file = {.fd = -1}};
	if (!output->renderer) {
		nm_usage_error(command,
			       "-o %s: unknown format, expected text, json, junit, ktap or github",
			       spec);
		return false;
	}
	for (size_t i = 0; i < outputs->count; i++)
		if (same_place(outputs->items[i].path, output->path)) {
			nm_usage_error(command, "-o %s: only one format can go there", spec);
			return false;
		}
	outputs->count++;
	return true;
}

bool nm_check_outputs_to_stdout(const struct nm_check_outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		if (is_stdout(&outputs->items[i]))
			return true;
	return false;
}

int nm_check_outputs_open(struct nm_check_outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		struct nm_check_output *output = &outputs->items[i];
		int r = is_stdout(output) ? 0 : nm_file_begin(&output->file, output->path, 0);

		if (r) {
			nm_check_outputs_abandon(outputs);
			return r;
		}
	}
	return 0;
}

static int write_one(struct nm_check_output *output, const struct nm_check *check,
		     const struct nm_check_options *options)
{
	const struct nm_check_options own = {.colour = options->colour && is_stdout(output),
					     .verbose = options->verbose};
	struct nm_text text = {0};
	int r = output->renderer->render(check, &own, &text);
	int code;

	if (!r && !is_stdout(output))
		r = nm_file_commit(&output->file, text.bytes ? text.bytes : "", text.length);
	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : NM_EXIT_OK;
	if (!r && is_stdout(output))
		code = nm_print(&text);
	nm_text_free(&text);
	return code;
}

int nm_check_outputs_write(struct nm_check_outputs *outputs, const struct nm_check *check,
			   const struct nm_check_options *options)
{
	int code = NM_EXIT_OK;

	for (size_t i = 0; i < outputs->count; i++) {
		int one = write_one(&outputs->items[i], check, options);

		code = one ? one : code;
	}
	return code;
}

void nm_check_outputs_abandon(struct nm_check_outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		nm_file_abandon(&outputs->items[i].file);
}
