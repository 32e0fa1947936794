/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/reasons.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_IN_A_LINE 8u

/* Reasons that share a line. */
struct group {
	const struct nm_reason *first;
	size_t members;
	char *names;
};

int nm_reasons_add(struct nm_arena *arena, struct nm_reasons *reasons,
		   const struct nm_reason *reason)
{
	struct nm_reason *added =
		nm_arena_append(arena, &reasons->items, &reasons->count, sizeof(*added));

	if (!added)
		return -ENOMEM;
	*added = *reason;
	added->order = reasons->count;
	if (!added->text)
		added->text = "no reason recorded";
	return added->name ? 0 : -ENOMEM;
}

static int compare_kinds(const struct nm_reason *x, const struct nm_reason *y)
{
	int order = strcmp(x->word, y->word);

	return order ? order : strcmp(x->text, y->text);
}

static int compare_reasons(const void *a, const void *b)
{
	const struct nm_reason *x = a;
	const struct nm_reason *y = b;
	int order = compare_kinds(x, y);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int compare_groups(const void *a, const void *b)
{
	size_t x = ((const struct group *)a)->first->order;
	size_t y = ((const struct group *)b)->first->order;

	return (x > y) - (x < y);
}

static int add_member(struct group *group, struct nm_arena *arena, const char *name)
{
	if (++group->members > NAMES_IN_A_LINE)
		return 0;
	group->names = group->names ? nm_arena_printf(arena, "%s, %s", group->names, name)
				    : nm_arena_strdup(arena, name);
	return group->names ? 0 : -ENOMEM;
}

static int put_group(struct nm_arena *arena, const struct group *group, struct nm_strings *out)
{
	const struct nm_reason *first = group->first;
	char more[48] = "";
	const char *line;

	if (group->members > NAMES_IN_A_LINE)
		snprintf(more, sizeof(more), " and %zu more", group->members - NAMES_IN_A_LINE);
	line = nm_arena_printf(arena, "%s%s %s: %s%s%s", group->names, more, first->word,
			       first->text, first->remedy ? "; to change that: " : "",
			       first->remedy ? first->remedy : "");
	return line ? nm_strings_add(arena, out, line) : -ENOMEM;
}

int nm_reasons_lines(struct nm_arena *arena, struct nm_reasons *reasons, struct nm_strings *out)
{
	struct group *groups = nm_arena_alloc(arena, reasons->count * sizeof(*groups));
	size_t used = 0;
	int r = groups ? 0 : -ENOMEM;

	if (reasons->count)
		qsort(reasons->items, reasons->count, sizeof(*reasons->items), compare_reasons);
	for (size_t i = 0; !r && i < reasons->count; i++) {
		const struct nm_reason *reason = &reasons->items[i];

		if (!i || compare_kinds(reason, reason - 1) != 0)
			groups[used++].first = reason;
		r = add_member(&groups[used - 1], arena, reason->name);
	}
	if (!r && used)
		qsort(groups, used, sizeof(*groups), compare_groups);
	for (size_t i = 0; !r && i < used; i++)
		r = put_group(arena, &groups[i], out);
	return r;
}
