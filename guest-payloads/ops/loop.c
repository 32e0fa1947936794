/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

NM_GUEST_OP("floor.loop", loop)
{
	NM_MEASURE(control, );
}
