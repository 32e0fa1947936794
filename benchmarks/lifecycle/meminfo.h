/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LIFECYCLE_MEMINFO_H
#define NM_BENCHMARKS_LIFECYCLE_MEMINFO_H

#include <stdint.h>

/** A line of /proc/meminfo in bytes; 0 when it is not there. */
uint64_t nm_meminfo_bytes(const char *name);

/** Resident memory of this process in bytes. */
uint64_t nm_resident_bytes(void);

#endif
