/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A vCPU interrupts itself. What exits without a virtualized APIC: the write that sends, MOV to CR8 that lets through what
 * waits (the TPR threshold of VMX, an intercept on SVM), HLT, the interrupt window that KVM opened because the interrupt
 * could not be taken when it was sent, and EOI. Where the CPU virtualizes the APIC, HLT is left: VMX evaluates self-IPIs by
 * MSR 83Fh and by the ICR of the page itself (SDM vol. 3, self-IPI virtualization), and AVIC those of the ICR and of that
 * MSR. KVM handles EOI on VMX's APIC-access page without the emulator (handle_apic_access() in arch/x86/kvm/vmx/vmx.c).
 */
#include "benchmarks/interrupts/interrupts.h"

#define STI_HAPPENS(how)                                                                           \
	"A vCPU with interrupts off sends itself an interrupt by " how ", STI lets it in, a "      \
	"handler of a few instructions returns, EOI ends it; send, interrupt window and EOI "      \
	"exit, unless the CPU virtualizes the APIC."
#define HLT_HAPPENS(how)                                                                           \
	"A vCPU with interrupts off sends itself an interrupt by " how ", STI and HLT take it, "   \
	"EOI ends it; send, HLT, interrupt window and EOI exit, and HLT alone where the CPU "      \
	"virtualizes the APIC."
#define TPR_HAPPENS(how)                                                                           \
	"CR8 rises, the vCPU sends itself an interrupt by " how ", and it comes when CR8 falls; "  \
	"send, fall and EOI exit, unless the CPU virtualizes the APIC."
#define TPR_STI_HAPPENS(how)                                                                       \
	"CR8 rises, the vCPU sends itself an interrupt by " how ", CR8 falls, and STI lets it "    \
	"in; send, fall, interrupt window and EOI exit, unless the CPU virtualizes the APIC."
#define TPR_HLT_HAPPENS(how)                                                                       \
	"CR8 rises, the vCPU sends itself an interrupt by " how ", CR8 falls, STI and HLT take "   \
	"it; send, fall, HLT, interrupt window and EOI exit, and HLT alone where the CPU "         \
	"virtualizes the APIC."

#define STI_MATTERS "Kernels send themselves interrupts to do work once interrupts are on again."
#define HLT_MATTERS                                                                                \
	"A vCPU that has work left when it goes idle is woken like this: the whole way of an "     \
	"interrupt, HLT included, without another CPU."
#define TPR_MATTERS                                                                                \
	"Windows holds interrupts back by the task priority and takes them when its interrupt "    \
	"level falls."
#define EOI_MATTERS "Every interrupt of a guest ends with it: disks, network, timers and IPIs."

#define MSR "MSR 83Fh"
#define ICR "a store to the ICR"

/* Two numbers of exits are right: that with a virtualized APIC and that without. */
#define SELF_IPI(id, NAME, SUMMARY, HAPPENS, MATTERS, VMEXIT, VIRTUALIZED, EXITS, EMULATED)        \
	const struct nm_bench nm_bench_irq_self_ipi_##id = {                                       \
		.name = "irq.self_ipi." NAME,                                                      \
		.group = "interrupts",                                                             \
		.summary = (SUMMARY),                                                              \
		.happens = (HAPPENS),                                                              \
		.matters = (MATTERS),                                                              \
		.vmexit = VMEXIT ": there EOI stands in the handler",                              \
		.version = 1,                                                                      \
		.cpls = NM_CPL0,                                                                   \
		.requires = {"kvm.cap.irqchip"},                                                   \
		.irqchip = true,                                                                   \
		.expect = {.exits = (VIRTUALIZED),                                                 \
			   .exits_or = (EXITS),                                                    \
			   .insn_emulation = (EMULATED)},                                          \
		.verify = nm_interrupts_verify,                                                    \
	}

