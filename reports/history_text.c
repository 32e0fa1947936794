/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/escape.h"
#include "reports/format.h"
#include "reports/table.h"
#include "reports/trends.h"

#include "core/error.h"

#include <errno.h>

/* Adds a line of cells to a table of as many columns. */
static int add_line(struct nm_arena *arena, struct libscols_table *table, const char *const cells[],
		    size_t count)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	int r = line ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < count; i++)
		r = cells[i] ? nm_table_set_cell(arena, line, i, cells[i]) : -ENOMEM;
	return r;
}

static int add_columns(struct nm_arena *arena, struct libscols_table *table,
		       const char *const titles[], size_t count)
{
	int r = 0;

	for (size_t i = 0; !r && i < count; i++)
		r = nm_table_add_column(arena, table, titles[i], 0);
	return r;
}

static const char *run_state(struct nm_arena *arena, const struct nm_history_run *run)
{
	if (run->superseded_by)
		return nm_arena_printf(arena, "%s, superseded by %.8s", run->state,
				       run->superseded_by);
	return run->state;
}

static int add_run(struct nm_arena *arena, struct libscols_table *table,
		   const struct nm_history_run *run)
{
	const char *const cells[] = {
		nm_arena_printf(arena, "%.8s", run->uuid),
		run->host,
		run->started,
		run->profile,
		run->clock,
		run->kernel ? run->kernel : "unknown",
		nm_arena_printf(arena, "%llu of %llu", (unsigned long long)run->measurements_ok,
				(unsigned long long)run->measurements),
		run_state(arena, run),
	};

	return add_line(arena, table, cells, sizeof(cells) / sizeof(cells[0]));
}

static int fill_runs(struct nm_arena *arena, struct libscols_table *table,
		     const struct nm_history *history)
{
	static const char *const titles[] = {"run",   "host",	"started", "profile",
					     "clock", "kernel", "ok",	   "state"};
	int r = add_columns(arena, table, titles, sizeof(titles) / sizeof(titles[0]));

	for (size_t i = 0; !r && i < history->runs.count; i++)
		r = add_run(arena, table, &history->runs.items[i]);
	return r;
}

static int fill_values(struct nm_arena *arena, struct libscols_table *table,
		       const struct nm_history *history)
{
	static const char *const titles[] = {"measurement", "quiet floor", "p50",
					     "p99",	    "rounds",	   "state"};
	const struct nm_history_run *run = history->runs.items;
	int r = add_columns(arena, table, titles, sizeof(titles) / sizeof(titles[0]));

	for (size_t i = 0; !r && i < run->values.count; i++) {
		const struct nm_history_value *value = &run->values.items[i];
		const char *const cells[] = {
			value->measurement,
			nm_format_statistic(arena, value->unit, &value->floor),
			nm_format_statistic(arena, value->unit, &value->p50),
			nm_format_value(arena, value->unit, value->p99.value),
			nm_arena_printf(arena, "%llu", (unsigned long long)value->rounds),
			value->state,
		};

		r = add_line(arena, table, cells, sizeof(cells) / sizeof(cells[0]));
	}
	return r;
}

typedef int (*fill_table)(struct nm_arena *arena, struct libscols_table *table,
			  const struct nm_history *history);

static int put_table(const struct nm_history *history, const struct nm_render_options *options,
		     fill_table fill, struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct libscols_table *table = nm_table_new(options);
	int r = table ? fill(&arena, table, history) : -ENOMEM;

	if (!r)
		r = nm_table_print(table, out);
	scols_unref_table(table);
	nm_arena_free(&arena);
	return r == -ENOMEM ? nm_fail(ENOMEM, "out of memory") : r;
}

int nm_history_render_runs(const struct nm_history *history,
			   const struct nm_render_options *options, struct nm_text *out)
{
	return put_table(history, options, fill_runs, out);
}

static int put_facts(const struct nm_history_run *run, struct nm_text *out)
{
	const struct {
		const char *name, *value;
	} facts[] = {{"run", run->uuid},
		     {"host", run->host},
		     {"machine", run->machine},
		     {"started", run->started},
		     {"state", run->state},
		     {"reason", run->reason},
		     {"clock", run->clock},
		     {"profile", run->profile},
		     {"kernel", run->kernel},
		     {"nestmark", run->tool_version},
		     {"supersedes", run->supersedes},
		     {"superseded by", run->superseded_by},
		     {"imported from", run->path},
		     {"SHA-256", run->sha256}};
	struct nm_arena arena = {0};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(facts) / sizeof(facts[0]); i++) {
		const char *clean = facts[i].value ? nm_printable(&arena, facts[i].value) : NULL;

		if (clean)
			nm_text_printf(out, "%s: %s\n", facts[i].name, clean);
		else if (facts[i].value)
			r = -ENOMEM;
	}
	nm_arena_free(&arena);
	return r;
}

int nm_history_render_run(const struct nm_history *history, const struct nm_render_options *options,
			  struct nm_text *out)
{
	int r = put_facts(history->runs.items, out);

	nm_text_puts(out, "\n");
	return r ? r : put_table(history, options, fill_values, out);
}
