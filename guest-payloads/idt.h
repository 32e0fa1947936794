/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_IDT_H
#define NM_GUEST_IDT_H

#include "abi.h"

/* For operations that run at CPL3 too, where SIDT need not tell the truth: the header of the image says where the IDT is. */

/** The low half of the gate of a vector (SDM vol. 3, 64-bit IDT gate descriptors). */
static inline volatile uint64_t *nm_gate(uint8_t vector)
{
	const volatile struct nm_abi_image *image = (const struct nm_abi_image *)NM_ABI_IMAGE_BASE;

	return (volatile uint64_t *)(image->idt + 16ull * vector);
}

/** Lets INT3 and INT n use the gate at CPL3. */
static inline void nm_open_gate(uint8_t vector)
{
	*nm_gate(vector) |= 3ull << 45;
}

/** Makes handler that of an open gate. All handlers lie below 4 GiB. */
static inline void nm_set_open_gate(uint8_t vector, const char *handler)
{
	uint64_t at = (uint64_t)handler;

	*nm_gate(vector) = (at & 0xffff) | (uint64_t)NM_ABI_KERNEL_CS << 16 | 0x8eull << 40 |
			   (at >> 16 & 0xffff) << 48;
	nm_open_gate(vector);
}

#endif
