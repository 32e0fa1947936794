/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The doorbell of virtio: a write that KVM turns into an eventfd signal without leaving to user space
 * (KVM_IOEVENTFD). The MMIO form is still decoded by KVM.
 */
#include "benchmarks/bench.h"

static int prepare_pio(struct nm_guest_round *round)
{
	return nm_test_event(round, NM_BUS_PIO);
}

static int prepare_mmio(struct nm_guest_round *round)
{
	return nm_test_event(round, NM_BUS_MMIO);
}

const struct nm_bench nm_bench_exit_ioeventfd_pio = {
	.name = "exit.ioeventfd.pio",
	.group = "exits",
	.summary = "OUT that signals an ioeventfd",
	.happens = "OUT exits to KVM, which finds an ioeventfd registered for the port, "
		   "signals it and enters again.",
	.matters = "This is how a legacy virtio driver rings the doorbell of a queue: another "
		   "thread does the work.",
	.vmexit = "portio-wildcard-eventfd:pci-io: there a register of the pci-testdev of QEMU",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.ioeventfd"},
	.expect = {.exits = 1},
	.prepare = prepare_pio,
	.verify = nm_test_event_verify,
};

const struct nm_bench nm_bench_exit_ioeventfd_mmio = {
	.name = "exit.ioeventfd.mmio",
	.group = "exits",
	.summary = "a store that signals an ioeventfd",
	.happens = "A store exits to KVM, which decodes it, finds the ioeventfd, signals it and "
		   "enters again.",
	.matters = "The doorbell of modern virtio devices; each batch of network packets or disk "
		   "requests begins with one.",
	.vmexit = "mmio-wildcard-eventfd:pci-mem: there a register of the pci-testdev of QEMU",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.ioeventfd"},
	.expect = {.exits = 1, .insn_emulation = 1},
	.prepare = prepare_mmio,
	.verify = nm_test_event_verify,
};
