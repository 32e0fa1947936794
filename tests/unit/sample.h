/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_TESTS_UNIT_SAMPLE_H
#define NM_TESTS_UNIT_SAMPLE_H

#include "core/document.h"
#include "helpers.h"

#include <math.h>

/* A document in which every field is set, for tests that read, write, render and break it. */

static inline struct nm_measurement *add_measurement(struct nm_document *document,
						     const char *operation, enum nm_context context)
{
	struct nm_measurement *m = nm_arena_append(&document->arena, &document->measurements.items,
						   &document->measurements.count, sizeof(*m));

	cr_assert(m, "out of memory");
	*m = (struct nm_measurement) {.operation = operation,
				      .group = "exits",
				      .context = (int)context,
				      .unit = "ns"};
	m->version = 1;
	m->batch = 1;
	return m;
}

static inline struct nm_round *add_round(struct nm_document *document,
					 struct nm_measurement *measurement)
{
	struct nm_round *round = nm_arena_append(&document->arena, &measurement->rounds.items,
						 &measurement->rounds.count, sizeof(*round));

	cr_assert(round, "out of memory");
	*round = (struct nm_round) {.index = measurement->rounds.count};
	return round;
}

static inline void sample_ok_round(struct nm_document *document, struct nm_measurement *m)
{
	struct nm_round *round = add_round(document, m);

	round->samples = 2000;
	round->min = 1201.5;
	round->p5 = 1210.25;
	round->p50 = 1234.5;
	round->p90 = 1300;
	round->p99 = 2100.125;
	round->p999 = NAN;
	round->p999_reason = "needs 10000 samples in a round";
	round->max = 98765.4321;
	round->mean = 1250.0625;
	round->overhead = 12.5;
	round->overhead_spread = 0.1;
	round->duration_ns = 2500000;
	round->clock_deviation_percent = -0.01;
	round->operations_per_s = 800000;
	round->user_exits_per_op = 0;
	round->elapsed_ns = 30000000;
	round->steal_ns = 7;
	round->context_switches = 1;
	round->migrations = 2;
	nm_map_set(&document->arena, &round->counters_per_op, "exits", NM_REAL(1.002));
	nm_map_set(&document->arena, &round->histogram, "2000", NM_INT(3));
	nm_strings_add(&document->arena, &round->flags, "overhead");
}

static inline void sample_failed_round(struct nm_document *document, struct nm_measurement *m)
{
	struct nm_round *round = add_round(document, m);

	*round = (struct nm_round) {.index = 0,
				    .state = NM_STATE_FAILED,
				    .reason =
					    "the measuring process was killed by signal 9 (Killed)",
				    .failure = "process",
				    .operations_per_s = NAN,
				    .user_exits_per_op = NAN};
	round->min = round->p5 = round->p50 = round->p90 = round->p99 = round->p999 = NAN;
	round->max = round->mean = round->overhead = round->overhead_spread = NAN;
	round->clock_deviation_percent = NAN;
}

static inline void sample_numbers(struct nm_document *document, struct nm_measurement *m)
{
	const struct nm_statistic some = {.value = 1234.5, .lo = 1200.25, .hi = 1300.125};
	const struct nm_statistic none = {.value = NAN,
					  .lo = NAN,
					  .hi = NAN,
					  .reason = "needs 10000 samples in a round"};

	m->summary = (struct nm_summary) {.floor = some,
					  .p50 = some,
					  .p90 = some,
					  .p99 = some,
					  .p999 = none,
					  .mean = some,
					  .min = 1201.5,
					  .max = 98765.4321};
	m->batch = 64;
	m->native_ratio = (struct nm_statistic) {.value = 12.34, .lo = 12, .hi = 13.5};
	m->evidence = (struct nm_evidence) {.exits_per_op = 1.002,
					    .expected_exits_per_op = 1,
					    .exits_below_per_op = 21.5,
					    .user_exits_per_op = 0.5,
					    .expected_user_exits_per_op = 0.25,
					    .insn_emulation_per_op = 1.75,
					    .expected_insn_emulation_per_op = 1.5,
					    .emulated = false,
					    .clock_deviation_percent = 0.01,
					    .overhead = 12.5,
					    .steal_percent = 0.00028,
					    .quiet_share = 1,
					    .rounds_ok = 2,
					    .rounds_flagged = 3,
					    .rounds_failed = 4};
	nm_map_set(&document->arena, &m->evidence.counters_per_op, "exits", NM_REAL(1.002));
}

