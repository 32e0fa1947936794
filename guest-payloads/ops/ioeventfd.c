/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

NM_GUEST_OP("exit.ioeventfd.pio", ioeventfd_pio)
{
	NM_MEASURE(control, nm_out8(NM_ABI_PORT_EVENT, 1));
}
