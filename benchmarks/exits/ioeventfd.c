/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The doorbell of virtio: a write that KVM turns into an eventfd signal without leaving to user space
 * (KVM_IOEVENTFD). By what the eventfd was registered for:
 *
 * - any value, of one length: exit.ioeventfd.pio and .mmio;
 * - any value of any length (len 0). A store need not be decoded then, because nothing of it matters but its address: on
 *   VMX an EPT misconfiguration signals at once (handle_ept_misconfig() in arch/x86/kvm/vmx/vmx.c, KVM_FAST_MMIO_BUS).
 *   KVM on SVM still decodes it, which insn_emulation shows;
 * - one value (KVM_IOEVENTFD_FLAG_DATAMATCH). Another one, written once before, leaves to user space.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

static int prepare_pio(struct nm_guest_round *round)
{
	return nm_test_event(round, NM_BUS_PIO);
}

static int prepare_mmio(struct nm_guest_round *round)
{
	return nm_test_event(round, NM_BUS_MMIO);
}

static int prepare_pio_any_length(struct nm_guest_round *round)
{
	return nm_test_event_of(round, NM_BUS_PIO, 0);
}

static int prepare_mmio_any_length(struct nm_guest_round *round)
{
	return nm_test_event_of(round, NM_BUS_MMIO, 0);
}

static int prepare_pio_match(struct nm_guest_round *round)
{
	return nm_test_event_match(round, NM_BUS_PIO);
}

static int prepare_mmio_match(struct nm_guest_round *round)
{
	return nm_test_event_match(round, NM_BUS_MMIO);
}

static bool verify_match(const struct nm_guest_round *round, char *why, size_t size)
{
	if (round->accesses != 1) {
		snprintf(why, size,
			 "%" PRIu64 " writes of another value left to user space, "
			 "expected 1",
			 round->accesses);
		return false;
	}
	return nm_test_event_verify(round, why, size);
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

const struct nm_bench nm_bench_exit_ioeventfd_pio_any_length = {
	.name = "exit.ioeventfd.pio.any_length",
	.group = "exits",
	.summary = "OUT that signals an ioeventfd for writes of any length",
	.happens = "OUT exits to KVM, which finds an ioeventfd registered for that port whatever "
		   "the length, signals it and enters again.",
	.matters =
		"VMMs may register doorbells without a length; at a port nothing is gained by it.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.ioeventfd", "kvm.cap.ioeventfd_any_length"},
	.expect = {.exits = 1},
	.prepare = prepare_pio_any_length,
	.verify = nm_test_event_verify,
};

const struct nm_bench nm_bench_exit_ioeventfd_pio_datamatch = {
	.name = "exit.ioeventfd.pio.datamatch",
	.group = "exits",
	.summary = "OUT that signals an ioeventfd for one value",
	.happens = "OUT exits to KVM, which compares the value with that of the ioeventfd, signals "
		   "it and enters again; other values leave to user space.",
	.matters =
		"One legacy doorbell serves all queues of a device, told apart by what is written.",
	.vmexit = "portio-datamatch-eventfd:pci-io: there a register of the pci-testdev of QEMU",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.ioeventfd"},
	.expect = {.exits = 1},
	.prepare = prepare_pio_match,
	.verify = verify_match,
};

const struct nm_bench nm_bench_exit_ioeventfd_mmio_any_length = {
	.name = "exit.ioeventfd.mmio.any_length",
	.group = "exits",
	.summary = "a store that signals an ioeventfd for writes of any length",
	.happens = "A store exits to KVM. On VMX an EPT misconfiguration signals the eventfd by "
		   "the address alone, and the store is skipped without being decoded; elsewhere "
		   "it is decoded first.",
	.matters = "VMMs register the doorbells of virtio so: what this saves against "
		   "exit.ioeventfd.mmio, each notification saves.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.ioeventfd", "kvm.cap.ioeventfd_any_length"},
	.expect = {.exits = 1},
	.prepare = prepare_mmio_any_length,
	.verify = nm_test_event_verify,
};

const struct nm_bench nm_bench_exit_ioeventfd_mmio_datamatch = {
	.name = "exit.ioeventfd.mmio.datamatch",
	.group = "exits",
	.summary = "a store that signals an ioeventfd for one value",
	.happens = "A store exits to KVM, which decodes it, compares the value with that of the "
		   "ioeventfd, signals it and enters again; other values leave to user space.",
	.matters = "Devices whose queues share one doorbell are told apart by what is written; it "
		   "cannot spare the decoding.",
	.vmexit = "mmio-datamatch-eventfd:pci-mem: there a register of the pci-testdev of QEMU",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.ioeventfd"},
	.expect = {.exits = 1, .insn_emulation = 1},
	.prepare = prepare_mmio_match,
	.verify = verify_match,
};
