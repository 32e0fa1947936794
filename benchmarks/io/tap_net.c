/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Packets of a guest through a tap interface, which a thread behind a packet socket on the kernel's side sends back: by the thread of
 * the VMM, which reads and writes the tap, and by the kernel's own (vhost-net), which leaves the VMM out. Natively a thread writes to the
 * same tap and reads from it: what is missing there is virtio.
 */
#include "benchmarks/io/memory.h"
#include "benchmarks/io/tap.h"
#include "benchmarks/io/wire.h"
#include "core/error.h"
#include "vmm/virtio/net.h"
#include "vmm/virtio/vhost.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define REGION_BYTES 0x800000u
#define PING	     64u
#define BURST	     NM_ABI_NET_BURST
#define POLL_NS	     200000u
#define VHOST_NET    "/dev/vhost-net"

struct card {
	struct nm_wire wire; /* who sends back */
	struct nm_net net;
	struct nm_tap tap;
	struct nm_vhost_net vhost;
	struct nm_virtio device;
	struct nm_abi_net *plan;
	void *region;
};

static int start_answering(const struct nm_guest_round *round, struct card *card)
{
	char why[512];

	card->wire.fds[0] = -1;
	card->wire.fds[1] = card->tap.socket;
	card->wire.bytes = card->plan->bytes;
	card->wire.pair.number = 2;
	if (nm_wire_start(&card->wire, round->cpus, why, sizeof(why)))
		return 0;
	return nm_fail(EIO, "%s", why);
}

static int open_vhost(struct card *card)
{
	card->vhost = (struct nm_vhost_net) {nm_vhost_open(VHOST_NET), card->tap.fd};
	if (card->vhost.fd < 0)
		return card->vhost.fd;
	card->device.kind = &nm_vhost_net_kind;
	card->device.own = &card->vhost;
	return 0;
}

static int open_tap(struct nm_guest_round *round, struct card *card)
{
	card->net.fd = card->tap.fd;
	card->device.cpu = round->cpus->ids[1];
	card->device.poll_ns = POLL_NS;
	return nm_net_init(&card->net, &card->device);
}

static int prepare(struct nm_guest_round *round, bool vhost, const struct nm_abi_net *plan)
{
	struct card *card = calloc(1, sizeof(*card));
	int r;

	if (!card)
		return nm_fail(ENOMEM, "out of memory");
	round->own = card;
	card->device.event_fd = card->vhost.fd = -1;
	r = nm_tap_open(&card->tap);
	if (!r)
		r = nm_io_add_memory(round, REGION_BYTES, &card->region);
	if (r)
		return r;
	card->plan = card->region;
	*card->plan = *plan;
	r = start_answering(round, card);
	if (!r)
		r = vhost ? open_vhost(card) : open_tap(round, card);
	return r ? r
		 : nm_virtio_create(&card->device, &round->guest->vm, &round->guest->devices,
				    NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static int prepare_echo(struct nm_guest_round *round)
{
	return prepare(round, false, &(struct nm_abi_net) {.bytes = PING, .burst = 1});
}

static int prepare_stream(struct nm_guest_round *round)
{
	return prepare(round, false,
		       &(struct nm_abi_net) {.bytes = (uint32_t)round->point, .burst = BURST});
}

static int prepare_vhost_echo(struct nm_guest_round *round)
{
	return prepare(round, true, &(struct nm_abi_net) {.bytes = PING, .burst = 1});
}

static int prepare_vhost_halted(struct nm_guest_round *round)
{
	return prepare(round, true, &(struct nm_abi_net) {.bytes = PING, .burst = 1, .halt = 1});
}

static int prepare_vhost_stream(struct nm_guest_round *round)
{
	return prepare(round, true,
		       &(struct nm_abi_net) {.bytes = (uint32_t)round->point, .burst = BURST});
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct card *card = round->own;
	const uint64_t packets = (round->warmup + round->samples) * card->plan->burst;

	if (card->device.broken[0]) {
		snprintf(why, size, "%s", card->device.broken);
		return false;
	}
	if (card->plan->done == packets && !card->plan->wrong)
		return true;
	snprintf(why, size,
		 "%" PRIu64 " of %" PRIu64 " packets came back, %" PRIu64 " of them wrong",
		 card->plan->done, packets, card->plan->wrong);
	return false;
}

static void release(struct nm_guest_round *round)
{
	struct card *card = round->own;

	if (!card)
		return;
	nm_wire_stop(&card->wire);
	if (card->device.kind)
		nm_virtio_destroy(&card->device);
	nm_net_end(&card->device);
	if (card->vhost.fd >= 0)
		close(card->vhost.fd);
	nm_tap_close(&card->tap);
	if (card->region)
		munmap(card->region, REGION_BYTES);
	free(card);
}

static bool native(struct nm_native_round *round, size_t bytes, uint64_t burst, char *why,
		   size_t size)
{
	struct nm_tap tap;
	struct nm_wire wire = {.bytes = bytes, .burst = burst};
	const int r = nm_tap_open(&tap);
	bool right = false;

	wire.fds[0] = tap.fd;
	wire.fds[1] = tap.socket;
	if (!r)
		right = nm_wire_native(round, &wire, why, size);
	else
		snprintf(why, size, "%s", nm_error_last()->text);
	round->unsupported = r == -EOPNOTSUPP;
	round->remedy = round->unsupported ? nm_error_last()->remedy : NULL;
	nm_tap_close(&tap);
	return right;
}

static bool native_echo(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, PING, 1, why, size);
}

static bool native_stream(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, round->point, BURST, why, size);
}

