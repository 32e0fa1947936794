/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_VIRTIO_RNG_H
#define NM_VMM_VIRTIO_RNG_H

#include "vmm/virtio/mmio.h"

/* An entropy device (virtio 1.2, 5.4), the smallest of all: one queue, whose buffers it fills. */

#define NM_RNG_MAX_BYTES 65536u /* of a request; what is beyond it stays as it is */

struct nm_rng {
	/** Fills a buffer, or -errno; NULL: with random bytes of the kernel. */
	int (*fill)(struct nm_rng *rng, void *out, size_t bytes);
	uint64_t requests;
	unsigned char bytes[NM_RNG_MAX_BYTES];
};

/** Prepares a device whose kind is nm_rng_kind and whose own is rng: set fill before. */
void nm_rng_init(struct nm_rng *rng, struct nm_virtio *device);

extern const struct nm_virtio_kind nm_rng_kind;

#endif
