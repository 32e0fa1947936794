/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_LINUX_VDSO_H
#define NM_GUEST_LINUX_VDSO_H

#include "linux/sys.h"

typedef int (*nm_clock_fn)(int clock, struct nm_timespec *time);

/** Remembers where the kernel has put the vDSO: at program start, with the stack that it left. */
void nm_vdso_find(const long *stack);

/** Its clock_gettime(), as the C library calls it; NULL where there is none. */
nm_clock_fn nm_vdso_clock(void);

#endif
