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
#define REQUEST	     4096u
#define SEED	     1u
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

static int connect_device(struct nm_guest_round *round, struct disk *disk)
{
	const unsigned int next = round->guest->vcpu_count;

	disk->blk = (struct nm_blk) {.io = &disk->io, .bytes = NULL_BYTES};
	disk->device = (struct nm_virtio) {
		.cpu = round->cpus->count > next ? round->cpus->ids[next] : -1,
		.poll_ns = POLL_NS,
	};
	nm_blk_init(&disk->blk, &disk->device);
	return nm_virtio_create(&disk->device, &round->guest->vm, &round->guest->devices,
				NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static int prepare(struct nm_guest_round *round, const struct nm_abi_blk *plan)
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
	*disk->plan = *plan;
	disk->plan->depth = round->point ? (uint32_t)round->point : 1;
	disk->plan->sectors = NULL_BYTES / NM_ABI_SECTOR;
	disk->plan->seed = SEED;
	return connect_device(round, disk);
}

static int prepare_polled(struct nm_guest_round *round)
{
	return prepare(round, &(struct nm_abi_blk) {.op = NM_ABI_IO_WRITE, .bytes = REQUEST});
}

static int prepare_packed(struct nm_guest_round *round)
{
	return prepare(round,
		       &(struct nm_abi_blk) {.op = NM_ABI_IO_WRITE, .bytes = REQUEST, .packed = 1});
}

static int prepare_halted(struct nm_guest_round *round)
{
	return prepare(round,
		       &(struct nm_abi_blk) {.op = NM_ABI_IO_FLUSH, .bytes = REQUEST, .halt = 1});
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

#define COMMON                                                                                     \
	.group = "io", .payload = "io.blk", .version = 1, .threads = 1, .irqchip = true,           \
	.single = true, .verify = verify, .release = release,                                      \
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"}

static const struct nm_axis depth = {.name = "depth", .points = {1, 8, 32}, .count = 3};

const struct nm_bench nm_bench_io_blk_null = {
	COMMON,
	.name = "io.blk.null",
	.summary = "a write of 4 KiB to a virtio block device without a medium, there and back",
	.happens = "The driver in the guest puts a request into the ring and, where the device "
		   "asked to be told, stores to its doorbell, an ioeventfd; a thread of the VMM "
		   "takes the request and gives it back at once, and the driver, which polls, sees "
		   "it. With several requests under way one sample is still the time of one.",
	.matters = "What virtio and the threads behind it cost before any disk does its part: the "
		   "floor of every I/O of a guest that polls.",
	.axis = &depth,
	.cpls = NM_CPL3,
	.expect = {.exits_vary = true},
	.prepare = prepare_polled,
};

const struct nm_bench nm_bench_io_blk_null_packed = {
	COMMON,
	.name = "io.blk.null.packed",
	.summary = "the same through a packed virtqueue",
	.happens = "As io.blk.null, with descriptors, what is available and what is used in one "
		   "ring instead of three.",
	.matters = "Packed rings touch fewer cache lines; devices in hardware prefer them.",
	.axis = &depth,
	.cpls = NM_CPL3,
	.expect = {.exits_vary = true},
	.prepare = prepare_packed,
};

const struct nm_bench nm_bench_io_blk_null_halted = {
	COMMON,
	.name = "io.blk.null.halted",
	.summary = "a flush of such a device that the driver awaits in HLT",
	.happens = "The doorbell is an ioeventfd, the vCPU halts, and the device's irqfd wakes it: "
		   "an exit for the doorbell, one for HLT, one for the window of the interrupt and "
		   "one for its EOI, where the APIC is not virtualized.",
	.matters = "How ordinary drivers wait: a database that syncs its log pays this for each "
		   "commit, besides the disk.",
	.cpls = NM_CPL0,
	.max_samples = 300,
	.expect = {.exits_vary = true},
	.prepare = prepare_halted,
};
