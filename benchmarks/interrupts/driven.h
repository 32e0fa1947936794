/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_INTERRUPTS_DRIVEN_H
#define NM_BENCHMARKS_INTERRUPTS_DRIVEN_H

#include "benchmarks/bench.h"

/* What drivers that interrupt a guest (guest-payloads/ops/target.c) have in common. */

/** SDM vol. 3, message signalled interrupts: to APIC 0, physical; the delivery mode is in bits 8 to 10 of the data. */
#define MSI_ADDRESS 0xfee00000u
#define MSI_NMI	    0x400u

/** KVM's halting begins within this time after the guest has gone on. */
#define HALTING_NS 40000u

struct nm_interrupter {
	int (*interrupt)(struct nm_guest_round *round); /* -errno with a text */
	bool (*settle)(
		struct nm_guest_round *round); /* before the next; false: the guest has ended */
};

/** A sample is the time from before the interrupt is caused until its handler has counted it. */
bool nm_interrupt_samples(struct nm_guest_round *round, const struct nm_interrupter *how, char *why,
			  size_t size);

/** Until the guest is halted, or as good as that. */
bool nm_settle_halted(struct nm_guest_round *round);

/** True when the guest has counted as many interrupts as there were operations. */
bool nm_driven_verify(const struct nm_guest_round *round, char *why, size_t size);

#endif
