/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/io/file.h"

#include "benchmarks/bench.h"
#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CHUNK	  (1u << 20)
#define ALIGNMENT 4096u

static const struct {
	uint32_t magic;
	const char *name;
} filesystems[] = {
	{EXT4_SUPER_MAGIC, "ext4"},	    {XFS_SUPER_MAGIC, "xfs"}, {BTRFS_SUPER_MAGIC, "btrfs"},
	{F2FS_SUPER_MAGIC, "f2fs"},	    {TMPFS_MAGIC, "tmpfs"},   {RAMFS_MAGIC, "ramfs"},
	{OVERLAYFS_SUPER_MAGIC, "overlay"}, {NFS_SUPER_MAGIC, "nfs"}, {V9FS_MAGIC, "9p"},
	{FUSE_SUPER_MAGIC, "fuse"},
};

static const char *filesystem_of(int fd)
{
	struct statfs where;

	if (fstatfs(fd, &where))
		return "unknown";
	for (size_t i = 0; i < sizeof(filesystems) / sizeof(filesystems[0]); i++)
		if ((uint32_t)where.f_type == filesystems[i].magic)
			return filesystems[i].name;
	return "unknown";
}

/* "vda1" of the device that a file lies on, or that it is; NULL for a filesystem without one. */
static const char *device_of(const struct nm_root *root, int fd, struct nm_arena *arena)
{
	struct stat info;
	char path[64];
	const char *target;
	const char *name;
	dev_t device;

	if (fstat(fd, &info))
		return NULL;
	device = S_ISBLK(info.st_mode) ? info.st_rdev : info.st_dev;
	snprintf(path, sizeof(path), "sys/dev/block/%u:%u", major(device), minor(device));
	target = nm_root_link(root, arena, path);
	name = target ? strrchr(target, '/') : NULL;
	return name ? name + 1 : NULL;
}

/* Filesystems without O_TMPFILE get a name for a moment. */
static int open_named(const char *folder)
{
	char path[4096];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/.nestmark-io-XXXXXX", folder) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

int nm_io_open_unnamed(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		fd = open_named(folder);
	else if (fd < 0)
		fd = -errno;
	if (fd >= 0)
		return fd;
	return nm_fail_remedy(-fd, "name another folder with --io-path", "a file in %s: %s", folder,
			      strerror(-fd));
}

/* O_EXCL: not while it is mounted or in use. */
static int open_device(const char *path, uint64_t bytes)
{
	int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	uint64_t size = 0;

	if (fd < 0)
		return nm_fail_remedy(errno, "name a block device that nobody uses", "%s: %s", path,
				      strerror(errno));
	if (!ioctl(fd, BLKGETSIZE64, &size) && size >= bytes)
		return fd;
	close(fd);
	return nm_fail_remedy(EINVAL, "lower --io-size",
			      "%s: has %" PRIu64 " bytes, %" PRIu64 " are to be used", path, size,
			      bytes);
}

static int reserve(int fd, const char *path, uint64_t bytes)
{
	int error = posix_fallocate(fd, 0, (off_t)bytes);

	return error ? nm_fail_remedy(error,
				      "name another folder with --io-path, or lower --io-size",
				      "%" PRIu64 " bytes in %s: %s", bytes, path, strerror(error))
		     : 0;
}

static void fill_chunk(uint64_t *words, uint64_t offset)
{
	for (uint64_t i = 0; i < CHUNK / sizeof(*words); i++)
		words[i] = nm_abi_disk_word(offset / NM_ABI_SECTOR, i);
}

static int fill(int fd, const char *path, uint64_t bytes)
{
	uint64_t *words = malloc(CHUNK);
	int r = words ? 0 : nm_fail(ENOMEM, "out of memory");

	for (uint64_t at = 0; !r && at < bytes; at += CHUNK) {
		fill_chunk(words, at);
		if (pwrite(fd, words, CHUNK, (off_t)at) != CHUNK)
			r = nm_fail(errno ? errno : EIO, "writing to %s: %s", path,
				    strerror(errno));
	}
	if (!r && fdatasync(fd))
		r = nm_fail(errno, "writing to %s: %s", path, strerror(errno));
	free(words);
	return r;
}

/* The same file past the page cache, where its filesystem can do that. */
static void go_direct(struct nm_io_place *place)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", place->fd);
	fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return;
	close(place->fd);
	place->fd = fd;
	place->direct = true;
}

