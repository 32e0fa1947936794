/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/area.h"
#include "benchmarks/journal.h"
#include "benchmarks/plan.h"
#include "benchmarks/resume.h"
#include "benchmarks/session.h"
#include "benchmarks/summary.h"
#include "core/clock.h"
#include "core/statistics.h"
#include "sample.h"

#include <errno.h>
#include <sys/stat.h>

static struct nm_document document;

static void free_document(void)
{
	nm_document_free(&document);
}

static void free_all(void)
{
	free_document();
	leave_folder();
}

/* Descriptors */

Test(registry, descriptors_are_complete_and_unique)
{
	for (size_t i = 0; nm_benches[i]; i++) {
		const struct nm_bench *bench = nm_benches[i];

		cr_assert_eq(nm_bench_find(bench->name), bench, "%s exists twice", bench->name);
		cr_assert_lt(strlen(bench->name), NM_ABI_NAME_BYTES, "%s is too long", bench->name);
		cr_assert(bench->group[0] && bench->summary[0], "%s is not described", bench->name);
		cr_assert_geq(bench->version, 1, "%s has no version", bench->name);
		cr_assert(nm_bench_has_guest(bench) || bench->native, "%s has no side",
			  bench->name);
		cr_assert_not(bench->cpls & ~(NM_CPL0 | NM_CPL3), "%s: levels", bench->name);
		cr_assert(bench->expect.user_exits <= bench->expect.exits,
			  "%s leaves to user space without an exit", bench->name);
		cr_assert(bench->throughput || !bench->bytes, "%s: bytes of nothing", bench->name);
		cr_assert_eq(bench->drill, !strncmp(bench->name, "drill.", 6), "%s", bench->name);
		cr_assert_eq(nm_bench_vcpus(bench, 2) > 1 && !bench->linux_guest,
			     bench->partner != NULL, "%s: further vCPUs and what they run",
			     bench->name);
		cr_assert_eq(bench->linux_guest != NM_LINUX_NONE,
			     !strncmp(bench->name, "linux.", 6), "%s", bench->name);
		cr_assert(bench->linux_guest != NM_LINUX_AGENT || bench->native,
			  "%s: the agent runs natively too", bench->name);
	}
	cr_assert_null(nm_bench_find("exit"), "half a name is found");
}

Test(registry, axes_have_ascending_points)
{
	for (size_t i = 0; nm_benches[i]; i++) {
		const char *name = nm_benches[i]->name;
		const struct nm_axis *axis = nm_benches[i]->axis;

		cr_assert_not(nm_benches[i]->single && nm_benches[i]->batch, "%s: batch", name);
		if (!axis)
			continue;
		cr_assert(axis->count && axis->count <= NM_MAX_POINTS, "%s: points", name);
		cr_assert(axis->usual < axis->count, "%s: usual points", name);
		cr_assert(axis->quick < (axis->usual ? axis->usual : axis->count),
			  "%s: quick points", name);
		cr_assert(axis->counted <= axis->count, "%s: counted points", name);
		for (size_t point = 1; point < axis->count; point++)
			cr_assert_gt(axis->points[point], axis->points[point - 1], "%s", name);
	}
}

Test(registry, profiles_stay_within_the_limits)
{
	for (const struct nm_profile *profile = nm_profiles; profile->name; profile++) {
		cr_assert_eq(nm_profile_find(profile->name), profile, "%s", profile->name);
		cr_assert(profile->rounds && profile->rounds <= NM_MAX_ROUNDS, "%s: rounds",
			  profile->name);
		cr_assert(profile->samples >= 1000 && profile->samples <= NM_MAX_SAMPLES,
			  "%s: samples", profile->name);
		cr_assert_gt(profile->round_limit_ns, 0, "%s: no limit", profile->name);
	}
	cr_assert_str_eq(nm_profiles[0].name, "standard", "the default is %s", nm_profiles[0].name);
	cr_assert_null(nm_profile_find("fast"), "a profile is found that does not exist");
}

/* Selection */

static size_t count_selected(const struct nm_selection *selection)
{
	size_t count = 0;

	for (size_t i = 0; nm_benches[i]; i++)
		count += nm_selected(selection, nm_benches[i]);
	return count;
}

static size_t count_benches(const char *prefix)
{
	size_t count = 0;

	for (size_t i = 0; nm_benches[i]; i++)
		count += !strncmp(nm_benches[i]->name, prefix, strlen(prefix));
	return count;
}

static void assert_selects(const char *pattern, const char *group, size_t expected)
{
	struct nm_selection selection = {.native = true, .guest = true};

	if (pattern)
		nm_strings_add(&document.arena, &selection.patterns, pattern);
	if (group)
		nm_strings_add(&document.arena, &selection.groups, group);
	cr_assert_eq(nm_selection_check(&selection), 0, "%s", nm_error_last()->text);
	cr_assert_eq(count_selected(&selection), expected, "%s and %s select %zu",
		     pattern ? pattern : "no pattern", group ? group : "no group",
		     count_selected(&selection));
}

TestSuite(selection, .fini = free_document);

Test(selection, everything_but_the_drills_is_the_default)
{
	assert_selects(NULL, NULL,
		       count_benches("") - count_benches("drill.") - count_benches("linux."));
}

Test(selection, patterns_are_globs_on_names)
{
	assert_selects("exit.cpuid", NULL, 1);
	assert_selects("exit.*", NULL, count_benches("exit."));
	assert_selects("exit.pio.??", NULL, 1);
	assert_selects("floor.[l]oop", NULL, 1);
}

Test(selection, drills_must_be_named)
{
	assert_selects("*", NULL,
		       count_benches("") - count_benches("drill.") - count_benches("linux."));
	assert_selects("linux.boot.*", NULL, count_benches("linux.boot."));
	assert_selects(NULL, "linux", count_benches("linux."));
	assert_selects("drill.*", NULL, count_benches("drill."));
	assert_selects("drill.spin", NULL, 1);
	assert_selects(NULL, "drills", count_benches("drill."));
}

Test(selection, groups_and_patterns_add_up)
{
	assert_selects(NULL, "floors", count_benches("floor."));
	assert_selects("exit.cpuid", "floors", count_benches("floor.") + 1);
	assert_selects("floor.loop", "floors", count_benches("floor."));
}

static void assert_refused(const char *pattern, const char *group, const char *named)
{
	struct nm_selection selection = {0};

	if (pattern)
		nm_strings_add(&document.arena, &selection.patterns, pattern);
	nm_strings_add(&document.arena, group ? &selection.groups : &selection.patterns,
		       group ? group : "exit.*");
	cr_assert_eq(nm_selection_check(&selection), -EINVAL, "%s is accepted", named);
	assert_error_says(named);
	cr_assert_str_not_empty(nm_error_last()->remedy, "there is no remedy");
}

Test(selection, what_selects_nothing_is_refused_by_its_name)
{
	assert_refused("exit.cupid", NULL, "exit.cupid: matches no operation");
	assert_refused("", NULL, "matches no operation");
	assert_refused("[", NULL, "[: matches no operation");
	assert_refused("*triple-fault", NULL, "*triple-fault: matches no operation");
	assert_refused("exit.cupid/native", NULL, "exit.cupid/native: matches no operation");
	assert_refused("exit.*", "exit", "exit: no such group");
}

/* Plan */

static void pass(const char *id)
{
	add_finding(&document, id, NM_STATUS_PASS, NM_BOOL(true));
}

static void pass_all(void)
{
	static const char *const ids[] = {"kvm.device", "guest.canary", "kvm.cap.binary_stats_fd",
					  "kvm.cap.irqchip", "kvm.cap.ioeventfd"};

	for (size_t i = 0; i < COUNT(ids); i++)
		pass(ids[i]);
}

static int plan(const char *pattern, bool native, bool guest)
{
	struct nm_selection selection = {.native = native, .guest = guest};

	if (pattern)
		nm_strings_add(&document.arena, &selection.patterns, pattern);
	return nm_plan(&document, &selection);
}

static const struct nm_measurement *planned(size_t index)
{
	cr_assert_lt(index, document.measurements.count, "only %zu measurements are planned",
		     document.measurements.count);
	return &document.measurements.items[index];
}

TestSuite(plan, .fini = free_document);

Test(plan, every_context_and_level_is_a_measurement)
{
	struct nm_arena *arena = &document.arena;

	pass_all();
	cr_assert_eq(plan("exit.cpuid", true, true), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.measurements.count, 3, "%zu", document.measurements.count);
	cr_assert_str_eq(nm_measurement_name(arena, planned(0)), "exit.cpuid/native", "first");
	cr_assert_str_eq(nm_measurement_name(arena, planned(1)), "exit.cpuid/guest/cpl0", "second");
	cr_assert_str_eq(nm_measurement_name(arena, planned(2)), "exit.cpuid/guest/cpl3", "third");
	cr_assert_eq(nm_measurement_cpl(planned(1)), 0, "the level of cpl0");
	cr_assert_eq(nm_measurement_cpl(planned(2)), 3, "the level of cpl3");
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(planned(i)->state, NM_STATE_FAILED, "ok before it was measured");
		cr_assert_str_eq(planned(i)->reason, "not measured yet", "%s", planned(i)->reason);
		cr_assert_eq(planned(i)->version, nm_bench_find("exit.cpuid")->version, "version");
		cr_assert_str_eq(planned(i)->group, "exits", "the group");
		cr_assert(isnan(planned(i)->summary.p50.value), "there is a median already");
	}
}

Test(plan, figures_are_in_the_unit_of_the_clock)
{
	pass_all();
	cr_assert_eq(plan("floor.loop", true, false), 0, "%s", nm_error_last()->text);
	document.run.clock = NM_CLOCK_INSTRUCTIONS;
	cr_assert_eq(plan("floor.loop", true, false), 0, "%s", nm_error_last()->text);
	cr_assert_str_eq(planned(0)->unit, "ns", "by time it is %s", planned(0)->unit);
	cr_assert_str_eq(planned(1)->unit, "instructions", "by count it is %s", planned(1)->unit);
}

Test(plan, contexts_and_levels_that_do_not_exist_are_left_out)
{
	pass_all();
	cr_assert_eq(plan("exit.hlt", true, true), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.measurements.count, 1, "%zu of HLT", document.measurements.count);
	cr_assert_eq(plan("floor.syscall", true, true), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.measurements.count, 2, "%zu in all", document.measurements.count);
	cr_assert_eq(planned(1)->context, NM_CONTEXT_NATIVE, "a system call in a guest");
	cr_assert_eq(plan("floor.loop", true, false), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.measurements.count, 3, "%zu in all", document.measurements.count);
	cr_assert_eq(plan("floor.loop", false, true), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.measurements.count, 5, "%zu in all", document.measurements.count);
}

static void assert_points(const char *pattern, size_t expected)
{
	size_t before = document.measurements.count;

	cr_assert_eq(plan(pattern, true, false), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.measurements.count - before, expected, "%s: %zu points", pattern,
		     document.measurements.count - before);
}

Test(plan, an_axis_is_a_series_of_measurements)
{
	static const uint64_t points[] = {1, 64, 1024};
	struct nm_arena *arena = &document.arena;

	pass_all();
	assert_points("mem.slot.move", COUNT(points));
	for (size_t i = 0; i < COUNT(points); i++) {
		cr_assert_str_eq(planned(i)->series, "slots", "%s", planned(i)->series);
		cr_assert_eq(nm_measurement_point(planned(i)), points[i], "point %zu", i);
	}
	cr_assert_str_eq(nm_measurement_name(arena, planned(1)), "mem.slot.move/native/slots64",
			 "%s", nm_measurement_name(arena, planned(1)));
}

Test(plan, a_name_of_a_measurement_selects_it_alone)
{
	struct nm_arena *arena = &document.arena;

	pass_all();
	assert_points("mem.slot.move/native/slots64", 1);
	cr_assert_eq(nm_measurement_point(planned(0)), 64, "another point");
	assert_points("mem.slot.move/*", 3);
	assert_points("mem.slot.mov?/*/slots1", 1);
	cr_assert_eq(plan("exit.cpuid/*/cpl3", true, true), 0, "%s", nm_error_last()->text);
	cr_assert_str_eq(nm_measurement_name(arena, planned(5)), "exit.cpuid/guest/cpl3", "level");
	cr_assert_eq(document.measurements.count, 6, "%zu in all", document.measurements.count);
}

