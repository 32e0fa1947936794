/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

NM_GUEST_OP("exit.pio.out", pio_out)
{
	NM_MEASURE(control, nm_out8(NM_ABI_PORT_TEST, NM_ABI_TEST_BYTE));
}

/* result[0]: the last value read. */
NM_GUEST_OP("exit.pio.in", pio_in)
{
	uint8_t last = 0;

	NM_MEASURE(control, (last = nm_in8(NM_ABI_PORT_TEST)));
	control->result[0] = last;
}

/* The mask register keeps what was written to it. result[0]: the last value read. */
NM_GUEST_OP("exit.pio.in.kernel", pio_in_kernel)
{
	uint8_t last = 0;

	nm_out8(NM_ABI_PORT_PIC, (uint8_t)control->argument[0]);
	NM_MEASURE(control, (last = nm_in8(NM_ABI_PORT_PIC)));
	control->result[0] = last;
}
