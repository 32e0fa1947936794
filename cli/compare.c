/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/comparing.h"

#include "core/error.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

enum {
	OPT_MACHINES = 256,
	OPT_GUEST_NATIVE,
	OPT_ONLY,
	OPT_GROUP,
	OPT_CONTEXT,
	OPT_COLOR,
};

static const struct option long_options[] = {
	NM_COMPARING_OPTIONS,
	{"machines", no_argument, NULL, OPT_MACHINES},
	{"guest-native", no_argument, NULL, OPT_GUEST_NATIVE},
	{"only", required_argument, NULL, OPT_ONLY},
	{"group", required_argument, NULL, OPT_GROUP},
	{"context", required_argument, NULL, OPT_CONTEXT},
	{"json", no_argument, NULL, 'J'},
	{"output", required_argument, NULL, 'o'},
	{"quiet", no_argument, NULL, 'q'},
	{"color", required_argument, NULL, OPT_COLOR},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* The documents of the command line: those before "--" and those behind it. */
struct operands {
	char **items;
	size_t count;
	size_t bases;
};

static bool set_mode(struct nm_comparing *comparing, enum nm_comparison_mode mode)
{
	if (comparing->request.mode == NM_COMPARE_DOCUMENTS || comparing->request.mode == mode) {
		comparing->request.mode = mode;
		return true;
	}
	nm_usage_error(&nm_command_compare, "--machines and --guest-native exclude each other");
	return false;
}

static bool set_context(struct nm_comparing *comparing, const char *value)
{
	if (nm_name_index(nm_context_names, value) >= 0)
		return !nm_strings_add(&comparing->arena, &comparing->request.contexts, value);
	nm_usage_error(&nm_command_compare, "--context %s: expected native or guest", value);
	return false;
}

static bool parse_option(struct nm_comparing *comparing, int option, const char *value)
{
	switch (option) {
	case OPT_MACHINES:
		return set_mode(comparing, NM_COMPARE_MACHINES);
	case OPT_GUEST_NATIVE:
		return set_mode(comparing, NM_COMPARE_GUEST_NATIVE);
	case OPT_ONLY:
		return !nm_strings_add(&comparing->arena, &comparing->request.only, value);
	case OPT_GROUP:
		return !nm_strings_add(&comparing->arena, &comparing->request.groups, value);
	case OPT_CONTEXT:
		return set_context(comparing, value);
	case 'J':
		return nm_outputs_add(&nm_command_compare, &comparing->outputs, "json:-");
	case 'o':
		return nm_outputs_add(&nm_command_compare, &comparing->outputs, value);
	case 'q':
		comparing->quiet = true;
		return true;
	case OPT_COLOR:
		if (nm_parse_colour(value, &comparing->colour))
			return true;
		nm_usage_error(&nm_command_compare, "--color %s: expected auto, always or never",
			       value);
		return false;
	default:
		return nm_comparing_option(comparing, option, value);
	}
}

/* Options may stand among documents; "--" ends the base, and the options. */
static bool parse(struct nm_comparing *comparing, int argc, char **argv, struct operands *operands,
		  int *code)
{
	int option;

	*code = NM_EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "-:Jo:qh", long_options, NULL)) != -1) {
		if (option == 'h') {
			*code = nm_print_help(&nm_command_compare);
			return false;
		}
		if (option == ':' || option == '?') {
			nm_option_error(&nm_command_compare, option, argv);
			return false;
		}
		if (option == 1)
			operands->items[operands->count++] = optarg;
		else if (!parse_option(comparing, option, optarg))
			return false;
	}
	operands->bases = operands->count;
	for (; optind < argc; optind++)
		operands->items[operands->count++] = argv[optind];
	return true;
}

static bool check_operands(const struct nm_comparing *comparing, struct operands *operands)
{
	if (comparing->request.mode == NM_COMPARE_GUEST_NATIVE) {
		operands->bases = operands->count;
		if (operands->count)
			return true;
		nm_usage_error(&nm_command_compare, "expected a run document");
		return false;
	}
	if (operands->bases == operands->count && operands->count == 2)
		operands->bases = 1;
	if (operands->bases && operands->bases < operands->count)
		return true;
	nm_usage_error(&nm_command_compare, "expected BASE NEW, or BASE… -- NEW…");
	return false;
}

/* A gate says whether this machine became worse; another machine or the absence of a guest is not worse. */
static bool check_gate(const struct nm_comparing *comparing)
{
	bool gate = comparing->request.gate;

	if (gate && comparing->request.mode != NM_COMPARE_DOCUMENTS) {
		nm_usage_error(&nm_command_compare,
			       "--gate judges what changed on one machine: leave out --%s",
			       comparing->request.mode == NM_COMPARE_MACHINES ? "machines"
									      : "guest-native");
		return false;
	}
	if (comparing->strict && !gate) {
		nm_usage_error(&nm_command_compare, "--strict is for --gate");
		return false;
	}
	return true;
}