Test(plan, names_and_operations_add_up)
{
	struct nm_selection selection = {.native = true, .guest = true};

	pass_all();
	nm_strings_add(&document.arena, &selection.patterns, "exit.cpuid/native");
	nm_strings_add(&document.arena, &selection.patterns, "exit.hlt");
	cr_assert_eq(nm_plan(&document, &selection), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.measurements.count, 2, "%zu", document.measurements.count);
	nm_strings_add(&document.arena, &selection.groups, "exits");
	document.measurements.count = 0;
	cr_assert_eq(nm_plan(&document, &selection), 0, "%s", nm_error_last()->text);
	cr_assert_gt(document.measurements.count, 20, "%zu", document.measurements.count);
}

Test(plan, a_name_that_no_measurement_has_is_refused)
{
	pass_all();
	cr_assert_eq(plan("mem.slot.move/native/slots65", true, false), -EINVAL, "accepted");
	assert_error_says("mem.slot.move/native/slots65: matches no measurement");
	cr_assert_eq(plan("exit.hlt/native", true, true), -EINVAL, "accepted");
	assert_error_says("exit.hlt/native: matches no measurement");
}

/* Of a Linux guest in each of two VMMs of others. */
Test(plan, a_vmm_without_a_network_is_unsupported_where_one_is_needed)
{
	static const char *const vmms[] = {"qemu-q35", "firecracker=/opt/firecracker"};
	const char *const *requires = nm_bench_find("linux.net.pingpong")->requires;

	pass_all();
	for (size_t i = 0; i < NM_MAX_REQUIRES && requires[i]; i++)
		pass(requires[i]);
	for (size_t i = 0; i < COUNT(vmms); i++)
		nm_strings_add(&document.arena, &document.run.plan.vmms, vmms[i]);
	cr_assert_eq(plan("linux.net.pingpong", false, true), 0, "%s", nm_error_last()->text);
	cr_assert_eq(plan("linux.file.read", false, true), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.measurements.count, 6, "%zu", document.measurements.count);
	for (size_t i = 0; i < document.measurements.count; i++)
		cr_assert_eq(planned(i)->state, i == 2 ? NM_STATE_UNSUPPORTED : NM_STATE_FAILED,
			     "%zu: %s", i, planned(i)->reason);
	cr_assert_str_eq(planned(2)->reason,
			 "firecracker takes no network but a tap device of the host", "%s",
			 planned(2)->reason);
	cr_assert_str_not_empty(planned(2)->remedy, "no remedy");
}

Test(plan, slow_points_are_for_those_who_ask)
{
	pass_all();
	assert_points("mem.slot.mov?", 2);
	document.run.plan.profile = "quick";
	assert_points("mem.slot.mov?", 2);
	document.run.plan.profile = "thorough";
	assert_points("mem.slot.mov?", 3);
	document.run.plan.profile = "standard";
	assert_points("mem.chase.g4k.h4[k]", 5);
	document.run.plan.profile = "quick";
	assert_points("mem.chase.g4k.h4[k]", 3);
	assert_points("mem.chase.g4k.h4k", 7);
	document.run.clock = NM_CLOCK_INSTRUCTIONS;
	assert_points("mem.slot.mov?", 1);
	assert_points("mem.slot.move", 1);
}

Test(plan, points_with_more_vcpus_than_cpus_are_unsupported)
{
	pass_all();
	add_finding(&document, "topology.threads", NM_STATUS_INFO, NM_INT(4));
	cr_assert_eq(plan("mem.shootdown", false, true), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.measurements.count, 3, "%zu", document.measurements.count);
	cr_assert_neq(planned(0)->state, NM_STATE_UNSUPPORTED, "2 vCPUs");
	cr_assert_neq(planned(1)->state, NM_STATE_UNSUPPORTED, "4 vCPUs");
	cr_assert_eq(planned(2)->state, NM_STATE_UNSUPPORTED, "8 vCPUs on 4 CPUs");
	cr_assert_str_eq(planned(2)->reason,
			 "needs topology.threads of 8: it is 4 (read from a sample)", "%s",
			 planned(2)->reason);
}

Test(plan, nothing_at_all_is_refused)
{
	cr_assert_eq(plan("exit.hlt", true, false), -EINVAL, "a plan of nothing");
	assert_error_says("nothing is selected");
	cr_assert_eq(plan("no.such", true, true), -EINVAL, "a plan of what does not exist");
	assert_error_says("no.such");
	cr_assert_eq(document.measurements.count, 0, "%zu measurements are planned",
		     document.measurements.count);
}

Test(plan, unmet_requirements_carry_reason_and_remedy)
{
	pass("kvm.device");
	add_finding(&document, "guest.canary", NM_STATUS_FAIL, NM_BOOL(false));
	document.findings.items[1].evidence = "the guest did not start";
	document.findings.items[1].remedy = "load the module";
	cr_assert_eq(plan("exit.cpuid", true, true), 0, "%s", nm_error_last()->text);
	cr_assert_neq(planned(0)->state, NM_STATE_UNSUPPORTED, "the native side needs no guest");
	cr_assert_eq(planned(1)->state, NM_STATE_UNSUPPORTED, "it is not unsupported");
	cr_assert_str_eq(planned(1)->reason, "needs guest.canary: the guest did not start", "%s",
			 planned(1)->reason);
	cr_assert_str_eq(planned(1)->remedy, "load the module", "%s", planned(1)->remedy);
}

Test(plan, findings_that_nobody_made_are_unmet)
{
	cr_assert_eq(plan("floor.ioctl", true, false), 0, "%s", nm_error_last()->text);
	cr_assert_eq(planned(0)->state, NM_STATE_UNSUPPORTED, "it is not unsupported");
	cr_assert_str_eq(planned(0)->reason, "needs kvm.device: not established", "%s",
			 planned(0)->reason);
	cr_assert_null(planned(0)->remedy, "there is a remedy");
}

Test(plan, requirements_of_an_operation_come_after_those_of_every_guest)
{
	const struct nm_bench *bench = nm_bench_find("exit.pio.in.kernel");
	const struct nm_finding *finding = NULL;
	const char *id = NULL;

	cr_assert(nm_unmet(bench, NM_CONTEXT_GUEST, 0, &document.findings, &id, &finding), "met");
	cr_assert_str_eq(id, "kvm.device", "%s is missed first", id);
	cr_assert_null(finding, "a finding that does not exist");
	pass("kvm.device");
	pass("guest.canary");
	pass("kvm.cap.binary_stats_fd");
	add_finding(&document, "kvm.cap.irqchip", NM_STATUS_UNKNOWN, NM_BOOL(false));
	cr_assert(nm_unmet(bench, NM_CONTEXT_GUEST, 0, &document.findings, &id, &finding), "met");
	cr_assert_str_eq(id, "kvm.cap.irqchip", "%s is missed", id);
	cr_assert_eq(finding, &document.findings.items[3], "another finding");
	document.findings.items[3].status = NM_STATUS_PASS;
	cr_assert_not(nm_unmet(bench, NM_CONTEXT_GUEST, 0, &document.findings, &id, &finding),
		      "%s is not met", id);
}

/* Summary */

static struct nm_measurement *measured(const char *operation, enum nm_context context,
				       size_t rounds)
{
	struct nm_measurement *m = add_measurement(&document, operation, context);

	for (size_t i = 0; i < rounds; i++) {
		struct nm_round *round = add_round(&document, m);

		round->samples = 2000;
		round->min = 990 - (double)i;
		round->p5 = 1000 + (double)i;
		round->p50 = 1100 + (double)i;
		round->p90 = 1200;
		round->p99 = 1500;
		round->p999 = NAN;
		round->p999_reason = "needs 10000 samples in a round";
		round->max = 5000 + (double)i;
		round->mean = 1150;
		round->overhead = 10;
		round->duration_ns = 2300000;
		round->elapsed_ns = 40000000;
		if (context == NM_CONTEXT_GUEST)
			nm_map_set(&document.arena, &round->counters_per_op, "exits", NM_REAL(1));
	}
	return m;
}

static void each_round(struct nm_measurement *m, size_t first, size_t count,
		       void (*change)(struct nm_round *round))
{
	for (size_t i = first; i < first + count; i++)
		change(&m->rounds.items[i]);
}

static void fail_round(struct nm_round *round)
{
	round->state = NM_STATE_FAILED;
	round->reason = "the guest triple-faulted";
	round->p50 = NAN;
}

static void flag_round(struct nm_round *round)
{
	nm_strings_add(&document.arena, &round->flags, "steal");
}

static void disturb_clock(struct nm_round *round)
{
	nm_strings_add(&document.arena, &round->flags, "clock");
	round->clock_deviation_percent = -7.25;
}

static void set_counter(struct nm_measurement *m, const char *name, double value)
{
	for (size_t i = 0; i < m->rounds.count; i++)
		nm_map_set(&document.arena, &m->rounds.items[i].counters_per_op, name,
			   NM_REAL(value));
}

static void set_user_exits(struct nm_measurement *m, double value)
{
	for (size_t i = 0; i < m->rounds.count; i++)
		m->rounds.items[i].user_exits_per_op = value;
}

static void set_bucket(struct nm_round *round, const char *name, int64_t count)
{
	nm_map_set(&document.arena, &round->histogram, name, NM_INT(count));
}

/* What an operation takes, by the second clock. */
static void set_duration(struct nm_measurement *m, uint64_t operation_ns)
{
	for (size_t i = 0; i < m->rounds.count; i++)
		m->rounds.items[i].duration_ns = operation_ns * m->rounds.items[i].samples;
}

static void summarise(struct nm_measurement *m)
{
	cr_assert_eq(nm_summarise(m, nm_bench_find(m->operation), 1, &document.arena), 0, "%s",
		     nm_error_last()->text);
}

static void assert_state(struct nm_measurement *m, enum nm_state state, const char *reason)
{
	summarise(m);
	cr_assert_eq(m->state, (int)state, "it is %s, expected %s: %s", nm_state_names[m->state],
		     nm_state_names[state], m->reason ? m->reason : "no reason");
	if (reason)
		cr_assert(m->reason && strstr(m->reason, reason), "\"%s\" expected, it says \"%s\"",
			  reason, m->reason ? m->reason : "nothing");
	else
		cr_assert_null(m->reason, "there is a reason: %s", m->reason);
}

TestSuite(summary, .fini = free_document);

Test(summary, distributions_of_usable_rounds_add_up_in_order)
{
	struct nm_measurement *m = measured("floor.loop", NM_CONTEXT_NATIVE, 3);
	const struct nm_map *sum = &m->histogram;

	set_bucket(&m->rounds.items[0], "50", 7);
	set_bucket(&m->rounds.items[0], "1000", 1);
	set_bucket(&m->rounds.items[1], "50", 5);
	set_bucket(&m->rounds.items[1], "200", 3);
	set_bucket(&m->rounds.items[0], "2000", INT64_MAX);
	set_bucket(&m->rounds.items[1], "2000", 1);
	set_bucket(&m->rounds.items[2], "50", 99);
	fail_round(&m->rounds.items[2]);
	summarise(m);
	summarise(m);
	cr_assert_eq(sum->count, 4, "%zu buckets", sum->count);
	cr_assert_str_eq(sum->pairs[0].name, "50", "%s is first", sum->pairs[0].name);
	cr_assert_eq(sum->pairs[0].value.integer, 12, "of 50");
	cr_assert_str_eq(sum->pairs[1].name, "200", "%s is second", sum->pairs[1].name);
	cr_assert_eq(sum->pairs[1].value.integer, 3, "of 200");
	cr_assert_eq(sum->pairs[2].value.integer, 1, "of 1000");
	cr_assert_eq(sum->pairs[3].value.integer, INT64_MAX, "of 2000");
}

