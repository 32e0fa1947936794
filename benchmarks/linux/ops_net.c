/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The network of Linux, by the agent (guest-payloads/linux/ops_net.c) and a peer (peer.c).
 */
#include "benchmarks/linux/agent.h"
#include "guest-payloads/linux/packet.h"

#define BURST 8u

const struct nm_bench nm_bench_linux_net_pingpong = {
	.name = "linux.net.pingpong",
	NM_AGENT,
	.summary = "a UDP datagram of 64 bytes there and one back; natively by the loopback "
		   "interface to another process",
	.happens = "In a guest the datagram goes through its IP stack and virtio-net to the VMM, "
		   "whose thread hands it to a peer that answers frames itself: no second IP "
		   "stack, two wake-ups of threads of the host, a notification, an interrupt, and "
		   "whatever the idle vCPU costs.",
	.matters = "Remote procedure calls, databases, caches: everything that asks and waits.",
	.network = true,
	.native_cpus = 2,
	.single = true,
	.max_samples = 500,
};

const struct nm_bench nm_bench_linux_net_stream = {
	.name = "linux.net.stream",
	NM_AGENT,
	.summary = "each of 8 UDP datagrams of 1,400 bytes, of which the last one is answered",
	.happens = "As linux.net.pingpong, with a window of 8: notifications and interrupts are "
		   "shared. There are no offloads, every datagram is a packet.",
	.matters = "Throughput of a guest's network in packets, such as media and logs.",
	.network = true,
	.native_cpus = 2,
	.batch = BURST,
	.throughput = true,
	.bytes = NM_PACKET_LONG,
	.max_samples = 300,
};
