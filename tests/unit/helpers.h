/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_TESTS_UNIT_HELPERS_H
#define NM_TESTS_UNIT_HELPERS_H

#include "core/error.h"
#include "core/text.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Passes when the last error contains a text. */
#define assert_error_says(part)                                                                    \
	cr_assert(strstr(nm_error_last()->text, (part)), "the error lacks \"%s\": %s", (part),     \
		  nm_error_last()->text)

/** Bytes for a message: what XML or a terminal would not take is a dot. One of two buffers, and cut when long. */
static inline const char *shown(const char *bytes, size_t length)
{
	static char buffers[2][4096];
	static unsigned int calls;
	char *out = buffers[calls++ % 2];
	size_t used = 0;

	for (size_t i = 0; i < length && used + 1 < sizeof(buffers[0]); i++)
		out[used++] =
			(bytes[i] >= 0x20 && bytes[i] < 0x7f) || bytes[i] == '\n' ? bytes[i] : '.';
	out[used] = '\0';
	return out;
}

/* A temporary folder for one test: .init = enter_folder, .fini = leave_folder. */

static char test_folder[] = "/tmp/nestmark-unit-XXXXXX";

static inline void enter_folder(void)
{
	cr_assert(mkdtemp(test_folder), "cannot create %s", test_folder);
	cr_assert_eq(chdir(test_folder), 0, "cannot enter %s", test_folder);
}

static inline int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void leave_folder(void)
{
	nftw(test_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void write_bytes(const char *path, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	cr_assert(file, "cannot create %s", path);
	cr_assert_eq(fwrite(bytes, 1, length, file), length, "cannot write %s", path);
	cr_assert_eq(fclose(file), 0, "cannot close %s", path);
}

static inline void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

/** A whole file as a string; the caller frees it. NULL when there is none. */
static inline char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0 && text)
		text[0] = '\0';
	fclose(file);
	return text;
}

static inline void assert_file_holds(const char *path, const char *expected)
{
	char *text = read_text(path);

	cr_assert(text, "%s is missing", path);
	cr_assert_str_eq(text, expected, "%s holds \"%s\"", path, text);
	free(text);
}

/** Number of entries in the current folder, hidden ones included. */
static inline size_t count_entries(void)
{
	DIR *folder = opendir(".");
	size_t count = 0;

	cr_assert(folder, "cannot list the folder");
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2;
}

/** Lets every write beyond a file size fail with EFBIG, as a full disk would. */
static inline void limit_file_size(size_t bytes)
{
	const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0, "cannot limit the size of files");
}

/** Ends a test that does not end; the timeouts of Criterion itself leak. */
static inline void limit_time(unsigned int seconds)
{
	alarm(seconds);
}

/** A copy of text in which the first `from` is `to`; the caller frees it. */
static inline char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *copy = malloc(strlen(text) + strlen(to) + 1);

	cr_assert(at && copy, "\"%s\" is not in the text", from);
	memcpy(copy, text, (size_t)(at - text));
	strcpy(stpcpy(copy + (at - text), to), at + strlen(from));
	return copy;
}

#endif
