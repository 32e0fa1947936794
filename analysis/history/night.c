/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/night.h"

#include "analysis/history/trend.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct judge {
	struct nm_database *database;
	const struct nm_series_filter *filter;
	struct nm_trend *trend;
	struct nm_trend_night *night;
	struct nm_arena scratch;
};

int nm_night_newest(struct nm_database *database, const struct nm_series_filter *filter,
		    struct nm_arena *arena, const char **out)
{
	static const char sql[] =
		"SELECT max(r.night) FROM run AS r JOIN machine AS m ON m.id = r.machine "
		"WHERE (?1 IS NULL OR m.host GLOB ?1) AND (?2 IS NULL OR r.night <= ?2)";
	struct nm_statement *statement = NULL;
	int r = nm_database_prepare(database, sql, &statement);

	*out = NULL;
	if (!r)
		r = nm_statement_start(statement, "ss", filter->host, filter->until);
	if (!r)
		r = nm_statement_step(statement);
	if (r > 0)
		*out = nm_column_text(statement, 0, arena);
	if (statement)
		nm_statement_reset(statement);
	return r < 0 ? r : 0;
}

typedef int (*take_row)(struct judge *judge, struct nm_statement *row);

/* For each row of a query whose parameters are the night and the glob of hosts. */
static int for_each(struct judge *judge, const char *sql, take_row take)
{
	struct nm_statement *statement = NULL;
	int r = nm_database_prepare(judge->database, sql, &statement);

	if (!r)
		r = nm_statement_start(statement, "ss", judge->night->night, judge->filter->host);
	if (!r)
		r = nm_statement_step(statement);
	while (r > 0) {
		r = take(judge, statement);
		if (!r)
			r = nm_statement_step(statement);
	}
	return r;
}

static int add_line(struct judge *judge, struct nm_strings *lines, const char *line)
{
	return line ? nm_strings_add(&judge->trend->arena, lines, line) : -ENOMEM;
}

static bool is_listed(const struct nm_strings *strings, const char *text)
{
	for (size_t i = 0; i < strings->count; i++)
		if (!strcmp(strings->items[i], text))
			return true;
	return false;
}

static int take_reported(struct judge *judge, struct nm_statement *row)
{
	/* Whoever is expected as well is taken off this list. */
	judge->night->reported++;
	return add_line(judge, &judge->night->unexpected,
			nm_column_text(row, 0, &judge->trend->arena));
}

static void drop(struct nm_strings *strings, const char *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < strings->count; i++)
		if (strcmp(strings->items[i], text) != 0)
			strings->items[kept++] = strings->items[i];
	strings->count = kept;
}

static int hold_against_list(struct judge *judge, const struct nm_strings *expected)
{
	struct nm_trend_night *night = judge->night;
	int r = 0;

	if (!expected)
		night->unexpected.count = 0;
	for (size_t i = 0; !r && expected && i < expected->count; i++) {
		const char *host = expected->items[i];

		if (judge->filter->host && fnmatch(judge->filter->host, host, 0) != 0)
			continue;
		night->expected++;
		if (is_listed(&night->unexpected, host))
			drop(&night->unexpected, host);
		else
			r = add_line(judge, &night->missing,
				     nm_arena_strdup(&judge->trend->arena, host));
	}
	night->complete = !night->missing.count;
	return r;
}

/* host, measurement, operation, what */
static int take_undecided(struct judge *judge, struct nm_statement *row)
{
	struct nm_arena *arena = &judge->scratch;
	const char *host = nm_column_text(row, 0, arena);
	const char *measurement = nm_column_text(row, 1, arena);
	const char *operation = nm_column_text(row, 2, arena);
	const char *what = nm_column_text(row, 3, arena);

	if (!host || !what || (measurement && !operation))
		return -ENOMEM;
	if (!measurement)
		return add_line(judge, &judge->night->undecided,
				nm_arena_printf(&judge->trend->arena, "%s: %s", host, what));
	if (!nm_series_matches(judge->filter, operation, measurement))
		return 0;
	return add_line(judge, &judge->night->undecided,
			nm_arena_printf(&judge->trend->arena, "%s %s: %s", host, measurement,
					what));
}

