/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_nesting() makes of what nm_probe_vmx() and nm_probe_svm() found. */
#include "probe_case.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#define INTEL "   0x00000000 0x00: eax=0x00000001 ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69\n"
#define AMD   "   0x00000000 0x00: eax=0x00000001 ebx=0x68747541 ecx=0x444d4163 edx=0x69746e65\n"
#define GUEST_VMX                                                                                  \
	"   0x00000001 0x00: eax=0x000806f8 ebx=0x00000000 ecx=0x80000020 edx=0x00000000\n"
#define METAL_VMX                                                                                  \
	"   0x00000001 0x00: eax=0x000806f8 ebx=0x00000000 ecx=0x00000020 edx=0x00000000\n"
#define GUEST "   0x00000001 0x00: eax=0x000806f8 ebx=0x00000000 ecx=0x80000000 edx=0x00000000\n"
#define HYPERV(hints, version)                                                                     \
	"   0x40000000 0x00: eax=0x4000000c ebx=0x7263694d ecx=0x666f736f edx=0x76482074\n"        \
	"   0x40000001 0x00: eax=0x31237648 ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n"        \
	"   0x40000004 0x00: eax=" hints " ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n"         \
	"   0x4000000a 0x00: eax=" version " ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n"
#define SVM	    "   0x80000001 0x00: eax=0x00a20f10 ebx=0x00000000 ecx=0x00000004 edx=0x00000000\n"
#define LEAF_A(edx) "   0x8000000a 0x00: eax=0x00000001 ebx=0x00008000 ecx=0x00000000 edx=" edx "\n"

#define KVM_BASIC "0x00000480 0x00d8100011e57ed0\n"
#define CPU_BASIC "0x00000480 0x00da100000000004\n"
/* Everything that there is. */
#define ALL                                                                                        \
	"0x0000048b 0xffffffff00000000\n0x0000048c 0x00000f0106734141\n"                           \
	"0x0000048d 0x000000ff00000016\n0x0000048e 0xffffffff04006172\n"
/* No VMCS shadowing (14), no posted interrupts, no virtual-interrupt delivery (9), no TSC scaling (25). */
#define SOME                                                                                       \
	"0x0000048b 0xfdffbdff00000000\n0x0000048c 0x0000010106714141\n"                           \
	"0x0000048d 0x0000007f00000016\n0x0000048e 0xffffffff04006172\n"

static void given_cpu(const char *leaves)
{
	cr_assert_eq(nm_cpuid_parse(&case_arena, leaves, &case_context.cpuid), 0, "CPUID");
}

/* All three probes, in the order of the registry. */
static void probe_all(void)
{
	probe_with(nm_probe_vmx);
	probe_with(nm_probe_svm);
	probe_with(nm_probe_nesting);
}

static void given_vmx(const char *leaves, const char *registers)
{
	given_cpu(leaves);
	given_text("nestmark/msr", registers);
	probe_all();
}

static bool is_found(const char *id)
{
	return nm_findings_get(&case_findings, id);
}

static void evidence_says(const char *id, const char *part)
{
	cr_assert(strstr(found(id)->evidence, part), "%s lacks \"%s\": %s", id, part,
		  found(id)->evidence);
}

static void found_there(const char *id)
{
	found_bool(id, true);
	found_status(id, NM_STATUS_PASS);
}

static void found_missing(const char *id)
{
	found_bool(id, false);
	found_status(id, NM_STATUS_WARN);
	evidence_says(id, "without ");
	cr_assert_not_null(found(id)->remedy, "%s has no remedy", id);
}

static size_t count_rows(void)
{
	size_t rows = 0;

	for (size_t i = 0; i < case_findings.count; i++)
		rows += !strncmp(case_findings.items[i].id, "nesting.", 8);
	return rows;
}

