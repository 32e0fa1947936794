/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/virtio/net.h"

#include "core/error.h"

#include <errno.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

/* Queues of the device. */
#define RECEIVE	     0u
#define SEND	     1u
#define HEADER_BYTES sizeof(struct virtio_net_hdr_v1)

/* The thread of a device empties what wakes it by a read, which would take a packet: an epoll instance has nothing to read. */
static int watch(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	const int watcher = epoll_create1(EPOLL_CLOEXEC);

	if (watcher < 0)
		return nm_fail(errno, "epoll_create1: %s", strerror(errno));
	if (!epoll_ctl(watcher, EPOLL_CTL_ADD, fd, &event))
		return watcher;
	close(watcher);
	return nm_fail(errno, "epoll_ctl: %s", strerror(errno));
}

int nm_net_init(struct nm_net *net, struct nm_virtio *device)
{
	int r = net->fd < 0 ? -1 : watch(net->fd);

	if (net->fd >= 0 && r < 0)
		return r;
	device->kind = &nm_net_kind;
	device->own = net;
	device->event_fd = r;
	return 0;
}

void nm_net_end(struct nm_virtio *device)
{
	if (device->event_fd >= 0)
		close(device->event_fd);
	device->event_fd = -1;
}

static void config(const struct nm_virtio *device, uint32_t offset, void *out, uint32_t bytes)
{
	const struct nm_net *net = device->own;
	struct virtio_net_config all = {0};

	memcpy(all.mac, net->mac, sizeof(net->mac));
	if (offset < sizeof(all))
		memcpy(out, (const char *)&all + offset,
		       bytes < sizeof(all) - offset ? bytes : sizeof(all) - offset);
}

/* The buffers of a packet, which lies behind the header. */
static int packet_of(const struct nm_chain *chain, struct iovec *out)
{
	uint64_t skip = HEADER_BYTES;
	int count = 0;

	for (unsigned int i = 0; i < chain->count; i++) {
		const struct nm_buffer *buffer = &chain->buffers[i];
		const uint64_t from = skip < buffer->bytes ? skip : buffer->bytes;

		skip -= from;
		if (buffer->bytes > from)
			out[count++] = (struct iovec) {buffer->host + from, buffer->bytes - from};
	}
	return count;
}

