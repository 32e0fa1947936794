/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/io/disk.h"

#include "benchmarks/io/file.h"
#include "core/clock.h"
#include "core/error.h"
#include "vmm/virtio/blk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REGION_BYTES 0x800000u
#define PAGE	     4096u
#define NULL_BYTES   (64ull << 20)
#define POLL_NS	     200000u
#define SEED	     1u

struct disk {
	const struct nm_disk_kind *kind;
	struct nm_io io;
	struct nm_blk blk;
	struct nm_virtio device;
	struct nm_abi_blk *plan;
	void *region;
};

static uint64_t disk_bytes(const struct nm_disk_kind *kind, const struct nm_io_place *place)
{
	return kind->backend == &nm_io_null ? NULL_BYTES : place->bytes;
}

static bool has_medium(const struct nm_disk_kind *kind, const struct nm_io_place *place)
{
	return kind->backend == &nm_io_null || place->fd >= 0;
}

/* Rings and buffers of the driver, in memory that is there before the guest begins. */
static int add_region(struct nm_guest_round *round, struct disk *disk)
{
	int r;

	disk->region = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (disk->region == MAP_FAILED) {
		disk->region = NULL;
		return nm_fail(errno, "memory for buffers: %s", strerror(errno));
	}
	r = nm_vm_add_mapped(&round->guest->vm, NM_ABI_MEMORY, REGION_BYTES, disk->region, 0);
	if (!r)
		r = nm_guest_map(round->guest, NM_ABI_MEMORY, REGION_BYTES, PAGE);
	disk->plan = disk->region;
	round->control->argument[0] = NM_ABI_MEMORY;
	return r;
}

