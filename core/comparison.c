/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/comparison.h"

#include "core/error.h"
#include "core/text.h"

#include <errno.h>
#include <string.h>

const char *const nm_verdict_names[] = {"equal",     "improved",    "inconclusive",
					"regressed", "invalid",	    "missing",
					"added",     "unsupported", NULL};
const char *const nm_comparison_mode_names[] = {"documents", "machines", "guest_native", "ab",
						NULL};
const char *const nm_compared_kind_names[] = {"floor", "p50", "p99", NULL};

#define FIELD(kind, s, member)                                                                     \
	.key = #member, .type = NM_FIELD_##kind, .offset = offsetof(struct s, member)
#define END                                                                                        \
	{                                                                                          \
		0                                                                                  \
	}

static const struct nm_field compared_statistic_fields[] = {
	{FIELD(ENUM, nm_compared_statistic, kind), .names = nm_compared_kind_names},
	{FIELD(UINT, nm_compared_statistic, base_rounds)},
	{FIELD(UINT, nm_compared_statistic, changed_rounds)},
	{FIELD(RECORD, nm_compared_statistic, base), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_compared_statistic, changed), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_compared_statistic, ratio), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_compared_statistic, shift), .record = &nm_statistic_record},
	{FIELD(REAL, nm_compared_statistic, p)},
	{FIELD(REAL, nm_compared_statistic, p_adjusted)},
	{FIELD(REAL, nm_compared_statistic, cliffs_delta)},
	{FIELD(STRING, nm_compared_statistic, effect), .nullable = true},
	{FIELD(REAL, nm_compared_statistic, threshold_percent)},
	{FIELD(BOOL, nm_compared_statistic, within_runs)},
	{FIELD(BOOL, nm_compared_statistic, gated)},
	{FIELD(ENUM, nm_compared_statistic, verdict), .names = nm_verdict_names},
	{FIELD(STRING, nm_compared_statistic, reason), .nullable = true},
	{FIELD(UINT, nm_compared_statistic, rounds_to_decide)},
	END,
};
static const struct nm_record compared_statistic_record = {sizeof(struct nm_compared_statistic),
							   compared_statistic_fields};

static const struct nm_field published_fields[] = {
	{FIELD(STRING, nm_published, id)},
	{FIELD(REAL, nm_published, value)},
	{FIELD(STRING, nm_published, unit)},
	{FIELD(REAL, nm_published, multiplier)},
	{FIELD(STRING, nm_published, level), .nullable = true},
	{FIELD(STRING, nm_published, cpu), .nullable = true},
	{FIELD(STRING, nm_published, source)},
	{FIELD(BOOL, nm_published, second_hand)},
	{FIELD(STRING, nm_published, note), .nullable = true},
	END,
};
static const struct nm_record published_record = {sizeof(struct nm_published), published_fields};

static const struct nm_field compared_fields[] = {
	{FIELD(STRING, nm_compared, name)},
	{FIELD(STRING, nm_compared, operation)},
	{FIELD(STRING, nm_compared, group)},
	{FIELD(ENUM, nm_compared, context), .names = nm_context_names},
	{FIELD(MAP, nm_compared, parameters)},
	{FIELD(STRING, nm_compared, series), .nullable = true},
	{FIELD(STRING, nm_compared, unit)},
	{FIELD(STRING, nm_compared, base_state), .nullable = true},
	{FIELD(STRING, nm_compared, changed_state), .nullable = true},
	{FIELD(UINT, nm_compared, base_rounds)},
	{FIELD(UINT, nm_compared, changed_rounds)},
	{FIELD(REAL, nm_compared, base_exits_per_op)},
	{FIELD(REAL, nm_compared, changed_exits_per_op)},
	{FIELD(BOOL, nm_compared, emulated)},
	{FIELD(ENUM, nm_compared, verdict), .names = nm_verdict_names},
	{FIELD(STRING, nm_compared, reason), .nullable = true},
	{FIELD(RECORDS, nm_compared, statistics), .record = &compared_statistic_record},
	{FIELD(RECORDS, nm_compared, published), .record = &published_record},
	END,
};
static const struct nm_record compared_record = {sizeof(struct nm_compared), compared_fields};

static const struct nm_field document_fields[] = {
	{FIELD(STRING, nm_compared_document, path)},
	{FIELD(STRING, nm_compared_document, uuid)},
	{FIELD(STRING, nm_compared_document, host), .nullable = true},
	{FIELD(STRING, nm_compared_document, started)},
	{FIELD(STRING, nm_compared_document, tool_version)},
	{FIELD(STRING, nm_compared_document, state)},
	END,
};
static const struct nm_record document_record = {sizeof(struct nm_compared_document),
						 document_fields};

static const struct nm_field side_fields[] = {
	{FIELD(STRING, nm_comparison_side, label)},
	{FIELD(RECORDS, nm_comparison_side, documents), .record = &document_record},
	{FIELD(RECORD, nm_comparison_side, machine), .record = &nm_machine_record},
	{FIELD(STRING, nm_comparison_side, kernel_release), .nullable = true},
	END,
};
static const struct nm_record side_record = {sizeof(struct nm_comparison_side), side_fields};

