/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_CLOCK_H
#define NM_CORE_CLOCK_H

#include "core-arch/tsc.h"

#include <stddef.h>
#include <stdint.h>

#define NM_NS_PER_S  1000000000ull
#define NM_NS_PER_MS 1000000ull

/** CLOCK_MONOTONIC_RAW in nanoseconds: not slewed by NTP, the clock that the TSC is checked against. */
uint64_t nm_clock_raw_ns(void);

/** CLOCK_MONOTONIC in nanoseconds, for budgets and time limits. */
uint64_t nm_clock_ns(void);

/** The frequency of this machine's TSC in kHz, measured against CLOCK_MONOTONIC_RAW for 20 ms. */
uint64_t nm_tsc_khz(void);

/** Now in UTC as RFC 3339, such as 2026-01-05T02:17:09Z. */
void nm_time_rfc3339(char *out, size_t size);

/** Now in UTC in the basic format of file names, such as 20260105T021709Z. */
void nm_time_basic(char *out, size_t size);

/** A random (version 4) UUID as text; size at least 37. -errno when the kernel gives no random bytes. */
int nm_uuid(char *out, size_t size);

#endif
