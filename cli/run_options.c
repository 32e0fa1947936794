/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_options.h"

#include "benchmarks/lifecycle/fit.h"
#include "benchmarks/linux/side.h"
#include "benchmarks/linux/vmms.h"
#include "benchmarks/plan.h"
#include "benchmarks/round.h"
#include "benchmarks/soak.h"
#include "core/statistics.h"
#include "vmm/delay.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	OPT_PROFILE = 256,
	OPT_ROUNDS,
	OPT_SAMPLES,
	OPT_TARGET_CI,
	OPT_BUDGET,
	OPT_SOAK,
	OPT_SEED,
	OPT_CPU,
	OPT_GROUP,
	OPT_CONTEXT,
	OPT_TIME_LIMIT,
	OPT_CLOCK,
	OPT_EXITS_BELOW,
	OPT_EXIT_REASONS,
	OPT_IO_PATH,
	OPT_IO_DEVICE,
	OPT_IO_SIZE,
	OPT_OVERWRITE,
	OPT_DENSITY_FACTOR,
	OPT_DENSITY_MAX,
	OPT_KERNEL,
	OPT_MODULES,
	OPT_APPEND,
	OPT_VMM,
	OPT_KVM_DEVICE,
	OPT_RESUME,
	OPT_COLOR,
	OPT_SKIP_EXIT_CODE,
	OPT_AGAINST,
	OPT_COMPARISON,
	OPT_INJECT_DELAY,
	OPT_BATCHES_OF,
	OPT_PASSES,
};

static const struct option long_options[] = {
	{"profile", required_argument, NULL, OPT_PROFILE},
	{"rounds", required_argument, NULL, OPT_ROUNDS},
	{"samples", required_argument, NULL, OPT_SAMPLES},
	{"target-ci", required_argument, NULL, OPT_TARGET_CI},
	{"budget", required_argument, NULL, OPT_BUDGET},
	{"soak", required_argument, NULL, OPT_SOAK},
	{"seed", required_argument, NULL, OPT_SEED},
	{"cpu", required_argument, NULL, OPT_CPU},
	{"group", required_argument, NULL, OPT_GROUP},
	{"context", required_argument, NULL, OPT_CONTEXT},
	{"time-limit", required_argument, NULL, OPT_TIME_LIMIT},
	{"clock", required_argument, NULL, OPT_CLOCK},
	{"exit-reasons", no_argument, NULL, OPT_EXIT_REASONS},
	{"exits-below", no_argument, NULL, OPT_EXITS_BELOW},
	{"io-path", required_argument, NULL, OPT_IO_PATH},
	{"io-device", required_argument, NULL, OPT_IO_DEVICE},
	{"io-size", required_argument, NULL, OPT_IO_SIZE},
	{"i-know-it-will-be-overwritten", no_argument, NULL, OPT_OVERWRITE},
	{"density-factor", required_argument, NULL, OPT_DENSITY_FACTOR},
	{"density-max", required_argument, NULL, OPT_DENSITY_MAX},
	{"kernel", required_argument, NULL, OPT_KERNEL},
	{"modules", required_argument, NULL, OPT_MODULES},
	{"append", required_argument, NULL, OPT_APPEND},
	{"vmm", required_argument, NULL, OPT_VMM},
	{"kvm-device", required_argument, NULL, OPT_KVM_DEVICE},
	{"resume", required_argument, NULL, OPT_RESUME},
	{"against", required_argument, NULL, OPT_AGAINST},
	{"comparison", required_argument, NULL, OPT_COMPARISON},
	NM_COMPARING_OPTIONS,
	{"output", required_argument, NULL, 'o'},
	{"json", no_argument, NULL, 'J'},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"inject-delay-ns", required_argument, NULL, OPT_INJECT_DELAY},
	{"batches-of", required_argument, NULL, OPT_BATCHES_OF},
	{"passes", required_argument, NULL, OPT_PASSES},
	{"color", required_argument, NULL, OPT_COLOR},
	{"skip-exit-code", required_argument, NULL, OPT_SKIP_EXIT_CODE},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static bool parse_percent(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	if (end != text && (!*end || !strcmp(end, "%")) && *out > 0 && *out <= 100)
		return true;
	nm_usage_error(&nm_command_run, "--target-ci %s: expected a percentage such as 1%%", text);
	return false;
}

