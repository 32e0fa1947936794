/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outputs.h"

#include "core/comparison.h"
#include "core/document.h"
#include "core/error.h"
#include "core/file.h"

#include <getopt.h>

static const struct option long_options[] = {
	{"json", no_argument, NULL, 'J'},
	{"output", required_argument, NULL, 'o'},
	{"color", required_argument, NULL, 'C'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* What the command line says, before the file says what it holds. */
struct request {
	const char *specs[NM_MAX_OUTPUTS];
	size_t count;
	const char *path;
	enum nm_colour colour;
};

static int write_outputs(const struct request *request, const struct nm_output_kind *kind,
			 struct nm_arena *arena, const char *name, const void *document)
{
	struct nm_outputs outputs = {.kind = kind};

	for (size_t i = 0; i < request->count; i++)
		if (!nm_outputs_add(&nm_command_report, &outputs, request->specs[i]))
			return NM_EXIT_USAGE;
	if (nm_outputs_name(&outputs, arena, name) ||
	    nm_outputs_check(&outputs, NULL, request->path) || nm_outputs_open(&outputs, NULL))
		return nm_report_error(NM_EXIT_USAGE);
	return nm_outputs_write(&outputs, document, request->colour);
}

/* These two free the JSON before they render. */
static int report_run(const struct request *request, nm_json *json)
{
	struct nm_document document = {0};
	int r = nm_document_from_json(request->path, json, &document);
	int code;

	nm_json_free(json);
	if (r)
		return nm_report_error(NM_EXIT_USAGE);
	code = write_outputs(request, &nm_run_output, &document.arena, document.run.uuid,
			     &document);
	nm_document_free(&document);
	return code;
}

static int report_comparison(const struct request *request, nm_json *json)
{
	struct nm_comparison comparison = {0};
	int r = nm_comparison_from_json(request->path, json, &comparison);
	int code;

	nm_json_free(json);
	if (r)
		return nm_report_error(NM_EXIT_USAGE);
	code = write_outputs(request, &nm_comparison_output, &comparison.arena, "comparison",
			     &comparison);
	nm_comparison_free(&comparison);
	return code;
}

static int report(const struct request *request)
{
	struct nm_text bytes = {0};
	nm_json *json = NULL;
	int r = nm_file_read(request->path, NM_JSON_MAX_BYTES, &bytes);

	if (!r) {
		r = nm_json_parse(bytes.bytes ? bytes.bytes : "", bytes.length, &json);
		if (r)
			nm_error_within(r, "%s", request->path);
	}
	nm_text_free(&bytes);
	if (r)
		return nm_report_error(NM_EXIT_USAGE);
	return nm_comparison_is(json) ? report_comparison(request, json)
				      : report_run(request, json);
}

static bool add_spec(struct request *request, const char *spec)
{
	if (request->count < NM_MAX_OUTPUTS) {
		request->specs[request->count++] = spec;
		return true;
	}
	nm_usage_error(&nm_command_report, "-o: more than %d outputs", NM_MAX_OUTPUTS);
	return false;
}

static int report_main(int argc, char **argv)
{
	struct request request = {.colour = NM_COLOUR_AUTO};
	int option;

	while ((option = getopt_long(argc, argv, ":Jo:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'J':
			if (!add_spec(&request, "json:-"))
				return NM_EXIT_USAGE;
			break;
		case 'o':
			if (!add_spec(&request, optarg))
				return NM_EXIT_USAGE;
			break;
		case 'C':
			if (!nm_parse_colour(optarg, &request.colour))
				return nm_usage_error(&nm_command_report,
						      "--color %s: expected auto, always or never",
						      optarg);
			break;
		case 'h':
			return nm_print_help(&nm_command_report);
		default:
			return nm_option_error(&nm_command_report, option, argv);
		}
	}
	if (optind + 1 != argc)
		return nm_usage_error(&nm_command_report, "expected one document");
	if (!request.count)
		add_spec(&request, "text:-");
	request.path = argv[optind];
	return report(&request);
}

const struct nm_command nm_command_report = {
	.name = "report",
	.summary = "show a run or a comparison in another format",
	.main = report_main,
	.help = "Usage: nestmark report [OPTION…] DOCUMENT\n"
		"Renders a run document or a comparison; without options as a table on stdout.\n"
		"\n"
		"  -o, --output FORMAT:PATH  into a file; - is stdout; PATH/ names the file after "
		"the document;\n"
		"                            repeatable\n"
		"  -J, --json                the same as -o json:-\n"
		"      --color WHEN          auto, always or never\n"
		"  -h, --help                this help\n"
		"\n"
		"Formats (docs/reports.md): text; md; html, a page with charts; json; csv; junit; "
		"ktap; github,\n"
		"annotations; summary, of a GitHub step; prometheus, for node_exporter; plain "
		"lines; and of runs\n"
		"github-benchmark, github-benchmark-bigger and bencher.\n",
};
