/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool nm_text_reserve(struct nm_text *text, size_t more)
{
	size_t capacity = text->capacity ? text->capacity : 1024;
	char *larger;

	if (text->failed)
		return false;
	while (capacity - text->length <= more) {
		if (capacity > ((size_t)1 << 40)) {
			text->failed = true;
			return false;
		}
		capacity *= 2;
	}
	if (capacity == text->capacity)
		return true;
	larger = realloc(text->bytes, capacity);
	if (!larger) {
		text->failed = true;
		return false;
	}
	text->bytes = larger;
	text->capacity = capacity;
	return true;
}

void nm_text_put(struct nm_text *text, const char *bytes, size_t length)
{
	if (!nm_text_reserve(text, length))
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void nm_text_puts(struct nm_text *text, const char *string)
{
	nm_text_put(text, string, strlen(string));
}

void nm_text_printf(struct nm_text *text, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0 || !nm_text_reserve(text, (size_t)length)) {
		text->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(text->bytes + text->length, (size_t)length + 1, format, args);
	va_end(args);
	text->length += (size_t)length;
}

int nm_text_status(const struct nm_text *text)
{
	return text->failed ? nm_fail(ENOMEM, "out of memory") : 0;
}

void nm_text_free(struct nm_text *text)
{
	free(text->bytes);
	*text = (struct nm_text) {0};
}

size_t nm_utf8_length(const char *s)
{
	const unsigned char *b = (const unsigned char *)s;
	size_t length = 0;

	if (b[0] < 0x80)
		length = 1;
	else if (b[0] >= 0xc2 && b[0] <= 0xdf)
		length = 2;
	else if ((b[0] & 0xf0) == 0xe0)
		length = 3;
	else if (b[0] >= 0xf0 && b[0] <= 0xf4)
		length = 4;
	for (size_t i = 1; i < length; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond 10FFFFh. */
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
	    (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return length;
}

static bool is_control(const char *s, size_t length)
{
	const unsigned char *b = (const unsigned char *)s;

	if (length == 1)
		return b[0] < 0x20 || b[0] == 0x7f;
	return length == 2 && b[0] == 0xc2 && b[1] <= 0x9f;
}

/* Marks and overrides that turn the direction of text (UAX 9), and separators of lines: what is shown must be what is there. */
static bool is_direction(const char *s, size_t length)
{
	const unsigned char *b = (const unsigned char *)s;

	if (length == 2)
		return b[0] == 0xd8 && b[1] == 0x9c; /* U+061C */
	if (length != 3 || b[0] != 0xe2)
		return false;
	/* U+200E, 200F, 2028 to 202E; 2066 to 2069 */
	return (b[1] == 0x80 && (b[2] == 0x8e || b[2] == 0x8f || (b[2] >= 0xa8 && b[2] <= 0xae))) ||
	       (b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9);
}

char *nm_text_printable(char *out, size_t size, const char *string)
{
	size_t used = 0;

	while (*string) {
		size_t length = nm_utf8_length(string);

		if (*string == '\n' || *string == '\t') {
			if (used + 1 < size)
				out[used++] = ' ';
		} else if (length && !is_control(string, length) && !is_direction(string, length)) {
			if (used + length >= size)
				break;
			memcpy(out + used, string, length);
			used += length;
		}
		string += length ? length : 1;
	}
	if (size)
		out[used] = '\0';
	return out;
}

void nm_text_bytes(char *out, size_t size, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (unit < 4 && bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(out, size, "%" PRIu64 "%s", bytes, units[unit]);
}
