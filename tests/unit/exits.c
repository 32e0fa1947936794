/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Exits by reason: the tracepoint that counts them, the profile that a run keeps, and what they cost. */
#include "analysis/predict.h"
#include "benchmarks/linux/exit_profile.h"
#include "benchmarks/session.h"
#include "helpers.h"
#include "vmm/exit_trace.h"

#include <math.h>
#include <sys/stat.h>

#define PLACE "sys/kernel/tracing/events/kvm/kvm_exit"
#define OLDER "sys/kernel/debug/tracing/events/kvm/kvm_exit"

/* The tracepoint */

static void make_folders(const char *path)
{
	char part[128];

	for (size_t i = 0; path[i]; i++)
		if (path[i + 1] == '/' || !path[i + 1]) {
			snprintf(part, sizeof(part), "%.*s", (int)i + 1, path);
			mkdir(part, 0700);
		}
}

static int tracepoint_of(uint64_t *id)
{
	struct nm_root root;
	int r;

	cr_assert_eq(nm_root_open(&root, "."), 0, "%s", nm_error_last()->text);
	r = nm_exit_tracepoint(&root, id);
	nm_root_close(&root);
	return r;
}

TestSuite(tracepoint, .init = enter_folder, .fini = leave_folder);

Test(tracepoint, its_number_is_read_from_tracefs)
{
	uint64_t id = 0;

	make_folders(PLACE);
	write_text(PLACE "/id", "1792\n");
	cr_assert_eq(tracepoint_of(&id), 0, "%s", nm_error_last()->text);
	cr_assert_eq(id, 1792);
}

Test(tracepoint, debugfs_is_the_older_place)
{
	uint64_t id = 0;

	make_folders(OLDER);
	write_text(OLDER "/id", "77\n");
	cr_assert_eq(tracepoint_of(&id), 0, "%s", nm_error_last()->text);
	cr_assert_eq(id, 77);
}

Test(tracepoint, none_is_said_with_its_remedy)
{
	uint64_t id;

	cr_assert_eq(tracepoint_of(&id), -EOPNOTSUPP);
	assert_error_says("tracepoint kvm:kvm_exit");
	cr_assert(strstr(nm_error_last()->remedy, "mount -t tracefs"), "it says \"%s\"",
		  nm_error_last()->remedy);
}

Test(tracepoint, what_is_no_number_is_refused)
{
	static const char *const texts[] = {
		"",
		"\n",
		"0\n",
		"-1\n",
		"+1\n",
		" 1\n",
		"1x\n",
		"0x10\n",
		"id\n",
		"2147483648\n",
		"99999999999999999999999\n",
	};
	uint64_t id;

	make_folders(PLACE);
	for (size_t i = 0; i < COUNT(texts); i++) {
		write_text(PLACE "/id", texts[i]);
		cr_assert_eq(tracepoint_of(&id), -EOPNOTSUPP, "\"%s\" is accepted", texts[i]);
		assert_error_says("is not its number");
	}
}

/* Where this process may count at all, the kernel knows no such tracepoint. */
Test(tracepoint, one_that_is_not_there_leaves_nothing_open)
{
	struct nm_exit_trace trace;
	int before = dup(0);
	int after;

	close(before);
	cr_assert_eq(nm_exit_trace_open(&trace, INT32_MAX), -EOPNOTSUPP);
	assert_error_says("tracepoint kvm:kvm_exit");
	cr_assert_eq(trace.count, 0, "%zu counters", trace.count);
	after = dup(0);
	close(after);
	cr_assert_eq(before, after, "a descriptor is left");
}

static void assert_reasons(const struct nm_exit_reason *reasons)
{
	size_t count = 0;

	for (; reasons[count].name; count++) {
		cr_assert_eq(strncmp(reasons[count].filter, "exit_reason==", 13), 0, "%s: %s",
			     reasons[count].name, reasons[count].filter);
		for (size_t i = 0; i < count; i++) {
			cr_assert_str_neq(reasons[i].name, reasons[count].name);
			cr_assert_str_neq(reasons[i].filter, reasons[count].filter);
		}
	}
	cr_assert_leq(count, NM_EXIT_REASONS, "%zu reasons", count);
}

Test(reasons, each_has_one_name_and_one_filter)
{
	assert_reasons(nm_exit_reasons_vmx);
	assert_reasons(nm_exit_reasons_svm);
	cr_assert(nm_exit_reasons() == nm_exit_reasons_vmx ||
		  nm_exit_reasons() == nm_exit_reasons_svm);
}

/* The profile */

static struct nm_document document;

static struct nm_measurement *add(const char *operation, enum nm_context context, double p50)
{
	struct nm_measurement *m = nm_arena_append(&document.arena, &document.measurements.items,
						   &document.measurements.count, sizeof(*m));

	m->operation = operation;
	m->context = context;
	m->unit = "ns";
	m->batch = 2;
	m->summary.p50 = (struct nm_statistic) {.value = p50, .lo = p50 * 0.9, .hi = p50 * 1.1};
	m->evidence.exits_per_op = context == NM_CONTEXT_GUEST ? 1 : NAN;
	return m;
}

