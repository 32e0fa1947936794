/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history.h"

#include "analysis/history/night.h"
#include "core/error.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Options that a subcommand takes, by their letters. */
static const struct subcommand {
	const char *name;
	const char *options;
	int (*run)(struct nm_history_options *options);
} subcommands[] = {
	{"import", "dJq", nm_history_import},	      {"list", "dJCHSU", nm_history_list_runs},
	{"show", "dJC", nm_history_show_run},	      {"trend", "dJCHMSUoaTPR", nm_history_trend},
	{"check", "dJCHSoaTPREAN", nm_history_check},
};

static const struct option long_options[] = {
	{"database", required_argument, NULL, 'd'},
	{"json", no_argument, NULL, 'J'},
	{"quiet", no_argument, NULL, 'q'},
	{"host", required_argument, NULL, 'H'},
	{"machine", required_argument, NULL, 'M'},
	{"since", required_argument, NULL, 'S'},
	{"until", required_argument, NULL, 'U'},
	{"output", required_argument, NULL, 'o'},
	{"all", no_argument, NULL, 'a'},
	{"threshold", required_argument, NULL, 'T'},
	{"statistic", required_argument, NULL, 'P'},
	{"seed", required_argument, NULL, 'R'},
	{"expect", required_argument, NULL, 'E'},
	{"accept", required_argument, NULL, 'A'},
	{"night", required_argument, NULL, 'N'},
	{"color", required_argument, NULL, 'C'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static const struct subcommand *find_subcommand(const char *name)
{
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (!strcmp(subcommands[i].name, name))
			return &subcommands[i];
	return NULL;
}

static bool set_night(const char *option, const char **out)
{
	*out = optarg;
	if (nm_is_night(optarg))
		return true;
	nm_usage_error(&nm_command_history, "%s %s: expected a date such as 2026-01-05", option,
		       optarg);
	return false;
}

static bool set_threshold(double *out)
{
	char *end;

	*out = strtod(optarg, &end);
	if (end != optarg && !*end && *out >= 0 && *out <= 1000)
		return true;
	nm_usage_error(&nm_command_history, "--threshold %s: expected a percentage from 0 to 1000",
		       optarg);
	return false;
}

static bool set_statistic(int *out)
{
	*out = nm_name_index(nm_compared_kind_names, optarg);
	if (*out >= 0)
		return true;
	nm_usage_error(&nm_command_history, "--statistic %s: expected floor, p50 or p99", optarg);
	return false;
}

static bool set_colour(enum nm_colour *out)
{
	if (nm_parse_colour(optarg, out))
		return true;
	nm_usage_error(&nm_command_history, "--color %s: expected auto, always or never", optarg);
	return false;
}

/* False after an error line. */
static bool set_option(struct nm_history_options *options, int option)
{
	const struct nm_command *command = &nm_command_history;

	switch (option) {
	case 'd':
		options->database = optarg;
		return true;
	case 'J':
		options->json = true;
		return true;
	case 'q':
		options->quiet = true;
		return true;
	case 'a':
		options->all = true;
		return true;
	case 'H':
		options->filter.host = optarg;
		return true;
	case 'M':
		options->filter.machine = optarg;
		return true;
	case 'S':
		return set_night("--since", &options->filter.since);
	case 'U':
		return set_night("--until", &options->filter.until);
	case 'N':
		return set_night("--night", &options->night);
	case 'T':
		return set_threshold(&options->rule.threshold_percent);
	case 'P':
		return set_statistic(&options->rule.statistic);
	case 'R':
		return nm_parse_number(command, "--seed", optarg, 0, UINT64_MAX,
				       &options->rule.division.seed);
	case 'E':
		options->expect = optarg;
		return true;
	case 'A':
		options->accept = optarg;
		return true;
	case 'C':
		return set_colour(&options->colour);
	default:
		return nm_outputs_add(command, &options->outputs, optarg);
	}
}

/* NM_EXIT_OK: go on. */
static int parse(struct nm_history_options *options, const struct subcommand *subcommand, int argc,
		 char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, ":Jqo:a", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			return nm_option_error(&nm_command_history, option, argv);
		if (!strchr(subcommand->options, option))
			return nm_usage_error(&nm_command_history,
					      "%s: does not take that option: %s", subcommand->name,
					      argv[optind - 1]);
		if (!set_option(options, option))
			return NM_EXIT_USAGE;
	}
	options->arguments = argv + optind;
	options->argument_count = (size_t)(argc - optind);
	return NM_EXIT_OK;
}

/* $XDG_STATE_HOME/nestmark/history.db, or ~/.local/state/nestmark/history.db; its folder is made. */
static int default_database(struct nm_history_options *options)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char *path;

	if (state && *state == '/')
		path = nm_arena_printf(&options->arena, "%s/nestmark/history.db", state);
	else if (home && *home == '/')
		path = nm_arena_printf(&options->arena, "%s/.local/state/nestmark/history.db",
				       home);
	else
		return nm_fail_remedy(ENOENT, "give --database FILE",
				      "neither XDG_STATE_HOME nor HOME says where the history is");
	if (!path)
		return -ENOMEM;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return nm_fail(errno, "%s: %s", path, strerror(errno));
		*slash = '/';
	}
	options->database = path;
	return 0;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return true;
	return false;
}

