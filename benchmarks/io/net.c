/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Packets through a virtio network device that come back to the guest that sent them. */
#include "vmm/virtio/net.h"
#include "benchmarks/bench.h"
#include "benchmarks/io/memory.h"
#include "benchmarks/io/wire.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define REGION_BYTES 0x800000u
#define PING	     64u
#define BURST	     NM_ABI_NET_BURST
#define POLL_NS	     200000u

struct card {
	struct nm_net net;
	struct nm_virtio device;
	struct nm_abi_net *plan;
	void *region;
};

static int connect_device(struct nm_guest_round *round, struct card *card)
{
	const unsigned int next = round->guest->vcpu_count;
	int r;

	card->device.cpu = round->cpus->count > next ? round->cpus->ids[next] : -1;
	card->device.poll_ns = POLL_NS;
	r = nm_net_init(&card->net, &card->device);
	return r ? r
		 : nm_virtio_create(&card->device, &round->guest->vm, &round->guest->devices,
				    NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static int prepare(struct nm_guest_round *round, bool socket, const struct nm_abi_net *plan)
{
	struct card *card = calloc(1, sizeof(*card));
	int r;

	if (!card)
		return nm_fail(ENOMEM, "out of memory");
	round->own = card;
	card->net.fd = card->device.event_fd = -1;
	r = nm_io_add_memory(round, REGION_BYTES, &card->region);
	if (r)
		return r;
	card->plan = card->region;
	*card->plan = *plan;
	if (socket) {
		card->net.fd = nm_net_open_loop();
		if (card->net.fd < 0)
			return card->net.fd;
	}
	return connect_device(round, card);
}

static int prepare_reflect(struct nm_guest_round *round)
{
	return prepare(round, false, &(struct nm_abi_net) {.bytes = PING, .burst = 1});
}

static int prepare_echo(struct nm_guest_round *round)
{
	return prepare(round, true, &(struct nm_abi_net) {.bytes = PING, .burst = 1});
}

static int prepare_halted(struct nm_guest_round *round)
{
	return prepare(round, true, &(struct nm_abi_net) {.bytes = PING, .burst = 1, .halt = 1});
}

static int prepare_stream(struct nm_guest_round *round)
{
	return prepare(round, true,
		       &(struct nm_abi_net) {.bytes = (uint32_t)round->point, .burst = BURST});
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct card *card = round->own;
	const struct nm_abi_net *plan = card->plan;
	const uint64_t packets = (round->warmup + round->samples) * plan->burst;

	if (card->device.broken[0]) {
		snprintf(why, size, "%s", card->device.broken);
		return false;
	}
	if (plan->done == packets && !plan->wrong)
		return true;
	snprintf(why, size,
		 "%" PRIu64 " of %" PRIu64 " packets came back, %" PRIu64
		 " of them wrong; the device has dropped %" PRIu64,
		 plan->done, packets, plan->wrong, card->net.dropped);
	return false;
}

static void release(struct nm_guest_round *round)
{
	struct card *card = round->own;

	if (!card)
		return;
	if (card->device.kind)
		nm_virtio_destroy(&card->device);
	nm_net_end(&card->device);
	if (card->net.fd >= 0)
		close(card->net.fd);
	if (card->region)
		munmap(card->region, REGION_BYTES);
	free(card);
}

/* The native side: two threads, and a pair of sockets. */

static bool native(struct nm_native_round *round, size_t bytes, uint64_t burst, int flags,
		   char *why, size_t size)
{
	struct nm_wire wire = {.bytes = bytes, .burst = burst};
	bool right;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0, wire.fds)) {
		snprintf(why, size, "a pair of sockets: %s", strerror(errno));
		return false;
	}
	right = nm_wire_native(round, &wire, why, size);
	close(wire.fds[0]);
	close(wire.fds[1]);
	return right;
}

static bool native_echo(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, PING, 1, SOCK_NONBLOCK, why, size);
}

static bool native_asleep(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, PING, 1, 0, why, size);
}

static bool native_stream(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, round->point, BURST, SOCK_NONBLOCK, why, size);
}

#define COMMON                                                                                     \
	.group = "io", .payload = "io.net", .version = 1, .threads = 1, .irqchip = true,           \
	.native_cpus = 2, .expect = {.exits_vary = true}, .verify = verify, .release = release,    \
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"}

static const struct nm_axis sizes = {
	.name = "bytes",
	.points = {1500, 65536},
	.count = 2,
	.quick = 1,
};

const struct nm_bench nm_bench_io_net_reflect = {
	COMMON,
	.name = "io.net.reflect",
	.summary = "a packet of 64 bytes that a virtio network device sends back by itself",
	.happens = "The driver puts a packet into the queue to send and, where the device asked to "
		   "be told, stores to its doorbell, an ioeventfd; a thread of the VMM copies the "
		   "packet into a buffer of the queue to receive, at which the driver looks.",
	.matters = "What two virtqueues and the thread behind them cost before any network does "
		   "its part: the floor of every packet.",
	.cpls = NM_CPL3,
	.single = true,
	.prepare = prepare_reflect,
};

const struct nm_bench nm_bench_io_net_echo = {
	COMMON,
	.name = "io.net.echo",
	.summary = "a packet of 64 bytes to a local socket and back; natively between two threads "
		   "that spin",
	.happens = "As io.net.reflect, but the thread writes the packet to a socket that is "
		   "connected to itself, and reads it there: two system calls more. Natively two "
		   "threads with a socket each: four system calls and no device.",
	.matters = "The latency of requests over a network as polling drivers see it; a tap or a "
		   "vhost-user switch comes in the place of the socket.",
	.cpls = NM_CPL3,
	.single = true,
	.prepare = prepare_echo,
	.native = native_echo,
};

const struct nm_bench nm_bench_io_net_echo_halted = {
	COMMON,
	.name = "io.net.echo.halted",
	.summary =
		"the same where the driver awaits the packet in HLT; natively threads that sleep",
	.happens = "As io.net.echo, and the vCPU halts until the irqfd of the device wakes it: "
		   "besides the doorbell there are exits for HLT, the interrupt and its EOI, where "
		   "the APIC is not virtualized.",
	.matters = "How ordinary kernels wait for a packet: remote procedure calls, databases and "
		   "everything else that answers one request at a time.",
	.cpls = NM_CPL0,
	.single = true,
	.max_samples = 300,
	.prepare = prepare_halted,
	.native = native_asleep,
};

const struct nm_bench nm_bench_io_net_stream = {
	COMMON,
	.name = "io.net.stream",
	.summary = "each of 8 packets that are under way to a local socket and back",
	.happens = "The driver sends 8 packets with one doorbell at most; the thread writes them "
		   "to the socket and reads them back: two copies. Natively two threads with a "
		   "socket each do that twice, at the same time.",
	.matters = "Throughput: packets per second where they are short, bytes per second where "
		   "they are long.",
	.axis = &sizes,
	.throughput = true,
	.moves_point = true,
	.cpls = NM_CPL3,
	.batch = BURST,
	.max_samples = 100,
	.prepare = prepare_stream,
	.native = native_stream,
};
