/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* linux/kvm.h, struct kvm_coalesced_mmio_ring: what KVM has collected lies from first to last. */
struct ring {
	uint32_t first;
	uint32_t last;
	struct {
		uint64_t address;
		uint32_t bytes;
		uint32_t pio;
		uint8_t data[8];
	} writes[];
};

/* Takes the one write out of the ring; 1 when it is this one. Reading memory is all that it costs. */
static inline uint64_t take(uint64_t address, uint8_t value)
{
	volatile struct ring *ring = (volatile struct ring *)(uint64_t)NM_ABI_MMIO_RING;
	uint32_t at = ring->first;
	uint64_t right = ring->writes[at].address == address && ring->writes[at].data[0] == value;

	ring->first = ring->last;
	return right && at != ring->first;
}

/* result[0]: how many writes were found in the ring. Each has another value than the one before. */
NM_GUEST_OP("exit.coalesced.pio", coalesced_pio)
{
	uint64_t found = 0;
	uint8_t value = 0;

	NM_MEASURE(control, {
		nm_out8(NM_ABI_PORT_COALESCED, ++value);
		found += take(NM_ABI_PORT_COALESCED, value);
	});
	control->result[0] = found;
}

NM_GUEST_OP("exit.coalesced.mmio", coalesced_mmio)
{
	uint64_t found = 0;
	uint32_t value = 0;

	NM_MEASURE(control, {
		++value;
		__asm__ volatile("movl %0, (%1)"
				 :
				 : "r"(value), "r"((uint64_t)NM_ABI_MMIO_COALESCED)
				 : "memory");
		found += take(NM_ABI_MMIO_COALESCED, (uint8_t)value);
	});
	control->result[0] = found;
}
