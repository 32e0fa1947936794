/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/rounds.h"
#include "compared.h"

#include <math.h>

#define BLOCK 5u

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
