/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/soak.h"

#include "benchmarks/resume.h"
#include "benchmarks/summary.h"
#include "core/clock.h"
#include "core/statistics.h"
#include "sample.h"

#include <errno.h>

#define HOUR (3600 * NM_NS_PER_S)

static struct nm_document document;

/* Two measurements, ten rounds of each are kept, for two hours. */
static void plan_soak(struct nm_document *out)
{
	*out = (struct nm_document) {.schema = NM_RUN_SCHEMA};
	sample_run(out);
	out->run.seed = 1;
	add_measurement(out, "exit.cpuid", NM_CONTEXT_GUEST);
	add_measurement(out, "floor.loop", NM_CONTEXT_NATIVE);
	for (size_t i = 0; i < out->measurements.count; i++)
		nm_summary_clear(&out->measurements.items[i]);
	out->measurements.items[0].reason = out->measurements.items[1].reason = "not measured yet";
	cr_assert_eq(nm_soak_plan(out), 0, "%s", nm_error_last()->text);
}

static void begin(void)
{
	plan_soak(&document);
}

static void end(void)
{
	nm_document_free(&document);
}

TestSuite(soak, .init = begin, .fini = end);

static struct nm_round ok_round(uint64_t index)
{
	return (struct nm_round) {.index = index,
				  .samples = 1000,
				  .p50 = (double)index,
				  .p99 = NAN,
				  .p99_reason = "needs 1000 samples in a round",
				  .user_exits_per_op = NAN};
}

static struct nm_round bad_round(uint64_t index, const char *failure)
{
	return (struct nm_round) {.index = index,
				  .state = NM_STATE_FAILED,
				  .reason = "it stopped",
				  .failure = failure,
				  .p50 = NAN,
				  .user_exits_per_op = NAN};
}

static void fold_at(struct nm_document *into, size_t number, struct nm_round round,
		    uint64_t elapsed_ns)
{
	const struct nm_soak_moment moment = {.elapsed_ns = elapsed_ns,
					      .time = "2026-01-05T02:20:00Z"};

	cr_assert_eq(nm_soak_fold(into, number, &round, &moment, &into->arena), 0, "%s",
		     nm_error_last()->text);
}

static void fold(size_t number, struct nm_round round)
{
	fold_at(&document, number, round, 1);
}

static int64_t failures(const struct nm_soak_count *count, const char *kind)
{
	const struct nm_value *value = nm_map_get(&count->failures, kind);

	return value ? value->integer : 0;
}

static const struct nm_soak_count *count_of(size_t number)
{
	return &document.soak->measurements.items[number].count;
}

Test(soak, begins_with_nothing)
{
	cr_assert_eq(document.soak->measurements.count, 2, "not one for each measurement");
	cr_assert_str_eq(document.soak->measurements.items[1].measurement, "floor.loop/native",
			 "%s", document.soak->measurements.items[1].measurement);
	cr_assert_eq(document.soak->all.rounds, 0, "there are rounds");
	cr_assert_eq(nm_soak_check(&document, "x"), 0, "%s", nm_error_last()->text);
}

Test(soak, counts_by_kind_measurement_and_in_all)
{
	fold(0, ok_round(1));
	fold(0, bad_round(2, "shutdown"));
	fold(0, bad_round(3, "internal_error.1"));
	fold(0, bad_round(4, "internal_error.3"));
	fold(0, bad_round(5, "internal_error.1"));
	fold(1, ok_round(1));
	fold(1, bad_round(2, "shutdown"));
	fold(1, bad_round(3, NULL));
	cr_assert_eq(document.soak->all.rounds, 8, "rounds");
	cr_assert_eq(document.soak->all.failed, 6, "failed rounds");
	cr_assert_eq(failures(&document.soak->all, "shutdown"), 2, "shutdowns in all");
	cr_assert_eq(failures(&document.soak->all, "internal_error.1"), 2, "suberror 1");
	cr_assert_eq(failures(&document.soak->all, "internal_error.3"), 1, "suberror 3");
	cr_assert_eq(failures(&document.soak->all, "other"), 1, "others");
	cr_assert_eq(count_of(0)->rounds, 5, "rounds of the first");
	cr_assert_eq(count_of(0)->failed, 4, "failed rounds of the first");
	cr_assert_eq(failures(count_of(0), "shutdown"), 1, "its shutdowns");
	cr_assert_eq(failures(count_of(1), "shutdown"), 1, "those of the second");
	cr_assert_eq(failures(count_of(1), "internal_error.1"), 0, "another's failures");
}

