/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "abi.h"

/* What start.S and canary.S say in numbers. */
NM_ABI_ASSERT(NM_ABI_IMAGE_MAGIC == 0x64616f6c79617031ull && NM_ABI_VERSION == 2);
NM_ABI_ASSERT(NM_ABI_PORT_FAULT == 0x6e2 && NM_ABI_PORT_DONE == 0x6e1);
NM_ABI_ASSERT(NM_ABI_CPU_STACK3_TOP == 0x8000 && NM_ABI_IMAGE_BASE == 0x10000);
NM_ABI_ASSERT(NM_ABI_CALL_RAX == 2);
NM_ABI_ASSERT(NM_ABI_KERNEL_CS == 0x10 && NM_ABI_USER_CS == 0x33 && NM_ABI_USER_DS == 0x2b);
NM_ABI_ASSERT(offsetof(struct nm_abi_control, result) == 112);