Test(summary, quiet_rounds_with_their_exits_are_ok)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(m->summary.floor.value == 1002, "floor %g", m->summary.floor.value);
	cr_assert(m->summary.p50.value == 1104.5, "p50 %g", m->summary.p50.value);
	cr_assert(m->summary.p50.lo >= 1100 && m->summary.p50.lo < m->summary.p50.value &&
			  m->summary.p50.hi > m->summary.p50.value && m->summary.p50.hi <= 1109,
		  "its interval is [%g, %g]", m->summary.p50.lo, m->summary.p50.hi);
	cr_assert(m->summary.p90.value == 1200, "p90 %g", m->summary.p90.value);
	cr_assert(m->summary.p99.value == 1500, "p99 %g", m->summary.p99.value);
	cr_assert(m->summary.mean.value == 1150, "mean %g", m->summary.mean.value);
	cr_assert(m->summary.min == 981, "min %g", m->summary.min);
	cr_assert(m->summary.max == 5009, "max %g", m->summary.max);
	cr_assert_null(m->summary.p50.reason, "a value with a reason: %s", m->summary.p50.reason);
	cr_assert_eq(m->evidence.rounds_ok, 10, "%zu rounds", (size_t)m->evidence.rounds_ok);
	cr_assert(m->evidence.exits_per_op == 1, "%g exits", m->evidence.exits_per_op);
	cr_assert(m->evidence.expected_exits_per_op == 1, "not one exit is expected");
	cr_assert(m->evidence.overhead == 10, "overhead %g", m->evidence.overhead);
	cr_assert(m->evidence.quiet_share == 1, "quiet share %g", m->evidence.quiet_share);
}

Test(summary, where_kvms_differ_two_numbers_of_exits_are_right)
{
	struct nm_measurement *m = measured("exit.cr0.wp", NM_CONTEXT_GUEST, 10);

	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(m->evidence.expected_exits_per_op == 1, "not one exit is expected");
	set_counter(m, "exits", 0.001);
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(m->evidence.expected_exits_per_op == 0, "an exit is expected");
	set_counter(m, "exits", 0.4);
	assert_state(m, NM_STATE_INVALID, "0.4 exits per operation, expected 0");
	set_counter(m, "exits", 0.6);
	assert_state(m, NM_STATE_INVALID, "0.6 exits per operation, expected 1");
	set_counter(m, "exits", 2);
	assert_state(m, NM_STATE_INVALID, "2 exits per operation, expected 1");
}

Test(summary, exits_that_vary_are_shown_and_not_judged)
{
	struct nm_measurement *m = measured("irq.spin.ring", NM_CONTEXT_GUEST, 10);

	set_counter(m, "exits", 0.4);
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(m->evidence.exits_per_op == 0.4, "%g exits", m->evidence.exits_per_op);
	cr_assert_not(m->evidence.emulated, "it is called emulated");
	set_counter(m, "insn_emulation", 30);
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(m->evidence.emulated, "30 decoded instructions are not called emulated");
}

Test(summary, percentiles_that_are_missing_say_why)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	summarise(m);
	cr_assert(isnan(m->summary.p999.value) && isnan(m->summary.p999.lo), "p99.9 has a value");
	cr_assert_str_eq(m->summary.p999.reason, "needs 10000 samples in a round", "it says %s",
			 m->summary.p999.reason);
	cr_assert_str_eq(m->native_ratio.reason, "no native partner measured", "it says %s",
			 m->native_ratio.reason);
}

Test(summary, no_round_is_a_failure)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 0);

	assert_state(m, NM_STATE_FAILED, "round");
	cr_assert(isnan(m->summary.p50.value) && isnan(m->summary.min), "there is a number");
	cr_assert_str_eq(m->summary.p50.reason, "no usable round", "it says %s",
			 m->summary.p50.reason);
	cr_assert_null(m->rounds.items, "there is a round");
}

Test(summary, more_than_a_fifth_of_failed_rounds_fails)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	each_round(m, 2, 3, fail_round);
	assert_state(m, NM_STATE_FAILED, "3 of 10 rounds failed: the guest triple-faulted");
	cr_assert_eq(m->evidence.rounds_failed, 3, "%zu", (size_t)m->evidence.rounds_failed);
	cr_assert_eq(m->evidence.rounds_ok, 7, "%zu rounds", (size_t)m->evidence.rounds_ok);
	cr_assert(m->summary.floor.value == 1001, "floor %g", m->summary.floor.value);
}

Test(summary, a_fifth_of_failed_rounds_is_noise)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	each_round(m, 0, 2, fail_round);
	assert_state(m, NM_STATE_NOISY, "2 of 10 rounds failed: the guest triple-faulted");
	cr_assert(m->summary.floor.value == 1003, "a failed round has a floor of %g",
		  m->summary.floor.value);
}

Test(summary, the_kind_of_failure_is_kept)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 4);

	for (size_t i = 0; i < 4; i++) {
		m->rounds.items[i].state = NM_STATE_TIMEOUT;
		m->rounds.items[i].reason = "it span";
	}
	assert_state(m, NM_STATE_TIMEOUT, "4 of 4 rounds timeout: it span");
	for (size_t i = 0; i < 4; i++) {
		m->rounds.items[i].state = NM_STATE_INVALID;
		m->rounds.items[i].reason = NULL;
	}
	assert_state(m, NM_STATE_INVALID, "4 of 4 rounds invalid: no reason given");
}

Test(summary, exits_to_user_space_must_agree)
{
	struct nm_measurement *m = measured("exit.pio.out", NM_CONTEXT_GUEST, 10);

	set_user_exits(m, 1);
	assert_state(m, NM_STATE_OK, NULL);
	set_user_exits(m, 0.5);
	assert_state(m, NM_STATE_INVALID, "0.5 exits to user space per operation, expected 1");
	set_user_exits(m, 1.002);
	assert_state(m, NM_STATE_INVALID, "expected 1");
	m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);
	set_user_exits(m, 2);
	assert_state(m, NM_STATE_INVALID, "2 exits to user space per operation, expected 0");
}

Test(summary, exits_must_agree)
{
	static const struct {
		double exits;
		enum nm_state state;
		const char *reason;
	} cases[] = {
		{0, NM_STATE_INVALID, "0 exits per operation, expected 1: it did not exit"},
		{0.94, NM_STATE_INVALID, "0.94 exits per operation, expected 1"},
		{0.96, NM_STATE_OK, NULL},
		{1.1, NM_STATE_OK, NULL},
		{1.12, NM_STATE_INVALID, "1.12 exits per operation, expected 1: something else"},
		{2, NM_STATE_INVALID,
		 "2 exits per operation, expected 1: something else exits too"},
	};
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	for (size_t i = 0; i < COUNT(cases); i++) {
		set_counter(m, "exits", cases[i].exits);
		assert_state(m, cases[i].state, cases[i].reason);
	}
}

Test(summary, counters_that_never_moved_are_no_exits)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	set_counter(m, "exits", 0);
	assert_state(m, NM_STATE_INVALID, "0 exits per operation, expected 1");
}

Test(summary, interrupts_of_the_host_are_allowed_for)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	set_duration(m, 1000000);
	set_counter(m, "exits", 3.05);
	assert_state(m, NM_STATE_OK, NULL);
	set_counter(m, "exits", 3.15);
	assert_state(m, NM_STATE_INVALID, "3.15 exits per operation, expected 1");
}

Test(summary, interrupts_come_with_time_and_not_with_instructions)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	m->unit = "instructions";
	for (size_t i = 0; i < 10; i++)
		m->rounds.items[i].mean = 1e6;
	set_duration(m, 1000);
	set_counter(m, "exits", 3.05);
	assert_state(m, NM_STATE_INVALID, "3.05 exits per operation, expected 1");
}

static void make_equal(struct nm_round *round)
{
	round->p5 = round->p50 = 2767;
}

Test(summary, equal_rounds_are_ok_with_an_interval_of_no_width)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	m->unit = "instructions";
	each_round(m, 0, 10, make_equal);
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(m->summary.p50.lo == 2767 && m->summary.p50.value == 2767 &&
			  m->summary.p50.hi == 2767,
		  "p50 %g [%g, %g]", m->summary.p50.value, m->summary.p50.lo, m->summary.p50.hi);
	cr_assert(m->summary.floor.lo == 2767 && m->summary.floor.hi == 2767, "floor [%g, %g]",
		  m->summary.floor.lo, m->summary.floor.hi);
	cr_assert(m->evidence.quiet_share == 1, "quiet share %g", m->evidence.quiet_share);
}

static void make_free(struct nm_round *round)
{
	round->p5 = round->p50 = round->overhead = 0;
}

Test(summary, what_costs_nothing_is_precise_and_has_no_ratio)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_NATIVE, 10);
	struct nm_measurement *guest = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	m = &document.measurements.items[0];
	each_round(m, 0, 10, make_free);
	assert_state(m, NM_STATE_OK, NULL);
	assert_state(guest, NM_STATE_OK, NULL);
	cr_assert(nm_precision_percent(m, 1) == 0, "it is precise to %g %%",
		  nm_precision_percent(m, 1));
	cr_assert_eq(nm_summarise_ratios(&document), 0, "%s", nm_error_last()->text);
	cr_assert(isnan(guest->native_ratio.value), "a ratio of %g", guest->native_ratio.value);
	cr_assert_str_eq(guest->native_ratio.reason, "the other side costs nothing", "%s",
			 guest->native_ratio.reason);
}

Test(summary, exits_below_are_a_median_where_the_meter_was_read)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	summarise(m);
	cr_assert(isnan(m->evidence.exits_below_per_op), "%g without a meter",
		  m->evidence.exits_below_per_op);
	set_counter(m, NM_COUNTER_BELOW, 21);
	nm_map_set(&document.arena, &m->rounds.items[3].counters_per_op, NM_COUNTER_BELOW,
		   NM_REAL(900));
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(m->evidence.exits_below_per_op == 21, "%g", m->evidence.exits_below_per_op);
}

Test(summary, interpreted_code_is_called_emulated)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	set_counter(m, "insn_emulation", 1.4);
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert_not(m->evidence.emulated, "one instruction per exit is decoding");
	set_counter(m, "insn_emulation", 1.6);
	set_counter(m, "exits", 0.01);
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(m->evidence.emulated, "it is not called emulated");
	cr_assert(m->evidence.insn_emulation_per_op == 1.6, "%g",
		  m->evidence.insn_emulation_per_op);
	set_user_exits(m, 1);
	assert_state(m, NM_STATE_INVALID, "exits to user space");
}

Test(summary, expected_decoding_is_not_emulation)
{
	struct nm_measurement *m = measured("exit.mmio.write", NM_CONTEXT_GUEST, 10);

	set_user_exits(m, 1);
	set_counter(m, "insn_emulation", 1);
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert_not(m->evidence.emulated, "the decoding of MMIO is expected");
	cr_assert(m->evidence.expected_insn_emulation_per_op == 1, "none is expected");
}

Test(summary, clocks_that_disagree_in_most_rounds_are_invalid)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	each_round(m, 0, 6, disturb_clock);
	assert_state(m, NM_STATE_INVALID, "TSC and CLOCK_MONOTONIC_RAW are");
	cr_assert(strstr(m->reason, "7.2"), "the deviation is missing: %s", m->reason);
}

Test(summary, clocks_that_disagree_in_some_rounds_are_noise)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	each_round(m, 0, 4, disturb_clock);
	assert_state(m, NM_STATE_NOISY, "4 of 10 rounds flagged");
}

Test(summary, more_than_a_fifth_of_flagged_rounds_is_noise)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	each_round(m, 0, 2, flag_round);
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert_eq(m->evidence.rounds_flagged, 2, "%zu", (size_t)m->evidence.rounds_flagged);
	each_round(m, 2, 1, flag_round);
	assert_state(m, NM_STATE_NOISY, "3 of 10 rounds flagged");
}

