/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/against.h"
#include "cli/progress.h"
#include "cli/run_options.h"
#include "cli/stop.h"

#include "benchmarks/io/file.h"
#include "benchmarks/lifecycle/fit.h"
#include "benchmarks/linux/side.h"
#include "benchmarks/linux/vmms.h"
#include "benchmarks/plan.h"
#include "benchmarks/resume.h"
#include "benchmarks/session.h"
#include "benchmarks/soak.h"
#include "core/clock.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/instructions.h"
#include "core/statistics.h"
#include "probes/probe.h"
#include "vmm/delay.h"
#include "vmm/exit_trace.h"
#include "vmm/meter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Many short rounds tell two sides apart better than few long ones (docs/measurement.md). */
#define PART_SAMPLES 1000u
/* A Linux guest that does not boot within this time does not boot. */
#define LINUX_LIMIT_NS (90 * NM_NS_PER_S)

/* Everything that a run opens. */
struct run {
	struct nm_run_options *options;
	struct nm_document *document;
	struct nm_root root;
	struct nm_topology *topology;
	struct nm_kvm kvm;
	struct nm_round_host host;
	struct nm_io_place io;
	struct nm_linux linux_side;
	struct nm_journal journal;
	int cpus[NM_MAX_CPUS];
	size_t cpu_count;
};

/* The document before the first round */

static const char *host_name(struct nm_arena *arena)
{
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	/* It becomes part of a file name. */
	for (char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._",
			    *c))
			*c = '-';
	return nm_arena_strdup(arena, *name ? name : "localhost");
}

static const char *now(struct nm_arena *arena)
{
	char text[32];

	nm_time_rfc3339(text, sizeof(text));
	return nm_arena_strdup(arena, text);
}

static int fill_run(struct nm_document *document, int argc, char **argv)
{
	struct nm_run *run = &document->run;
	char uuid[37];
	int r = nm_uuid(uuid, sizeof(uuid));

	document->schema = NM_RUN_SCHEMA;
	run->uuid = nm_arena_strdup(&document->arena, uuid);
	run->host = host_name(&document->arena);
	run->started = now(&document->arena);
	run->state = NM_RUN_INCOMPLETE;
	run->reason = "killed while it ran";
	run->source = run->plan.inject_delay_ns ? "injected" : "measured";
	run->tool_version = NM_VERSION;
	run->compiler = __VERSION__;
	run->build_type = NM_BUILD_TYPE;
	run->generator = "xoshiro256**";
	run->bootstrap_resamples = NM_BOOTSTRAP_RESAMPLES;
	run->argv = (struct nm_strings) {0};
	for (int i = 0; !r && i < argc; i++)
		r = nm_strings_add(&document->arena, &run->argv, argv[i]);
	return r;
}

static int fill_plan(struct nm_run_options *options)
{
	struct nm_document *document = options->document;
	struct nm_plan *plan = &document->run.plan;
	struct nm_random random;
	int r = 0;

	plan->profile = options->profile->name;
	plan->rounds = plan->soak_ns ? NM_SOAK_ROUNDS : options->profile->rounds;
	if (options->rounds)
		plan->rounds = options->rounds;
	plan->samples = options->part ? PART_SAMPLES : options->profile->samples;
	if (options->samples)
		plan->samples = options->samples;
	if (!(plan->density_factor > 0))
		plan->density_factor = NM_DENSITY_FACTOR;
	if (!plan->io_bytes)
		plan->io_bytes = NM_IO_BYTES;
	if (!plan->round_limit_ns)
		plan->round_limit_ns = options->profile->round_limit_ns;
	plan->patterns = options->selection.patterns;
	if (options->selection.native)
		r = nm_strings_add(&document->arena, &plan->contexts, "native");
	if (!r && options->selection.guest)
		r = nm_strings_add(&document->arena, &plan->contexts, "guest");
	if (!options->has_seed) {
		nm_random_seed(&random, nm_clock_raw_ns() ^ (uint64_t)getpid() << 32);
		/* Short enough for every reader of JSON and for people. */
		document->run.seed = nm_random_next(&random) >> 40;
	}
	return r;
}

