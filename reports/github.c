/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/github.h"

#include "reports/escape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOWN 10u

int nm_annotations_add(struct nm_annotations *list, enum nm_severity severity, double weight,
		       const char *title, const char *message)
{
	struct nm_annotation *annotation =
		nm_arena_append(&list->arena, &list->items, &list->count, sizeof(*annotation));

	if (!annotation || !title || !message)
		return -ENOMEM;
	*annotation = (struct nm_annotation) {severity, weight, list->count, title, message};
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct nm_annotation *x = a;
	const struct nm_annotation *y = b;

	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void put_annotation(struct nm_text *out, enum nm_severity severity, const char *title,
			   const char *message)
{
	static const char *const commands[] = {"error", "warning", "notice"};

	nm_text_printf(out, "::%s title=", commands[severity]);
	nm_put_github(out, title, true);
	nm_text_puts(out, "::");
	nm_put_github(out, message, false);
	nm_text_puts(out, "\n");
}

/* Those of one level, which stand together; returns how many there are. */
static size_t put_level(struct nm_text *out, const struct nm_annotation *items, size_t left,
			const char *title)
{
	char rest[64];
	size_t count = 0;
	size_t room;

	while (count < left && items[count].severity == items[0].severity)
		count++;
	room = count > SHOWN ? SHOWN - 1 : count;
	for (size_t i = 0; i < room; i++)
		put_annotation(out, items[i].severity, items[i].title, items[i].message);
	if (count > room) {
		snprintf(rest, sizeof(rest), "%zu more like these", count - room);
		put_annotation(out, items[0].severity, title, rest);
	}
	return count;
}

int nm_annotations_put(struct nm_text *out, struct nm_annotations *list, const char *title)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare);
	for (size_t i = 0; i < list->count;)
		i += put_level(out, &list->items[i], list->count - i, title);
	nm_arena_free(&list->arena);
	*list = (struct nm_annotations) {0};
	return nm_text_status(out);
}