static inline void sample_throughput(struct nm_document *document, struct nm_measurement *m)
{
	m->throughput = nm_arena_alloc(&document->arena, sizeof(*m->throughput));
	cr_assert(m->throughput, "out of memory");
	*m->throughput = (struct nm_throughput) {
		.bytes_per_op = 4096,
		.operations_per_s = {.value = 12345, .lo = 12000, .hi = 12500},
		.bytes_per_s = {.value = 50565120, .lo = 49152000, .hi = 51200000},
		.native_ratio = {.value = 0.25, .lo = 0.2, .hi = 0.3},
	};
}

static inline void sample_measurements(struct nm_document *document)
{
	struct nm_measurement *m = add_measurement(document, "exit.cpuid", NM_CONTEXT_GUEST);

	nm_map_set(&document->arena, &m->parameters, "cpl", NM_INT(3));
	m->stopped_by = "rounds";
	sample_numbers(document, m);
	sample_throughput(document, m);
	sample_ok_round(document, m);
	sample_ok_round(document, m);
	nm_map_set(&document->arena, &m->histogram, "0", NM_INT(1));
	nm_map_set(&document->arena, &m->histogram, "2000", NM_INT(1234));
	nm_map_set(&document->arena, &m->histogram, "50000000", NM_INT(2));
	m = add_measurement(document, "floor.loop", NM_CONTEXT_NATIVE);
	m->group = "floors";
	m->state = NM_STATE_FAILED;
	m->reason = "1 of 1 rounds failed: killed";
	m->remedy = "try again";
	m->stopped_by = "failures";
	sample_numbers(document, m);
	sample_failed_round(document, m);
}

static inline void sample_plan(struct nm_document *document)
{
	struct nm_plan *plan = &document->run.plan;

	*plan = (struct nm_plan) {.profile = "standard",
				  .rounds = 10,
				  .samples = 2000,
				  .target_ci_percent = NAN,
				  .budget_ns = 600000000000,
				  .round_limit_ns = 5000000000,
				  .cpu = -1,
				  .kvm_device = "/dev/kvm",
				  .exits_below = true,
				  .exit_reasons = true,
				  .density_max = 100,
				  .density_factor = 1.5,
				  .inject_delay_ns = 20,
				  .soak_ns = 7200000000000};
	nm_strings_add(&document->arena, &plan->patterns, "exit.*");
	nm_strings_add(&document->arena, &plan->contexts, "native");
	nm_strings_add(&document->arena, &plan->contexts, "guest");
}

static inline void sample_run(struct nm_document *document)
{
	struct nm_run *run = &document->run;

	*run = (struct nm_run) {.uuid = "01234567-89ab-4cde-8f01-23456789abcd",
				.host = "sample",
				.started = "2026-01-05T02:17:09Z",
				.ended = "2026-01-05T02:27:10Z",
				.state = NM_RUN_INCOMPLETE,
				.reason = "signal 2",
				.source = "measured",
				.tool_version = NM_VERSION,
				.compiler = "GNU 12.2.0",
				.build_type = "Release",
				.seed = UINT64_MAX,
				.generator = "xoshiro256**",
				.bootstrap_resamples = 10000,
				.supersedes = "fedcba98-7654-4321-8fed-cba987654321"};
	nm_strings_add(&document->arena, &run->argv, "nestmark");
	nm_strings_add(&document->arena, &run->argv, "run");
	nm_map_set(&document->arena, &run->placement, "vcpu", NM_INT(3));
	sample_plan(document);
}

static inline struct nm_soak_count sample_count(struct nm_document *document, uint64_t failed)
{
	struct nm_soak_count count = {.rounds = 5000,
				      .failed = failed,
				      .state_changes = 2,
				      .failed_per_hour = (double)failed / 2};

	nm_map_set(&document->arena, &count.failures, "shutdown", NM_INT((int64_t)failed));
	nm_map_set(&document->arena, &count.failures_per_hour, "shutdown",
		   NM_REAL((double)failed / 2));
	return count;
}

