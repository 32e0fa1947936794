/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loads and stores where no memory is: an EPT misconfiguration or nested page fault, then KVM decodes the instruction
 * and leaves to the VMM. That decoding is what MMIO costs above port I/O.
 */
#include "benchmarks/bench.h"

static int prepare(struct nm_guest_round *round)
{
	return nm_test_device(round, NM_BUS_MMIO);
}

const struct nm_bench nm_bench_exit_mmio_write = {
	.name = "exit.mmio.write",
	.group = "exits",
	.summary = "a store to MMIO that the VMM serves in user space",
	.happens = "A store where no memory is: an EPT misconfiguration or nested page fault, then "
		   "KVM decodes the instruction and leaves to the VMM.",
	.matters = "Registers of emulated PCI devices are MMIO; the decoding is what they cost "
		   "above ports.",
	.vmexit = "mmio-no-eventfd:pci-mem: there a register of the pci-testdev of QEMU",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1, .user_exits = 1, .insn_emulation = 1},
	.prepare = prepare,
	.verify = nm_test_device_verify_write,
};

const struct nm_bench nm_bench_exit_mmio_write_irqchip = {
	.name = "exit.mmio.write.irqchip",
	.group = "exits",
	.summary = "a store to MMIO in user space in a VM with an in-kernel local APIC",
	.happens = "As exit.mmio.write, with a local APIC in KVM that the entry looks at for "
		   "interrupts.",
	.matters =
		"Nearly all VMs have their APICs there: this is nearer to the exit.mmio.write of a "
		"real guest.",
	.version = 1,
	.payload = "exit.mmio.write",
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 1, .user_exits = 1, .insn_emulation = 1},
	.prepare = prepare,
	.verify = nm_test_device_verify_write,
};

const struct nm_bench nm_bench_exit_mmio_read = {
	.name = "exit.mmio.read",
	.group = "exits",
	.summary = "a load from MMIO that the VMM serves in user space",
	.happens = "A load where no memory is: KVM decodes it, the VMM gives the value, and KVM "
		   "completes the load at the next KVM_RUN.",
	.matters =
		"Interrupt status registers of emulated devices are read once for each interrupt.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1, .user_exits = 1, .insn_emulation = 1},
	.prepare = prepare,
	.verify = nm_test_device_verify_read,
};
