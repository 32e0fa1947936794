/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* Leaves for ever, and counts twice: in a register, the upper half of what it writes, and in memory, the lower half. */
NM_GUEST_OP("life.count", count)
{
	for (uint32_t value = 1;; value++) {
		control->result[0]++;
		nm_out32(NM_ABI_PORT_TEST, value << 16 | (uint16_t)control->result[0]);
	}
}