Test(summary, too_few_rounds_are_noise_until_more_come)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 3);

	m->rounds.count = 2;
	assert_state(m, NM_STATE_NOISY, "2");
	cr_assert(strstr(m->reason, "rounds"), "it says %s", m->reason);
	m->rounds.count = 3;
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert_eq(m->evidence.rounds_ok, 3, "%zu rounds", (size_t)m->evidence.rounds_ok);
}

Test(summary, a_median_that_is_not_known_is_noise)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	for (size_t i = 0; i < 10; i++)
		m->rounds.items[i].p50 = i < 5 ? 1000 : 1380;
	assert_state(m, NM_STATE_OK, NULL);
	for (size_t i = 5; i < 10; i++)
		m->rounds.items[i].p50 = 2000;
	assert_state(m, NM_STATE_NOISY, "the median is known to 33 % only");
}

Test(summary, a_median_of_next_to_nothing_is_known_well_enough)
{
	struct nm_measurement *m = measured("floor.loop", NM_CONTEXT_NATIVE, 10);

	for (size_t i = 0; i < 10; i++) {
		m->rounds.items[i].p50 = i < 5 ? 1 : 4;
		m->rounds.items[i].p5 = 0.5;
	}
	assert_state(m, NM_STATE_OK, NULL);
}

Test(summary, a_short_operation_whose_median_is_not_known_is_noise)
{
	struct nm_measurement *m = measured("floor.loop", NM_CONTEXT_NATIVE, 10);

	for (size_t i = 0; i < 10; i++) {
		m->rounds.items[i].overhead = 0;
		m->rounds.items[i].p50 = i < 5 ? 5 : 10;
		m->rounds.items[i].p5 = 5;
	}
	assert_state(m, NM_STATE_NOISY, "the median is known to 33 % only");
}

Test(summary, quiet_rounds_are_those_at_the_floor)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	for (size_t i = 4; i < 10; i++)
		m->rounds.items[i].p5 = 1300 + 50 * (double)i;
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(fabs(m->evidence.quiet_share - 0.4) < 1e-9, "%g", m->evidence.quiet_share);
}

Test(summary, a_native_measurement_has_no_exits)
{
	struct nm_measurement *m = measured("floor.loop", NM_CONTEXT_NATIVE, 10);

	set_user_exits(m, NAN);
	assert_state(m, NM_STATE_OK, NULL);
	cr_assert(isnan(m->evidence.exits_per_op), "%g exits", m->evidence.exits_per_op);
	cr_assert(isnan(m->evidence.expected_user_exits_per_op), "exits are expected");
	cr_assert_not(m->evidence.emulated, "it is emulated");
}

Test(summary, what_is_unsupported_stays_so)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);

	m->state = NM_STATE_UNSUPPORTED;
	m->reason = "needs kvm.device: absent";
	assert_state(m, NM_STATE_UNSUPPORTED, "needs kvm.device: absent");
}

Test(summary, counters_are_medians_over_usable_rounds)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 5);
	const struct nm_map *counters = &m->evidence.counters_per_op;

	each_round(m, 0, 1, fail_round);
	set_counter(m, "exits", 1.02);
	nm_map_set(&document.arena, &m->rounds.items[0].counters_per_op, "exits", NM_REAL(99));
	nm_map_set(&document.arena, &m->rounds.items[1].counters_per_op, "signal_exits",
		   NM_REAL(2));
	nm_map_set(&document.arena, &m->rounds.items[2].counters_per_op, "io_exits", NM_INT(4));
	nm_map_set(&document.arena, &m->rounds.items[3].counters_per_op, "io_exits", NM_INT(2));
	summarise(m);
	cr_assert(nm_map_get(counters, "exits")->real == 1.02, "exits");
	cr_assert(nm_map_get(counters, "signal_exits")->real == 0, "one round of four");
	cr_assert(nm_map_get(counters, "io_exits")->real == 1, "two rounds of four");
}

Test(summary, steal_is_a_share_of_all_rounds)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 4);

	m->rounds.items[0].steal_ns = 3200000;
	summarise(m);
	cr_assert(fabs(m->evidence.steal_percent - 2) < 1e-9, "%g", m->evidence.steal_percent);
}

Test(summary, a_side_that_is_not_valid_has_no_ratio)
{
	struct nm_measurement *guest;
	struct nm_measurement *native;

	measured("floor.loop", NM_CONTEXT_GUEST, 5);
	measured("floor.loop", NM_CONTEXT_NATIVE, 5);
	guest = &document.measurements.items[0];
	native = &document.measurements.items[1];
	set_counter(guest, "exits", 0);
	summarise(guest);
	summarise(native);
	native->state = NM_STATE_INVALID;
	cr_assert_eq(nm_summarise_ratios(&document), 0, "%s", nm_error_last()->text);
	cr_assert(isnan(guest->native_ratio.value), "a ratio to what is invalid");
	cr_assert_str_eq(guest->native_ratio.reason, "a side is not valid", "%s",
			 guest->native_ratio.reason);
}

Test(summary, a_guest_without_recorded_exits_is_invalid)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 5);

	for (size_t i = 0; i < m->rounds.count; i++)
		m->rounds.items[i].counters_per_op.count = 0;
	assert_state(m, NM_STATE_INVALID, "no exits recorded");
}

Test(summary, a_measurement_without_a_second_clock_is_invalid)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_NATIVE, 5);

	for (size_t i = 0; i < m->rounds.count; i++)
		m->rounds.items[i].clock_deviation_percent = NAN;
	assert_state(m, NM_STATE_INVALID, "no second clock recorded");
}

Test(summary, ratios_compare_the_medians_of_both_sides)
{
	struct nm_measurement *guest = measured("floor.loop", NM_CONTEXT_GUEST, 5);
	struct nm_measurement *native = measured("floor.loop", NM_CONTEXT_NATIVE, 5);
	struct nm_measurement *alone = measured("exit.hlt", NM_CONTEXT_GUEST, 5);
	const struct nm_statistic *ratio;

	/* Adding measurements moves them. */
	guest = &document.measurements.items[0];
	native = &document.measurements.items[1];
	alone = &document.measurements.items[2];
	for (size_t i = 0; i < 5; i++) {
		native->rounds.items[i].p50 = 100 + (double)i;
		guest->rounds.items[i].p50 = 204 + (double)i;
	}
	document.run.seed = 7;
	set_counter(guest, "exits", 0);
	summarise(guest);
	summarise(native);
	summarise(alone);
	cr_assert_eq(nm_summarise_ratios(&document), 0, "%s", nm_error_last()->text);
	ratio = &guest->native_ratio;
	cr_assert(fabs(ratio->value - 206.0 / 102) < 1e-12, "the ratio is %g", ratio->value);
	cr_assert(ratio->lo < ratio->value && ratio->value < ratio->hi, "[%g, %g]", ratio->lo,
		  ratio->hi);
	cr_assert_null(ratio->reason, "a ratio with a reason: %s", ratio->reason);
	cr_assert(isnan(alone->native_ratio.value), "a ratio to nothing");
	cr_assert_str_eq(alone->native_ratio.reason, "no native partner measured", "%s",
			 alone->native_ratio.reason);
	cr_assert(isnan(native->native_ratio.value), "a native measurement has a ratio");
}

static void set_rates(struct nm_measurement *m, double first)
{
	for (size_t i = 0; i < m->rounds.count; i++)
		m->rounds.items[i].operations_per_s = first + (double)i;
}

static void assert_statistic(const struct nm_statistic *s, double value, const char *what)
{
	cr_assert(fabs(s->value - value) < 1e-9, "%s is %.12g, expected %.12g", what, s->value,
		  value);
	cr_assert(s->lo < s->value && s->value < s->hi, "%s: [%g, %g]", what, s->lo, s->hi);
	cr_assert_null(s->reason, "%s has a reason", what);
}

Test(summary, throughput_is_a_median_with_bytes_and_a_ratio)
{
	const struct nm_throughput *t;

	measured("io.blk.read.4k", NM_CONTEXT_GUEST, 5);
	measured("io.blk.read.4k", NM_CONTEXT_NATIVE, 5);
	set_rates(&document.measurements.items[0], 498);
	set_rates(&document.measurements.items[1], 998);
	summarise(&document.measurements.items[0]);
	summarise(&document.measurements.items[1]);
	cr_assert_eq(nm_summarise_ratios(&document), 0, "%s", nm_error_last()->text);
	t = document.measurements.items[0].throughput;
	cr_assert(t, "there is none");
	cr_assert_eq(t->bytes_per_op, 4096, "%llu", (unsigned long long)t->bytes_per_op);
	assert_statistic(&t->operations_per_s, 500, "operations");
	assert_statistic(&t->bytes_per_s, 500 * 4096, "bytes");
	assert_statistic(&t->native_ratio, 0.5, "the ratio");
	t = document.measurements.items[1].throughput;
	cr_assert(isnan(t->native_ratio.value) && t->native_ratio.reason, "native of native");
}

Test(summary, what_moves_no_data_has_no_bytes_in_a_second)
{
	struct nm_measurement *m = measured("io.blk.flush", NM_CONTEXT_GUEST, 5);

	set_rates(m, 100);
	summarise(m);
	assert_statistic(&m->throughput->operations_per_s, 102, "operations");
	cr_assert(isnan(m->throughput->bytes_per_s.value) && m->throughput->bytes_per_s.reason,
		  "bytes");
}

Test(summary, there_is_no_throughput_where_it_is_no_result)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 5);

	summarise(m);
	cr_assert_null(m->throughput, "of an exit");
	m = measured("io.blk.read.4k", NM_CONTEXT_NATIVE, 5);
	m->unit = nm_clock_units[NM_CLOCK_INSTRUCTIONS];
	summarise(m);
	cr_assert_null(m->throughput, "of instructions");
}

Test(summary, a_neighbour_is_compared_with_the_idle_one)
{
	const struct nm_measurement *m;

	measured("life.neighbour.exit.idle", NM_CONTEXT_GUEST, 5);
	measured("life.neighbour.exit.io", NM_CONTEXT_GUEST, 5);
	measured("life.neighbour.chase.io", NM_CONTEXT_GUEST, 5);
	for (size_t i = 0; i < 5; i++) {
		document.measurements.items[1].rounds.items[i].p50 *= 3;
		document.measurements.items[1].rounds.items[i].p99 *= 5;
	}
	cr_assert_eq(nm_session_summarise(&document), 0, "%s", nm_error_last()->text);
	m = &document.measurements.items[1];
	cr_assert_null(document.measurements.items[0].against, "the idle one is compared");
	cr_assert_null(document.measurements.items[2].against, "one without a partner is");
	cr_assert_not_null(m->against, "it is not compared");
	cr_assert(strstr(m->against->measurement, "life.neighbour.exit.idle/guest"), "with %s",
		  m->against->measurement);
	cr_assert(fabs(m->against->p50.value - 3) < 1e-9, "p50 × %g", m->against->p50.value);
	cr_assert(fabs(m->against->p99.value - 5) < 1e-9, "p99 × %g", m->against->p99.value);
}

Test(summary, a_partner_without_usable_rounds_gives_no_ratio)
{
	struct nm_measurement *m;

	measured("floor.loop", NM_CONTEXT_GUEST, 5);
	m = measured("floor.loop", NM_CONTEXT_NATIVE, 5);
	each_round(m, 0, 5, fail_round);
	summarise(&document.measurements.items[0]);
	summarise(m);
	cr_assert_eq(nm_summarise_ratios(&document), 0, "%s", nm_error_last()->text);
	m = &document.measurements.items[0];
	cr_assert(isnan(m->native_ratio.value), "the ratio is %g", m->native_ratio.value);
	cr_assert(m->native_ratio.reason, "there is no reason");
}

Test(summary, a_session_summarises_everything)
{
	measured("floor.loop", NM_CONTEXT_GUEST, 5);
	measured("floor.loop", NM_CONTEXT_NATIVE, 5);
	set_counter(&document.measurements.items[0], "exits", 0);
	cr_assert_eq(nm_session_summarise(&document), 0, "%s", nm_error_last()->text);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(document.measurements.items[i].state, NM_STATE_OK, "%zu: %s", i,
			     document.measurements.items[i].reason);
	cr_assert(document.measurements.items[0].native_ratio.value == 1, "the ratio is %g",
		  document.measurements.items[0].native_ratio.value);
}