/* What Linux guests must prove: one is booted before the first round, where the user wants any. */
static bool wants_linux(const struct run *run)
{
	const struct nm_selection *selection = &run->options->selection;

	if (run->options->resume)
		return nm_linux_needed(run->options->document);
	for (size_t i = 0; selection->guest && nm_benches[i]; i++)
		if (nm_benches[i]->linux_guest && nm_selected(selection, nm_benches[i]))
			return true;
	return false;
}

static int probe(struct run *run)
{
	struct nm_document *document = run->document;
	struct nm_probe_context context = {
		.root = &run->root,
		.topology = run->topology,
		.kvm_device = document->run.plan.kvm_device,
		.run_guest = true,
		.prove_linux = wants_linux(run),
		.linux_kernel = run->options->document->run.plan.linux_kernel,
		.linux_limit_ns = LINUX_LIMIT_NS,
		.arena = &document->arena,
		.findings = &document->findings,
		.machine = &document->machine,
	};
	int r = nm_probe_all(&context);

	run->kvm = context.kvm;
	/* Every figure is converted with it, so it is measured for longer than the probes take. */
	document->machine.tsc_khz = nm_tsc_khz();
	run->host.tsc_khz = document->machine.tsc_khz;
	run->host.kvm = run->kvm.fd >= 0 ? &run->kvm : NULL;
	return r;
}

static int set_placement(struct run *run)
{
	struct nm_document *document = run->document;
	struct nm_map *placement = &document->run.placement;
	int r = nm_topology_order(run->topology, (int)document->run.plan.cpu, run->cpus,
				  NM_MAX_CPUS, &run->cpu_count);

	if (r)
		return r;
	r = nm_map_set(&document->arena, placement, "vcpu", NM_INT(run->cpus[0]));
	/* The parent sleeps while a round runs; elsewhere it does not even wake up beside it. */
	if (!r && run->cpu_count > 1)
		r = nm_topology_bind(run->topology, run->cpus[1]);
	if (!r && run->cpu_count > 1)
		r = nm_map_set(&document->arena, placement, "parent", NM_INT(run->cpus[1]));
	return r;
}

static int open_machine(struct run *run)
{
	int r = nm_root_open(&run->root, "/");

	if (!r)
		r = nm_topology_load(&run->topology);
	return r ? r : set_placement(run);
}

/* Each round opens its own: here it is seen that it may. */
static int open_exit_reasons(uint64_t *tracepoint)
{
	struct nm_exit_trace trace;
	struct nm_root live;
	int r = nm_root_open(&live, "/");

	if (r)
		return r;
	r = nm_exit_tracepoint(&live, tracepoint);
	if (!r)
		r = nm_exit_trace_open(&trace, *tracepoint);
	if (!r)
		nm_exit_trace_close(&trace);
	nm_root_close(&live);
	return r;
}

/* What the plan wants to measure with must work before anything is measured. */
static int open_instruments(struct run *run)
{
	const struct nm_run *plan = &run->document->run;
	int r = 0;

	if (plan->clock == NM_CLOCK_INSTRUCTIONS)
		r = nm_instruction_ticks(&run->host.ticks_per_instruction);
	if (!r && plan->plan.exits_below) {
		r = nm_meter_open(&run->host.meter_fd);
		run->host.exits_below = !r;
	}
	if (!r && plan->plan.exit_reasons)
		r = open_exit_reasons(&run->host.exit_tracepoint);
	if (!r && plan->plan.inject_delay_ns)
		r = nm_delay_turns(plan->plan.inject_delay_ns, &run->host.delay);
	return r;
}

static int name_outputs(struct run *run)
{
	struct nm_run_options *options = run->options;
	struct nm_document *document = run->document;
	struct nm_arena *arena = &document->arena;
	char time[32];
	char *name;
	int r;

	nm_time_basic(time, sizeof(time));
	name = nm_arena_printf(arena, "%s-%s-%s", time, document->run.host, document->run.uuid);
	if (!name)
		return -ENOMEM;
	r = nm_outputs_name(&options->outputs, arena, name);
	if (options->resume)
		options->document_path = options->resume;
	else if (options->main_output)
		options->document_path = options->main_output->path;
	else
		options->document_path = nm_arena_printf(arena, "%s.json", name);
	return r || options->document_path ? r : -ENOMEM;
}

