/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/rounds.h"
#include "compared.h"

#include <math.h>

#define BLOCK 5u
#define SEED  20261130u
#define PAIRS 20u

struct case_of_pairs {
	struct nm_document base, changed;
	struct nm_rounds rounds;
};

static struct nm_measurement *begin_side(struct nm_document *document)
{
	machine_document(document);
	return guest_measurement(document, "exit.cpuid");
}

static void add_indexed(struct nm_document *document, struct nm_measurement *m, uint64_t index,
			double value)
{
	add_value(document, m, value);
	m->rounds.items[m->rounds.count - 1].index = index;
}

static void collect(struct case_of_pairs *c, enum nm_compared_kind kind, uint64_t block)
{
	const struct nm_measurement *base = c->base.measurements.items;
	const struct nm_measurement *changed = c->changed.measurements.items;
	const struct nm_pairing pairing = {.name = "exit.cpuid",
					   .base = {&base, 1},
					   .changed = {&changed, 1}};
	const struct nm_compare_request request = {.paired = true, .block = block};

	c->rounds = (struct nm_rounds) {0};
	cr_assert_eq(nm_rounds_collect(&c->base.arena, &pairing, kind, &request, &c->rounds), 0,
		     "not collected");
	cr_assert_eq(c->rounds.base_count, c->rounds.changed_count, "sides of different length");
}

static void free_case(struct case_of_pairs *c)
{
	nm_document_free(&c->base);
	nm_document_free(&c->changed);
}

/* Two blocks: 100 … 104 and 200 … 204 in the base, in an order of its own, and ten times that on the other side. */
static void make_blocks(struct case_of_pairs *c)
{
	static const uint64_t order[] = {3, 1, 5, 4, 2, 10, 7, 6, 9, 8};
	struct nm_measurement *base = begin_side(&c->base);
	struct nm_measurement *changed = begin_side(&c->changed);

	for (size_t i = 0; i < 10; i++) {
		uint64_t index = order[i];
		double value = (index > BLOCK ? 200.0 - BLOCK : 100.0) + (double)index - 1;

		add_indexed(&c->base, base, index, value);
		add_indexed(&c->changed, changed, index, 10 * value);
	}
}

Test(pairs, rounds_of_one_index_belong_together)
{
	struct case_of_pairs c = {0};

	make_blocks(&c);
	collect(&c, NM_COMPARED_FLOOR, 0);
	cr_assert_eq(c.rounds.base_count, 10, "%zu pairs", c.rounds.base_count);
	for (size_t i = 0; i < 10; i++)
		cr_assert(fabs(c.rounds.changed[i] - 10 * c.rounds.base[i]) < 1e-9, "pair %zu", i);
	free_case(&c);
}

Test(pairs, a_block_is_its_quieter_half)
{
	struct case_of_pairs c = {0};

	make_blocks(&c);
	collect(&c, NM_COMPARED_FLOOR, BLOCK);
	cr_assert_eq(c.rounds.base_count, 2, "%zu pairs", c.rounds.base_count);
	cr_assert(fabs(c.rounds.base[0] - 101) < 1e-9, "%g", c.rounds.base[0]);
	cr_assert(fabs(c.rounds.base[1] - 201) < 1e-9, "%g", c.rounds.base[1]);
	cr_assert(fabs(c.rounds.changed[1] - 2010) < 1e-9, "%g", c.rounds.changed[1]);
	collect(&c, NM_COMPARED_P50, BLOCK);
	cr_assert(fabs(c.rounds.base[0] - 102 * 1.02) < 1e-9, "%g", c.rounds.base[0]);
	free_case(&c);
}

