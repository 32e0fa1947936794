/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/runs.h"

#include "core/error.h"

#include <errno.h>
#include <string.h>

#define RUN_COLUMNS                                                                                \
	"SELECT r.uuid, m.host, m.key, r.started, r.night, r.state, r.reason, r.clock, "           \
	"r.profile, r.tool_version, r.kernel, r.supersedes, "                                      \
	"(SELECT min(later.uuid) FROM run AS later JOIN machine AS n ON n.id = later.machine "     \
	"WHERE later.supersedes = r.uuid AND later.uuid <> r.uuid AND n.host = m.host), "          \
	"r.path, r.sha256, "                                                                       \
	"(SELECT count(*) FROM value WHERE run = r.id), "                                          \
	"(SELECT count(*) FROM value WHERE run = r.id AND state = 'ok') "                          \
	"FROM run AS r JOIN machine AS m ON m.id = r.machine "

static int take_run(struct nm_statement *statement, struct nm_history *out)
{
	struct nm_arena *arena = &out->arena;
	struct nm_history_run *run =
		nm_arena_append(arena, &out->runs.items, &out->runs.count, sizeof(*run));
	const struct {
		const char **text;
		bool needed;
	} columns[] = {
		{&run->uuid, true},	      {&run->host, true},    {&run->machine, true},
		{&run->started, true},	      {&run->night, true},   {&run->state, true},
		{&run->reason, false},	      {&run->clock, true},   {&run->profile, true},
		{&run->tool_version, true},   {&run->kernel, false}, {&run->supersedes, false},
		{&run->superseded_by, false}, {&run->path, true},    {&run->sha256, true},
	};
	int count = sizeof(columns) / sizeof(columns[0]);

	if (!run)
		return -ENOMEM;
	for (int i = 0; i < count; i++) {
		*columns[i].text = nm_column_text(statement, i, arena);
		if (columns[i].needed && !*columns[i].text)
			return nm_fail(EINVAL, "run: column %d is empty", i);
	}
	run->measurements = (uint64_t)nm_column_int(statement, count);
	run->measurements_ok = (uint64_t)nm_column_int(statement, count + 1);
	return 0;
}

static int take_runs(struct nm_statement *statement, struct nm_history *out)
{
	int r = nm_statement_step(statement);

	while (r > 0) {
		r = take_run(statement, out);
		if (!r)
			r = nm_statement_step(statement);
	}
	return r;
}

static void start(struct nm_history *out)
{
	out->schema = NM_HISTORY_SCHEMA;
	out->tool_version = NM_VERSION;
}

int nm_history_list(struct nm_database *database, const struct nm_run_filter *filter,
		    struct nm_history *out)
{
	static const char sql[] = RUN_COLUMNS
		"WHERE (?1 IS NULL OR m.host GLOB ?1) AND (?2 IS NULL OR r.night >= ?2) "
		"AND (?3 IS NULL OR r.night <= ?3) ORDER BY m.host, r.started, r.uuid";
	struct nm_statement *statement = NULL;
	int r = nm_database_prepare(database, sql, &statement);

	start(out);
	if (!r)
		r = nm_statement_start(statement, "sss", filter->host, filter->since,
				       filter->until);
	return r ? r : take_runs(statement, out);
}

static struct nm_statistic statistic_at(struct nm_statement *statement, int column)
{
	return (struct nm_statistic) {.value = nm_column_real(statement, column),
				      .lo = nm_column_real(statement, column + 1),
				      .hi = nm_column_real(statement, column + 2)};
}

static int take_value(struct nm_statement *statement, struct nm_arena *arena,
		      struct nm_history_run *run)
{
	struct nm_history_value *value =
		nm_arena_append(arena, &run->values.items, &run->values.count, sizeof(*value));

	if (!value)
		return -ENOMEM;
	value->measurement = nm_column_text(statement, 0, arena);
	value->version = (uint64_t)nm_column_int(statement, 1);
	value->unit = nm_column_text(statement, 2, arena);
	value->state = nm_column_text(statement, 3, arena);
	value->reason = nm_column_text(statement, 4, arena);
	value->rounds = (uint64_t)nm_column_int(statement, 5);
	value->floor = statistic_at(statement, 6);
	value->p50 = statistic_at(statement, 9);
	value->p99 = statistic_at(statement, 12);
	return value->measurement && value->unit && value->state ? 0 : -ENOMEM;
}

static int take_values(struct nm_database *database, struct nm_arena *arena,
		       struct nm_history_run *run)
{
	static const char sql[] =
		"SELECT m.name, m.version, m.unit, v.state, v.reason, v.rounds, v.floor, "
		"v.floor_lo, v.floor_hi, v.p50, v.p50_lo, v.p50_hi, v.p99, v.p99_lo, v.p99_hi "
		"FROM run AS r JOIN value AS v ON v.run = r.id JOIN measurement AS m "
		"ON m.id = v.measurement WHERE r.uuid = ?1 ORDER BY m.name, m.version, m.unit";
	struct nm_statement *statement = NULL;
	int r = nm_database_prepare(database, sql, &statement);

	if (!r)
		r = nm_statement_start(statement, "s", run->uuid);
	if (!r)
		r = nm_statement_step(statement);
	while (r > 0) {
		r = take_value(statement, arena, run);
		if (!r)
			r = nm_statement_step(statement);
	}
	return r;
}

int nm_history_show(struct nm_database *database, const char *uuid, struct nm_history *out)
{
	static const char sql[] =
		RUN_COLUMNS "WHERE substr(r.uuid, 1, length(?1)) = ?1 ORDER BY r.uuid LIMIT 2";
	struct nm_statement *statement = NULL;
	int r = nm_database_prepare(database, sql, &statement);

	start(out);
	if (!r)
		r = nm_statement_start(statement, "s", uuid);
	if (!r)
		r = take_runs(statement, out);
	if (r)
		return r;
	if (!out->runs.count)
		return nm_fail_remedy(ENOENT, "nestmark history list shows them",
				      "%.40s: no such run", uuid);
	if (out->runs.count > 1)
		return nm_fail_remedy(EINVAL, "give more of its UUID", "%.40s: several runs", uuid);
	return take_values(database, &out->arena, out->runs.items);
}
