/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Port I/O: OUT and IN that leave to the VMM in user space, and IN that KVM's own 8259A answers. The difference between
 * the two INs is the price of the way to user space and back.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

#define INTERRUPT_MASK 0xa5u

static int prepare(struct nm_guest_round *round)
{
	return nm_test_device(round, NM_BUS_PIO);
}

static int prepare_kernel(struct nm_guest_round *round)
{
	round->control->argument[0] = INTERRUPT_MASK;
	return 0;
}

static bool verify_kernel(const struct nm_guest_round *round, char *why, size_t size)
{
	if (round->control->result[0] == INTERRUPT_MASK)
		return true;
	snprintf(why, size, "the 8259A gave mask %#" PRIx64 ", expected %#x",
		 round->control->result[0], INTERRUPT_MASK);
	return false;
}

const struct nm_bench nm_bench_exit_pio_out = {
	.name = "exit.pio.out",
	.group = "exits",
	.summary = "OUT to a port that the VMM serves in user space",
	.happens = "OUT exits to KVM, which finds no device of its own and leaves KVM_RUN; the VMM "
		   "takes the value and calls KVM_RUN again.",
	.matters = "Serial consoles, ACPI and all devices that a VMM emulates in user space are "
		   "reached this way.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare,
	.verify = nm_test_device_verify_write,
};

const struct nm_bench nm_bench_exit_pio_in = {
	.name = "exit.pio.in",
	.group = "exits",
	.summary = "IN from a port that the VMM serves in user space",
	.happens = "IN exits to KVM and on to the VMM, whose value KVM puts into the register at "
		   "the next KVM_RUN.",
	.matters = "Reading a device costs the same way and cannot be deferred: the guest waits "
		   "for the value.",
	.vmexit = "inl_from_qemu: there four bytes of port 1234h, which no device of QEMU claims",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare,
	.verify = nm_test_device_verify_read,
};

const struct nm_bench nm_bench_exit_pio_in_kernel = {
	.name = "exit.pio.in.kernel",
	.group = "exits",
	.summary = "IN from the 8259A inside KVM",
	.happens = "IN exits to KVM, whose own 8259A answers; user space is not involved.",
	.matters = "Beside exit.pio.in it shows what the way to user space and back adds.",
	.vmexit = "inl_from_kernel: there the ELCR at 4D0h of the same 8259A",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 1},
	.prepare = prepare_kernel,
	.verify = verify_kernel,
};
