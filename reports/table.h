/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_TABLE_H
#define NM_REPORTS_TABLE_H

#include "core/arena.h"
#include "core/text.h"
#include "reports/report.h"

#include <libsmartcols/libsmartcols.h>

/* Tables for a terminal, set the same way everywhere. */

struct libscols_table *nm_table_new(const struct nm_render_options *options);

/** Adds a column; flags as of libsmartcols. */
int nm_table_add_column(struct nm_arena *arena, struct libscols_table *table, const char *title,
			int flags);

/** Sets a cell to a copy of text without what a terminal would obey. */
int nm_table_set_cell(struct nm_arena *arena, struct libscols_line *line, size_t column,
		      const char *text);

int nm_table_print(struct libscols_table *table, struct nm_text *out);

#endif