static bool is_device(const char *path)
{
	struct stat info;

	return !stat(path, &info) && S_ISBLK(info.st_mode);
}

int nm_io_place_open(struct nm_io_place *place, const struct nm_root *root, const char *path,
		     uint64_t bytes, struct nm_arena *arena, struct nm_io_file *out)
{
	const bool device = is_device(path);
	int r = 0;

	*place = (struct nm_io_place) {.folder = device ? NULL : path,
				       .bytes = (bytes + CHUNK - 1) / CHUNK * CHUNK};
	place->fd = device ? open_device(path, place->bytes) : nm_io_open_unnamed(path);
	if (place->fd < 0) {
		r = place->fd;
		place->fd = -1;
		return r;
	}
	if (!device)
		r = reserve(place->fd, path, place->bytes);
	if (!r)
		r = fill(place->fd, path, place->bytes);
	if (r) {
		nm_io_place_close(place);
		return r;
	}
	go_direct(place);
	*out = (struct nm_io_file) {
		.path = nm_arena_strdup(arena, path),
		.bytes = place->bytes,
		.filesystem = device ? "none" : filesystem_of(place->fd),
		.device = device_of(root, place->fd, arena),
		.direct = place->direct,
	};
	return out->path ? 0 : -ENOMEM;
}

void nm_io_place_close(struct nm_io_place *place)
{
	if (place->fd >= 0)
		close(place->fd);
	place->fd = -1;
}

void nm_io_place_sweep(const struct nm_io_place *place)
{
	char path[4096];

	if (place->folder && (size_t)snprintf(path, sizeof(path), "%s/" NM_IO_SCRATCH,
					      place->folder, (int)getpid()) < sizeof(path))
		unlink(path);
}

static bool needs_file(const struct nm_document *document)
{
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *measurement = &document->measurements.items[i];

		if (measurement->state != NM_STATE_UNSUPPORTED &&
		    nm_bench_find(measurement->operation)->disk)
			return true;
	}
	return false;
}

int nm_io_place_for(struct nm_io_place *place, const struct nm_root *root,
		    struct nm_document *document, const char *folder)
{
	const struct nm_plan *plan = &document->run.plan;
	const char *path = plan->io_path ? plan->io_path : folder;
	struct nm_io_file *file;
	int r;

	*place = (struct nm_io_place) {.fd = -1, .folder = is_device(path) ? NULL : path};
	document->run.io = NULL;
	if (!needs_file(document))
		return 0;
	file = nm_arena_alloc(&document->arena, sizeof(*file));
	if (!file)
		return -ENOMEM;
	r = nm_io_place_open(place, root, path, plan->io_bytes, &document->arena, file);
	if (!r)
		document->run.io = file;
	if (!r || plan->io_path)
		return r;
	snprintf(place->why, sizeof(place->why), "%.250s", nm_error_last()->text);
	snprintf(place->remedy, sizeof(place->remedy), "%.150s", nm_error_last()->remedy);
	return 0;
}

int nm_io_place_lacks(const struct nm_io_place *place)
{
	return nm_fail_remedy(EOPNOTSUPP, place->remedy, "%s", place->why);
}

static bool is_chunk(const uint64_t *words, uint64_t offset, char *why, size_t size)
{
	for (uint64_t i = 0; i < CHUNK / sizeof(*words); i++) {
		if (words[i] == nm_abi_disk_word(offset / NM_ABI_SECTOR, i))
			continue;
		snprintf(why, size, "sector %" PRIu64 " of the file holds something else",
			 (offset + i * sizeof(*words)) / NM_ABI_SECTOR);
		return false;
	}
	return true;
}

bool nm_io_place_is_whole(const struct nm_io_place *place, char *why, size_t size)
{
	uint64_t *words = aligned_alloc(ALIGNMENT, CHUNK);
	bool whole = words;

	if (!words)
		snprintf(why, size, "out of memory");
	for (uint64_t at = 0; whole && at < place->bytes; at += CHUNK) {
		if (pread(place->fd, words, CHUNK, (off_t)at) != CHUNK) {
			snprintf(why, size, "reading the file: %s", strerror(errno));
			whole = false;
		} else {
			whole = is_chunk(words, at, why, size);
		}
	}
	free(words);
	return whole;
}
