/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_VIRTIO_QUEUE_H
#define NM_VMM_VIRTIO_QUEUE_H

#include "vmm/vm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The device's side of a virtqueue (virtio 1.2, 2.7 split and 2.8 packed virtqueues). Everything in guest memory is hostile: it
 * is read once, checked, and what breaks a rule of the specification ends in -EPROTO with the reason. Indirect descriptors are
 * not offered.
 */

#define NM_QUEUE_MAX 256u /* descriptors of a queue */
#define NM_CHAIN_MAX 66u  /* buffers of a request: a header, 256 KiB in pages, a status */

struct nm_buffer {
	unsigned char *host;
	uint32_t bytes;
};

/** A request of the driver: buffers for the device to read, and behind them those for it to write. */
struct nm_chain {
	uint16_t id; /* of the first descriptor, or of the buffer in a packed ring */
	uint16_t descriptors;
	uint16_t readable;
	uint16_t count;
	struct nm_buffer buffers[NM_CHAIN_MAX];
};

struct nm_virtqueue {
	const struct nm_vm *vm;
	/* What the driver has set up. */
	uint16_t size;
	bool packed;
	bool event_index;
	uint64_t descriptors_gpa, driver_gpa, device_gpa;
	/* Host addresses of these three areas, from nm_virtqueue_start() on. */
	void *descriptors, *driver, *device;
	uint16_t next_avail, next_used; /* a packed ring's are below size */
	bool avail_wrap, used_wrap;
	uint16_t in_flight; /* descriptors that the device holds */
	uint16_t pushed;    /* since nm_virtqueue_must_interrupt() was asked */
};

/** Begins to use a queue whose addresses, size and kind are set. -EPROTO when they are not as the specification has them. */
int nm_virtqueue_start(struct nm_virtqueue *queue);

/** The next request of the driver: 1, 0 when there is none, -EPROTO when the driver broke a rule. */
int nm_virtqueue_pop(struct nm_virtqueue *queue, struct nm_chain *chain);

/** Hands a request back with the number of bytes written to it. */
void nm_virtqueue_push(struct nm_virtqueue *queue, const struct nm_chain *chain, uint32_t written);

/** Whether the driver wants an interrupt for what was pushed since the last time it was asked. */
bool nm_virtqueue_must_interrupt(struct nm_virtqueue *queue);

/**
 * Asks the driver to notify, or not to, when it adds requests. After it asked to, requests may have come in unnoticed: pop once
 * more before waiting.
 */
void nm_virtqueue_listen(struct nm_virtqueue *queue, bool on);

/** Bytes of all readable, or of all writable, buffers of a chain. */
uint64_t nm_chain_readable(const struct nm_chain *chain);
uint64_t nm_chain_writable(const struct nm_chain *chain);

/** Copies from the readable buffers, beginning `offset` bytes into them; how many there were, at most `bytes`. */
size_t nm_chain_read(const struct nm_chain *chain, uint64_t offset, void *to, size_t bytes);
/** The same into the writable ones. */
size_t nm_chain_write(const struct nm_chain *chain, uint64_t offset, const void *from,
		      size_t bytes);

#endif