/* "linux.vmm.qemu_q35": names of findings have no hyphens. */
static char *command_id(struct nm_arena *arena, const char *vmm)
{
	char *id = nm_arena_printf(arena, "linux.vmm.%s", nm_vmm_name(vmm));

	for (char *c = id; c && *c; c++)
		if (*c == '-')
			*c = '_';
	return id;
}

/* How other VMMs are started, among the findings: the document says what it has measured. */
static int add_command(struct run *run, const char *vmm)
{
	struct nm_document *document = run->document;
	struct nm_arena *arena = &document->arena;
	const char *kernel = document->run.plan.linux_kernel;
	struct nm_finding *finding = nm_arena_append(arena, &document->findings.items,
						     &document->findings.count, sizeof(*finding));
	struct nm_text command = {0};
	int r = nm_vmm_describe(vmm, kernel ? kernel : "KERNEL", run->cpu_count > 1 ? 2 : 1,
				&command);

	if (!finding || r) {
		nm_text_free(&command);
		return -ENOMEM;
	}
	*finding = (struct nm_finding) {
		.id = command_id(arena, vmm),
		.value = NM_STRING(nm_vmm_name(vmm)),
		.status = NM_STATUS_INFO,
		.evidence = nm_arena_strdup(arena, command.bytes),
		.detail = true,
	};
	nm_text_free(&command);
	return finding->id && finding->evidence ? 0 : -ENOMEM;
}

static int add_commands(struct run *run)
{
	const struct nm_strings *vmms = &run->document->run.plan.vmms;
	int r = 0;

	for (size_t i = 0; !r && i < vmms->count; i++)
		r = add_command(run, vmms->items[i]);
	return r;
}

/* Everything that can be refused is refused here, before anything is measured. */
static int prepare_new(struct run *run, int argc, char **argv)
{
	int r = fill_run(run->document, argc, argv);

	if (!r)
		r = fill_plan(run->options);
	if (!r)
		r = nm_selection_check(&run->options->selection);
	if (!r)
		r = open_instruments(run);
	if (!r)
		r = open_machine(run);
	if (!r)
		r = probe(run);
	if (!r)
		r = nm_environment_read(&run->root, &run->document->arena,
					&run->document->environment);
	if (!r)
		r = nm_plan(run->document, &run->options->selection);
	if (!r && run->options->batches_of)
		r = nm_resume_batches(run->document, run->options->batches_of);
	if (!r)
		r = add_commands(run);
	return r || !run->document->run.plan.soak_ns ? r : nm_soak_plan(run->document);
}

static int prepare_resume(struct run *run, int argc, char **argv)
{
	struct nm_document *document = run->document;
	struct nm_document fresh = {0};
	const char *device = document->run.plan.kvm_device;
	int r = nm_journal_recover(run->options->resume, document);

	if (!r)
		r = nm_resume_check(document, run->options->resume);
	if (!r)
		r = open_instruments(run);
	if (!r) {
		document->run.supersedes = document->run.uuid;
		document->environment.changed = (struct nm_strings) {0};
	}
	if (!r)
		r = fill_run(document, argc, argv);
	if (!r)
		r = open_machine(run);
	/* What the machine is now decides; the document keeps what it was. */
	run->document = &fresh;
	fresh.run.plan.kvm_device = device;
	if (!r)
		r = probe(run);
	if (!r)
		r = nm_environment_read(&run->root, &fresh.arena, &fresh.environment);
	if (!r)
		r = nm_resume_match(document, &fresh, run->options->resume);
	run->document = document;
	nm_document_free(&fresh);
	return r;
}

static uint64_t most_samples(const struct nm_plan *plan)
{
	return plan->samples > 1000 ? plan->samples : 1000;
}

/* "." for a document in the current directory. */
static const char *folder_of(struct nm_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/" : nm_arena_printf(arena, "%.*s", (int)(slash - path), path);
}

static int open_file(struct run *run)
{
	const char *folder = folder_of(&run->document->arena, run->options->document_path);

	run->host.io = &run->io;
	return folder ? nm_io_place_for(&run->io, &run->root, run->document, folder) : -ENOMEM;
}

