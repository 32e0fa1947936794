/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_VIRTIO_VHOST_H
#define NM_VMM_VIRTIO_VHOST_H

#include "vmm/virtio/mmio.h"

/*
 * Devices whose queues the kernel serves (linux/vhost.h): it takes kicks and raises interrupts without this process. Their transport
 * is that of the others; it does not keep the register that says why there was an interrupt, which drivers of nestmark do not read.
 */

/** Opens /dev/vhost-net and the like. The fd, or -EOPNOTSUPP with what to type. */
int nm_vhost_open(const char *path);

/** Hands the first `queues` queues of a device that starts to the kernel, with the features that the driver has accepted and these. */
int nm_vhost_attach(int fd, struct nm_virtio *device, unsigned int queues, uint64_t features);

struct nm_vhost_net {
	int fd;	 /* of /dev/vhost-net, */
	int tap; /* and of the tap interface, without headers of its own */
};

struct nm_vhost_vsock {
	int fd;	      /* of /dev/vhost-vsock */
	uint64_t cid; /* of the guest: one that nobody has */
};

/** Opens it and takes a CID. -EOPNOTSUPP with what to type. */
int nm_vhost_vsock_open(struct nm_vhost_vsock *vsock);

/** A socket device (virtio 1.2, 5.10), served by the kernel; own is a struct nm_vhost_vsock. */
extern const struct nm_virtio_kind nm_vhost_vsock_kind;

/** A network device as nm_net_kind has it, served by the kernel; own is a struct nm_vhost_net. */
extern const struct nm_virtio_kind nm_vhost_net_kind;

#endif
