/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/line.h"

#include <stddef.h>
#include <string.h>

#define BLANKS	 " \t\n"
#define MAX_PART 63

bool nm_has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (list && *list) {
		size_t token;

		list += strspn(list, BLANKS);
		token = strcspn(list, BLANKS);
		if (token && token == length && !strncmp(list, word, length))
			return true;
		list += token;
	}
	return false;
}

const char *nm_line_behind(const char *text, const char *start)
{
	size_t length = strlen(start);

	while (*text && strncmp(text, start, length) != 0) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return *text ? text + length : NULL;
}

bool nm_fits_id(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return length && length <= MAX_PART && !name[length];
}
