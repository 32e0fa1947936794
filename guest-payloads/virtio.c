/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "virtio.h"

/* Registers of the transport (virtio 1.2, 4.2.2), and status bits (2.1). */
#define MAGIC_VALUE	    0x000
#define VERSION		    0x004
#define DEVICE_ID	    0x008
#define DRIVER_FEATURES	    0x020
#define DRIVER_FEATURES_SEL 0x024
#define QUEUE_SEL	    0x030
#define QUEUE_NUM	    0x038
#define QUEUE_READY	    0x044
#define QUEUE_NOTIFY	    0x050
#define STATUS		    0x070
#define QUEUE_DESC	    0x080
#define QUEUE_DRIVER	    0x090
#define QUEUE_DEVICE	    0x0a0
#define MAGIC		    0x74726976u
#define ACKNOWLEDGE	    1u
#define DRIVER		    2u
#define DRIVER_OK	    4u
#define FEATURES_OK	    8u
#define NEEDS_RESET	    0x40u

/* Descriptors: next one belongs to it, the device writes; availability in a packed ring (2.7.5, 2.8.1). */
#define NEXT  1u
#define WRITE 2u
#define AVAIL 0x80u
#define USED  0x8000u

/* Areas of a ring's memory. */
#define DRIVER_AREA 0x1000u
#define DEVICE_AREA 0x2000u

#define EVENT_DISABLE 1u /* 2.8.14: no event, */
#define EVENT_DESC    2u /* or one at a place */

struct split_descriptor {
	volatile uint64_t gpa;
	volatile uint32_t bytes;
	volatile uint16_t flags;
	volatile uint16_t next;
};

struct packed_descriptor {
	volatile uint64_t gpa;
	volatile uint32_t bytes;
	volatile uint16_t id;
	volatile uint16_t flags;
};

struct available {
	volatile uint16_t flags;
	volatile uint16_t index;
	volatile uint16_t ring[]; /* then used_event */
};

struct used_element {
	volatile uint32_t id;
	volatile uint32_t bytes;
};

struct used {
	volatile uint16_t flags;
	volatile uint16_t index;
	struct used_element ring[]; /* then avail_event */
};

struct packed_event {
	volatile uint16_t place;
	volatile uint16_t flags;
};

/* x86 keeps stores in order, and loads; only a load may pass a store. */
#define COMPILER_BARRIER() __asm__ volatile("" : : : "memory")
#define FULL_BARRIER()	   __asm__ volatile("lock; addl $0, (%%rsp)" : : : "memory", "cc")

static void put(uint64_t base, uint32_t at, uint32_t value)
{
	*(volatile uint32_t *)(base + at) = value;
}

static uint32_t get(uint64_t base, uint32_t at)
{
	return *(volatile uint32_t *)(base + at);
}

