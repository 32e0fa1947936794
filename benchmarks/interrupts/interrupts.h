/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_INTERRUPTS_H
#define NM_BENCHMARKS_INTERRUPTS_H

#include "benchmarks/bench.h"

/* Shared by the families of this group, in interrupts.c. */

/** True when result[0], which handlers count in, is the number of operations. */
bool nm_interrupts_verify(const struct nm_guest_round *round, char *why, size_t size);

/** A .configure that lets no halted vCPU be polled for. */
int nm_interrupts_never_poll(const struct nm_vm *vm);

/** Ticks of the guest's TSC in ns; 0 where KVM does not tell its frequency. */
uint64_t nm_interrupts_ticks(const struct nm_guest_round *round, uint64_t ns);

/** That it does not, as an error with a remedy: -EOPNOTSUPP. */
int nm_interrupts_no_ticks(void);

/**
 * For a guest at CPL3: one of KVM's MSRs gets the address of a structure of up to 64 bytes, the line of vCPU 0, and is enabled.
 */
int nm_interrupts_set_page(const struct nm_guest *guest, uint32_t msr);

#endif
