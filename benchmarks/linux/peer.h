/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_PEER_H
#define NM_BENCHMARKS_LINUX_PEER_H

#include "guest-payloads/linux/packet.h"

#include <pthread.h>

/*
 * Who an agent in a Linux guest talks to: a thread behind the guest's network device that answers Ethernet frames without an IP stack,
 * ARP (RFC 826) for its own address and UDP over IPv4 to its port. What a guest sends is hostile: all else is ignored.
 */

/** The longest frame that is answered, and room for its answer. */
#define NM_PEER_FRAME_BYTES 1514u

/** The answer to a frame of so many bytes, of which out has NM_PEER_FRAME_BYTES; its length, or 0 for none. */
size_t nm_peer_answer(struct nm_packet_end *end, const unsigned char *frame, size_t bytes,
		      unsigned char *out);

struct nm_linux_peer {
	int fds[2]; /* of the guest's device, and of the peer: a frame is a datagram */
	struct nm_packet_end end;
	pthread_t thread;
};

/** 0, or -errno with nothing left. */
int nm_linux_peer_start(struct nm_linux_peer *peer);
void nm_linux_peer_stop(struct nm_linux_peer *peer);

#endif