Test(soak, a_state_changes_when_it_is_not_that_of_the_round_before)
{
	fold(0, bad_round(1, "shutdown"));
	fold(0, bad_round(2, "exception"));
	fold(1, ok_round(1));
	fold(0, ok_round(3));
	fold(0, ok_round(4));
	fold(0, bad_round(5, "shutdown"));
	cr_assert_eq(document.soak->all.state_changes, 2, "%zu changes",
		     (size_t)document.soak->all.state_changes);
	cr_assert_eq(count_of(1)->state_changes, 0, "the first round is a change");
	cr_assert_eq(document.soak->state_changes.count, 2, "not both are told");
	cr_assert_str_eq(document.soak->state_changes.items[0].before, "failed", "before");
	cr_assert_eq(document.soak->state_changes.items[0].state, NM_STATE_OK, "after");
	cr_assert_eq(document.soak->state_changes.items[1].round, 5, "another round");
	cr_assert_null(document.soak->failures.items[0].before, "a round before the first");
}

Test(soak, rounds_belong_to_their_hour)
{
	fold_at(&document, 0, ok_round(1), 0);
	fold_at(&document, 0, bad_round(2, "timeout"), HOUR - 1);
	fold_at(&document, 0, bad_round(3, "timeout"), HOUR);
	fold_at(&document, 0, ok_round(4), 2 * HOUR - 1);
	cr_assert_eq(document.soak->hours.count, 2, "%zu hours", document.soak->hours.count);
	cr_assert_eq(document.soak->hours.items[0].rounds, 2, "rounds of the first");
	cr_assert_eq(document.soak->hours.items[1].failed, 1, "failures of the second");
	fold_at(&document, 0, ok_round(5), 2 * HOUR + NM_NS_PER_S);
	fold_at(&document, 0, ok_round(6), UINT64_MAX);
	cr_assert_eq(document.soak->hours.count, 2, "an hour that was not planned");
	cr_assert_eq(document.soak->hours.items[1].rounds, 4, "what came late is lost");
}

Test(soak, hours_without_rounds_are_hours)
{
	document.run.plan.soak_ns = 5 * HOUR;
	fold_at(&document, 0, ok_round(1), 3 * HOUR);
	cr_assert_eq(document.soak->hours.count, 4, "%zu hours", document.soak->hours.count);
	cr_assert_eq(document.soak->hours.items[1].rounds, 0, "the second has rounds");
}

Test(soak, the_first_failures_are_told_in_full_and_the_rest_counted)
{
	for (uint64_t i = 1; i <= NM_SOAK_EVENTS + 50; i++)
		fold(0, bad_round(i, "shutdown"));
	fold(1, bad_round(1, "exception"));
	cr_assert_eq(document.soak->failures.count, NM_SOAK_EVENTS + 1, "%zu are told",
		     document.soak->failures.count);
	cr_assert_eq(document.soak->failures_left_out, 50, "%zu are left out",
		     (size_t)document.soak->failures_left_out);
	for (size_t i = 0; i < NM_SOAK_EVENTS; i++) {
		const struct nm_soak_event *event = &document.soak->failures.items[i];

		cr_assert_eq(event->round, i + 1, "another round");
		cr_assert_str_eq(event->reason, "it stopped", "%s", event->reason);
		cr_assert_str_eq(event->time, "2026-01-05T02:20:00Z", "%s", event->time);
		cr_assert_str_eq(event->failure, "shutdown", "%s", event->failure);
	}
	cr_assert_str_eq(document.soak->failures.items[NM_SOAK_EVENTS].measurement,
			 "floor.loop/native", "one measurement hides the other");
}

/* Keeping */

Test(soak, all_rounds_are_kept_while_there_is_room)
{
	for (uint64_t i = 1; i <= 10; i++)
		fold(0, ok_round(i));
	cr_assert_eq(document.measurements.items[0].rounds.count, 10, "not ten");
	for (uint64_t i = 0; i < 10; i++)
		cr_assert_eq(document.measurements.items[0].rounds.items[i].index, i + 1, "order");
	cr_assert_eq(document.measurements.items[1].rounds.count, 0, "another's rounds");
}

