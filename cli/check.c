/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_outputs.h"
#include "cli/machine.h"

#include "core/clock.h"
#include "core/error.h"
#include "probes/profile.h"
#include "probes/readiness.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/utsname.h>

#define DEFAULT_LIMIT (120 * NM_NS_PER_S)
#define MAX_LIMIT     (3600 * NM_NS_PER_S)

struct options {
	struct nm_check_outputs outputs;
	bool verbose;
	bool list;
	const char *show;
	const char *profiles; /* folder; NULL without */
	char **names;
	size_t name_count;
	const char *root; /* NULL: this machine */
	bool no_guest;
	bool prove_linux;
	const char *linux_kernel;
	uint64_t limit_ns;
	const char *kvm_device;
	enum nm_colour colour;
};

static const struct option long_options[] = {
	{"output", required_argument, NULL, 'o'},
	{"json", no_argument, NULL, 'J'},
	{"verbose", no_argument, NULL, 'v'},
	{"list", no_argument, NULL, 'l'},
	{"show", required_argument, NULL, 'S'},
	{"profiles", required_argument, NULL, 'P'},
	{"no-guest", no_argument, NULL, 'G'},
	{"root", required_argument, NULL, 'R'},
	{"prove-linux", optional_argument, NULL, 'L'},
	{"time-limit", required_argument, NULL, 'T'},
	{"kvm-device", required_argument, NULL, 'D'},
	{"color", required_argument, NULL, 'C'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int unknown_workload(const char *name)
{
	return nm_usage_error(&nm_command_check, "%s: no such workload (--list shows them)", name);
}

static int print_list(const struct nm_workloads *profiles)
{
	struct nm_text text = {0};
	int code;

	for (size_t i = 0; i < profiles->count; i++) {
		const struct nm_workload *profile = &profiles->items[i];

		nm_text_printf(&text, "%-18s %-34s %-8s %s\n", profile->name, profile->title,
			       profile->as_of, profile->source);
	}
	code = nm_print(&text);
	nm_text_free(&text);
	return code;
}

static int print_profile(const struct nm_workloads *profiles, const char *name)
{
	const struct nm_workload *profile = nm_workload_find(profiles, name);
	struct nm_text text = {0};
	int code;

	if (!profile)
		return unknown_workload(name);
	nm_text_put(&text, profile->text, profile->length);
	code = nm_print(&text);
	nm_text_free(&text);
	return code;
}

/* 1 wins over 3. */
static int exit_code(const struct nm_check *check)
{
	int code = NM_EXIT_OK;

	for (size_t i = 0; i < check->workloads.count; i++) {
		enum nm_check_outcome outcome =
			nm_check_verdict_outcome(check, &check->workloads.items[i]);

		if (outcome == NM_OUTCOME_FAILURE)
			return NM_EXIT_CHECK_FAILED;
		if (outcome == NM_OUTCOME_ERROR)
			code = NM_EXIT_UNDECIDED;
	}
	return code;
}

static int judge(struct nm_cli_machine *machine, const struct nm_workloads *selected,
		 struct nm_check *check)
{
	int r = 0;

	for (size_t i = 0; !r && i < selected->count; i++) {
		struct nm_check_workload *workload =
			nm_arena_append(&machine->arena, &check->workloads.items,
					&check->workloads.count, sizeof(*workload));

		r = workload ? nm_readiness(&machine->arena, &selected->items[i],
					    &machine->findings, workload)
			     : -ENOMEM;
	}
	return r;
}

static int report(struct options *options, struct nm_cli_machine *machine,
		  const struct nm_workloads *selected)
{
	const struct nm_check_options render = {.colour = nm_use_colour(options->colour),
						.verbose = options->verbose};
	bool live = machine->root.live;
	char time[32];
	struct utsname name;
	struct nm_check check = {
		.schema = NM_CHECK_SCHEMA,
		.tool_version = NM_VERSION,
		.host = live && !uname(&name) ? name.nodename : NULL,
		.time = time,
		.source = live ? "live" : "replay",
		.note = machine->root.replay ? machine->root.replay->note : NULL,
		.named = options->name_count,
	};
	int written;

	nm_time_rfc3339(time, sizeof(time));
	if (judge(machine, selected, &check))
		return nm_report_error(NM_EXIT_UNDECIDED);
	written = nm_check_outputs_write(&options->outputs, &check, &render);
	return exit_code(&check) ? exit_code(&check) : written;
}

static int probe(struct options *options, const struct nm_workloads *selected)
{
	struct nm_cli_machine machine;
	int code;
	int r = nm_machine_open(&machine, options->root ? options->root : "/");

	machine.probes.kvm_device = options->kvm_device;
	machine.probes.run_guest = !options->no_guest;
	machine.probes.prove_linux = options->prove_linux;
	machine.probes.linux_kernel = options->linux_kernel;
	machine.probes.linux_limit_ns = options->limit_ns;
	if (r)
		code = nm_report_error(options->root ? NM_EXIT_USAGE : NM_EXIT_UNDECIDED);
	else if (nm_machine_probe(&machine))
		code = nm_report_error(NM_EXIT_UNDECIDED);
	else
		code = report(options, &machine, selected);
	nm_machine_close(&machine);
	return code;
}

/* The named profiles, each once; all of them when none is named. Returns an exit code. */
static int select_profiles(const struct options *options, struct nm_arena *arena,
			   const struct nm_workloads *profiles, struct nm_workloads *out)
{
	if (!options->name_count)
		*out = *profiles;
	for (size_t i = 0; i < options->name_count; i++) {
		const struct nm_workload *profile = nm_workload_find(profiles, options->names[i]);
		struct nm_workload *copy;

		if (!profile)
			return unknown_workload(options->names[i]);
		if (nm_workload_find(out, profile->name))
			continue;
		copy = nm_arena_append(arena, &out->items, &out->count, sizeof(*copy));
		if (!copy)
			return nm_report_error(NM_EXIT_UNDECIDED);
		*copy = *profile;
	}
	return NM_EXIT_OK;
}

static int run(struct options *options, struct nm_arena *arena)
{
	struct nm_workloads profiles = {0};
	struct nm_workloads selected = {0};
	int r = nm_workloads_builtin(arena, &profiles);
	int code;

	if (!r && options->profiles)
		r = nm_workloads_add_folder(arena, options->profiles, &profiles);
	if (r)
		return nm_report_error(NM_EXIT_USAGE);
	if (options->list)
		return print_list(&profiles);
	if (options->show)
		return print_profile(&profiles, options->show);
	code = select_profiles(options, arena, &profiles, &selected);
	if (code)
		return code;
	if (nm_check_outputs_open(&options->outputs))
		return nm_report_error(NM_EXIT_USAGE);
	code = probe(options, &selected);
	nm_check_outputs_abandon(&options->outputs);
	return code;
}

/* NM_EXIT_OK: go on. */
static int check_options(struct options *options)
{
	const struct nm_command *command = &nm_command_check;

	if (options->no_guest && options->prove_linux)
		return nm_usage_error(command, "--no-guest and --prove-linux exclude each other");
	if (options->prove_linux && options->root)
		return nm_usage_error(command, "--prove-linux and --root exclude each other");
	if ((options->list || options->show) && (options->name_count || options->outputs.count))
		return nm_usage_error(command, "--list and --show take no workload and no format");
	if (!nm_check_outputs_to_stdout(&options->outputs) &&
	    !nm_check_outputs_add(&options->outputs, "text:-"))
		return NM_EXIT_USAGE;
	return NM_EXIT_OK;
}

/* NM_EXIT_OK, or NM_EXIT_USAGE after an error line. */
static int set_option(struct options *options, int option, char **argv)
{
	switch (option) {
	case 'o':
		return nm_check_outputs_add(&options->outputs, optarg) ? NM_EXIT_OK : NM_EXIT_USAGE;
	case 'J':
		return nm_check_outputs_add(&options->outputs, "json:-") ? NM_EXIT_OK
									 : NM_EXIT_USAGE;
	case 'v':
		options->verbose = true;
		return NM_EXIT_OK;
	case 'l':
		options->list = true;
		return NM_EXIT_OK;
	case 'S':
		options->show = optarg;
		return NM_EXIT_OK;
	case 'P':
		options->profiles = optarg;
		return NM_EXIT_OK;
	case 'G':
		options->no_guest = true;
		return NM_EXIT_OK;
	case 'R':
		options->root = optarg;
		return NM_EXIT_OK;
	case 'L':
		options->prove_linux = true;
		options->linux_kernel = optarg;
		return NM_EXIT_OK;
	case 'T':
		return nm_parse_duration(&nm_command_check, "--time-limit", optarg, MAX_LIMIT,
					 &options->limit_ns)
			       ? NM_EXIT_OK
			       : NM_EXIT_USAGE;
	case 'D':
		options->kvm_device = optarg;
		return NM_EXIT_OK;
	case 'C':
		if (nm_parse_colour(optarg, &options->colour))
			return NM_EXIT_OK;
		return nm_usage_error(&nm_command_check,
				      "--color %s: expected auto, always or never", optarg);
	default:
		return nm_option_error(&nm_command_check, option, argv);
	}
}

static int check_main(int argc, char **argv)
{
	struct options options = {.kvm_device = NM_KVM_DEVICE, .limit_ns = DEFAULT_LIMIT};
	struct nm_arena arena = {0};
	int code = NM_EXIT_OK;
	int option;

	while (!code && (option = getopt_long(argc, argv, ":o:Jvh", long_options, NULL)) != -1) {
		if (option == 'h')
			return nm_print_help(&nm_command_check);
		code = set_option(&options, option, argv);
	}
	options.names = argv + optind;
	options.name_count = (size_t)(argc - optind);
	if (!code)
		code = check_options(&options);
	if (!code)
		code = run(&options, &arena);
	nm_arena_free(&arena);
	return code;
}

const struct nm_command nm_command_check = {
	.name = "check",
	.summary = "whether this machine is ready for Firecracker, QEMU, Kata …",
	.main = check_main,
	.help = "Usage: nestmark check [OPTION…] [WORKLOAD…]\n"
		"Holds what each workload needs against what this machine has, and starts the "
		"smallest guest\n"
		"as proof. Without names it shows all of them, as information.\n"
		"\n"
		"  -v, --verbose             every result on a line of its own, with its evidence\n"
		"  -o, --output FORMAT:PATH  text, json, junit, ktap or github into a file; - is "
		"stdout; repeatable\n"
		"  -J, --json                the same as -o json:-\n"
		"      --list                workloads, when their facts were collected, and from "
		"where\n"
		"      --show WORKLOAD       its profile, to copy and change\n"
		"      --profiles DIR        adds every *.profile in DIR, in place of one with the "
		"same name\n"
		"      --no-guest            start no guest: nothing is proven\n"
		"      --prove-linux[=KERNEL]\n"
		"                            boot a Linux kernel too (default: this machine's "
		"own)\n"
		"      --time-limit TIME     for that guest, such as 90s (default 120s)\n"
		"      --root FILE|DIR       replay a capture instead of this machine\n"
		"      --kvm-device PATH     the KVM device (default /dev/kvm)\n"
		"      --color WHEN          auto, always or never\n"
		"  -h, --help                this help\n"
		"\n"
		"Exit codes: 0 every named workload is ready, 1 one is not, 2 usage or profile "
		"error, 3 it\n"
		"cannot be told. Without names 0.\n",
};
