/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/machine.h"

#include "core/clock.h"
#include "core/error.h"
#include "probes/imds.h"
#include "reports/report.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <string.h>

#define DEFAULT_LIMIT (120 * NM_NS_PER_S)
#define MAX_LIMIT     (3600 * NM_NS_PER_S)

struct options {
	bool json;
	bool all;
	const char *root; /* NULL: this machine */
	char **patterns;  /* of findings that are shown */
	size_t pattern_count;
	bool no_guest;
	bool prove_linux;
	const char *linux_kernel;
	uint64_t limit_ns;
	const char *kvm_device;
	bool imds;
	const char *imds_service;
	enum nm_colour colour;
};

static const struct option long_options[] = {
	{"json", no_argument, NULL, 'J'},
	{"all", no_argument, NULL, 'a'},
	{"root", required_argument, NULL, 'R'},
	{"no-guest", no_argument, NULL, 'G'},
	{"prove-linux", optional_argument, NULL, 'L'},
	{"time-limit", required_argument, NULL, 'T'},
	{"kvm-device", required_argument, NULL, 'D'},
	{"imds", optional_argument, NULL, 'I'},
	{"color", required_argument, NULL, 'C'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* Without patterns: what every user should see, or with --all everything. */
static bool is_shown(const struct options *options, const struct nm_finding *finding)
{
	for (size_t i = 0; i < options->pattern_count; i++)
		if (!fnmatch(options->patterns[i], finding->id, 0))
			return true;
	return !options->pattern_count && (options->all || options->json || !finding->detail);
}

static int select_findings(const struct options *options, struct nm_cli_machine *machine,
			   struct nm_findings *out)
{
	for (size_t i = 0; i < machine->findings.count; i++) {
		struct nm_finding *copy;

		if (!is_shown(options, &machine->findings.items[i]))
			continue;
		copy = nm_arena_append(&machine->arena, &out->items, &out->count, sizeof(*copy));
		if (!copy)
			return -ENOMEM;
		*copy = machine->findings.items[i];
	}
	return 0;
}

/* A pattern that nothing matches is a mistake that must not look like an answer. */
static int check_patterns(const struct options *options, const struct nm_findings *findings)
{
	for (size_t p = 0; p < options->pattern_count; p++) {
		bool matched = false;

		for (size_t i = 0; !matched && i < findings->count; i++)
			matched = !fnmatch(options->patterns[p], findings->items[i].id, 0);
		if (!matched)
			return nm_usage_error(&nm_command_probe,
					      "%s: matches no finding (--all shows them)",
					      options->patterns[p]);
	}
	return NM_EXIT_OK;
}

static int print_findings(const struct options *options, struct nm_cli_machine *machine)
{
	struct nm_probe_view view = {.all = &machine->findings,
				     .replay = !machine->root.live,
				     .note = machine->root.replay ? machine->root.replay->note
								  : NULL};
	const struct nm_render_options render = {.colour = nm_use_colour(options->colour)};
	struct nm_text text = {0};
	int code = check_patterns(options, &machine->findings);
	int r;

	if (code)
		return code;
	r = select_findings(options, machine, &view.shown);
	if (!r)
		r = options->json ? nm_render_probe_json(&view, &text)
				  : nm_render_probe_text(&view, &render, &text);
	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : nm_print(&text);
	nm_text_free(&text);
	return code;
}

static int run(const struct options *options)
{
	struct nm_cli_machine machine;
	int code;
	int r = nm_machine_open(&machine, options->root ? options->root : "/");

	machine.probes.kvm_device = options->kvm_device;
	machine.probes.run_guest = !options->no_guest;
	machine.probes.prove_linux = options->prove_linux;
	machine.probes.linux_kernel = options->linux_kernel;
	machine.probes.linux_limit_ns = options->limit_ns;
	machine.probes.ask_cloud = options->imds;
	machine.probes.cloud_service = options->imds_service;
	if (r)
		code = nm_report_error(options->root ? NM_EXIT_USAGE : NM_EXIT_UNDECIDED);
	else if (nm_machine_probe(&machine))
		code = nm_report_error(NM_EXIT_UNDECIDED);
	else
		code = print_findings(options, &machine);
	nm_machine_close(&machine);
	return code;
}

static int probe_main(int argc, char **argv)
{
	struct options options = {.kvm_device = NM_KVM_DEVICE, .limit_ns = DEFAULT_LIMIT};
	int option;

	while ((option = getopt_long(argc, argv, ":aJh", long_options, NULL)) != -1) {
		switch (option) {
		case 'J':
			options.json = true;
			break;
		case 'a':
			options.all = true;
			break;
		case 'R':
			options.root = optarg;
			break;
		case 'G':
			options.no_guest = true;
			break;
		case 'L':
			options.prove_linux = true;
			options.linux_kernel = optarg;
			break;
		case 'T':
			if (!nm_parse_duration(&nm_command_probe, "--time-limit", optarg, MAX_LIMIT,
					       &options.limit_ns))
				return NM_EXIT_USAGE;
			break;
		case 'D':
			options.kvm_device = optarg;
			break;
		case 'I':
			if (optarg && !nm_imds_knows(optarg))
				return nm_usage_error(&nm_command_probe,
						      "--imds=%s: expected ec2, gce or azure",
						      optarg);
			options.imds = true;
			options.imds_service = optarg;
			break;
		case 'C':
			if (!nm_parse_colour(optarg, &options.colour))
				return nm_usage_error(&nm_command_probe,
						      "--color %s: expected auto, always or never",
						      optarg);
			break;
		case 'h':
			return nm_print_help(&nm_command_probe);
		default:
			return nm_option_error(&nm_command_probe, option, argv);
		}
	}
	if (options.no_guest && options.prove_linux)
		return nm_usage_error(&nm_command_probe,
				      "--no-guest and --prove-linux exclude each other");
	if (options.prove_linux && options.root)
		return nm_usage_error(&nm_command_probe,
				      "--prove-linux and --root exclude each other");
	if (optind < argc && options.prove_linux && !options.linux_kernel)
		options.linux_kernel = argv[optind++];
	options.patterns = argv + optind;
	options.pattern_count = (size_t)(argc - optind);
	return run(&options);
}

const struct nm_command nm_command_probe = {
	.name = "probe",
	.summary = "what this machine exposes, and whether a guest truly works",
	.main = probe_main,
	.help = "Usage: nestmark probe [OPTION…] [FINDING…]\n"
		"Shows what this machine exposes to a hypervisor and starts small guests as proof. "
		"Findings are\n"
		"named by globs, such as 'vmx.*'; without any the main ones are shown.\n"
		"\n"
		"  -a, --all              every finding: each capability, control bit and "
		"parameter\n"
		"  -J, --json             all of them, or those named, as one JSON document on "
		"stdout\n"
		"      --no-guest         start no guest\n"
		"      --root FILE|DIR    replay a capture (nestmark capture) or a folder with sys "
		"and proc\n"
		"                         instead of this machine\n"
		"      --prove-linux [KERNEL]\n"
		"                         boot a Linux kernel too (default: this machine's own, "
		"from "
		"/boot):\n"
		"                         does it reach user space and switch itself off?\n"
		"      --time-limit TIME  for that guest, such as 90s (default 120s)\n"
		"      --kvm-device PATH  the KVM device (default /dev/kvm)\n"
		"      --imds[=ec2|gce|azure]\n"
		"                         ask the cloud's instance metadata service (default: of "
		"the "
		"cloud\n"
		"                         that is recognised), 1 s in all; no ids are asked for\n"
		"      --color WHEN       auto, always or never\n"
		"  -h, --help             this help\n",
};
