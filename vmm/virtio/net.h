/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_VIRTIO_NET_H
#define NM_VMM_VIRTIO_NET_H

#include "vmm/virtio/mmio.h"

/*
 * A network device (virtio 1.2, 5.1) with one queue to receive and one to send, without offloads. Packets for which the driver has
 * no buffer, or too small a one, are dropped, as are those that the other side does not take.
 */

#define NM_NET_PACKET_MAX 65550u /* an Ethernet header and the longest IP packet */

struct nm_net {
	/* Each read or write is a packet, and none waits: a socket or a tap. -1: what the guest sends comes back at once. */
	int fd;
	unsigned char mac[6];
	uint64_t sent, received, dropped; /* packets */
	bool holds_sent, holds_free; /* these were taken from their queues and not given back: */
	struct nm_chain out, in;
};

/** Prepares a device whose kind is nm_net_kind and whose own is net: set fd and mac before. */
int nm_net_init(struct nm_net *net, struct nm_virtio *device);
/** Undoes it when the device is gone; the fd is the caller's. */
void nm_net_end(struct nm_virtio *device);

/** A socket that gets what is sent to it: no privilege is needed. The fd, or -errno. */
int nm_net_open_loop(void);
/** A tap interface of that name, made where there is none: the fd, or -EOPNOTSUPP with the remedy. */
int nm_net_open_tap(const char *name);

extern const struct nm_virtio_kind nm_net_kind;

#endif
