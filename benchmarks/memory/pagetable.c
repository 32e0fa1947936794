/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a guest's kernel does to its own page tables. With EPT or NPT these tables belong to the guest, and none of it leaves:
 * INVLPG and #PF are not intercepted. With shadow paging KVM follows each change of an entry, by a write that faults
 * or by the INVLPG behind it. There is no native partner, since no process writes page tables: mem.process.* does the same by system calls.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

/* What must have been counted: writes and faults of the loop, and of the write behind it. */
static bool is_right(const struct nm_guest_round *round, uint64_t faults, uint64_t late, char *why,
		     size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[0] == round->operations && result[1] == faults &&
	    result[2] == round->operations + 1 && result[3] == faults + late)
		return true;
	snprintf(why, size,
		 "the page was written %" PRIu64 " times with %" PRIu64 " faults, then %" PRIu64
		 " with %" PRIu64 "; expected %" PRIu64 " with %" PRIu64 " and %" PRIu64,
		 result[0], result[1], result[2], result[3], round->operations, faults,
		 faults + late);
	return false;
}

static bool verify_unmapped(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_right(round, 0, 1, why, size);
}

static bool verify_mapped(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_right(round, 0, 0, why, size);
}

static bool verify_fault(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_right(round, round->operations, 0, why, size);
}

const struct nm_bench nm_bench_mem_pt_map = {
	.name = "mem.pt.map",
	.group = "memory",
	.summary = "a guest maps a page of 4 KiB: the entry, and the first write through it",
	.happens =
		"A store makes an entry of the guest's page table present; the next access walks "
		"both dimensions of tables and sets the accessed and dirty bits. Nothing exits "
		"with EPT or NPT.",
	.matters =
		"Each page fault of a process in the guest ends so; under shadow paging it is an "
		"exit.",
	.version = 1,
	.cpls = NM_CPL0,
	.single = true,
	.verify = verify_unmapped,
};

const struct nm_bench nm_bench_mem_pt_unmap = {
	.name = "mem.pt.unmap",
	.group = "memory",
	.summary = "a guest unmaps a page of 4 KiB: the entry cleared, and INVLPG",
	.happens =
		"A store clears an entry of the guest's page table and INVLPG drops what the TLB "
		"has of it, without an exit.",
	.matters = "Freeing memory in the guest does it for each page, on each CPU.",
	.version = 1,
	.cpls = NM_CPL0,
	.single = true,
	.verify = verify_unmapped,
};

const struct nm_bench nm_bench_mem_pt_cycle = {
	.name = "mem.pt.cycle",
	.group = "memory",
	.summary = "a guest maps a page, writes to it, unmaps it, and executes INVLPG",
	.happens = "mem.pt.map and mem.pt.unmap back to back, without an exit.",
	.matters =
		"Temporary mappings of kernels, and processes that come and go, are such cycles.",
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify_unmapped,
};

const struct nm_bench nm_bench_mem_pt_protect = {
	.name = "mem.pt.protect",
	.group = "memory",
	.summary = "a guest makes a page read-only, then writable, with INVLPG each, and writes",
	.happens =
		"Two stores to an entry of the guest's page table with an INVLPG each; the write "
		"at the end walks both dimensions of tables. Nothing exits.",
	.matters = "fork(), garbage collectors and JIT compilers change the protection of pages.",
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify_mapped,
};

const struct nm_bench nm_bench_mem_pt_fault = {
	.name = "mem.pt.fault",
	.group = "memory",
	.summary = "a guest makes a page read-only, writes, and resolves the page fault",
	.happens = "The write to the read-only page raises #PF inside the guest; its handler makes "
		   "the page writable, executes INVLPG and returns. Nothing exits with EPT or NPT.",
	.matters = "Copy on write after fork() is this; under shadow paging KVM takes the fault, "
		   "walks the guest's tables and passes it on.",
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify_fault,
};
