/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check.h"

#include "core/document.h"

const char *const nm_check_level_names[] = {"hard", "soft", "info", NULL};
const char *const nm_readiness_names[] = {"ready",   "not_advised", "not_proven", "conditions_met",
					  "unknown", "not_ready",   NULL};
const char *const nm_readiness_titles[] = {"ready",
					   "ready, not advised",
					   "capable, not proven",
					   "necessary conditions met, rest unknown",
					   "unknown",
					   "not ready",
					   NULL};

#define FIELD(kind, s, member)                                                                     \
	.key = #member, .type = NM_FIELD_##kind, .offset = offsetof(struct s, member)
#define END                                                                                        \
	{                                                                                          \
		0                                                                                  \
	}

static const struct nm_field row_fields[] = {
	{FIELD(STRING, nm_check_row, requirement)},
	{FIELD(UINT, nm_check_row, number)},
	{FIELD(STRING, nm_check_row, finding), .nullable = true},
	{FIELD(ENUM, nm_check_row, level), .names = nm_check_level_names},
	{FIELD(ENUM, nm_check_row, status), .names = nm_status_names},
	{FIELD(STRING, nm_check_row, evidence), .nullable = true},
	{FIELD(STRING, nm_check_row, remedy), .nullable = true},
	{FIELD(STRING, nm_check_row, source), .nullable = true},
	END,
};
static const struct nm_record row_record = {sizeof(struct nm_check_row), row_fields};

static const struct nm_field workload_fields[] = {
	{FIELD(STRING, nm_check_workload, name)},
	{FIELD(STRING, nm_check_workload, title)},
	{FIELD(STRING, nm_check_workload, as_of)},
	{FIELD(STRING, nm_check_workload, source)},
	{FIELD(ENUM, nm_check_workload, verdict), .names = nm_readiness_names},
	{FIELD(STRING, nm_check_workload, reason)},
	{FIELD(STRING, nm_check_workload, remedy), .nullable = true},
	{FIELD(RECORDS, nm_check_workload, rows), .record = &row_record},
	END,
};
static const struct nm_record workload_record = {sizeof(struct nm_check_workload), workload_fields};

static const struct nm_field check_fields[] = {
	{FIELD(STRING, nm_check, schema)},
	{FIELD(STRING, nm_check, tool_version)},
	{FIELD(STRING, nm_check, host), .nullable = true},
	{FIELD(STRING, nm_check, time)},
	{FIELD(STRING, nm_check, source)},
	{FIELD(STRING, nm_check, note), .nullable = true},
	{FIELD(BOOL, nm_check, named)},
	{FIELD(RECORDS, nm_check, workloads), .record = &workload_record},
	END,
};
static const struct nm_record check_record = {sizeof(struct nm_check), check_fields};

int nm_check_write(struct nm_text *out, const struct nm_check *check)
{
	nm_json *document = nm_record_write(&check_record, check);
	int r = nm_json_write(out, document, true);

	nm_json_free(document);
	return r;
}

enum nm_check_outcome nm_check_row_outcome(const struct nm_check *check,
					   const struct nm_check_row *row)
{
	bool decides = check->named && row->level == NM_LEVEL_HARD;

	if (row->status == NM_STATUS_PASS)
		return NM_OUTCOME_PASS;
	if (!decides)
		return NM_OUTCOME_SKIP;
	return row->status == NM_STATUS_FAIL ? NM_OUTCOME_FAILURE : NM_OUTCOME_ERROR;
}

enum nm_check_outcome nm_check_verdict_outcome(const struct nm_check *check,
					       const struct nm_check_workload *workload)
{
	if (workload->verdict <= NM_READINESS_NOT_ADVISED)
		return NM_OUTCOME_PASS;
	if (!check->named)
		return NM_OUTCOME_SKIP;
	return workload->verdict == NM_READINESS_NOT_READY ? NM_OUTCOME_FAILURE : NM_OUTCOME_ERROR;
}
