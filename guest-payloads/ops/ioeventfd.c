/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

NM_GUEST_OP("exit.ioeventfd.pio", ioeventfd_pio)
{
	NM_MEASURE(control, nm_out8(NM_ABI_PORT_EVENT, 1));
}

NM_GUEST_OP("exit.ioeventfd.pio.any_length", ioeventfd_pio_any_length)
{
	NM_MEASURE(control, nm_out8(NM_ABI_PORT_EVENT, 1));
}

/* Another value first, which must not signal. */
NM_GUEST_OP("exit.ioeventfd.pio.datamatch", ioeventfd_pio_datamatch)
{
	nm_out8(NM_ABI_PORT_EVENT, 1);
	NM_MEASURE(control, nm_out8(NM_ABI_PORT_EVENT, NM_ABI_TEST_BYTE));
}