#define EOI(mode, SUMMARY, HOW, EMULATED)                                                          \
	const struct nm_bench nm_bench_irq_eoi_##mode = {                                          \
		.name = "irq.eoi." #mode,                                                          \
		.group = "interrupts",                                                             \
		.summary = (SUMMARY),                                                              \
		.happens = HOW " ends an interrupt in service, which exits unless the CPU "        \
			       "virtualizes the APIC; the interrupt, a self-IPI, comes before "    \
			       "the clock is read, and its two exits are in the number of exits.", \
		.matters = EOI_MATTERS,                                                            \
		.vmexit = "the eoi lines of the tests of self-IPIs",                               \
		.version = 1,                                                                      \
		.cpls = NM_CPL0,                                                                   \
		.single = true,                                                                    \
		.requires = {"kvm.cap.irqchip"},                                                   \
		.irqchip = true,                                                                   \
		.expect = {.exits = 0, .exits_or = 3, .insn_emulation = (EMULATED)},               \
		.verify = nm_interrupts_verify,                                                    \
	}

SELF_IPI(x2apic_sti, "x2apic.sti", "an interrupt to itself by x2APIC, taken after STI",
	 STI_HAPPENS(MSR), STI_MATTERS, "x2apic_self_ipi_sti_nop", 0, 3, 0);
SELF_IPI(x2apic_hlt, "x2apic.hlt", "an interrupt to itself by x2APIC, taken by HLT",
	 HLT_HAPPENS(MSR), HLT_MATTERS, "x2apic_self_ipi_sti_hlt", 1, 4, 0);
SELF_IPI(x2apic_tpr, "x2apic.tpr", "an interrupt to itself by x2APIC, let in by the task priority",
	 TPR_HAPPENS(MSR), TPR_MATTERS, "x2apic_self_ipi_tpr", 0, 3, 0);
SELF_IPI(x2apic_tpr_sti, "x2apic.tpr_sti",
	 "an interrupt to itself by x2APIC, let in by the task priority and STI",
	 TPR_STI_HAPPENS(MSR), TPR_MATTERS, "x2apic_self_ipi_tpr_sti_nop", 0, 4, 0);
SELF_IPI(x2apic_tpr_hlt, "x2apic.tpr_hlt",
	 "an interrupt to itself by x2APIC, let in by the task priority, taken by HLT",
	 TPR_HLT_HAPPENS(MSR), TPR_MATTERS, "x2apic_self_ipi_tpr_sti_hlt", 1, 5, 0);
SELF_IPI(xapic_sti, "xapic.sti", "an interrupt to itself by xAPIC, taken after STI",
	 STI_HAPPENS(ICR), STI_MATTERS, "self_ipi_sti_nop", 0, 3, 2);
SELF_IPI(xapic_hlt, "xapic.hlt", "an interrupt to itself by xAPIC, taken by HLT", HLT_HAPPENS(ICR),
	 HLT_MATTERS, "self_ipi_sti_hlt", 1, 4, 2);
SELF_IPI(xapic_tpr, "xapic.tpr", "an interrupt to itself by xAPIC, let in by the task priority",
	 TPR_HAPPENS(ICR), TPR_MATTERS, "self_ipi_tpr", 0, 3, 2);
SELF_IPI(xapic_tpr_sti, "xapic.tpr_sti",
	 "an interrupt to itself by xAPIC, let in by the task priority and STI",
	 TPR_STI_HAPPENS(ICR), TPR_MATTERS, "self_ipi_tpr_sti_nop", 0, 4, 2);
SELF_IPI(xapic_tpr_hlt, "xapic.tpr_hlt",
	 "an interrupt to itself by xAPIC, let in by the task priority, taken by HLT",
	 TPR_HLT_HAPPENS(ICR), TPR_MATTERS, "self_ipi_tpr_sti_hlt", 1, 5, 2);
EOI(x2apic, "EOI by x2APIC, with an interrupt in service", "WRMSR to MSR 80Bh", 0);
EOI(xapic, "EOI by xAPIC, with an interrupt in service", "A store to the EOI register", 2);
