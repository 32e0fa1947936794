/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Interrupts that the VMM injects itself in the thread of the vCPU, while the guest waits for an OUT to be served: by
 * KVM_INTERRUPT, as a VMM with an interrupt controller of its own does, and by KVM_NMI. The guest takes them as it goes on, so
 * that they cost one more ioctl than exit.pio.out, and the delivery.
 *
 * Without an in-kernel APIC KVM takes the interrupt that it injects for one that still waits (kvm_cpu_has_extint() in
 * arch/x86/kvm/irq.c says so itself), and makes the guest exit once more, as soon as it has been delivered.
 */
#include "benchmarks/bench.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>

struct injector {
	struct nm_vcpu *vcpu;
	int error;
	uint64_t not_ready;
};

/* api.rst, KVM_INTERRUPT: only when ready_for_interrupt_injection says so. */
static void inject_interrupt(void *context, const struct nm_access *access)
{
	struct injector *injector = context;
	const struct kvm_run *run = injector->vcpu->run;

	(void)access;
	if (!run->ready_for_interrupt_injection || !run->if_flag)
		injector->not_ready++;
	else if (!injector->error)
		injector->error = nm_vcpu_interrupt(injector->vcpu, NM_ABI_VECTOR);
}

static void inject_nmi(void *context, const struct nm_access *access)
{
	struct injector *injector = context;

	(void)access;
	if (!injector->error)
		injector->error = nm_vcpu_nmi(injector->vcpu);
}

static int add_injector(struct nm_guest_round *round, nm_access_fn inject)
{
	struct injector *injector = calloc(1, sizeof(*injector));
	const struct nm_device device = {
		.bus = NM_BUS_PIO,
		.base = NM_ABI_PORT_HOST,
		.bytes = 4,
		.access = inject,
		.context = injector,
	};

	if (!injector)
		return nm_fail(ENOMEM, "out of memory");
	round->own = injector;
	injector->vcpu = &round->guest->vcpus[0];
	return nm_devices_add(&round->guest->devices, device);
}

static int prepare_interrupt(struct nm_guest_round *round)
{
	return add_injector(round, inject_interrupt);
}

static int prepare_nmi(struct nm_guest_round *round)
{
	return add_injector(round, inject_nmi);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct injector *injector = round->own;
	uint64_t came = round->control->result[0];

	if (injector->error)
		snprintf(why, size, "%s", nm_error_last()->text);
	else if (injector->not_ready)
		snprintf(why, size, "%" PRIu64 " times the guest was not ready for an interrupt",
			 injector->not_ready);
	else if (came != round->operations)
		snprintf(why, size, "%" PRIu64 " interrupts came, expected %" PRIu64, came,
			 round->operations);
	return !injector->error && !injector->not_ready && came == round->operations;
}

static void release(struct nm_guest_round *round)
{
	free(round->own);
}

const struct nm_bench nm_bench_irq_ioctl = {
	.name = "irq.ioctl",
	.group = "interrupts",
	.summary = "OUT to the VMM, which injects an interrupt by KVM_INTERRUPT",
	.happens = "OUT leaves to the VMM, which queues a vector by an ioctl and enters again; the "
		   "guest takes the interrupt behind OUT. There is no in-kernel APIC and no EOI, "
		   "but KVM "
		   "makes the guest exit a second time.",
	.matters = "VMMs with interrupt controllers of their own, as for small or unusual "
		   "machines, pay for each interrupt like this.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 2, .user_exits = 1},
	.prepare = prepare_interrupt,
	.verify = verify,
	.release = release,
};

const struct nm_bench nm_bench_irq_nmi_ioctl = {
	.name = "irq.nmi.ioctl",
	.group = "interrupts",
	.summary = "OUT to the VMM, which injects an NMI by KVM_NMI",
	.happens = "OUT leaves to the VMM, which queues an NMI by an ioctl and enters again; the "
		   "guest takes it behind OUT. Without virtual NMIs, as on most SVM, its IRET "
		   "exits too.",
	.matters = "It is how a VMM passes on what its user asks for: an NMI that makes the guest "
		   "write a crash dump.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1, .exits_or = 2, .user_exits = 1},
	.prepare = prepare_nmi,
	.verify = verify,
	.release = release,
};