static bool parse_factor(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	if (end != text && !*end && *out >= 1 && *out <= NM_DENSITY_MAX_FACTOR)
		return true;
	nm_usage_error(&nm_command_run,
		       "--density-factor %s: expected a number such as 1.5, from 1 to %g", text,
		       NM_DENSITY_MAX_FACTOR);
	return false;
}

static bool parse_contexts(struct nm_run_options *options, const char *text)
{
	struct nm_selection *selection = &options->selection;

	selection->native = false;
	selection->guest = false;
	while (*text) {
		size_t length = strcspn(text, ",");

		if (length == strlen("native") && !strncmp(text, "native", length)) {
			selection->native = true;
		} else if (length == strlen("guest") && !strncmp(text, "guest", length)) {
			selection->guest = true;
		} else {
			nm_usage_error(&nm_command_run,
				       "--context %s: expected native, guest or both", text);
			return false;
		}
		text += length + (text[length] == ',');
	}
	return true;
}

static bool parse_profile(struct nm_run_options *options, const char *text)
{
	options->profile = nm_profile_find(text);
	if (!options->profile)
		nm_usage_error(&nm_command_run,
			       "--profile %s: expected quick, standard or thorough", text);
	return options->profile;
}

static bool parse_clock(struct nm_run_options *options, const char *text)
{
	int clock = nm_name_index(nm_clock_names, text);

	if (clock < 0) {
		nm_usage_error(&nm_command_run, "--clock %s: expected tsc or instructions", text);
		return false;
	}
	options->document->run.clock = clock;
	return true;
}

/* A file is made in a folder; a device loses what it holds, so it is named by another option. */
static bool set_io_path(struct nm_run_options *options, const char *path, bool device)
{
	struct nm_plan *plan = &options->document->run.plan;
	struct stat info;

	if (plan->io_path) {
		nm_usage_error(&nm_command_run, "--io-path and --io-device: one of them, once");
		return false;
	}
	if (stat(path, &info)) {
		nm_usage_error(&nm_command_run, "%s: %s", path, strerror(errno));
		return false;
	}
	if (device ? !S_ISBLK(info.st_mode) : !S_ISDIR(info.st_mode)) {
		nm_usage_error(&nm_command_run, "%s: is not a %s", path,
			       device ? "block device" : "folder");
		return false;
	}
	options->io_device = device;
	plan->io_path = path;
	return true;
}

static void refuse_vmm(const char *text)
{
	struct nm_text names = {0};

	if (!nm_vmm_names(&names))
		nm_usage_error(&nm_command_run,
			       "--vmm %s: expected one of %s, and =PROGRAM behind it where $PATH "
			       "has none",
			       text, names.bytes);
	nm_text_free(&names);
}

static bool add_vmm(struct nm_run_options *options, const char *text)
{
	struct nm_strings *vmms = &options->document->run.plan.vmms;
	const char *name = nm_vmm_name(text);

	if (!nm_vmm_find(text)) {
		refuse_vmm(text);
		return false;
	}
	for (size_t i = 0; i < vmms->count; i++) {
		if (!strcmp(nm_vmm_name(vmms->items[i]), name)) {
			nm_usage_error(&nm_command_run, "--vmm %s: is named twice", name);
			return false;
		}
	}
	return !nm_strings_add(&options->document->arena, vmms, text);
}

static bool check_overwrite(const struct nm_run_options *options)
{
	if (options->io_device == options->may_overwrite)
		return true;
	nm_usage_error(&nm_command_run,
		       options->io_device
			       ? "--io-device loses what it holds: add "
				 "--i-know-it-will-be-overwritten, or name a folder with --io-path"
			       : "--i-know-it-will-be-overwritten is for --io-device");
	return false;
}

