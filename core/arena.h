/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_ARENA_H
#define NM_CORE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

/**
 * Memory that lives as long as one document: allocated piece by piece, freed at once. Zero-initialise
 * it. Every function returns NULL when memory runs out, and records the error.
 */
struct nm_arena {
	struct nm_arena_chunk *chunks;
};

/** size bytes, zeroed, aligned for any type. */
void *nm_arena_alloc(struct nm_arena *arena, size_t size);

/**
 * Appends one zeroed element to an array that grows by doubling; *array and *count are updated.
 * Earlier pointers into the array become stale.
 */
void *nm_arena_append(struct nm_arena *arena, void *array, size_t *count, size_t element_size);

char *nm_arena_strndup(struct nm_arena *arena, const char *text, size_t length);
char *nm_arena_strdup(struct nm_arena *arena, const char *text);
char *nm_arena_printf(struct nm_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *nm_arena_vprintf(struct nm_arena *arena, const char *format, va_list args);

void nm_arena_free(struct nm_arena *arena);

#endif
