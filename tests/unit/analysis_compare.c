/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "compared.h"

#define SEED  20260105u
#define CPUID "exit.cpuid/guest/cpl0"

/* One measurement a side, of rounds that scatter by 0.4 %. */
struct sides {
	struct nm_document base, changed;
	struct nm_comparison comparison;
};

static void compare_rounds(struct sides *sides, size_t bases, size_t changes, double factor)
{
	struct nm_random random;

	nm_random_seed(&random, SEED);
	machine_document(&sides->base);
	machine_document(&sides->changed);
	add_values(&sides->base, guest_measurement(&sides->base, "exit.cpuid"), &random, bases,
		   1000, 0.004);
	add_values(&sides->changed, guest_measurement(&sides->changed, "exit.cpuid"), &random,
		   changes, 1000 * factor, 0.004);
	compare_two(&sides->base, &sides->changed, NM_COMPARE_DOCUMENTS, &sides->comparison);
}

static void free_sides(struct sides *sides)
{
	nm_comparison_free(&sides->comparison);
	nm_document_free(&sides->base);
	nm_document_free(&sides->changed);
}

static int verdict_of(double factor)
{
	struct sides sides;
	int verdict;

	compare_rounds(&sides, 10, 10, factor);
	verdict = sides.comparison.lines.items[0].verdict;
	cr_assert_eq(sides.comparison.gate->passed, verdict != NM_VERDICT_REGRESSED);
	free_sides(&sides);
	return verdict;
}

Test(compare, verdicts)
{
	cr_assert_eq(verdict_of(1), NM_VERDICT_EQUAL);
	cr_assert_eq(verdict_of(1.1), NM_VERDICT_REGRESSED);
	cr_assert_eq(verdict_of(1 / 1.1), NM_VERDICT_IMPROVED);
}

Test(compare, swapping_inverts)
{
	struct sides sides;
	struct nm_comparison swapped;

	compare_rounds(&sides, 10, 12, 1.08);
	compare_two(&sides.changed, &sides.base, NM_COMPARE_DOCUMENTS, &swapped);
	for (size_t kind = 0; kind < NM_COMPARED_KINDS; kind++) {
		const struct nm_compared_statistic *one =
			&sides.comparison.lines.items[0].statistics.items[kind];
		const struct nm_compared_statistic *other =
			&swapped.lines.items[0].statistics.items[kind];

		cr_assert_float_eq(one->ratio.value * other->ratio.value, 1, 1e-12);
		cr_assert_float_eq(one->ratio.lo * other->ratio.hi, 1, 1e-12);
		cr_assert_float_eq(one->p, other->p, 1e-12);
	}
	cr_assert_eq(sides.comparison.lines.items[0].verdict, NM_VERDICT_REGRESSED);
	cr_assert_eq(swapped.lines.items[0].verdict, NM_VERDICT_IMPROVED);
	nm_comparison_free(&swapped);
	free_sides(&sides);
}

Test(compare, few_rounds_have_no_verdict)
{
	struct sides sides;

	compare_rounds(&sides, 10, 4, 2);
	cr_assert_eq(sides.comparison.lines.items[0].verdict, NM_VERDICT_INVALID);
	cr_assert_str_eq(sides.comparison.lines.items[0].reason,
			 "floor: 10 rounds against 4: a verdict takes 5 of each");
	cr_assert(!sides.comparison.gate->passed);
	free_sides(&sides);
}

Test(compare, another_machine_is_invalid_unless_it_is_asked_for)
{
	struct sides sides;

	compare_rounds(&sides, 10, 10, 1);
	nm_comparison_free(&sides.comparison);
	sides.changed.machine.microcode = "0x2";
	compare_two(&sides.base, &sides.changed, NM_COMPARE_DOCUMENTS, &sides.comparison);
	cr_assert_str_eq(sides.comparison.lines.items[0].reason,
			 "not comparable: machine.microcode");
	cr_assert(sides.comparison.differences.items[0].decisive);
	cr_assert(!sides.comparison.gate->passed);
	nm_comparison_free(&sides.comparison);
	compare_two(&sides.base, &sides.changed, NM_COMPARE_MACHINES, &sides.comparison);
	cr_assert_eq(sides.comparison.lines.items[0].verdict, NM_VERDICT_EQUAL);
	free_sides(&sides);
}