Test(summary, precision_is_half_the_interval_in_percent)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 10);
	double expected;

	summarise(m);
	expected = (m->summary.p50.hi - m->summary.p50.lo) / 2 / 1104.5 * 100;
	cr_assert(fabs(nm_precision_percent(m, 1) - expected) < 1e-12, "it is %g, expected %g",
		  nm_precision_percent(m, 1), expected);
	for (size_t i = 0; i < 10; i++)
		m->rounds.items[i].p50 = 1100;
	cr_assert(nm_precision_percent(m, 1) == 0, "of equal rounds it is %g",
		  nm_precision_percent(m, 1));
}

Test(summary, precision_needs_two_rounds)
{
	struct nm_measurement *m = measured("exit.cpuid", NM_CONTEXT_GUEST, 2);

	cr_assert_not(isnan(nm_precision_percent(m, 1)), "two rounds have none");
	m->rounds.count = 1;
	cr_assert(isnan(nm_precision_percent(m, 1)), "one round has a precision of %g %%",
		  nm_precision_percent(m, 1));
	m->rounds.count = 0;
	cr_assert(isnan(nm_precision_percent(m, 1)), "no round has one");
}

/* Digest */

#define TSC_KHZ 2000000u

/* Samples of 1, 2, 3 … ticks above 100, out of order; an overhead of 20 ticks, half a nanosecond each. */
static struct nm_round_area *new_area(const struct nm_round_order *order)
{
	struct nm_round_area *area =
		calloc(1, sizeof(*area) + 2 * order->samples * sizeof(uint64_t));

	for (uint64_t i = 0; i < order->samples; i++) {
		area->values[i] = 101 + (i * 7) % order->samples;
		area->values[order->samples + i] = 20;
	}
	area->tsc_khz = TSC_KHZ;
	area->tsc_ticks = 20000000;
	area->host_ns = 10000000;
	area->elapsed_ns = 100000000;
	return area;
}

static struct nm_round digest(const struct nm_round_order *order, struct nm_round_area *area)
{
	struct nm_round round = {.p99 = NAN, .p999 = NAN};

	cr_assert_eq(nm_round_digest(order, area, &document.arena, &round), 0, "%s",
		     nm_error_last()->text);
	free(area);
	return round;
}

static void assert_near(double value, double expected, const char *what)
{
	cr_assert(fabs(value - expected) < 1e-9, "%s is %.12g, expected %.12g", what, value,
		  expected);
}

static void assert_flag(const struct nm_round *round, const char *flag)
{
	cr_assert_eq(round->flags.count, flag ? 1 : 0, "%zu flags, the first is %s",
		     round->flags.count, round->flags.count ? round->flags.items[0] : "none");
	if (flag)
		cr_assert_str_eq(round->flags.items[0], flag, "it is %s", round->flags.items[0]);
}

TestSuite(digest, .fini = free_document);

Test(digest, samples_become_nanoseconds_of_an_operation)
{
	const struct nm_round_order order = {.context = NM_CONTEXT_NATIVE,
					     .samples = 1000,
					     .batch = 4};
	struct nm_round round = digest(&order, new_area(&order));

	assert_near(round.overhead, 10, "overhead");
	assert_near(round.overhead_spread, 0, "its spread");
	assert_near(round.min, (101 - 20) * 0.5 / 4, "min");
	assert_near(round.p5, (150 - 20) * 0.5 / 4, "p5");
	assert_near(round.p50, (600 - 20) * 0.5 / 4, "p50");
	assert_near(round.p90, (1000 - 20) * 0.5 / 4, "p90");
	assert_near(round.p99, (1090 - 20) * 0.5 / 4, "p99");
	assert_near(round.max, (1100 - 20) * 0.5 / 4, "max");
	assert_near(round.mean, (600.5 - 20) * 0.5 / 4, "mean");
	assert_near(round.clock_deviation_percent, 0, "clock deviation");
	cr_assert_eq(round.samples, 1000, "%zu samples", (size_t)round.samples);
	cr_assert_eq(round.state, NM_STATE_OK, "it is %s", nm_state_names[round.state]);
	assert_flag(&round, NULL);
}

Test(digest, operations_in_a_second_are_those_of_the_loop)
{
	struct nm_round_order order = {.bench = nm_bench_find("io.blk.read.4k"),
				       .context = NM_CONTEXT_NATIVE,
				       .samples = 1000,
				       .batch = 4};
	struct nm_round round = digest(&order, new_area(&order));

	assert_near(round.operations_per_s, 400000, "4000 in 20,000,000 ticks of 2 GHz");
	order.ticks_per_instruction = 2;
	round = digest(&order, new_area(&order));
	cr_assert(isnan(round.operations_per_s), "of instructions: %g", round.operations_per_s);
	order.ticks_per_instruction = 0;
	order.bench = nm_bench_find("exit.cpuid");
	round = digest(&order, new_area(&order));
	cr_assert(isnan(round.operations_per_s), "of an exit: %g", round.operations_per_s);
}

Test(digest, samples_become_instructions_of_an_operation)
{
	const struct nm_round_order order = {.context = NM_CONTEXT_NATIVE,
					     .samples = 1000,
					     .ticks_per_instruction = 2,
					     .batch = 4};
	struct nm_round_area *area = new_area(&order);
	struct nm_round round;

	/* How fast the TSC is has no part in it, except for the second clock. */
	area->tsc_khz = 1000000;
	area->tsc_ticks = 10000000;
	round = digest(&order, area);
	assert_near(round.overhead, 10, "overhead");
	assert_near(round.p5, (150 - 20) / 2.0 / 4, "p5");
	assert_near(round.p50, (600 - 20) / 2.0 / 4, "p50");
	assert_near(round.max, (1100 - 20) / 2.0 / 4, "max");
	assert_near(round.clock_deviation_percent, 0, "clock deviation");
	cr_assert_eq(round.duration_ns, 10000000, "the duration is no time");
	assert_flag(&round, NULL);
	/* A tick between two readings of the clocks is no matter of counts. */
	area = new_area(&order);
	area->tsc_ticks = 22000000;
	round = digest(&order, area);
	assert_near(round.clock_deviation_percent, 10, "clock deviation");
	assert_flag(&round, NULL);
}

Test(digest, a_distribution_is_counted_by_ones_twos_and_fives)
{
	static const struct nm_bench bench = {.histogram = true};
	static const struct nm_bench plain = {0};
	struct nm_round_order order = {.bench = &bench, .samples = 8, .batch = 1};
	struct nm_round_area *area = new_area(&order);
	/* In ticks of half a nanosecond, 20 of them overhead. */
	static const uint64_t ticks[] = {20, 21, 22, 25, 38, 60, 24, 2000020};
	static const struct {
		const char *name;
		int64_t count;
	} expected[] = {{"0", 2}, {"1", 1}, {"2", 2}, {"5", 1}, {"20", 1}, {"1000000", 1}};
	struct nm_round round;

	memcpy(area->values, ticks, sizeof(ticks));
	round = digest(&order, area);
	cr_assert_eq(round.histogram.count, COUNT(expected), "%zu buckets", round.histogram.count);
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct nm_pair *pair = &round.histogram.pairs[i];

		cr_assert_str_eq(pair->name, expected[i].name, "bucket %zu is %s", i, pair->name);
		cr_assert_eq(pair->value.integer, expected[i].count, "%lld samples from %s on",
			     (long long)pair->value.integer, pair->name);
	}
	order.bench = &plain;
	round = digest(&order, new_area(&order));
	cr_assert_eq(round.histogram.count, 0, "a distribution that nobody asked for");
}

Test(digest, tails_need_samples)
{
	struct nm_round_order order = {.samples = 10000, .batch = 1};
	struct nm_round round = digest(&order, new_area(&order));

	assert_near(round.p999, (100 + 9990 - 20) * 0.5, "p99.9");
	cr_assert_null(round.p999_reason, "a value with a reason");
	order.samples = 9999;
	round = digest(&order, new_area(&order));
	cr_assert(isnan(round.p999), "p99.9 of 9999 samples is %g", round.p999);
	cr_assert_str_eq(round.p999_reason, "needs 10000 samples in a round", "%s",
			 round.p999_reason);
	cr_assert_null(round.p99_reason, "p99 lacks a value: %s", round.p99_reason);
	order.samples = 999;
	round = digest(&order, new_area(&order));
	cr_assert(isnan(round.p99), "p99 of 999 samples is %g", round.p99);
	cr_assert_str_eq(round.p99_reason, "needs 1000 samples in a round", "%s", round.p99_reason);
}

Test(digest, counters_are_per_operation)
{
	const struct nm_round_order order = {.context = NM_CONTEXT_GUEST,
					     .samples = 100,
					     .batch = 5};
	struct nm_round_area *area = new_area(&order);
	struct nm_round round;

	area->user_exits = 1000;
	area->counter_count = 1;
	strcpy(area->counters[0].name, "exits");
	area->counters[0].delta = 1250;
	round = digest(&order, area);
	assert_near(round.user_exits_per_op, 2, "exits to user space");
	assert_near(nm_map_get(&round.counters_per_op, "exits")->real, 2.5, "exits");
}

Test(digest, a_failed_round_has_a_reason_and_no_numbers)
{
	const struct nm_round_order order = {.samples = 100, .batch = 1};
	struct nm_round_area *area = new_area(&order);
	struct nm_round round;

	area->state = NM_STATE_TIMEOUT;
	strcpy(area->reason, "it span");
	round = digest(&order, area);
	cr_assert_eq(round.state, NM_STATE_TIMEOUT, "it is %s", nm_state_names[round.state]);
	cr_assert_str_eq(round.reason, "it span", "it says %s", round.reason);
	cr_assert_str_eq(round.failure, "timeout", "its kind is %s", round.failure);
	cr_assert_eq(round.samples, 0, "it has %zu samples", (size_t)round.samples);
}

Test(digest, a_failed_round_is_of_the_kind_that_its_guest_was)
{
	const struct nm_round_order order = {.samples = 100, .batch = 1};
	struct nm_round_area *area = new_area(&order);
	struct nm_round round;

	area->state = NM_STATE_FAILED;
	strcpy(area->failure, "internal_error.3");
	round = digest(&order, area);
	cr_assert_str_eq(round.failure, "internal_error.3", "its kind is %s", round.failure);
	area = new_area(&order);
	area->state = NM_STATE_FAILED;
	round = digest(&order, area);
	cr_assert_str_eq(round.failure, "other", "its kind is %s", round.failure);
	round = digest(&order, new_area(&order));
	cr_assert_null(round.failure, "a good round is a failure: %s", round.failure);
}

Test(digest, a_wrong_result_keeps_its_numbers)
{
	const struct nm_round_order order = {.samples = 100, .batch = 1};
	struct nm_round_area *area = new_area(&order);
	struct nm_round round;

	area->state = NM_STATE_INVALID;
	strcpy(area->reason, "the device saw 1 access");
	round = digest(&order, area);
	cr_assert_eq(round.state, NM_STATE_INVALID, "it is %s", nm_state_names[round.state]);
	cr_assert_str_eq(round.failure, "invalid", "its kind is %s", round.failure);
	assert_near(round.min, (101 - 20) * 0.5, "min");
}

Test(digest, a_wrong_result_before_the_loop_has_ended_has_no_numbers)
{
	const struct nm_round_order order = {.samples = 100, .batch = 1};
	struct nm_round_area *area = new_area(&order);
	struct nm_round round;

	area->state = NM_STATE_INVALID;
	area->host_ns = 0;
	strcpy(area->reason, "the driver saw something else");
	round = digest(&order, area);
	cr_assert_eq(round.state, NM_STATE_INVALID, "it is %s", nm_state_names[round.state]);
	cr_assert_str_eq(round.failure, "invalid", "its kind is %s", round.failure);
	cr_assert_eq(round.samples, 0, "%zu samples", (size_t)round.samples);
	cr_assert_eq(round.counters_per_op.count, 0, "there are counters");
}

