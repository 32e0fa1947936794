/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes that KVM collects in a ring until the VMM comes by (KVM_REGISTER_COALESCED_MMIO): an exit, but none to user
 * space while the ring has room, which is 169 writes (virt/kvm/coalesced_mmio.c). Here the guest itself has the ring's
 * page as memory, looks for each write in it and takes it out, so that it never fills up; those few loads and stores are
 * in the time.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>

#define PAGE 4096u

/* What the payload's own declaration of it says. */
_Static_assert(offsetof(struct kvm_coalesced_mmio_ring, coalesced_mmio) == 8 &&
		       sizeof(struct kvm_coalesced_mmio) == 24 &&
		       offsetof(struct kvm_coalesced_mmio, data) == 16,
	       "the ring of coalesced writes");

static int map_ring(struct nm_guest_round *round)
{
	struct nm_vm *vm = &round->guest->vm;
	size_t at = (size_t)nm_kvm_capability(vm->kvm, KVM_CAP_COALESCED_MMIO) * PAGE;
	unsigned char *run = (unsigned char *)round->guest->vcpus[0].run;

	return nm_vm_add_mapped(vm, NM_ABI_MMIO_RING, PAGE, run + at, 0);
}

static int prepare_pio(struct nm_guest_round *round)
{
	int r = nm_vm_coalesce(&round->guest->vm, NM_BUS_PIO, NM_ABI_PORT_COALESCED, 1);

	return r ? r : map_ring(round);
}

static int prepare_mmio(struct nm_guest_round *round)
{
	int r = nm_vm_coalesce(&round->guest->vm, NM_BUS_MMIO, NM_ABI_MMIO_COALESCED, 4);

	return r ? r : map_ring(round);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t found = round->control->result[0];

	if (found == round->operations)
		return true;
	snprintf(why, size, "%" PRIu64 " writes were in the ring, expected %" PRIu64, found,
		 round->operations);
	return false;
}

const struct nm_bench nm_bench_exit_coalesced_pio = {
	.name = "exit.coalesced.pio",
	.group = "exits",
	.summary = "OUT that KVM collects in a ring for the VMM",
	.happens = "OUT exits to KVM, which puts port and value into a ring in memory and enters "
		   "again; a VMM reads the ring when it comes by.",
	.matters = "Device registers whose writes have no effect at once, such as the index of the "
		   "RTC, are given to KVM so.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.coalesced_mmio", "kvm.cap.coalesced_pio"},
	.expect = {.exits = 1},
	.prepare = prepare_pio,
	.verify = verify,
};

const struct nm_bench nm_bench_exit_coalesced_mmio = {
	.name = "exit.coalesced.mmio",
	.group = "exits",
	.summary = "a store that KVM collects in a ring for the VMM",
	.happens = "A store exits to KVM, which decodes it, puts address and value into a ring in "
		   "memory and enters again.",
	.matters = "VMMs use it for frame buffers and network cards that they emulate: many "
		   "writes, one trip to user space.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.coalesced_mmio"},
	.expect = {.exits = 1, .insn_emulation = 1},
	.prepare = prepare_mmio,
	.verify = verify,
};
