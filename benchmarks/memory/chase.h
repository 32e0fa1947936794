/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_MEMORY_CHASE_H
#define NM_BENCHMARKS_MEMORY_CHASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Writes the cycle of pointers that the guest function mem.chase follows into all lines of so many bytes, a power of two.
 * base is where whoever follows it sees them.
 */
void nm_chase_write(unsigned char *host, uint64_t bytes, uint64_t base);

/** Whether so many steps from base lead to `got`; says why not. */
bool nm_chase_ends_right(uint64_t bytes, uint64_t base, uint64_t steps, uint64_t got, char *why,
			 size_t size);

#endif