Test(digest, clocks_that_are_far_apart_are_flagged)
{
	const struct nm_round_order order = {.samples = 100, .batch = 1};
	struct nm_round_area *area = new_area(&order);
	struct nm_round round;

	area->tsc_ticks = 22000000;
	round = digest(&order, area);
	assert_near(round.clock_deviation_percent, 10, "clock deviation");
	assert_flag(&round, "clock");
	area = new_area(&order);
	area->tsc_ticks = 20200000;
	round = digest(&order, area);
	assert_near(round.clock_deviation_percent, 1, "clock deviation");
	assert_flag(&round, NULL);
}

Test(digest, steal_and_migration_are_flagged)
{
	const struct nm_round_order order = {.samples = 100, .batch = 1};
	struct nm_round_area *area = new_area(&order);
	struct nm_round round;

	area->steal_ns = 20000000;
	round = digest(&order, area);
	assert_flag(&round, "steal");
	area = new_area(&order);
	area->steal_ns = 10000000;
	round = digest(&order, area);
	assert_flag(&round, NULL);
	area = new_area(&order);
	area->migrations = 1;
	round = digest(&order, area);
	assert_flag(&round, "migration");
}

Test(digest, an_overhead_that_varies_is_flagged)
{
	const struct nm_round_order order = {.samples = 100, .batch = 1};
	struct nm_round_area *area = new_area(&order);
	struct nm_round round;

	for (size_t i = 0; i < 60; i++)
		area->values[100 + i] = 32;
	round = digest(&order, area);
	assert_near(round.overhead, 10, "overhead");
	assert_near(round.overhead_spread, 6, "its spread");
	assert_flag(&round, "overhead");
}

/* Devices and checks of operations */

static struct nm_guest guest;
static struct nm_abi_control control;

static struct nm_guest_round new_guest_round(uint64_t operations)
{
	return (struct nm_guest_round) {.guest = &guest,
					.control = &control,
					.operations = operations,
					.event_fd = -1};
}

static uint64_t touch(bool write)
{
	const struct nm_device *device = &guest.devices.items[0];
	uint64_t data = write ? NM_ABI_TEST_BYTE : UINT64_MAX;
	const struct nm_access access = {
		.address = device->base, .bytes = 8, .count = 1, .write = write, .data = &data};

	device->access(device->context, &access);
	return data;
}

Test(device, every_access_must_arrive)
{
	struct nm_guest_round round = new_guest_round(2);
	char why[128] = "";

	cr_assert_eq(nm_test_device(&round, NM_BUS_PIO), 0, "%s", nm_error_last()->text);
	cr_assert_eq(guest.devices.items[0].base, NM_ABI_PORT_TEST, "it is at another port");
	touch(true);
	cr_assert_not(nm_test_device_verify_write(&round, why, sizeof(why)),
		      "one of two is enough");
	cr_assert_str_eq(why, "the device saw 1 accesses, expected 2", "it says %s", why);
	touch(true);
	cr_assert(nm_test_device_verify_write(&round, why, sizeof(why)), "two of two are not");
	round.last_value ^= 1;
	cr_assert_not(nm_test_device_verify_write(&round, why, sizeof(why)),
		      "a wrong byte is fine");
	cr_assert(strstr(why, "the device got 0x5b"), "it says %s", why);
	touch(true);
	cr_assert_not(nm_test_device_verify_write(&round, why, sizeof(why)),
		      "three of two are fine");
}

Test(device, a_guest_must_read_what_the_device_gave)
{
	struct nm_guest_round round = new_guest_round(2);
	char why[128] = "";
	uint64_t first;

	cr_assert_eq(nm_test_device(&round, NM_BUS_MMIO), 0, "%s", nm_error_last()->text);
	cr_assert_eq(guest.devices.items[0].base, NM_ABI_MMIO_TEST, "it is at another address");
	first = touch(false);
	control.result[0] = touch(false);
	cr_assert_neq(first, control.result[0], "both reads give %llu", (unsigned long long)first);
	cr_assert(nm_test_device_verify_read(&round, why, sizeof(why)), "%s", why);
	control.result[0] = first;
	cr_assert_not(nm_test_device_verify_read(&round, why, sizeof(why)), "an old value passes");
	cr_assert(strstr(why, "the guest read"), "it says %s", why);
}

static bool verifies(const char *operation, struct nm_guest_round round)
{
	char why[128] = "";
	bool right = nm_bench_find(operation)->verify(&round, why, sizeof(why));

	cr_assert(right || why[0], "%s is wrong without a reason", operation);
	return right;
}

Test(device, results_of_a_guest_are_checked)
{
	struct nm_guest_round round = new_guest_round(100);

	memcpy(&control.result[0], "Genu", 4);
	memcpy(&control.result[1], "ntel", 4);
	memcpy(&control.result[2], "ineI", 4);
	cr_assert(verifies("exit.cpuid", round), "EBX, ECX and EDX of an Intel CPU");
	control.result[1] = 0;
	cr_assert_not(verifies("exit.cpuid", round), "two thirds of a vendor");
	control = (struct nm_abi_control) {.result = {100, 100}};
	cr_assert(verifies("exception.de", round), "100 of 100 exceptions");
	cr_assert(verifies("exit.rdmsr", round), "an MSR that is the same twice");
	control.result[1] = 99;
	cr_assert_not(verifies("exit.rdmsr", round), "an MSR that has changed");
	control.result[0] = 99;
	cr_assert_not(verifies("exception.ud", round), "99 of 100 exceptions");
	cr_assert_not(verifies("exit.pio.in.kernel", round), "another interrupt mask");
	cr_assert_not(verifies("exit.hypercall", round), "a hypercall that succeeds");
}

/* Journal */

static struct nm_journal journal;

static struct nm_round round_number(uint64_t index)
{
	return (struct nm_round) {.index = index,
				  .samples = 1000,
				  .p50 = 0.1 + (double)index,
				  .p99 = NAN,
				  .p99_reason = "needs 1000 samples in a round",
				  .user_exits_per_op = NAN};
}

static void enter_planned(void)
{
	enter_folder();
	sample_document(&document);
	document.soak = NULL;
	document.run.plan.soak_ns = 0;
	for (size_t i = 0; i < document.measurements.count; i++) {
		struct nm_measurement *m = &document.measurements.items[i];

		m->version = nm_bench_find(m->operation)->version;
		m->rounds.items = NULL;
		m->rounds.count = 0;
		m->batch = 0;
		m->stopped_by = NULL;
	}
}

TestSuite(journal, .init = enter_planned, .fini = free_all);

static void open_journal(bool replace)
{
	cr_assert_eq(nm_journal_open(&journal, "run.json", &document, replace), 0, "%s",
		     nm_error_last()->text);
}

static void add(size_t measurement, uint64_t index)
{
	struct nm_measurement *m = &document.measurements.items[measurement];
	struct nm_round round = round_number(index);

	m->batch = 16;
	cr_assert_eq(nm_journal_add(&journal, measurement, m, &round), 0, "%s",
		     nm_error_last()->text);
}

/* A journal with rounds 1 and 2 of the first measurement and 1 of the second, as a killed run leaves it. */
static void leave_journal(void)
{
	open_journal(false);
	add(0, 1);
	add(1, 1);
	add(0, 2);
	nm_journal_close(&journal, false);
}

static struct nm_document recover(void)
{
	struct nm_document found = {0};

	cr_assert_eq(nm_journal_recover("run.json", &found), 0, "%s", nm_error_last()->text);
	return found;
}

static void assert_not_recovered(int code, const char *says)
{
	struct nm_document found = {0};
	int r = nm_journal_recover("run.json", &found);

	cr_assert_eq(r, code, "it gives %d: %s", r, nm_error_last()->text);
	assert_error_says(says);
	cr_assert_null(found.arena.chunks, "memory is left behind");
}

static void assert_rounds(const struct nm_document *found, size_t first, size_t second)
{
	cr_assert_eq(found->measurements.items[0].rounds.count, first, "%zu rounds of the first",
		     found->measurements.items[0].rounds.count);
	cr_assert_eq(found->measurements.items[1].rounds.count, second, "%zu rounds of the second",
		     found->measurements.items[1].rounds.count);
}

static void assert_recovers(size_t first, size_t second)
{
	struct nm_document found = recover();

	assert_rounds(&found, first, second);
	nm_document_free(&found);
}

Test(journal, a_complete_journal_is_recovered)
{
	struct nm_document found;
	const struct nm_measurement *m;

	leave_journal();
	found = recover();
	assert_rounds(&found, 2, 1);
	m = &found.measurements.items[0];
	cr_assert_eq(m->batch, 16, "the batch is %zu", (size_t)m->batch);
	cr_assert_eq(m->rounds.items[1].index, 2, "the second has another number");
	cr_assert(fabs(m->rounds.items[1].p50 - 2.1) < 1e-12, "p50 %g", m->rounds.items[1].p50);
	cr_assert(isnan(m->rounds.items[1].p99), "p99 is %g", m->rounds.items[1].p99);
	cr_assert(isnan(m->rounds.items[1].user_exits_per_op), "exits to user space");
	cr_assert_eq(found.run.seed, UINT64_MAX, "the seed is another");
	cr_assert_null(m->stopped_by, "it was stopped by %s", m->stopped_by);
	nm_document_free(&found);
}

Test(journal, every_line_is_there_before_the_next_begins)
{
	open_journal(false);
	assert_recovers(0, 0);
	add(1, 1);
	assert_recovers(0, 1);
	add(0, 1);
	assert_recovers(1, 1);
	nm_journal_close(&journal, true);
	cr_assert_eq(count_entries(), 0, "%zu files are left", count_entries());
}

Test(journal, finishing_leaves_only_the_document)
{
	struct nm_document found = {0};

	open_journal(false);
	add(0, 1);
	cr_assert_eq(nm_journal_finish(&journal, &document), 0, "%s", nm_error_last()->text);
	cr_assert_eq(count_entries(), 1, "%zu files are left", count_entries());
	cr_assert_eq(nm_document_read("run.json", &found), 0, "%s", nm_error_last()->text);
	assert_rounds(&found, 0, 0);
	nm_document_free(&found);
	assert_recovers(0, 0);
}

Test(journal, the_journal_wins_over_an_older_document)
{
	open_journal(false);
	cr_assert_eq(nm_journal_finish(&journal, &document), 0, "%s", nm_error_last()->text);
	leave_journal();
	assert_recovers(2, 1);
}

Test(journal, a_last_line_that_is_cut_is_dropped)
{
	char *text;
	size_t line;

	leave_journal();
	text = read_text("run.json.journal");
	for (line = strlen(text) - 1; text[line - 1] != '\n';)
		line--;
	for (size_t length = line; length < strlen(text); length++) {
		write_bytes("run.json.journal", text, length);
		assert_recovers(1, 1);
	}
	free(text);
}

Test(journal, a_first_line_that_is_cut_is_refused)
{
	char *text;

	leave_journal();
	text = read_text("run.json.journal");
	write_bytes("run.json.journal", text, strcspn(text, "\n"));
	assert_not_recovered(-EINVAL, "run.json.journal: line 1: cut off, nothing was measured");
	write_bytes("run.json.journal", text, 1);
	assert_not_recovered(-EINVAL, "nothing was measured");
	free(text);
}

Test(journal, garbage_in_the_middle_is_refused_with_its_line)
{
	static const char *const lines[] = {"garbage",
					    "",
					    "{}",
					    "[]",
					    "{\"measurement\":0}",
					    "{\"measurement\":0,\"batch\":1,\"round\":{}}",
					    "\xff"};
	char *text;

	leave_journal();
	text = read_text("run.json.journal");
	for (size_t i = 0; i < COUNT(lines); i++) {
		const char *third = strchr(strchr(text, '\n') + 1, '\n') + 1;
		char *broken = NULL;

		cr_assert_gt(asprintf(&broken, "%.*s%s\n%s", (int)(third - text), text, lines[i],
				      third),
			     0, "out of memory");
		write_text("run.json.journal", broken);
		assert_not_recovered(-EINVAL, "run.json.journal: journal line 3: ");
		free(broken);
	}
	free(text);
}