Test(compare, nothing_is_silently_green)
{
	struct nm_document base;
	struct nm_document changed;
	struct nm_comparison comparison;
	struct nm_measurement *m;

	machine_document(&base);
	machine_document(&changed);
	guest_measurement(&base, "exit.gone");
	guest_measurement(&base, "exit.worse");
	guest_measurement(&changed, "exit.new");
	m = guest_measurement(&changed, "exit.worse");
	m->state = NM_STATE_TIMEOUT;
	m->reason = "2 of 2 rounds timeout";
	compare_two(&base, &changed, NM_COMPARE_DOCUMENTS, &comparison);
	cr_assert_eq(line_named(&comparison, "exit.gone/guest/cpl0")->verdict, NM_VERDICT_MISSING);
	cr_assert_eq(line_named(&comparison, "exit.new/guest/cpl0")->verdict, NM_VERDICT_ADDED);
	cr_assert_eq(line_named(&comparison, "exit.worse/guest/cpl0")->verdict, NM_VERDICT_INVALID);
	cr_assert_str_eq(line_named(&comparison, "exit.worse/guest/cpl0")->reason,
			 "new is timeout: 2 of 2 rounds timeout");
	cr_assert(!comparison.gate->passed);
	cr_assert_eq(comparison.gate->failures.count, 3);
	nm_comparison_free(&comparison);
	nm_document_free(&base);
	nm_document_free(&changed);
}

/* Rounds of one run are close to each other, and runs of the same thing 10 % apart: no change, however small p is. */
Test(compare, runs_that_differ_by_as_much)
{
	static const double runs[] = {1000, 1100, 1040, 1090};
	static const char *const paths[] = {"a.json", "b.json"};
	const struct nm_document *sides[COUNT(runs)];
	struct nm_document documents[COUNT(runs)];
	struct nm_comparison comparison = {0};
	struct nm_compare_request request = {.mode = NM_COMPARE_DOCUMENTS,
					     .base = {sides, paths, 2, NULL},
					     .changed = {sides + 2, paths, 2, NULL}};
	const struct nm_compared_statistic *floor;
	struct nm_random random;

	nm_random_seed(&random, SEED);
	for (size_t i = 0; i < COUNT(runs); i++) {
		machine_document(&documents[i]);
		sides[i] = &documents[i];
		add_values(&documents[i], guest_measurement(&documents[i], "exit.cpuid"), &random,
			   10, runs[i], 0.001);
	}
	cr_assert_eq(nm_compare(&request, &comparison), 0);
	floor = &comparison.lines.items[0].statistics.items[0];
	cr_assert_eq(floor->base_rounds, 20);
	cr_assert(floor->within_runs);
	cr_assert_neq(floor->verdict, NM_VERDICT_REGRESSED);
	nm_comparison_free(&comparison);
	request.base.count = request.changed.count = 1;
	cr_assert_eq(nm_compare(&request, &comparison), 0);
	cr_assert_eq(comparison.lines.items[0].verdict, NM_VERDICT_REGRESSED);
	nm_comparison_free(&comparison);
	for (size_t i = 0; i < COUNT(runs); i++)
		nm_document_free(&documents[i]);
}

/* Three hundred pairs of documents without any difference. */
Test(compare, null_simulation)
{
	struct nm_random random;
	size_t alarms = 0;
	size_t equal = 0;

	nm_random_seed(&random, SEED);
	for (size_t trial = 0; trial < 300; trial++) {
		struct sides sides;

		machine_document(&sides.base);
		machine_document(&sides.changed);
		add_values(&sides.base, guest_measurement(&sides.base, "exit.cpuid"), &random, 10,
			   1000, 0.015);
		add_values(&sides.changed, guest_measurement(&sides.changed, "exit.cpuid"), &random,
			   10, 1000, 0.015);
		compare_two(&sides.base, &sides.changed, NM_COMPARE_DOCUMENTS, &sides.comparison);
		alarms += sides.comparison.lines.items[0].verdict == NM_VERDICT_REGRESSED ||
			  sides.comparison.lines.items[0].verdict == NM_VERDICT_IMPROVED;
		equal += sides.comparison.lines.items[0].verdict == NM_VERDICT_EQUAL;
		free_sides(&sides);
	}
	cr_assert_lt(alarms, 300 * 7 / 100, "%zu false alarms", alarms);
	cr_assert_gt(equal, 150, "%zu equal", equal);
}
