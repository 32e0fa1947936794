/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "probes/msr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_NEEDS 5

/*
 * What decides how good a machine is at running guests, and guests of guests (docs/nesting.md). A row is there when all
 * findings that it needs are; they are about what this machine got, never about what its KVM offers.
 */
struct row {
	const char *id;
	const char *name;
	bool summary; /* named in nesting.summary */
	const char *needs[MAX_NEEDS];
	const char *cost;	 /* of its absence */
	const char *beneath_kvm; /* what its presence does not mean above KVM, or NULL */
};

static const struct row vmx_rows[] = {
	{"ept",
	 "EPT",
	 true,
	 {"vmx.cpu.secondary.enable_ept"},
	 "KVM keeps shadow page tables: page faults of guests and changes of their page tables are "
	 "VM exits",
	 NULL},
	{"ept_ad",
	 "EPT accessed and dirty flags",
	 false,
	 {"vmx.cpu.ept_vpid.accessed_dirty"},
	 "what guests touch and write is found by taking rights away, an EPT violation for each "
	 "page",
	 NULL},
	{"vpid",
	 "VPID",
	 true,
	 {"vmx.cpu.secondary.enable_vpid"},
	 "every VM entry and VM exit flushes translations of linear addresses from the TLB",
	 NULL},
	{"invvpid_types",
	 "all types of INVVPID",
	 false,
	 {"vmx.cpu.ept_vpid.invvpid", "vmx.cpu.ept_vpid.invvpid_individual_address",
	  "vmx.cpu.ept_vpid.invvpid_single_context", "vmx.cpu.ept_vpid.invvpid_all_context",
	  "vmx.cpu.ept_vpid.invvpid_retaining_globals"},
	 "TLB flushes for one guest or address hit more than they need to",
	 NULL},
	{"unrestricted_guest",
	 "unrestricted guest",
	 true,
	 {"vmx.cpu.secondary.unrestricted_guest"},
	 "KVM emulates much of what guests do in real mode: firmware and boot loaders are slow",
	 NULL},
	{"apic_virtualization",
	 "APIC virtualization",
	 true,
	 {"vmx.cpu.primary.tpr_shadow", "vmx.cpu.secondary.apic_register_virtualization",
	  "vmx.cpu.secondary.virtual_interrupt_delivery"},
	 "accesses of guests to their APIC, the end of each interrupt among them, are VM exits",
	 NULL},
	{"posted_interrupts",
	 "posted interrupts",
	 true,
	 {"vmx.cpu.pin.posted_interrupts"},
	 "an interrupt for a running vCPU forces a VM exit",
	 NULL},
	{"shadow_vmcs",
	 "shadow VMCS",
	 true,
	 {"vmx.cpu.secondary.vmcs_shadowing"},
	 "every VMREAD and VMWRITE of a hypervisor that runs as a guest here is a VM exit",
	 "the KVM beneath offers it even where the CPU lacks it, and then emulates it"},
	{"preemption_timer",
	 "VMX-preemption timer",
	 false,
	 {"vmx.cpu.pin.preemption_timer"},
	 "timers of guests need a timer of the host, with an interrupt for each",
	 "the KVM beneath emulates it by a timer of its own"},
	{"pml",
	 "PML",
	 false,
	 {"vmx.cpu.secondary.enable_pml"},
	 "tracking dirty memory, as live migration does, costs an EPT violation for each page",
	 NULL},
	{"tsc_scaling",
	 "TSC scaling",
	 false,
	 {"vmx.cpu.secondary.tsc_scaling"},
	 "guests cannot have a TSC frequency other than the CPU's, such as after a migration",
	 NULL},
	{"mbec",
	 "MBEC",
	 false,
	 {"vmx.cpu.secondary.mode_based_execute_control"},
	 "Windows guests with memory integrity (HVCI) fall back to switching page tables",
	 NULL},
	{"virtual_nmi",
	 "virtual NMIs",
	 false,
	 {"vmx.cpu.pin.virtual_nmis"},
	 "KVM cannot see when a guest has handled an NMI, and guesses",
	 NULL},
	{NULL, NULL, false, {NULL}, NULL, NULL},
};

