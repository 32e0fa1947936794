/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/predict.h"
#include "cli/cli.h"
#include "core/error.h"
#include "reports/predictions.h"

#include <errno.h>
#include <getopt.h>

static const struct option long_options[] = {
	{"json", no_argument, NULL, 'J'},
	{"color", required_argument, NULL, 'C'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int print(const struct nm_prediction *prediction, bool as_json, enum nm_colour colour)
{
	const struct nm_render_options options = {.colour = nm_use_colour(colour)};
	struct nm_text text = {0};
	int code;

	if (as_json ? nm_prediction_write(&text, prediction)
		    : nm_prediction_render_text(prediction, &options, &text))
		code = nm_report_error(NM_EXIT_UNDECIDED);
	else
		code = nm_print(&text);
	nm_text_free(&text);
	return code;
}

static int predict(const char *profile_path, const char *costs_path, bool as_json,
		   enum nm_colour colour)
{
	struct nm_document profile = {0};
	struct nm_document costs = {0};
	struct nm_prediction prediction = {0};
	int r = nm_document_read(profile_path, &profile);
	int code = NM_EXIT_USAGE;

	if (!r)
		r = nm_document_read(costs_path, &costs);
	if (!r) {
		r = nm_predict(&profile, &costs, &prediction);
		if (r)
			nm_error_within(r, "%s", profile_path);
	}
	code = r ? nm_report_error(NM_EXIT_USAGE) : print(&prediction, as_json, colour);
	nm_prediction_free(&prediction);
	nm_document_free(&costs);
	nm_document_free(&profile);
	return code;
}

static int predict_main(int argc, char **argv)
{
	enum nm_colour colour = NM_COLOUR_AUTO;
	bool as_json = false;
	int option;

	while ((option = getopt_long(argc, argv, ":JC:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'J':
			as_json = true;
			break;
		case 'C':
			if (!nm_parse_colour(optarg, &colour))
				return nm_usage_error(&nm_command_predict,
						      "--color %s: expected auto, always or never",
						      optarg);
			break;
		case 'h':
			return nm_print_help(&nm_command_predict);
		default:
			return nm_option_error(&nm_command_predict, option, argv);
		}
	}
	if (optind + 1 != argc && optind + 2 != argc)
		return nm_usage_error(&nm_command_predict, "expected one or two run documents");
	return predict(argv[optind], argv[argc - 1], as_json, colour);
}

const struct nm_command nm_command_predict = {
	.name = "predict",
	.summary = "what the exits of a Linux guest cost, here or elsewhere",
	.main = predict_main,
	.help = "Usage: nestmark predict [OPTION…] PROFILE [COSTS]\n"
		"Takes the exits of each operation of Linux guests from the run document PROFILE "
		"and the price of an\n"
		"exit from the run document COSTS, such as that of another machine (default: "
		"PROFILE itself, where\n"
		"it also says which share of guest less native that explains).\n"
		"\n"
		"  -J, --json          the prediction as JSON\n"
		"      --color WHEN    auto, always or never\n"
		"  -h, --help          this help\n"
		"\n"
		"Kinds of exits that have no price are named. PROFILE comes from nestmark run "
		"--group linux, better with\n"
		"--exit-reasons; COSTS from nestmark run 'exit.*' 'mem.fill.*'.\n",
};
