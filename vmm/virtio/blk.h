/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_VIRTIO_BLK_H
#define NM_VMM_VIRTIO_BLK_H

#include "vmm/io/io.h"
#include "vmm/virtio/mmio.h"

/* A block device (virtio 1.2, 5.2): one queue, reads, writes, flush and an identity. */

struct nm_blk_request {
	struct nm_io_request io;
	struct nm_chain chain;
	uint32_t bytes; /* of data that the driver gets */
	struct nm_blk_request *next;
};

struct nm_blk {
	struct nm_io *io;
	uint64_t bytes; /* a multiple of 512 */
	bool read_only;
	uint64_t requests; /* that came back, of whatever kind */
	uint64_t failed;   /* with another status than OK */
	struct nm_blk_request pool[NM_QUEUE_MAX];
	struct nm_blk_request *spare;
};

/** Prepares a device whose kind is nm_blk_kind and whose own is blk: set io, bytes and read_only before. */
void nm_blk_init(struct nm_blk *blk, struct nm_virtio *device);

extern const struct nm_virtio_kind nm_blk_kind;

#endif
