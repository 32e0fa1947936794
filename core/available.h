/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_AVAILABLE_H
#define NM_CORE_AVAILABLE_H

#include "core/root.h"

#include <stdint.h>

/**
 * Bytes of memory that this process can have without swapping: MemAvailable, which does not know of control groups, or what the
 * limits of these still leave, if that is less. 0 when /proc/meminfo does not say.
 */
uint64_t nm_available_bytes(const struct nm_root *root);

#endif