static int connect_device(struct nm_guest_round *round, struct disk *disk)
{
	const unsigned int next = round->guest->vcpu_count;

	disk->blk = (struct nm_blk) {.io = &disk->io, .bytes = disk_bytes(disk->kind, round->io)};
	disk->device = (struct nm_virtio) {
		.cpu = round->cpus->count > next ? round->cpus->ids[next] : -1,
		.poll_ns = POLL_NS,
	};
	nm_blk_init(&disk->blk, &disk->device);
	return nm_virtio_create(&disk->device, &round->guest->vm, &round->guest->devices,
				NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

int nm_disk_prepare(struct nm_guest_round *round, const struct nm_disk_kind *kind)
{
	struct disk *disk;
	int r;

	if (!has_medium(kind, round->io))
		return nm_io_place_lacks(round->io);
	disk = calloc(1, sizeof(*disk));
	if (!disk)
		return nm_fail(ENOMEM, "out of memory");
	round->own = disk;
	disk->kind = kind;
	disk->io.event_fd = -1;
	r = add_region(round, disk);
	if (!r)
		r = nm_io_open(&disk->io, kind->backend, round->io->fd, NM_ABI_BLK_MAX_DEPTH);
	if (r)
		return r;
	*disk->plan = kind->plan;
	disk->plan->depth = round->point ? (uint32_t)round->point : 1;
	disk->plan->sectors = disk_bytes(kind, round->io) / NM_ABI_SECTOR;
	disk->plan->seed = SEED;
	return connect_device(round, disk);
}

bool nm_disk_verify(const struct nm_guest_round *round, char *why, size_t size)
{
	struct disk *disk = round->own;
	const struct nm_abi_blk *plan = disk->plan;

	nm_virtio_destroy(&disk->device);
	if (disk->device.broken[0]) {
		snprintf(why, size, "%s", disk->device.broken);
		return false;
	}
	if (plan->done == round->operations && !plan->wrong)
		return true;
	snprintf(why, size,
		 "%" PRIu64 " of %" PRIu64 " requests came back, %" PRIu64 " of them wrong",
		 plan->done, round->operations, plan->wrong);
	return false;
}

void nm_disk_release(struct nm_guest_round *round)
{
	struct disk *disk = round->own;

	if (!disk)
		return;
	if (disk->device.kind)
		nm_virtio_destroy(&disk->device);
	nm_io_close(&disk->io);
	if (disk->region)
		munmap(disk->region, REGION_BYTES);
	free(disk);
}

/* Natively */

struct native {
	struct nm_native_round *round;
	struct nm_abi_blk plan;
	struct nm_io io;
	unsigned char *buffers;
	uint64_t random, next;
	uint64_t wrong;
	uint64_t started[NM_ABI_BLK_MAX_DEPTH];
	struct nm_io_request requests[NM_ABI_BLK_MAX_DEPTH];
};

/* As the payload has it: Marsaglia's xorshift, or one behind the other. */
static uint64_t next_sector(struct native *native)
{
	const uint64_t sectors = native->plan.bytes / NM_ABI_SECTOR;
	const uint64_t sector = native->next;

	if (!native->plan.sequential) {
		native->random ^= native->random << 13;
		native->random ^= native->random >> 7;
		native->random ^= native->random << 17;
		return native->random % (native->plan.sectors / sectors) * sectors;
	}
	native->next += sectors;
	if (native->next + sectors > native->plan.sectors)
		native->next = 0;
	return sector;
}

static void fill(const struct nm_io_request *request)
{
	const uint64_t first = request->offset / NM_ABI_SECTOR;
	uint64_t *words = request->buffers[0].iov_base;

	for (uint64_t i = 0; i < request->buffers[0].iov_len / sizeof(*words); i++)
		words[i] = nm_abi_disk_word(first, i);
}

static bool is_right(const struct native *native, const struct nm_io_request *request)
{
	const uint64_t sector = request->offset / NM_ABI_SECTOR;
	const uint64_t words = request->buffers[0].iov_len / sizeof(uint64_t);
	const uint64_t *data = request->buffers[0].iov_base;

	if (native->plan.op == NM_ABI_IO_FLUSH)
		return !request->result;
	if (request->result != (int64_t)request->buffers[0].iov_len)
		return false;
	return native->plan.op == NM_ABI_IO_WRITE ||
	       (data[0] == nm_abi_disk_word(sector, 0) &&
		data[words - 1] == nm_abi_disk_word(sector, words - 1));
}

static int offer(struct native *native, struct nm_io_request *request)
{
	static const enum nm_io_op ops[] = {NM_IO_READ, NM_IO_WRITE, NM_IO_FLUSH};
	const size_t place = (size_t)(request - native->requests);

	request->op = ops[native->plan.op];
	request->buffer_count = native->plan.op != NM_ABI_IO_FLUSH;
	if (request->buffer_count) {
		request->offset = next_sector(native) * NM_ABI_SECTOR;
		request->buffers[0].iov_base = native->buffers + place * native->plan.bytes;
		request->buffers[0].iov_len = native->plan.bytes;
	}
	if (native->plan.op == NM_ABI_IO_WRITE)
		fill(request);
	native->started[place] = nm_tsc();
	return nm_io_submit(&native->io, request);
}

/* Looks for what is done, as the thread of the device does. */
static struct nm_io_request *await(struct native *native)
{
	struct nm_io_request *done;

	while (!(done = nm_io_reap(&native->io)))
		;
	return done;
}

static int run_native(struct native *native, uint64_t count, uint64_t *out)
{
	uint64_t left = count;
	int r = 0;

	for (uint32_t i = 0; !r && i < native->plan.depth && left; i++, left--)
		r = offer(native, &native->requests[i]);
	if (!r)
		r = nm_io_flush(&native->io);
	for (uint64_t i = 0; !r && i < count; i++) {
		struct nm_io_request *done = await(native);

		if (out)
			out[i] = nm_tsc() - native->started[done - native->requests];
		native->wrong += !is_right(native, done);
		if (!left)
			continue;
		left--;
		r = offer(native, done);
		if (!r)
			r = nm_io_flush(&native->io);
	}
	return r;
}

static int measure_native(struct native *native)
{
	struct nm_native_round *round = native->round;
	int r = run_native(native, round->warmup, NULL);

	round->host_begin_ns = nm_clock_raw_ns();
	round->tsc_begin = nm_tsc();
	if (!r)
		r = run_native(native, round->samples, round->sample);
	round->tsc_end = nm_tsc();
	round->host_end_ns = nm_clock_raw_ns();
	return r;
}

static bool refuse(struct nm_native_round *round, int error, char *why, size_t size)
{
	static char remedy[320];

	snprintf(why, size, "%s", nm_error_last()->text);
	snprintf(remedy, sizeof(remedy), "%s", nm_error_last()->remedy);
	round->unsupported = error == -EOPNOTSUPP;
	round->remedy = remedy;
	return false;
}

static int open_native(struct native *native, const struct nm_disk_kind *kind)
{
	const struct nm_native_round *round = native->round;

	if (!has_medium(kind, round->io))
		return nm_io_place_lacks(round->io);
	native->plan = kind->plan;
	native->plan.depth = round->point ? (uint32_t)round->point : 1;
	native->plan.sectors = disk_bytes(kind, round->io) / NM_ABI_SECTOR;
	native->random = SEED | 1;
	native->buffers =
		mmap(NULL, (size_t)native->plan.depth * kind->plan.bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (native->buffers == MAP_FAILED) {
		native->buffers = NULL;
		return nm_fail(errno, "memory for buffers: %s", strerror(errno));
	}
	return nm_io_open(&native->io, kind->backend, round->io->fd, NM_ABI_BLK_MAX_DEPTH);
}

static void close_native(struct native *native)
{
	nm_io_close(&native->io);
	if (native->buffers)
		munmap(native->buffers, (size_t)native->plan.depth * native->plan.bytes);
	free(native);
}

bool nm_disk_native(struct nm_native_round *round, const struct nm_disk_kind *kind, char *why,
		    size_t size)
{
	struct native *native = calloc(1, sizeof(*native));
	uint64_t wrong;
	int r;

	if (!native)
		return refuse(round, nm_fail(ENOMEM, "out of memory"), why, size);
	native->round = round;
	native->io.event_fd = -1;
	r = open_native(native, kind);
	if (!r)
		r = measure_native(native);
	wrong = native->wrong;
	close_native(native);
	if (r)
		return refuse(round, r, why, size);
	if (!wrong)
		return true;
	snprintf(why, size, "%" PRIu64 " of %" PRIu64 " requests came back wrong", wrong,
		 round->warmup + round->samples);
	return false;
}