/* Besides the vCPU there are a thread of the VMM or of the kernel, and the one that sends back. */
#define COMMON                                                                                     \
	.group = "io", .payload = "io.net", .version = 1, .threads = 2, .irqchip = true,           \
	.native_cpus = 2, .expect = {.exits_vary = true}, .verify = verify, .release = release,    \
	.native_requires = {"device.tun"}

#define BY_VMM .requires = {"kvm.cap.irqfd", "kvm.cap.ioeventfd", "device.tun"}
#define BY_VHOST                                                                                   \
	.requires = {"kvm.cap.irqfd", "kvm.cap.ioeventfd", "device.tun", "device.vhost_net"}

static const struct nm_axis sizes = {
	.name = "bytes",
	.points = {1500, NM_TAP_PACKET},
	.count = 2,
	.quick = 1,
};

const struct nm_bench nm_bench_io_net_tap_echo = {
	COMMON,
	BY_VMM,
	.name = "io.net.tap.echo",
	.summary = "a packet of 64 bytes to a tap interface and back; the VMM carries it",
	.happens = "As io.net.echo, but the thread of the VMM writes the packet to a tap, where "
		   "another thread gets it by a packet socket, sends it back, and the first reads "
		   "it. Natively a thread writes to the same tap and reads from it.",
	.matters = "The latency of a guest whose network is a tap without vhost-net: Firecracker, "
		   "gVisor's and Cloud Hypervisor's own devices.",
	.cpls = NM_CPL3,
	.single = true,
	.max_samples = 300,
	.prepare = prepare_echo,
	.native = native_echo,
};

const struct nm_bench nm_bench_io_net_tap_stream = {
	COMMON,
	BY_VMM,
	.name = "io.net.tap.stream",
	.summary = "each of 8 packets that are under way to a tap interface and back",
	.happens = "As io.net.tap.echo with 8 packets for one doorbell at most. The longest is "
		   "what a tap takes: 64 KiB less 16 bytes.",
	.matters = "Throughput of such a network: packets per second where they are short, bytes "
		   "per second where they are long.",
	.axis = &sizes,
	.throughput = true,
	.moves_point = true,
	.cpls = NM_CPL3,
	.batch = BURST,
	.max_samples = 50,
	.prepare = prepare_stream,
	.native = native_stream,
};

const struct nm_bench nm_bench_io_net_vhost_echo = {
	COMMON,
	BY_VHOST,
	.name = "io.net.vhost.echo",
	.summary = "a packet of 64 bytes to a tap interface and back; vhost-net carries it",
	.happens = "As io.net.tap.echo, but a thread of the kernel takes the packet from the ring "
		   "of the guest and puts it on the tap, and back: no system call of the VMM. It "
		   "sleeps between packets, and the doorbell wakes it.",
	.matters = "How QEMU, libvirt and Kata connect guests: what vhost-net saves, and on a "
		   "nested host what its wake-ups cost.",
	.cpls = NM_CPL3,
	.single = true,
	.max_samples = 300,
	.against = "io.net.tap.echo",
	.prepare = prepare_vhost_echo,
	.native = native_echo,
};

const struct nm_bench nm_bench_io_net_vhost_echo_halted = {
	COMMON,
	BY_VHOST,
	.name = "io.net.vhost.echo.halted",
	.summary = "the same where the driver awaits the packet in HLT",
	.happens = "As io.net.vhost.echo, and the vCPU halts until vhost-net raises the interrupt "
		   "by its irqfd, from kernel to kernel.",
	.matters = "Ordinary kernels behind vhost-net: remote procedure calls, databases and "
		   "everything else that answers one request at a time.",
	.cpls = NM_CPL0,
	.single = true,
	.max_samples = 300,
	.prepare = prepare_vhost_halted,
};

const struct nm_bench nm_bench_io_net_vhost_stream = {
	COMMON,
	BY_VHOST,
	.name = "io.net.vhost.stream",
	.summary = "each of 8 packets that are under way to a tap interface and back by vhost-net",
	.happens = "As io.net.vhost.echo with 8 packets for one doorbell at most. The longest is "
		   "what a tap takes: 64 KiB less 16 bytes.",
	.matters = "Throughput of guests behind vhost-net: packets per second where they are "
		   "short, bytes per second where they are long.",
	.axis = &sizes,
	.throughput = true,
	.moves_point = true,
	.cpls = NM_CPL3,
	.batch = BURST,
	.max_samples = 50,
	.against = "io.net.tap.stream",
	.prepare = prepare_vhost_stream,
	.native = native_stream,
};
