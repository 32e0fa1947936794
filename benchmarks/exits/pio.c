/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Port I/O: OUT and IN that leave to the VMM in user space, and IN that KVM's own 8259A or 8254 answers. The difference
 * between the two ways of IN is the price of the way to user space and back; the 8254 also reads the host's clock and
 * divides it. The port that nobody claims is looked for among the devices inside KVM, before it leaves to user space.
 *
 * Strings are decoded by KVM. REP INSB reads ahead, all at one exit (emulator_pio_in() and pio_in_emulated()
 * in arch/x86/kvm); REP OUTSB leaves with each byte alone, and enters the guest again between them (em_out()).
 * Behind the last byte the guest is entered at the same instruction, whose count is 0 then: it exits once more, on a CPU
 * that looks at the port first and at the count second.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

#define INTERRUPT_MASK 0xa5u
#define MASK_CHANGE    0x0fu
#define STRING_BYTES   ((uint64_t)NM_ABI_STRING_BYTES)

static int prepare(struct nm_guest_round *round)
{
	return nm_test_device(round, NM_BUS_PIO);
}

static int prepare_kernel(struct nm_guest_round *round)
{
	round->control->argument[0] = INTERRUPT_MASK;
	round->control->argument[1] = MASK_CHANGE;
	return 0;
}

static bool is_mask(const struct nm_guest_round *round, unsigned int expected, char *why,
		    size_t size)
{
	if (round->control->result[0] == expected)
		return true;
	snprintf(why, size, "the 8259A gave mask %#" PRIx64 ", expected %#x",
		 round->control->result[0], expected);
	return false;
}

static bool verify_kernel(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_mask(round, INTERRUPT_MASK, why, size);
}

/* Each write has changed the mask, so an odd number of them has. */
static bool verify_out_kernel(const struct nm_guest_round *round, char *why, size_t size)
{
	unsigned int change = round->operations % 2 ? MASK_CHANGE : 0;

	return is_mask(round, INTERRUPT_MASK ^ change, why, size);
}

/* Bytes of a string as they come, in any number at once: accesses counts those that are next. */
static void take_string(void *context, const struct nm_access *access)
{
	struct nm_guest_round *round = context;
	const unsigned char *bytes = access->data;

	for (uint32_t i = 0; access->write && i < access->bytes * access->count; i++)
		if (bytes[i] == (unsigned char)(NM_ABI_TEST_BYTE + round->accesses % STRING_BYTES))
			round->accesses++;
}

static void give_string(void *context, const struct nm_access *access)
{
	struct nm_guest_round *round = context;
	unsigned char *bytes = access->data;

	for (uint32_t i = 0; !access->write && i < access->bytes * access->count; i++)
		bytes[i] = (unsigned char)(NM_ABI_TEST_BYTE + round->accesses++ % STRING_BYTES);
}

static int add_string(struct nm_guest_round *round, nm_access_fn access)
{
	const struct nm_device device = {
		.bus = NM_BUS_PIO,
		.base = NM_ABI_PORT_TEST,
		.bytes = 1,
		.access = access,
		.context = round,
	};

	return nm_devices_add(&round->guest->devices, device);
}

static int prepare_outsb(struct nm_guest_round *round)
{
	return add_string(round, take_string);
}

static int prepare_insb(struct nm_guest_round *round)
{
	return add_string(round, give_string);
}

static bool verify_outsb(const struct nm_guest_round *round, char *why, size_t size)
{
	if (round->accesses == round->operations * STRING_BYTES)
		return true;
	snprintf(why, size, "%" PRIu64 " bytes came as they were sent, expected %" PRIu64,
		 round->accesses, round->operations * STRING_BYTES);
	return false;
}

static bool verify_insb(const struct nm_guest_round *round, char *why, size_t size)
{
	if (round->control->result[0] != STRING_BYTES) {
		snprintf(why, size, "%" PRIu64 " of %d bytes came as they were sent",
			 round->control->result[0], NM_ABI_STRING_BYTES);
		return false;
	}
	return verify_outsb(round, why, size);
}