static const struct row svm_rows[] = {
	{"npt",
	 "NPT",
	 true,
	 {"svm.cpu.features.np"},
	 "KVM keeps shadow page tables: page faults of guests and changes of their page tables are "
	 "VM exits",
	 NULL},
	{"flush_by_asid",
	 "flush by ASID",
	 false,
	 {"svm.cpu.features.flushbyasid"},
	 "a TLB flush for one guest costs it a new ASID, or flushes all guests",
	 NULL},
	{"nrip_save",
	 "nRIP save",
	 true,
	 {"svm.cpu.features.nrips"},
	 "KVM reads and decodes the instruction at VM exits to know where the next one begins",
	 NULL},
	{"decode_assists",
	 "decode assists",
	 false,
	 {"svm.cpu.features.decodeassists"},
	 "KVM reads guest memory to decode instructions that caused a VM exit",
	 NULL},
	{"avic",
	 "AVIC",
	 true,
	 {"svm.cpu.features.avic"},
	 "accesses of guests to their APIC are VM exits, and so is an interrupt for a running vCPU",
	 NULL},
	{"vgif",
	 "vGIF",
	 true,
	 {"svm.cpu.features.vgif"},
	 "every STGI and CLGI of a hypervisor that runs as a guest here is a VM exit",
	 NULL},
	{"virtual_vmload_vmsave",
	 "virtual VMLOAD/VMSAVE",
	 true,
	 {"svm.cpu.features.vmsavevirt"},
	 "every VMLOAD and VMSAVE of a hypervisor that runs as a guest here is a VM exit",
	 NULL},
	{"tsc_ratio",
	 "TSC ratio",
	 false,
	 {"svm.cpu.features.tscratemsr"},
	 "guests cannot have a TSC frequency other than the CPU's, such as after a migration",
	 NULL},
	{NULL, NULL, false, {NULL}, NULL, NULL},
};

/* Parameters by which KVM leaves alone what the machine has: by wish, or because something that goes with it is missing. */
static const struct {
	const char *row;
	const char *module;
	const char *name;
} switches[] = {
	{"ept", "kvm_intel", "ept"},
	{"ept_ad", "kvm_intel", "eptad"},
	{"vpid", "kvm_intel", "vpid"},
	{"unrestricted_guest", "kvm_intel", "unrestricted_guest"},
	{"apic_virtualization", "kvm_intel", "enable_apicv"},
	{"posted_interrupts", "kvm_intel", "enable_apicv"},
	{"shadow_vmcs", "kvm_intel", "enable_shadow_vmcs"},
	{"preemption_timer", "kvm_intel", "preemption_timer"},
	{"pml", "kvm_intel", "pml"},
	{"virtual_nmi", "kvm_intel", "vnmi"},
	{"npt", "kvm_amd", "npt"},
	{"nrip_save", "kvm_amd", "nrips"},
	{"avic", "kvm_amd", "avic"},
	{"vgif", "kvm_amd", "vgif"},
	{"virtual_vmload_vmsave", "kvm_amd", "vls"},
	{"tsc_ratio", "kvm_amd", "tsc_scaling"},
};

enum state { ABSENT, PRESENT, UNKNOWN };

struct names {
	struct nm_text present, absent;
};

/* A capability, a control, or a group of them that is not there. */
static enum state state_of(const struct nm_finding *finding)
{
	if (!finding)
		return UNKNOWN;
	if (finding->value.type == NM_VALUE_BOOL)
		return finding->value.boolean ? PRESENT : ABSENT;
	return !strcmp(finding->value.string, "may be 1") ||
			       !strcmp(finding->value.string, "must be 1")
		       ? PRESENT
		       : ABSENT;
}

/* A finding, or that of its group when the whole group is not there. */
static const struct nm_finding *find(const struct nm_probe_context *context, const char *id)
{
	const struct nm_finding *finding = nm_found(context, id);
	const char *dot = strrchr(id, '.');
	char group[64];

	if (finding)
		return finding;
	snprintf(group, sizeof(group), "%.*s", (int)(dot - id), id);
	return strcmp(nm_found_string(context, group), "none") != 0 ? NULL
								    : nm_found(context, group);
}

