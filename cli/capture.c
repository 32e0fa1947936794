/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/machine.h"

#include "core/clock.h"
#include "core/error.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/utsname.h>

struct options {
	bool no_guest;
	bool keep_identities;
	const char *note;
	const char *path;
	const char *kvm_device;
};

static const struct option long_options[] = {
	{"no-guest", no_argument, NULL, 'G'},
	{"keep-identities", no_argument, NULL, 'K'},
	{"note", required_argument, NULL, 'N'},
	{"output", required_argument, NULL, 'o'},
	{"kvm-device", required_argument, NULL, 'D'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int write_capture(const struct options *options, struct nm_capture *capture)
{
	char name[64] = "nestmark-";
	char time[32];
	const char *path = options->path;
	struct utsname host;
	int r = 0;

	capture->tool_version = NM_VERSION;
	capture->note = options->note;
	nm_capture_sort(capture);
	uname(&host);
	if (!options->keep_identities)
		r = nm_capture_redact(capture, host.nodename);
	if (!path) {
		nm_time_basic(time, sizeof(time));
		snprintf(name, sizeof(name), "nestmark-%s.tar.zst", time);
		path = name;
	}
	if (!r)
		r = nm_capture_write(capture, path);
	if (!r)
		nm_warn("%s: %zu answers%s", path, capture->answers.count,
			capture->redacted ? ", without what identifies this machine" : "");
	return r;
}

static int run(const struct options *options)
{
	struct nm_capture capture = {0};
	struct nm_cli_machine machine;
	int r = nm_machine_open(&machine, "/");

	machine.root.recorder = &capture;
	machine.probes.run_guest = !options->no_guest;
	machine.probes.kvm_device = options->kvm_device;
	if (!r)
		r = nm_machine_probe(&machine);
	if (!r)
		r = write_capture(options, &capture);
	nm_machine_close(&machine);
	nm_capture_free(&capture);
	return r ? nm_report_error(NM_EXIT_UNDECIDED) : NM_EXIT_OK;
}

static int capture_main(int argc, char **argv)
{
	struct options options = {.kvm_device = NM_KVM_DEVICE};
	int option;

	while ((option = getopt_long(argc, argv, ":o:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'G':
			options.no_guest = true;
			break;
		case 'K':
			options.keep_identities = true;
			break;
		case 'N':
			options.note = optarg;
			break;
		case 'o':
			options.path = optarg;
			break;
		case 'D':
			options.kvm_device = optarg;
			break;
		case 'h':
			return nm_print_help(&nm_command_capture);
		default:
			return nm_option_error(&nm_command_capture, option, argv);
		}
	}
	if (optind < argc)
		return nm_usage_error(&nm_command_capture, "unexpected argument: %s", argv[optind]);
	return run(&options);
}

const struct nm_command nm_command_capture = {
	.name = "capture",
	.summary = "pack what the probes read into a file that --root replays",
	.main = capture_main,
	.help = "Usage: nestmark capture [OPTION…]\n"
		"Runs the probes and packs every answer that this machine gave them, and nothing "
		"else, into\n"
		"one tar archive. 'nestmark probe --root FILE' says elsewhere what probe says "
		"here: attach the\n"
		"file to a bug report. Serial numbers, UUIDs, MAC and IP addresses, instance ids "
		"and the host's\n"
		"name are blanked.\n"
		"\n"
		"  -o, --output FILE      default: nestmark-<utc>.tar.zst\n"
		"      --no-guest         start no guest\n"
		"      --keep-identities  blank nothing\n"
		"      --note TEXT        kept in the capture, for people\n"
		"      --kvm-device PATH  the KVM device (default /dev/kvm)\n"
		"  -h, --help             this help\n",
};
