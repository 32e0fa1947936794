/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/list_markdown.h"
#include "cli/machine.h"

#include "benchmarks/plan.h"
#include "core/arena.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct option long_options[] = {
	{"json", no_argument, NULL, 'J'},	 {"markdown", no_argument, NULL, 'M'},
	{"group", required_argument, NULL, 'g'}, {"kvm-device", required_argument, NULL, 'D'},
	{"help", no_argument, NULL, 'h'},	 {0},
};

static nm_json *names_json(const char *const *names)
{
	nm_json *array = nm_json_new_array();

	for (size_t i = 0; i < NM_MAX_REQUIRES && names[i]; i++)
		nm_json_append(array, nm_json_string(names[i]));
	return array;
}

/* The first requirement of a side that this machine does not meet; NULL when it meets all, or there is no such side. */
static const char *unmet(const struct nm_bench *bench, enum nm_context context,
			 const struct nm_findings *findings, const struct nm_finding **finding)
{
	bool there =
		context == NM_CONTEXT_NATIVE ? bench->native != NULL : nm_bench_has_guest(bench);
	const char *id;

	*finding = NULL;
	uint64_t first = bench->axis ? bench->axis->points[0] : 0;

	return there && nm_unmet(bench, context, first, findings, &id, finding) ? id : NULL;
}

static nm_json *unmet_json(const struct nm_bench *bench, enum nm_context context,
			   const struct nm_findings *findings)
{
	const struct nm_finding *finding;

	return nm_json_string(unmet(bench, context, findings, &finding));
}

/* {"bytes": [4096, 8192]}; null without an axis. */
static nm_json *series_json(const struct nm_axis *axis)
{
	nm_json *object = axis ? nm_json_new_object() : NULL;
	nm_json *points = axis ? nm_json_new_array() : NULL;

	for (size_t i = 0; axis && i < axis->count; i++)
		nm_json_append(points, nm_json_uint(axis->points[i]));
	if (axis)
		nm_json_add(object, axis->name, points);
	return object;
}

static nm_json *bench_json(const struct nm_bench *bench, const struct nm_findings *findings)
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
	nm_json_add(object, "linux_guest", nm_json_bool(bench->linux_guest));
	nm_json_add(object, "series", series_json(bench->axis));
	nm_json_add(object, "guest_vcpus",
		    nm_json_uint(nm_bench_vcpus(bench, bench->axis ? bench->axis->points[0] : 0)));
	nm_json_add(object, "guest_requires", names_json(bench->requires));
	nm_json_add(object, "guest_unmet", unmet_json(bench, NM_CONTEXT_GUEST, findings));
	nm_json_add(object, "native_requires", names_json(bench->native_requires));
	nm_json_add(object, "native_unmet", unmet_json(bench, NM_CONTEXT_NATIVE, findings));
	nm_json_add(object, "only_when_named", nm_json_bool(bench->drill || bench->asked));
	return object;
}

static int list_json(const struct nm_selection *selection, const struct nm_findings *findings,
		     struct nm_text *out)
{
	nm_json *document = nm_json_new_object();
	nm_json *operations = nm_json_new_array();
	nm_json *profiles = nm_json_new_array();
	int r;

	for (size_t i = 0; nm_benches[i]; i++)
		if (nm_selected(selection, nm_benches[i]))
			nm_json_append(operations, bench_json(nm_benches[i], findings));
	for (const struct nm_profile *profile = nm_profiles; profile->name; profile++)
		nm_json_append(profiles, nm_json_string(profile->name));
	nm_json_add(document, "schema", nm_json_string("nestmark/list/1"));
	nm_json_add(document, "profiles", profiles);
	nm_json_add(document, "operations", operations);
	r = nm_json_write(out, document, true);
	nm_json_free(document);
	return r;
}

static int name_width(const struct nm_selection *selection)
{
	size_t width = strlen("OPERATION");

	for (size_t i = 0; nm_benches[i]; i++)
		if (nm_selected(selection, nm_benches[i]) && strlen(nm_benches[i]->name) > width)
			width = strlen(nm_benches[i]->name);
	return (int)width;
}

/* Which sides of an operation this machine can run. */
static const char *here(const struct nm_bench *bench, const struct nm_findings *findings)
{
	const struct nm_finding *finding;
	bool native = bench->native && !unmet(bench, NM_CONTEXT_NATIVE, findings, &finding);
	bool guest =
		nm_bench_has_guest(bench) && !unmet(bench, NM_CONTEXT_GUEST, findings, &finding);

	if (native == (bench->native != NULL) && guest == nm_bench_has_guest(bench))
		return "yes";
	return native ? "native" : guest ? "guest" : "no";
}