static const char sql_reported[] =
	"SELECT DISTINCT m.host FROM run AS r JOIN machine AS m ON m.id = r.machine "
	"WHERE r.night = ?1 AND (?2 IS NULL OR m.host GLOB ?2) ORDER BY m.host";

static const char sql_incomplete[] =
	"SELECT m.host, NULL, NULL, 'run ' || r.uuid || ' is incomplete: ' || "
	"coalesce(r.reason, 'no reason given') FROM current_run AS r "
	"JOIN machine AS m ON m.id = r.machine WHERE r.night = ?1 AND r.state <> 'complete' "
	"AND (?2 IS NULL OR m.host GLOB ?2) ORDER BY m.host, r.uuid";

/* Its first night, of a host that has been another machine before. */
static const char sql_replaced[] =
	"SELECT DISTINCT m.host, NULL, NULL, 'another machine than before, its series begin anew: "
	"' "
	"|| m.key FROM run AS r JOIN machine AS m ON m.id = r.machine WHERE r.night = ?1 "
	"AND (?2 IS NULL OR m.host GLOB ?2) "
	"AND NOT EXISTS (SELECT 1 FROM run AS e WHERE e.machine = m.id AND e.night < ?1) "
	"AND EXISTS (SELECT 1 FROM run AS e JOIN machine AS o ON o.id = e.machine "
	"WHERE o.host = m.host AND o.id <> m.id AND e.night < ?1) ORDER BY m.host, m.key";

/* 5 is NM_SERIES_MIN_ROUNDS. */
static const char sql_not_ok[] =
	"SELECT m.host, x.name, x.operation, CASE v.state WHEN 'ok' THEN "
	"'ok, but only ' || v.rounds || ' rounds' ELSE v.state || coalesce(': ' || v.reason, '') "
	"END "
	"FROM current_run AS r JOIN machine AS m ON m.id = r.machine "
	"JOIN value AS v ON v.run = r.id JOIN measurement AS x ON x.id = v.measurement "
	"WHERE r.night = ?1 AND (?2 IS NULL OR m.host GLOB ?2) AND v.state <> 'unsupported' "
	"AND NOT (v.state = 'ok' AND v.rounds >= 5) "
	"AND NOT EXISTS (SELECT 1 FROM current_run AS o JOIN value AS w ON w.run = o.id "
	"WHERE o.machine = r.machine AND o.night = ?1 AND w.measurement = v.measurement "
	"AND w.state = 'ok' AND w.rounds >= 5) ORDER BY m.host, x.name, r.uuid";

/* What was ok in the machine's night before, and is not in any run of this one. */
static const char sql_absent[] =
	"WITH tonight AS MATERIALIZED (SELECT DISTINCT r.machine FROM current_run AS r "
	"JOIN machine AS m ON m.id = r.machine WHERE r.night = ?1 "
	"AND (?2 IS NULL OR m.host GLOB ?2)), "
	"before AS MATERIALIZED (SELECT t.machine, max(e.night) AS night FROM tonight AS t "
	"JOIN current_run AS e ON e.machine = t.machine AND e.night < ?1 GROUP BY t.machine) "
	"SELECT DISTINCT m.host, x.name, x.operation, 'not measured, and was on ' || b.night "
	"FROM before AS b JOIN machine AS m ON m.id = b.machine "
	"JOIN current_run AS p ON p.night = b.night AND p.machine = b.machine "
	"JOIN value AS v ON v.run = p.id AND v.state = 'ok' "
	"JOIN measurement AS x ON x.id = v.measurement "
	"WHERE NOT EXISTS (SELECT 1 FROM current_run AS o JOIN value AS w ON w.run = o.id "
	"JOIN measurement AS y ON y.id = w.measurement WHERE o.night = ?1 "
	"AND o.machine = b.machine AND y.name = x.name) ORDER BY m.host, x.name";

