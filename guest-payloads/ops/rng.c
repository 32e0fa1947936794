/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"
#include "virtio.h"

/* Virtio 1.2, 5.4: one queue, of buffers that the device fills. */
#define DEVICE_ID 4
#define RING_SIZE 8
#define PAGE	  4096u

#define FEATURE_EVENT_INDEX (1ull << 29)
#define FEATURE_VERSION_1   (1ull << 32)

NM_HANDLER(rng_handler, NM_HANDLER_COUNT NM_HANDLER_X2APIC_EOI NM_HANDLER_SKIP_HLT NM_HANDLER_CLI);

struct rng {
	struct nm_abi_rng *plan;
	struct nm_vring ring;
	volatile uint64_t *data;
	uint64_t words; /* that came so far */
};

static struct rng rng;

static uint64_t open_rng(struct nm_abi_control *control)
{
	const uint64_t memory = control->argument[0] + PAGE;
	struct nm_vring_buffer buffer;

	rng.plan = (struct nm_abi_rng *)control->argument[0];
	rng.data = (volatile uint64_t *)(memory + NM_VRING_BYTES);
	rng.ring = (struct nm_vring) {.base = NM_ABI_VIRTIO_BASE,
				      .size = RING_SIZE,
				      .buffers = 1,
				      .memory = memory};
	if (!nm_virtio_begin(NM_ABI_VIRTIO_BASE, DEVICE_ID,
			     FEATURE_EVENT_INDEX | FEATURE_VERSION_1))
		return 0;
	if (rng.plan->halt) {
		nm_set_gate(NM_ABI_VECTOR, rng_handler);
		nm_x2apic_enable();
		nm_ioapic_route(NM_ABI_VIRTIO_GSI, NM_ABI_VECTOR);
	}
	nm_touch((uint64_t)rng.data, rng.plan->bytes);
	nm_vring_begin(&rng.ring);
	nm_vring_listen(&rng.ring, 0);
	buffer = (struct nm_vring_buffer) {(uint64_t)rng.data, rng.plan->bytes, 1};
	nm_vring_describe(&rng.ring, 0, &buffer);
	nm_virtio_end(NM_ABI_VIRTIO_BASE);
	return 1;
}

/* All words that the device gives are those that follow the last ones. */
static void check(int64_t place, uint32_t bytes)
{
	uint64_t right = !place && bytes == rng.plan->bytes;

	for (uint64_t i = 0; i < rng.plan->bytes / sizeof(uint64_t); i++)
		right &= rng.data[i] == nm_abi_word(0, rng.words++);
	rng.plan->done += place >= 0;
	rng.plan->wrong += !right;
}

static uint64_t read_once(void)
{
	const uint64_t start = nm_tsc();
	uint32_t bytes = 0;
	uint64_t ticks;
	int64_t place;

	nm_vring_offer(&rng.ring, 0, 0);
	nm_vring_kick(&rng.ring, 1);
	place = nm_vring_await(&rng.ring, rng.plan->halt, &bytes);
	ticks = nm_tsc() - start;
	check(place, bytes);
	return ticks;
}

/* A few bytes from a device and nothing else: the smallest request that there is. */
NM_GUEST_OP("io.rng", rng_op)
{
	if (open_rng(control))
		NM_MEASURE_TICKS(control, read_once());
}
