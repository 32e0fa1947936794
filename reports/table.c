/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/table.h"

#include "core/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Without a UTF-8 locale libsmartcols cannot measure other characters, and never ends on some: what there is in
 * our own texts becomes ASCII, and the rest a question mark.
 */
static void to_ascii(char *text)
{
	static const struct {
		const char *character;
		char plain;
	} known[] = {{"µ", 'u'}, {"×", 'x'}, {"–", '-'}};
	char *out = text;

	while (*text) {
		size_t length = nm_utf8_length(text);
		char plain = '?';

		if (length == 1)
			plain = *text;
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (!strncmp(text, known[i].character, strlen(known[i].character)))
				plain = known[i].plain;
		*out++ = plain;
		text += length ? length : 1;
	}
	*out = '\0';
}

/* A copy without what a terminal would obey, in characters whose width is known. */
static char *clean_copy(struct nm_arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *clean = nm_arena_alloc(arena, size);

	if (!clean)
		return NULL;
	nm_text_printable(clean, size, text);
	if (MB_CUR_MAX == 1)
		to_ascii(clean);
	return clean;
}

int nm_table_add_column(struct nm_arena *arena, struct libscols_table *table, const char *title,
			int flags)
{
	const char *clean = clean_copy(arena, title);

	return clean && scols_table_new_column(table, clean, 0, flags) ? 0 : -ENOMEM;
}

int nm_table_set_cell(struct nm_arena *arena, struct libscols_line *line, size_t column,
		      const char *text)
{
	const char *clean = clean_copy(arena, text);

	return clean && !scols_line_set_data(line, column, clean) ? 0 : -ENOMEM;
}

struct libscols_table *nm_table_new(const struct nm_render_options *options)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		return NULL;
	scols_table_enable_colors(table, options->colour);
	/* The same output wherever it goes: nothing is cut to the width of a terminal. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_nowrap(table, 1);
	/* Cells were cleaned before. */
	scols_table_enable_noencoding(table, 1);
	return table;
}

int nm_table_print(struct libscols_table *table, struct nm_text *out)
{
	char *printed = NULL;

	if (scols_print_table_to_string(table, &printed))
		return nm_fail(ENOMEM, "out of memory");
	if (printed)
		nm_text_printf(out, "%s\n", printed);
	free(printed);
	return nm_text_status(out);
}