static const struct nm_field difference_fields[] = {
	{FIELD(STRING, nm_difference, what)},
	{FIELD(STRING, nm_difference, base), .nullable = true},
	{FIELD(STRING, nm_difference, changed), .nullable = true},
	{FIELD(BOOL, nm_difference, decisive)},
	END,
};
static const struct nm_record difference_record = {sizeof(struct nm_difference), difference_fields};

static const struct nm_field group_fields[] = {
	{FIELD(STRING, nm_comparison_group, group)},
	{FIELD(MAP, nm_comparison_group, verdicts)},
	{FIELD(REAL, nm_comparison_group, median_ratio)},
	{FIELD(REAL, nm_comparison_group, lowest_ratio)},
	{FIELD(REAL, nm_comparison_group, highest_ratio)},
	{FIELD(UINT, nm_comparison_group, lines)},
	END,
};
static const struct nm_record group_record = {sizeof(struct nm_comparison_group), group_fields};

static const struct nm_field gate_fields[] = {
	{FIELD(STRING, nm_gate, policy)},    {FIELD(BOOL, nm_gate, passed)},
	{FIELD(UINT, nm_gate, regressions)}, {FIELD(STRINGS, nm_gate, failures)},
	{FIELD(STRINGS, nm_gate, warnings)}, END,
};
static const struct nm_record gate_record = {sizeof(struct nm_gate), gate_fields};

static const struct nm_field comparison_fields[] = {
	{FIELD(STRING, nm_comparison, schema)},
	{FIELD(STRING, nm_comparison, tool_version)},
	{FIELD(STRING, nm_comparison, time)},
	{FIELD(ENUM, nm_comparison, mode), .names = nm_comparison_mode_names},
	{FIELD(RECORD, nm_comparison, base), .record = &side_record},
	{FIELD(RECORD, nm_comparison, changed), .record = &side_record},
	{FIELD(RECORDS, nm_comparison, differences), .record = &difference_record},
	{FIELD(REAL, nm_comparison, false_discovery_rate)},
	{FIELD(UINT, nm_comparison, family)},
	{FIELD(MAP, nm_comparison, verdicts)},
	{FIELD(ENUM, nm_comparison, verdict), .names = nm_verdict_names},
	{FIELD(RECORDS, nm_comparison, groups), .record = &group_record},
	{FIELD(RECORDS, nm_comparison, lines), .record = &compared_record},
	{FIELD(POINTER, nm_comparison, gate), .record = &gate_record, .optional = true,
	 .nullable = true},
	END,
};
const struct nm_record nm_comparison_record = {sizeof(struct nm_comparison), comparison_fields};

static const char *schema_of(const nm_json *json)
{
	nm_json *schema = NULL;
	size_t length;

	if (nm_json_type(json) != NM_JSON_OBJECT || !nm_json_get(json, "schema", &schema) ||
	    nm_json_type(schema) != NM_JSON_STRING)
		return "";
	return nm_json_to_string(schema, &length);
}

bool nm_comparison_is(const nm_json *json)
{
	static const char family[] = "nestmark/comparison/";

	return !strncmp(schema_of(json), family, strlen(family));
}

/* Formats take a line's name apart again. */
static int check_names(const struct nm_comparison *comparison)
{
	for (size_t i = 0; i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];
		const char *context = nm_context_names[line->context];
		size_t length = strlen(line->operation);

		if (strncmp(line->name, line->operation, length) != 0 ||
		    line->name[length] != '/' ||
		    strncmp(line->name + length + 1, context, strlen(context)) != 0)
			return nm_fail(EINVAL,
				       "lines[%zu]: name: does not begin with its operation "
				       "and context",
				       i);
	}
	return 0;
}

int nm_comparison_from_json(const char *name, const nm_json *json, struct nm_comparison *out)
{
	int r = 0;

	if (strcmp(schema_of(json), NM_COMPARISON_SCHEMA) != 0)
		r = nm_fail_remedy(EPROTONOSUPPORT,
				   "use the nestmark that wrote it, or a newer one",
				   "schema: \"%.60s\" is not known here, expected %s",
				   schema_of(json), NM_COMPARISON_SCHEMA);
	if (!r)
		r = nm_record_read(&nm_comparison_record, &out->arena, json, out);
	if (!r)
		r = check_names(out);
	if (r) {
		nm_error_within(r, "%s", name);
		nm_comparison_free(out);
	}
	return r;
}

int nm_comparison_write(struct nm_text *out, const struct nm_comparison *comparison)
{
	nm_json *json = nm_record_write(&nm_comparison_record, comparison);
	int r = nm_json_write(out, json, true);

	nm_json_free(json);
	return r;
}

void nm_comparison_free(struct nm_comparison *comparison)
{
	nm_arena_free(&comparison->arena);
	*comparison = (struct nm_comparison) {0};
}
