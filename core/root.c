/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/root.h"

#include "core/error.h"
#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_FILE ((size_t)1 << 20)
#define HEAD	 ((size_t)64 << 10)
#define MANIFEST "nestmark/capture.json"

/* A link in a recorded folder must not lead to files of this machine. */
static int open_in(const struct nm_root *root, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned int)flags, .resolve = RESOLVE_IN_ROOT};

	if (root->live)
		return openat(root->fd, path, flags);
	return (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
}

static int open_folder(struct nm_root *root)
{
	struct nm_arena arena = {0};
	size_t length;
	const char *manifest = nm_root_bytes(root, &arena, MANIFEST, &length);
	int r = 0;

	root->replay = calloc(1, sizeof(*root->replay));
	if (!root->replay)
		r = nm_fail(ENOMEM, "out of memory");
	else if (manifest)
		r = nm_capture_parse(MANIFEST, manifest, length, root->replay);
	nm_arena_free(&arena);
	return r;
}

static int open_file(struct nm_root *root, const char *path)
{
	root->replay = calloc(1, sizeof(*root->replay));
	if (!root->replay)
		return nm_fail(ENOMEM, "out of memory");
	return nm_capture_read(path, root->replay);
}

int nm_root_open(struct nm_root *root, const char *path)
{
	struct stat info;
	int r = 0;

	*root = (struct nm_root) {.fd = -1, .live = !strcmp(path, "/")};
	if (stat(path, &info))
		return nm_fail(errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(info.st_mode)) {
		r = open_file(root, path);
	} else {
		root->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root->fd < 0)
			r = nm_fail(errno, "%s: %s", path, strerror(errno));
		else if (!root->live)
			r = open_folder(root);
	}
	if (r)
		nm_root_close(root);
	return r;
}

void nm_root_close(struct nm_root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	if (root->replay)
		nm_capture_free(root->replay);
	free(root->replay);
	*root = (struct nm_root) {.fd = -1};
}

/* What a captured machine answered, or ENODATA; NULL when the folder or the live machine has to be asked. */
static const struct nm_answer *recall(const struct nm_root *root, enum nm_answer_kind kind,
				      const char *path)
{
	static const struct nm_answer unasked = {.error = ENODATA};
	const struct nm_answer *answer =
		root->replay ? nm_capture_find(root->replay, kind, path) : NULL;

	if (answer || root->live)
		return answer;
	return root->fd < 0 || kind == NM_ANSWER_DEVICE ? &unasked : NULL;
}

/* Memory that runs out is no answer of the machine. */
static void record(const struct nm_root *root, enum nm_answer_kind kind, const char *path,
		   int error, const char *bytes, size_t length)
{
	const struct nm_answer answer = {.kind = (int)kind,
					 .path = path,
					 .error = error,
					 .bytes = error ? NULL : bytes,
					 .length = error ? 0 : length};

	if (root->recorder && error != ENOMEM)
		(void)nm_capture_add(root->recorder, &answer);
}

/* Reads limit bytes at most and a buffer more; -errno on failure. Files of procfs and sysfs do not say how large they are. */
static int read_file(const struct nm_root *root, const char *path, size_t limit,
		     struct nm_text *out)
{
	char buffer[4096];
	int fd = open_in(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0 && out->length <= limit)
		nm_text_put(out, buffer, (size_t)got);
	if (got < 0)
		error = -errno;
	close(fd);
	return error ? error : nm_text_status(out);
}

static char *copy_answer(struct nm_arena *arena, const struct nm_answer *answer, size_t *length)
{
	*length = answer->length;
	errno = answer->error;
	return answer->error ? NULL : nm_arena_strndup(arena, answer->bytes, answer->length);
}

static int keep(struct nm_arena *arena, const struct nm_text *text, size_t length, char **copy)
{
	*copy = nm_arena_strndup(arena, text->bytes ? text->bytes : "", length);
	return *copy ? 0 : -ENOMEM;
}

/* What lies behind the limit is cut off, or makes the file too large. */
static char *read_bytes(const struct nm_root *root, struct nm_arena *arena, const char *path,
			size_t limit, bool cut, size_t *length)
{
	const struct nm_answer *answer = recall(root, NM_ANSWER_TEXT, path);
	struct nm_text text = {0};
	char *bytes = NULL;
	int r;

	if (answer)
		return copy_answer(arena, answer, length);
	r = read_file(root, path, limit, &text);
	if (!r && text.length > limit && !cut)
		r = -EFBIG;
	*length = cut && text.length > limit ? limit : text.length;
	if (!r)
		r = keep(arena, &text, *length, &bytes);
	record(root, NM_ANSWER_TEXT, path, -r, bytes, *length);
	nm_text_free(&text);
	errno = -r;
	return bytes;
}

char *nm_root_bytes(const struct nm_root *root, struct nm_arena *arena, const char *path,
		    size_t *length)
{
	return read_bytes(root, arena, path, MAX_FILE, false, length);
}

char *nm_root_head(const struct nm_root *root, struct nm_arena *arena, const char *path)
{
	size_t length;

	return read_bytes(root, arena, path, HEAD, true, &length);
}