Test(pairs, rounds_that_failed_do_not_count)
{
	struct case_of_pairs c = {0};

	make_blocks(&c);
	for (size_t i = 0; i < 10; i++)
		if (c.base.measurements.items[0].rounds.items[i].index <= 2)
			c.base.measurements.items[0].rounds.items[i].state = NM_STATE_FAILED;
	collect(&c, NM_COMPARED_FLOOR, BLOCK);
	cr_assert(fabs(c.rounds.base[0] - 102.5) < 1e-9, "%g", c.rounds.base[0]);
	for (size_t i = 0; i < 10; i++)
		if (c.changed.measurements.items[0].rounds.items[i].index > BLOCK)
			c.changed.measurements.items[0].rounds.items[i].state = NM_STATE_FAILED;
	collect(&c, NM_COMPARED_FLOOR, BLOCK);
	cr_assert_eq(c.rounds.base_count, 1, "a block without a partner is a pair");
	free_case(&c);
}

/* Judging */

/* With a policy like that of nestmark ab: the floor decides. */
static void compare_pairs(const struct case_of_pairs *c, enum nm_comparison_mode mode,
			  uint64_t block, struct nm_comparison *out)
{
	static const char *const paths[] = {"some.json"};
	const struct nm_document *base = &c->base;
	const struct nm_document *changed = &c->changed;
	struct nm_policy policy = nm_policy_default;
	const struct nm_compare_request request = {.mode = mode,
						   .base = {&base, paths, 1, NULL},
						   .changed = {&changed, paths, 1, NULL},
						   .policy = &policy,
						   .gate = true,
						   .paired = true,
						   .block = block};

	policy.false_discovery_rate = 0.01;
	policy.limits = (struct nm_limits) {
		.threshold_percent =
			{[NM_COMPARED_FLOOR] = 0.75, [NM_COMPARED_P50] = 2, [NM_COMPARED_P99] = 25},
		.gated = {[NM_COMPARED_FLOOR] = true}};
	*out = (struct nm_comparison) {0};
	cr_assert_eq(nm_compare(&request, out), 0, "%s", nm_error_last()->text);
}

/* Blocks of a machine that is half as slow again for `busy` of the time. */
static void add_blocks(struct nm_document *document, struct nm_measurement *m,
		       struct nm_random *random, double center, double noise, double busy)
{
	for (uint64_t i = 0; i < PAIRS; i++) {
		double share = (double)(nm_random_next(random) >> 11) / 9007199254740992.0;
		double mode = share < busy ? 1.5 : 1;

		for (uint64_t j = 1; j <= BLOCK; j++)
			add_indexed(document, m, i * BLOCK + j,
				    center * mode * exp(noise * normal_value(random)));
	}
}

static void make_sides(struct case_of_pairs *c, struct nm_random *random, double factor,
		       double noise, double busy)
{
	add_blocks(&c->base, begin_side(&c->base), random, 1000, noise, busy);
	add_blocks(&c->changed, begin_side(&c->changed), random, 1000 * factor, noise, busy);
}

static int trial(struct nm_random *random, double factor, double noise, double busy)
{
	struct case_of_pairs c = {0};
	struct nm_comparison comparison;
	int verdict;

	make_sides(&c, random, factor, noise, busy);
	compare_pairs(&c, NM_COMPARE_AB, BLOCK, &comparison);
	verdict = comparison.lines.items[0].verdict;
	nm_comparison_free(&comparison);
	free_case(&c);
	return verdict;
}

/* One in a hundred: 10, and 20 or more with 3 of 1,000 seeds; with q = 0.05 it would be 50. */
Test(pairs, few_trials_are_called_without_a_difference)
{
	static const double busy[] = {0, 0.2, 0.5};
	struct nm_random random;

	nm_random_seed(&random, SEED);
	for (size_t i = 0; i < COUNT(busy); i++) {
		size_t alarms = 0;

		for (size_t n = 0; n < 1000; n++) {
			int verdict = trial(&random, 1, 0.03, busy[i]);

			alarms += verdict == NM_VERDICT_REGRESSED || verdict == NM_VERDICT_IMPROVED;
		}
		cr_expect_lt(alarms, 20, "busy for %g: %zu false alarms", busy[i], alarms);
	}
}

