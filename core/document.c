/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/document.h"

#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <string.h>

const char *const nm_state_names[] = {"ok",	"noisy",   "invalid", "unsupported",
				      "failed", "timeout", NULL};
const char *const nm_context_names[] = {"native", "guest", NULL};
const char *const nm_status_names[] = {"pass", "fail", "warn", "info", "unknown", NULL};
const char *const nm_run_state_names[] = {"complete", "incomplete", NULL};
const char *const nm_clock_names[] = {"tsc", "instructions", NULL};
const char *const nm_clock_units[] = {"ns", "instructions", NULL};

#define FIELD(kind, s, member)                                                                     \
	.key = #member, .type = NM_FIELD_##kind, .offset = offsetof(struct s, member)
#define RECORD(s, f)                                                                               \
	{                                                                                          \
		.size = sizeof(struct s), .fields = (f)                                            \
	}
#define END                                                                                        \
	{                                                                                          \
		0                                                                                  \
	}

static const struct nm_field finding_fields[] = {
	{FIELD(STRING, nm_finding, id)},
	{FIELD(VALUE, nm_finding, value)},
	{FIELD(ENUM, nm_finding, status), .names = nm_status_names},
	{FIELD(STRING, nm_finding, evidence), .nullable = true},
	{FIELD(STRING, nm_finding, remedy), .nullable = true},
	{FIELD(BOOL, nm_finding, detail), .optional = true},
	END,
};
const struct nm_record nm_finding_record = RECORD(nm_finding, finding_fields);

static const struct nm_field statistic_fields[] = {
	{FIELD(REAL, nm_statistic, value)},
	{FIELD(REAL, nm_statistic, lo)},
	{FIELD(REAL, nm_statistic, hi)},
	{FIELD(STRING, nm_statistic, reason), .optional = true},
	END,
};
const struct nm_record nm_statistic_record = RECORD(nm_statistic, statistic_fields);

static const struct nm_field round_fields[] = {
	{FIELD(UINT, nm_round, index)},
	{FIELD(ENUM, nm_round, state), .names = nm_state_names},
	{FIELD(STRING, nm_round, reason), .optional = true},
	{FIELD(STRING, nm_round, failure), .optional = true},
	{FIELD(UINT, nm_round, samples)},
	{FIELD(REAL, nm_round, min)},
	{FIELD(REAL, nm_round, p5)},
	{FIELD(REAL, nm_round, p50)},
	{FIELD(REAL, nm_round, p90)},
	{FIELD(REAL, nm_round, p99)},
	{FIELD(STRING, nm_round, p99_reason), .optional = true},
	{FIELD(REAL, nm_round, p999)},
	{FIELD(STRING, nm_round, p999_reason), .optional = true},
	{FIELD(REAL, nm_round, max)},
	{FIELD(REAL, nm_round, mean)},
	{FIELD(REAL, nm_round, overhead)},
	{FIELD(REAL, nm_round, overhead_spread)},
	{FIELD(UINT, nm_round, duration_ns)},
	{FIELD(REAL, nm_round, clock_deviation_percent)},
	{FIELD(REAL, nm_round, operations_per_s), .optional = true},
	{FIELD(REAL, nm_round, user_exits_per_op), .optional = true},
	{FIELD(MAP, nm_round, counters_per_op), .optional = true},
	{FIELD(MAP, nm_round, histogram), .optional = true},
	{FIELD(UINT, nm_round, elapsed_ns)},
	{FIELD(UINT, nm_round, steal_ns)},
	{FIELD(UINT, nm_round, context_switches)},
	{FIELD(UINT, nm_round, migrations)},
	{FIELD(STRINGS, nm_round, flags), .optional = true},
	END,
};
const struct nm_record nm_round_record = RECORD(nm_round, round_fields);

static const struct nm_field summary_fields[] = {
	{FIELD(RECORD, nm_summary, floor), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_summary, p50), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_summary, p90), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_summary, p99), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_summary, p999), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_summary, mean), .record = &nm_statistic_record},
	{FIELD(REAL, nm_summary, min)},
	{FIELD(REAL, nm_summary, max)},
	END,
};
static const struct nm_record summary_record = RECORD(nm_summary, summary_fields);

