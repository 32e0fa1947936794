/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/history.h"

#define FIELD(kind, s, member)                                                                     \
	.key = #member, .type = NM_FIELD_##kind, .offset = offsetof(struct s, member)
#define END                                                                                        \
	{                                                                                          \
		0                                                                                  \
	}

static const struct nm_field value_fields[] = {
	{FIELD(STRING, nm_history_value, measurement)},
	{FIELD(UINT, nm_history_value, version)},
	{FIELD(STRING, nm_history_value, unit)},
	{FIELD(STRING, nm_history_value, state)},
	{FIELD(STRING, nm_history_value, reason), .nullable = true},
	{FIELD(UINT, nm_history_value, rounds)},
	{FIELD(RECORD, nm_history_value, floor), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_history_value, p50), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_history_value, p99), .record = &nm_statistic_record},
	END,
};
static const struct nm_record value_record = {sizeof(struct nm_history_value), value_fields};

static const struct nm_field run_fields[] = {
	{FIELD(STRING, nm_history_run, uuid)},
	{FIELD(STRING, nm_history_run, host)},
	{FIELD(STRING, nm_history_run, machine)},
	{FIELD(STRING, nm_history_run, started)},
	{FIELD(STRING, nm_history_run, night)},
	{FIELD(STRING, nm_history_run, state)},
	{FIELD(STRING, nm_history_run, reason), .nullable = true},
	{FIELD(STRING, nm_history_run, clock)},
	{FIELD(STRING, nm_history_run, profile)},
	{FIELD(STRING, nm_history_run, tool_version)},
	{FIELD(STRING, nm_history_run, kernel), .nullable = true},
	{FIELD(STRING, nm_history_run, supersedes), .nullable = true},
	{FIELD(STRING, nm_history_run, superseded_by), .nullable = true},
	{FIELD(STRING, nm_history_run, path)},
	{FIELD(STRING, nm_history_run, sha256)},
	{FIELD(UINT, nm_history_run, measurements)},
	{FIELD(UINT, nm_history_run, measurements_ok)},
	{FIELD(RECORDS, nm_history_run, values), .optional = true, .record = &value_record},
	END,
};
static const struct nm_record run_record = {sizeof(struct nm_history_run), run_fields};

static const struct nm_field history_fields[] = {
	{FIELD(STRING, nm_history, schema)},
	{FIELD(STRING, nm_history, tool_version)},
	{FIELD(RECORDS, nm_history, runs), .record = &run_record},
	END,
};
const struct nm_record nm_history_record = {sizeof(struct nm_history), history_fields};

static const struct nm_field refusal_fields[] = {
	{FIELD(STRING, nm_import_refusal, path)},
	{FIELD(STRING, nm_import_refusal, reason)},
	END,
};
static const struct nm_record refusal_record = {sizeof(struct nm_import_refusal), refusal_fields};

static const struct nm_field import_fields[] = {
	{FIELD(STRING, nm_import, schema)},
	{FIELD(STRING, nm_import, tool_version)},
	{FIELD(UINT, nm_import, imported)},
	{FIELD(UINT, nm_import, already_there)},
	{FIELD(RECORDS, nm_import, refused), .record = &refusal_record},
	END,
};
const struct nm_record nm_import_record = {sizeof(struct nm_import), import_fields};
