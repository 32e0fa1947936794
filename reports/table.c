/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/table.h"

#include "core/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A cell without what a terminal would obey. */
int nm_table_set_cell(struct nm_arena *arena, struct libscols_line *line, size_t column,
		      const char *text)
{
	size_t size = strlen(text) + 1;
	char *clean = nm_arena_alloc(arena, size);

	if (!clean || scols_line_set_data(line, column, nm_text_printable(clean, size, text)))
		return -ENOMEM;
	return 0;
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
	/* Cells were cleaned before; without a UTF-8 locale this would escape them. */
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
