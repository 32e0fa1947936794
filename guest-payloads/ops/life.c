/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"
#include "virtio.h"

#define PAGE	  4096u
#define MULTIPLES 1000u

/* A read of a block device, as ops/blk.c has it. */
#define DISK_ID		    2
#define DISK_RING	    4
#define HEADER_BYTES	    16
#define FEATURE_EVENT_INDEX (1ull << 29)
#define FEATURE_VERSION_1   (1ull << 32)

/* result[0] counts interrupts. */
NM_HANDLER(io_handler, NM_HANDLER_COUNT NM_HANDLER_X2APIC_EOI NM_HANDLER_SKIP_HLT NM_HANDLER_CLI);

/* Leaves for ever, and counts twice: in a register, the upper half of what it writes, and in memory, the lower half. */
NM_GUEST_OP("life.count", count)
{
	for (uint32_t value = 1;; value++) {
		control->result[0]++;
		nm_out32(NM_ABI_PORT_TEST, value << 16 | (uint16_t)control->result[0]);
	}
}

/* What neighbours do until they are told to stop; they count in shared->go. */
NM_GUEST_OP("life.neighbour.compute", compute)
{
	struct nm_abi_shared *shared = nm_shared(control);
	uint64_t value = 1;

	while (!shared->stop.value) {
		for (unsigned int i = 0; i < MULTIPLES; i++)
			__asm__ volatile("imulq %0, %0" : "+r"(value) : : "cc");
		shared->go.value++;
	}
	control->result[0] = value;
}

NM_GUEST_OP("life.neighbour.exits", exits)
{
	struct nm_abi_shared *shared = nm_shared(control);

	while (!shared->stop.value) {
		uint32_t a = 0;
		uint32_t c = 0;

		__asm__ volatile("cpuid" : "+a"(a), "+c"(c) : : "ebx", "edx");
		shared->go.value++;
	}
}

/* argument[0]: bytes at NM_ABI_MEMORY, which the host takes back when all of them have been written to. */
NM_GUEST_OP("life.neighbour.faults", faults)
{
	struct nm_abi_shared *shared = nm_shared(control);
	uint64_t at = 0;

	while (!shared->stop.value) {
		*(volatile uint64_t *)(NM_ABI_MEMORY + at) = at;
		shared->go.value++;
		at += PAGE;
		if (at < control->argument[0])
			continue;
		nm_out32(NM_ABI_PORT_HOST, 0);
		at = 0;
	}
}

static uint64_t open_disk(struct nm_vring *ring, uint64_t header)
{
	const struct nm_vring_buffer buffers[] = {
		{header, HEADER_BYTES, 0},
		{header + PAGE, PAGE, 1},
		{header + HEADER_BYTES, 1, 1},
	};

	if (!nm_virtio_begin(ring->base, DISK_ID, FEATURE_EVENT_INDEX | FEATURE_VERSION_1))
		return 0;
	nm_set_gate(NM_ABI_VECTOR, io_handler);
	nm_x2apic_enable();
	nm_ioapic_route(NM_ABI_VIRTIO_GSI, NM_ABI_VECTOR);
	nm_touch(header, 2 * PAGE);
	nm_vring_begin(ring);
	nm_virtio_end(ring->base);
	nm_vring_describe(ring, 0, buffers);
	return 1;
}

/* argument[0]: memory for the ring and a request; argument[1]: pages of the device, of which each read takes one. */
NM_GUEST_OP("life.neighbour.io", io)
{
	struct nm_abi_shared *shared = nm_shared(control);
	struct nm_vring ring = {.base = NM_ABI_VIRTIO_BASE,
				.size = DISK_RING,
				.buffers = NM_VRING_BUFFERS,
				.memory = control->argument[0]};
	volatile uint64_t *header = (volatile uint64_t *)(ring.memory + NM_VRING_BYTES);
	uint64_t at = 0;
	uint32_t written;

	if (!open_disk(&ring, (uint64_t)header))
		return;
	while (!shared->stop.value) {
		header[1] = at * (PAGE / NM_ABI_SECTOR);
		at = (at + 1) % control->argument[1];
		nm_vring_offer(&ring, 0, 0);
		nm_vring_kick(&ring, 1);
		if (nm_vring_await(&ring, 1, &written) < 0)
			return;
		shared->go.value++;
	}
}
