/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/series.h"

#include "core/error.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct measurement {
	int64_t id;
	const char *name, *operation, *unit;
	uint64_t version;
	size_t points; /* of the machine at hand */
	size_t series; /* its place, while points are put there */
};

struct row {
	size_t measurement;
	struct nm_trend_point point;
};

/* Grows, and is used again for the next machine. */
struct rows {
	struct row *items;
	size_t count, capacity;
};

struct loader {
	struct nm_database *database;
	const struct nm_series_filter *filter;
	struct nm_trend *trend;
	struct nm_arena scratch;
	struct measurement *measurements; /* by name, version and unit */
	size_t count;
	size_t *places; /* of a measurement by its id */
	int64_t highest;
	struct nm_statement *values;
	struct rows rows;
};

bool nm_series_matches(const struct nm_series_filter *filter, const char *operation,
		       const char *measurement)
{
	for (size_t i = 0; i < filter->patterns.count; i++)
		if (!fnmatch(filter->patterns.items[i], operation, 0) ||
		    !fnmatch(filter->patterns.items[i], measurement, 0))
			return true;
	return !filter->patterns.count;
}

static int take_measurement(struct nm_statement *statement, struct loader *loader)
{
	struct nm_arena *arena = &loader->trend->arena;
	struct measurement *measurement = nm_arena_append(&loader->scratch, &loader->measurements,
							  &loader->count, sizeof(*measurement));

	if (!measurement)
		return -ENOMEM;
	*measurement = (struct measurement) {
		.id = nm_column_int(statement, 0),
		.name = nm_column_text(statement, 1, arena),
		.operation = nm_column_text(statement, 2, arena),
		.version = (uint64_t)nm_column_int(statement, 3),
		.unit = nm_column_text(statement, 4, arena),
	};
	if (!measurement->name || !measurement->operation || !measurement->unit)
		return -ENOMEM;
	if (!nm_series_matches(loader->filter, measurement->operation, measurement->name))
		loader->count--;
	return 0;
}

/* Ids are small: an importer counts them up. */
static int place_measurements(struct loader *loader)
{
	for (size_t i = 0; i < loader->count; i++)
		if (loader->measurements[i].id > loader->highest)
			loader->highest = loader->measurements[i].id;
	if (loader->highest < 0 || loader->highest > 1 << 24)
		return nm_fail_remedy(EINVAL, "remove it and import the documents again",
				      "the history is damaged: measurement %lld",
				      (long long)loader->highest);
	loader->places =
		nm_arena_alloc(&loader->scratch, ((size_t)loader->highest + 1) * sizeof(size_t));
	if (!loader->places)
		return -ENOMEM;
	for (size_t i = 0; i < loader->count; i++)
		if (loader->measurements[i].id >= 0)
			loader->places[loader->measurements[i].id] = i + 1;
	return 0;
}

static int load_measurements(struct loader *loader)
{
	static const char sql[] = "SELECT id, name, operation, version, unit FROM measurement "
				  "ORDER BY name, version, unit";
	struct nm_statement *statement = NULL;
	int r = nm_database_prepare(loader->database, sql, &statement);

	if (!r)
		r = nm_statement_step(statement);
	while (r > 0) {
		r = take_measurement(statement, loader);
		if (!r)
			r = nm_statement_step(statement);
	}
	return r ? r : place_measurements(loader);
}

static int add_row(struct rows *rows, const struct row *row)
{
	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity ? 2 * rows->capacity : 4096;
		struct row *items = realloc(rows->items, capacity * sizeof(*items));

		if (!items)
			return nm_fail(ENOMEM, "out of memory");
		rows->items = items;
		rows->capacity = capacity;
	}
	rows->items[rows->count++] = *row;
	return 0;
}

/* The texts of a run are kept once. */
struct current_run {
	int64_t id;
	const char *uuid, *started;
};

static int take_value(struct loader *loader, struct current_run *run)
{
	struct nm_statement *statement = loader->values;
	int64_t id = nm_column_int(statement, 3);
	size_t place = id >= 0 && id <= loader->highest ? loader->places[id] : 0;
	struct row row;

	if (nm_column_int(statement, 0) != run->id) {
		run->id = nm_column_int(statement, 0);
		run->uuid = nm_column_text(statement, 1, &loader->trend->arena);
		run->started = nm_column_text(statement, 2, &loader->trend->arena);
		loader->trend->runs++;
	}
	if (!run->uuid || !run->started)
		return -ENOMEM;
	if (!place)
		return 0;
	row = (struct row) {.measurement = place - 1,
			    .point = {.started = run->started,
				      .run = run->uuid,
				      .floor = nm_column_real(statement, 4),
				      .p50 = nm_column_real(statement, 5),
				      .p99 = nm_column_real(statement, 6)}};
	loader->measurements[place - 1].points++;
	return add_row(&loader->rows, &row);
}

