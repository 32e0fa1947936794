/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_VCPU_H
#define NM_VMM_VCPU_H

#include "vmm/vm.h"

#include <stdint.h>

struct kvm_run;

struct nm_vcpu {
	int fd;
	struct kvm_run *run;
	size_t run_bytes;
};

/** Creates vCPU number `id` with KVM's supported CPUID. */
int nm_vcpu_create(struct nm_vcpu *vcpu, const struct nm_vm *vm, unsigned int id);
void nm_vcpu_destroy(struct nm_vcpu *vcpu);

/** Where a vCPU starts in 64-bit mode at CPL0: all addresses are guest-physical. */
struct nm_long_mode {
	uint64_t page_table;
	uint64_t gdt;
	uint16_t gdt_limit;
	uint64_t idt;
	uint16_t idt_limit;
	uint64_t tss;
	uint16_t tss_limit;
	uint64_t gs_base;
	uint16_t code_selector, data_selector, segment_selector, tss_selector;
	uint64_t rip, rsp, rdi, rsi;
};

int nm_vcpu_enter_long_mode(const struct nm_vcpu *vcpu, const struct nm_long_mode *mode);

/** With the in-kernel irqchip all vCPUs but the first wait for INIT and SIPI, unless they are told to run. */
int nm_vcpu_make_runnable(const struct nm_vcpu *vcpu);

/** Starts a vCPU in 32-bit protected mode without paging, all segments flat, as PVH has it. */
int nm_vcpu_enter_protected_mode(const struct nm_vcpu *vcpu, uint32_t eip, uint32_t ebx);

/** Gives a vCPU that has not run yet another CPUID than KVM's supported one. */
int nm_vcpu_set_cpuid(const struct nm_vcpu *vcpu, const struct kvm_cpuid2 *cpuid);

/** Queues an interrupt without in-kernel irqchip (KVM_INTERRUPT), or an NMI (KVM_NMI); KVM_RUN must not be running. */
int nm_vcpu_interrupt(const struct nm_vcpu *vcpu, unsigned int vector);
int nm_vcpu_nmi(const struct nm_vcpu *vcpu);

/** Frequency of the guest's TSC in kHz, or 0 when KVM does not say. */
uint64_t nm_vcpu_tsc_khz(const struct nm_vcpu *vcpu);

/* For debugging a guest, in debug.c. */

/**
 * Which events leave to user space by KVM_EXIT_DEBUG: KVM_GUESTDBG_* without the enabling one; 0: none. With
 * KVM_GUESTDBG_USE_HW_BP, stores to the eight bytes at `watched` do.
 */
int nm_vcpu_debug(const struct nm_vcpu *vcpu, uint32_t events, uint64_t watched);

/** Moves RIP on by so many bytes. */
int nm_vcpu_skip(const struct nm_vcpu *vcpu, unsigned int bytes);

/** Lets KVM map guest memory before the guest touches it (KVM_PRE_FAULT_MEMORY, Linux 6.11); in prefault.c. */
int nm_vcpu_pre_fault(const struct nm_vcpu *vcpu, uint64_t gpa, uint64_t bytes);

/* What ended KVM_RUN, in exit.c. */

/** "KVM_EXIT_MMIO" for 6; "KVM_EXIT_99" for one that this build does not know. */
const char *nm_exit_name(uint32_t reason);

/**
 * One line about the last exit: its name and what matters of it; for internal errors the suberror and the bytes of
 * the instruction that KVM could not emulate.
 */
void nm_exit_describe(const struct nm_vcpu *vcpu, char *out, size_t size);

/* What the CPU said to KVM, in exit_hardware.c. */

/** Name of a VMX or SVM exit reason, by the vendor of this CPU: "EPT_MISCONFIG", "NPF"; "unknown" for others. */
const char *nm_hardware_exit_name(uint64_t reason);

/** What KVM_EXIT_FAIL_ENTRY means, in words. */
const char *nm_entry_failure_words(uint64_t reason);

#endif
