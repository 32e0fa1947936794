/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"

#include "core/error.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)16384)

struct nm_arena_chunk {
	struct nm_arena_chunk *next;
	size_t used;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

static struct nm_arena_chunk *new_chunk(struct nm_arena *arena, size_t size)
{
	size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	struct nm_arena_chunk *chunk = calloc(1, sizeof(*chunk) + capacity);

	if (!chunk) {
		nm_fail(ENOMEM, "out of memory");
		return NULL;
	}
	chunk->size = capacity;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

void *nm_arena_alloc(struct nm_arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct nm_arena_chunk *chunk = arena->chunks;
	void *result;

	if (size > SIZE_MAX / 4) {
		nm_fail(ENOMEM, "out of memory");
		return NULL;
	}
	size = (size + align - 1) / align * align;
	if (!chunk || chunk->size - chunk->used < size)
		chunk = new_chunk(arena, size);
	if (!chunk)
		return NULL;
	result = chunk->bytes + chunk->used;
	chunk->used += size;
	return result;
}

void *nm_arena_append(struct nm_arena *arena, void *array, size_t *count, size_t element_size)
{
	size_t n = *count;
	unsigned char *elements;

	memcpy(&elements, array, sizeof(elements));
	/* Capacity is implied: it doubles whenever the count reaches a power of two. */
	if ((n & (n - 1)) == 0) {
		size_t capacity = n ? 2 * n : 1;
		unsigned char *larger = nm_arena_alloc(arena, capacity * element_size);

		if (!larger)
			return NULL;
		if (n)
			memcpy(larger, elements, n * element_size);
		elements = larger;
		memcpy(array, &elements, sizeof(elements));
	}
	*count = n + 1;
	return elements + n * element_size;
}

char *nm_arena_strndup(struct nm_arena *arena, const char *text, size_t length)
{
	char *copy = nm_arena_alloc(arena, length + 1);

	if (copy)
		memcpy(copy, text, length);
	return copy;
}

char *nm_arena_strdup(struct nm_arena *arena, const char *text)
{
	return text ? nm_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *nm_arena_vprintf(struct nm_arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return NULL;
	text = nm_arena_alloc(arena, (size_t)length + 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, args);
	return text;
}

char *nm_arena_printf(struct nm_arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = nm_arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

void nm_arena_free(struct nm_arena *arena)
{
	while (arena->chunks) {
		struct nm_arena_chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
}