/* The finding that decides: the first that says no, or that is missing, or else the first. */
static enum state decide(const struct nm_probe_context *context, const struct row *row,
			 const struct nm_finding **why)
{
	enum state state = PRESENT;

	*why = find(context, row->needs[0]);
	for (size_t i = 0; i < MAX_NEEDS && row->needs[i] && state != ABSENT; i++) {
		const struct nm_finding *finding = find(context, row->needs[i]);
		enum state one = state_of(finding);

		if (one == ABSENT || (one == UNKNOWN && state == PRESENT)) {
			*why = finding;
			state = one;
		}
	}
	return state;
}

static const char *remedy(const struct nm_probe_context *context)
{
	struct nm_cpu_identity cpu;

	nm_cpu_identify(&context->cpuid, &cpu);
	return cpu.guest
		       ? "only the hypervisor beneath can offer it: ask for another CPU model, or "
			 "its provider"
		       : "needs a CPU that has it";
}

static int add_unknown(struct nm_probe_context *context, const char *id)
{
	bool svm = nm_virtualization(context) == NM_VIRTUALIZATION_SVM;
	const struct nm_finding *source =
		nm_found(context, svm ? "svm.cpu.features" : "vmx.cpu.basic");
	bool missing = source && source->status == NM_STATUS_UNKNOWN;

	return nm_unknown_add(context, id, missing ? source->remedy : NULL,
			      "no source that can be read tells: %s",
			      missing ? source->evidence : "the register is not there");
}

/* The index of the switch by which KVM does not use what is there, or -1. */
static int find_off(const struct nm_probe_context *context, const struct row *row)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		char id[96];
		const char *value;

		if (strcmp(switches[i].row, row->id) != 0)
			continue;
		snprintf(id, sizeof(id), "kvm.parameter.%s.%s", switches[i].module,
			 switches[i].name);
		value = nm_found_string(context, id);
		return !strcmp(value, "N") || !strcmp(value, "0") ? (int)i : -1;
	}
	return -1;
}

static int add_unused(struct nm_probe_context *context, const struct row *row, const char *id,
		      int off)
{
	const char *module = switches[off].module;
	const char *name = switches[off].name;
	const char *next = nm_arena_printf(context->arena,
					   "load %s with %s=1; KVM clears it again where something "
					   "else that it takes is missing",
					   module, name);

	if (!next)
		return -ENOMEM;
	return nm_finding_add(context, id, NM_STATUS_WARN, NM_BOOL(true), next,
			      "this machine has it, and KVM here does not use it "
			      "(/sys/module/%s/parameters/%s is off): %s",
			      module, name, row->cost);
}

static int add_row(struct nm_probe_context *context, const struct row *row, bool above_kvm,
		   struct names *names)
{
	const struct nm_finding *why;
	enum state state = decide(context, row, &why);
	struct nm_text *list = state == PRESENT ? &names->present : &names->absent;
	int off = state == PRESENT ? find_off(context, row) : -1;
	char id[64];

	snprintf(id, sizeof(id), "nesting.%s", row->id);
	if (state == UNKNOWN)
		return add_unknown(context, id);
	if (row->summary)
		nm_text_printf(list, "%s%s%s", list->length ? ", " : "", row->name,
			       off >= 0 ? " (off in KVM)" : "");
	if (off >= 0)
		return add_unused(context, row, id, off);
	if (state == ABSENT)
		return nm_finding_add(context, id, NM_STATUS_WARN, NM_BOOL(false), remedy(context),
				      "without %s, %s (%s)", row->name, row->cost, why->evidence);
	return nm_finding_add(context, id, NM_STATUS_PASS, NM_BOOL(true), NULL, "%s%s%s",
			      why->evidence, above_kvm && row->beneath_kvm ? "; " : "",
			      above_kvm && row->beneath_kvm ? row->beneath_kvm : "");
}

