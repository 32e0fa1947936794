/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"

NM_HANDLER(count, NM_HANDLER_COUNT);

#define NMI_VECTOR 2

/* result[0]: how many interrupts came. */
NM_GUEST_OP("irq.ioctl", by_ioctl)
{
	nm_set_gate(NM_ABI_VECTOR, count);
	__asm__ volatile("sti");
	NM_MEASURE(control, nm_out32(NM_ABI_PORT_HOST, 1));
	__asm__ volatile("cli");
}

NM_GUEST_OP("irq.nmi.ioctl", nmi_by_ioctl)
{
	nm_set_gate(NMI_VECTOR, count);
	NM_MEASURE(control, nm_out32(NM_ABI_PORT_HOST, 1));
}
