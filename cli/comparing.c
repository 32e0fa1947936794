/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/comparing.h"

#include "core/error.h"
#include "core/together.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <string.h>

bool nm_comparing_option(struct nm_comparing *comparing, int option, const char *value)
{
	switch (option) {
	case NM_OPT_GATE:
		comparing->request.gate = true;
		return true;
	case NM_OPT_STRICT:
		comparing->strict = true;
		return true;
	case NM_OPT_POLICY:
		comparing->policy_path = value;
		return true;
	case NM_OPT_ALLOW:
		return !nm_strings_add(&comparing->arena, &comparing->request.allowed, value);
	default:
		return false;
	}
}

/* What threads share that read documents: each takes the next one. */
struct reading {
	struct nm_documents *documents;
	struct nm_error *errors;
	atomic_size_t next;
	atomic_bool failed;
};

static void *read_some(void *context)
{
	struct reading *reading = context;
	const struct nm_documents *documents = reading->documents;
	size_t i;

	while (!reading->failed && (i = reading->next++) < documents->count)
		if (nm_document_read(documents->paths[i], &documents->items[i])) {
			reading->errors[i] = *nm_error_last();
			reading->failed = true;
		}
	return NULL;
}

int nm_documents_read(struct nm_arena *arena, struct nm_documents *documents, char **paths,
		      size_t count)
{
	struct reading reading = {.documents = documents};

	/* Values are many, small and short-lived: memory that goes back to the kernel would be asked for again. */
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	mallopt(M_TOP_PAD, 16 << 20);
	documents->items = nm_arena_alloc(arena, count * sizeof(*documents->items));
	documents->paths = nm_arena_alloc(arena, count * sizeof(*documents->paths));
	reading.errors = nm_arena_alloc(arena, count * sizeof(*reading.errors));
	if (!documents->items || !documents->paths || !reading.errors)
		return -ENOMEM;
	documents->count = count;
	for (size_t i = 0; i < count; i++)
		documents->paths[i] = paths[i];
	nm_together(read_some, &reading);
	for (size_t i = 0; i < count; i++)
		if (reading.errors[i].code)
			return nm_error_take(&reading.errors[i]);
	return 0;
}

void nm_documents_free(struct nm_documents *documents)
{
	for (size_t i = 0; i < documents->count; i++)
		nm_document_free(&documents->items[i]);
}

int nm_documents_side(struct nm_arena *arena, const struct nm_documents *documents, size_t first,
		      size_t count, struct nm_compare_side *side)
{
	const struct nm_document **items = nm_arena_alloc(arena, count * sizeof(void *));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		items[i] = &documents->items[first + i];
	side->documents = items;
	side->paths = documents->paths + first;
	side->count = count;
	return 0;
}

int nm_comparing_prepare(struct nm_comparing *comparing)
{
	int r = 0;

	comparing->policy = nm_policy_default;
	if (comparing->policy_path)
		r = nm_policy_read(comparing->policy_path, &comparing->policy);
	comparing->policy.strict |= comparing->strict;
	comparing->request.policy = &comparing->policy;
	return r;
}

static int exit_code(const struct nm_comparison *comparison)
{
	const struct nm_gate *gate = comparison->gate;

	if (!gate)
		return NM_EXIT_OK;
	if (gate->regressions)
		return NM_EXIT_CHECK_FAILED;
	return gate->passed ? NM_EXIT_OK : NM_EXIT_UNDECIDED;
}

/* The table says it too. */
static bool is_told(const struct nm_outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		if (!strcmp(outputs->items[i].path, "-") &&
		    !strcmp(outputs->items[i].format_name, "text"))
			return true;
	return false;
}

static void tell(const struct nm_gate *gate)
{
	for (size_t i = 0; i < gate->warnings.count; i++)
		nm_warn("warning: %s", gate->warnings.items[i]);
	for (size_t i = 0; i < gate->failures.count; i++)
		nm_warn("gate: %s", gate->failures.items[i]);
}

int nm_comparing_finish(struct nm_comparing *comparing)
{
	struct nm_comparison comparison = {0};
	int written;
	int code;

	if (nm_compare(&comparing->request, &comparison))
		return nm_report_error(NM_EXIT_USAGE);
	written = nm_outputs_write(&comparing->outputs, &comparison, comparing->colour);
	code = exit_code(&comparison);
	if (comparison.gate && !comparing->quiet && !is_told(&comparing->outputs))
		tell(comparison.gate);
	nm_comparison_free(&comparison);
	return code ? code : written;
}

void nm_comparing_free(struct nm_comparing *comparing)
{
	nm_outputs_abandon(&comparing->outputs);
	nm_policy_free(&comparing->policy);
	nm_arena_free(&comparing->arena);
}
