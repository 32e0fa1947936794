/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_IDT_H
#define NM_GUEST_IDT_H

#include "lib.h"

/* For exceptions that operations cause at CPL3 too. */

/** Lets INT3 and INT n use the gate at CPL3. */
static inline void nm_open_gate(uint8_t vector)
{
	*nm_gate(vector) |= 3ull << 45;
}

/** Makes handler that of an open gate. */
static inline void nm_set_open_gate(uint8_t vector, const char *handler)
{
	nm_set_gate(vector, handler);
	nm_open_gate(vector);
}

#endif