/* What the driver wants to send: 1 when there is something. */
static int take_sent(struct nm_virtio *device)
{
	struct nm_net *net = device->own;
	struct virtio_net_hdr_v1 header;
	int r;

	if (net->holds_sent)
		return 1;
	r = nm_virtio_next(device, SEND, &net->out);
	if (r <= 0)
		return r;
	if (nm_chain_readable(&net->out) <= HEADER_BYTES || net->out.readable != net->out.count)
		return nm_fail(EPROTO, "a packet without content, or to write to");
	nm_chain_read(&net->out, 0, &header, sizeof(header));
	if (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM ||
	    header.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		return nm_fail(EPROTO, "an offload, which was not offered");
	net->holds_sent = true;
	return 1;
}

/* A buffer for what is received: 1 when there is one. */
static int take_free(struct nm_virtio *device)
{
	struct nm_net *net = device->own;
	int r;

	if (net->holds_free)
		return 1;
	r = nm_virtio_next(device, RECEIVE, &net->in);
	if (r <= 0)
		return r;
	if (nm_chain_writable(&net->in) < HEADER_BYTES || net->in.readable)
		return nm_fail(EPROTO, "a buffer to receive that has no room for a header");
	net->holds_free = true;
	return 1;
}

static void give_sent(struct nm_virtio *device)
{
	struct nm_net *net = device->own;

	nm_virtqueue_push(&device->queues[SEND], &net->out, 0);
	net->holds_sent = false;
}

static void give_received(struct nm_virtio *device, size_t bytes)
{
	static const struct virtio_net_hdr_v1 header = {.num_buffers = 1};
	struct nm_net *net = device->own;

	nm_chain_write(&net->in, 0, &header, sizeof(header));
	nm_virtqueue_push(&device->queues[RECEIVE], &net->in, (uint32_t)(HEADER_BYTES + bytes));
	net->holds_free = false;
	net->received++;
}

/* From buffers to buffers of the guest, which may overlap. */
static void copy_packet(const struct nm_net *net, uint64_t bytes)
{
	unsigned char part[2048];

	for (uint64_t at = HEADER_BYTES; at < HEADER_BYTES + bytes; at += sizeof(part))
		nm_chain_write(&net->in, at, part,
			       nm_chain_read(&net->out, at, part, sizeof(part)));
}

/* What the guest sends comes back: 1 when there was something. */
static int reflect(struct nm_virtio *device)
{
	struct nm_net *net = device->own;
	const uint64_t bytes = nm_chain_readable(&net->out) - HEADER_BYTES;
	int r = take_free(device);

	if (r < 0)
		return r;
	net->sent++;
	if (r && bytes <= NM_NET_PACKET_MAX &&
	    bytes <= nm_chain_writable(&net->in) - HEADER_BYTES) {
		copy_packet(net, bytes);
		give_sent(device);
		give_received(device, bytes);
	} else {
		net->dropped++;
		give_sent(device);
	}
	return 1;
}

/* The other side takes no more for now, or the kernel has no memory for it: that passes. */
static bool passes(int code)
{
	return code == EAGAIN || code == EINTR || code == ENOBUFS || code == ENOMEM;
}

/* 0 while the packet stays. */
static int write_packet(struct nm_virtio *device)
{
	struct nm_net *net = device->own;
	struct iovec packet[NM_CHAIN_MAX];
	const int count = packet_of(&net->out, packet);
	ssize_t done = -1;

	errno = EMSGSIZE;
	if (nm_chain_readable(&net->out) - HEADER_BYTES <= NM_NET_PACKET_MAX)
		done = writev(net->fd, packet, count);
	if (done < 0 && passes(errno))
		return 0;
	net->sent++;
	net->dropped += done < 0;
	give_sent(device);
	return 1;
}

static int send_packet(struct nm_virtio *device)
{
	const struct nm_net *net = device->own;
	const int r = take_sent(device);

	if (r <= 0)
		return r;
	return net->fd < 0 ? reflect(device) : write_packet(device);
}

/* One byte more than there is room for: what fills it is too long. */
static int receive_packet(struct nm_virtio *device)
{
	struct nm_net *net = device->own;
	struct iovec packet[NM_CHAIN_MAX + 1];
	unsigned char beyond;
	uint64_t room = 0;
	int count = 0;
	ssize_t done;
	int r = take_free(device);

	if (r < 0)
		return r;
	if (r) {
		count = packet_of(&net->in, packet);
		room = nm_chain_writable(&net->in) - HEADER_BYTES;
	}
	packet[count++] = (struct iovec) {&beyond, 1};
	done = readv(net->fd, packet, count);
	if (!done || (done < 0 && passes(errno)))
		return 0;
	if (done < 0)
		return nm_fail(errno, "reading a packet: %s", strerror(errno));
	if (r && (uint64_t)done <= room)
		give_received(device, (size_t)done);
	else
		net->dropped++;
	return 1;
}

/* As long as there is something, but no longer than a queue is: the caller looks whether it is to stop. */
static int repeat(struct nm_virtio *device, int (*step)(struct nm_virtio *device))
{
	unsigned int count = 0;
	int r = 1;

	while (r > 0 && count < NM_QUEUE_MAX) {
		r = step(device);
		count += r > 0;
	}
	return r < 0 ? r : count > 0;
}

static int serve(struct nm_virtio *device)
{
	const struct nm_net *net = device->own;
	const int sent = repeat(device, send_packet);
	int received = 0;
	int r = 0;

	if (sent >= 0 && net->fd >= 0)
		received = repeat(device, receive_packet);
	if (sent < 0 || received < 0)
		return sent < 0 ? sent : received;
	for (unsigned int i = 0; !r && i < device->kind->queues; i++)
		r = nm_virtio_interrupt(device, i);
	return r ? r : sent || received || net->holds_sent;
}

static void quiesce(struct nm_virtio *device)
{
	struct nm_net *net = device->own;

	net->holds_sent = net->holds_free = false;
}

const struct nm_virtio_kind nm_net_kind = {
	.name = "virtio-net",
	.id = VIRTIO_ID_NET,
	.features = 1ull << VIRTIO_NET_F_MAC,
	.queues = 2,
	.config = config,
	.serve = serve,
	.quiesce = quiesce,
};
