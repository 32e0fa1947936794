/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/instruction.h"
#include "vmm/vcpu.h"

#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>

/* linux/kvm.h; numbers from 38 on are newer than the headers of the oldest supported distribution. */
static const char *const names[] = {
	[KVM_EXIT_UNKNOWN] = "KVM_EXIT_UNKNOWN",
	[KVM_EXIT_EXCEPTION] = "KVM_EXIT_EXCEPTION",
	[KVM_EXIT_IO] = "KVM_EXIT_IO",
	[KVM_EXIT_HYPERCALL] = "KVM_EXIT_HYPERCALL",
	[KVM_EXIT_DEBUG] = "KVM_EXIT_DEBUG",
	[KVM_EXIT_HLT] = "KVM_EXIT_HLT",
	[KVM_EXIT_MMIO] = "KVM_EXIT_MMIO",
	[KVM_EXIT_IRQ_WINDOW_OPEN] = "KVM_EXIT_IRQ_WINDOW_OPEN",
	[KVM_EXIT_SHUTDOWN] = "KVM_EXIT_SHUTDOWN",
	[KVM_EXIT_FAIL_ENTRY] = "KVM_EXIT_FAIL_ENTRY",
	[KVM_EXIT_INTR] = "KVM_EXIT_INTR",
	[KVM_EXIT_SET_TPR] = "KVM_EXIT_SET_TPR",
	[KVM_EXIT_TPR_ACCESS] = "KVM_EXIT_TPR_ACCESS",
	[KVM_EXIT_S390_SIEIC] = "KVM_EXIT_S390_SIEIC",
	[KVM_EXIT_S390_RESET] = "KVM_EXIT_S390_RESET",
	[KVM_EXIT_DCR] = "KVM_EXIT_DCR",
	[KVM_EXIT_NMI] = "KVM_EXIT_NMI",
	[KVM_EXIT_INTERNAL_ERROR] = "KVM_EXIT_INTERNAL_ERROR",
	[KVM_EXIT_OSI] = "KVM_EXIT_OSI",
	[KVM_EXIT_PAPR_HCALL] = "KVM_EXIT_PAPR_HCALL",
	[KVM_EXIT_S390_UCONTROL] = "KVM_EXIT_S390_UCONTROL",
	[KVM_EXIT_WATCHDOG] = "KVM_EXIT_WATCHDOG",
	[KVM_EXIT_S390_TSCH] = "KVM_EXIT_S390_TSCH",
	[KVM_EXIT_EPR] = "KVM_EXIT_EPR",
	[KVM_EXIT_SYSTEM_EVENT] = "KVM_EXIT_SYSTEM_EVENT",
	[KVM_EXIT_S390_STSI] = "KVM_EXIT_S390_STSI",
	[KVM_EXIT_IOAPIC_EOI] = "KVM_EXIT_IOAPIC_EOI",
	[KVM_EXIT_HYPERV] = "KVM_EXIT_HYPERV",
	[KVM_EXIT_ARM_NISV] = "KVM_EXIT_ARM_NISV",
	[KVM_EXIT_X86_RDMSR] = "KVM_EXIT_X86_RDMSR",
	[KVM_EXIT_X86_WRMSR] = "KVM_EXIT_X86_WRMSR",
	[KVM_EXIT_DIRTY_RING_FULL] = "KVM_EXIT_DIRTY_RING_FULL",
	[KVM_EXIT_AP_RESET_HOLD] = "KVM_EXIT_AP_RESET_HOLD",
	[KVM_EXIT_X86_BUS_LOCK] = "KVM_EXIT_X86_BUS_LOCK",
	[KVM_EXIT_XEN] = "KVM_EXIT_XEN",
	[KVM_EXIT_RISCV_SBI] = "KVM_EXIT_RISCV_SBI",
	[KVM_EXIT_RISCV_CSR] = "KVM_EXIT_RISCV_CSR",
	[KVM_EXIT_NOTIFY] = "KVM_EXIT_NOTIFY",
	[38] = "KVM_EXIT_LOONGARCH_IOCSR",
	[39] = "KVM_EXIT_MEMORY_FAULT",
	[40] = "KVM_EXIT_TDX",
};

