/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of a virtio block device whose backend is another thread of this process. */
#include "vmm/virtio/blk.h"
#include "benchmarks/bench.h"
#include "core/error.h"

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

struct disk {
	struct nm_io io;
	struct nm_blk blk;
	struct nm_virtio device;
	struct nm_abi_blk *plan;
	void *region;
};

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

static int prepare(struct nm_guest_round *round)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	int r;

	if (!disk)
		return nm_fail(ENOMEM, "out of memory");
	round->own = disk;
	disk->io.event_fd = -1;
	r = add_region(round, disk);
	if (!r)
		r = nm_io_open(&disk->io, &nm_io_null, -1, NM_ABI_BLK_MAX_DEPTH);
	if (r)
		return r;
	disk->blk = (struct nm_blk) {.io = &disk->io, .bytes = NULL_BYTES};
	disk->device = (struct nm_virtio) {
		.cpu = round->cpus->count > 1 ? round->cpus->ids[1] : -1,
		.poll_ns = POLL_NS,
	};
	nm_blk_init(&disk->blk, &disk->device);
	*disk->plan = (struct nm_abi_blk) {
		.op = NM_ABI_IO_WRITE,
		.depth = round->point ? (uint32_t)round->point : 1,
		.bytes = 4096,
		.sectors = NULL_BYTES / NM_ABI_SECTOR,
		.seed = 1,
	};
	return nm_virtio_create(&disk->device, &round->guest->vm, &round->guest->devices,
				NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct disk *disk = round->own;
	const struct nm_abi_blk *plan = disk->plan;

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

static void release(struct nm_guest_round *round)
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

static const struct nm_axis depth = {"depth", {1, 8, 32}, 3};

const struct nm_bench nm_bench_io_blk_null = {
	.name = "io.blk.null",
	.group = "io",
	.payload = "io.blk",
	.axis = &depth,
	.summary = "a request of 4 KiB to a virtio block device without a medium",
	.happens = "x.",
	.matters = "x.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"},
	.irqchip = true,
	.single = true,
	.expect = {.exits = 0},
	.prepare = prepare,
	.verify = verify,
	.release = release,
};