/* An output must not be one of the documents that are read. */
static int open_outputs(struct nm_comparing *comparing, const struct operands *operands,
			const char *uuid)
{
	const char *name = nm_arena_printf(&comparing->arena, "comparison-%s", uuid);
	int r = name ? nm_outputs_name(&comparing->outputs, &comparing->arena, name) : -ENOMEM;

	for (size_t i = 0; !r && i < operands->count; i++)
		r = nm_outputs_check(&comparing->outputs, NULL, operands->items[i]);
	return r ? r : nm_outputs_open(&comparing->outputs, NULL);
}

static int compare(struct nm_comparing *comparing, const struct operands *operands)
{
	struct nm_documents read = {0};
	struct nm_arena *arena = &comparing->arena;
	const size_t bases = operands->bases;
	const size_t rest = operands->count - bases;
	int code;
	int r = nm_comparing_prepare(comparing);

	if (!r)
		r = nm_documents_read(arena, &read, operands->items, operands->count);
	if (!r)
		r = nm_documents_side(arena, &read, 0, bases, &comparing->request.base);
	if (!r)
		r = nm_documents_side(arena, &read, bases, rest, &comparing->request.changed);
	if (!r)
		r = open_outputs(comparing, operands, read.items[rest ? bases : 0].run.uuid);
	code = r ? nm_report_error(NM_EXIT_USAGE) : nm_comparing_finish(comparing);
	nm_documents_free(&read);
	return code;
}

static int compare_main(int argc, char **argv)
{
	struct nm_comparing comparing = {.outputs = {.kind = &nm_comparison_output}};
	struct operands operands = {
		.items = nm_arena_alloc(&comparing.arena, (size_t)argc * sizeof(char *))};
	int code;

	if (!operands.items)
		return nm_report_error(NM_EXIT_UNDECIDED);
	if (parse(&comparing, argc, argv, &operands, &code)) {
		code = NM_EXIT_USAGE;
		if (check_operands(&comparing, &operands) && check_gate(&comparing) &&
		    (nm_outputs_to_stdout(&comparing.outputs) ||
		     nm_outputs_add(&nm_command_compare, &comparing.outputs, "text:-")))
			code = compare(&comparing, &operands);
	}
	nm_comparing_free(&comparing);
	return code;
}

const struct nm_command nm_command_compare = {
	.name = "compare",
	.summary = "what changed between run documents, and whether that is a regression",
	.main = compare_main,
	.help = "Usage: nestmark compare [OPTION…] BASE NEW\n"
		"       nestmark compare [OPTION…] BASE… -- NEW…\n"
		"       nestmark compare --guest-native [OPTION…] DOCUMENT…\n"
		"Compares the measurements of two sides by the rounds of their run documents: "
		"ratios with\n"
		"intervals, tests, and a verdict for each. Documents of one side are taken "
		"together.\n"
		"\n"
		"What:\n"
		"      --machines            across machines, such as nested against bare metal: "
		"CPU, microcode,\n"
		"                            mitigations and level may differ, and published "
		"multipliers are\n"
		"                            shown beside\n"
		"      --guest-native        guests against the native side of the same documents\n"
		"      --only GLOB           operations, or with a slash whole names of "
		"measurements; repeatable\n"
		"      --group NAME          operations of this group; repeatable\n"
		"      --context CONTEXT     native or guest only\n"
		"      --allow GLOB          differences that are what is compared, such as "
		"machine.microcode or\n"
		"                            'vulnerabilities.*', and do not make it invalid; "
		"repeatable\n"
		"How it is judged:\n"
		"      --policy FILE         thresholds and exceptions (docs/compare.md)\n"
		"      --gate                exit with 1 on a regression, with 3 on what is "
		"missing, "
		"invalid or got\n"
		"                            worse\n"
		"      --strict              with 3 also on what is inconclusive\n"
		"Results:\n"
		"  -o, --output FORMAT:PATH  a format (docs/reports.md) into a file: text, md, "
		"html, "
		"json, csv, junit,\n"
		"                            ktap, github, summary, prometheus or plain; - is "
		"stdout; PATH/ names\n"
		"                            the file; repeatable\n"
		"  -J, --json                the same as -o json:-\n"
		"  -q, --quiet               no warnings\n"
		"      --color WHEN          auto, always or never\n"
		"  -h, --help                this help\n",
};