static int prepare_against(struct run *run)
{
	struct nm_run_options *options = run->options;
	struct nm_outputs *outputs = &options->against.comparing.outputs;
	const char *name;
	int r;

	if (!options->against.count)
		return 0;
	name = nm_arena_printf(&run->document->arena, "comparison-%s", run->document->run.uuid);
	r = name ? nm_outputs_name(outputs, &run->document->arena, name) : -ENOMEM;
	return r ? r
		 : nm_against_prepare(&options->against, &options->selection,
				      options->document_path);
}

static int open_results(struct run *run)
{
	struct nm_run_options *options = run->options;
	int r = name_outputs(run);

	if (!r)
		r = nm_outputs_check(&options->outputs, options->main_output,
				     options->document_path);
	if (!r)
		r = prepare_against(run);
	if (!r)
		r = open_file(run);
	if (!r && nm_linux_needed(run->document)) {
		run->host.linux_side = &run->linux_side;
		r = nm_linux_open(&run->linux_side, &run->document->run.plan, run->cpu_count);
	}
	if (!r)
		r = nm_round_host_init(&run->host, most_samples(&run->document->run.plan));
	if (!r)
		r = nm_outputs_open(&options->outputs, options->main_output);
	if (!r)
		r = nm_journal_open(&run->journal, options->document_path, run->document,
				    options->resume);
	run->host.root = &run->root;
	run->host.topology = run->topology;
	run->host.stop = &nm_stop_signal;
	run->host.density_max = NM_DENSITY_DEFAULT;
	if (run->document->run.plan.density_max)
		run->host.density_max = run->document->run.plan.density_max;
	return r;
}

/* After the last round */

static int exit_code(const struct nm_run_options *options, const struct nm_document *document)
{
	bool measured = false;
	int code = NM_EXIT_OK;

	for (size_t i = 0; i < document->measurements.count; i++) {
		int state = document->measurements.items[i].state;

		measured |= state != NM_STATE_UNSUPPORTED;
		if (state != NM_STATE_OK && state != NM_STATE_UNSUPPORTED)
			code = NM_EXIT_UNDECIDED;
	}
	return measured ? code : (int)options->skip_code;
}

static int conclude(struct run *run, int result)
{
	struct nm_document *document = run->document;
	struct nm_arena *arena = &document->arena;
	int r;

	document->run.state = result ? NM_RUN_INCOMPLETE : NM_RUN_COMPLETE;
	document->run.reason = NULL;
	if (result == -EINTR)
		document->run.reason =
			nm_arena_printf(arena, "stopped by signal %d", nm_stop_signal);
	else if (result)
		document->run.reason = nm_arena_strdup(arena, nm_error_last()->text);
	document->run.ended = now(arena);
	r = nm_session_summarise(document);
	return r ? r : nm_environment_finish(&run->root, arena, &document->environment);
}

static void say_where(const struct run *run, bool written)
{
	const char *path = run->options->document_path;

	if (!written && access(run->journal.path, F_OK) == 0)
		nm_warn("every finished round is safe in %s: nestmark run --resume %s",
			run->journal.path, path);
	else if (written && run->document->run.state == NM_RUN_INCOMPLETE)
		nm_warn("wrote %s (incomplete; nestmark run --resume %s finishes it)", path, path);
	else if (written && !run->options->quiet)
		nm_warn("wrote %s", path);
}

/* What fails a check weighs more than what could not be measured (docs/usage.md). */
static int worse_code(int a, int b)
{
	if (a == NM_EXIT_CHECK_FAILED || b == NM_EXIT_CHECK_FAILED)
		return NM_EXIT_CHECK_FAILED;
	if (a == NM_EXIT_UNDECIDED || b == NM_EXIT_UNDECIDED)
		return NM_EXIT_UNDECIDED;
	return a ? a : b;
}

static int show_document(struct run *run, const struct nm_document *document)
{
	struct nm_run_options *options = run->options;
	int code = nm_outputs_write(&options->outputs, document, options->colour);

	if (!options->against.count || nm_stop_signal)
		return code;
	return worse_code(code,
			  nm_against_finish(&options->against, document, options->document_path));
}

