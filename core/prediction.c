/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/prediction.h"

#define FIELD(kind, s, member)                                                                     \
	.key = #member, .type = NM_FIELD_##kind, .offset = offsetof(struct s, member)
#define END                                                                                        \
	{                                                                                          \
		0                                                                                  \
	}

static const struct nm_field kind_fields[] = {
	{FIELD(STRING, nm_predicted_kind, kind)},
	{FIELD(REAL, nm_predicted_kind, exits_per_op)},
	{FIELD(STRING, nm_predicted_kind, priced_by), .nullable = true},
	{FIELD(RECORD, nm_predicted_kind, each), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_predicted_kind, cost), .record = &nm_statistic_record},
	{FIELD(STRING, nm_predicted_kind, reason), .nullable = true},
	END,
};
static const struct nm_record kind_record = {sizeof(struct nm_predicted_kind), kind_fields};

static const struct nm_field predicted_fields[] = {
	{FIELD(STRING, nm_predicted, measurement)},
	{FIELD(STRING, nm_predicted, source)},
	{FIELD(REAL, nm_predicted, exits_per_op)},
	{FIELD(REAL, nm_predicted, priced_exits_per_op)},
	{FIELD(RECORD, nm_predicted, native), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_predicted, guest), .record = &nm_statistic_record},
	{FIELD(REAL, nm_predicted, difference)},
	{FIELD(RECORD, nm_predicted, cost), .record = &nm_statistic_record},
	{FIELD(REAL, nm_predicted, share)},
	{FIELD(STRING, nm_predicted, reason), .nullable = true},
	{FIELD(RECORDS, nm_predicted, kinds), .record = &kind_record},
	END,
};
static const struct nm_record predicted_record = {sizeof(struct nm_predicted), predicted_fields};

static const struct nm_field side_fields[] = {
	{FIELD(STRING, nm_prediction_side, uuid)},
	{FIELD(STRING, nm_prediction_side, host)},
	{FIELD(STRING, nm_prediction_side, started)},
	END,
};
static const struct nm_record side_record = {sizeof(struct nm_prediction_side), side_fields};

static const struct nm_field prediction_fields[] = {
	{FIELD(STRING, nm_prediction, schema)},
	{FIELD(RECORD, nm_prediction, profile), .record = &side_record},
	{FIELD(RECORD, nm_prediction, costs), .record = &side_record},
	{FIELD(STRING, nm_prediction, unit)},
	{FIELD(RECORDS, nm_prediction, operations), .record = &predicted_record},
	END,
};
static const struct nm_record prediction_record = {sizeof(struct nm_prediction), prediction_fields};

int nm_prediction_write(struct nm_text *out, const struct nm_prediction *prediction)
{
	nm_json *json = nm_record_write(&prediction_record, prediction);
	int r = nm_json_write(out, json, true);

	nm_json_free(json);
	return r;
}

void nm_prediction_free(struct nm_prediction *prediction)
{
	nm_arena_free(&prediction->arena);
	*prediction = (struct nm_prediction) {0};
}
