/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"
#include "virtio.h"

/* Queues of a network device, and the header before each packet (virtio 1.2, 5.1). */
#define DEVICE_ID    1
#define RECEIVE	     0
#define SEND	     1
#define HEADER_BYTES 12

#define FEATURE_EVENT_INDEX (1ull << 29)
#define FEATURE_VERSION_1   (1ull << 32)

/* The queue to receive is always full but for what is being looked at: a device without a buffer drops packets. */
#define RING_SIZE 64
#define PAGE	  4096u

/* Buffers begin here in their page, so that the packet behind the header is aligned. */
#define BUFFER_OFFSET 4u

/* result[0] counts interrupts. */
NM_HANDLER(net_handler, NM_HANDLER_COUNT NM_HANDLER_X2APIC_EOI NM_HANDLER_SKIP_HLT NM_HANDLER_CLI);

struct net {
	struct nm_abi_net *plan;
	struct nm_vring receive, send;
	uint64_t receive_data, send_data; /* stride bytes for each place */
	uint64_t stride;
	uint64_t sent, came; /* packets */
};

static struct net net;

static uint64_t buffer_of(const struct nm_vring *ring, uint32_t place)
{
	return (ring == &net.send ? net.send_data : net.receive_data) + place * net.stride +
	       BUFFER_OFFSET;
}

static volatile uint64_t *packet_of(const struct nm_vring *ring, uint32_t place)
{
	return (volatile uint64_t *)(buffer_of(ring, place) + HEADER_BYTES);
}

static uint64_t last_word(void)
{
	return net.plan->bytes / sizeof(uint64_t) - 1;
}

static struct nm_vring_buffer describe(const struct nm_vring *ring, uint32_t place)
{
	return (struct nm_vring_buffer) {buffer_of(ring, place), HEADER_BYTES + net.plan->bytes,
					 ring == &net.receive};
}

static void offer_free(uint32_t place)
{
	packet_of(&net.receive, place)[0] = 0;
	packet_of(&net.receive, place)[last_word()] = 0;
	nm_vring_offer(&net.receive, place, 0);
}

/* All packets but for their first and last word are those that the places had at the start. */
static void send_one(uint32_t place)
{
	volatile uint64_t *packet = packet_of(&net.send, place);

	packet[0] = nm_abi_word(net.sent, 0);
	packet[last_word()] = nm_abi_word(net.sent, last_word());
	net.sent++;
	nm_vring_offer(&net.send, place, 0);
}

static uint64_t is_right(uint32_t place, uint32_t bytes)
{
	const volatile uint64_t *packet = packet_of(&net.receive, place);

	return bytes == HEADER_BYTES + net.plan->bytes && packet[0] == nm_abi_word(net.came, 0) &&
	       packet[last_word()] == nm_abi_word(net.came, last_word());
}

/* A packet comes back in the order in which it was sent; 0 when the device has broken down. */
static uint64_t receive_one(uint64_t proof)
{
	const uint64_t place_sent = net.came % net.plan->burst;
	uint32_t bytes;
	const int64_t place = nm_vring_await(&net.receive, net.plan->halt, &bytes);
	uint64_t right;

	if (place < 0)
		return 0;
	right = is_right((uint32_t)place, bytes);
	for (uint64_t i = 1; proof && i < last_word(); i++)
		right &= packet_of(&net.receive, (uint32_t)place)[i] == nm_abi_word(place_sent, i);
	net.plan->wrong += !right;
	net.plan->done++;
	net.came++;
	offer_free((uint32_t)place);
	nm_vring_kick(&net.receive, 1);
	return 1;
}

/* As many packets as a burst has, there and back. The buffers that they were sent from are back before they are. */
static uint64_t run_burst(uint64_t proof)
{
	const uint64_t start = nm_tsc();
	uint32_t written;

	for (uint32_t place = 0; place < net.plan->burst; place++)
		send_one(place);
	nm_vring_kick(&net.send, net.plan->burst);
	for (uint32_t i = 0; i < net.plan->burst; i++)
		if (!receive_one(proof))
			return 0;
	for (uint32_t i = 0; i < net.plan->burst; i++)
		nm_vring_await(&net.send, 0, &written);
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
}

static void fill(void)
{
	struct nm_vring_buffer buffer;

	nm_touch(net.receive_data, (RING_SIZE + net.plan->burst) * net.stride);
	for (uint32_t place = 0; place < RING_SIZE; place++) {
		buffer = describe(&net.receive, place);
		nm_vring_describe(&net.receive, place, &buffer);
		offer_free(place);
	}
	for (uint32_t place = 0; place < net.plan->burst; place++) {
		buffer = describe(&net.send, place);
		nm_vring_describe(&net.send, place, &buffer);
		for (uint64_t i = 1; i < last_word(); i++)
			packet_of(&net.send, place)[i] = nm_abi_word(place, i);
	}
}

static void take_interrupts(void)
{
	nm_set_gate(NM_ABI_VECTOR, net_handler);
	nm_x2apic_enable();
	nm_ioapic_route(NM_ABI_VIRTIO_GSI, NM_ABI_VECTOR);
}

static uint64_t open_net(struct nm_abi_control *control)
{
	const uint64_t memory = control->argument[0] + PAGE;
	struct nm_abi_net *plan = (struct nm_abi_net *)control->argument[0];

	net.plan = plan;
	net.stride = (plan->bytes + BUFFER_OFFSET + HEADER_BYTES + PAGE - 1) / PAGE * PAGE;
	net.receive_data = memory + 2 * NM_VRING_BYTES;
	net.send_data = net.receive_data + RING_SIZE * net.stride;
	if (!nm_virtio_begin(NM_ABI_VIRTIO_BASE, DEVICE_ID,
			     FEATURE_EVENT_INDEX | FEATURE_VERSION_1))
		return 0;
	if (plan->halt)
		take_interrupts();
	open_ring(&net.receive, RECEIVE, memory);
	open_ring(&net.send, SEND, memory + NM_VRING_BYTES);
	fill();
	nm_vring_listen(&net.receive, 0);
	nm_vring_listen(&net.send, 0);
	nm_virtio_end(NM_ABI_VIRTIO_BASE);
	return 1;
}

/* Packets that come back to the guest that sent them. */
NM_GUEST_OP("io.net", net_op)
{
	struct nm_abi_net *plan = (struct nm_abi_net *)control->argument[0];

	if (!open_net(control) || !run_burst(1))
		return;
	plan->done = 0;
	NM_MEASURE_TICKS(control, run_burst(0));
}
