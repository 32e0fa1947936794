/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_TESTS_UNIT_COMPARISON_SAMPLE_H
#define NM_TESTS_UNIT_COMPARISON_SAMPLE_H

#include "core/comparison.h"
#include "helpers.h"

#include <math.h>

/* A comparison in which every field is set and every verdict occurs. */

static inline void sample_compared_statistic(struct nm_comparison *comparison,
					     struct nm_compared *line, int kind, int verdict,
					     double ratio)
{
	struct nm_compared_statistic *s =
		nm_arena_append(&comparison->arena, &line->statistics.items,
				&line->statistics.count, sizeof(*s));

	cr_assert(s, "out of memory");
	*s = (struct nm_compared_statistic) {
		.kind = kind,
		.base = {.value = 2000, .lo = 1980, .hi = 2020},
		.changed = {.value = 2000 * ratio, .lo = 1980 * ratio, .hi = 2020 * ratio},
		.ratio = {.value = ratio, .lo = ratio - 0.01, .hi = ratio + 0.01},
		.shift = {.value = 2000 * (ratio - 1), .lo = NAN, .hi = NAN, .reason = "x"},
		.p = 0.001,
		.p_adjusted = 0.002,
		.cliffs_delta = 1,
		.effect = "large",
		.threshold_percent = 3,
		.gated = kind != NM_COMPARED_P99,
		.verdict = verdict,
		.reason = verdict == NM_VERDICT_INCONCLUSIVE ? "needs more rounds" : NULL,
		.rounds_to_decide = 24};
}

static inline struct nm_compared *sample_line(struct nm_comparison *comparison, const char *name,
					      int verdict, double ratio)
{
	struct nm_compared *line = nm_arena_append(&comparison->arena, &comparison->lines.items,
						   &comparison->lines.count, sizeof(*line));

	cr_assert(line, "out of memory");
	*line = (struct nm_compared) {.name = nm_arena_printf(&comparison->arena, "%s/guest/cpl0",
							      name),
				      .operation = name,
				      .group = "exits",
				      .context = NM_CONTEXT_GUEST,
				      .unit = "ns",
				      .base_state = "ok",
				      .changed_state = "ok",
				      .base_rounds = 10,
				      .changed_rounds = 10,
				      .base_exits_per_op = 1,
				      .changed_exits_per_op = 1.01,
				      .verdict = verdict};
	nm_map_set(&comparison->arena, &line->parameters, "cpl", NM_INT(0));
	if (verdict >= NM_VERDICT_INVALID || verdict == NM_VERDICT_INCONCLUSIVE)
		line->reason = "some reason";
	if (isfinite(ratio)) {
		sample_compared_statistic(comparison, line, NM_COMPARED_FLOOR, verdict, ratio);
		sample_compared_statistic(comparison, line, NM_COMPARED_P50, verdict, ratio);
		sample_compared_statistic(comparison, line, NM_COMPARED_P99, verdict, ratio * 1.1);
	}
	return line;
}

static inline void sample_published(struct nm_comparison *comparison, struct nm_compared *line)
{
	struct nm_published *published =
		nm_arena_append(&comparison->arena, &line->published.items, &line->published.count,
				sizeof(*published));

	cr_assert(published, "out of memory");
	*published = (struct nm_published) {.id = "turtles-cpuid",
					    .value = 58000,
					    .unit = "cycles",
					    .multiplier = 22,
					    .level = "L2",
					    .cpu = "Xeon of 2.9 GHz",
					    .source = "The Turtles Project, OSDI 2010",
					    .note = "with multi-dimensional paging"};
}

static inline void sample_side(struct nm_comparison *comparison, struct nm_comparison_side *side,
			       const char *label, int64_t level)
{
	struct nm_compared_document *document =
		nm_arena_append(&comparison->arena, &side->documents.items, &side->documents.count,
				sizeof(*document));

	cr_assert(document, "out of memory");
	*document = (struct nm_compared_document) {.path = "base.json",
						   .uuid = "01234567-89ab-4cde-8f01-23456789abcd",
						   .host = "sample",
						   .started = "2026-01-05T02:17:09Z",
						   .tool_version = NM_VERSION,
						   .state = "complete"};
	side->label = label;
	side->kernel_release = "6.1.0-18-amd64";
	side->machine = (struct nm_machine) {.vendor = "GenuineIntel",
					     .brand = "Intel(R) Xeon(R) CPU @ 2.80GHz",
					     .microcode = "0x1",
					     .hypervisor = level ? "KVMKVMKVM" : NULL,
					     .product = "Google Compute Engine",
					     .level = level,
					     .memory_bytes = (uint64_t)16 << 30,
					     .cores = 4,
					     .threads = 8,
					     .tsc_khz = 2800000};
}

static inline void sample_groups(struct nm_comparison *comparison)
{
	struct nm_comparison_group *group =
		nm_arena_append(&comparison->arena, &comparison->groups.items,
				&comparison->groups.count, sizeof(*group));

	cr_assert(group, "out of memory");
	*group = (struct nm_comparison_group) {.group = "exits",
					       .median_ratio = 1.1,
					       .lowest_ratio = 0.8,
					       .highest_ratio = 10.5,
					       .lines = comparison->lines.count};
	nm_map_set(&comparison->arena, &group->verdicts, "regressed", NM_INT(1));
	nm_map_set(&comparison->arena, &comparison->verdicts, "regressed", NM_INT(1));
}

static inline void sample_comparison(struct nm_comparison *out)
{
	struct nm_difference *difference;

	*out = (struct nm_comparison) {.schema = NM_COMPARISON_SCHEMA,
				       .tool_version = NM_VERSION,
				       .time = "2026-01-05T02:27:10Z",
				       .mode = NM_COMPARE_MACHINES,
				       .false_discovery_rate = 0.05,
				       .family = 12,
				       .verdict = NM_VERDICT_REGRESSED};
	sample_side(out, &out->base, "metal, 6.1.0-18-amd64", 0);
	sample_side(out, &out->changed, "cloud, 6.1.0-18-amd64", 1);
	difference = nm_arena_append(&out->arena, &out->differences.items, &out->differences.count,
				     sizeof(*difference));
	*difference = (struct nm_difference) {.what = "machine.level",
					      .base = "0",
					      .changed = "1",
					      .decisive = true};
	sample_line(out, "exit.cpuid", NM_VERDICT_REGRESSED, 10.5);
	sample_published(out, &out->lines.items[0]);
	sample_line(out, "exit.hlt", NM_VERDICT_EQUAL, 1.001);
	sample_line(out, "exit.rdmsr", NM_VERDICT_IMPROVED, 0.8);
	sample_line(out, "exit.pio.in", NM_VERDICT_INCONCLUSIVE, 1.1);
	sample_line(out, "exit.pio.out", NM_VERDICT_INVALID, NAN);
	sample_line(out, "exit.wrmsr", NM_VERDICT_MISSING, NAN);
	sample_line(out, "exit.mmio", NM_VERDICT_ADDED, NAN);
	sample_line(out, "exit.mwait", NM_VERDICT_UNSUPPORTED, NAN);
	sample_groups(out);
	out->gate = nm_arena_alloc(&out->arena, sizeof(*out->gate));
	*out->gate = (struct nm_gate) {.policy = "default"};
	nm_strings_add(&out->arena, &out->gate->failures, "exit.cpuid/guest/cpl0 regressed");
	nm_strings_add(&out->arena, &out->gate->warnings, "exit.pio.in/guest/cpl0 inconclusive");
}

#endif