static const struct nm_field throughput_fields[] = {
	{FIELD(UINT, nm_throughput, bytes_per_op)},
	{FIELD(RECORD, nm_throughput, operations_per_s), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_throughput, bytes_per_s), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_throughput, native_ratio), .record = &nm_statistic_record},
	END,
};
static const struct nm_record throughput_record = RECORD(nm_throughput, throughput_fields);

static const struct nm_field evidence_fields[] = {
	{FIELD(REAL, nm_evidence, exits_per_op)},
	{FIELD(REAL, nm_evidence, expected_exits_per_op)},
	{FIELD(REAL, nm_evidence, exits_below_per_op), .optional = true},
	{FIELD(REAL, nm_evidence, user_exits_per_op)},
	{FIELD(REAL, nm_evidence, expected_user_exits_per_op)},
	{FIELD(REAL, nm_evidence, insn_emulation_per_op)},
	{FIELD(REAL, nm_evidence, expected_insn_emulation_per_op)},
	{FIELD(BOOL, nm_evidence, emulated)},
	{FIELD(MAP, nm_evidence, counters_per_op)},
	{FIELD(REAL, nm_evidence, clock_deviation_percent)},
	{FIELD(REAL, nm_evidence, overhead)},
	{FIELD(REAL, nm_evidence, steal_percent)},
	{FIELD(REAL, nm_evidence, quiet_share)},
	{FIELD(UINT, nm_evidence, rounds_ok)},
	{FIELD(UINT, nm_evidence, rounds_flagged)},
	{FIELD(UINT, nm_evidence, rounds_failed)},
	END,
};
static const struct nm_record evidence_record = RECORD(nm_evidence, evidence_fields);

static const struct nm_field relation_fields[] = {
	{FIELD(STRING, nm_relation, measurement)},
	{FIELD(RECORD, nm_relation, p50), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_relation, p99), .record = &nm_statistic_record},
	END,
};
static const struct nm_record relation_record = RECORD(nm_relation, relation_fields);

static const struct nm_field measurement_fields[] = {
	{FIELD(STRING, nm_measurement, operation)},
	{FIELD(STRING, nm_measurement, group)},
	{FIELD(ENUM, nm_measurement, context), .names = nm_context_names},
	{FIELD(MAP, nm_measurement, parameters)},
	{FIELD(STRING, nm_measurement, series), .optional = true},
	{FIELD(UINT, nm_measurement, version)},
	{FIELD(UINT, nm_measurement, batch)},
	{FIELD(ENUM, nm_measurement, state), .names = nm_state_names},
	{FIELD(STRING, nm_measurement, reason), .nullable = true},
	{FIELD(STRING, nm_measurement, remedy), .optional = true},
	{FIELD(STRING, nm_measurement, unit)},
	{FIELD(STRING, nm_measurement, stopped_by), .nullable = true},
	{FIELD(RECORD, nm_measurement, summary), .record = &summary_record},
	{FIELD(MAP, nm_measurement, histogram), .optional = true},
	{FIELD(RECORD, nm_measurement, native_ratio), .record = &nm_statistic_record},
	{FIELD(POINTER, nm_measurement, throughput), .optional = true,
	 .record = &throughput_record},
	{FIELD(POINTER, nm_measurement, against), .record = &relation_record, .optional = true},
	{FIELD(RECORD, nm_measurement, evidence), .record = &evidence_record},
	{FIELD(RECORDS, nm_measurement, rounds), .record = &nm_round_record},
	END,
};
static const struct nm_record measurement_record = RECORD(nm_measurement, measurement_fields);

