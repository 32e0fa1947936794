/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* Leaves for ever, each time with the next value; the VMM measures and stops. */
NM_GUEST_OP("floor.kvm-exit", kvm_exit)
{
	(void)control;
	for (uint8_t value = 1;; value++)
		nm_out8(NM_ABI_PORT_TEST, value);
}