uint64_t nm_virtio_begin(uint64_t base, uint32_t id, uint64_t features)
{
	if (get(base, MAGIC_VALUE) != MAGIC || get(base, VERSION) != 2 ||
	    get(base, DEVICE_ID) != id)
		return 0;
	put(base, STATUS, 0);
	put(base, STATUS, ACKNOWLEDGE | DRIVER);
	for (uint32_t i = 0; i < 2; i++) {
		put(base, DRIVER_FEATURES_SEL, i);
		put(base, DRIVER_FEATURES, (uint32_t)(features >> (32 * i)));
	}
	put(base, STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	return get(base, STATUS) & FEATURES_OK;
}

static void put_address(uint64_t base, uint32_t at, uint64_t gpa)
{
	put(base, at, (uint32_t)gpa);
	put(base, at + 4, (uint32_t)(gpa >> 32));
}

void nm_vring_begin(struct nm_vring *ring)
{
	nm_touch(ring->memory, NM_VRING_BYTES);
	for (uint64_t at = 0; at < NM_VRING_BYTES; at += 8)
		*(volatile uint64_t *)(ring->memory + at) = 0;
	ring->next_avail = ring->next_used = 0;
	ring->avail_wrap = ring->used_wrap = 1;
	ring->kicks = 0;
	ring->owed = 0;
	put(ring->base, QUEUE_SEL, ring->number);
	put(ring->base, QUEUE_NUM, ring->size);
	put_address(ring->base, QUEUE_DESC, ring->memory);
	put_address(ring->base, QUEUE_DRIVER, ring->memory + DRIVER_AREA);
	put_address(ring->base, QUEUE_DEVICE, ring->memory + DEVICE_AREA);
	put(ring->base, QUEUE_READY, 1);
}

void nm_virtio_end(uint64_t base)
{
	put(base, STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

void nm_virtio_kick(uint64_t base, uint32_t queue)
{
	put(base, QUEUE_NOTIFY, queue);
}

uint64_t nm_virtio_broken(uint64_t base)
{
	return !!(get(base, STATUS) & NEEDS_RESET);
}

static struct available *available(const struct nm_vring *ring)
{
	return (struct available *)(ring->memory + DRIVER_AREA);
}

static struct used *used(const struct nm_vring *ring)
{
	return (struct used *)(ring->memory + DEVICE_AREA);
}

void nm_vring_describe(const struct nm_vring *ring, uint32_t place,
		       const struct nm_vring_buffer *buffers)
{
	struct split_descriptor *at = (struct split_descriptor *)ring->memory;
	const uint32_t first = place * ring->buffers;

	if (ring->packed)
		return;
	for (uint32_t i = 0; i < ring->buffers; i++) {
		const uint32_t more = i + 1 < ring->buffers;

		at[first + i].gpa = buffers[i].gpa;
		at[first + i].bytes = buffers[i].bytes;
		at[first + i].flags =
			(uint16_t)((more ? NEXT : 0) | (buffers[i].device_writes ? WRITE : 0));
		at[first + i].next = (uint16_t)(first + i + 1);
	}
}

static void offer_split(struct nm_vring *ring, uint32_t place)
{
	struct available *avail = available(ring);

	avail->ring[ring->next_avail & (ring->size - 1)] = (uint16_t)(place * ring->buffers);
	ring->next_avail++;
	COMPILER_BARRIER();
	avail->index = ring->next_avail;
}

/* The first descriptor becomes available last, and the others with it. */
static void offer_packed(struct nm_vring *ring, uint32_t place,
			 const struct nm_vring_buffer *buffers)
{
	struct packed_descriptor *all = (struct packed_descriptor *)ring->memory;
	struct packed_descriptor *first = &all[ring->next_avail];
	uint16_t first_flags = 0;

	for (uint32_t i = 0; i < ring->buffers; i++) {
		struct packed_descriptor *at = &all[ring->next_avail];
		const uint16_t flags = (uint16_t)((ring->avail_wrap ? AVAIL : USED) |
						  (i + 1 < ring->buffers ? NEXT : 0) |
						  (buffers[i].device_writes ? WRITE : 0));

		at->gpa = buffers[i].gpa;
		at->bytes = buffers[i].bytes;
		at->id = (uint16_t)place;
		if (i)
			at->flags = flags;
		else
			first_flags = flags;
		if (++ring->next_avail == ring->size) {
			ring->next_avail = 0;
			ring->avail_wrap ^= 1;
		}
	}
	COMPILER_BARRIER();
	first->flags = first_flags;
}

void nm_vring_offer(struct nm_vring *ring, uint32_t place, const struct nm_vring_buffer *buffers)
{
	if (ring->packed)
		offer_packed(ring, place, buffers);
	else
		offer_split(ring, place);
}

/* 2.7.10: whether the step from old to new passes the event. */
static uint32_t passes(uint16_t event, uint16_t new, uint16_t old)
{
	return (uint16_t)(new - event - 1) < (uint16_t)(new - old);
}

static uint32_t wants_kick(const struct nm_vring *ring, uint32_t count)
{
	const struct packed_event *event =
		(const struct packed_event *)(ring->memory + DEVICE_AREA);
	/* Behind the used ring. */
	const volatile uint16_t *avail_event =
		(const volatile uint16_t *)(ring->memory + DEVICE_AREA + 4 + 8ull * ring->size);
	uint16_t place;

	if (!ring->packed)
		return passes(*avail_event, ring->next_avail, (uint16_t)(ring->next_avail - count));
	if (event->flags != EVENT_DESC)
		return event->flags != EVENT_DISABLE;
	place = event->place;
	if ((place >> 15) != ring->avail_wrap)
		return passes((uint16_t)((place & 0x7fff) - ring->size), ring->next_avail,
			      (uint16_t)(ring->next_avail - count * ring->buffers));
	return passes(place & 0x7fff, ring->next_avail,
		      (uint16_t)(ring->next_avail - count * ring->buffers));
}

void nm_vring_kick(struct nm_vring *ring, uint32_t count)
{
	FULL_BARRIER();
	if (!wants_kick(ring, count))
		return;
	ring->kicks++;
	nm_virtio_kick(ring->base, ring->number);
}

static int64_t take_split(struct nm_vring *ring, uint32_t *written)
{
	struct used *back = used(ring);
	const struct used_element *element = &back->ring[ring->next_used & (ring->size - 1)];

	if (back->index == ring->next_used)
		return -1;
	*written = element->bytes;
	ring->next_used++;
	return element->id / ring->buffers;
}

static int64_t take_packed(struct nm_vring *ring, uint32_t *written)
{
	const struct packed_descriptor *at =
		(const struct packed_descriptor *)ring->memory + ring->next_used;
	const uint16_t flags = at->flags;
	const uint32_t both = ring->used_wrap ? AVAIL | USED : 0;

	if ((flags & (AVAIL | USED)) != both)
		return -1;
	*written = at->bytes;
	ring->next_used = (uint16_t)(ring->next_used + ring->buffers);
	if (ring->next_used >= ring->size) {
		ring->next_used = (uint16_t)(ring->next_used - ring->size);
		ring->used_wrap ^= 1;
	}
	return at->id;
}

int64_t nm_vring_take(struct nm_vring *ring, uint32_t *written)
{
	return ring->packed ? take_packed(ring, written) : take_split(ring, written);
}

void nm_vring_listen(const struct nm_vring *ring, uint64_t on)
{
	struct packed_event *event = (struct packed_event *)(ring->memory + DRIVER_AREA);

	if (ring->packed) {
		event->place = (uint16_t)(ring->next_used | ring->used_wrap << 15);
		event->flags = on ? EVENT_DESC : EVENT_DISABLE;
	} else {
		/* Half of all numbers away, it is not reached. */
		available(ring)->ring[ring->size] =
			(uint16_t)(on ? ring->next_used : ring->next_used + 0x8000u);
	}
	FULL_BARRIER();
}

static int64_t await_polling(struct nm_vring *ring, uint32_t *written)
{
	for (uint64_t i = 1;; i++) {
		const int64_t place = nm_vring_take(ring, written);

		if (place >= 0 || (!(i % NM_VRING_LOOKS) && nm_virtio_broken(ring->base)))
			return place;
		__asm__ volatile("pause");
	}
}

/*
 * Each request that comes back once an interrupt was asked for causes one, also where it is seen before that. A wake-up that no
 * request has caused may be that of a device that broke down, or the first of a vhost, which is always given.
 */
static int64_t await_halted(struct nm_vring *ring, uint32_t *written)
{
	int64_t place = nm_vring_take(ring, written);

	if (place >= 0)
		return place;
	nm_vring_listen(ring, 1);
	for (;;) {
		place = nm_vring_take(ring, written);
		if (place >= 0)
			break;
		if (ring->owed < 0) {
			if (nm_virtio_broken(ring->base))
				return -1;
			ring->owed = 0;
		}
		__asm__ volatile("sti\n\thlt" : : : "memory", "cc");
		ring->owed--;
	}
	ring->owed++;
	return place;
}

int64_t nm_vring_await(struct nm_vring *ring, uint32_t halt, uint32_t *written)
{
	return halt ? await_halted(ring, written) : await_polling(ring, written);
}