/* What is shown is what was written, read back: numbers in the document have nine digits. */
static int show(struct run *run, bool written)
{
	struct nm_document document = {0};
	int code;

	if (written && !nm_document_read(run->options->document_path, &document))
		code = show_document(run, &document);
	else
		code = show_document(run, run->document);
	nm_document_free(&document);
	return code;
}

static int finish(struct run *run, int result)
{
	struct nm_run_options *options = run->options;
	int code;
	int r;
	bool concluded;

	/* Another part will go on: the journal has it all. */
	if (result == -ECANCELED && options->passes)
		return NM_EXIT_OK;
	r = conclude(run, result);
	concluded = !r;

	code = exit_code(options, run->document);
	if (!r)
		r = nm_journal_finish(&run->journal, run->document);
	if (r)
		code = nm_report_error(NM_EXIT_UNDECIDED);
	/* What could not be summarised is not shown. */
	if (concluded)
		code = worse_code(code, show(run, !r));
	say_where(run, !r);
	return code;
}

static int measure(struct run *run)
{
	struct nm_progress progress;
	struct nm_session session = {
		.document = run->document,
		.host = &run->host,
		.journal = &run->journal,
		.cpus = run->cpus,
		.cpu_count = run->cpu_count,
		.limited = run->options->part,
		.passes = run->options->passes,
		.progress = nm_progress_show,
		.progress_context = &progress,
	};
	int r;

	nm_progress_init(&progress, run->document, run->options->quiet, run->options->verbose);
	r = run->document->soak ? nm_soak_run(&session) : nm_session_run(&session);
	nm_progress_end(&progress);
	if (r && r != -EINTR && r != -ECANCELED)
		nm_report_error(NM_EXIT_UNDECIDED);
	return r;
}

static void close_run(struct run *run)
{
	nm_outputs_abandon(&run->options->outputs);
	nm_against_free(&run->options->against);
	nm_journal_close(&run->journal, false);
	nm_io_place_sweep(&run->io);
	nm_io_place_close(&run->io);
	nm_linux_close(&run->linux_side);
	nm_round_host_free(&run->host);
	if (run->host.exits_below)
		close(run->host.meter_fd);
	nm_kvm_close(&run->kvm);
	nm_topology_free(run->topology);
	nm_root_close(&run->root);
}

static int run_all(struct nm_run_options *options, int argc, char **argv)
{
	struct run run = {
		.options = options,
		.document = options->document,
		.root = {.fd = -1},
		.kvm = {.fd = -1},
		.io = {.fd = -1},
		.journal = {.fd = -1, .document = {.fd = -1}},
	};
	int code;
	int r = options->resume ? prepare_resume(&run, argc, argv) : prepare_new(&run, argc, argv);

	nm_stop_catch();
	if (!r)
		r = open_results(&run);
	if (r) {
		code = nm_report_error(r == -EOPNOTSUPP ? (int)options->skip_code : NM_EXIT_USAGE);
	} else {
		r = measure(&run);
		code = finish(&run, r);
		if (r && r != -EINTR && r != -ECANCELED)
			code = worse_code(code, NM_EXIT_UNDECIDED);
	}
	close_run(&run);
	return code;
}

static int run_main(int argc, char **argv)
{
	struct nm_document document = {0};
	struct nm_run_options options = {
		.document = &document,
		.selection = {.native = true, .guest = true},
		.outputs = {.kind = &nm_run_output},
		.against = {.comparing = {.outputs = {.kind = &nm_comparison_output}}},
		.profile = &nm_profiles[0],
		.skip_code = NM_EXIT_UNSUPPORTED,
	};
	int code;

	document.run.plan.target_ci_percent = NAN;
	document.run.plan.cpu = -1;
	document.run.plan.kvm_device = NM_KVM_DEVICE;
	if (nm_run_parse(&options, argc, argv, &code))
		code = run_all(&options, argc, argv);
	nm_document_free(&document);
	nm_stop_raise();
	return code;
}

