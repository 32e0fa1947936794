/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/file.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL_BYTES ((size_t)4096)
#define READ_BYTES  ((size_t)65536)

/* expected is what a regular file has now: most are read at once. */
static int read_all(int fd, size_t expected, size_t limit, struct nm_text *out)
{
	size_t room = expected < SMALL_BYTES ? SMALL_BYTES : expected + 1;

	while (nm_text_reserve(out, room)) {
		ssize_t got = read(fd, out->bytes + out->length, room);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return nm_fail(errno, "%s", strerror(errno));
		out->length += (size_t)got;
		out->bytes[out->length] = '\0';
		if (!got)
			break;
		if (out->length > limit)
			return nm_fail(EFBIG, "larger than %zu bytes", limit);
		room = READ_BYTES;
	}
	return nm_text_status(out);
}

int nm_file_read(const char *path, size_t limit, struct nm_text *out)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return nm_fail(errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &info)) {
		r = nm_fail(errno, "%s: %s", path, strerror(errno));
	} else if (S_ISDIR(info.st_mode)) {
		r = nm_fail(EISDIR, "%s: is a folder, expected a file", path);
	} else if (S_ISREG(info.st_mode) && (size_t)info.st_size > limit) {
		r = nm_fail(EFBIG, "%s: %lld bytes, more than the limit of %zu", path,
			    (long long)info.st_size, limit);
	} else {
		r = read_all(fd, S_ISREG(info.st_mode) ? (size_t)info.st_size : 0, limit, out);
		if (r)
			nm_error_within(r, "%s", path);
	}
	close(fd);
	if (r)
		nm_text_free(out);
	return r;
}

int nm_write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t put = write(fd, bytes, length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return nm_fail(errno, "%s", strerror(errno));
		bytes += put;
		length -= (size_t)put;
	}
	return 0;
}

/* The folder that holds path, ending in a slash, or "./". */
static void folder_of(const char *path, char *folder, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (slash)
		snprintf(folder, size, "%.*s", (int)(slash + 1 - path), path);
	else
		snprintf(folder, size, "./");
}

/* Whether anonymous files work here: the file system has them, and /proc can give them a name later. */
static int open_anonymous(const char *folder)
{
	if (access("/proc/self/fd", X_OK))
		return -1;
	return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
}

static int open_temporary(struct nm_file *file)
{
	char folder[sizeof(file->path)];
	static unsigned int serial;

	folder_of(file->path, folder, sizeof(folder));
	snprintf(file->temporary, sizeof(file->temporary), "%s.nestmark-%ld-%u.tmp", folder,
		 (long)getpid(), serial++);
	/* Without a name nothing stays behind even when this process is killed. */
	file->fd = open_anonymous(folder);
	file->anonymous = file->fd >= 0;
	if (file->fd < 0)
		file->fd = open(file->temporary,
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	return file->fd < 0 ? nm_fail(errno, "%s: %s", file->path, strerror(errno)) : 0;
}

/* Devices, pipes and sockets are written to, never replaced. */
static int open_special(struct nm_file *file)
{
	file->special = true;
	file->fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return file->fd < 0 ? nm_fail(errno, "%s: %s", file->path, strerror(errno)) : 0;
}

static int reserve_space(struct nm_file *file, size_t bytes)
{
	if (!bytes || !fallocate(file->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) ||
	    errno == EOPNOTSUPP || errno == ENOSYS)
		return 0;
	return nm_fail_remedy(errno, "free some space, or name another place with -o json:PATH",
			      "%s: cannot reserve %zu bytes: %s", file->path, bytes,
			      strerror(errno));
}

int nm_file_begin(struct nm_file *file, const char *path, size_t reserve)
{
	char resolved[PATH_MAX];
	struct stat info;
	int r;

	*file = (struct nm_file) {.fd = -1};
	/* A symbolic link is followed, so that the link stays one. */
	if (realpath(path, resolved))
		path = resolved;
	if ((size_t)snprintf(file->path, sizeof(file->path), "%s", path) >= sizeof(file->path))
		return nm_fail(ENAMETOOLONG, "%.80s…: name too long", path);
	if (!stat(path, &info) && S_ISDIR(info.st_mode))
		return nm_fail_remedy(EISDIR, "end it with / to have the file named after the run",
				      "%s: is a folder, expected a file", path);
	if (!stat(path, &info) && !S_ISREG(info.st_mode))
		return open_special(file);
	r = open_temporary(file);
	if (!r)
		r = reserve_space(file, reserve);
	if (r)
		nm_file_abandon(file);
	return r;
}

static void sync_folder(const char *path)
{
	char folder[sizeof(((struct nm_file *)0)->path)];
	int fd;

	folder_of(path, folder, sizeof(folder));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

/* Gives an anonymous file its temporary name. linkat() cannot replace, so the rename comes after. */
static int name_file(struct nm_file *file)
{
	char self[64];

	if (!file->anonymous)
		return 0;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	/* A process of the same number that was killed may have left its own. */
	unlink(file->temporary);
	if (linkat(AT_FDCWD, self, AT_FDCWD, file->temporary, AT_SYMLINK_FOLLOW))
		return nm_fail(errno, "%s", strerror(errno));
	file->anonymous = false;
	return 0;
}

int nm_file_commit(struct nm_file *file, const char *bytes, size_t length)
{
	int r = nm_write_all(file->fd, bytes, length);

	if (file->special) {
		if (r)
			nm_error_within(r, "%s", file->path);
		nm_file_abandon(file);
		return r;
	}
	if (!r && ftruncate(file->fd, (off_t)length))
		r = nm_fail(errno, "%s", strerror(errno));
	if (!r && fsync(file->fd))
		r = nm_fail(errno, "%s", strerror(errno));
	if (!r)
		r = name_file(file);
	if (!r && rename(file->temporary, file->path))
		r = nm_fail(errno, "%s", strerror(errno));
	if (r) {
		nm_error_within(r, "%s", file->path);
		nm_file_abandon(file);
		return r;
	}
	close(file->fd);
	file->fd = -1;
	sync_folder(file->path);
	return 0;
}

void nm_file_abandon(struct nm_file *file)
{
	if (file->fd < 0)
		return;
	close(file->fd);
	file->fd = -1;
	if (!file->anonymous && !file->special)
		unlink(file->temporary);
}
