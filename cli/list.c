/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "benchmarks/plan.h"
#include "core/arena.h"

#include <getopt.h>
#include <stdio.h>

static const struct option long_options[] = {
	{"json", no_argument, NULL, 'J'},
	{"group", required_argument, NULL, 'g'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static nm_json *names_json(const char *const *names)
{
	nm_json *array = nm_json_new_array();

	for (size_t i = 0; i < NM_MAX_REQUIRES && names[i]; i++)
		nm_json_append(array, nm_json_string(names[i]));
	return array;
}

static nm_json *bench_json(const struct nm_bench *bench)
{
	nm_json *object = nm_json_new_object();
	nm_json *cpls = nm_json_new_array();

	if (bench->cpls & NM_CPL0)
		nm_json_append(cpls, nm_json_int(0));
	if (bench->cpls & NM_CPL3)
		nm_json_append(cpls, nm_json_int(3));
	nm_json_add(object, "operation", nm_json_string(bench->name));
	nm_json_add(object, "group", nm_json_string(bench->group));
	nm_json_add(object, "summary", nm_json_string(bench->summary));
	nm_json_add(object, "version", nm_json_uint(bench->version));
	nm_json_add(object, "native", nm_json_bool(bench->native));
	nm_json_add(object, "guest_cpls", cpls);
	nm_json_add(object, "guest_requires", names_json(bench->requires));
	nm_json_add(object, "native_requires", names_json(bench->native_requires));
	nm_json_add(object, "only_when_named", nm_json_bool(bench->drill));
	return object;
}

static int list_json(const struct nm_selection *selection, struct nm_text *out)
{
	nm_json *document = nm_json_new_object();
	nm_json *operations = nm_json_new_array();
	nm_json *profiles = nm_json_new_array();
	int r;

	for (size_t i = 0; nm_benches[i]; i++)
		if (nm_selected(selection, nm_benches[i]))
			nm_json_append(operations, bench_json(nm_benches[i]));
	for (const struct nm_profile *profile = nm_profiles; profile->name; profile++)
		nm_json_append(profiles, nm_json_string(profile->name));
	nm_json_add(document, "schema", nm_json_string("nestmark/list/1"));
	nm_json_add(document, "profiles", profiles);
	nm_json_add(document, "operations", operations);
	r = nm_json_write(out, document, true);
	nm_json_free(document);
	return r;
}

static int list_text(const struct nm_selection *selection, struct nm_text *out)
{
	nm_text_printf(out, "%-22s %-7s %-28s %s\n", "OPERATION", "GROUP", "CONTEXTS", "WHAT");
	for (size_t i = 0; nm_benches[i]; i++) {
		const struct nm_bench *bench = nm_benches[i];
		char contexts[64];

		if (!nm_selected(selection, bench))
			continue;
		snprintf(contexts, sizeof(contexts), "%s%s%s", bench->native ? "native " : "",
			 bench->cpls & NM_CPL0 ? "guest-cpl0 " : "",
			 bench->cpls & NM_CPL3 ? "guest-cpl3" : "");
		nm_text_printf(out, "%-22s %-7s %-28s %s%s", bench->name, bench->group, contexts,
			       bench->summary, bench->drill ? " (only when named)" : "");
		for (size_t r = 0; r < NM_MAX_REQUIRES && bench->requires[r]; r++)
			nm_text_printf(out, ", needs %s", bench->requires[r]);
		nm_text_puts(out, "\n");
	}
	nm_text_puts(out, "\nPROFILES\n");
	for (const struct nm_profile *profile = nm_profiles; profile->name; profile++)
		nm_text_printf(out, "%-20s %s%s\n", profile->name, profile->summary,
			       profile == nm_profiles ? " (default)" : "");
	return nm_text_status(out);
}

static int list(struct nm_selection *selection, bool json)
{
	struct nm_text text = {0};
	int code;
	int r = nm_selection_check(selection);

	if (r)
		return nm_report_error(NM_EXIT_USAGE);
	r = json ? list_json(selection, &text) : list_text(selection, &text);
	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : nm_print(&text);
	nm_text_free(&text);
	return code;
}

/* Unlike run, list shows everything: drills are selected by name. */
static int select_all(struct nm_arena *arena, struct nm_selection *selection)
{
	int r = nm_strings_add(arena, &selection->patterns, "*");

	return r ? r : nm_strings_add(arena, &selection->patterns, "drill.*");
}

static int list_main(int argc, char **argv)
{
	struct nm_selection selection = {0};
	struct nm_arena arena = {0};
	bool json = false;
	int option;
	int code;
	int r = 0;

	while ((option = getopt_long(argc, argv, ":Jh", long_options, NULL)) != -1) {
		switch (option) {
		case 'J':
			json = true;
			break;
		case 'g':
			r = nm_strings_add(&arena, &selection.groups, optarg);
			break;
		case 'h':
			nm_arena_free(&arena);
			return nm_print_help(&nm_command_list);
		default:
			nm_arena_free(&arena);
			return nm_option_error(&nm_command_list, option, argv);
		}
	}
	while (!r && optind < argc)
		r = nm_strings_add(&arena, &selection.patterns, argv[optind++]);
	if (!r && !selection.patterns.count && !selection.groups.count)
		r = select_all(&arena, &selection);
	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : list(&selection, json);
	nm_arena_free(&arena);
	return code;
}

const struct nm_command nm_command_list = {
	.name = "list",
	.summary = "operations and profiles that there are",
	.main = list_main,
	.help = "Usage: nestmark list [OPTION…] [PATTERN…]\n"
		"Lists operations, with where they run and what they need. A PATTERN is a glob.\n"
		"\n"
		"  -J, --json        one JSON document on stdout\n"
		"      --group NAME  only this group; repeatable\n"
		"  -h, --help        this help\n",
};