static void put_bench(struct nm_text *out, const struct nm_bench *bench, int width,
		      const struct nm_findings *findings)
{
	char contexts[64];

	snprintf(contexts, sizeof(contexts), "%s%s%s%s", bench->native ? "native " : "",
		 bench->cpls & NM_CPL0 ? "guest-cpl0 " : "",
		 bench->cpls & NM_CPL3 ? "guest-cpl3" : "",
		 bench->linux_guest ? "linux-guest" : "");
	nm_text_printf(out, "%-*s %-7s %-28s %-6s %s%s", width, bench->name, bench->group, contexts,
		       here(bench, findings), bench->summary,
		       bench->drill   ? " (only when named)"
		       : bench->asked ? " (only when asked for)"
				      : "");
	for (size_t i = 0; i < NM_MAX_REQUIRES && bench->requires[i]; i++)
		nm_text_printf(out, ", needs %s", bench->requires[i]);
	nm_text_puts(out, "\n");
}

static bool has(const struct nm_strings *strings, const char *text)
{
	for (size_t i = 0; i < strings->count; i++)
		if (!strcmp(strings->items[i], text))
			return true;
	return false;
}

/* A requirement that is not met, with what the probes found; once for all operations that have it. */
static int put_reason(struct nm_text *out, const struct nm_bench *bench, enum nm_context context,
		      const struct nm_findings *findings, struct nm_arena *arena,
		      struct nm_strings *said)
{
	const struct nm_finding *finding;
	const char *id = unmet(bench, context, findings, &finding);
	char clean[1024];

	if (!id || has(said, id))
		return 0;
	nm_text_printf(out, "%s%s: %s", said->count ? "" : "\nNOT HERE\n", id,
		       nm_text_printable(clean, sizeof(clean),
					 finding ? finding->evidence : "no probe looks for it"));
	if (finding && finding->remedy)
		nm_text_printf(out, " (%s)", finding->remedy);
	nm_text_puts(out, "\n");
	return nm_strings_add(arena, said, id);
}

static int put_reasons(struct nm_text *out, const struct nm_selection *selection,
		       const struct nm_findings *findings)
{
	struct nm_arena arena = {0};
	struct nm_strings said = {0};
	int r = 0;

	for (size_t i = 0; !r && nm_benches[i]; i++) {
		if (!nm_selected(selection, nm_benches[i]))
			continue;
		r = put_reason(out, nm_benches[i], NM_CONTEXT_NATIVE, findings, &arena, &said);
		if (!r)
			r = put_reason(out, nm_benches[i], NM_CONTEXT_GUEST, findings, &arena,
				       &said);
	}
	nm_arena_free(&arena);
	return r;
}

static int list_text(const struct nm_selection *selection, const struct nm_findings *findings,
		     struct nm_text *out)
{
	int width = name_width(selection);
	int r;

	nm_text_printf(out, "%-*s %-7s %-28s %-6s %s\n", width, "OPERATION", "GROUP", "CONTEXTS",
		       "HERE", "WHAT");
	for (size_t i = 0; nm_benches[i]; i++)
		if (nm_selected(selection, nm_benches[i]))
			put_bench(out, nm_benches[i], width, findings);
	r = put_reasons(out, selection, findings);
	if (r)
		return r;
	nm_text_puts(out, "\nPROFILES\n");
	for (const struct nm_profile *profile = nm_profiles; profile->name; profile++)
		nm_text_printf(out, "%-*s %s%s\n", width, profile->name, profile->summary,
			       profile == nm_profiles ? " (default)" : "");
	return nm_text_status(out);
}

static int list(struct nm_selection *selection, bool json, const char *kvm_device)
{
	struct nm_cli_machine machine;
	struct nm_text text = {0};
	int code;
	int r = nm_selection_check(selection);

	if (r)
		return nm_report_error(NM_EXIT_USAGE);
	r = nm_machine_open(&machine, "/");
	machine.probes.kvm_device = kvm_device;
	if (!r)
		r = nm_machine_probe(&machine);
	if (!r)
		r = json ? list_json(selection, &machine.findings, &text)
			 : list_text(selection, &machine.findings, &text);
	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : nm_print(&text);
	nm_machine_close(&machine);
	nm_text_free(&text);
	return code;
}

static int print_markdown(void)
{
	struct nm_text text = {0};
	int code = nm_list_markdown(&text) ? nm_report_error(NM_EXIT_UNDECIDED) : nm_print(&text);

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
	const char *kvm_device = NM_KVM_DEVICE;
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
		case 'D':
			kvm_device = optarg;
			break;
		case 'M':
			nm_arena_free(&arena);
			return print_markdown();
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
	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : list(&selection, json, kvm_device);
	nm_arena_free(&arena);
	return code;
}

const struct nm_command nm_command_list = {
	.name = "list",
	.summary = "operations and profiles that there are",
	.main = list_main,
	.help = "Usage: nestmark list [OPTION…] [PATTERN…]\n"
		"Lists operations, where they run, what they need, and whether this machine has "
		"it. A "
		"PATTERN is a glob.\n"
		"\n"
		"  -J, --json             one JSON document on stdout\n"
		"      --markdown         the reference of all operations, docs/operations.md\n"
		"      --group NAME       only this group; repeatable\n"
		"      --kvm-device PATH  the KVM device (default /dev/kvm)\n"
		"  -h, --help             this help\n",
};
