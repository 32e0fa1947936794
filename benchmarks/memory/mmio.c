/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where no memory is, the first access to a page is an ordinary nested page fault: KVM looks the slot up, finds none, and
 * writes an entry that the CPU cannot use and that says "MMIO". Further accesses are EPT misconfigurations, or nested page
 * faults for a reserved bit, and KVM knows from that entry alone (handle_mmio_page_fault() in arch/x86/kvm/mmu/mmu.c).
 * The finding kvm.parameter.kvm.mmio_caching says whether it makes such entries: with N both are the same. Besides them each vCPU remembers
 * the last such page; walking round several pages goes past that.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE_SHIFT  12
#define LARGE_BYTES 0x200000u
#define AGAIN_PAGES 16u

/* Gives the number of the page, in which every page differs. */
static void on_access(void *context, const struct nm_access *access)
{
	struct nm_guest_round *round = context;
	uint64_t page = access->address >> PAGE_SHIFT;

	if (access->write || access->bytes != sizeof(uint32_t))
		return;
	memcpy(access->data, &page, access->bytes);
	round->accesses++;
}

static int add_pages(struct nm_guest_round *round, uint64_t pages)
{
	const uint64_t bytes =
		((pages << PAGE_SHIFT) + LARGE_BYTES - 1) / LARGE_BYTES * LARGE_BYTES;
	const struct nm_device device = {
		.bus = NM_BUS_MMIO,
		.base = NM_ABI_MEMORY,
		.bytes = bytes,
		.access = on_access,
		.context = round,
	};
	int r = nm_devices_add(&round->guest->devices, device);

	return r ? r : nm_guest_map(round->guest, NM_ABI_MEMORY, bytes, LARGE_BYTES);
}

static int prepare_first(struct nm_guest_round *round)
{
	return add_pages(round, round->operations);
}

static int prepare_again(struct nm_guest_round *round)
{
	round->control->argument[0] = AGAIN_PAGES;
	return add_pages(round, AGAIN_PAGES);
}

static bool is_right(const struct nm_guest_round *round, uint64_t accesses, uint64_t page,
		     char *why, size_t size)
{
	const uint32_t expected = (uint32_t)((NM_ABI_MEMORY >> PAGE_SHIFT) + page);

	if (round->accesses == accesses && round->control->result[0] == expected)
		return true;
	snprintf(why, size,
		 "the device saw %" PRIu64 " reads of %" PRIu64 "; the last gave %#" PRIx64
		 ", expected %#" PRIx32,
		 round->accesses, accesses, round->control->result[0], expected);
	return false;
}

static bool verify_first(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_right(round, round->operations, round->operations - 1, why, size);
}

static bool verify_again(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_right(round, round->operations + AGAIN_PAGES,
			(round->operations - 1) % AGAIN_PAGES, why, size);
}

const struct nm_bench nm_bench_mem_mmio_first = {
	.name = "mem.mmio.first",
	.group = "memory",
	.summary = "a load from a page of MMIO that was never touched before",
	.happens = "A nested page fault; KVM finds no memory there, writes an entry that says so "
		   "if its parameter mmio_caching is on, decodes the load, and leaves to the VMM.",
	.matters = "Drivers that come up touch each page of their device for the first time, and "
		   "all pages are new again whenever KVM drops its tables.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.single = true,
	.expect = {.exits = 1, .user_exits = 1, .insn_emulation = 1},
	.prepare = prepare_first,
	.verify = verify_first,
};

const struct nm_bench nm_bench_mem_mmio_again = {
	.name = "mem.mmio.again",
	.group = "memory",
	.summary = "a load from one of 16 pages of MMIO that were touched before",
	.happens =
		"An EPT misconfiguration, or a nested page fault for a reserved bit: KVM knows "
		"from its entry that this is MMIO, decodes the load, and leaves to the VMM. With "
		"mmio_caching off it is as mem.mmio.first.",
	.matters = "Every further access to registers of emulated devices goes this way.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.single = true,
	.expect = {.exits = 1, .user_exits = 1, .insn_emulation = 1},
	.prepare = prepare_again,
	.verify = verify_again,
};