Test(probes_nesting, without_hardware_virtualization_there_is_a_summary_only)
{
	given_cpu(INTEL GUEST);
	probe_all();
	found_string("nesting.summary", "no hardware virtualization");
	found_status("nesting.summary", NM_STATUS_INFO);
	cr_assert_eq(count_rows(), 1, "%zu rows", count_rows());
}

Test(probes_nesting, without_cpuid_it_is_unknown)
{
	probe_all();
	found_status("nesting.summary", NM_STATUS_UNKNOWN);
}

Test(probes_nesting, a_cpu_with_everything_passes)
{
	static const char *const ids[] = {
		"nesting.ept",
		"nesting.ept_ad",
		"nesting.vpid",
		"nesting.invvpid_types",
		"nesting.unrestricted_guest",
		"nesting.apic_virtualization",
		"nesting.posted_interrupts",
		"nesting.shadow_vmcs",
		"nesting.preemption_timer",
		"nesting.pml",
		"nesting.tsc_scaling",
		"nesting.mbec",
		"nesting.virtual_nmi",
	};

	given_vmx(INTEL METAL_VMX, CPU_BASIC ALL);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		found_there(ids[i]);
	found_string("nesting.summary", "EPT, VPID, unrestricted guest, APIC virtualization, "
					"posted interrupts, shadow VMCS");
	cr_assert(!is_found("nesting.npt"), "rows of the other vendor");
}

Test(probes_nesting, what_is_missing_warns_with_its_cost_and_source)
{
	given_vmx(INTEL GUEST_VMX, KVM_BASIC SOME);
	found_missing("nesting.shadow_vmcs");
	found_missing("nesting.posted_interrupts");
	found_missing("nesting.apic_virtualization");
	found_missing("nesting.invvpid_types");
	found_missing("nesting.tsc_scaling");
	found_there("nesting.ept");
	evidence_says("nesting.shadow_vmcs", "VMREAD");
	evidence_says("nesting.shadow_vmcs", "IA32_VMX_PROCBASED_CTLS2 (48Bh)");
	evidence_says("nesting.apic_virtualization", "virtual-interrupt delivery");
	evidence_says("nesting.invvpid_types", "single-context INVVPID");
	cr_assert(strstr(found("nesting.shadow_vmcs")->remedy, "hypervisor beneath"), "%s",
		  found("nesting.shadow_vmcs")->remedy);
	found_string("nesting.summary", "EPT, VPID, unrestricted guest; without APIC "
					"virtualization, posted interrupts, shadow VMCS");
}

Test(probes_nesting, on_bare_metal_no_hypervisor_is_to_blame)
{
	given_vmx(INTEL METAL_VMX, CPU_BASIC SOME);
	cr_assert_str_eq(found("nesting.shadow_vmcs")->remedy, "needs a CPU that has it", "%s",
			 found("nesting.shadow_vmcs")->remedy);
}

Test(probes_nesting, kvm_beneath_emulates_shadow_vmcs)
{
	given_vmx(INTEL GUEST_VMX, KVM_BASIC ALL);
	found_there("nesting.shadow_vmcs");
	evidence_says("nesting.shadow_vmcs", "even where the CPU lacks it");
	cr_assert(!strstr(found("nesting.ept")->evidence, "beneath"), "%s",
		  found("nesting.ept")->evidence);
}

Test(probes_nesting, above_other_hypervisors_nothing_is_said_of_kvm)
{
	given_vmx(INTEL GUEST_VMX, CPU_BASIC ALL);
	cr_assert(!strstr(found("nesting.shadow_vmcs")->evidence, "KVM"), "%s",
		  found("nesting.shadow_vmcs")->evidence);
}

Test(probes_nesting, a_register_that_is_not_there_means_none_of_its_bits)
{
	given_vmx(INTEL METAL_VMX, CPU_BASIC "0x0000048b EIO\n0x0000048c EIO\n"
					     "0x0000048d 0x000000ff00000016\n");
	found_missing("nesting.ept");
	found_missing("nesting.ept_ad");
	found_there("nesting.virtual_nmi");
}

