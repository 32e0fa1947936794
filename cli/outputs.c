/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outputs.h"

#include "cli/readiness.h"
#include "core/error.h"
#include "reports/comparisons.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char *run_name(size_t format)
{
	return nm_renderers[format].name;
}

static const char *run_extension(size_t format)
{
	return nm_renderers[format].extension;
}

static int run_render(size_t format, const void *document, const struct nm_render_options *options,
		      struct nm_text *out)
{
	return nm_render_run(&nm_renderers[format], document, options, out);
}

const struct nm_output_kind nm_run_output = {run_name, run_extension, run_render};

static const char *comparison_name(size_t format)
{
	return nm_comparison_renderers[format].name;
}

static const char *comparison_extension(size_t format)
{
	return nm_comparison_renderers[format].extension;
}

static int comparison_render(size_t format, const void *document,
			     const struct nm_render_options *options, struct nm_text *out)
{
	return nm_comparison_renderers[format].render(document, options, out);
}

const struct nm_output_kind nm_comparison_output = {comparison_name, comparison_extension,
						    comparison_render};

/* Sets the format of a name; false, with an error line that lists them all, when there is none. */
static bool find_format(const struct nm_command *command, const struct nm_output_kind *kind,
			const char *spec, const char *name, struct nm_output *output)
{
	struct nm_text names = {0};

	for (size_t i = 0; (output->format_name = kind->name(i)); i++) {
		output->format = i;
		if (!strcmp(output->format_name, name)) {
			nm_text_free(&names);
			return true;
		}
		nm_text_printf(&names, "%s%s", i ? ", " : "", output->format_name);
	}
	nm_usage_error(command, "-o %s: unknown format, expected one of %s", spec,
		       names.bytes ? names.bytes : "none");
	nm_text_free(&names);
	return false;
}

bool nm_outputs_add(const struct nm_command *command, struct nm_outputs *outputs, const char *spec)
{
	struct nm_output *output = &outputs->items[outputs->count];
	const char *colon = strchr(spec, ':');
	char format[32] = "";

	if (outputs->count == NM_MAX_OUTPUTS) {
		nm_usage_error(command, "-o: more than %d outputs", NM_MAX_OUTPUTS);
		return false;
	}
	if (!colon || !colon[1] || (size_t)(colon - spec) >= sizeof(format)) {
		nm_usage_error(command, "-o %s: expected FORMAT:PATH, such as md:report.md", spec);
		return false;
	}
	memcpy(format, spec, (size_t)(colon - spec));
	*output = (struct nm_output) {.path = colon + 1, .file = {.fd = -1}};
	if (!find_format(command, outputs->kind, spec, format, output))
		return false;
	if (!strcmp(output->path, "-") && nm_outputs_to_stdout(outputs)) {
		nm_usage_error(command, "-o %s: only one format can go to stdout", spec);
		return false;
	}
	outputs->count++;
	return true;
}

bool nm_outputs_to_stdout(const struct nm_outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		if (!strcmp(outputs->items[i].path, "-"))
			return true;
	return false;
}

int nm_outputs_name(struct nm_outputs *outputs, struct nm_arena *arena, const char *name)
{
	for (size_t i = 0; i < outputs->count; i++) {
		struct nm_output *output = &outputs->items[i];

		if (output->path[strlen(output->path) - 1] != '/')
			continue;
		output->path = nm_arena_printf(arena, "%s%s.%s", output->path, name,
					       outputs->kind->extension(output->format));
		if (!output->path)
			return -ENOMEM;
	}
	return 0;
}

/* Several outputs may go to one device or pipe, but not into one file. */
static bool same_file(const char *a, const char *b)
{
	struct stat x;
	struct stat y;

	if (stat(a, &x) || stat(b, &y))
		return !strcmp(a, b);
	return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int nm_outputs_check(const struct nm_outputs *outputs, const struct nm_output *except,
		     const char *other)
{
	for (size_t i = 0; i < outputs->count; i++) {
		const struct nm_output *output = &outputs->items[i];

		if (!strcmp(output->path, "-"))
			continue;
		if (other && output != except && same_file(output->path, other))
			return nm_fail(EINVAL, "-o %s:%s: is the run document itself",
				       output->format_name, output->path);
		for (size_t j = 0; j < i; j++)
			if (same_file(output->path, outputs->items[j].path))
				return nm_fail(EINVAL, "-o %s:%s: named twice", output->format_name,
					       output->path);
	}
	return 0;
}

int nm_outputs_open(struct nm_outputs *outputs, const struct nm_output *except)
{
	for (size_t i = 0; i < outputs->count; i++) {
		struct nm_output *output = &outputs->items[i];
		int r = 0;

		if (output != except && strcmp(output->path, "-") != 0)
			r = nm_file_begin(&output->file, output->path, 0);
		if (r) {
			nm_outputs_abandon(outputs);
			return r;
		}
	}
	return 0;
}

static int write_one(const struct nm_output_kind *kind, struct nm_output *output,
		     const void *document, enum nm_colour colour)
{
	bool to_stdout = !strcmp(output->path, "-");
	const struct nm_render_options options = {.colour = to_stdout && nm_use_colour(colour)};
	struct nm_text text = {0};
	int code;
	int r;

	/* The run document itself is not opened here: its journal writes it. */
	if (!to_stdout && output->file.fd < 0)
		return NM_EXIT_OK;
	r = kind->render(output->format, document, &options, &text);
	if (!r && !to_stdout)
		r = nm_file_commit(&output->file, text.bytes, text.length);
	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : NM_EXIT_OK;
	if (!r && to_stdout)
		code = nm_print(&text);
	nm_text_free(&text);
	return code;
}

int nm_outputs_write(struct nm_outputs *outputs, const void *document, enum nm_colour colour)
{
	int code = NM_EXIT_OK;

	for (size_t i = 0; i < outputs->count; i++) {
		int one = write_one(outputs->kind, &outputs->items[i], document, colour);

		code = one ? one : code;
	}
	return code;
}

void nm_outputs_abandon(struct nm_outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		nm_file_abandon(&outputs->items[i].file);
}