Test(journal, rounds_of_measurements_that_do_not_exist_are_refused)
{
	static const char *const numbers[] = {"2", "18446744073709551615", "-1", "0.5"};
	char *text;

	leave_journal();
	text = read_text("run.json.journal");
	for (size_t i = 0; i < COUNT(numbers); i++) {
		char with[64];
		char *broken;

		snprintf(with, sizeof(with), "{\"measurement\":%s,", numbers[i]);
		broken = replaced(text, "{\"measurement\":1,", with);
		write_text("run.json.journal", broken);
		assert_not_recovered(-EINVAL, "journal line 3: measurement: ");
		free(broken);
	}
	free(text);
}

Test(journal, an_empty_journal_is_refused)
{
	write_text("run.json.journal", "");
	assert_not_recovered(-EINVAL, "run.json.journal: empty, nothing was measured");
	write_text("run.json.journal", "\n");
	assert_not_recovered(-EINVAL, "run.json.journal: line 1, column 1: ");
}

Test(journal, nothing_at_all_is_refused)
{
	assert_not_recovered(-ENOENT, "run.json: No such file or directory");
}

Test(journal, an_unfinished_journal_is_not_overwritten)
{
	leave_journal();
	cr_assert_eq(nm_journal_open(&journal, "run.json", &document, false), -EEXIST,
		     "it was opened");
	assert_error_says("run.json.journal: an earlier run into run.json did not end");
	cr_assert(strstr(nm_error_last()->remedy, "--resume"), "the remedy is %s",
		  nm_error_last()->remedy);
	assert_recovers(2, 1);
	cr_assert_eq(count_entries(), 1, "%zu files are left", count_entries());
}

Test(journal, a_link_in_its_place_is_not_followed)
{
	write_text("victim", "precious");
	cr_assert_eq(symlink("victim", "run.json.journal"), 0, "no link");
	cr_assert_lt(nm_journal_open(&journal, "run.json", &document, false), 0, "it was opened");
	assert_file_holds("victim", "precious");
	nm_journal_open(&journal, "run.json", &document, true);
	nm_journal_close(&journal, true);
	assert_file_holds("victim", "precious");
}

Test(journal, resuming_keeps_the_rounds_that_are_there)
{
	leave_journal();
	free_document();
	document = recover();
	open_journal(true);
	add(1, 2);
	nm_journal_close(&journal, false);
	assert_recovers(2, 2);
}

Test(journal, resuming_without_space_loses_nothing)
{
	leave_journal();
	free_document();
	document = recover();
	limit_file_size(1000);
	cr_assert_lt(nm_journal_open(&journal, "run.json", &document, true), 0, "there was space");
	assert_recovers(2, 1);
}

Test(journal, a_round_that_does_not_fit_leaves_the_others)
{
	struct nm_round round = round_number(3);
	struct stat info;
	off_t whole;

	open_journal(false);
	add(0, 1);
	add(0, 2);
	cr_assert_eq(stat("run.json.journal", &info), 0, "there is no journal");
	whole = info.st_size;
	limit_file_size((size_t)whole + 20);
	cr_assert_eq(nm_journal_add(&journal, 0, &document.measurements.items[0], &round), -EFBIG,
		     "it fits");
	assert_error_says("run.json.journal: ");
	assert_recovers(2, 0);
	nm_journal_close(&journal, false);
	cr_assert_eq(stat("run.json.journal", &info), 0, "there is no journal");
	cr_assert_eq(info.st_size, whole, "half a line is left");
	assert_recovers(2, 0);
}

Test(journal, a_document_that_does_not_fit_leaves_the_journal)
{
	open_journal(false);
	add(0, 1);
	limit_file_size(100);
	cr_assert_eq(nm_journal_finish(&journal, &document), -EFBIG, "it fits");
	assert_error_says("run.json: ");
	cr_assert_eq(count_entries(), 1, "%zu files are left", count_entries());
	assert_recovers(1, 0);
}

Test(journal, a_place_that_cannot_be_is_refused_at_the_beginning)
{
	cr_assert_eq(nm_journal_open(&journal, "absent/run.json", &document, false), -ENOENT,
		     "no folder is needed");
	assert_error_says("absent/run.json");
	nm_journal_close(&journal, true);
	cr_assert_eq(count_entries(), 0, "%zu files are left", count_entries());
}

/* Resume */

TestSuite(resume, .init = enter_planned, .fini = free_all);

static void assert_resumes(void)
{
	cr_assert_eq(nm_resume_check(&document, "run.json"), 0, "%s", nm_error_last()->text);
}

static void assert_not_resumed(const char *says)
{
	cr_assert_eq(nm_resume_check(&document, "run.json"), -EINVAL, "%s: accepted", says);
	cr_assert_eq(strncmp(nm_error_last()->text, "run.json: ", 10), 0, "the file is missing: %s",
		     nm_error_last()->text);
	assert_error_says(says);
}

Test(resume, an_incomplete_run_of_this_version_is_continued)
{
	assert_resumes();
}

Test(resume, a_complete_run_is_not)
{
	document.run.state = NM_RUN_COMPLETE;
	assert_not_resumed("is complete");
}

Test(resume, a_run_of_another_version_is_not)
{
	document.run.tool_version = "0.0.0";
	assert_not_resumed("was begun by nestmark 0.0.0");
	document.run.tool_version = NULL;
	assert_not_resumed("unknown version");
}

Test(resume, plans_outside_the_limits_are_not)
{
	static const struct {
		uint64_t rounds, samples, limit;
		bool good;
	} cases[] = {
		{0, 1000, 1, false},
		{NM_MAX_ROUNDS + 1, 1000, 1, false},
		{1, 9, 1, false},
		{1, NM_MAX_SAMPLES + 1, 1, false},
		{1, UINT64_MAX, 1, false},
		{1, 1000, 0, false},
		{1, 1000, UINT64_MAX, false},
		{1, 10, 1, true},
		{NM_MAX_ROUNDS, NM_MAX_SAMPLES, 1000000000, true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		document.run.plan.rounds = cases[i].rounds;
		document.run.plan.samples = cases[i].samples;
		document.run.plan.round_limit_ns = cases[i].limit;
		if (cases[i].good)
			assert_resumes();
		else
			assert_not_resumed("run.plan: numbers that no plan has");
	}
}

Test(resume, operations_that_have_changed_are_not)
{
	struct nm_measurement *m = &document.measurements.items[1];

	m->version++;
	assert_not_resumed("floor.loop version");
	m->version--;
	m->operation = "floor.gone";
	assert_not_resumed("floor.gone version");
}

Test(resume, measurements_that_no_plan_has_are_not)
{
	struct nm_measurement *m = &document.measurements.items[0];

	m->batch = UINT64_MAX;
	assert_not_resumed("exit.cpuid: numbers");
	m->batch = 1;
	m->rounds.count = NM_MAX_ROUNDS + 2;
	assert_not_resumed("exit.cpuid: numbers");
	m->rounds.count = 0;
	m->unit = "parsecs";
	assert_not_resumed("exit.cpuid: numbers");
	m->unit = "ns";
	m->stopped_by = "a storm";
	assert_not_resumed("exit.cpuid: numbers");
	m->stopped_by = NULL;
	m->rounds.count = 0;
	assert_resumes();
	m->operation = "exit.hlt";
	m->version = nm_bench_find("exit.hlt")->version;
	assert_not_resumed("exit.hlt: numbers");
	nm_map_set(&document.arena, &m->parameters, "cpl", NM_INT(0));
	assert_resumes();
	m->context = NM_CONTEXT_NATIVE;
	assert_not_resumed("exit.hlt: numbers");
	m->context = NM_CONTEXT_GUEST;
	m->operation = "floor.syscall";
	m->version = nm_bench_find("floor.syscall")->version;
	assert_not_resumed("floor.syscall: numbers");
}

/* A planned measurement of a native operation, at the point of its series. */
static void set_native(struct nm_measurement *m, const char *operation, const char *series,
		       int64_t point)
{
	m->operation = operation;
	m->version = nm_bench_find(operation)->version;
	m->context = NM_CONTEXT_NATIVE;
	m->series = series;
	m->batch = 1;
	if (series)
		nm_map_set(&document.arena, &m->parameters, series, NM_INT(point));
}

Test(resume, points_that_no_series_has_are_not)
{
	struct nm_measurement *m = &document.measurements.items[0];

	set_native(m, "mem.process.shootdown", "threads", 4);
	assert_resumes();
	set_native(m, "mem.process.shootdown", "threads", 9);
	assert_not_resumed("mem.process.shootdown: numbers");
	set_native(m, "mem.process.shootdown", "threads", -1);
	assert_not_resumed("mem.process.shootdown: numbers");
	set_native(m, "mem.process.shootdown", "bytes", 4);
	assert_not_resumed("mem.process.shootdown: numbers");
	set_native(m, "mem.process.shootdown", NULL, 0);
	assert_not_resumed("mem.process.shootdown: numbers");
	set_native(m, "floor.loop", NULL, 0);
	assert_resumes();
	set_native(m, "floor.loop", "threads", 4);
	assert_not_resumed("floor.loop: numbers");
}

Test(resume, batches_that_no_pilot_chooses_are_not)
{
	struct nm_measurement *m = &document.measurements.items[0];

	set_native(m, "mem.touch.write.anon", NULL, 0);
	assert_resumes();
	m->batch = 2;
	assert_not_resumed("mem.touch.write.anon: numbers");
	set_native(m, "mem.chase.g4k.h4k", "bytes", 1 << 20);
	assert_not_resumed("mem.chase.g4k.h4k: numbers");
	m->batch = nm_bench_find("mem.chase.g4k.h4k")->batch;
	assert_resumes();
	m->batch = 0;
	assert_resumes();
}

Test(resume, another_clock_is_not)
{
	document.run.clock = NM_CLOCK_INSTRUCTIONS;
	assert_not_resumed("exit.cpuid: numbers");
	for (size_t i = 0; i < document.measurements.count; i++)
		document.measurements.items[i].unit = "instructions";
	assert_resumes();
	document.run.clock = NM_CLOCK_TSC;
	assert_not_resumed("exit.cpuid: numbers");
}

Test(resume, what_was_measured_must_still_be_possible)
{
	struct nm_document now;

	pass_all();
	now = document;
	now.findings.count = 0;
	cr_assert_eq(nm_resume_match(&document, &now, "run.json"), -EINVAL, "without a KVM device");
	assert_error_says("which is no longer there");
	now = document;
	now.run.plan.kvm_device = "/dev/other";
	cr_assert_eq(nm_resume_match(&document, &now, "run.json"), -EINVAL, "on another device");
	assert_error_says("the KVM device was");
}

Test(resume, the_machine_must_be_the_same)
{
	const char **facts[] = {&document.machine.brand, &document.machine.microcode,
				&document.machine.hypervisor, &document.environment.kernel_release};
	static const char *const names[] = {"the CPU", "the microcode", "the hypervisor",
					    "the kernel"};
	struct nm_document now;

	pass_all();
	now = document;
	cr_assert_eq(nm_resume_match(&document, &now, "run.json"), 0, "%s", nm_error_last()->text);
	for (size_t i = 0; i < COUNT(facts); i++) {
		const char *before = *facts[i];

		*facts[i] = "another";
		cr_assert_eq(nm_resume_match(&document, &now, "run.json"), -EINVAL, "%s", names[i]);
		assert_error_says(names[i]);
		assert_error_says("was \"another\"");
		assert_error_says(before);
		*facts[i] = NULL;
		cr_assert_eq(nm_resume_match(&document, &now, "run.json"), -EINVAL, "%s", names[i]);
		assert_error_says("was \"unknown\"");
		*facts[i] = before;
	}
	document.machine.hypervisor = NULL;
	now.machine.hypervisor = NULL;
	cr_assert_eq(nm_resume_match(&document, &now, "run.json"), 0, "%s", nm_error_last()->text);
}

/* Session, with native operations only */

static volatile sig_atomic_t stop;
static struct nm_root root;
static struct nm_topology *topology;
static struct nm_round_host host;

static void open_session(void)
{
	enter_folder();
	sample_run(&document);
	document.schema = NM_RUN_SCHEMA;
	document.run.plan.rounds = 3;
	document.run.plan.samples = 50;
	document.run.plan.budget_ns = 0;
	document.run.plan.soak_ns = 0;
	cr_assert_eq(nm_root_open(&root, "/"), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_topology_load(&topology), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_round_host_init(&host, 1000), 0, "%s", nm_error_last()->text);
	host.root = &root;
	host.topology = topology;
	host.tsc_khz = nm_tsc_khz();
	host.stop = &stop;
}

static void close_session(void)
{
	nm_journal_close(&journal, true);
	nm_round_host_free(&host);
	nm_topology_free(topology);
	nm_root_close(&root);
	free_all();
}

TestSuite(session, .init = open_session, .fini = close_session);

static struct nm_measurement *begin(const char *operation)
{
	cr_assert_eq(plan(operation, true, false), 0, "%s", nm_error_last()->text);
	open_journal(false);
	return &document.measurements.items[0];
}

static int run_session(void)
{
	int cpus[8];
	struct nm_session session = {.document = &document,
				     .host = &host,
				     .journal = &journal,
				     .cpus = cpus};

	cr_assert_eq(nm_topology_order(topology, -1, cpus, 8, &session.cpu_count), 0, "%s",
		     nm_error_last()->text);
	return nm_session_run(&session);
}

static void assert_indices(const struct nm_measurement *m, const char *expected)
{
	char indices[64] = "";

	for (size_t i = 0; i < m->rounds.count; i++)
		snprintf(indices + strlen(indices), sizeof(indices) - strlen(indices), "%zu ",
			 (size_t)m->rounds.items[i].index);
	cr_assert_str_eq(indices, expected, "the rounds are %s", indices);
}

Test(session, a_plan_is_worked_off_and_journaled)
{
	struct nm_measurement *m = begin("floor.loop");
	struct nm_document found;

	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	assert_indices(m, "1 2 3 ");
	cr_assert_str_eq(m->stopped_by, "rounds", "it was stopped by %s", m->stopped_by);
	cr_assert_geq(m->batch, 1, "there is no batch");
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(m->rounds.items[i].state, NM_STATE_OK, "%s",
			     m->rounds.items[i].reason);
		cr_assert_eq(m->rounds.items[i].samples, 50, "round %zu", i);
		cr_assert_gt(m->rounds.items[i].duration_ns, 0, "round %zu took no time", i);
	}
	found = recover();
	assert_indices(&found.measurements.items[0], "1 2 3 ");
	cr_assert_eq(found.measurements.items[0].batch, m->batch, "the batch is another");
	nm_document_free(&found);
}

