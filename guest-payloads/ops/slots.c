/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* Counts until it is told to stop. */
NM_GUEST_OP("mem.slot.delete.running", slot_delete_running)
{
	struct nm_abi_shared *shared = nm_shared(control);

	while (!shared->stop.value)
		shared->go.value++;
}
