/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes between a guest and a process of its host by a stream socket (vsock(7)), which the kernel carries (vhost-vsock). Natively the
 * same two sockets, both of this machine (vsock_loopback).
 */
#include "benchmarks/io/memory.h"
#include "benchmarks/io/wire.h"
#include "core/error.h"
#include "vmm/virtio/vhost.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define REGION_BYTES 0x100000u
#define PING	     64u

struct line {
	struct nm_pair pair; /* who answers */
	int listener;
	struct nm_vhost_vsock vsock;
	struct nm_virtio device;
	struct nm_abi_vsock *plan;
	void *region;
};

static int listen_anywhere(int *fd, uint32_t *port)
{
	struct sockaddr_vm address = {.svm_family = AF_VSOCK,
				      .svm_cid = VMADDR_CID_ANY,
				      .svm_port = VMADDR_PORT_ANY};
	socklen_t bytes = sizeof(address);

	*fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return nm_fail_remedy(EOPNOTSUPP, "modprobe vhost_vsock", "AF_VSOCK: %s",
				      strerror(errno));
	if (bind(*fd, (const struct sockaddr *)&address, sizeof(address)) || listen(*fd, 1) ||
	    getsockname(*fd, (struct sockaddr *)&address, &bytes))
		return nm_fail(errno, "a vsock that listens: %s", strerror(errno));
	*port = address.svm_port;
	return 0;
}

static void send_back(const struct nm_pair *pair, int fd)
{
	char bytes[PING];
	const ssize_t count = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (count <= 0)
		__builtin_ia32_pause();
	while (count > 0 && !nm_pair_stopped(pair) &&
	       send(fd, bytes, (size_t)count, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		__builtin_ia32_pause();
}

static void answer(struct nm_pair *pair)
{
	const struct line *line = (const struct line *)(const void *)pair;
	int fd = -1;

	while (fd < 0 && !nm_pair_stopped(pair))
		fd = accept4(line->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (!nm_pair_stopped(pair))
		send_back(pair, fd);
	if (fd >= 0)
		close(fd);
}

static int start_answering(const struct nm_guest_round *round, struct line *line)
{
	const struct nm_native_round cpus = {.cpus = round->cpus};
	char why[512];

	line->pair.number = 2;
	line->pair.run = answer;
	if (!nm_pair_start(&line->pair, &cpus, why, sizeof(why)))
		return nm_fail(EIO, "%s", why);
	return 0;
}

static int prepare(struct nm_guest_round *round)
{
	struct line *line = calloc(1, sizeof(*line));
	int r;

	if (!line)
		return nm_fail(ENOMEM, "out of memory");
	round->own = line;
	line->listener = line->vsock.fd = line->device.event_fd = -1;
	r = nm_io_add_memory(round, REGION_BYTES, &line->region);
	if (!r)
		r = nm_vhost_vsock_open(&line->vsock);
	if (r)
		return r;
	line->plan = line->region;
	line->plan->cid = line->vsock.cid;
	line->plan->bytes = PING;
	r = listen_anywhere(&line->listener, &line->plan->port);
	if (!r)
		r = start_answering(round, line);
	line->device.kind = &nm_vhost_vsock_kind;
	line->device.own = &line->vsock;
	return r ? r
		 : nm_virtio_create(&line->device, &round->guest->vm, &round->guest->devices,
				    NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct line *line = round->own;
	const uint64_t expected = round->warmup + round->samples;

	if (line->device.broken[0]) {
		snprintf(why, size, "%s", line->device.broken);
		return false;
	}
	if (line->plan->done == expected && !line->plan->wrong)
		return true;
	snprintf(why, size, "%" PRIu64 " of %" PRIu64 " answers came, %" PRIu64 " of them wrong",
		 line->plan->done, expected, line->plan->wrong);
	return false;
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void release(struct nm_guest_round *round)
{
	struct line *line = round->own;

	if (!line)
		return;
	if (line->pair.started && !line->pair.error)
		nm_pair_stop(&line->pair);
	if (line->device.vm)
		nm_virtio_destroy(&line->device);
	close_one(line->listener);
	close_one(line->vsock.fd);
	if (line->region)
		munmap(line->region, REGION_BYTES);
	free(line);
}

/* Natively */

static int connect_to(uint32_t port, int *fd)
{
	const struct sockaddr_vm address = {.svm_family = AF_VSOCK,
					    .svm_cid = VMADDR_CID_LOCAL,
					    .svm_port = port};

	*fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && !connect(*fd, (const struct sockaddr *)&address, sizeof(address)) &&
	    !fcntl(*fd, F_SETFL, O_NONBLOCK))
		return 0;
	return nm_fail_remedy(EOPNOTSUPP, "modprobe vsock_loopback", "a vsock of this machine: %s",
			      strerror(errno));
}

static int open_pair(int *fds)
{
	uint32_t port = 0;
	int listener;
	int r = listen_anywhere(&listener, &port);

	if (!r)
		r = connect_to(port, &fds[0]);
	if (!r) {
		fds[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		r = fds[1] < 0 ? nm_fail(errno, "a vsock that accepts: %s", strerror(errno)) : 0;
	}
	close_one(listener);
	return r;
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	struct nm_wire wire = {.fds = {-1, -1}, .bytes = PING, .burst = 1};
	const int r = open_pair(wire.fds);
	bool right = false;

	if (!r)
		right = nm_wire_native(round, &wire, why, size);
	else
		snprintf(why, size, "%s", nm_error_last()->text);
	round->unsupported = r == -EOPNOTSUPP;
	round->remedy = round->unsupported ? nm_error_last()->remedy : NULL;
	close_one(wire.fds[0]);
	close_one(wire.fds[1]);
	return right;
}

const struct nm_bench nm_bench_io_vsock_echo = {
	.name = "io.vsock.echo",
	.group = "io",
	.summary = "64 bytes by a vsock to a process of the host and back",
	.happens = "The driver puts a packet of the connection into its queue, and its doorbell "
		   "wakes the kernel's thread of vhost-vsock, which hands the bytes to a socket "
		   "of the host; a thread there spins, and sends them back. Natively two vsocks "
		   "of this machine by vsock_loopback.",
	.matters = "Agents in guests: Kata's, Firecracker's and Podman's commands, logs and port "
		   "forwards go this way.",
	.version = 1,
	.payload = "io.vsock",
	.cpls = NM_CPL3,
	.threads = 2,
	.native_cpus = 2,
	.irqchip = true,
	.single = true,
	.max_samples = 300,
	.expect = {.exits_vary = true},
	.requires = {"kvm.cap.irqfd", "kvm.cap.ioeventfd", "device.vhost_vsock"},
	.prepare = prepare,
	.verify = verify,
	.release = release,
	.native = native,
};
