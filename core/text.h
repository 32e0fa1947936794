/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_TEXT_H
#define NM_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * A growing byte buffer that renderers write into. Zero-initialise it. Once memory has run out,
 * further writes do nothing and nm_text_status() says so: one check at the end is enough.
 */
struct nm_text {
	char *bytes; /* always terminated once anything was written */
	size_t length;
	size_t capacity;
	bool failed;
};

/** Makes room for so many bytes behind length, and a terminator; false once memory has run out. */
bool nm_text_reserve(struct nm_text *text, size_t more);

void nm_text_put(struct nm_text *text, const char *bytes, size_t length);
void nm_text_puts(struct nm_text *text, const char *string);
void nm_text_printf(struct nm_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** 0, or -ENOMEM when any write failed. */
int nm_text_status(const struct nm_text *text);

void nm_text_free(struct nm_text *text);

/** Length of the valid UTF-8 sequence at s, which is terminated; 0 when the bytes are none (RFC 3629). */
size_t nm_utf8_length(const char *s);

/**
 * Drops what a terminal would obey: C0 (tab and newline become a space), DEL, C1, marks that turn the direction of
 * text, and bytes that are not UTF-8.
 * Writes at most size bytes with the terminator; returns out.
 */
char *nm_text_printable(char *out, size_t size, const char *string);

/** "64KiB", "1GiB": in the largest unit of which it is a whole number. */
void nm_text_bytes(char *out, size_t size, uint64_t bytes);

#endif
