/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_HTML_H
#define NM_REPORTS_HTML_H

#include "core/record.h"
#include "core/text.h"
#include "reports/charts.h"

#include <stdbool.h>

/*
 * Parts of a page: one file, without scripts and without references to other places, for screens that are light or dark, and
 * for paper. It is also well-formed XML. Texts are escaped here; ids and classes are our own words.
 */

struct nm_html_section {
	const char *id;
	const char *title;
};

/** Begins the page up to its heading. `kind` stands above the title, `lead` below it. */
void nm_html_begin(struct nm_text *out, const char *kind, const char *title, const char *lead);
void nm_html_end(struct nm_text *out, const char *footer);

/** Links to sections; the last one has no id. */
void nm_html_navigation(struct nm_text *out, const struct nm_html_section *sections);

void nm_html_begin_section(struct nm_text *out, const char *id, const char *title);
void nm_html_end_section(struct nm_text *out);

/** <tag class="class">text</tag>; class may be NULL. */
void nm_html_put(struct nm_text *out, const char *tag, const char *class, const char *text);

/** A list of lines; nothing for an empty one. */
void nm_html_list(struct nm_text *out, const struct nm_strings *lines);

enum nm_html_kind {
	NM_HTML_TEXT,
	NM_HTML_NUMBER,
	NM_HTML_TIGHT, /* text that stays on one line */
};

struct nm_html_column {
	const char *title;
	enum nm_html_kind kind;
};

/** A table that scrolls in its own box; the last column has no title. */
void nm_html_begin_table(struct nm_text *out, const char *caption,
			 const struct nm_html_column *columns);
void nm_html_end_table(struct nm_text *out);

/** A row: its first cell is its heading. One that has a class shows its last cell as a badge. */
void nm_html_row(struct nm_text *out, const struct nm_html_column *columns,
		 const char *const *cells, const char *badge);

/** All charts, or why there is none. */
void nm_html_charts(struct nm_text *out, const struct nm_charts *charts);

extern const char nm_html_style[];

#endif