static inline void sample_event(struct nm_document *document, struct nm_soak_events *events)
{
	struct nm_soak_event *event =
		nm_arena_append(&document->arena, &events->items, &events->count, sizeof(*event));

	cr_assert(event, "out of memory");
	*event = (struct nm_soak_event) {.time = "2026-01-05T02:20:00Z",
					 .elapsed_ns = 171000000000,
					 .measurement = "exit.cpuid/guest/cpl3",
					 .round = 42,
					 .before = "ok",
					 .state = NM_STATE_FAILED,
					 .failure = "shutdown",
					 .reason = "KVM_EXIT_SHUTDOWN: the guest shut down"};
}

static inline void sample_soak(struct nm_document *document)
{
	struct nm_soak *soak = nm_arena_alloc(&document->arena, sizeof(*soak));
	struct nm_soak_measurement *m = nm_arena_append(&document->arena, &soak->measurements.items,
							&soak->measurements.count, sizeof(*m));
	struct nm_soak_count *hour;

	*m = (struct nm_soak_measurement) {.measurement = "exit.cpuid/guest/cpl3",
					   .last_state = "ok",
					   .count = sample_count(document, 3)};
	for (uint64_t i = 0; i < 2; i++) {
		hour = nm_arena_append(&document->arena, &soak->hours.items, &soak->hours.count,
				       sizeof(*hour));
		*hour = sample_count(document, 2 - i);
	}
	soak->elapsed_ns = 7200000000000;
	soak->sampling = "reservoir";
	soak->all = sample_count(document, 3);
	sample_event(document, &soak->failures);
	sample_event(document, &soak->failures);
	soak->failures_left_out = 1;
	sample_event(document, &soak->state_changes);
	soak->state_changes_left_out = 1;
	document->soak = soak;
}

static inline void sample_environment(struct nm_document *document)
{
	struct nm_environment *e = &document->environment;

	*e = (struct nm_environment) {.kernel_release = "6.1.0-18-amd64",
				      .kernel_version = "#1 SMP",
				      .kernel_cmdline = "quiet \"mitigations=off\"",
				      .distribution = "Debian GNU/Linux 12 (bookworm)",
				      .clocksource = "tsc",
				      .smt = "on",
				      .transparent_hugepage = "always [madvise] never",
				      .ksm_run = "0",
				      .preemption = "voluntary",
				      .seccomp = "0",
				      .cpu_quota = "max 100000",
				      .load_before = 0.25,
				      .load_after = 1.5,
				      .pressure_before_percent = 0.125,
				      .pressure_after_percent = NAN};
	nm_map_set(&document->arena, &e->vulnerabilities, "meltdown", NM_STRING("Not affected"));
	nm_map_set(&document->arena, &e->module_parameters, "kvm.halt_poll_ns",
		   NM_STRING("200000"));
	nm_strings_add(&document->arena, &e->privileges, "root");
	nm_strings_add(&document->arena, &e->changed, "governor: powersave -> performance");
}

static inline void add_finding(struct nm_document *document, const char *id, int status,
			       struct nm_value value)
{
	struct nm_finding *finding = nm_arena_append(&document->arena, &document->findings.items,
						     &document->findings.count, sizeof(*finding));

	cr_assert(finding, "out of memory");
	*finding = (struct nm_finding) {.id = id,
					.status = status,
					.value = value,
					.evidence = "read from a sample"};
}

static inline void sample_findings(struct nm_document *document)
{
	add_finding(document, "kvm.device", NM_STATUS_PASS, NM_BOOL(true));
	add_finding(document, "kvm.api", NM_STATUS_INFO, NM_INT(12));
	add_finding(document, "cpu.scale", NM_STATUS_WARN, NM_REAL(0.5));
	add_finding(document, "cpu.nothing", NM_STATUS_UNKNOWN, (struct nm_value) {0});
	add_finding(document, "verdict.virtualization", NM_STATUS_FAIL, NM_STRING("emulated"));
	document->findings.items[document->findings.count - 1].remedy = "use another machine";
}

static inline void sample_relations(struct nm_document *document)
{
	struct nm_relation *relation = nm_arena_alloc(&document->arena, sizeof(*relation));
	struct nm_density *density = nm_arena_alloc(&document->arena, sizeof(*density));
	struct nm_density_point *point;

	*relation = (struct nm_relation) {.measurement = "exit.cpuid/guest/cpl0",
					  .p50 = {1.25, 1.125, 1.5, NULL},
					  .p99 = {NAN, NAN, NAN, "a side has no such figure"}};
	document->measurements.items[0].against = relation;
	*density = (struct nm_density) {.operation = "life.density.exit",
					.factor = 1.5,
					.largest = 10,
					.limited = "with 30 the p99 is 1.60 times as long"};
	point = nm_arena_append(&document->arena, &density->points.items, &density->points.count,
				sizeof(*point));
	*point = (struct nm_density_point) {10, 1500, 1.25, 0.5, 2359296, 12288};
	document->density = density;
}

