/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/trend.h"

#include <errno.h>

#define FIELD(kind, s, member)                                                                     \
	.key = #member, .type = NM_FIELD_##kind, .offset = offsetof(struct s, member)
#define END                                                                                        \
	{                                                                                          \
		0                                                                                  \
	}

static const struct nm_field level_fields[] = {
	{FIELD(UINT, nm_trend_level, runs)},  {FIELD(UINT, nm_trend_level, nights)},
	{FIELD(REAL, nm_trend_level, floor)}, {FIELD(REAL, nm_trend_level, p50)},
	{FIELD(REAL, nm_trend_level, p99)},   END,
};
static const struct nm_record level_record = {sizeof(struct nm_trend_level), level_fields};

static const struct nm_field difference_fields[] = {
	{FIELD(STRING, nm_difference, what)},
	{FIELD(STRING, nm_difference, base), .nullable = true},
	{FIELD(STRING, nm_difference, changed), .nullable = true},
	END,
};
static const struct nm_record difference_record = {sizeof(struct nm_difference), difference_fields};

static const struct nm_field change_fields[] = {
	{FIELD(STRING, nm_trend_change, started)},
	{FIELD(STRING, nm_trend_change, run)},
	{FIELD(STRING, nm_trend_change, last_before)},
	{FIELD(STRING, nm_trend_change, run_before)},
	{FIELD(RECORD, nm_trend_change, step), .record = &nm_statistic_record},
	{FIELD(RECORD, nm_trend_change, before), .record = &level_record},
	{FIELD(RECORD, nm_trend_change, after), .record = &level_record},
	{FIELD(REAL, nm_trend_change, p)},
	{FIELD(REAL, nm_trend_change, p_step)},
	{FIELD(REAL, nm_trend_change, p_adjusted)},
	{FIELD(RECORDS, nm_trend_change, differences), .record = &difference_record},
	END,
};
static const struct nm_record change_record = {sizeof(struct nm_trend_change), change_fields};

static const struct nm_field point_fields[] = {
	{FIELD(STRING, nm_trend_point, started)}, {FIELD(STRING, nm_trend_point, run)},
	{FIELD(REAL, nm_trend_point, floor)},	  {FIELD(REAL, nm_trend_point, p50)},
	{FIELD(REAL, nm_trend_point, p99)},	  END,
};
static const struct nm_record point_record = {sizeof(struct nm_trend_point), point_fields};

static const struct nm_field series_fields[] = {
	{FIELD(STRING, nm_trend_series, host)},
	{FIELD(STRING, nm_trend_series, machine)},
	{FIELD(STRING, nm_trend_series, measurement)},
	{FIELD(STRING, nm_trend_series, operation)},
	{FIELD(UINT, nm_trend_series, version)},
	{FIELD(STRING, nm_trend_series, unit)},
	{FIELD(RECORDS, nm_trend_series, points), .record = &point_record},
	{FIELD(RECORDS, nm_trend_series, changes), .record = &change_record},
	END,
};
static const struct nm_record series_record = {sizeof(struct nm_trend_series), series_fields};

static const struct nm_field night_fields[] = {
	{FIELD(STRING, nm_trend_night, night)},
	{FIELD(STRING, nm_trend_night, verdict)},
	{FIELD(BOOL, nm_trend_night, complete)},
	{FIELD(UINT, nm_trend_night, expected)},
	{FIELD(UINT, nm_trend_night, reported)},
	{FIELD(STRINGS, nm_trend_night, missing)},
	{FIELD(STRINGS, nm_trend_night, unexpected)},
	{FIELD(STRINGS, nm_trend_night, regressions)},
	{FIELD(STRINGS, nm_trend_night, suspects)},
	{FIELD(STRINGS, nm_trend_night, undecided)},
	{FIELD(UINT, nm_trend_night, series)},
	{FIELD(UINT, nm_trend_night, young)},
	END,
};
static const struct nm_record night_record = {sizeof(struct nm_trend_night), night_fields};

static const struct nm_field trend_fields[] = {
	{FIELD(STRING, nm_trend, schema)},
	{FIELD(STRING, nm_trend, tool_version)},
	{FIELD(ENUM, nm_trend, statistic), .names = nm_compared_kind_names},
	{FIELD(REAL, nm_trend, threshold_percent)},
	{FIELD(REAL, nm_trend, significance)},
	{FIELD(UINT, nm_trend, permutations)},
	{FIELD(UINT, nm_trend, seed)},
	{FIELD(REAL, nm_trend, false_discovery_rate)},
	{FIELD(UINT, nm_trend, family)},
	{FIELD(UINT, nm_trend, machines)},
	{FIELD(UINT, nm_trend, runs)},
	{FIELD(UINT, nm_trend, series_count)},
	{FIELD(UINT, nm_trend, changes)},
	{FIELD(BOOL, nm_trend, all)},
	{FIELD(RECORDS, nm_trend, series), .record = &series_record},
	{FIELD(POINTER, nm_trend, night), .optional = true, .nullable = true,
	 .record = &night_record},
	END,
};
static const struct nm_record trend_record = {sizeof(struct nm_trend), trend_fields};

int nm_trend_write(struct nm_text *out, const struct nm_trend *trend)
{
	struct nm_trend shown = *trend;
	struct nm_arena arena = {0};
	nm_json *json;
	int r;

	shown.series.items =
		nm_arena_alloc(&arena, (trend->series.count + 1) * sizeof(*shown.series.items));
	shown.series.count = 0;
	if (!shown.series.items)
		return -ENOMEM;
	for (size_t i = 0; i < trend->series.count; i++)
		if (trend->all || trend->series.items[i].changes.count)
			shown.series.items[shown.series.count++] = trend->series.items[i];
	json = nm_record_write(&trend_record, &shown);
	r = nm_json_write(out, json, true);
	nm_json_free(json);
	nm_arena_free(&arena);
	return r;
}

void nm_trend_free(struct nm_trend *trend)
{
	nm_arena_free(&trend->arena);
	*trend = (struct nm_trend) {0};
}
