/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outputs.h"

#include "core/error.h"

#include <getopt.h>

static const struct option long_options[] = {
	{"json", no_argument, NULL, 'J'},
	{"output", required_argument, NULL, 'o'},
	{"color", required_argument, NULL, 'C'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int report(struct nm_outputs *outputs, const char *path, enum nm_colour colour)
{
	struct nm_document document = {0};
	int code;

	if (nm_document_read(path, &document))
		return nm_report_error(NM_EXIT_USAGE);
	if (nm_outputs_name(outputs, &document.arena, document.run.uuid) ||
	    nm_outputs_check(outputs, NULL, path) || nm_outputs_open(outputs, NULL))
		code = nm_report_error(NM_EXIT_USAGE);
	else
		code = nm_outputs_write(outputs, &document, colour);
	nm_document_free(&document);
	return code;
}

static int report_main(int argc, char **argv)
{
	enum nm_colour colour = NM_COLOUR_AUTO;
	struct nm_outputs outputs = {.kind = &nm_run_output};
	int option;

	while ((option = getopt_long(argc, argv, ":Jo:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'J':
			if (!nm_outputs_add(&nm_command_report, &outputs, "json:-"))
				return NM_EXIT_USAGE;
			break;
		case 'o':
			if (!nm_outputs_add(&nm_command_report, &outputs, optarg))
				return NM_EXIT_USAGE;
			break;
		case 'C':
			if (!nm_parse_colour(optarg, &colour))
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
		return nm_usage_error(&nm_command_report, "expected one run document");
	if (!outputs.count && !nm_outputs_add(&nm_command_report, &outputs, "text:-"))
		return NM_EXIT_USAGE;
	return report(&outputs, argv[optind], colour);
}

const struct nm_command nm_command_report = {
	.name = "report",
	.summary = "show a run document in another format",
	.main = report_main,
	.help = "Usage: nestmark report [OPTION…] DOCUMENT\n"
		"Renders a run document; without options as a table on stdout.\n"
		"\n"
		"  -o, --output FORMAT:PATH  text, md or json into a file; - is stdout; PATH/ "
		"names the file\n"
		"                            after the run; repeatable\n"
		"  -J, --json                the same as -o json:-\n"
		"      --color WHEN          auto, always or never\n"
		"  -h, --help                this help\n",
};