static bool parse_plan_option(struct nm_run_options *options, int option, const char *value)
{
	const struct nm_command *self = &nm_command_run;
	struct nm_plan *plan = &options->document->run.plan;

	options->has_plan = true;
	switch (option) {
	case OPT_PROFILE:
		return parse_profile(options, value);
	case OPT_ROUNDS:
		return nm_parse_number(self, "--rounds", value, 1, NM_MAX_ROUNDS, &options->rounds);
	case OPT_SAMPLES:
		return nm_parse_number(self, "--samples", value, NM_MIN_SAMPLES, NM_MAX_SAMPLES,
				       &options->samples);
	case OPT_TARGET_CI:
		return parse_percent(value, &plan->target_ci_percent);
	case OPT_BUDGET:
		return nm_parse_duration(self, "--budget", value, NM_MAX_ROUND_LIMIT_NS,
					 &plan->budget_ns);
	case OPT_SOAK:
		return nm_parse_duration(self, "--soak", value, NM_MAX_SOAK_NS, &plan->soak_ns);
	case OPT_TIME_LIMIT:
		return nm_parse_duration(self, "--time-limit", value, NM_MAX_ROUND_LIMIT_NS,
					 &plan->round_limit_ns);
	case OPT_SEED:
		options->has_seed = true;
		return nm_parse_number(self, "--seed", value, 0, UINT64_MAX,
				       &options->document->run.seed);
	case OPT_CPU:
		if (!nm_parse_number(self, "--cpu", value, 0, NM_MAX_CPUS - 1, &options->cpu))
			return false;
		plan->cpu = (int64_t)options->cpu;
		return true;
	case OPT_CLOCK:
		return parse_clock(options, value);
	case OPT_EXIT_REASONS:
		plan->exit_reasons = true;
		return true;
	case OPT_EXITS_BELOW:
		plan->exits_below = true;
		return true;
	case OPT_IO_PATH:
		return set_io_path(options, value, false);
	case OPT_IO_DEVICE:
		return set_io_path(options, value, true);
	case OPT_IO_SIZE:
		return nm_parse_bytes(self, "--io-size", value, NM_MIN_IO_BYTES, NM_MAX_IO_BYTES,
				      &plan->io_bytes);
	case OPT_OVERWRITE:
		options->may_overwrite = true;
		return true;
	case OPT_DENSITY_MAX:
		return nm_parse_number(self, "--density-max", value, 1, NM_DENSITY_LIMIT,
				       &plan->density_max);
	case OPT_DENSITY_FACTOR:
		return parse_factor(value, &plan->density_factor);
	case OPT_INJECT_DELAY:
		return nm_parse_number(self, "--inject-delay-ns", value, 1, NM_MAX_DELAY_NS,
				       &plan->inject_delay_ns);
	case OPT_BATCHES_OF:
		options->batches_of = value;
		return true;
	case OPT_KERNEL:
		plan->linux_kernel = value;
		return true;
	case OPT_MODULES:
		plan->linux_modules = value;
		return true;
	case OPT_APPEND:
		plan->linux_arguments = value;
		return true;
	case OPT_VMM:
		return add_vmm(options, value);
	case OPT_CONTEXT:
		return parse_contexts(options, value);
	case OPT_GROUP:
		return !nm_strings_add(&options->document->arena, &options->selection.groups,
				       value);
	default:
		return false;
	}
}

static bool add_base(struct nm_against *against, char *path)
{
	if (against->count == NM_MAX_BASES) {
		nm_usage_error(&nm_command_run, "--against: more than %d documents", NM_MAX_BASES);
		return false;
	}
	against->paths[against->count++] = path;
	return true;
}

/* What says how to compare takes something to compare with. */
static bool check_against(struct nm_run_options *options)
{
	struct nm_against *against = &options->against;
	struct nm_comparing *comparing = &against->comparing;

	if (comparing->strict && !comparing->request.gate) {
		nm_usage_error(&nm_command_run, "--strict is for --gate");
		return false;
	}
	if (against->count || !(comparing->request.gate || comparing->policy_path ||
				comparing->request.allowed.count || comparing->outputs.count))
		return true;
	nm_usage_error(&nm_command_run,
		       "--gate, --policy, --allow and --comparison are for --against BASE");
	return false;
}

/* The comparison says all of it, so it is what is shown. */
static bool show_by_default(struct nm_run_options *options)
{
	struct nm_outputs *comparison = &options->against.comparing.outputs;

	if (nm_outputs_to_stdout(&options->outputs))
		return true;
	if (!options->against.count)
		return nm_outputs_add(&nm_command_run, &options->outputs, "text:-");
	return nm_outputs_to_stdout(comparison) ||
	       nm_outputs_add(&nm_command_run, comparison, "text:-");
}

