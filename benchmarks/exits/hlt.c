/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * HLT without an in-kernel irqchip: KVM leaves to the VMM with KVM_EXIT_HLT, which enters again at once. What an idle
 * guest does many times a second, without the wait.
 *
 * With the irqchip KVM itself halts the vCPU, and wakes it at once, because an interrupt waits: the VMM holds a line of
 * the 8259A high. That interrupt enters the guest together with it, and is returned from. So this is HLT, the way through
 * KVM's halting, and one injected interrupt, without the time that a host's scheduler would add. It exits once: the
 * 8259A ends interrupts by itself here, and no APIC takes part, virtualized by the CPU or not.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

static int prepare(struct nm_guest_round *round)
{
	round->guest->resume_halt = true;
	return 0;
}

static int prepare_irqchip(struct nm_guest_round *round)
{
	return nm_vm_irq_line(&round->guest->vm, NM_ABI_IRQ_HELD, true);
}

static bool verify_irqchip(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t came = round->control->result[0];

	if (came == round->operations)
		return true;
	snprintf(why, size, "%" PRIu64 " interrupts came, expected %" PRIu64, came,
		 round->operations);
	return false;
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
	.summary = "HLT inside KVM, which an interrupt that waits ends at once",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 1},
	.prepare = prepare_irqchip,
	.verify = verify_irqchip,
};
