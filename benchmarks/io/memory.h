/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_IO_MEMORY_H
#define NM_BENCHMARKS_IO_MEMORY_H

#include "benchmarks/bench.h"

/**
 * Memory for the rings and buffers of a driver, at NM_ABI_MEMORY, which argument[0] then is. It is there before the guest begins,
 * and stays when the guest is gone, as threads of devices look into it until .release ends them: then munmap() it.
 */
int nm_io_add_memory(struct nm_guest_round *round, size_t bytes, void **out);

#endif
