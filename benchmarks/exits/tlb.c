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
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify,
};

const struct nm_bench nm_bench_exit_invpcid = {
	.name = "exit.invpcid",
	.group = "exits",
	.summary = "INVPCID of one address",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"cpu.flag.invpcid"},
	.verify = verify,
};

const struct nm_bench nm_bench_exit_wbinvd = {
	.name = "exit.wbinvd",
	.group = "exits",
	.summary = "WBINVD, which KVM does not pass on",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
};
