/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The lists that people keep: hosts that are expected, and levels that were accepted. */
#include "analysis/history/night.h"

#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#define MAX_BYTES ((size_t)1 << 20)

bool nm_is_night(const char *text)
{
	static const char form[] = "2ddd-dd-dd";

	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return !text[sizeof(form) - 1];
}

/* The next word of a line, or NULL. */
static const char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t\r");
	char *end = word + strcspn(word, " \t\r");

	if (!*word)
		return NULL;
	*line = end + (*end != '\0');
	*end = '\0';
	return word;
}

typedef int (*take_line)(void *context, struct nm_arena *arena, char *line);

static int read_lines(const char *path, struct nm_arena *arena, take_line take, void *context)
{
	struct nm_text bytes = {0};
	size_t number = 0;
	int r = nm_file_read(path, MAX_BYTES, &bytes);
	char *rest = bytes.bytes;

	if (!r && bytes.length && memchr(bytes.bytes, '\0', bytes.length))
		r = nm_fail(EINVAL, "%s: not a text", path);
	for (char *line = rest; !r && line && *line; line = rest) {
		size_t length = strcspn(line, "\n");

		rest = line + length + (line[length] == '\n');
		line[length] = '\0';
		line[strcspn(line, "#")] = '\0';
		number++;
		r = take(context, arena, line);
		if (r)
			nm_error_within(r, "%s: line %zu", path, number);
	}
	nm_text_free(&bytes);
	return r;
}

static bool is_listed(const struct nm_strings *strings, const char *text)
{
	for (size_t i = 0; i < strings->count; i++)
		if (!strcmp(strings->items[i], text))
			return true;
	return false;
}

static int take_host(void *context, struct nm_arena *arena, char *line)
{
	struct nm_strings *out = context;
	const char *host = next_word(&line);

	if (!host || is_listed(out, host))
		return 0;
	if (next_word(&line))
		return nm_fail(EINVAL, "expected one host");
	host = nm_arena_strdup(arena, host);
	return host ? nm_strings_add(arena, out, host) : -ENOMEM;
}

int nm_expected_read(const char *path, struct nm_arena *arena, struct nm_strings *out)
{
	int r = read_lines(path, arena, take_host, out);

	if (!r && !out->count)
		return nm_fail(EINVAL, "%s: no host in it", path);
	return r;
}

static int take_accepted(void *context, struct nm_arena *arena, char *line)
{
	struct nm_accepted_list *out = context;
	const char *night = next_word(&line);
	const char *host = night ? next_word(&line) : NULL;
	const char *measurement = host ? next_word(&line) : NULL;
	struct nm_accepted *accepted;

	if (!night)
		return 0;
	if (!nm_is_night(night) || !measurement || !next_word(&line))
		return nm_fail(EINVAL, "expected NIGHT HOST MEASUREMENT REASON, such as "
				       "2026-01-05 web* exit.* new mitigations");
	accepted = nm_arena_append(arena, &out->items, &out->count, sizeof(*accepted));
	if (!accepted)
		return -ENOMEM;
	accepted->night = nm_arena_strdup(arena, night);
	accepted->host = nm_arena_strdup(arena, host);
	accepted->measurement = nm_arena_strdup(arena, measurement);
	return accepted->night && accepted->host && accepted->measurement ? 0 : -ENOMEM;
}

int nm_accepted_read(const char *path, struct nm_arena *arena, struct nm_accepted_list *out)
{
	return read_lines(path, arena, take_accepted, out);
}

static bool applies(const struct nm_accepted *accepted, const struct nm_trend_series *series)
{
	return !fnmatch(accepted->host, series->host, 0) &&
	       (!fnmatch(accepted->measurement, series->operation, 0) ||
		!fnmatch(accepted->measurement, series->measurement, 0));
}

static void begin_with(struct nm_trend_series *series, const char *night)
{
	while (series->points.count && strncmp(series->points.items->started, night, 10) < 0) {
		series->points.items++;
		series->points.count--;
	}
}

void nm_accepted_apply(const struct nm_accepted_list *accepted, struct nm_trend *trend)
{
	for (size_t i = 0; i < trend->series.count; i++)
		for (size_t j = 0; j < accepted->count; j++)
			if (applies(&accepted->items[j], &trend->series.items[i]))
				begin_with(&trend->series.items[i], accepted->items[j].night);
}
