/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/linux/disk.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DISK_BYTES  (64u << 20)
#define SECTOR	    512u
#define ALIGNMENT   4096u
#define EXEC_FAILED 127

/* Where e2fsprogs puts it, before $PATH: busybox has one of the same name that makes no ext4. */
static void exec_mke2fs(const char *path, int complaints)
{
	static const char *const programs[] = {"/usr/sbin/mke2fs", "/sbin/mke2fs", "mke2fs"};
	const char *const arguments[] = {"mke2fs", "-q", "-F", "-t", "ext4", "-b",
					 "4096",   "-m", "0",  path, NULL};
	const int nothing = open("/dev/null", O_RDWR);

	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	dup2(complaints, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		execvp(programs[i], (char *const *)arguments);
	_exit(EXEC_FAILED);
}

/* All that there is, of which the first bytes are kept. */
static void read_text(int fd, char *out, size_t size)
{
	char rest[256];
	size_t used = 0;
	ssize_t got = 1;

	while (got > 0) {
		const bool room = used < size - 1;

		got = room ? read(fd, out + used, size - 1 - used) : read(fd, rest, sizeof(rest));
		used += room && got > 0 ? (size_t)got : 0;
	}
	out[used] = '\0';
}

static int judge(int status, const char *complaints)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXEC_FAILED)
		return nm_fail_remedy(EOPNOTSUPP, "install e2fsprogs",
				      "there is no mke2fs to make an ext4 with");
	return status ? nm_fail(EIO, "mke2fs could not make an ext4: %s", complaints) : 0;
}

static int make_filesystem(const char *path)
{
	char complaints[200];
	int status = 0;
	int pipes[2];
	pid_t child;

	if (pipe2(pipes, O_CLOEXEC))
		return nm_fail(errno, "pipe2: %s", strerror(errno));
	child = fork();
	if (!child)
		exec_mke2fs(path, pipes[1]);
	close(pipes[1]);
	if (child > 0)
		read_text(pipes[0], complaints, sizeof(complaints));
	close(pipes[0]);
	if (child < 0)
		return nm_fail(errno, "cannot start mke2fs: %s", strerror(errno));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return judge(status, complaints);
}

/* Guests ask for sectors, which not every disk can read by itself. */
static bool reads_sectors(int fd)
{
	void *sector = aligned_alloc(ALIGNMENT, ALIGNMENT);
	bool right = sector && pread(fd, sector, SECTOR, SECTOR) == SECTOR;

	free(sector);
	return right;
}

static void go_direct(struct nm_linux_disk *disk)
{
	int fd = open(disk->path, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (fd >= 0 && reads_sectors(fd)) {
		close(disk->fd);
		disk->fd = fd;
		snprintf(disk->path, sizeof(disk->path), "/proc/%d/fd/%d", getpid(), fd);
	} else if (fd >= 0) {
		close(fd);
	}
}

static int fill(struct nm_linux_disk *disk)
{
	int r = posix_fallocate(disk->fd, 0, (off_t)disk->bytes);

	if (r)
		return nm_fail_remedy(r, "name another folder with --io-path",
				      "a disk of %u MiB: %s", DISK_BYTES >> 20, strerror(r));
	snprintf(disk->path, sizeof(disk->path), "/proc/%d/fd/%d", getpid(), disk->fd);
	r = make_filesystem(disk->path);
	if (!r && fdatasync(disk->fd))
		r = nm_fail(errno, "writing a disk: %s", strerror(errno));
	return r;
}

int nm_linux_disk_make(struct nm_linux_disk *disk, const struct nm_io_place *place)
{
	int r;

	*disk = (struct nm_linux_disk) {.fd = -1, .bytes = DISK_BYTES};
	if (!place || !place->folder)
		return nm_fail_remedy(EOPNOTSUPP, "name a folder with --io-path",
				      "the disk of a guest needs a folder");
	disk->fd = nm_io_open_unnamed(place->folder);
	r = disk->fd < 0 ? disk->fd : fill(disk);
	if (r)
		nm_linux_disk_close(disk);
	else
		go_direct(disk);
	return r;
}

void nm_linux_disk_close(struct nm_linux_disk *disk)
{
	if (disk->fd >= 0)
		close(disk->fd);
	disk->fd = -1;
}