Test(session, rounds_that_are_there_are_not_repeated)
{
	struct nm_measurement *m = begin("floor.loop");

	m->batch = 32;
	add_round(&document, m)->index = 1;
	add_round(&document, m)->index = 3;
	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	assert_indices(m, "1 3 2 ");
	cr_assert_eq(m->batch, 32, "the batch has changed to %zu", (size_t)m->batch);
}

Test(session, rounds_in_which_instructions_are_not_counted_are_invalid)
{
	struct nm_measurement *m;

	document.run.clock = NM_CLOCK_INSTRUCTIONS;
	m = begin("floor.loop");
	host.ticks_per_instruction = 1;
	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	cr_assert_eq(m->rounds.items[0].state, NM_STATE_INVALID, "it is %s",
		     nm_state_names[m->rounds.items[0].state]);
	cr_assert_str_eq(m->rounds.items[0].reason,
			 "the TSC no longer counts 1 for each instruction", "%s",
			 m->rounds.items[0].reason);
}

Test(session, what_was_stopped_or_is_unsupported_is_not_run)
{
	struct nm_measurement *m = begin("floor.*");

	for (size_t i = 0; i < document.measurements.count; i++)
		m[i].state = NM_STATE_UNSUPPORTED;
	m[0].state = NM_STATE_OK;
	m[0].stopped_by = "failures";
	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	for (size_t i = 0; i < document.measurements.count; i++)
		cr_assert_eq(m[i].rounds.count, 0, "%s was run", m[i].operation);
}

Test(session, a_process_that_is_killed_is_a_failed_round)
{
	struct nm_measurement *m = begin("drill.crash");

	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	assert_indices(m, "1 2 ");
	cr_assert_eq(m->batch, 0, "a process that died has chosen a batch of %zu",
		     (size_t)m->batch);
	cr_assert_eq(m->rounds.items[1].state, NM_STATE_FAILED, "it is %s",
		     nm_state_names[m->rounds.items[1].state]);
	cr_assert(strstr(m->rounds.items[1].reason, "killed by signal 9"), "it says %s",
		  m->rounds.items[1].reason);
	cr_assert_str_eq(m->stopped_by, "failures", "it was stopped by %s", m->stopped_by);
	cr_assert_eq(nm_session_summarise(&document), 0, "%s", nm_error_last()->text);
	cr_assert_eq(m->state, NM_STATE_FAILED, "it is %s", nm_state_names[m->state]);
}

Test(session, what_ends_before_its_loop_has_no_numbers)
{
	const struct nm_kvm none = {.fd = -1};
	struct nm_measurement *m;

	host.kvm = &none;
	pass_all();
	m = begin("mem.slot.create");
	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	assert_indices(m, "1 2 ");
	cr_assert_eq(m->rounds.items[0].state, NM_STATE_FAILED, "it is %s",
		     nm_state_names[m->rounds.items[0].state]);
	cr_assert(isnan(m->rounds.items[0].p50), "p50 %g", m->rounds.items[0].p50);
	cr_assert(strstr(m->rounds.items[0].reason, "creation of a memory slot"), "it says %s",
		  m->rounds.items[0].reason);
}

/* mem.touch.write.file needs a disk, and this process says where it is. */
static struct nm_measurement *begin_without_disk(void)
{
	struct nm_measurement *m = begin("mem.touch.write.file");

	setenv("TMPDIR", "/dev/null/absent", 1);
	return m;
}

static void assert_lacks_disk(const struct nm_measurement *m)
{
	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	assert_indices(m, "");
	cr_assert_eq(m->state, NM_STATE_UNSUPPORTED, "it is %s", nm_state_names[m->state]);
	cr_assert(strstr(m->reason, "no temporary file"), "it says %s", m->reason);
	cr_assert(strstr(m->remedy, "set TMPDIR"), "the remedy is %s", m->remedy);
	cr_assert_eq(m->batch, 0, "there is a batch");
}

Test(session, what_a_pilot_finds_to_lack_is_unsupported)
{
	assert_lacks_disk(begin_without_disk());
}

/* A round needs more memory than its pilot. */
Test(session, what_the_first_round_finds_to_lack_is_unsupported)
{
	struct nm_measurement *m = begin_without_disk();

	m->batch = 1;
	assert_lacks_disk(m);
}

Test(session, what_a_later_round_lacks_is_a_failure)
{
	struct nm_measurement *m = begin_without_disk();

	m->batch = 1;
	add_round(&document, m)->index = 1;
	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	assert_indices(m, "1 2 3 ");
	cr_assert_eq(m->rounds.items[2].state, NM_STATE_FAILED, "it is %s",
		     nm_state_names[m->rounds.items[2].state]);
	cr_assert_str_eq(m->rounds.items[2].failure, "other", "%s", m->rounds.items[2].failure);
	cr_assert_eq(nm_session_summarise(&document), 0, "%s", nm_error_last()->text);
	cr_assert_eq(m->state, NM_STATE_FAILED, "it is %s", nm_state_names[m->state]);
	cr_assert(strstr(m->reason, "2 of 3 rounds failed: no temporary file"), "it says %s",
		  m->reason);
}

static int run_round_on(const int *cpus, size_t count, struct nm_round *round)
{
	struct nm_session session = {.document = &document,
				     .host = &host,
				     .journal = &journal,
				     .cpus = cpus,
				     .cpu_count = count};

	return nm_session_round(&session, 0, 1, &document.arena, round);
}

Test(session, a_pilot_that_failed_is_repeated)
{
	const int nowhere[] = {100000};
	const struct nm_measurement *m = begin("floor.loop");
	struct nm_round round;
	int cpus[8];
	size_t count;

	cr_assert_eq(nm_topology_order(topology, -1, cpus, 8, &count), 0, "%s",
		     nm_error_last()->text);
	cr_assert_eq(run_round_on(nowhere, 1, &round), 0, "%s", nm_error_last()->text);
	cr_assert_eq(round.state, NM_STATE_FAILED, "it is %s", nm_state_names[round.state]);
	cr_assert_eq(round.index, 1, "it is number %zu", (size_t)round.index);
	cr_assert_eq(m->batch, 0, "it has chosen a batch of %zu", (size_t)m->batch);
	cr_assert_eq(run_round_on(cpus, count, &round), 0, "%s", nm_error_last()->text);
	cr_assert_eq(round.state, NM_STATE_OK, "%s", round.reason);
	cr_assert_gt(m->batch, 1, "a loop of nothing is not batched");
}

Test(session, the_user_can_stop_it)
{
	struct nm_measurement *m = begin("floor.loop");

	stop = SIGINT;
	cr_assert_eq(run_session(), -EINTR, "it went on");
	assert_indices(m, "");
	cr_assert_null(m->stopped_by, "it cannot be resumed: %s", m->stopped_by);
}

Test(session, a_budget_ends_it)
{
	struct nm_measurement *m = begin("floor.loop");

	document.run.plan.budget_ns = 1;
	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	cr_assert_str_eq(m->stopped_by, "budget", "it was stopped by %s", m->stopped_by);
	assert_indices(m, "");
}

Test(session, a_precision_that_is_reached_ends_it)
{
	struct nm_measurement *m = begin("floor.loop");

	document.run.plan.rounds = 20;
	document.run.plan.target_ci_percent = 1e9;
	cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
	cr_assert_str_eq(m->stopped_by, "precision", "it was stopped by %s", m->stopped_by);
	assert_indices(m, "1 2 3 4 5 6 7 8 9 10 ");
}

Test(session, the_order_of_a_pass_depends_on_the_seed)
{
	static const uint64_t seeds[] = {1, 1, 2, 3, 4};
	char orders[COUNT(seeds)][4096];

	begin("floor.loop");
	nm_journal_close(&journal, true);
	for (size_t s = 0; s < COUNT(seeds); s++) {
		char *text;

		document.measurements.count = 0;
		document.measurements.items = NULL;
		document.run.seed = seeds[s];
		document.run.plan.rounds = 4;
		for (int i = 0; i < 4; i++)
			cr_assert_eq(plan("floor.loop", true, false), 0, "not planned");
		open_journal(false);
		cr_assert_eq(run_session(), 0, "%s", nm_error_last()->text);
		text = read_text("run.json.journal");
		orders[s][0] = '\0';
		for (char *at = strstr(text, "\n{\"m"); at; at = strstr(at + 1, "\n{\"m"))
			strncat(orders[s], at + 16, 1);
		free(text);
		nm_journal_close(&journal, true);
	}
	cr_assert_eq(strlen(orders[0]), 16, "16 rounds expected: %s", orders[0]);
	cr_assert_str_eq(orders[0], orders[1], "one seed gives %s and %s", orders[0], orders[1]);
	cr_assert(strcmp(orders[0], orders[2]) || strcmp(orders[0], orders[3]) ||
			  strcmp(orders[0], orders[4]),
		  "every seed gives %s", orders[0]);
	cr_assert(strncmp(orders[0], orders[0] + 4, 4) || strncmp(orders[0], orders[0] + 8, 4) ||
			  strncmp(orders[0], orders[0] + 12, 4),
		  "every pass has the order of the first: %s", orders[0]);
}
