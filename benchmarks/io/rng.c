/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes from a virtio entropy device. Here they are not random, so that the guest can tell whether they are right. */
#include "vmm/virtio/rng.h"
#include "benchmarks/io/memory.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REGION_BYTES 0x10000u
#define REQUEST	     64u
#define POLL_NS	     200000u

struct source {
	struct nm_rng rng; /* first: .fill finds the rest by it */
	struct nm_virtio device;
	struct nm_abi_rng *plan;
	void *region;
	uint64_t words;
};

static int fill(struct nm_rng *rng, void *out, size_t bytes)
{
	struct source *source = (struct source *)(void *)rng;

	for (size_t at = 0; at + sizeof(uint64_t) <= bytes; at += sizeof(uint64_t)) {
		const uint64_t word = nm_abi_word(0, source->words++);

		memcpy((char *)out + at, &word, sizeof(word));
	}
	return 0;
}

static int prepare(struct nm_guest_round *round, bool halt)
{
	const unsigned int next = round->guest->vcpu_count;
	struct source *source = calloc(1, sizeof(*source));
	int r;

	if (!source)
		return nm_fail(ENOMEM, "out of memory");
	round->own = source;
	r = nm_io_add_memory(round, REGION_BYTES, &source->region);
	if (r)
		return r;
	source->plan = source->region;
	*source->plan = (struct nm_abi_rng) {.bytes = REQUEST, .halt = halt};
	source->rng.fill = fill;
	source->device.cpu = round->cpus->count > next ? round->cpus->ids[next] : -1;
	source->device.poll_ns = POLL_NS;
	nm_rng_init(&source->rng, &source->device);
	return nm_virtio_create(&source->device, &round->guest->vm, &round->guest->devices,
				NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static int prepare_polled(struct nm_guest_round *round)
{
	return prepare(round, false);
}

static int prepare_halted(struct nm_guest_round *round)
{
	return prepare(round, true);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct source *source = round->own;
	const struct nm_abi_rng *plan = source->plan;

	if (source->device.broken[0]) {
		snprintf(why, size, "%s", source->device.broken);
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
	struct source *source = round->own;

	if (!source)
		return;
	if (source->device.kind)
		nm_virtio_destroy(&source->device);
	if (source->region)
		munmap(source->region, REGION_BYTES);
	free(source);
}

#define COMMON                                                                                     \
	.group = "io", .payload = "io.rng", .version = 1, .threads = 1, .irqchip = true,           \
	.single = true, .expect = {.exits_vary = true}, .verify = verify, .release = release,      \
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"}

const struct nm_bench nm_bench_io_rng_read = {
	COMMON,
	.name = "io.rng.read",
	.summary = "64 bytes from a virtio entropy device, awaited by polling",
	.happens = "One buffer in one ring, a store to the doorbell where the device asked to be "
		   "told, and a thread of the VMM that writes 64 bytes into it.",
	.matters = "The smallest device that there is: what any virtio device costs at least.",
	.cpls = NM_CPL3,
	.prepare = prepare_polled,
};

const struct nm_bench nm_bench_io_rng_read_halted = {
	COMMON,
	.name = "io.rng.read.halted",
	.summary = "the same, awaited in HLT",
	.happens = "An exit for the doorbell, one for HLT, and those of an interrupt and its EOI, "
		   "where the APIC is not virtualized.",
	.matters = "A console, an entropy source or a sensor that is asked now and then.",
	.cpls = NM_CPL0,
	.max_samples = 300,
	.prepare = prepare_halted,
};
