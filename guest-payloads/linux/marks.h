/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_LINUX_MARKS_H
#define NM_GUEST_LINUX_MARKS_H

/* What the init of a proving Linux guest writes to the console, with the kernel's release behind it. */
#define NM_LINUX_MARK "nestmark: user space of Linux "

#endif