/* Rounds of 10 samples of 2 operations that take a microsecond each. */
static struct nm_measurement *add_linux(const char *operation, double exits)
{
	struct nm_measurement *m = add(operation, NM_CONTEXT_GUEST, 5000);
	struct nm_round *round = nm_arena_append(&document.arena, &m->rounds.items,
						 &m->rounds.count, sizeof(*round));

	*round = (struct nm_round) {.index = 1, .samples = 10, .duration_ns = 20000};
	nm_map_set(&document.arena, &m->parameters, "vmm", NM_STRING("nestmark"));
	m->evidence.exits_per_op = exits;
	return m;
}

static void counted(struct nm_measurement *m, const char *name, double per_op)
{
	nm_map_set(&document.arena, &m->evidence.counters_per_op, name, NM_REAL(per_op));
}

static const struct nm_exit_profile *filled(void)
{
	cr_assert_eq(nm_exit_profile_fill(&document), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.exit_profile.count, 1, "%zu profiles", document.exit_profile.count);
	return document.exit_profile.items;
}

static double of(const struct nm_map *map, const char *name)
{
	const struct nm_value *value = nm_map_get(map, name);

	return value ? value->real : NAN;
}

static void assert_near(double value, double expected)
{
	cr_assert(fabs(value - expected) < 1e-9 * fabs(expected) + 1e-12, "%g, expected %g", value,
		  expected);
}

static void forget(void)
{
	nm_document_free(&document);
}

TestSuite(profile, .fini = forget);

Test(profile, without_the_tracepoint_kinds_are_statistics_of_kvm)
{
	struct nm_measurement *m = add_linux("linux.timer", 4);
	const struct nm_exit_profile *profile;

	counted(m, "exits", 4);
	counted(m, "halt_exits", 1.5);
	counted(m, "io_exits", 0.5);
	counted(m, "insn_emulation", 3);
	counted(m, "halt_successful_poll", 1);
	profile = filled();
	cr_assert_str_eq(profile->measurement, "linux.timer/guest/nestmark");
	cr_assert_str_eq(profile->source, "kvmstats");
	assert_near(profile->operations_per_s, 1e6);
	assert_near(profile->exits_per_s, 4e6);
	cr_assert_eq(profile->kinds_per_op.count, 3, "%zu kinds", profile->kinds_per_op.count);
	assert_near(of(&profile->kinds_per_op, "halt_exits"), 1.5);
	assert_near(of(&profile->kinds_per_op, "other"), 2);
	assert_near(of(&profile->kinds_per_s, "halt_exits"), 1.5e6);
}

Test(profile, with_it_kinds_are_reasons_of_the_cpu)
{
	struct nm_measurement *m = add_linux("linux.timer", 4);
	const struct nm_exit_profile *profile;

	document.run.plan.exit_reasons = true;
	counted(m, "halt_exits", 1.5);
	counted(m, "reason.HLT", 1.5);
	counted(m, "reason.MSR_WRITE", 2.75);
	profile = filled();
	cr_assert_str_eq(profile->source, "tracepoint");
	assert_near(of(&profile->kinds_per_op, "HLT"), 1.5);
	assert_near(of(&profile->kinds_per_op, "MSR_WRITE"), 2.75);
	assert_near(of(&profile->kinds_per_op, "other"), 0);
	cr_assert_null(nm_map_get(&profile->kinds_per_op, "halt_exits"));
}

Test(profile, only_operations_of_an_agent_whose_exits_are_known_have_one)
{
	add("exit.cpuid", NM_CONTEXT_GUEST, 1000);
	add("linux.timer", NM_CONTEXT_NATIVE, 1000);
	add_linux("linux.timer", NAN);
	add_linux("linux.boot.init", 1);
	add_linux("linux.no-such-operation", 1);
	add("linux.syscall", NM_CONTEXT_GUEST, 1000);
	cr_assert_eq(nm_exit_profile_fill(&document), 0);
	cr_assert_eq(document.exit_profile.count, 0, "%zu profiles", document.exit_profile.count);
}

Test(profile, a_summary_of_a_document_fills_it_anew)
{
	add_linux("linux.timer", 4);
	filled();
	filled();
}

/* The prediction */

static struct nm_prediction prediction;

static const struct nm_predicted *predicted(const struct nm_document *costs)
{
	cr_assert_eq(nm_predict(&document, costs, &prediction), 0, "%s", nm_error_last()->text);
	cr_assert_eq(prediction.operations.count, 1);
	return prediction.operations.items;
}

static const struct nm_predicted_kind *kind(const char *name)
{
	const struct nm_predicted *line = prediction.operations.items;

	for (size_t i = 0; i < line->kinds.count; i++)
		if (!strcmp(line->kinds.items[i].kind, name))
			return &line->kinds.items[i];
	cr_assert_fail("no kind %s", name);
	return NULL;
}