static const struct nm_field machine_fields[] = {
	{FIELD(STRING, nm_machine, vendor), .nullable = true},
	{FIELD(INT, nm_machine, family)},
	{FIELD(INT, nm_machine, model)},
	{FIELD(INT, nm_machine, stepping)},
	{FIELD(STRING, nm_machine, brand), .nullable = true},
	{FIELD(STRING, nm_machine, microcode), .nullable = true},
	{FIELD(STRING, nm_machine, hypervisor), .nullable = true},
	{FIELD(STRING, nm_machine, product), .nullable = true},
	{FIELD(INT, nm_machine, level)},
	{FIELD(UINT, nm_machine, memory_bytes)},
	{FIELD(UINT, nm_machine, cores)},
	{FIELD(UINT, nm_machine, threads)},
	{FIELD(UINT, nm_machine, tsc_khz)},
	END,
};
const struct nm_record nm_machine_record = RECORD(nm_machine, machine_fields);

static const struct nm_field environment_fields[] = {
	{FIELD(STRING, nm_environment, kernel_release), .nullable = true},
	{FIELD(STRING, nm_environment, kernel_version), .nullable = true},
	{FIELD(STRING, nm_environment, kernel_cmdline), .nullable = true},
	{FIELD(STRING, nm_environment, distribution), .nullable = true},
	{FIELD(STRING, nm_environment, clocksource), .nullable = true},
	{FIELD(STRING, nm_environment, governor), .nullable = true},
	{FIELD(STRING, nm_environment, smt), .nullable = true},
	{FIELD(STRING, nm_environment, transparent_hugepage), .nullable = true},
	{FIELD(STRING, nm_environment, ksm_run), .nullable = true},
	{FIELD(STRING, nm_environment, preemption), .nullable = true},
	{FIELD(STRING, nm_environment, seccomp), .nullable = true},
	{FIELD(STRING, nm_environment, cpu_quota), .nullable = true},
	{FIELD(MAP, nm_environment, vulnerabilities)},
	{FIELD(MAP, nm_environment, module_parameters)},
	{FIELD(STRINGS, nm_environment, privileges)},
	{FIELD(REAL, nm_environment, load_before)},
	{FIELD(REAL, nm_environment, load_after)},
	{FIELD(REAL, nm_environment, pressure_before_percent)},
	{FIELD(REAL, nm_environment, pressure_after_percent)},
	{FIELD(STRINGS, nm_environment, changed)},
	END,
};
const struct nm_record nm_environment_record = RECORD(nm_environment, environment_fields);

static const struct nm_field plan_fields[] = {
	{FIELD(STRING, nm_plan, profile)},
	{FIELD(UINT, nm_plan, rounds)},
	{FIELD(UINT, nm_plan, samples)},
	{FIELD(REAL, nm_plan, target_ci_percent)},
	{FIELD(UINT, nm_plan, budget_ns)},
	{FIELD(UINT, nm_plan, round_limit_ns)},
	{FIELD(INT, nm_plan, cpu)},
	{FIELD(STRING, nm_plan, kvm_device)},
	{FIELD(BOOL, nm_plan, exits_below), .optional = true},
	{FIELD(BOOL, nm_plan, exit_reasons), .optional = true},
	{FIELD(UINT, nm_plan, density_max), .optional = true},
	{FIELD(REAL, nm_plan, density_factor), .optional = true},
	{FIELD(UINT, nm_plan, inject_delay_ns), .optional = true},
	{FIELD(UINT, nm_plan, soak_ns), .optional = true},
	{FIELD(STRING, nm_plan, io_path), .optional = true},
	{FIELD(UINT, nm_plan, io_bytes), .optional = true},
	{FIELD(STRING, nm_plan, linux_kernel), .optional = true},
	{FIELD(STRING, nm_plan, linux_modules), .optional = true},
	{FIELD(STRING, nm_plan, linux_arguments), .optional = true},
	{FIELD(STRINGS, nm_plan, vmms), .optional = true},
	{FIELD(STRINGS, nm_plan, patterns)},
	{FIELD(STRINGS, nm_plan, contexts)},
	END,
};
static const struct nm_record plan_record = RECORD(nm_plan, plan_fields);

