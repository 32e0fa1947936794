/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_ESCAPE_H
#define NM_REPORTS_ESCAPE_H

#include "core/arena.h"
#include "core/text.h"

#include <stdbool.h>

/*
 * The one place where text of documents is made harmless for what reads the output. All of these drop first what
 * nm_text_printable() drops.
 */

/** XML, HTML and SVG, between tags and in quoted attributes. */
void nm_put_xml(struct nm_text *out, const char *text);

/** Markdown, within a line or a cell of a table. */
void nm_put_markdown(struct nm_text *out, const char *text);

/** One field of CSV (RFC 4180) that no spreadsheet takes for a formula. */
void nm_put_csv(struct nm_text *out, const char *text);

/** KTAP: '#' would begin a directive. */
void nm_put_ktap(struct nm_text *out, const char *text);

/** Workflow commands of GitHub Actions; in properties a colon or a comma would end the value. */
void nm_put_github(struct nm_text *out, const char *text, bool property);

/** The value of a Prometheus label, between its quotes. */
void nm_put_label(struct nm_text *out, const char *text);

/** One word: without spaces; "-" for nothing. */
void nm_put_word(struct nm_text *out, const char *text);

/** A number of ours with ten digits, or `absent` for one that is not finite. */
void nm_put_number(struct nm_text *out, double value, const char *absent);

/** A copy without what a terminal would obey, on one line. NULL without memory. */
char *nm_printable(struct nm_arena *arena, const char *text);

#endif
