/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/io/disk.h"

#include "benchmarks/interrupts/driven.h"
#include "benchmarks/interrupts/interrupts.h"
#include "benchmarks/io/file.h"
#include "benchmarks/io/memory.h"
#include "core/error.h"
#include "vmm/virtio/blk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REGION_BYTES 0x800000u
#define GENERATIONS  0x400000u /* in the region, behind rings and buffers */
#define NULL_BYTES   (64ull << 20)
#define MEMORY_BYTES (4ull << 20)
#define POLL_NS	     200000u
#define SEED	     1u

/* Requests that are to begin at a rate may reach this share of it: what is less is none that a device kept up with. */
#define KEPT_UP 0.9

struct disk {
	const struct nm_disk_kind *kind;
	struct nm_io io;
	struct nm_blk blk;
	struct nm_virtio device;
	struct nm_abi_blk *plan;
	void *region;
	int memory_fd; /* -1: the medium is another */
};

uint64_t nm_disk_bytes(const struct nm_disk_kind *kind, const struct nm_io_place *place)
{
	if (kind->memory)
		return MEMORY_BYTES;
	if (kind->backend == &nm_io_null)
		return NULL_BYTES;
	return place->fd >= 0 ? place->bytes : 0;
}

struct nm_abi_blk nm_disk_plan(const struct nm_disk_kind *kind, uint64_t bytes, uint64_t point,
			       uint64_t tsc_khz)
{
	struct nm_abi_blk plan = kind->plan;

	if (kind->open && point)
		plan.interval = tsc_khz * 1000 / point;
	else if (point)
		plan.depth = (uint32_t)point;
	if (!plan.depth)
		plan.depth = kind->open ? NM_ABI_BLK_MAX_DEPTH : 1;
	plan.sectors = bytes / NM_ABI_SECTOR;
	plan.seed = SEED;
	return plan;
}

bool nm_disk_kept_up(const struct nm_abi_blk *plan, uint64_t rate, uint64_t count, uint64_t ticks,
		     char *why, size_t size)
{
	const double share = ticks ? (double)(count * plan->interval) / (double)ticks : 0;

	if (!plan->interval || share >= KEPT_UP)
		return true;
	snprintf(why, size,
		 "it kept up with %.0f of %" PRIu64 " requests per second, so that latencies only "
		 "grow",
		 share * (double)rate, rate);
	return false;
}

/* A file in memory that is gone with its last user, of blocks that were never written. */
static int open_memory(struct disk *disk)
{
	uint64_t words[NM_ABI_SECTOR / sizeof(uint64_t)];

	disk->memory_fd = memfd_create("nestmark-disk", MFD_CLOEXEC);
	if (disk->memory_fd < 0)
		return nm_fail(errno, "a file in memory: %s", strerror(errno));
	for (uint64_t sector = 0; sector < MEMORY_BYTES / NM_ABI_SECTOR; sector++) {
		nm_abi_block_fill(words, sector, 0);
		if (write(disk->memory_fd, words, sizeof(words)) != (ssize_t)sizeof(words))
			return nm_fail(errno ? errno : EIO, "a file in memory: %s",
				       strerror(errno));
	}
	return 0;
}

static int open_medium(struct nm_guest_round *round, struct disk *disk)
{
	const struct nm_disk_kind *kind = disk->kind;
	int r = 0;

	if (!nm_disk_bytes(kind, round->io))
		return nm_io_place_lacks(round->io);
	if (kind->memory)
		r = open_memory(disk);
	return r ? r
		 : nm_io_open(&disk->io, kind->backend,
			      kind->memory ? disk->memory_fd : round->io->fd, NM_ABI_BLK_MAX_DEPTH);
}

static int connect_device(struct nm_guest_round *round, struct disk *disk)
{
	const unsigned int next = round->guest->vcpu_count;

	disk->blk =
		(struct nm_blk) {.io = &disk->io, .bytes = nm_disk_bytes(disk->kind, round->io)};
	disk->device = (struct nm_virtio) {
		.cpu = round->cpus->count > next ? round->cpus->ids[next] : -1,
		.poll_ns = disk->kind->sleeps ? 0 : POLL_NS,
	};
	nm_blk_init(&disk->blk, &disk->device);
	return nm_virtio_create(&disk->device, &round->guest->vm, &round->guest->devices,
				NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static int write_plan(struct nm_guest_round *round, struct disk *disk)
{
	const uint64_t tsc_khz = nm_vcpu_tsc_khz(&round->guest->vcpus[0]);

	disk->plan = disk->region;
	*disk->plan = nm_disk_plan(disk->kind, nm_disk_bytes(disk->kind, round->io), round->point,
				   tsc_khz);
	disk->plan->generations_gpa = NM_ABI_MEMORY + GENERATIONS;
	if (disk->kind->sleeps)
		disk->plan->rest = nm_interrupts_ticks(round, HALTING_NS);
	return tsc_khz || !(disk->kind->open || disk->kind->sleeps) ? 0 : nm_interrupts_no_ticks();
}

int nm_disk_prepare(struct nm_guest_round *round, const struct nm_disk_kind *kind)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	int r;

	if (!disk)
		return nm_fail(ENOMEM, "out of memory");
	round->own = disk;
	disk->kind = kind;
	disk->io.event_fd = disk->memory_fd = -1;
	r = open_medium(round, disk);
	if (!r)
		r = nm_io_add_memory(round, REGION_BYTES, &disk->region);
	if (!r)
		r = write_plan(round, disk);
	return r ? r : connect_device(round, disk);
}

/* Past the device, what the guest has written is what the medium holds. */
static bool medium_agrees(const struct disk *disk, char *why, size_t size)
{
	const uint64_t *generations = (const uint64_t *)((const char *)disk->region + GENERATIONS);
	const uint64_t sectors = disk->plan->bytes / NM_ABI_SECTOR;
	uint64_t words[NM_ABI_SECTOR / sizeof(uint64_t)];

	for (uint64_t sector = 0; sector < MEMORY_BYTES / NM_ABI_SECTOR; sector++) {
		const uint64_t generation = generations[sector / sectors];

		if (pread(disk->memory_fd, words, sizeof(words), (off_t)(sector * sizeof(words))) ==
			    (ssize_t)sizeof(words) &&
		    nm_abi_block_is(words, sector, generation))
			continue;
		snprintf(why, size,
			 "sector %" PRIu64 " of the medium holds writing %" PRIu64
			 ", the guest wrote %" PRIu64,
			 sector, words[1], generation);
		return false;
	}
	return true;
}

static bool all_came_back(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct disk *disk = round->own;
	const struct nm_abi_blk *plan = disk->plan;

	if (plan->done == round->operations && !plan->wrong)
		return true;
	snprintf(why, size,
		 "%" PRIu64 " of %" PRIu64 " requests came back, %" PRIu64 " of them wrong",
		 plan->done, round->operations, plan->wrong);
	return false;
}

bool nm_disk_verify(const struct nm_guest_round *round, char *why, size_t size)
{
	struct disk *disk = round->own;

	nm_virtio_destroy(&disk->device);
	if (disk->device.broken[0]) {
		snprintf(why, size, "%s", disk->device.broken);
		return false;
	}
	return all_came_back(round, why, size) &&
	       (!disk->kind->memory || medium_agrees(disk, why, size)) &&
	       nm_disk_kept_up(disk->plan, round->point, round->samples,
			       round->control->tsc_end - round->control->tsc_begin, why, size);
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
	if (disk->memory_fd >= 0)
		close(disk->memory_fd);
	free(disk);
}
