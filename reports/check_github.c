/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Annotations of GitHub Actions (docs.github.com, "Workflow commands"). A step shows ten of a level: where there are
 * more, the nine worst and one that counts the rest.
 */
#include "reports/checks.h"

#include "core/document.h"

#include <errno.h>
#include <string.h>

#define SHOWN 10u

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTICE, SEVERITIES };

struct annotation {
	enum severity severity;
	int weight; /* the larger the worse */
	const char *title;
	const char *message;
};

struct annotations {
	struct nm_arena arena;
	struct annotation *items;
	size_t count;
};

static int add(struct annotations *list, enum severity severity, int weight, const char *title,
	       const char *message)
{
	struct annotation *annotation =
		nm_arena_append(&list->arena, &list->items, &list->count, sizeof(*annotation));

	if (!annotation || !title || !message)
		return -ENOMEM;
	*annotation = (struct annotation) {severity, weight, title, message};
	return 0;
}

static int add_row(struct annotations *list, const struct nm_check_workload *workload,
		   const struct nm_check_row *row)
{
	struct nm_arena *arena = &list->arena;
	bool hard = row->level == NM_LEVEL_HARD;
	bool undecided = row->status == NM_STATUS_UNKNOWN && hard;
	char *name;

	if (row->status != NM_STATUS_FAIL && row->status != NM_STATUS_WARN && !undecided)
		return 0;
	name = nm_check_row_name(arena, workload, row);
	if (!name)
		return -ENOMEM;
	return add(list, row->status == NM_STATUS_FAIL ? SEVERITY_ERROR : SEVERITY_WARNING, hard,
		   nm_arena_printf(arena, "%s: %s", workload->name, name),
		   nm_check_detail(arena, row->evidence, row->remedy));
}

/* Rows only of what was asked for; the rest is information. */
static int collect(struct annotations *list, const struct nm_check *check)
{
	int r = 0;

	for (size_t w = 0; !r && w < check->workloads.count; w++) {
		const struct nm_check_workload *workload = &check->workloads.items[w];

		for (size_t i = 0; check->named && !r && i < workload->rows.count; i++)
			r = add_row(list, workload, &workload->rows.items[i]);
		if (!r)
			r = add(list, SEVERITY_NOTICE, workload->verdict,
				nm_arena_printf(&list->arena, "%s", workload->name),
				nm_check_verdict_text(&list->arena, workload));
	}
	return r;
}

/* In properties a colon or a comma would end the value. */
static void put_escaped(struct nm_text *out, const char *text, bool property)
{
	for (; *text; text++) {
		if (*text == '%' || (property && (*text == ':' || *text == ',')))
			nm_text_printf(out, "%%%02X", (unsigned int)(unsigned char)*text);
		else
			nm_text_put(out, text, 1);
	}
}

static void put_annotation(struct nm_text *out, const struct annotation *annotation)
{
	static const char *const commands[] = {"error", "warning", "notice"};

	nm_text_printf(out, "::%s title=", commands[annotation->severity]);
	put_escaped(out, annotation->title, true);
	nm_text_puts(out, "::");
	put_escaped(out, annotation->message, false);
	nm_text_puts(out, "\n");
}

static size_t count_of(const struct annotations *list, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->items[i].severity == severity;
	return count;
}

static void put_severity(struct nm_text *out, struct annotations *list, enum severity severity)
{
	size_t count = count_of(list, severity);
	size_t room = count > SHOWN ? SHOWN - 1 : count;

	for (int weight = NM_READINESS_NOT_READY; weight >= 0; weight--)
		for (size_t i = 0; room && i < list->count; i++) {
			const struct annotation *annotation = &list->items[i];

			if (annotation->severity != severity || annotation->weight != weight)
				continue;
			put_annotation(out, annotation);
			room--;
		}
	if (count > SHOWN) {
		struct annotation rest = {.severity = severity, .title = "nestmark check"};

		rest.message =
			nm_arena_printf(&list->arena, "%zu more like these", count - (SHOWN - 1));
		if (rest.message)
			put_annotation(out, &rest);
	}
}

int nm_check_render_github(const struct nm_check *check, const struct nm_check_options *options,
			   struct nm_text *out)
{
	struct annotations list = {0};
	int r = collect(&list, check);

	(void)options;
	for (enum severity severity = 0; !r && severity < SEVERITIES; severity++)
		put_severity(out, &list, severity);
	nm_arena_free(&list.arena);
	return r ? r : nm_text_status(out);
}
