/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int nm_capture_add(struct nm_capture *capture, const struct nm_answer *answer)
{
	struct nm_arena *arena = &capture->arena;
	struct nm_answer *copy = nm_arena_append(arena, &capture->answers.items,
						 &capture->answers.count, sizeof(*copy));
	int r = 0;

	if (!copy)
		return -ENOMEM;
	*copy = (struct nm_answer) {.kind = answer->kind,
				    .path = nm_arena_strdup(arena, answer->path),
				    .error = answer->error,
				    .length = answer->length};
	if (answer->bytes) {
		copy->bytes = nm_arena_strndup(arena, answer->bytes, answer->length);
		r = copy->bytes ? 0 : -ENOMEM;
	}
	for (size_t i = 0; !r && i < answer->names.count; i++)
		r = nm_strings_add(arena, &copy->names, answer->names.items[i]);
	return copy->path ? r : -ENOMEM;
}

static int compare_answers(const void *a, const void *b)
{
	const struct nm_answer *x = a;
	const struct nm_answer *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : x->kind - y->kind;
}

/* Insertion order decides between equal answers, and qsort() does not keep it: the position is part of the order. */
static int compare_places(const void *a, const void *b)
{
	const struct nm_answer *x = *(const struct nm_answer *const *)a;
	const struct nm_answer *y = *(const struct nm_answer *const *)b;
	int order = compare_answers(x, y);

	return order ? order : (x > y) - (x < y);
}

void nm_capture_sort(struct nm_capture *capture)
{
	size_t count = capture->answers.count;
	struct nm_arena *arena = &capture->arena;
	struct nm_answer **places = nm_arena_alloc(arena, (count + 1) * sizeof(struct nm_answer *));
	struct nm_answer *sorted = nm_arena_alloc(arena, (count + 1) * sizeof(struct nm_answer));
	size_t kept = 0;

	if (!places || !sorted)
		return;
	for (size_t i = 0; i < count; i++)
		places[i] = &capture->answers.items[i];
	qsort(places, count, sizeof(struct nm_answer *), compare_places);
	for (size_t i = 0; i < count; i++)
		if (!kept || compare_answers(&sorted[kept - 1], places[i]))
			sorted[kept++] = *places[i];
	capture->answers.items = sorted;
	capture->answers.count = kept;
}

const struct nm_answer *nm_capture_find(const struct nm_capture *capture, enum nm_answer_kind kind,
					const char *path)
{
	const struct nm_answer key = {.kind = (int)kind, .path = path};

	if (!capture->answers.count)
		return NULL;
	return bsearch(&key, capture->answers.items, capture->answers.count, sizeof(key),
		       compare_answers);
}

void nm_capture_free(struct nm_capture *capture)
{
	nm_arena_free(&capture->arena);
	*capture = (struct nm_capture) {0};
}
