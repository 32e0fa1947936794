/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/root.h"

#include "core/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE ((size_t)1 << 20)

int nm_root_open(struct nm_root *root, const char *path)
{
	root->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0)
		return nm_fail(errno, "%s: %s", path, strerror(errno));
	root->live = !strcmp(path, "/");
	return 0;
}

void nm_root_close(struct nm_root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
}

char *nm_root_text(const struct nm_root *root, struct nm_arena *arena, const char *path)
{
	int fd = openat(root->fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *buffer;
	char *text = NULL;
	size_t used = 0;
	ssize_t got = 0;

	if (fd < 0)
		return NULL;
	buffer = malloc(MAX_FILE + 1);
	while (buffer && used <= MAX_FILE) {
		got = read(fd, buffer + used, MAX_FILE + 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	if (buffer && got >= 0 && used <= MAX_FILE)
		text = nm_arena_strndup(arena, buffer, used);
	free(buffer);
	close(fd);
	return text;
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

int nm_root_list(const struct nm_root *root, struct nm_arena *arena, const char *path,
		 struct nm_strings *names)
{
	size_t first = names->count;
	struct dirent *entry;
	int fd = openat(root->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

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

bool nm_root_exists(const struct nm_root *root, const char *path)
{
	struct stat info;

	return !fstatat(root->fd, path, &info, 0);
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
