/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * HLT without an in-kernel irqchip: KVM leaves to the VMM with KVM_EXIT_HLT, which enters again at once. What an idle
 * guest does many times a second, without the wait.
 *
 * With the irqchip KVM itself halts the vCPU. An idle guest sets a timer, halts, is woken and ends the interrupt; so does
 * this one, with a timer that is over at once: HLT, the way through KVM's halting, an injected interrupt and two accesses
 * to the local APIC, without the time that a host's scheduler adds. It exits for the timer, for HLT, by the interrupt
 * window that KVM opened while the interrupt could not come yet, and for EOI. Where the CPU virtualizes the APIC (APICv,
 * AVIC), only the first two are left.
 */
#include "benchmarks/interrupts/interrupts.h"

static int prepare(struct nm_guest_round *round)
{
	round->guest->resume_halt = true;
	return 0;
}

const struct nm_bench nm_bench_exit_hlt = {
	.name = "exit.hlt",
	.group = "exits",
	.summary = "HLT that leaves to the VMM",
	.happens = "HLT exits, and without an in-kernel APIC KVM leaves to the VMM, which enters "
		   "again at once.",
	.matters = "Each time a vCPU has nothing to do it halts: idle and latency-bound guests "
		   "live on this path.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare,
};

const struct nm_bench nm_bench_exit_hlt_irqchip = {
	.name = "exit.hlt.irqchip",
	.group = "exits",
	.summary = "a timer that is over at once, HLT inside KVM, the interrupt and its EOI",
	.happens = "A store sets the timer of the local APIC, HLT exits and halts the vCPU inside "
		   "KVM, the interrupt wakes it at once and is ended; the interrupt window and EOI "
		   "exit too, unless the CPU virtualizes the APIC.",
	.matters = "An idle guest does this at each timer tick: what is left here, when nobody "
		   "waits, is what idling costs the CPU.",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 4, .exits_or = 2, .insn_emulation = 2},
	.verify = nm_interrupts_verify,
};
