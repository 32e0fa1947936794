/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_VIRTIO_H
#define NM_GUEST_VIRTIO_H

#include "lib.h"

/*
 * The driver's side of a virtio device behind the MMIO transport (virtio 1.2, 4.2): negotiation, and queues, split or packed, whose
 * requests have a place of their own each, so that none is ever built in the measured loop but for what changes in it.
 */

/* A buffer of a request. */
struct nm_vring_buffer {
	uint64_t gpa;
	uint32_t bytes;
	uint32_t device_writes;
};

#define NM_VRING_BUFFERS 3 /* of a request at most */

struct nm_vring {
	uint64_t base; /* of the device's registers */
	uint32_t number;
	uint32_t size; /* descriptors: a power of two */
	uint32_t packed;
	uint32_t buffers; /* of each request */
	uint64_t memory;  /* page-aligned, NM_VRING_BYTES: descriptors, driver and device area */
	uint16_t next_avail, next_used;
	uint16_t avail_wrap, used_wrap; /* 0 or 1 */
	uint64_t kicks;			/* that the device asked for */
	int64_t owed; /* interrupts that may come yet for requests that were seen before them */
};

#define NM_VRING_BYTES 0x4000u

/* Devices that are waited for by polling are asked this rarely whether they have broken down: that is an exit. */
#define NM_VRING_LOOKS 0x100000u

/** Resets a device and negotiates exactly these features with it; 0 when it refuses, or is of another kind. */
uint64_t nm_virtio_begin(uint64_t base, uint32_t id, uint64_t features);

/** Prepares a queue whose base, number, size, packed, buffers and memory are set; between begin and end. */
void nm_vring_begin(struct nm_vring *ring);

/** The device may start. */
void nm_virtio_end(uint64_t base);

/** Rings the doorbell of a queue, whether its device wants to know or not. */
void nm_virtio_kick(uint64_t base, uint32_t queue);

/** Spins for that many ticks of the TSC, in which the thread of a device that has nothing to do falls asleep. */
static inline void nm_virtio_rest(uint64_t ticks)
{
	const uint64_t begin = nm_tsc();

	while (nm_tsc() - begin < ticks)
		__asm__ volatile("pause");
}

/** 1 when the device says that it needs a reset. */
uint64_t nm_virtio_broken(uint64_t base);

/** Describes the request in a place; a split ring's descriptors stay, a packed one's are written when it is offered. */
void nm_vring_describe(const struct nm_vring *ring, uint32_t place,
		       const struct nm_vring_buffer *buffers);

/** Offers the request in a place to the device, without telling it. */
void nm_vring_offer(struct nm_vring *ring, uint32_t place, const struct nm_vring_buffer *buffers);

/** Tells the device, where it wants to know, about the last `count` requests. */
void nm_vring_kick(struct nm_vring *ring, uint32_t count);

/** The place of a request that came back, with the bytes written to it; -1 when none has. */
int64_t nm_vring_take(struct nm_vring *ring, uint32_t *written);

/**
 * Waits for a request that comes back: its place; -1 when the device has broken down. With `halt` it waits in HLT, at CPL0 with
 * interrupts off and a handler that skips HLT and leaves them off; else it looks again and again.
 */
int64_t nm_vring_await(struct nm_vring *ring, uint32_t halt, uint32_t *written);

/** Asks for an interrupt for the next request that comes back, or for none at all. */
void nm_vring_listen(const struct nm_vring *ring, uint64_t on);

#endif