Test(probes_nesting, a_register_that_was_not_read_leaves_it_unknown)
{
	given_vmx(INTEL METAL_VMX, CPU_BASIC);
	found_status("nesting.ept", NM_STATUS_UNKNOWN);
	found_status("nesting.summary", NM_STATUS_UNKNOWN);
}

Test(probes_nesting, vmx_flags_tell_all_but_the_types_of_invvpid)
{
	given_cpu(INTEL GUEST_VMX);
	given_error(NM_ANSWER_TEXT, "nestmark/msr", EACCES);
	given_text("proc/cpuinfo", "flags\t\t: fpu vmx\nvmx flags\t: vnmi invvpid ept vpid vtpr "
				   "vapic_reg vid posted_intr shadow_vmcs\n");
	probe_all();
	found_there("nesting.ept");
	found_there("nesting.apic_virtualization");
	found_there("nesting.shadow_vmcs");
	found_missing("nesting.pml");
	found_missing("nesting.mbec");
	found_status("nesting.invvpid_types", NM_STATUS_UNKNOWN);
	evidence_says("nesting.ept", "vmx flags of /proc/cpuinfo");
	found_string("nesting.summary", "EPT, VPID, APIC virtualization, posted interrupts, shadow "
					"VMCS; without unrestricted guest");
}

Test(probes_nesting, without_any_source_it_says_which_privilege_is_needed)
{
	given_cpu(INTEL GUEST_VMX);
	given_error(NM_ANSWER_TEXT, "nestmark/msr", EACCES);
	given_text("proc/cpuinfo", "flags\t\t: fpu vmx\n");
	probe_all();
	found_status("nesting.ept", NM_STATUS_UNKNOWN);
	found_status("nesting.summary", NM_STATUS_UNKNOWN);
	evidence_says("nesting.ept", "not permitted");
	cr_assert(strstr(found("nesting.ept")->remedy, "root"), "no privilege is named");
}

Test(probes_nesting, what_kvm_offers_does_not_count_for_this_machine)
{
	static struct nm_msr offered[] = {
		{.index = 0x480, .value = 0x00d8100011e57ed0},
		{.index = 0x48b, .value = 0xffffffff00000000},
	};

	case_context.kvm_view.features = (struct nm_msrs) {offered, 2};
	given_vmx(INTEL METAL_VMX, CPU_BASIC "0x0000048b 0x0000000000000000\n");
	found_string("vmx.kvm.secondary.enable_ept", "may be 1");
	found_missing("nesting.ept");
}

Test(probes_nesting, evmcs_belongs_to_hyperv)
{
	given_vmx(INTEL GUEST_VMX, CPU_BASIC ALL);
	found_bool("nesting.evmcs", false);
	found_status("nesting.evmcs", NM_STATUS_INFO);
}

Test(probes_nesting, evmcs_is_used_when_recommended_with_a_version)
{
	given_vmx(INTEL GUEST_VMX HYPERV("0x00004000", "0x00080101"), CPU_BASIC ALL);
	found_there("nesting.evmcs");
	cr_assert(strstr(found("nesting.summary")->value.string, "eVMCS"), "%s",
		  found("nesting.summary")->value.string);
}

Test(probes_nesting, hyperv_without_evmcs_warns)
{
	given_vmx(INTEL GUEST_VMX HYPERV("0x00000000", "0x00080101"), CPU_BASIC ALL);
	found_missing("nesting.evmcs");
}

Test(probes_nesting, a_recommendation_without_a_version_is_none)
{
	given_vmx(INTEL GUEST_VMX HYPERV("0x00004000", "0x00080000"), CPU_BASIC ALL);
	found_missing("nesting.evmcs");
}

Test(probes_nesting, hyperv_leaves_without_a_hypervisor_are_ignored)
{
	given_vmx(INTEL METAL_VMX HYPERV("0x00004000", "0x00080101"), CPU_BASIC ALL);
	found_bool("nesting.evmcs", false);
	found_status("nesting.evmcs", NM_STATUS_INFO);
}