Test(soak, a_round_that_is_kept_is_a_copy)
{
	struct nm_arena arena = {0};
	struct nm_round round = bad_round(1, nm_arena_strdup(&arena, "shutdown"));
	const struct nm_round *kept;

	round.reason = nm_arena_strdup(&arena, "the reason");
	nm_map_set(&arena, &round.counters_per_op, "exits", NM_REAL(2.5));
	nm_strings_add(&arena, &round.flags, "steal");
	fold(0, round);
	nm_arena_free(&arena);
	kept = &document.measurements.items[0].rounds.items[0];
	cr_assert_str_eq(kept->reason, "the reason", "%s", kept->reason);
	cr_assert_str_eq(kept->failure, "shutdown", "%s", kept->failure);
	cr_assert(nm_map_get(&kept->counters_per_op, "exits")->real == 2.5, "counters");
	cr_assert_str_eq(kept->flags.items[0], "steal", "flags");
}

/* 4000 soaks of 40 rounds: each round is one of ten in a quarter of them, 1000 times, give or take 27. */
Test(soak, every_round_has_the_same_chance)
{
	unsigned int kept[41] = {0};

	for (uint64_t seed = 1; seed <= 4000; seed++) {
		struct nm_measurement *m = &document.measurements.items[0];

		document.run.seed = seed * 7919;
		m->rounds.count = 0;
		document.soak->measurements.items[0].count.rounds = 0;
		for (uint64_t i = 1; i <= 40; i++)
			fold(0, ok_round(i));
		cr_assert_eq(m->rounds.count, 10, "%zu are kept", m->rounds.count);
		for (size_t i = 0; i < 10; i++)
			kept[m->rounds.items[i].index]++;
	}
	for (size_t i = 1; i <= 40; i++)
		cr_assert(kept[i] > 860 && kept[i] < 1140, "round %zu is kept %u times", i,
			  kept[i]);
}

/* Judging */

static void judge(struct nm_measurement *m, int state)
{
	m->state = state;
	m->reason = "as it was";
	cr_assert_eq(nm_soak_judge(&document, 0), 0, "%s", nm_error_last()->text);
}

static void assert_judged(int state, int expected, const char *reason)
{
	struct nm_measurement *m = &document.measurements.items[0];

	judge(m, state);
	cr_assert_eq(m->state, expected, "%s becomes %s", nm_state_names[state],
		     nm_state_names[m->state]);
	cr_assert_str_eq(m->reason, reason, "%s", m->reason);
}

Test(soak, a_failure_that_no_kept_round_shows_is_noise)
{
	for (uint64_t i = 1; i <= 20; i++)
		fold(0, ok_round(i));
	assert_judged(NM_STATE_OK, NM_STATE_OK, "as it was");
	fold(0, bad_round(21, "shutdown"));
	fold(0, bad_round(22, "timeout"));
	fold(0, bad_round(23, "shutdown"));
	assert_judged(NM_STATE_OK, NM_STATE_NOISY, "3 of 23 rounds failed: shutdown 2, timeout 1");
	assert_judged(NM_STATE_FAILED, NM_STATE_NOISY,
		      "3 of 23 rounds failed: shutdown 2, timeout 1");
	assert_judged(NM_STATE_INVALID, NM_STATE_INVALID, "as it was");
	assert_judged(NM_STATE_UNSUPPORTED, NM_STATE_UNSUPPORTED, "as it was");
}

Test(soak, many_failures_are_what_a_measurement_is)
{
	fold(0, ok_round(1));
	fold(0, bad_round(2, "shutdown"));
	assert_judged(NM_STATE_OK, NM_STATE_FAILED, "1 of 2 rounds failed: shutdown 1");
	assert_judged(NM_STATE_TIMEOUT, NM_STATE_TIMEOUT, "1 of 2 rounds failed: shutdown 1");
}

/* The journal */

static struct nm_journal journal;

static void begin_journal(void)
{
	enter_folder();
	begin();
	cr_assert_eq(nm_journal_open(&journal, "run.json", &document, false), 0, "%s",
		     nm_error_last()->text);
}

static void end_journal(void)
{
	nm_journal_close(&journal, true);
	end();
	leave_folder();
}

TestSuite(soak_journal, .init = begin_journal, .fini = end_journal);

static void add(size_t number, struct nm_round round, uint64_t elapsed_ns)
{
	const struct nm_soak_moment moment = {.elapsed_ns = elapsed_ns,
					      .time = "2026-01-05T02:20:00Z"};

	cr_assert_eq(nm_journal_add_moment(&journal, number, &document.measurements.items[number],
					   &round, &moment),
		     0, "%s", nm_error_last()->text);
	fold_at(&document, number, round, elapsed_ns);
}