/*
 * Enlightened VMCS: Hypervisor Top Level Functional Specification, CPUID leaves 40000001h, 40000004h and 4000000Ah; as
 * KVM uses it: hv_init_evmcs() in arch/x86/kvm/vmx/vmx.c.
 */
static int add_evmcs(struct nm_probe_context *context, struct names *names)
{
	static const uint32_t interface = 0x31237648; /* "Hv#1" */
	const struct nm_cpuid_table *cpuid = &context->cpuid;
	bool recommended = nm_cpuid_get(cpuid, 0x40000004, 0).eax >> 14 & 1;
	unsigned int version = nm_cpuid_get(cpuid, 0x4000000a, 0).eax & 0xff;
	bool there = recommended && version;
	struct nm_cpuid vendor = nm_cpuid_get(cpuid, 0x40000000, 0);
	char signature[13];

	nm_cpuid_signature(&vendor, signature);
	if (!strcmp(signature, "Microsoft Hv") && !nm_cpuid_get(cpuid, 0x40000001, 0).eax)
		return nm_unknown_add(context, "nesting.evmcs", NULL,
				      "Hyper-V's CPUID leaves 40000001h and up are not there");
	if (!(nm_cpuid_get(cpuid, 1, 0).ecx >> 31) ||
	    nm_cpuid_get(cpuid, 0x40000001, 0).eax != interface)
		return nm_finding_add(
			context, "nesting.evmcs", NM_STATUS_INFO, NM_BOOL(false), NULL,
			"only Hyper-V has eVMCS, and CPUID 40000001h shows none beneath");
	if (there)
		nm_text_printf(&names->present, "%seVMCS", names->present.length ? ", " : "");
	return nm_finding_add(
		context, "nesting.evmcs", there ? NM_STATUS_PASS : NM_STATUS_WARN, NM_BOOL(there),
		there ? NULL : remedy(context),
		"%sCPUID 40000004h EAX[14] is %d, 4000000Ah EAX[7:0] is %u",
		there ? ""
		      : "without eVMCS, each VMREAD and VMWRITE of KVM here is a VM exit "
			"to Hyper-V: ",
		recommended, version);
}

static int add_summary(struct nm_probe_context *context, const struct names *names)
{
	const char *present = names->present.length ? names->present.bytes : NULL;
	const char *absent = names->absent.length ? names->absent.bytes : NULL;
	const char *line;

	if (nm_text_status(&names->present) || nm_text_status(&names->absent))
		return nm_text_status(&names->present) ? nm_text_status(&names->present)
						       : nm_text_status(&names->absent);
	if (!present && !absent)
		return add_unknown(context, "nesting.summary");
	line = nm_arena_printf(context->arena, "%s%s%s%s", present ? present : "",
			       present && absent ? "; " : "", absent ? "without " : "",
			       absent ? absent : "");
	if (!line)
		return -ENOMEM;
	return nm_finding_add(context, "nesting.summary", NM_STATUS_INFO, NM_STRING(line), NULL,
			      "what this machine got, from nesting.*");
}

static int add_rows(struct nm_probe_context *context, bool vmx)
{
	bool above_kvm = !strncmp(nm_found_string(context, "vmx.cpu.revision"), "KVM ", 4);
	struct names names = {0};
	int r = 0;

	for (const struct row *row = vmx ? vmx_rows : svm_rows; !r && row->id; row++)
		r = add_row(context, row, above_kvm, &names);
	if (!r && vmx)
		r = add_evmcs(context, &names);
	if (!r)
		r = add_summary(context, &names);
	nm_text_free(&names.present);
	nm_text_free(&names.absent);
	return r;
}

int nm_probe_nesting(struct nm_probe_context *context)
{
	enum nm_virtualization kind = nm_virtualization(context);

	if (!context->cpuid.count)
		return nm_unknown_add(context, "nesting.summary", NULL, "CPUID cannot be had");
	if (kind == NM_VIRTUALIZATION_NONE)
		return nm_finding_add(context, "nesting.summary", NM_STATUS_INFO,
				      NM_STRING("no hardware virtualization"), NULL,
				      "CPUID shows neither VMX nor SVM");
	return add_rows(context, kind == NM_VIRTUALIZATION_VMX);
}