Test(pairs, a_difference_is_found_beside_busy_times)
{
	struct nm_random random;
	size_t found = 0;

	nm_random_seed(&random, SEED);
	for (size_t n = 0; n < 100; n++)
		found += trial(&random, 1.02, 0.01, 0.2) == NM_VERDICT_REGRESSED;
	cr_expect_geq(found, 80, "%zu found", found);
}

/* The states of both sides, the verdict on 2 % that rounds tell well or badly, and what it says. */
static void assert_judged(enum nm_comparison_mode mode, double noise, enum nm_state state,
			  uint64_t failed, int verdict, const char *reason, const char *gate)
{
	struct case_of_pairs c = {0};
	struct nm_comparison comparison;
	struct nm_measurement *m;
	const struct nm_compared *line;
	struct nm_random random;

	nm_random_seed(&random, SEED);
	make_sides(&c, &random, 1.02, noise, 0);
	m = c.changed.measurements.items;
	m->state = (int)state;
	m->reason = "noise";
	m->evidence.rounds_failed = failed;
	compare_pairs(&c, mode, BLOCK, &comparison);
	line = &comparison.lines.items[0];
	cr_expect_eq(line->verdict, verdict, "%s: %s", nm_verdict_names[line->verdict],
		     line->reason);
	if (reason)
		cr_expect_str_eq(line->reason, reason);
	cr_expect(!comparison.gate->passed, "the gate passed");
	cr_expect_str_eq(verdict == NM_VERDICT_REGRESSED ? comparison.gate->warnings.items[0]
							 : comparison.gate->failures.items[0],
			 gate);
	nm_comparison_free(&comparison);
	free_case(&c);
}

Test(pairs, a_noisy_side_is_judged_where_the_data_decide)
{
	assert_judged(NM_COMPARE_AB, 0.002, NM_STATE_NOISY, 0, NM_VERDICT_REGRESSED, NULL,
		      "exit.cpuid/guest/cpl0 is regressed, although new is noisy");
	assert_judged(
		NM_COMPARE_AB, 0.2, NM_STATE_NOISY, 0, NM_VERDICT_INVALID,
		"new is noisy, and floor: the interval leaves open whether 0.75 % are reached",
		"exit.cpuid/guest/cpl0 got worse: new is noisy, and floor: the interval leaves "
		"open whether 0.75 % are reached");
}

Test(pairs, a_side_with_failed_rounds_is_not_judged)
{
	static const char gate[] = "exit.cpuid/guest/cpl0 got worse: new is noisy: noise";

	assert_judged(NM_COMPARE_AB, 0.002, NM_STATE_NOISY, 1, NM_VERDICT_INVALID,
		      "new is noisy: noise", gate);
	assert_judged(NM_COMPARE_DOCUMENTS, 0.002, NM_STATE_NOISY, 0, NM_VERDICT_INVALID,
		      "new is noisy: noise", gate);
	assert_judged(NM_COMPARE_AB, 0.002, NM_STATE_FAILED, 0, NM_VERDICT_INVALID,
		      "new is failed: noise",
		      "exit.cpuid/guest/cpl0 got worse: new is failed: noise");
}

/* Not of blocks. */
Test(pairs, what_would_decide_is_told_in_rounds)
{
	struct case_of_pairs c = {0};
	struct nm_comparison comparison;
	const struct nm_compared_statistic *floor;
	struct nm_random random;

	nm_random_seed(&random, SEED);
	make_sides(&c, &random, 1.004, 0.02, 0);
	compare_pairs(&c, NM_COMPARE_AB, BLOCK, &comparison);
	floor = &comparison.lines.items[0].statistics.items[NM_COMPARED_FLOOR];
	cr_expect_eq(floor->verdict, NM_VERDICT_INCONCLUSIVE);
	cr_expect_eq(floor->base_rounds, PAIRS);
	cr_expect_gt(floor->rounds_to_decide, (uint64_t)PAIRS * BLOCK);
	cr_expect_eq(floor->rounds_to_decide % BLOCK, 0);
	nm_comparison_free(&comparison);
	free_case(&c);
}
