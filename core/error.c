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
	char prefix[sizeof(last.text) / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	memcpy(inner, last.text, sizeof(inner));
	/* What does not fit is the end of the inner text. */
	snprintf(last.text, sizeof(last.text), "%s: %.*s", prefix,
		 (int)(sizeof(inner) - sizeof(prefix) - 3), inner);
	return code;
}

const struct nm_error *nm_error_last(void)
{
	return &last;
}
