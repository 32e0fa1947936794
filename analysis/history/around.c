/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/around.h"

#include "analysis/differences.h"
#include "core/error.h"

#include <errno.h>
#include <string.h>

struct around {
	struct nm_statement *facts;
	struct nm_trend *trend;
	const struct nm_trend_change *last; /* many changes lie between the same two runs */
};

static int read_facts(struct around *around, const char *uuid, struct nm_document *out)
{
	struct nm_arena arena = {0};
	const char *facts = NULL;
	int r = nm_statement_start(around->facts, "s", uuid);

	if (!r)
		r = nm_statement_step(around->facts);
	if (r > 0)
		facts = nm_column_text(around->facts, 0, &arena);
	nm_statement_reset(around->facts);
	if (r >= 0)
		r = facts ? nm_document_parse(uuid, facts, strlen(facts), out)
			  : nm_fail(EIO, "%s: its environment is missing", uuid);
	nm_arena_free(&arena);
	return r;
}

static const char *copy(struct nm_arena *arena, const char *text)
{
	return text ? nm_arena_strdup(arena, text) : NULL;
}

static int take_differences(struct around *around, const struct nm_comparison *comparison,
			    struct nm_trend_change *change)
{
	struct nm_arena *arena = &around->trend->arena;

	for (size_t i = 0; i < comparison->differences.count; i++) {
		const struct nm_difference *from = &comparison->differences.items[i];
		struct nm_difference *to = nm_arena_append(arena, &change->differences.items,
							   &change->differences.count, sizeof(*to));

		if (!to)
			return -ENOMEM;
		*to = (struct nm_difference) {.what = copy(arena, from->what),
					      .base = copy(arena, from->base),
					      .changed = copy(arena, from->changed),
					      .decisive = from->decisive};
		if (!to->what || !!to->base != !!from->base || !!to->changed != !!from->changed)
			return -ENOMEM;
	}
	return 0;
}

static int fill_change(struct around *around, struct nm_trend_change *change)
{
	static const struct nm_strings none;
	struct nm_comparison comparison = {0};
	struct nm_document before = {0};
	struct nm_document after = {0};
	int r;

	if (around->last && !strcmp(around->last->run, change->run) &&
	    !strcmp(around->last->run_before, change->run_before)) {
		change->differences.items = around->last->differences.items;
		change->differences.count = around->last->differences.count;
		return 0;
	}
	r = read_facts(around, change->run_before, &before);
	if (!r)
		r = read_facts(around, change->run, &after);
	if (!r)
		r = nm_differences_add(&comparison, &before, &after, "", &none);
	if (!r)
		r = take_differences(around, &comparison, change);
	around->last = change;
	nm_document_free(&before);
	nm_document_free(&after);
	nm_arena_free(&comparison.arena);
	return r;
}

int nm_around_fill(struct nm_database *database, struct nm_trend *trend)
{
	static const char sql[] = "SELECT e.facts FROM run AS r JOIN environment AS e "
				  "ON e.id = r.environment WHERE r.uuid = ?1";
	struct around around = {.trend = trend};
	int r = nm_database_prepare(database, sql, &around.facts);

	for (size_t i = 0; !r && i < trend->series.count; i++)
		for (size_t j = 0; !r && j < trend->series.items[i].changes.count; j++)
			r = fill_change(&around, &trend->series.items[i].changes.items[j]);
	return r;
}
