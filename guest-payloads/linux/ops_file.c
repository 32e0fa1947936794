/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/* Files: in a guest on an ext4 on virtio-blk, natively in the folder where the run measures. */
#include "linux/agent.h"

#include <asm/fcntl.h>

#define BLOCK	   4096u
#define WORDS	   (BLOCK / sizeof(uint64_t))
#define BLOCKS	   1024u
#define AGAIN	   7u /* blocks are taken in an order that no read-ahead guesses */
#define STEP	   389u
#define CREATE	   (O_RDWR | O_CREAT | O_EXCL)
#define NO_FOLDER  "a folder for files"
#define NO_DIRECT  "a filesystem that reads and writes past the page cache (O_DIRECT)"
#define BAD_CALL   "a system call on the file failed"
#define BAD_BLOCKS "the file holds something else than was written"

/* A file of BLOCKS blocks, of which each holds its number and how many times it was written. */
struct file {
	long fd;
	uint64_t *block; /* one page, for what goes to the file or comes from it */
	uint64_t at;	 /* the block that is due */
	long wrong;	 /* calls that did not do all of it */
	long damaged;	 /* blocks with other words */
	uint64_t *generations;
};

static uint64_t word(uint64_t block, uint64_t generation, uint64_t i)
{
	return (block * BLOCKS + generation) * 0x9e3779b97f4a7c15ull + i;
}

static void fill(const struct file *file, uint64_t block)
{
	for (uint64_t i = 0; i < WORDS; i++)
		file->block[i] = word(block, file->generations[block], i);
}

static void check(struct file *file, uint64_t block)
{
	uint64_t differs = 0;

	for (uint64_t i = 0; i < WORDS; i++)
		differs |= file->block[i] ^ word(block, file->generations[block], i);
	file->damaged += differs != 0;
}

static void transfer(struct file *file, long call)
{
	file->wrong |= nm_call(call, file->fd, (long)file->block, BLOCK,
			       (long)(file->at * BLOCK)) != BLOCK;
}

static void next(struct file *file)
{
	file->at = (file->at + STEP) % BLOCKS;
}

/* It has no name once it is open: nobody needs to remove it. */
static long open_nameless(const char *name)
{
	long fd;

	nm_call(SYS_unlink, (long)name, 0, 0, 0);
	fd = nm_call(SYS_open, (long)name, CREATE, 0600, 0);
	nm_call(SYS_unlink, (long)name, 0, 0, 0);
	return fd;
}

static void write_all(struct file *file)
{
	for (file->at = 0; file->at < BLOCKS; file->at++) {
		fill(file, file->at);
		transfer(file, SYS_pwrite64);
	}
	file->wrong |= nm_call(SYS_fsync, file->fd, 0, 0, 0);
	file->at = AGAIN;
}

static void go_direct(struct file *file, struct nm_work *work)
{
	long flags = nm_call(SYS_fcntl, file->fd, F_GETFL, 0, 0);

	if (nm_call(SYS_fcntl, file->fd, F_SETFL, flags | O_DIRECT, 0))
		work->lack = NO_DIRECT;
}

static bool open_file(struct file *file, struct nm_work *work, bool direct)
{
	if (!work->file) {
		work->lack = work->lack ? work->lack : NO_FOLDER;
		return false;
	}
	file->block = nm_map(BLOCK);
	file->generations = nm_map(BLOCKS * sizeof(uint64_t));
	file->fd = open_nameless(work->file);
	if (!file->block || !file->generations || file->fd < 0) {
		work->lack = NO_FOLDER;
		return false;
	}
	write_all(file);
	if (direct)
		go_direct(file, work);
	return !work->lack;
}

static void close_file(struct file *file, struct nm_work *work)
{
	if (file->fd >= 0)
		nm_call(SYS_close, file->fd, 0, 0, 0);
	if (file->block)
		nm_unmap(file->block, BLOCK);
	if (file->generations)
		nm_unmap(file->generations, BLOCKS * sizeof(uint64_t));
	if (file->wrong)
		work->wrong = BAD_CALL;
	else if (file->damaged)
		work->wrong = BAD_BLOCKS;
}

static void read_back(struct file *file)
{
	for (file->at = 0; file->at < BLOCKS; file->at++) {
		transfer(file, SYS_pread64);
		check(file, file->at);
	}
}

/* Before each write: the next block, with what it never held. */
static void renew(struct file *file)
{
	next(file);
	file->generations[file->at]++;
	fill(file, file->at);
}

static void write_block(struct nm_work *work)
{
	struct file file = {.fd = -1};

	if (open_file(&file, work, true)) {
		NM_MEASURE_AFTER(work, renew(&file), transfer(&file, SYS_pwrite64));
		read_back(&file);
	}
	close_file(&file, work);
}

static void sync_block(struct nm_work *work)
{
	struct file file = {.fd = -1};

	if (open_file(&file, work, false)) {
		NM_MEASURE_AFTER(work, renew(&file), ({
					 transfer(&file, SYS_pwrite64);
					 file.wrong |= nm_call(SYS_fsync, file.fd, 0, 0, 0);
				 }));
		read_back(&file);
	}
	close_file(&file, work);
}

/* Before each read: what the last one has brought is looked at, and wiped. */
static void look(struct file *file)
{
	check(file, file->at);
	next(file);
	file->block[0] = file->block[WORDS - 1] = 0;
}

static void read_block(struct nm_work *work)
{
	struct file file = {.fd = -1};

	if (open_file(&file, work, true)) {
		transfer(&file, SYS_pread64);
		NM_MEASURE_AFTER(work, look(&file), transfer(&file, SYS_pread64));
		check(&file, file.at);
	}
	close_file(&file, work);
}

static long create_one(const char *name, const void *block)
{
	long fd = nm_call(SYS_open, (long)name, CREATE, 0600, 0);
	long wrong = fd < 0;

	wrong |= nm_call(SYS_write, fd, (long)block, BLOCK, 0) != BLOCK;
	wrong |= nm_call(SYS_close, fd, 0, 0, 0);
	return wrong | nm_call(SYS_unlink, (long)name, 0, 0, 0);
}

static void create(struct nm_work *work)
{
	struct file file = {.fd = -1};

	/* The other file shows that the folder is one. */
	if (open_file(&file, work, false)) {
		fill(&file, 0);
		NM_MEASURE_BATCH(work, file.wrong |= create_one(work->file, file.block));
	}
	close_file(&file, work);
}

const struct nm_operation nm_file_operations[] = {
	{"linux.file.create", create},
	{"linux.file.write", write_block},
	{"linux.file.fsync", sync_block},
	{"linux.file.read", read_block},
	{NULL, NULL},
};
