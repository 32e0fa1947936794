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

/* Like that of nestmark ab: the floor decides. */
static int verdict_of(const struct nm_document *base, const struct nm_document *changed,
		      enum nm_comparison_mode mode)
{
	static const char *const paths[] = {"some.json"};
	struct nm_policy policy = nm_policy_default;
	const struct nm_compare_request request = {.mode = mode,
						   .base = {&base, paths, 1, NULL},
						   .changed = {&changed, paths, 1, NULL},
						   .policy = &policy,
						   .paired = true};
	struct nm_comparison comparison = {0};
	int verdict;

	policy.false_discovery_rate = 0.01;
	policy.limits = (struct nm_limits) {
		.threshold_percent =
			{[NM_COMPARED_FLOOR] = 0.75, [NM_COMPARED_P50] = 2, [NM_COMPARED_P99] = 25},
		.gated = {[NM_COMPARED_FLOOR] = true}};
	cr_assert_eq(nm_compare(&request, &comparison), 0, "%s", nm_error_last()->text);
	verdict = comparison.lines.items[0].verdict;
	nm_comparison_free(&comparison);
	return verdict;
}

/* Rounds of a machine that is half as fast again for `busy` of the time. */
static void add_rounds(struct nm_document *document, struct nm_measurement *m,
		       struct nm_random *random, double center, double noise, double busy)
{
	for (uint64_t i = 1; i <= PAIRS; i++) {
		double share = (double)(nm_random_next(random) >> 11) / 9007199254740992.0;
		double mode = share < busy ? 1.5 : 1;

		add_indexed(document, m, i, center * mode * exp(noise * normal_value(random)));
	}
}

static int trial(struct nm_random *random, double factor, double noise, double busy)
{
	struct case_of_pairs c = {0};
	struct nm_measurement *base = begin_side(&c.base);
	struct nm_measurement *changed = begin_side(&c.changed);
	int verdict;

	add_rounds(&c.base, base, random, 1000, noise, busy);
	add_rounds(&c.changed, changed, random, 1000 * factor, noise, busy);
	verdict = verdict_of(&c.base, &c.changed, NM_COMPARE_AB);
	free_case(&c);
	return verdict;
}

/* However noisy the machine is. */
Test(pairs, one_trial_in_a_hundred_is_called_without_a_difference)
{
	static const double busy[] = {0, 0.2, 0.5};
	struct nm_random random;

	nm_random_seed(&random, SEED);
	for (size_t i = 0; i < COUNT(busy); i++) {
		size_t alarms = 0;

		for (size_t n = 0; n < 500; n++) {
			int verdict = trial(&random, 1, 0.02, busy[i]);

			alarms += verdict == NM_VERDICT_REGRESSED || verdict == NM_VERDICT_IMPROVED;
		}
		cr_expect_leq(alarms, 10, "busy for %g: %zu false alarms", busy[i], alarms);
	}
}

Test(pairs, a_difference_is_found_beside_busy_times)
{
	struct nm_random random;
	size_t found = 0;

	nm_random_seed(&random, SEED);
	for (size_t n = 0; n < 100; n++)
		found += trial(&random, 1.02, 0.005, 0.2) == NM_VERDICT_REGRESSED;
	cr_expect_geq(found, 80, "%zu found", found);
}

/* Noise that both sides met; not what did not work. */
Test(pairs, noisy_sides_are_judged)
{
	struct case_of_pairs c = {0};
	struct nm_measurement *base = begin_side(&c.base);
	struct nm_measurement *changed = begin_side(&c.changed);
	struct nm_random random;

	nm_random_seed(&random, SEED);
	add_rounds(&c.base, base, &random, 1000, 0.002, 0);
	add_rounds(&c.changed, changed, &random, 1020, 0.002, 0);
	base->state = changed->state = NM_STATE_NOISY;
	base->reason = changed->reason = "the median is known to 24 % only";
	cr_expect_eq(verdict_of(&c.base, &c.changed, NM_COMPARE_AB), NM_VERDICT_REGRESSED);
	cr_expect_eq(verdict_of(&c.base, &c.changed, NM_COMPARE_DOCUMENTS), NM_VERDICT_INVALID);
	changed->state = NM_STATE_FAILED;
	cr_expect_eq(verdict_of(&c.base, &c.changed, NM_COMPARE_AB), NM_VERDICT_INVALID);
	free_case(&c);
}
