/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"

#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct nm_text *text, size_t more)
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
	if (!reserve(text, length))
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
	if (length < 0 || !reserve(text, (size_t)length)) {
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

char *nm_text_printable(char *out, size_t size, const char *string)
{
	const unsigned char *in = (const unsigned char *)string;
	size_t used = 0;

	while (*in && used + 1 < size) {
		if (in[0] == 0xc2 && in[1] >= 0x80 && in[1] <= 0x9f) {
			in += 2;
			continue;
		}
		if (*in == '\n' || *in == '\t')
			out[used++] = ' ';
		else if (*in >= 0x20 && *in != 0x7f)
			out[used++] = (char)*in;
		in++;
	}
	if (size)
		out[used] = '\0';
	return out;
}