static void given_parameter(const char *id, const char *value)
{
	cr_assert_eq(nm_detail_add(&case_context, id, NM_STATUS_INFO, NM_STRING(value), NULL, "x"),
		     0);
}

/* kvm_intel.ept=0: the machine still has EPT, guests here do not. */
Test(probes_nesting, what_kvm_does_not_use_is_no_pass)
{
	given_parameter("kvm.parameter.kvm_intel.ept", "N");
	given_parameter("kvm.parameter.kvm_intel.vpid", "Y");
	given_parameter("kvm.parameter.kvm_intel.preemption_timer", "N");
	given_vmx(INTEL METAL_VMX, CPU_BASIC SOME);
	found_bool("nesting.ept", true);
	found_status("nesting.ept", NM_STATUS_WARN);
	evidence_says("nesting.ept", "/sys/module/kvm_intel/parameters/ept is off");
	evidence_says("nesting.ept", "shadow page tables");
	cr_assert(strstr(found("nesting.ept")->remedy, "load kvm_intel with ept=1"), "%s",
		  found("nesting.ept")->remedy);
	found_there("nesting.vpid");
	found_status("nesting.preemption_timer", NM_STATUS_WARN);
	cr_assert(strstr(found("nesting.summary")->value.string, "EPT (off in KVM), VPID, "), "%s",
		  found("nesting.summary")->value.string);
}

Test(probes_nesting, a_switch_of_what_is_missing_says_nothing)
{
	given_parameter("kvm.parameter.kvm_intel.enable_shadow_vmcs", "N");
	given_vmx(INTEL METAL_VMX, CPU_BASIC SOME);
	found_missing("nesting.shadow_vmcs");
}

Test(probes_nesting, the_other_module_has_switches_too)
{
	given_parameter("kvm.parameter.kvm_amd.npt", "0");
	given_cpu(AMD GUEST SVM LEAF_A("0x00010019"));
	given_error(NM_ANSWER_TEXT, "nestmark/msr", EACCES);
	probe_all();
	found_bool("nesting.npt", true);
	found_status("nesting.npt", NM_STATUS_WARN);
	found_there("nesting.vgif");
}

/* A list of leaves that ends at 40000000h, as in what others publish of their machines. */
Test(probes_nesting, hyperv_whose_leaves_are_missing_is_no_answer)
{
	given_vmx(INTEL GUEST_VMX
		  "   0x40000000 0x00: eax=0x40000001 ebx=0x7263694d ecx=0x666f736f "
		  "edx=0x76482074\n",
		  CPU_BASIC ALL);
	found_status("nesting.evmcs", NM_STATUS_UNKNOWN);
}

Test(probes_nesting, svm_rows_come_from_cpuid)
{
	/* NP, NRIPS, TscRateMsr, VGIF; neither FlushByAsid, DecodeAssists, AVIC nor VMSAVEvirt */
	given_cpu(AMD GUEST SVM LEAF_A("0x00010019"));
	given_error(NM_ANSWER_TEXT, "nestmark/msr", EACCES);
	probe_all();
	found_there("nesting.npt");
	found_there("nesting.nrip_save");
	found_there("nesting.tsc_ratio");
	found_there("nesting.vgif");
	found_missing("nesting.flush_by_asid");
	found_missing("nesting.decode_assists");
	found_missing("nesting.avic");
	found_missing("nesting.virtual_vmload_vmsave");
	evidence_says("nesting.npt", "CPUID 8000000Ah EDX[0]");
	found_string("nesting.summary",
		     "NPT, nRIP save, vGIF; without AVIC, virtual VMLOAD/VMSAVE");
	cr_assert(!is_found("nesting.ept"), "rows of the other vendor");
	cr_assert(!is_found("nesting.evmcs"), "eVMCS is VMX");
}