static inline void sample_exits(struct nm_document *document)
{
	struct nm_arena *arena = &document->arena;
	struct nm_exit_profile *profile =
		nm_arena_append(arena, &document->exit_profile.items, &document->exit_profile.count,
				sizeof(*profile));

	cr_assert(profile, "out of memory");
	*profile = (struct nm_exit_profile) {.measurement = "linux.timer/guest/nestmark",
					     .source = "tracepoint",
					     .operations_per_s = 1000,
					     .exits_per_op = 1.5,
					     .exits_per_s = 1500};
	nm_map_set(arena, &profile->kinds_per_op, "HLT", NM_REAL(1.25));
	nm_map_set(arena, &profile->kinds_per_op, "other", NM_REAL(0.25));
	nm_map_set(arena, &profile->kinds_per_s, "HLT", NM_REAL(1250.5));
	nm_map_set(arena, &profile->kinds_per_s, "other", NM_REAL(250));
}

static inline void sample_document(struct nm_document *document)
{
	*document = (struct nm_document) {.schema = NM_RUN_SCHEMA};
	sample_run(document);
	document->machine = (struct nm_machine) {.vendor = "GenuineIntel",
						 .family = 6,
						 .model = 85,
						 .stepping = 7,
						 .brand = "Intel(R) Xeon(R) CPU @ 2.80GHz",
						 .microcode = "0x1",
						 .hypervisor = "KVMKVMKVM",
						 .product = "Google Compute Engine",
						 .level = 1,
						 .memory_bytes = 17179869184,
						 .cores = 4,
						 .threads = 8,
						 .tsc_khz = 2800000};
	sample_environment(document);
	sample_findings(document);
	sample_measurements(document);
	sample_relations(document);
	sample_exits(document);
	sample_soak(document);
}

/** The sample as text on one line; the caller frees it. */
static inline char *sample_text(void)
{
	struct nm_document document;
	struct nm_text text = {0};

	sample_document(&document);
	cr_assert_eq(nm_document_write(&text, &document, false), 0, "the sample cannot be written");
	nm_document_free(&document);
	return text.bytes;
}

/* Where a JSON value ends: at the comma or the bracket behind it. */
static inline const char *value_end(const char *at)
{
	bool quoted = false;
	size_t depth = 0;

	for (;; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (quoted)
			at += *at == '\\';
		else if (*at == '{' || *at == '[')
			depth++;
		else if ((*at == ',' || *at == '}' || *at == ']') && !depth)
			return at;
		else if (*at == '}' || *at == ']')
			depth--;
	}
}

/**
 * Calls visit for each document that has one value of another kind than the sample. The bytes are a block of exactly
 * `length`, so that AddressSanitizer sees what is read behind them. Returns how many there were.
 */
static inline size_t each_wrong_value(void (*visit)(const char *bytes, size_t length))
{
	static const char *const values[] = {"null",
					     "true",
					     "-1",
					     "1.5",
					     "1e308",
					     "18446744073709551615",
					     "\"\"",
					     "[]",
					     "{}",
					     "[null,1,\"x\"]",
					     "\"\\u001b[2J|`<b>\"",
					     "{\"a\":null,\"b\":[]}"};
	char *text = sample_text();
	size_t count = 0;

	for (const char *at = strstr(text, "\":"); at; at = strstr(at + 2, "\":")) {
		for (size_t i = 0; i < COUNT(values); i++) {
			size_t head = (size_t)(at + 2 - text);
			const char *tail = value_end(at + 2);
			size_t length = head + strlen(values[i]) + strlen(tail);
			char *bytes = malloc(length);

			memcpy(bytes, text, head);
			memcpy(bytes + head, values[i], strlen(values[i]));
			memcpy(bytes + head + strlen(values[i]), tail, strlen(tail));
			visit(bytes, length);
			free(bytes);
			count++;
		}
	}
	free(text);
	return count;
}

#endif
