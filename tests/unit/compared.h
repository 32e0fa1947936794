/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_TESTS_UNIT_COMPARED_H
#define NM_TESTS_UNIT_COMPARED_H

#include "analysis/compare.h"
#include "core/statistics.h"
#include "sample.h"

/* Documents of known rounds, for tests that compare them. */

/** A document of one machine without measurements, each with an identity of its own. */
static inline void machine_document(struct nm_document *document)
{
	static unsigned int documents;

	*document = (struct nm_document) {.schema = NM_RUN_SCHEMA};
	sample_run(document);
	document->run.uuid =
		nm_arena_printf(&document->arena, "%08x-89ab-4cde-8f01-23456789abcd", documents++);
	document->run.state = NM_RUN_COMPLETE;
	document->run.reason = NULL;
	document->machine = (struct nm_machine) {.vendor = "GenuineIntel",
						 .family = 6,
						 .model = 85,
						 .brand = "Intel(R) Xeon(R) CPU @ 2.80GHz",
						 .microcode = "0x1",
						 .level = 0,
						 .threads = 8,
						 .memory_bytes = 1ull << 34,
						 .tsc_khz = 2800000};
	sample_environment(document);
}

/** A guest measurement at CPL0 that is ok and has no rounds yet. */
static inline struct nm_measurement *guest_measurement(struct nm_document *document,
						       const char *operation)
{
	struct nm_measurement *m = add_measurement(document, operation, NM_CONTEXT_GUEST);

	nm_map_set(&document->arena, &m->parameters, "cpl", NM_INT(0));
	m->evidence.exits_per_op = 1;
	return m;
}

static inline void add_value(struct nm_document *document, struct nm_measurement *m, double value)
{
	struct nm_round *round = add_round(document, m);

	round->samples = 2000;
	round->min = round->p5 = value;
	round->p50 = value * 1.02;
	round->p90 = value * 1.1;
	round->p99 = value * 1.5;
	round->p999 = NAN;
	round->max = value * 10;
}

/** Nearly normal (Irwin and Hall), mean 0, standard deviation 1. */
static inline double normal_value(struct nm_random *random)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (double)(nm_random_next(random) >> 11) / 9007199254740992.0;
	return sum;
}

static inline void add_values(struct nm_document *document, struct nm_measurement *m,
			      struct nm_random *random, size_t rounds, double center, double noise)
{
	for (size_t i = 0; i < rounds; i++)
		add_value(document, m, center * exp(noise * normal_value(random)));
}

/** Compares two documents with the default policy. */
static inline void compare_two(const struct nm_document *base, const struct nm_document *changed,
			       enum nm_comparison_mode mode, struct nm_comparison *out)
{
	static const char *const paths[] = {"some.json"};
	const struct nm_compare_request request = {.mode = mode,
						   .base = {&base, paths, 1, NULL},
						   .changed = {&changed, paths, 1, NULL},
						   .gate = true};

	*out = (struct nm_comparison) {0};
	cr_assert_eq(nm_compare(&request, out), 0, "%s", nm_error_last()->text);
}

static inline const struct nm_compared *line_named(const struct nm_comparison *comparison,
						   const char *name)
{
	for (size_t i = 0; i < comparison->lines.count; i++)
		if (!strcmp(comparison->lines.items[i].name, name))
			return &comparison->lines.items[i];
	cr_assert_fail("no line %s", name);
	return NULL;
}

#endif