static const struct nm_field io_fields[] = {
	{FIELD(STRING, nm_io_file, path)},
	{FIELD(UINT, nm_io_file, bytes)},
	{FIELD(STRING, nm_io_file, filesystem)},
	{FIELD(STRING, nm_io_file, device), .nullable = true},
	{FIELD(BOOL, nm_io_file, direct)},
	END,
};
static const struct nm_record io_record = RECORD(nm_io_file, io_fields);

static const struct nm_field run_fields[] = {
	{FIELD(STRING, nm_run, uuid)},
	{FIELD(STRING, nm_run, host)},
	{FIELD(STRING, nm_run, started)},
	{FIELD(STRING, nm_run, ended), .nullable = true},
	{FIELD(ENUM, nm_run, state), .names = nm_run_state_names},
	{FIELD(STRING, nm_run, reason), .nullable = true},
	{FIELD(STRING, nm_run, source)},
	{FIELD(ENUM, nm_run, clock), .names = nm_clock_names, .optional = true},
	{FIELD(STRING, nm_run, tool_version)},
	{FIELD(STRING, nm_run, compiler)},
	{FIELD(STRING, nm_run, build_type)},
	{FIELD(STRINGS, nm_run, argv)},
	{FIELD(UINT, nm_run, seed)},
	{FIELD(STRING, nm_run, generator)},
	{FIELD(UINT, nm_run, bootstrap_resamples)},
	{FIELD(STRING, nm_run, supersedes), .nullable = true},
	{FIELD(MAP, nm_run, placement)},
	{FIELD(POINTER, nm_run, io), .optional = true, .nullable = true, .record = &io_record},
	{FIELD(RECORD, nm_run, plan), .record = &plan_record},
	END,
};
static const struct nm_record run_record = RECORD(nm_run, run_fields);

static const struct nm_field soak_count_fields[] = {
	{FIELD(UINT, nm_soak_count, rounds)},
	{FIELD(UINT, nm_soak_count, failed)},
	{FIELD(UINT, nm_soak_count, state_changes)},
	{FIELD(REAL, nm_soak_count, failed_per_hour), .optional = true},
	{FIELD(MAP, nm_soak_count, failures)},
	{FIELD(MAP, nm_soak_count, failures_per_hour), .optional = true},
	END,
};
static const struct nm_record soak_count_record = RECORD(nm_soak_count, soak_count_fields);

static const struct nm_field soak_measurement_fields[] = {
	{FIELD(STRING, nm_soak_measurement, measurement)},
	{FIELD(STRING, nm_soak_measurement, last_state), .nullable = true},
	{FIELD(RECORD, nm_soak_measurement, count), .record = &soak_count_record},
	END,
};
static const struct nm_record soak_measurement_record =
	RECORD(nm_soak_measurement, soak_measurement_fields);

static const struct nm_field soak_event_fields[] = {
	{FIELD(STRING, nm_soak_event, time)},
	{FIELD(UINT, nm_soak_event, elapsed_ns)},
	{FIELD(STRING, nm_soak_event, measurement)},
	{FIELD(UINT, nm_soak_event, round)},
	{FIELD(STRING, nm_soak_event, before), .nullable = true},
	{FIELD(ENUM, nm_soak_event, state), .names = nm_state_names},
	{FIELD(STRING, nm_soak_event, failure), .optional = true},
	{FIELD(STRING, nm_soak_event, reason), .optional = true},
	END,
};
static const struct nm_record soak_event_record = RECORD(nm_soak_event, soak_event_fields);

static const struct nm_field soak_fields[] = {
	{FIELD(UINT, nm_soak, elapsed_ns)},
	{FIELD(STRING, nm_soak, sampling)},
	{FIELD(RECORD, nm_soak, all), .record = &soak_count_record},
	{FIELD(RECORDS, nm_soak, hours), .record = &soak_count_record},
	{FIELD(RECORDS, nm_soak, measurements), .record = &soak_measurement_record},
	{FIELD(RECORDS, nm_soak, failures), .record = &soak_event_record},
	{FIELD(UINT, nm_soak, failures_left_out)},
	{FIELD(RECORDS, nm_soak, state_changes), .record = &soak_event_record},
	{FIELD(UINT, nm_soak, state_changes_left_out)},
	END,
};
static const struct nm_record soak_record = RECORD(nm_soak, soak_fields);