static int load_rows(struct loader *loader, int64_t machine)
{
	struct current_run run = {.id = -1};
	int r = nm_statement_start(loader->values, "issi", machine, loader->filter->since,
				   loader->filter->until, (int64_t)NM_SERIES_MIN_ROUNDS);

	loader->rows.count = 0;
	if (!r)
		r = nm_statement_step(loader->values);
	while (r > 0) {
		r = take_value(loader, &run);
		if (!r)
			r = nm_statement_step(loader->values);
	}
	return r;
}

static int new_series(struct loader *loader, struct measurement *measurement, const char *host,
		      const char *machine)
{
	struct nm_arena *arena = &loader->trend->arena;
	struct nm_trend_series *series =
		nm_arena_append(arena, &loader->trend->series.items, &loader->trend->series.count,
				sizeof(*series));

	if (!series)
		return -ENOMEM;
	*series = (struct nm_trend_series) {.host = host,
					    .machine = machine,
					    .measurement = measurement->name,
					    .operation = measurement->operation,
					    .version = measurement->version,
					    .unit = measurement->unit};
	series->points.items =
		nm_arena_alloc(arena, measurement->points * sizeof(*series->points.items));
	measurement->series = loader->trend->series.count - 1;
	return series->points.items ? 0 : -ENOMEM;
}

static int distribute(struct loader *loader, const char *host, const char *machine)
{
	int r = 0;

	for (size_t i = 0; !r && i < loader->count; i++)
		if (loader->measurements[i].points)
			r = new_series(loader, &loader->measurements[i], host, machine);
	for (size_t i = 0; !r && i < loader->rows.count; i++) {
		const struct row *row = &loader->rows.items[i];
		struct nm_trend_series *series =
			&loader->trend->series.items[loader->measurements[row->measurement].series];

		series->points.items[series->points.count++] = row->point;
	}
	for (size_t i = 0; i < loader->count; i++)
		loader->measurements[i].points = 0;
	return r;
}

static int load_machine(struct loader *loader, struct nm_statement *machines)
{
	struct nm_arena *arena = &loader->trend->arena;
	const char *host = nm_column_text(machines, 1, arena);
	const char *key = nm_column_text(machines, 2, arena);
	int r;

	if (!host || !key)
		return -ENOMEM;
	r = load_rows(loader, nm_column_int(machines, 0));
	loader->trend->machines += loader->rows.count > 0;
	return r ? r : distribute(loader, host, key);
}

static int load_machines(struct loader *loader)
{
	struct nm_statement *machines = NULL;
	int r = nm_database_prepare(loader->database,
				    "SELECT id, host, key FROM machine WHERE (?1 IS NULL OR host "
				    "GLOB ?1) AND (?2 IS NULL OR key GLOB ?2) ORDER BY host, key",
				    &machines);

	if (!r)
		r = nm_statement_start(machines, "ss", loader->filter->host,
				       loader->filter->machine);
	if (!r)
		r = nm_statement_step(machines);
	while (r > 0) {
		r = load_machine(loader, machines);
		if (!r)
			r = nm_statement_step(machines);
	}
	return r;
}

int nm_series_load(struct nm_database *database, const struct nm_series_filter *filter,
		   struct nm_trend *trend)
{
	static const char values[] =
		"SELECT r.id, r.uuid, r.started, v.measurement, v.floor, v.p50, v.p99 "
		"FROM current_run AS r JOIN value AS v ON v.run = r.id WHERE r.machine = ?1 "
		"AND (?2 IS NULL OR r.night >= ?2) AND (?3 IS NULL OR r.night <= ?3) "
		"AND v.state = 'ok' AND v.rounds >= ?4 ORDER BY r.started, r.uuid";
	struct loader loader = {.database = database, .filter = filter, .trend = trend};
	int r = load_measurements(&loader);

	if (!r)
		r = nm_database_prepare(database, values, &loader.values);
	if (!r)
		r = load_machines(&loader);
	free(loader.rows.items);
	nm_arena_free(&loader.scratch);
	return r;
}
