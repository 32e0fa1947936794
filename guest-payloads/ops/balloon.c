/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "virtio.h"

/* Virtio 1.2, 5.5: a queue of pages that the guest gives, and one of those that it takes back. */
#define DEVICE_ID 5
#define INFLATE	  0
#define DEFLATE	  1
#define RING_SIZE 8
#define PAGE	  4096u
#define PAGES	  NM_ABI_BALLOON_PAGES

#define FEATURE_MUST_TELL   (1ull << 0)
#define FEATURE_EVENT_INDEX (1ull << 29)
#define FEATURE_VERSION_1   (1ull << 32)

struct balloon {
	struct nm_abi_balloon *plan;
	struct nm_vring rings[2];
	volatile uint32_t *numbers;
	uint64_t pages; /* the first one */
};

static struct balloon balloon;

static volatile uint64_t *page(uint64_t i)
{
	return (volatile uint64_t *)(balloon.pages + i * PAGE);
}

static void open_ring(uint32_t number, uint64_t memory)
{
	struct nm_vring *ring = &balloon.rings[number];
	const struct nm_vring_buffer buffer = {(uint64_t)balloon.numbers, PAGES * sizeof(uint32_t),
					       0};

	*ring = (struct nm_vring) {.base = NM_ABI_VIRTIO_BASE,
				   .number = number,
				   .size = RING_SIZE,
				   .buffers = 1,
				   .memory = memory};
	nm_vring_begin(ring);
	nm_vring_listen(ring, 0);
	nm_vring_describe(ring, 0, &buffer);
}

static uint64_t open_balloon(struct nm_abi_control *control)
{
	const uint64_t memory = control->argument[0] + PAGE;

	balloon.plan = (struct nm_abi_balloon *)control->argument[0];
	balloon.numbers = (volatile uint32_t *)(memory + 2 * NM_VRING_BYTES);
	balloon.pages = memory + 2 * NM_VRING_BYTES + PAGE;
	for (uint64_t i = 0; i < PAGES; i++) {
		balloon.numbers[i] = (uint32_t)((uint64_t)page(i) / PAGE);
		page(i)[0] = nm_abi_word(i, 0);
	}
	if (!nm_virtio_begin(NM_ABI_VIRTIO_BASE, DEVICE_ID,
			     FEATURE_MUST_TELL | FEATURE_EVENT_INDEX | FEATURE_VERSION_1))
		return 0;
	open_ring(INFLATE, memory);
	open_ring(DEFLATE, memory + NM_VRING_BYTES);
	nm_virtio_end(NM_ABI_VIRTIO_BASE);
	return 1;
}

static void tell(uint32_t number)
{
	uint32_t written;

	nm_vring_offer(&balloon.rings[number], 0, 0);
	nm_vring_kick(&balloon.rings[number], 1);
	balloon.plan->wrong += nm_vring_await(&balloon.rings[number], 0, &written) < 0;
}

/* What the pages held is gone; they get it anew. */
static void take_back(void)
{
	tell(DEFLATE);
	for (uint64_t i = 0; i < PAGES; i++) {
		balloon.plan->wrong += page(i)[0] != 0;
		page(i)[0] = nm_abi_word(i, 0);
	}
	balloon.plan->done += PAGES;
}

static uint64_t inflate_once(void)
{
	const uint64_t start = nm_tsc();
	uint64_t ticks;

	tell(INFLATE);
	ticks = nm_tsc() - start;
	take_back();
	return ticks;
}

static uint64_t deflate_once(void)
{
	uint64_t start;

	tell(INFLATE);
	start = nm_tsc();
	take_back();
	return nm_tsc() - start;
}

/* Once before: every page costs a fault. */
static void measure(struct nm_abi_control *control, uint64_t (*once)(void))
{
	volatile uint64_t *out = (volatile uint64_t *)control->sample_gpa;

	if (!open_balloon(control))
		return;
	nm_touch(control->overhead_gpa, control->samples * sizeof(uint64_t));
	once();
	nm_begin(control);
	for (uint64_t left = control->samples; left; left--)
		*out++ = once();
	nm_end(control);
}

NM_GUEST_OP("io.balloon.inflate", inflate)
{
	measure(control, inflate_once);
}

NM_GUEST_OP("io.balloon.deflate", deflate)
{
	measure(control, deflate_once);
}
