/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TLB and caches. With nested paging (EPT, NPT) KVM intercepts neither INVLPG nor INVPCID. It does intercept WBINVD, and
 * flushes caches only for guests with devices whose DMA is not coherent (kvm_emulate_wbinvd() in arch/x86/kvm/x86.c).
 * WBINVD has no result to check: that it exited is the proof.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

#define FIRST  0x1111u /* what guest-payloads/ops/tlb.c writes to its pages */
#define SECOND 0x2222u

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[0] == FIRST && result[1] == SECOND)
		return true;
	snprintf(why, size, "a page showed %#" PRIx64 ", and %#" PRIx64 " when another was mapped",
		 result[0], result[1]);
	return false;
}

const struct nm_bench nm_bench_exit_invlpg = {
	.name = "exit.invlpg",
	.group = "exits",
	.summary = "INVLPG",
	.happens = "INVLPG drops one translation; with EPT or NPT nothing exits.",
	.matters = "Unmapping a page takes one for each page and CPU; under shadow paging each of "
		   "them exits.",
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify,
};

const struct nm_bench nm_bench_exit_invpcid = {
	.name = "exit.invpcid",
	.group = "exits",
	.summary = "INVPCID of one address",
	.happens = "INVPCID drops the translation of one address of one address space, without an "
		   "exit where paging is nested.",
	.matters = "Kernels with PCIDs and page-table isolation use it where others use INVLPG.",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"cpu.flag.invpcid"},
	.verify = verify,
};

const struct nm_bench nm_bench_exit_wbinvd = {
	.name = "exit.wbinvd",
	.group = "exits",
	.summary = "WBINVD, which KVM does not pass on",
	.happens = "WBINVD exits; unless a device is assigned to the VM, KVM does nothing and "
		   "enters again.",
	.matters = "Drivers of graphics and some firmware write back caches this way.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
};
