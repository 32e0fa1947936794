/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_MEMORY_BACKED_H
#define NM_BENCHMARKS_MEMORY_BACKED_H

#include "benchmarks/bench.h"
#include "benchmarks/memory/region.h"

/* Memory for operations that walk all of it: there before the loop, and in pages of the size that they are about. */

/**
 * Maps a region of at least that many bytes, whole pages of 2 MiB, and has the host find the memory. -EOPNOTSUPP with a remedy where it cannot
 * be had, or where transparent huge pages were asked for and not given.
 */
int nm_backed_map(struct nm_region *region, enum nm_backing backing, uint64_t bytes);

/** The same as the memory of a guest at NM_ABI_MEMORY, in guest pages of that size; round->own is the region. */
int nm_backed_prepare(struct nm_guest_round *round, enum nm_backing backing, uint64_t bytes,
		      uint64_t page_bytes);

/** The region of a round that nm_backed_prepare() prepared. */
const struct nm_region *nm_backed_region(const struct nm_guest_round *round);

/** Its .release. */
void nm_backed_release(struct nm_guest_round *round);

/** The same for a native side; false with why, and the round unsupported where that is the machine's lack. */
bool nm_backed_native(struct nm_native_round *round, struct nm_region *region,
		      enum nm_backing backing, uint64_t bytes, char *why, size_t size);

#endif