static const struct nm_field density_point_fields[] = {
	{FIELD(UINT, nm_density_point, guests)},
	{FIELD(REAL, nm_density_point, p99)},
	{FIELD(REAL, nm_density_point, p99_ratio)},
	{FIELD(REAL, nm_density_point, steal_percent)},
	{FIELD(REAL, nm_density_point, rss_bytes)},
	{FIELD(REAL, nm_density_point, secondary_page_table_bytes)},
	END,
};
static const struct nm_record density_point_record = RECORD(nm_density_point, density_point_fields);

static const struct nm_field density_fields[] = {
	{FIELD(STRING, nm_density, operation)},
	{FIELD(REAL, nm_density, factor)},
	{FIELD(UINT, nm_density, largest)},
	{FIELD(STRING, nm_density, limited)},
	{FIELD(RECORDS, nm_density, points), .record = &density_point_record},
	END,
};
static const struct nm_record density_record = RECORD(nm_density, density_fields);

static const struct nm_field exit_profile_fields[] = {
	{FIELD(STRING, nm_exit_profile, measurement)},
	{FIELD(STRING, nm_exit_profile, source)},
	{FIELD(REAL, nm_exit_profile, operations_per_s)},
	{FIELD(REAL, nm_exit_profile, exits_per_op)},
	{FIELD(REAL, nm_exit_profile, exits_per_s)},
	{FIELD(MAP, nm_exit_profile, kinds_per_op)},
	{FIELD(MAP, nm_exit_profile, kinds_per_s)},
	END,
};
static const struct nm_record exit_profile_record = RECORD(nm_exit_profile, exit_profile_fields);

static const struct nm_field document_fields[] = {
	{FIELD(STRING, nm_document, schema)},
	{FIELD(RECORD, nm_document, run), .record = &run_record},
	{FIELD(RECORD, nm_document, machine), .record = &nm_machine_record},
	{FIELD(RECORD, nm_document, environment), .record = &nm_environment_record},
	{FIELD(RECORDS, nm_document, findings), .record = &nm_finding_record},
	{FIELD(RECORDS, nm_document, measurements), .record = &measurement_record},
	{FIELD(RECORDS, nm_document, exit_profile), .record = &exit_profile_record,
	 .optional = true},
	{FIELD(POINTER, nm_document, density), .record = &density_record, .optional = true},
	{FIELD(POINTER, nm_document, soak), .record = &soak_record, .optional = true,
	 .nullable = true},
	END,
};
const struct nm_record nm_document_record = RECORD(nm_document, document_fields);

const struct nm_finding *nm_findings_get(const struct nm_findings *findings, const char *id)
{
	for (size_t i = 0; i < findings->count; i++)
		if (!strcmp(findings->items[i].id, id))
			return &findings->items[i];
	return NULL;
}

/* Says what the file is instead before the tables complain about a missing key. */
static int check_schema(const nm_json *json)
{
	static const char family[] = "nestmark/run/";
	nm_json *schema = NULL;
	const char *name;
	size_t length;

	if (nm_json_type(json) != NM_JSON_OBJECT || !nm_json_get(json, "schema", &schema) ||
	    nm_json_type(schema) != NM_JSON_STRING)
		return nm_fail_remedy(EINVAL, "give a document that nestmark run has written",
				      "schema: missing, so this is not a nestmark document");
	name = nm_json_to_string(schema, &length);
	if (strncmp(name, family, strlen(family)) != 0)
		return nm_fail_remedy(EINVAL, "give a document that nestmark run has written",
				      "schema: \"%.60s\" is not a run document", name);
	if (strcmp(name, NM_RUN_SCHEMA) != 0)
		return nm_fail_remedy(EPROTONOSUPPORT,
				      "use the nestmark that wrote it, or a newer one",
				      "schema: \"%.60s\" is not known here, expected %s", name,
				      NM_RUN_SCHEMA);
	return 0;
}