static bool verify_pit(const struct nm_guest_round *round, char *why, size_t size)
{
	if (round->control->result[0])
		return true;
	snprintf(why, size, "the 8254 gave the same count again and again");
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
	.vmexit = "portio-no-eventfd:pci-io: there a register of the pci-testdev of QEMU",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare,
	.verify = nm_test_device_verify_write,
};

const struct nm_bench nm_bench_exit_pio_out_irqchip = {
	.name = "exit.pio.out.irqchip",
	.group = "exits",
	.summary = "OUT to user space in a VM with an in-kernel local APIC",
	.happens =
		"As exit.pio.out, with a local APIC in KVM that the entry looks at for interrupts.",
	.matters = "Nearly all VMs have their APICs there: this is nearer to the exit.pio.out of a "
		   "real guest.",
	.version = 1,
	.payload = "exit.pio.out",
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
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
	.vmexit = "inl_from_pmtimer: there four bytes of the ACPI timer, a device of QEMU",
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

const struct nm_bench nm_bench_exit_pio_out_kernel = {
	.name = "exit.pio.out.kernel",
	.group = "exits",
	.summary = "OUT to the 8259A inside KVM",
	.happens = "OUT exits to KVM, whose own 8259A takes the value; user space is not involved.",
	.matters =
		"Guests that still mask and end interrupts at the 8259A, and boot loaders, write "
		"it often.",
	.vmexit = "outl_to_kernel: there the ELCR at 4D0h of the same 8259A",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 1},
	.prepare = prepare_kernel,
	.verify = verify_out_kernel,
};

const struct nm_bench nm_bench_exit_pio_in_pit = {
	.name = "exit.pio.in.pit",
	.group = "exits",
	.summary = "IN from a counter of the 8254 inside KVM",
	.happens = "IN exits to KVM, whose own 8254 reads the clock of the host, divides it down "
		   "to the count and answers.",
	.matters = "Guests that calibrate their TSC or delay loops by the 8254, at boot above all, "
		   "read it in a loop.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.irqchip", "kvm.cap.pit2"},
	.irqchip = true,
	.pit = true,
	.expect = {.exits = 1},
	.verify = verify_pit,
};

const struct nm_bench nm_bench_exit_pio_outsb = {
	.name = "exit.pio.outsb",
	.group = "exits",
	.summary = "REP OUTSB of 16 bytes, each of which leaves to the VMM",
	.happens = "REP OUTSB exits and is decoded by KVM, which leaves to the VMM with each byte "
		   "alone and enters the guest again between them.",
	.matters = "A loader or a debug console that writes strings to a port pays for each byte.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = NM_ABI_STRING_BYTES + 1,
		   .exits_or = NM_ABI_STRING_BYTES,
		   .user_exits = NM_ABI_STRING_BYTES,
		   .insn_emulation = NM_ABI_STRING_BYTES + 1},
	.prepare = prepare_outsb,
	.verify = verify_outsb,
};

const struct nm_bench nm_bench_exit_pio_insb = {
	.name = "exit.pio.insb",
	.group = "exits",
	.summary = "REP INSB of 16 bytes, which leaves to the VMM once",
	.happens =
		"REP INSB exits and is decoded by KVM, which asks the VMM for all bytes at once.",
	.matters =
		"Drivers of old disks, and loaders that read from fw_cfg by ports, depend on it.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 2, .exits_or = 1, .user_exits = 1, .insn_emulation = 2},
	.prepare = prepare_insb,
	.verify = verify_insb,
};

const struct nm_bench nm_bench_exit_pio_in_unclaimed = {
	.name = "exit.pio.in.unclaimed",
	.group = "exits",
	.summary = "IN from a port that no device inside KVM claims, served in user space",
	.happens = "IN exits to KVM, which searches its own devices for the port, finds none and "
		   "leaves to the VMM.",
	.matters = "Guests probe ports of devices that are not there; those that are, in user "
		   "space, are reached the same way.",
	.vmexit = "inl_from_qemu: there four bytes, of port 1234h",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.irqchip", "kvm.cap.pit2"},
	.irqchip = true,
	.pit = true,
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare,
	.verify = nm_test_device_verify_read,
};
