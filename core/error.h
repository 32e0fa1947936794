/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_ERROR_H
#define NM_CORE_ERROR_H

#include <errno.h>

/**
 * The last error of this thread. Functions that can fail return 0 or -errno; the place where the
 * error was born fills this in, and nobody further up overwrites it.
 */
struct nm_error {
	int code;	  /* positive errno */
	const char *file; /* source file and line where it was born */
	int line;
	char text[512];	  /* one line: what, where in the input */
	char remedy[320]; /* one line: what the user can do; may be empty */
};

/** Records an error and returns -code; prefer nm_fail() and nm_fail_remedy(). */
int nm_fail_at(const char *file, int line, int code, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* An error is an error even when errno was 0. */
static inline int nm_error_code(int code)
{
	return code < 0 ? code : -EIO;
}

/** nm_fail(errno, "…"): an error without a remedy of its own. */
#define nm_fail(code, ...) nm_error_code(nm_fail_at(__FILE__, __LINE__, (code), "", __VA_ARGS__))

/** nm_fail_remedy(errno, "what to do", "what happened"). */
#define nm_fail_remedy(code, remedy, ...)                                                          \
	nm_error_code(nm_fail_at(__FILE__, __LINE__, (code), (remedy), __VA_ARGS__))

/** Puts "prefix: " before the text of the last error; returns code unchanged. */
int nm_error_within(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Makes an error, such as that of another thread, the last one of this thread; returns its -code. */
int nm_error_take(const struct nm_error *error);

/** The last error of this thread; its code is 0 when there was none. */
const struct nm_error *nm_error_last(void);

#endif
