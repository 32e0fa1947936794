/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_VIRTIO_BALLOON_H
#define NM_VMM_VIRTIO_BALLOON_H

#include "vmm/virtio/mmio.h"

/* A memory balloon (virtio 1.2, 5.5): pages that the guest gives go back to this machine, until the guest touches them again. */

#define NM_BALLOON_PAGE 4096u /* unit of page numbers, whatever the guest's pages are */

struct nm_balloon {
	uint32_t wanted;	  /* pages that the guest is asked for */
	uint64_t given, returned; /* pages */
};

/** Prepares a device whose kind is nm_balloon_kind and whose own is balloon: set wanted before. */
void nm_balloon_init(struct nm_balloon *balloon, struct nm_virtio *device);

extern const struct nm_virtio_kind nm_balloon_kind;

#endif