/* 2 MSR_WRITE, 1 HLT and 1 INTR in 5 us, which take 1 us natively. */
static void timer_profile(void)
{
	struct nm_measurement *m = add_linux("linux.timer", 4);

	document.run.uuid = "01234567-89ab-4cde-8f01-23456789abcd";
	document.run.plan.exit_reasons = true;
	counted(m, "reason.MSR_WRITE", 2);
	counted(m, "reason.HLT", 1);
	counted(m, "reason.INTR", 1);
	filled();
}

static void forget_both(void)
{
	nm_prediction_free(&prediction);
	forget();
}

TestSuite(predict, .init = timer_profile, .fini = forget_both);

Test(predict, exits_times_their_price_are_a_share_of_the_difference)
{
	const struct nm_predicted *line;

	add("linux.timer", NM_CONTEXT_NATIVE, 1000);
	add("exit.wrmsr", NM_CONTEXT_GUEST, 500);
	/* Four exits in one operation share its time. */
	add("exit.hlt.irqchip", NM_CONTEXT_GUEST, 4000)->evidence.exits_per_op = 4;
	line = predicted(&document);
	assert_near(line->difference, 4000);
	assert_near(line->cost.value, 2 * 500 + 1000);
	assert_near(line->cost.lo, 1800);
	assert_near(line->cost.hi, 2200);
	assert_near(line->priced_exits_per_op, 3);
	assert_near(line->share, 0.5);
	cr_assert_str_eq(kind("HLT")->priced_by, "exit.hlt.irqchip/guest");
	assert_near(kind("HLT")->each.value, 1000);
	assert_near(kind("MSR_WRITE")->cost.value, 1000);
	cr_assert_str_eq(kind("INTR")->reason, "no operation measures it");
}

Test(predict, what_has_no_price_says_so)
{
	const struct nm_predicted *line = predicted(&document);

	assert_near(line->priced_exits_per_op, 0);
	assert_near(line->cost.value, 0);
	cr_assert_str_eq(kind("MSR_WRITE")->reason, "exit.wrmsr is not measured there");
	cr_assert_null(kind("MSR_WRITE")->priced_by);
	cr_assert(isnan(kind("MSR_WRITE")->cost.value), "it costs %g",
		  kind("MSR_WRITE")->cost.value);
	cr_assert(isnan(line->share), "a share of %g", line->share);
	cr_assert_str_eq(line->reason, "not measured on both sides");
}

Test(predict, an_operation_that_failed_or_did_not_exit_is_no_price)
{
	add("exit.wrmsr", NM_CONTEXT_GUEST, 500)->state = NM_STATE_INVALID;
	add("exit.wrmsr", NM_CONTEXT_NATIVE, 500);
	add("exit.hlt.irqchip", NM_CONTEXT_GUEST, 500)->evidence.exits_per_op = 0.02;
	predicted(&document);
	cr_assert_null(kind("MSR_WRITE")->priced_by);
	cr_assert_null(kind("HLT")->priced_by);
}

Test(predict, costs_of_another_run_have_no_share)
{
	struct nm_document costs = document;
	const struct nm_predicted *line;

	add("linux.timer", NM_CONTEXT_NATIVE, 1000);
	add("exit.wrmsr", NM_CONTEXT_GUEST, 500);
	costs.measurements = document.measurements;
	costs.run.uuid = "11234567-89ab-4cde-8f01-23456789abcd";
	line = predicted(&costs);
	assert_near(line->cost.value, 1000);
	cr_assert(isnan(line->share));
	cr_assert_str_eq(line->reason, "the costs are those of another run");
}

Test(predict, a_guest_that_is_not_slower_has_no_share)
{
	add("linux.timer", NM_CONTEXT_NATIVE, 6000);
	cr_assert_str_eq(predicted(&document)->reason, "the guest is not slower");
}

Test(predict, time_and_instructions_do_not_mix)
{
	struct nm_document costs = document;

	costs.run.clock = NM_CLOCK_INSTRUCTIONS;
	cr_assert_eq(nm_predict(&document, &costs, &prediction), -EINVAL);
	assert_error_says("instructions");
}

Test(predict, without_a_profile_there_is_nothing_to_predict)
{
	document.exit_profile.count = 0;
	cr_assert_eq(nm_predict(&document, &document, &prediction), -ENODATA);
	assert_error_says("no exit profile");
}

/* A document is what somebody has sent. */
Test(predict, a_profile_may_name_and_count_anything)
{
	struct nm_exit_profile *profile = document.exit_profile.items;

	profile->measurement = "linux.other/guest";
	nm_map_set(&document.arena, &profile->kinds_per_op, "HLT", NM_STRING("1"));
	nm_map_set(&document.arena, &profile->kinds_per_op, "\033[2J", NM_INT(3));
	add("exit.hlt.irqchip", NM_CONTEXT_GUEST, 500);
	predicted(&document);
	cr_assert(isnan(kind("HLT")->cost.value), "it costs %g", kind("HLT")->cost.value);
	assert_near(kind("\033[2J")->exits_per_op, 3);
	assert_near(prediction.operations.items->cost.value, 0);
	cr_assert(isnan(prediction.operations.items->difference));
}
