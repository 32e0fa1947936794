/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_LINE_H
#define NM_PROBES_LINE_H

#include <stdbool.h>

/** Whether a list of words with blanks or newlines between them holds this word; false for NULL. */
bool nm_has_word(const char *list, const char *word);

/** What follows `start` in the first line that begins so; NULL when none does. */
const char *nm_line_behind(const char *text, const char *start);

/** Whether a name from a capture may be a part of a finding's id: a to z, digits and underscores, at most 63. */
bool nm_fits_id(const char *name);

#endif
