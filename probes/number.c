/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/number.h"

#include <errno.h>
#include <string.h>

#define LONGEST 400

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
	errno = EINVAL;
	return nm_number(line, out);
}

const char *nm_why_not(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "it is absent";
	case EACCES:
	case EPERM:
		return "not permitted: root may read it";
	case ENODATA:
		return "it was not captured";
	case EINVAL:
		return "it holds something else than expected";
	default:
		return strerror(error);
	}
}

const char *nm_clean(const struct nm_probe_context *context, const char *text)
{
	char clean[LONGEST];
	const char *copy;

	nm_text_printable(clean, sizeof(clean), text ? text : "");
	copy = nm_arena_strdup(context->arena, clean);
	return copy ? copy : "";
}
