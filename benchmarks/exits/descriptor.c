/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Descriptor-table registers. KVM intercepts them on VMX only to emulate UMIP on CPUs without it, for guests that set
 * CR4.UMIP (vmx_set_cr4() in arch/x86/kvm/vmx/vmx.c), and never on SVM. Without CR4.UMIP CPL3 may store them
 * too.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_table(const char *name, const uint64_t *result, uint64_t base, uint64_t bytes,
		     char *why, size_t size)
{
	if (result[0] == base && result[1] == bytes - 1)
		return true;
	snprintf(why, size, "the %s is at %#" PRIx64 " with limit %#" PRIx64, name, result[0],
		 result[1]);
	return false;
}

static bool are_tables(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct nm_abi_image *image = &round->guest->payload.header;
	const uint64_t *result = round->control->result;

	return is_table("GDT", result, image->gdt, image->gdt_bytes, why, size) &&
	       is_table("IDT", result + 2, image->idt, image->idt_bytes, why, size);
}

static bool verify_load(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[4] >= result[1] || result[5] >= result[3]) {
		snprintf(why, size, "shorter tables could not be loaded");
		return false;
	}
	return are_tables(round, why, size);
}

static bool verify_store(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[4] != 0 || result[5] != NM_ABI_TSS) {
		snprintf(why, size, "SLDT gave %#" PRIx64 " and STR %#" PRIx64, result[4],
			 result[5]);
		return false;
	}
	return are_tables(round, why, size);
}

const struct nm_bench nm_bench_exit_desc_load = {
	.name = "exit.desc.load",
	.group = "exits",
	.summary = "LGDT and LIDT",
	.happens = "LGDT and LIDT load their registers without an exit, unless KVM has to emulate "
		   "UMIP.",
	.matters = "Kernels load them when a CPU starts and around firmware calls.",
	.version = 1,
	.cpls = NM_CPL0,
	.verify = verify_load,
};

const struct nm_bench nm_bench_exit_desc_store = {
	.name = "exit.desc.store",
	.group = "exits",
	.summary = "SGDT, SIDT, SLDT and STR",
	.happens = "SGDT, SIDT, SLDT and STR store registers without an exit, unless KVM has to "
		   "emulate UMIP.",
	.matters = "Anti-cheat and anti-virus software executes them in user mode.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.verify = verify_store,
};