char *nm_root_text(const struct nm_root *root, struct nm_arena *arena, const char *path)
{
	size_t length;

	return nm_root_bytes(root, arena, path, &length);
}

char *nm_root_line(const struct nm_root *root, struct nm_arena *arena, const char *path)
{
	char *text = nm_root_text(root, arena, path);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_folder(const struct nm_root *root, struct nm_arena *arena, const char *path,
		       struct nm_strings *names, int *error)
{
	size_t first = names->count;
	struct dirent *entry;
	int fd = open_in(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	*error = folder ? 0 : errno;
	if (!folder) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (!r && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			r = nm_strings_add(arena, names, entry->d_name);
	closedir(folder);
	if (!r && names->count > first)
		qsort(names->items + first, names->count - first, sizeof(*names->items),
		      compare_names);
	return r;
}

int nm_root_list(const struct nm_root *root, struct nm_arena *arena, const char *path,
		 struct nm_strings *names)
{
	const struct nm_answer *known = recall(root, NM_ANSWER_LIST, path);
	struct nm_answer answer = {.kind = NM_ANSWER_LIST, .path = path};
	size_t first = names->count;
	int r = 0;

	for (size_t i = 0; known && !r && i < known->names.count; i++)
		r = nm_strings_add(arena, names, known->names.items[i]);
	if (known)
		return r;
	r = read_folder(root, arena, path, names, &answer.error);
	answer.names = (struct nm_strings) {names->items + first, names->count - first};
	if (!r && root->recorder)
		r = nm_capture_add(root->recorder, &answer);
	return r;
}

/* readlink() of procfs and sysfs does not follow the last component, so the folder is opened and the name read in it. */
static ssize_t read_link(const struct nm_root *root, const char *path, char *target, size_t size)
{
	int fd = open_in(root, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ssize_t length;
	int error;

	if (fd < 0)
		return -1;
	length = readlinkat(fd, "", target, size);
	error = errno;
	close(fd);
	errno = error;
	return length;
}

char *nm_root_link(const struct nm_root *root, struct nm_arena *arena, const char *path)
{
	const struct nm_answer *answer = recall(root, NM_ANSWER_LINK, path);
	char target[4096];
	ssize_t length;
	size_t unused;
	int error;

	if (answer)
		return copy_answer(arena, answer, &unused);
	length = read_link(root, path, target, sizeof(target));
	error = length < 0 ? errno : 0;
	record(root, NM_ANSWER_LINK, path, error, target, length < 0 ? 0 : (size_t)length);
	errno = error;
	return length < 0 ? NULL : nm_arena_strndup(arena, target, (size_t)length);
}

bool nm_root_exists(const struct nm_root *root, const char *path)
{
	const struct nm_answer *answer = recall(root, NM_ANSWER_EXISTS, path);
	int fd;
	int error;

	if (!answer) {
		fd = open_in(root, path, O_PATH | O_CLOEXEC);
		error = fd < 0 ? errno : 0;
		if (fd >= 0)
			close(fd);
		record(root, NM_ANSWER_EXISTS, path, error, NULL, 0);
	} else {
		error = answer->error;
	}
	errno = error;
	return !error;
}

int nm_root_device(const struct nm_root *root, const char *path)
{
	const struct nm_answer *answer = recall(root, NM_ANSWER_DEVICE, path);
	int fd;
	int error;

	if (answer)
		return -answer->error;
	fd = open_in(root, path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	error = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	record(root, NM_ANSWER_DEVICE, path, error, NULL, 0);
	return -error;
}

/* In a folder a fact that is not there was not captured, unless the manifest says with which error it failed. */
static char *recorded_fact(const struct nm_root *root, struct nm_arena *arena, const char *path)
{
	char *text = nm_root_text(root, arena, path);

	if (!text && errno == ENOENT && !recall(root, NM_ANSWER_TEXT, path))
		errno = ENODATA;
	return text;
}

char *nm_root_fact(const struct nm_root *root, struct nm_arena *arena, const char *name,
		   int (*produce)(struct nm_text *out, void *context), void *context)
{
	struct nm_text text = {0};
	char path[256];
	char *copy = NULL;
	int r;

	snprintf(path, sizeof(path), "nestmark/%s", name);
	if (!root->live)
		return recorded_fact(root, arena, path);
	r = produce(&text, context);
	if (!r)
		r = nm_text_status(&text);
	if (!r)
		r = keep(arena, &text, text.length, &copy);
	record(root, NM_ANSWER_TEXT, path, -r, copy, text.length);
	nm_text_free(&text);
	errno = -r;
	return copy;
}

char *nm_text_field(struct nm_arena *arena, const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text && *text && *text != '\n') {
		size_t line = strcspn(text, "\n");
		const char *colon = memchr(text, ':', line);

		if (colon && !strncmp(text, key, length) &&
		    strspn(text + length, " \t") == (size_t)(colon - text) - length) {
			const char *value = colon + 1 + strspn(colon + 1, " \t");

			return nm_arena_strndup(arena, value, (size_t)(text + line - value));
		}
		text += line + (text[line] == '\n');
	}
	return NULL;
}
