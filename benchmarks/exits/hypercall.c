/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * VMCALL (Intel) or VMMCALL (AMD) with a number that KVM does not know: -KVM_ENOSYS at CPL0, -KVM_EPERM at CPL3
 * (kvm_emulate_hypercall() in arch/x86/kvm/x86.c). On software KVMs it may never return at CPL0.
 *
 * Of the numbers that KVM knows, KVM_HC_VAPIC_POLL_IRQ does nothing, KVM_HC_KICK_CPU looks for the vCPU by the number of
 * its local APIC and wakes it, and KVM_HC_SCHED_YIELD gives the rest of this time slice to one; both are called for the caller
 * itself. Where a VMM has enabled KVM_CAP_ENFORCE_PV_FEATURE_CPUID, these two must be in CPUID 40000001h.
 *
 * The other vendor's instruction raises #UD, which KVM intercepts, decodes and answers by writing this vendor's
 * instruction over it (emulator_fix_hypercall(); KVM_X86_QUIRK_FIX_HYPERCALL_INSN): the guest comes back as a hypercall.
 */
#include "benchmarks/bench.h"

#include "core/cpuid.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm_para.h>
#include <stdio.h>
#include <string.h>

#define UNKNOWN_HYPERCALL 0x6e6du

static int prepare_number(struct nm_guest_round *round, uint64_t number)
{
	struct nm_cpuid leaf = nm_cpuid(0, 0);

	/* "Auth"enticAMD and "Hygo"nGenuine have SVM; all others that KVM supports have VMX. */
	round->control->argument[0] = leaf.ebx == 0x68747541u || leaf.ebx == 0x6f677948u;
	round->control->argument[1] = number;
	return 0;
}

static int prepare(struct nm_guest_round *round)
{
	return prepare_number(round, UNKNOWN_HYPERCALL);
}

static int prepare_poll(struct nm_guest_round *round)
{
	return prepare_number(round, KVM_HC_VAPIC_POLL_IRQ);
}

static int prepare_kick(struct nm_guest_round *round)
{
	return prepare_number(round, KVM_HC_KICK_CPU);
}

static int prepare_yield(struct nm_guest_round *round)
{
	return prepare_number(round, KVM_HC_SCHED_YIELD);
}

static bool returned(const struct nm_guest_round *round, int64_t expected, char *why, size_t size)
{
	int64_t got = (int64_t)round->control->result[0];

	if (got == expected)
		return true;
	snprintf(why, size, "the hypercall returned %" PRId64 ", expected %" PRId64, got, expected);
	return false;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	return returned(round, round->cpl ? -KVM_EPERM : -KVM_ENOSYS, why, size);
}

static bool verify_known(const struct nm_guest_round *round, char *why, size_t size)
{
	return returned(round, 0, why, size);
}

static bool verify_foreign(const struct nm_guest_round *round, char *why, size_t size)
{
	if (!round->control->result[1]) {
		snprintf(why, size, "KVM has not replaced the other vendor's instruction");
		return false;
	}
	return verify(round, why, size);
}

const struct nm_bench nm_bench_exit_hypercall = {
	.name = "exit.hypercall",
	.group = "exits",
	.summary = "VMCALL or VMMCALL, the exit that paravirtual guests make on purpose",
	.happens = "VMCALL or VMMCALL exits; KVM finds no such number and returns an error to the "
		   "guest.",
	.matters = "Paravirtual guests kick vCPUs, flush TLBs and send IPIs this way; every such "
		   "call costs at least this.",
	.vmexit = "vmcall: there it is number 0 in EAX, whatever the other registers hold",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1},
	.prepare = prepare,
	.verify = verify,
};

const struct nm_bench nm_bench_exit_hypercall_irqchip = {
	.name = "exit.hypercall.irqchip",
	.group = "exits",
	.summary = "VMCALL or VMMCALL in a VM with an in-kernel local APIC",
	.happens = "As exit.hypercall, with a local APIC in KVM that the entry looks at for "
		   "interrupts.",
	.matters =
		"Nearly all VMs have their APICs there: this is nearer to the exit.hypercall of a "
		"real guest.",
	.version = 1,
	.payload = "exit.hypercall",
	.cpls = NM_CPL0,
	.requires = {"guest.exit.hypercall", "kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 1},
	.prepare = prepare,
	.verify = verify,
};

const struct nm_bench nm_bench_exit_hypercall_poll = {
	.name = "exit.hypercall.poll",
	.group = "exits",
	.summary = "KVM_HC_VAPIC_POLL_IRQ, a hypercall that KVM knows and that does nothing",
	.happens = "VMCALL or VMMCALL exits; KVM finds the number and returns 0.",
	.matters = "It is the least that a hypercall of use costs.",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"guest.exit.hypercall"},
	.expect = {.exits = 1},
	.prepare = prepare_poll,
	.verify = verify_known,
};

const struct nm_bench nm_bench_exit_hypercall_kick = {
	.name = "exit.hypercall.kick",
	.group = "exits",
	.summary = "KVM_HC_KICK_CPU for the vCPU that calls",
	.happens = "VMCALL or VMMCALL exits; KVM finds the vCPU by the number of its local APIC, "
		   "marks it as kicked and returns.",
	.matters = "Paravirtual spinlocks of Linux guests wake the next waiter this way.",
	.version = 1,
	.payload = "exit.hypercall.poll",
	.cpls = NM_CPL0,
	.requires = {"guest.exit.hypercall", "kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 1},
	.prepare = prepare_kick,
	.verify = verify_known,
};

const struct nm_bench nm_bench_exit_hypercall_yield = {
	.name = "exit.hypercall.yield",
	.group = "exits",
	.summary = "KVM_HC_SCHED_YIELD to the vCPU that calls, which is nobody else",
	.happens = "VMCALL or VMMCALL exits; KVM finds the vCPU, sees that it is the caller, and "
		   "returns without having yielded.",
	.matters =
		"Guests with more vCPUs than CPUs yield to a vCPU that they have sent an IPI to.",
	.version = 1,
	.payload = "exit.hypercall.poll",
	.cpls = NM_CPL0,
	.requires = {"guest.exit.hypercall", "kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 1},
	.prepare = prepare_yield,
	.verify = verify_known,
};

const struct nm_bench nm_bench_exit_hypercall_foreign = {
	.name = "exit.hypercall.foreign",
	.group = "exits",
	.summary =
		"the other vendor's hypercall instruction, which KVM replaces in the guest's code",
	.happens = "The instruction of the other vendor raises #UD, which exits; KVM writes this "
		   "vendor's over it and enters, and that one exits as a hypercall. The guest puts "
		   "the first one back each time.",
	.matters = "A guest that was migrated between vendors, or chose wrongly, pays it once for "
		   "each place that calls.",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"guest.exit.hypercall"},
	.expect = {.exits = 2, .insn_emulation = 1},
	.prepare = prepare,
	.verify = verify_foreign,
};
