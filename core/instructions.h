/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_INSTRUCTIONS_H
#define NM_CORE_INSTRUCTIONS_H

#include <stddef.h>
#include <stdint.h>

/* Emulators can let the TSC advance with each instruction that is executed: QEMU TCG by -icount, Bochs always. */

/**
 * Ticks of the TSC for each instruction, found out on this CPU now. -EOPNOTSUPP when it is no whole number that is the same
 * for every kind of instruction: the TSC measures time.
 */
int nm_instruction_ticks(uint64_t *out);

/**
 * The whole number of ticks for each of `instructions` that most of the values agree on exactly; 0 when there is none.
 * Sorts the values.
 */
uint64_t nm_agreed_ticks(int64_t *values, size_t count, uint64_t instructions);

#endif