static int history_main(int argc, char **argv)
{
	struct nm_history_options options = {.rule = nm_trend_rule_default,
					     .outputs = {.kind = &nm_trend_output}};
	const struct subcommand *subcommand;
	int code;

	if (asks_for_help(argc, argv))
		return nm_print_help(&nm_command_history);
	if (argc < 2)
		return nm_usage_error(&nm_command_history,
				      "expected import, list, show, trend or check");
	subcommand = find_subcommand(argv[1]);
	if (!subcommand && *argv[1] == '-')
		/* An option before the subcommand: unknown, or too early. */
		return nm_usage_error(&nm_command_history, "%s: unknown option", argv[1]);
	if (!subcommand)
		return nm_usage_error(&nm_command_history,
				      "%s: expected import, list, show, trend or check", argv[1]);
	code = parse(&options, subcommand, argc - 1, argv + 1);
	if (!code && !options.database && default_database(&options))
		code = nm_report_error(NM_EXIT_USAGE);
	if (!code)
		code = subcommand->run(&options);
	nm_arena_free(&options.arena);
	return code;
}

const struct nm_command nm_command_history = {
	.name = "history",
	.summary = "remember runs, and find when something changed",
	.main = history_main,
	.help = "Usage: nestmark history import [OPTION…] DIR|FILE…\n"
		"       nestmark history list [OPTION…]\n"
		"       nestmark history show [OPTION…] RUN\n"
		"       nestmark history trend [OPTION…] [PATTERN…]\n"
		"       nestmark history check [OPTION…] [PATTERN…]\n"
		"Keeps run documents in a database, which can be dropped and made again from "
		"them.\n"
		"\n"
		"import adds documents, of folders all *.json; what is there already is skipped. "
		"list shows\n"
		"the runs, show one of them by the beginning of its UUID. trend finds in which "
		"run the level of\n"
		"a measurement changed, and what else did. check judges the newest night. PATTERN "
		"is a glob of\n"
		"operations or measurements.\n"
		"\n"
		"      --database FILE       the history (default "
		"$XDG_STATE_HOME/nestmark/history.db or\n"
		"                            ~/.local/state/nestmark/history.db)\n"
		"  -J, --json                JSON on stdout; of trend and check the same as -o "
		"json:-\n"
		"  -q, --quiet               import: no summary\n"
		"      --host GLOB           list, trend, check: only these hosts\n"
		"      --machine GLOB        trend: only these machines, such as '*EPYC 9*'\n"
		"      --since, --until NIGHT\n"
		"                            only these nights (UTC dates), both included\n"
		"      --threshold PERCENT   trend, check: smaller steps do not matter (default "
		"3)\n"
		"      --statistic NAME      what decides: floor (default), p50 or p99\n"
		"      --seed N              of the permutations (default 1)\n"
		"  -a, --all                 JSON and SVG: also series without a change\n"
		"  -o, --output FORMAT:PATH  trend, check: text, md, json, csv or svg into a file; "
		"- is stdout;\n"
		"                            repeatable\n"
		"      --expect FILE         check: hosts that must have reported, one a line\n"
		"      --accept FILE         check: levels that are accepted: NIGHT HOST "
		"MEASUREMENT REASON\n"
		"      --night NIGHT         check: judge this one instead of the newest\n"
		"      --color WHEN          auto, always or never\n"
		"  -h, --help                this help\n"
		"\n"
		"Exit codes: 0 done, of check: no regression; 1 check: a regression, confirmed by "
		"two nights;\n"
		"2 usage error, or no history; 3 import: a document was refused; check: hosts are "
		"missing, or\n"
		"measurements are not ok.\n",
};