const char *nm_exit_name(uint32_t reason)
{
	static _Thread_local char unknown[32];

	if (reason < sizeof(names) / sizeof(names[0]) && names[reason])
		return names[reason];
	snprintf(unknown, sizeof(unknown), "KVM_EXIT_%" PRIu32, reason);
	return unknown;
}

static const char *suberror_name(uint32_t suberror)
{
	switch (suberror) {
	case KVM_INTERNAL_ERROR_EMULATION:
		return "KVM could not emulate an instruction";
	case KVM_INTERNAL_ERROR_SIMUL_EX:
		return "simultaneous exceptions";
	case KVM_INTERNAL_ERROR_DELIVERY_EV:
		return "an exit while an event was delivered";
	case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
		return "an exit reason that KVM does not know";
	default:
		return "unknown suberror";
	}
}

/* Appends the instruction, by name where it is known, that KVM hands over with an emulation failure, if it does. */
static void describe_instruction(const struct kvm_run *run, char *out, size_t size)
{
	const uint8_t *bytes = run->emulation_failure.insn_bytes;
	size_t count = run->emulation_failure.insn_size;
	const char *colon;
	int used;

	if (run->internal.suberror != KVM_INTERNAL_ERROR_EMULATION || run->internal.ndata < 4 ||
	    !(run->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES))
		return;
	if (count > sizeof(run->emulation_failure.insn_bytes))
		count = sizeof(run->emulation_failure.insn_bytes);
	colon = nm_instruction_name(bytes, count) ? ": " : ", ";
	used = snprintf(out, size, "%s", colon);
	if (used > 0 && (size_t)used < size)
		nm_instruction_describe(bytes, count, out + used, size - (size_t)used);
}

/* Where KVM hands it over: vmx.c and svm.c, vmx_handle_exit(), svm_handle_invalid_exit(); x86.c, kvm_prepare_event_vectoring_exit(). */
static void describe_hardware_exit(const struct kvm_run *run, char *out, size_t size)
{
	uint32_t at = run->internal.suberror == KVM_INTERNAL_ERROR_DELIVERY_EV ? 1 : 0;

	if ((run->internal.suberror == KVM_INTERNAL_ERROR_DELIVERY_EV ||
	     run->internal.suberror == KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON) &&
	    run->internal.ndata > at)
		snprintf(out, size, ", hardware exit reason %#" PRIx64 " (%s)",
			 (uint64_t)run->internal.data[at],
			 nm_hardware_exit_name(run->internal.data[at]));
}

void nm_exit_describe(const struct nm_vcpu *vcpu, char *out, size_t size)
{
	const struct kvm_run *run = vcpu->run;
	const char *name = nm_exit_name(run->exit_reason);
	int used;

	switch (run->exit_reason) {
	case KVM_EXIT_INTERNAL_ERROR:
		used = snprintf(out, size, "%s: suberror %" PRIu32 " (%s)", name,
				run->internal.suberror, suberror_name(run->internal.suberror));
		if (used > 0 && (size_t)used < size) {
			describe_hardware_exit(run, out + used, size - (size_t)used);
			describe_instruction(run, out + used, size - (size_t)used);
		}
		break;
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(out, size, "%s: hardware entry failure reason %#" PRIx64 " (%s)", name,
			 (uint64_t)run->fail_entry.hardware_entry_failure_reason,
			 nm_entry_failure_words(run->fail_entry.hardware_entry_failure_reason));
		break;
	case KVM_EXIT_UNKNOWN:
		snprintf(out, size, "%s: hardware exit reason %#" PRIx64 " (%s)", name,
			 (uint64_t)run->hw.hardware_exit_reason,
			 nm_hardware_exit_name(run->hw.hardware_exit_reason));
		break;
	case KVM_EXIT_SHUTDOWN:
		snprintf(out, size, "%s: the guest shut down by a triple fault", name);
		break;
	case KVM_EXIT_IO:
		snprintf(out, size, "%s: %s port %#x that no device of the guest serves", name,
			 run->io.direction == KVM_EXIT_IO_OUT ? "OUT to" : "IN from", run->io.port);
		break;
	case KVM_EXIT_MMIO:
		snprintf(out, size, "%s: %s %#" PRIx64 " that no device of the guest serves", name,
			 run->mmio.is_write ? "write to" : "read of",
			 (uint64_t)run->mmio.phys_addr);
		break;
	default:
		snprintf(out, size, "%s", name);
		break;
	}
}