static bool parse_option(struct nm_run_options *options, int option, char *value)
{
	switch (option) {
	case OPT_AGAINST:
		return add_base(&options->against, value);
	case OPT_COMPARISON:
		return nm_outputs_add(&nm_command_run, &options->against.comparing.outputs, value);
	case NM_OPT_GATE:
	case NM_OPT_STRICT:
	case NM_OPT_POLICY:
	case NM_OPT_ALLOW:
		return nm_comparing_option(&options->against.comparing, option, value);
	case OPT_RESUME:
		options->resume = value;
		return true;
	case OPT_KVM_DEVICE:
		options->document->run.plan.kvm_device = value;
		return true;
	case OPT_COLOR:
		if (nm_parse_colour(value, &options->colour))
			return true;
		nm_usage_error(&nm_command_run, "--color %s: expected auto, always or never",
			       value);
		return false;
	case OPT_SKIP_EXIT_CODE:
		return nm_parse_number(&nm_command_run, "--skip-exit-code", value, 0, 255,
				       &options->skip_code);
	case 'o':
		return nm_outputs_add(&nm_command_run, &options->outputs, value);
	case 'J':
		return nm_outputs_add(&nm_command_run, &options->outputs, "json:-");
	case OPT_PASSES:
		options->part = true;
		return nm_parse_number(&nm_command_run, "--passes", value, 0, NM_MAX_ROUNDS,
				       &options->passes);
	case 'q':
		options->quiet = true;
		return true;
	case 'v':
		options->verbose = true;
		return true;
	default:
		return parse_plan_option(options, option, value);
	}
}

/* The first JSON file is the document; what else is asked for is rendered from it. */
static void find_main_output(struct nm_run_options *options)
{
	for (size_t i = 0; i < options->outputs.count && !options->main_output; i++) {
		struct nm_output *output = &options->outputs.items[i];

		if (!strcmp(output->format_name, "json") && strcmp(output->path, "-") != 0)
			options->main_output = output;
	}
}

static bool check_soak(const struct nm_run_options *options)
{
	const struct nm_plan *plan = &options->document->run.plan;

	if (!plan->soak_ns || (isnan(plan->target_ci_percent) && !plan->budget_ns))
		return true;
	nm_usage_error(&nm_command_run, "--soak goes on for its time: give neither --target-ci nor "
					"--budget with it");
	return false;
}

/* nestmark ab tells a run that goes on its command once more, options of the plan among them. */
static bool check_part(struct nm_run_options *options)
{
	if (!options->part)
		return true;
	if (options->document->run.plan.soak_ns) {
		nm_usage_error(&nm_command_run,
			       "--passes: a soak has no end that could be left out");
		return false;
	}
	if (options->resume) {
		options->has_plan = false;
		options->selection.patterns.count = 0;
	}
	return true;
}

static bool check_resume(const struct nm_run_options *options)
{
	if (!options->resume || (!options->has_plan && !options->selection.patterns.count))
		return true;
	nm_usage_error(&nm_command_run, "--resume continues the plan of the document: give no "
					"operations and no options of a plan");
	return false;
}

bool nm_run_parse(struct nm_run_options *options, int argc, char **argv, int *code)
{
	int option;

	*code = NM_EXIT_USAGE;
	while ((option = getopt_long(argc, argv, ":o:Jqvh", long_options, NULL)) != -1) {
		if (option == 'h') {
			*code = nm_print_help(&nm_command_run);
			return false;
		}
		if (option == ':' || option == '?') {
			nm_option_error(&nm_command_run, option, argv);
			return false;
		}
		if (!parse_option(options, option, optarg))
			return false;
	}
	for (; optind < argc; optind++)
		if (nm_strings_add(&options->document->arena, &options->selection.patterns,
				   argv[optind]))
			return false;
	if (!check_part(options) || !check_resume(options) || !check_soak(options) ||
	    !check_overwrite(options))
		return false;
	find_main_output(options);
	if (options->resume && options->main_output) {
		nm_usage_error(&nm_command_run,
			       "--resume writes its document back to %s: -o json: "
			       "names a second one",
			       options->resume);
		return false;
	}
	return check_against(options) && (options->part || show_by_default(options));
}
