/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_VMM_H
#define NM_BENCHMARKS_LINUX_VMM_H

struct nm_linux_boot;

/** The same as nm_linux_boot_own(), in the VMM of the order: nothing of it is left afterwards, however it ended. */
void nm_linux_boot_vmm(struct nm_linux_boot *boot);

#endif
