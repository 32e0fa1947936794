/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Interrupts that another thread of the host causes by an ioctl: an MSI, and an NMI by an MSI of that delivery mode. KVM_NMI
 * itself waits for KVM_RUN to return (irq.nmi.ioctl), so that a VMM must first kick the vCPU out.
 */
#include "benchmarks/interrupts/driven.h"

static int signal_msi(struct nm_guest_round *round)
{
	return nm_vm_signal_msi(&round->guest->vm, MSI_ADDRESS, NM_ABI_VECTOR);
}

static int signal_nmi(struct nm_guest_round *round)
{
	return nm_vm_signal_msi(&round->guest->vm, MSI_ADDRESS, MSI_NMI);
}

static bool drive_msi(struct nm_guest_round *round, char *why, size_t size)
{
	const struct nm_interrupter how = {.interrupt = signal_msi};

	return nm_interrupt_samples(round, &how, why, size);
}

static bool drive_nmi(struct nm_guest_round *round, char *why, size_t size)
{
	const struct nm_interrupter how = {.interrupt = signal_nmi};

	return nm_interrupt_samples(round, &how, why, size);
}

const struct nm_bench nm_bench_irq_msi_spinning = {
	.name = "irq.msi.spinning",
	.group = "interrupts",
	.summary = "an MSI by KVM_SIGNAL_MSI to a vCPU that runs",
	.happens = "Another thread of the host delivers an MSI by an ioctl and kicks the vCPU, "
		   "which exits, takes the interrupt, and exits again for EOI; with posted "
		   "interrupts or AVIC it does neither.",
	.matters = "Devices that a VMM emulates in user space interrupt guests like this when it "
		   "does not use irqfds.",
	.version = 1,
	.payload = "target.spinning",
	.cpls = NM_CPL3,
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.signal_msi"},
	.irqchip = true,
	.expect = {.exits = 0, .exits_or = 2},
	.drive = drive_msi,
	.verify = nm_driven_verify,
};

const struct nm_bench nm_bench_irq_nmi_spinning = {
	.name = "irq.nmi.spinning",
	.group = "interrupts",
	.summary = "an NMI from another thread to a vCPU that runs",
	.happens = "Another thread of the host delivers an MSI of the delivery mode NMI; the vCPU "
		   "is kicked, exits, and takes the NMI. Without virtual NMIs, as on most SVM, its "
		   "IRET exits too, so that KVM knows when the next may come.",
	.matters = "Watchdogs, profilers and crash dumps stop the CPUs of a guest by NMIs.",
	.version = 1,
	.payload = "target.spinning",
	.cpls = NM_CPL3,
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.signal_msi"},
	.irqchip = true,
	.expect = {.exits = 1, .exits_or = 2},
	.drive = drive_nmi,
	.verify = nm_driven_verify,
};
