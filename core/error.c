/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct nm_error last;

int nm_fail_at(const char *file, int line, int code, const char *remedy, const char *format, ...)
{
	va_list args;

	last.code = code;
	last.file = file;
	last.line = line;
	va_start(args, format);
	vsnprintf(last.text, sizeof(last.text), format, args);
	va_end(args);
	snprintf(last.remedy, sizeof(last.remedy), "%s", remedy);
	return -code;
}

int nm_error_within(int code, const char *format, ...)
{
	char inner[sizeof(last.text)];
	va_list args;
	size_t used;

	memcpy(inner, last.text, sizeof(inner));
	va_start(args, format);
	vsnprintf(last.text, sizeof(last.text) / 2, format, args);
	va_end(args);
	used = strlen(last.text);
	/* What does not fit is the end of the inner text. */
	snprintf(last.text + used, sizeof(last.text) - used, ": %.*s",
		 (int)(sizeof(last.text) - used - 3), inner);
	return code;
}

int nm_error_take(const struct nm_error *error)
{
	last = *error;
	return -last.code;
}

const struct nm_error *nm_error_last(void)
{
	return &last;
}
