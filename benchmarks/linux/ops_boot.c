/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How long a Linux guest takes to boot. A round is one boot, which is its only sample; all stages of a boot are of the same one. It
 * begins when the VMM does: for nestmark's own with the making of the VM, the kernel already in its memory and unpacked; for others
 * with the start of their process. The init is the agent, which has nothing to do.
 */
#include "benchmarks/bench.h"

static const struct nm_axis memory = {
	.name = "bytes",
	.points = {512ull << 20, 1ull << 30, 4ull << 30, 16ull << 30},
	.count = 4,
	.usual = 2,
	.quick = 1,
};

#define BOOT                                                                                       \
	.group = "linux", .version = 1, .axis = &memory, .asked = true,                            \
	.requires = {"guest.linux"}, .expect = {.exits_vary = true}, .single = true,               \
	.max_samples = 1

const struct nm_bench nm_bench_linux_boot_first_line = {
	.name = "linux.boot.first-line",
	.linux_guest = NM_LINUX_CONSOLE,
	.payload = "first-line",
	BOOT,
	.summary = "from the start of the VMM to the first line of the kernel, its version",
	.happens = "The VM is made, the kernel loaded and entered, by PVH or the 64-bit protocol, "
		   "and prints by earlyprintk, each byte an exit.",
	.matters = "Functions, CI, sandboxes that start a VM for each piece of work.",
};

const struct nm_bench nm_bench_linux_boot_init = {
	.name = "linux.boot.init",
	.linux_guest = NM_LINUX_CONSOLE,
	.payload = "init",
	BOOT,
	.summary = "from the start of the VMM to the first line of init, all messages of the "
		   "kernel on the serial console",
	.happens = "The kernel initialises itself and its drivers and starts init; each byte of "
		   "its messages is an exit.",
	.matters = "Functions, CI, sandboxes that start a VM for each piece of work.",
};

const struct nm_bench nm_bench_linux_boot_off = {
	.name = "linux.boot.off",
	.linux_guest = NM_LINUX_CONSOLE,
	.payload = "off",
	BOOT,
	.summary = "from the start of the VMM to its end: boot, init, power-off by ACPI",
	.happens = "As linux.boot.init; then the kernel shuts down, and the VMM gives the guest's "
		   "memory back.",
	.matters = "Functions, CI, sandboxes that start a VM for each piece of work.",
};

const struct nm_bench nm_bench_linux_boot_quiet_init = {
	.name = "linux.boot.quiet.init",
	.linux_guest = NM_LINUX_QUIET,
	.payload = "init",
	BOOT,
	.summary = "the same to the first line of init, without messages of the kernel",
	.happens = "As linux.boot.init, less the console: the difference is what a talkative guest "
		   "pays.",
	.matters = "Functions, CI, sandboxes that start a VM for each piece of work.",
};

const struct nm_bench nm_bench_linux_boot_quiet_off = {
	.name = "linux.boot.quiet.off",
	.linux_guest = NM_LINUX_QUIET,
	.payload = "off",
	BOOT,
	.summary = "the same to the end of the VMM, without messages of the kernel",
	.happens = "As linux.boot.off, less the console.",
	.matters = "Functions, CI, sandboxes that start a VM for each piece of work.",
};
