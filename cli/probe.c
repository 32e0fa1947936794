/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/topology.h"
#include "probes/imds.h"
#include "probes/probe.h"
#include "reports/report.h"

#include <getopt.h>

#define DEFAULT_LIMIT (120 * NM_NS_PER_S)
#define MAX_LIMIT     (3600 * NM_NS_PER_S)

struct options {
	bool json;
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
	{"no-guest", no_argument, NULL, 'G'},
	{"prove-linux", optional_argument, NULL, 'L'},
	{"time-limit", required_argument, NULL, 'T'},
	{"kvm-device", required_argument, NULL, 'D'},
	{"imds", optional_argument, NULL, 'I'},
	{"color", required_argument, NULL, 'C'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int print_findings(const struct options *options, const struct nm_findings *findings)
{
	const struct nm_render_options render = {.colour = nm_use_colour(options->colour)};
	struct nm_text text = {0};
	int code;
	int r = options->json ? nm_render_findings_json(findings, &text)
			      : nm_render_findings_text(findings, &render, &text);

	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : nm_print(&text);
	nm_text_free(&text);
	return code;
}

static int probe(const struct options *options, const struct nm_root *root,
		 const struct nm_topology *topology)
{
	struct nm_arena arena = {0};
	struct nm_findings findings = {0};
	struct nm_machine machine = {0};
	struct nm_probe_context context = {
		.root = root,
		.topology = topology,
		.kvm_device = options->kvm_device,
		.run_guest = !options->no_guest,
		.prove_linux = options->prove_linux,
		.linux_kernel = options->linux_kernel,
		.linux_limit_ns = options->limit_ns,
		.ask_cloud = options->imds,
		.cloud_service = options->imds_service,
		.arena = &arena,
		.findings = &findings,
		.machine = &machine,
	};
	int code = nm_probe_all(&context) ? nm_report_error(NM_EXIT_UNDECIDED)
					  : print_findings(options, &findings);

	nm_kvm_close(&context.kvm);
	nm_arena_free(&arena);
	return code;
}

static int run(const struct options *options)
{
	struct nm_topology *topology;
	struct nm_root root;
	int code;

	if (nm_root_open(&root, "/"))
		return nm_report_error(NM_EXIT_UNDECIDED);
	code = nm_topology_load(&topology) ? nm_report_error(NM_EXIT_UNDECIDED)
					   : probe(options, &root, topology);
	nm_topology_free(topology);
	nm_root_close(&root);
	return code;
}

static int probe_main(int argc, char **argv)
{
	struct options options = {.kvm_device = NM_KVM_DEVICE, .limit_ns = DEFAULT_LIMIT};
	int option;

	while ((option = getopt_long(argc, argv, ":Jh", long_options, NULL)) != -1) {
		switch (option) {
		case 'J':
			options.json = true;
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
	if (optind < argc && options.prove_linux && !options.linux_kernel)
		options.linux_kernel = argv[optind++];
	if (optind < argc)
		return nm_usage_error(&nm_command_probe, "unexpected argument: %s", argv[optind]);
	return run(&options);
}

const struct nm_command nm_command_probe = {
	.name = "probe",
	.summary = "what this machine exposes, and whether a guest truly works",
	.main = probe_main,
	.help = "Usage: nestmark probe [OPTION…]\n"
		"Shows what this machine exposes to a hypervisor and starts the smallest guest as "
		"proof.\n"
		"\n"
		"  -J, --json             one JSON document on stdout\n"
		"      --no-guest         start no guest\n"
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
