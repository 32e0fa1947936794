/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool nm_digits(const char **at, uint64_t *out)
{
	const char *c = *at;
	uint64_t value = 0;

	if (!c || *c < '0' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
			return false;
	*at = c;
	*out = value;
	return true;
}

bool nm_number(const char *text, uint64_t *out)
{
	uint64_t value;

	if (!nm_digits(&text, &value) || *text || value > INT64_MAX)
		return false;
	*out = value;
	return true;
}

bool nm_hexadecimal(const char **at, size_t digits, uint64_t *out)
{
	const char *c = *at;

	if (strncmp(c, "0x", 2) != 0 || strspn(c + 2, "0123456789abcdef") != digits)
		return false;
	*out = strtoull(c, NULL, 16);
	*at = c + 2 + digits;
	return true;
}

bool nm_kilobytes(const char *text, uint64_t *bytes)
{
	uint64_t value;

	if (!nm_digits(&text, &value) || strcmp(text, " kB") != 0 || value > INT64_MAX / 1024)
		return false;
	*bytes = value * 1024;
	return true;
}

bool nm_words(const char **at, const char *words)
{
	size_t length = strlen(words);

	if (strncmp(*at, words, length) != 0)
		return false;
	*at += length;
	return true;
}

bool nm_root_number(const struct nm_probe_context *context, const char *path, uint64_t *out)
{
	const char *line = nm_root_line(context->root, context->arena, path);

	if (!line)
		return false;
	errno = EBADMSG;
	return nm_number(line, out);
}