const struct nm_command nm_command_run = {
	.name = "run",
	.summary = "measure, and write the run document",
	.main = run_main,
	.help = "Usage: nestmark run [OPTION…] [PATTERN…]\n"
		"Measures operations natively and in guests, each round in a fresh VM. PATTERN is "
		"a glob on\n"
		"the names that nestmark list shows, or on those of measurements, which reports "
		"show, such as\n"
		"'mem.slot.move/*/slots64'; without one everything is measured.\n"
		"\n"
		"What:\n"
		"      --group NAME          operations of this group; repeatable\n"
		"      --context LIST        native, guest, or native,guest (default)\n"
		"How much:\n"
		"      --profile NAME        quick, standard (default) or thorough\n"
		"      --rounds N            rounds of each measurement\n"
		"      --samples N           samples in a round\n"
		"      --target-ci PERCENT   go on, from the tenth round, until the interval of "
		"the median is\n"
		"                            this narrow on each side, or 100 rounds are done\n"
		"      --budget TIME         start no further round after this time (90s, 5m, 1h)\n"
		"      --soak TIME           repeat rounds for this long and count what fails: "
		"guests that stop\n"
		"                            from time to time. --rounds is then how many of each "
		"measurement\n"
		"                            are kept, a sample of all (default 100)\n"
		"      --time-limit TIME     end a guest that takes longer\n"
		"      --density-max N       guests that life.density.* may have at a time: 1 to "
		"200 (default 32)\n"
		"      --density-factor N    of these guests so many fit until the p99 of an exit "
		"has risen\n"
		"                            N times (default 2)\n"
		"Linux guests (linux.*, only when asked for, as by --group linux):\n"
		"      --kernel FILE         the kernel that they boot (default: the one that runs "
		"here)\n"
		"      --modules FOLDER      its modules, for linux.file.* and linux.net.* "
		"(default: "
		"lib/modules/RELEASE\n"
		"                            beside the folder of FILE, or of this machine)\n"
		"      --append TEXT         added to its command line\n"
		"      --vmm VMM             measure them in it too: qemu-q35 (or qemu), "
		"qemu-microvm,\n"
		"                            firecracker, cloud-hypervisor, with =PROGRAM behind "
		"it "
		"where $PATH\n"
		"                            has none; repeatable\n"
		"How:\n"
		"      --seed N              order of rounds and bootstrap\n"
		"      --cpu N               where vCPUs run\n"
		"      --clock CLOCK         tsc (default), or instructions: in an emulator whose "
		"TSC counts them\n"
		"      --exits-below         count the exits that guests cause in the KVM below "
		"this machine;\n"
		"                            needs root, and a machine that nestmark boot has "
		"started\n"
		"      --exit-reasons        count the exits of Linux guests by their reason "
		"(kvm:kvm_exit), "
		"which\n"
		"                            makes each of them longer; needs root or "
		"CAP_PERFMON, and tracefs\n"
		"      --io-path FOLDER      where I/O is measured, on a file without a name "
		"(default: "
		"beside\n"
		"                            the document)\n"
		"      --io-size SIZE        of that file (default 64M)\n"
		"      --io-device DEVICE    measure I/O on this block device instead, which loses "
		"what "
		"it holds:\n"
		"                            needs --i-know-it-will-be-overwritten\n"
		"      --kvm-device PATH     the KVM device (default /dev/kvm)\n"
		"      --resume DOCUMENT     finish a run that was interrupted\n"
		"Comparison:\n"
		"      --against BASE        compare with this run document, and show that; "
		"repeatable "
		"(nestmark\n"
		"                            compare)\n"
		"      --gate                exit with 1 on a regression, with 3 on what is "
		"missing, "
		"invalid or got\n"
		"                            worse; --strict, --policy FILE and --allow GLOB as of "
		"nestmark compare\n"
		"      --comparison FORMAT:PATH\n"
		"                            the comparison into a file, as -o does with the "
		"document\n"
		"Results:\n"
		"  -o, --output FORMAT:PATH  text, md, html, json or another format "
		"(docs/reports.md) into a file;\n"
		"                            - is stdout; PATH/ names the file\n"
		"                            after the run; repeatable. The first json:PATH is the "
		"document;\n"
		"                            without one it is written to the current directory\n"
		"  -J, --json                the document on stdout too, instead of the table\n"
		"  -q, --quiet               no progress and no hints\n"
		"  -v, --verbose             a line for every round\n"
		"      --color WHEN          auto, always or never\n"
		"      --skip-exit-code N    use N instead of 4 when everything selected is "
		"unsupported\n"
		"  -h, --help                this help\n",
};
