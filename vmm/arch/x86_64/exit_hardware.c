/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vcpu.h"

#include "core/cpuid.h"

#include <asm/svm.h>
#include <asm/vmx.h>
#include <string.h>

struct reason {
	uint64_t number;
	const char *words;
};

static const struct reason vmx_exits[] = {VMX_EXIT_REASONS, {0, NULL}};
/* SVM_EXIT_REASONS of that header needs what only the kernel has. These can reach KVM's handlers of the unexpected. */
static const struct reason svm_exits[] = {
	{SVM_EXIT_EXCP_BASE + 6, "#UD"},
	{SVM_EXIT_EXCP_BASE + 13, "#GP"},
	{SVM_EXIT_EXCP_BASE + 14, "#PF"},
	{SVM_EXIT_INTR, "INTR"},
	{SVM_EXIT_NMI, "NMI"},
	{SVM_EXIT_CPUID, "CPUID"},
	{SVM_EXIT_HLT, "HLT"},
	{SVM_EXIT_IOIO, "IOIO"},
	{SVM_EXIT_MSR, "MSR"},
	{SVM_EXIT_TASK_SWITCH, "TASK_SWITCH"},
	{SVM_EXIT_SHUTDOWN, "SHUTDOWN"},
	{SVM_EXIT_VMRUN, "VMRUN"},
	{SVM_EXIT_VMMCALL, "VMMCALL"},
	{SVM_EXIT_NPF, "NPF"},
	{SVM_EXIT_AVIC_INCOMPLETE_IPI, "AVIC_INCOMPLETE_IPI"},
	{SVM_EXIT_AVIC_UNACCELERATED_ACCESS, "AVIC_NOACCEL"},
	{UINT64_MAX, "INVALID"},
	{0, NULL},
};

/*
 * With bit 31 set an exit reason (SDM vol. 3, VM-entry failures), else a VM-instruction error (VM instruction error
 * numbers); all ones is SVM's VMEXIT_INVALID (APM vol. 2, VMRUN), which kernels hand over in 32 or 64 bits.
 */
static const struct reason entry_failures[] = {
	{0x80000021u, "VM entry with invalid guest state"},
	{0x80000022u, "VM entry could not load MSRs"},
	{0x80000029u, "machine check during VM entry"},
	{4, "VMLAUNCH of a VMCS that is not clear"},
	{5, "VMRESUME of a VMCS that was not launched"},
	{7, "VM entry with invalid control fields: the CPU lacks a control that KVM uses"},
	{8, "VM entry with invalid host state"},
	{26, "VM entry with events blocked by MOV SS"},
	{0xffffffffu, "VMRUN refused an invalid guest state"},
	{UINT64_MAX, "VMRUN refused an invalid guest state"},
	{0, NULL},
};

static const char *find(const struct reason *reasons, uint64_t number)
{
	for (; reasons->words; reasons++)
		if (reasons->number == number)
			return reasons->words;
	return "unknown";
}

static bool has_svm(void)
{
	const struct nm_cpuid leaf = nm_cpuid(0, 0);
	char vendor[13];

	nm_cpuid_vendor(&leaf, vendor);
	return !strcmp(vendor, "AuthenticAMD") || !strcmp(vendor, "HygonGenuine");
}

const char *nm_hardware_exit_name(uint64_t reason)
{
	/* SDM vol. 3, basic exit reasons: bits above 15 are flags. */
	return has_svm() ? find(svm_exits, reason) : find(vmx_exits, reason & 0xffff);
}

const char *nm_entry_failure_words(uint64_t reason)
{
	return find(entry_failures, reason);
}
