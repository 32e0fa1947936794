/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "virtio.h"

/* Queues of a socket device, and the header of its packets (virtio 1.2, 5.10). Nothing comes by the queue of events here. */
#define DEVICE_ID    19
#define RECEIVE	     0
#define SEND	     1
#define HEADER_BYTES 44
#define HOST_CID     2
#define TYPE_STREAM  1
#define PORT	     1024u    /* of the guest */
#define ROOM	     0x40000u /* that it says it has for what comes */

enum { OP_REQUEST = 1, OP_RESPONSE, OP_RESET, OP_SHUTDOWN, OP_DATA, OP_CREDIT };

#define FEATURE_EVENT_INDEX (1ull << 29)
#define FEATURE_VERSION_1   (1ull << 32)

#define RING_SIZE 16
#define PAGE	  4096u

/* Buffers begin here in their page, so that the data behind the header is aligned. */
#define BUFFER_OFFSET 4u

struct header {
	uint64_t source_cid, target_cid;
	uint32_t source_port, target_port;
	uint32_t bytes;
	uint16_t type, op;
	uint32_t flags;
	uint32_t room;
	uint32_t taken; /* bytes of all that came */
} __attribute__((packed));

_Static_assert(sizeof(struct header) == HEADER_BYTES, "virtio 1.2, 5.10.6");

struct vsock {
	struct nm_abi_vsock *plan;
	struct nm_vring receive, send;
	uint64_t receive_data, send_data; /* a page for each place */
	uint64_t sent;
	uint32_t taken;
};

static struct vsock vsock;

static volatile struct header *header_of(uint64_t data, uint32_t place)
{
	return (volatile struct header *)(data + (uint64_t)place * PAGE + BUFFER_OFFSET);
}

static volatile uint64_t *data_of(volatile struct header *header)
{
	return (volatile uint64_t *)(header + 1);
}

/* The buffer that it is sent from comes back before the answer is looked for. */
static void send(uint16_t op, uint32_t bytes)
{
	volatile struct header *header = header_of(vsock.send_data, 0);
	uint32_t written;

	header->bytes = bytes;
	header->op = op;
	header->taken = vsock.taken;
	nm_vring_offer(&vsock.send, 0, 0);
	nm_vring_kick(&vsock.send, 1);
	nm_vring_await(&vsock.send, 0, &written);
}

static void offer(uint32_t place)
{
	nm_vring_offer(&vsock.receive, place, 0);
	nm_vring_kick(&vsock.receive, 1);
}

/* The next packet of that kind: its place; -1 when the other side ends the connection. What tells of credit is passed over. */
static int64_t receive(uint16_t op)
{
	for (;;) {
		uint32_t written;
		const int64_t place = nm_vring_await(&vsock.receive, 0, &written);
		uint16_t got;

		if (place < 0)
			return -1;
		got = header_of(vsock.receive_data, (uint32_t)place)->op;
		if (got == op)
			return place;
		offer((uint32_t)place);
		if (got == OP_RESET || got == OP_SHUTDOWN)
			return -1;
	}
}

/* Words there and back. */
static uint64_t ping(void)
{
	volatile uint64_t *words = data_of(header_of(vsock.send_data, 0));
	const uint32_t bytes = vsock.plan->bytes;
	const uint64_t last = bytes / sizeof(uint64_t) - 1;
	const uint64_t start = nm_tsc();
	volatile struct header *header;
	int64_t place;

	words[0] = nm_abi_word(vsock.sent, 0);
	words[last] = nm_abi_word(vsock.sent, last);
	send(OP_DATA, bytes);
	place = receive(OP_DATA);
	if (place < 0)
		return 0;
	header = header_of(vsock.receive_data, (uint32_t)place);
	words = data_of(header);
	vsock.plan->wrong += header->bytes != bytes || words[0] != nm_abi_word(vsock.sent, 0) ||
			     words[last] != nm_abi_word(vsock.sent, last);
	vsock.plan->done++;
	vsock.sent++;
	vsock.taken += bytes;
	offer((uint32_t)place);
	return nm_tsc() - start;
}

static void open_ring(struct nm_vring *ring, uint32_t number, uint64_t memory)
{
	*ring = (struct nm_vring) {
		.base = NM_ABI_VIRTIO_BASE,
		.number = number,
		.size = RING_SIZE,
		.buffers = 1,
		.memory = memory,
	};
	nm_vring_begin(ring);
	nm_vring_listen(ring, 0);
}

static void fill(void)
{
	const uint32_t bytes = HEADER_BYTES + vsock.plan->bytes;
	volatile struct header *header = header_of(vsock.send_data, 0);
	struct nm_vring_buffer buffer = {(uint64_t)header, bytes, 0};

	nm_touch(vsock.receive_data, (RING_SIZE + 1) * PAGE);
	nm_vring_describe(&vsock.send, 0, &buffer);
	*header = (struct header) {.source_cid = vsock.plan->cid,
				   .target_cid = HOST_CID,
				   .source_port = PORT,
				   .target_port = vsock.plan->port,
				   .type = TYPE_STREAM,
				   .room = ROOM};
	for (uint32_t place = 0; place < RING_SIZE; place++) {
		header = header_of(vsock.receive_data, place);
		buffer = (struct nm_vring_buffer) {(uint64_t)header, bytes, 1};
		nm_vring_describe(&vsock.receive, place, &buffer);
		nm_vring_offer(&vsock.receive, place, 0);
	}
}

static uint64_t open_vsock(struct nm_abi_control *control)
{
	const uint64_t memory = control->argument[0] + PAGE;
	int64_t place;

	vsock.plan = (struct nm_abi_vsock *)control->argument[0];
	vsock.receive_data = memory + 2 * NM_VRING_BYTES;
	vsock.send_data = vsock.receive_data + RING_SIZE * PAGE;
	if (!nm_virtio_begin(NM_ABI_VIRTIO_BASE, DEVICE_ID,
			     FEATURE_EVENT_INDEX | FEATURE_VERSION_1))
		return 0;
	open_ring(&vsock.receive, RECEIVE, memory);
	open_ring(&vsock.send, SEND, memory + NM_VRING_BYTES);
	fill();
	nm_virtio_end(NM_ABI_VIRTIO_BASE);
	nm_vring_kick(&vsock.receive, RING_SIZE);
	send(OP_REQUEST, 0);
	place = receive(OP_RESPONSE);
	if (place < 0)
		return 0;
	offer((uint32_t)place);
	return 1;
}

/* Bytes by a stream socket to the host, which sends them back. */
NM_GUEST_OP("io.vsock", vsock_op)
{
	struct nm_abi_vsock *plan = (struct nm_abi_vsock *)control->argument[0];

	if (!open_vsock(control) || !ping())
		return;
	plan->done = 0;
	NM_MEASURE_TICKS(control, ping());
}