/* It becomes part of file names. */
static int check_uuid(const char *uuid)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i = 0;

	while (form[i] &&
	       (form[i] == '-' ? uuid[i] == '-' : uuid[i] && strchr("0123456789abcdef", uuid[i])))
		i++;
	if (form[i] || uuid[i])
		return nm_fail(EINVAL, "run: uuid: not a UUID in lower case");
	return 0;
}

static int fill(const nm_json *json, struct nm_document *out)
{
	int r = check_schema(json);

	if (!r)
		r = nm_record_read(&nm_document_record, &out->arena, json, out);
	return r ? r : check_uuid(out->run.uuid);
}

static int finish(int r, const char *name, struct nm_document *out)
{
	if (r) {
		nm_error_within(r, "%s", name);
		nm_document_free(out);
	}
	return r;
}

int nm_document_from_json(const char *name, const nm_json *json, struct nm_document *out)
{
	return finish(fill(json, out), name, out);
}

static int fill_measurements(struct nm_json_elements *elements, struct nm_document *out)
{
	nm_json *json = NULL;
	int r;

	while ((r = nm_json_next(elements, &json)) > 0) {
		size_t index = out->measurements.count;
		void *measurement =
			nm_arena_append(&out->arena, &out->measurements.items,
					&out->measurements.count, measurement_record.size);

		r = measurement
			    ? nm_record_read(&measurement_record, &out->arena, json, measurement)
			    : -ENOMEM;
		nm_json_free(json);
		if (r)
			return nm_error_within(r, "measurements[%zu]", index);
	}
	return r;
}

int nm_document_parse(const char *name, const char *bytes, size_t length, struct nm_document *out)
{
	struct nm_json_elements elements;
	nm_json *json = NULL;
	int r = nm_json_parse_around(bytes, length, "measurements", &elements, &json);

	if (!r)
		r = fill(json, out);
	nm_json_free(json);
	if (!r)
		r = fill_measurements(&elements, out);
	return finish(r, name, out);
}

int nm_document_read(const char *path, struct nm_document *out)
{
	struct nm_text bytes = {0};
	int r = nm_file_read(path, NM_JSON_MAX_BYTES, &bytes);

	if (!r)
		r = nm_document_parse(path, bytes.bytes ? bytes.bytes : "", bytes.length, out);
	nm_text_free(&bytes);
	return r;
}

int nm_document_write(struct nm_text *out, const struct nm_document *document, bool indented)
{
	nm_json *json = nm_record_write(&nm_document_record, document);
	int r = nm_json_write(out, json, indented);

	nm_json_free(json);
	return r;
}

void nm_document_free(struct nm_document *document)
{
	nm_arena_free(&document->arena);
	*document = (struct nm_document) {0};
}

static char *name_bytes(struct nm_arena *arena, const char *name, int64_t bytes)
{
	char text[32];

	nm_text_bytes(text, sizeof(text), (uint64_t)bytes);
	return nm_arena_printf(arena, "%s/%s", name, text);
}

char *nm_measurement_name(struct nm_arena *arena, const struct nm_measurement *measurement)
{
	const struct nm_map *parameters = &measurement->parameters;
	char *name = nm_arena_printf(arena, "%s/%s", measurement->operation,
				     nm_context_names[measurement->context]);

	for (size_t i = 0; name && i < parameters->count; i++) {
		const struct nm_pair *pair = &parameters->pairs[i];

		if (pair->value.type == NM_VALUE_STRING)
			name = nm_arena_printf(arena, "%s/%s", name, pair->value.string);
		else if (pair->value.type == NM_VALUE_INT && !strcmp(pair->name, "bytes"))
			name = name_bytes(arena, name, pair->value.integer);
		else if (pair->value.type == NM_VALUE_INT)
			name = nm_arena_printf(arena, "%s/%s%lld", name, pair->name,
					       (long long)pair->value.integer);
	}
	return name;
}