static void assert_recovers(void)
{
	struct nm_document found = {0};
	struct nm_text before = {0};
	struct nm_text after = {0};

	cr_assert_eq(nm_journal_recover("run.json", &found), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_soak_check(&found, "x"), 0, "%s", nm_error_last()->text);
	nm_document_write(&before, &document, false);
	nm_document_write(&after, &found, false);
	cr_assert_str_eq(after.bytes, before.bytes, "%s\nis not\n%s", after.bytes, before.bytes);
	nm_text_free(&before);
	nm_text_free(&after);
	nm_document_free(&found);
}

static void add_many(uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++) {
		add(0, i % 3 ? ok_round(i) : bad_round(i, "shutdown"), i * NM_NS_PER_S);
		add(1, ok_round(i), i * NM_NS_PER_S + 1);
	}
}

Test(soak_journal, a_killed_soak_is_recovered_as_it_was)
{
	assert_recovers();
	add_many(1, 200);
	assert_recovers();
}

static size_t count_lines(void)
{
	char *text = read_text("run.json.journal");
	size_t lines = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	free(text);
	return lines;
}

Test(soak_journal, is_renewed_when_its_reservation_is_used_up)
{
	add_many(1, 20);
	cr_assert_eq(nm_journal_renew(&journal, &document), 0, "%s", nm_error_last()->text);
	cr_assert_eq(count_lines(), 41, "it is renewed too early");
	journal.limit = journal.written;
	cr_assert_eq(nm_journal_renew(&journal, &document), 0, "%s", nm_error_last()->text);
	cr_assert_eq(count_lines(), 1, "%zu lines", count_lines());
	cr_assert_gt(journal.limit, journal.written, "it is renewed at once again");
	assert_recovers();
	add_many(21, 60);
	cr_assert_eq(count_lines(), 81, "%zu lines", count_lines());
	assert_recovers();
	cr_assert_eq(count_entries(), 1, "%zu files", count_entries());
}

Test(soak_journal, a_renewal_that_fails_leaves_the_old_one)
{
	add_many(1, 20);
	journal.limit = journal.written;
	limit_file_size(100);
	cr_assert_eq(nm_journal_renew(&journal, &document), -EFBIG, "it fits");
	assert_recovers();
	nm_journal_close(&journal, false);
	assert_recovers();
}

Test(soak_journal, a_renewed_one_is_locked)
{
	struct nm_journal other;

	journal.limit = journal.written;
	cr_assert_eq(nm_journal_renew(&journal, &document), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_journal_open(&other, "run.json", &document, true), -EBUSY, "two of them");
}

Test(soak_journal, a_line_that_no_soak_has_is_refused)
{
	struct nm_document found = {0};
	char *text;
	char *broken;

	document.soak->measurements.items[0].count.rounds = UINT64_MAX;
	journal.limit = 0;
	cr_assert_eq(nm_journal_renew(&journal, &document), 0, "%s", nm_error_last()->text);
	document.soak->measurements.items[0].count.rounds = 0;
	add(0, ok_round(1), 1);
	cr_assert_eq(nm_journal_recover("run.json", &found), -EINVAL, "it is recovered");
	assert_error_says("journal line 2: soak: numbers that no plan has");
	text = read_text("run.json.journal");
	broken = replaced(text, "\"rounds\":18446744073709551615", "\"rounds\":1");
	write_text("run.json.journal", broken);
	cr_assert_eq(nm_journal_recover("run.json", &found), 0, "%s", nm_error_last()->text);
	cr_assert_eq(found.soak->measurements.items[0].count.rounds, 2, "rounds");
	nm_document_free(&found);
	free(broken);
	free(text);
}

/* Resuming */

static void assert_unfit(void)
{
	cr_assert_eq(nm_soak_check(&document, "x"), -EINVAL, "it fits");
	assert_error_says("x: soak: numbers that no plan has");
}

Test(soak, one_that_no_plan_has_is_not_resumed)
{
	document.run.plan.soak_ns = 0;
	assert_unfit();
	document.run.plan.soak_ns = NM_MAX_SOAK_NS + 1;
	assert_unfit();
	document.run.plan.soak_ns = HOUR;
	document.soak->measurements.count--;
	assert_unfit();
	document.soak->measurements.count++;
	document.soak->measurements.items[1].last_state = "asleep";
	assert_unfit();
	document.soak->measurements.items[1].last_state = "ok";
	cr_assert_eq(nm_soak_check(&document, "x"), 0, "%s", nm_error_last()->text);
	document.soak = NULL;
	assert_unfit();
}

/* Running, with native operations only */

static volatile sig_atomic_t stop;
static struct nm_root root;
static struct nm_topology *topology;
static struct nm_round_host host;

