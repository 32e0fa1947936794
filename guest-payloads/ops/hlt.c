/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* Without an in-kernel irqchip HLT leaves to the VMM, which simply enters again. */
NM_GUEST_OP("exit.hlt", hlt)
{
	NM_MEASURE(control, __asm__ volatile("hlt" : : : "memory"));
}
