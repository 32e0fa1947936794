/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Memory that a guest gives back to the machine by a virtio balloon, and takes again. */
#include "vmm/virtio/balloon.h"
#include "benchmarks/io/memory.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define REGION_BYTES 0x200000u
#define POLL_NS	     200000u

struct bag {
	struct nm_balloon balloon;
	struct nm_virtio device;
	struct nm_abi_balloon *plan;
	void *region;
};

static int prepare(struct nm_guest_round *round)
{
	const unsigned int next = round->guest->vcpu_count;
	struct bag *bag = calloc(1, sizeof(*bag));
	int r;

	if (!bag)
		return nm_fail(ENOMEM, "out of memory");
	round->own = bag;
	r = nm_io_add_memory(round, REGION_BYTES, &bag->region);
	if (r)
		return r;
	bag->plan = bag->region;
	bag->device.cpu = round->cpus->count > next ? round->cpus->ids[next] : -1;
	bag->device.poll_ns = POLL_NS;
	nm_balloon_init(&bag->balloon, &bag->device);
	return nm_virtio_create(&bag->device, &round->guest->vm, &round->guest->devices,
				NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct bag *bag = round->own;
	const uint64_t pages = (1 + round->samples) * NM_ABI_BALLOON_PAGES;

	if (bag->device.broken[0]) {
		snprintf(why, size, "%s", bag->device.broken);
		return false;
	}
	if (bag->plan->done == pages && !bag->plan->wrong && bag->balloon.given == pages &&
	    bag->balloon.returned == pages)
		return true;
	snprintf(why, size,
		 "of %" PRIu64 " pages %" PRIu64 " were given, %" PRIu64 " taken back, and %" PRIu64
		 " had kept what they held",
		 pages, bag->balloon.given, bag->balloon.returned, bag->plan->wrong);
	return false;
}

static void release(struct nm_guest_round *round)
{
	struct bag *bag = round->own;

	if (!bag)
		return;
	if (bag->device.kind)
		nm_virtio_destroy(&bag->device);
	if (bag->region)
		munmap(bag->region, REGION_BYTES);
	free(bag);
}

#define COMMON                                                                                     \
	.group = "io", .version = 1, .threads = 1, .irqchip = true, .cpls = NM_CPL3,               \
	.batch = NM_ABI_BALLOON_PAGES, .max_samples = 10, .expect = {.exits_vary = true},          \
	.prepare = prepare, .verify = verify, .release = release,                                  \
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"}

const struct nm_bench nm_bench_io_balloon_inflate = {
	COMMON,
	.name = "io.balloon.inflate",
	.summary = "each of 32 pages of 4 KiB that the guest gives to the machine",
	.happens = "One request with 32 page numbers; a thread of the VMM frees each page by "
		   "MADV_DONTNEED, for which KVM drops its mapping and flushes TLBs. A GiB has "
		   "262,144 such pages.",
	.matters = "How fast memory moves from one guest to another where hosts are overcommitted.",
};

const struct nm_bench nm_bench_io_balloon_deflate = {
	COMMON,
	.name = "io.balloon.deflate",
	.summary = "each of 32 pages of 4 KiB that the guest takes back and touches",
	.happens = "One request with 32 page numbers, and a fault in the nested page tables for "
		   "each page, for which the kernel of the host allocates and clears it.",
	.matters = "What a guest waits for when it needs the memory again that it gave.",
};