static void open_session(void)
{
	enter_folder();
	document.schema = NM_RUN_SCHEMA;
	sample_run(&document);
	document.run.plan.rounds = 5;
	document.run.plan.samples = 10;
	document.run.plan.soak_ns = NM_NS_PER_S / 2;
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
	nm_round_host_free(&host);
	nm_topology_free(topology);
	nm_root_close(&root);
	end_journal();
}

TestSuite(soak_session, .init = open_session, .fini = close_session);

static void prepare(const char *operation, const char *another)
{
	struct nm_measurement *m = add_measurement(&document, operation, NM_CONTEXT_NATIVE);

	m->batch = 0;
	if (another)
		add_measurement(&document, another, NM_CONTEXT_NATIVE)->batch = 0;
	cr_assert_eq(nm_soak_plan(&document), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_journal_open(&journal, "run.json", &document, false), 0, "%s",
		     nm_error_last()->text);
}

static int run_soak(void)
{
	int cpus[8];
	struct nm_session session = {.document = &document,
				     .host = &host,
				     .journal = &journal,
				     .cpus = cpus};

	cr_assert_eq(nm_topology_order(topology, -1, cpus, 8, &session.cpu_count), 0, "%s",
		     nm_error_last()->text);
	return nm_soak_run(&session);
}

/* Half a second at a time until measurement `number` has more than `rounds`: how long that takes is the machine's. */
static void soak_beyond(size_t number, uint64_t rounds)
{
	do {
		for (size_t i = 0; i < document.measurements.count; i++)
			document.measurements.items[i].stopped_by = NULL;
		document.run.plan.soak_ns = document.soak->elapsed_ns + NM_NS_PER_S / 2;
		cr_assert_eq(run_soak(), 0, "%s", nm_error_last()->text);
		cr_assert_geq(document.soak->elapsed_ns, document.run.plan.soak_ns, "ended early");
	} while (count_of(number)->rounds <= rounds);
}

static void assert_kept_in_order(const struct nm_measurement *m, size_t expected)
{
	cr_assert_eq(m->rounds.count, expected, "%zu are kept", m->rounds.count);
	for (size_t i = 1; i < expected; i++)
		cr_assert_gt(m->rounds.items[i].index, m->rounds.items[i - 1].index, "order");
}

Test(soak_session, goes_on_for_its_time_whatever_fails)
{
	const struct nm_measurement *m;

	prepare("floor.loop", "drill.crash");
	soak_beyond(1, 5);
	m = document.measurements.items;
	cr_assert_leq(count_of(0)->rounds, count_of(1)->rounds + 1, "it gave up after %zu",
		      (size_t)count_of(1)->rounds);
	cr_assert_eq(failures(count_of(1), "process"), (int64_t)count_of(1)->rounds, "kinds");
	cr_assert_eq(count_of(0)->failed, 0, "a loop fails");
	cr_assert_str_eq(m[0].stopped_by, "soak", "stopped by %s", m[0].stopped_by);
	assert_kept_in_order(&m[0], 5);
	assert_kept_in_order(&m[1], 5);
	cr_assert_gt(document.soak->all.failed_per_hour, 0, "there is no rate");
	cr_assert_eq(nm_session_summarise(&document), 0, "%s", nm_error_last()->text);
	cr_assert_eq(m[1].state, NM_STATE_FAILED, "it is %s", nm_state_names[m[1].state]);
}

Test(soak_session, can_be_stopped_and_continued)
{
	uint64_t rounds;

	prepare("floor.loop", NULL);
	soak_beyond(0, 5);
	rounds = count_of(0)->rounds;
	stop = SIGTERM;
	document.measurements.items[0].stopped_by = NULL;
	document.run.plan.soak_ns += NM_NS_PER_S / 2;
	cr_assert_eq(run_soak(), -EINTR, "it went on");
	cr_assert_null(document.measurements.items[0].stopped_by, "it cannot be resumed");
	cr_assert_eq(count_of(0)->rounds, rounds, "rounds after the stop");
	stop = 0;
	soak_beyond(0, rounds);
	assert_kept_in_order(&document.measurements.items[0], 5);
}

Test(soak_session, of_nothing_ends_at_once)
{
	prepare("floor.loop", NULL);
	document.measurements.items[0].state = NM_STATE_UNSUPPORTED;
	cr_assert_eq(run_soak(), 0, "%s", nm_error_last()->text);
	cr_assert_eq(document.soak->all.rounds, 0, "what is unsupported was run");
}