static int change_line(struct judge *judge, const struct nm_trend_series *series,
		       const struct nm_trend_change *change)
{
	const struct nm_statistic *step = &change->step;

	return add_line(judge, &judge->night->regressions,
			nm_arena_printf(&judge->trend->arena,
					"%s %s: %+.1f %% [%+.1f, %+.1f] since %.10s, %llu nights",
					series->host, series->measurement, 100 * (step->value - 1),
					100 * (step->lo - 1), 100 * (step->hi - 1), change->started,
					(unsigned long long)change->after.nights));
}

/* One night alone: above everything since the last change, and above its median by the threshold. */
static int suspect(struct judge *judge, const struct nm_trend_series *series, size_t from)
{
	const struct nm_trend_point *points = series->points.items + from;
	size_t count = series->points.count - from - 1;
	int statistic = judge->trend->statistic;
	double last = nm_trend_value(&points[count], statistic);
	double *level = calloc(count + 1, sizeof(*level));
	size_t used = 0;
	double median;
	int r = 0;

	if (!level)
		return nm_fail(ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		if (isfinite(nm_trend_value(&points[i], statistic)))
			level[used++] = nm_trend_value(&points[i], statistic);
	nm_sort_real(level, used);
	median = used ? nm_median_sorted(level, used) : NAN;
	if (used && last > level[used - 1] &&
	    last >= median * (1 + judge->trend->threshold_percent / 100))
		r = add_line(judge, &judge->night->suspects,
			     nm_arena_printf(&judge->trend->arena,
					     "%s %s: %+.1f %% in this night, a second one decides",
					     series->host, series->measurement,
					     100 * (last / median - 1)));
	free(level);
	return r;
}

static size_t index_of(const struct nm_trend_series *series, const struct nm_trend_change *change)
{
	size_t i = 0;

	while (strcmp(series->points.items[i].run, change->run) != 0)
		i++;
	return i;
}

static int judge_series(struct judge *judge, const struct nm_trend_series *series)
{
	size_t count = series->points.count;
	const struct nm_trend_change *change = NULL;

	if (!count ||
	    strncmp(series->points.items[count - 1].started, judge->night->night, 10) != 0)
		return 0;
	judge->night->series++;
	judge->night->young += count < NM_CHANGE_MIN_POINTS;
	if (series->changes.count)
		change = &series->changes.items[series->changes.count - 1];
	if (change && change->step.value > 1 && change->after.nights >= NM_NIGHTS_TO_CONFIRM)
		return change_line(judge, series, change);
	return suspect(judge, series, change ? index_of(series, change) : 0);
}

static int fill(struct judge *judge, const struct nm_strings *expected)
{
	static const char *const undecided[] = {sql_incomplete, sql_replaced, sql_not_ok,
						sql_absent};
	int r = for_each(judge, sql_reported, take_reported);

	if (!r)
		r = hold_against_list(judge, expected);
	for (size_t i = 0; !r && i < sizeof(undecided) / sizeof(undecided[0]); i++)
		r = for_each(judge, undecided[i], take_undecided);
	for (size_t i = 0; !r && i < judge->trend->series.count; i++)
		r = judge_series(judge, &judge->trend->series.items[i]);
	return r;
}

/* 1 wins over 3: a regression is red even where hosts are missing. */
static const char *verdict_of(const struct nm_trend_night *night)
{
	if (night->regressions.count)
		return "regressed";
	if (night->missing.count || night->undecided.count || !night->series)
		return "undecided";
	return "passed";
}

int nm_night_judge(struct nm_database *database, const struct nm_series_filter *filter,
		   const char *night, const struct nm_strings *expected, struct nm_trend *trend)
{
	struct judge judge = {.database = database, .filter = filter, .trend = trend};
	int r;

	judge.night = nm_arena_alloc(&trend->arena, sizeof(*judge.night));
	if (!judge.night)
		return -ENOMEM;
	judge.night->night = night;
	trend->night = judge.night;
	r = fill(&judge, expected);
	judge.night->verdict = verdict_of(judge.night);
	nm_arena_free(&judge.scratch);
	return r;
}
