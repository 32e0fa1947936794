/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_svm() says of machines whose CPUID, MSRs and KVM are given. */
#include "probe_case.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define AMD	"   0x00000000 0x00: eax=0x00000001 ebx=0x68747541 ecx=0x444d4163 edx=0x69746e65\n"
#define INTEL	"   0x00000000 0x00: eax=0x00000001 ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69\n"
#define LEAF_1	"   0x00000001 0x00: eax=0x00a20f10 ebx=0x00000000 ecx=0x80200000 edx=0x00000000\n"
#define SVM	"   0x80000001 0x00: eax=0x00a20f10 ebx=0x00000000 ecx=0x00000004 edx=0x00000000\n"
#define WITHOUT "   0x80000001 0x00: eax=0x00a20f10 ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n"
/* NP, NRIPS, VMSAVEvirt, VGIF, IdleHltIntercept */
#define LEAF_A "   0x8000000a 0x00: eax=0x00000001 ebx=0x00008000 ecx=0x00000000 edx=0x40018009\n"
#define KVM_A  "   0x8000000a 0x00: eax=0x00000001 ebx=0x00000008 ecx=0x00000000 edx=0x00000008\n"

#define EFER "0xc0000080 0x0000000000001d01\n"

static void given_cpu(const char *leaves)
{
	cr_assert_eq(nm_cpuid_parse(&case_arena, leaves, &case_context.cpuid), 0, "CPUID");
}

static void given_kvm(const char *leaves)
{
	cr_assert_eq(nm_cpuid_parse(&case_arena, leaves, &case_context.kvm_view.supported), 0,
		     "CPUID of KVM");
}

static void given_svm_with(const char *registers)
{
	given_cpu(AMD LEAF_1 SVM LEAF_A);
	given_text("nestmark/msr", registers);
	probe_with(nm_probe_svm);
}

static bool is_found(const char *id)
{
	return nm_findings_get(&case_findings, id);
}

Test(probes_svm, a_machine_without_svm_has_one_finding)
{
	given_cpu(AMD LEAF_1 WITHOUT LEAF_A);
	probe_with(nm_probe_svm);
	found_bool("svm.exposed", false);
	found_status("svm.exposed", NM_STATUS_INFO);
	cr_assert_eq(case_findings.count, 1, "%zu findings", case_findings.count);
}

Test(probes_svm, leaves_of_amd_mean_nothing_on_intel)
{
	given_cpu(INTEL LEAF_1 SVM LEAF_A);
	given_text("nestmark/msr", EFER);
	probe_with(nm_probe_svm);
	found_bool("svm.exposed", false);
	cr_assert_eq(case_findings.count, 1, "%zu findings", case_findings.count);
}

Test(probes_svm, without_cpuid_exposure_is_unknown)
{
	probe_with(nm_probe_svm);
	found_status("svm.exposed", NM_STATUS_UNKNOWN);
}

/* A list of leaves that was cut: no feature is said to be missing. */
Test(probes_svm, a_leaf_that_is_not_there_denies_nothing)
{
	given_cpu(AMD LEAF_1 SVM);
	given_text("nestmark/msr", EFER);
	probe_with(nm_probe_svm);
	found_status("svm.cpu.features", NM_STATUS_UNKNOWN);
	cr_assert_not(is_found("svm.cpu.features.np"), "np");
	probe_with(nm_probe_nesting);
	found_status("nesting.npt", NM_STATUS_UNKNOWN);
	cr_assert(strstr(found("nesting.npt")->evidence, "8000000Ah is not there"), "%s",
		  found("nesting.npt")->evidence);
}

Test(probes_svm, features_are_decoded_by_name)
{
	given_svm_with(EFER "0xc0010114 0x0000000000000008\n");
	found_status("svm.exposed", NM_STATUS_PASS);
	found_int("svm.cpu.revision", 1);
	found_int("svm.cpu.asids", 32768);
	found_string("svm.cpu.features", "5 of 27 features");
	found_bool("svm.cpu.features.np", true);
	found_bool("svm.cpu.features.nrips", true);
	found_bool("svm.cpu.features.vmsavevirt", true);
	found_bool("svm.cpu.features.vgif", true);
	found_bool("svm.cpu.features.idlehltintercept", true);
	found_bool("svm.cpu.features.avic", false);
	found_bool("svm.cpu.features.decodeassists", false);
	cr_assert(found("svm.cpu.features.np")->detail, "a single feature is a detail");
	cr_assert_str_eq(found("svm.cpu.features.nrips")->evidence,
			 "NRIPS: NRIP save: CPUID 8000000Ah EDX[3], of this machine", "%s",
			 found("svm.cpu.features.nrips")->evidence);
	found_bool("svm.cpu.efer_svme", true);
}

static const struct {
	const char *registers;
	const char *text;
	enum nm_status status;
} controls[] = {
	{"0xc0010114 0x0000000000000008\n", "locked, SVM", NM_STATUS_PASS},
	{"0xc0010114 0x0000000000000000\n", "not locked, SVM", NM_STATUS_PASS},
	{"0xc0010114 0x0000000000000018\n", "locked without SVM", NM_STATUS_FAIL},
	{"0xc0010114 0x0000000000000010\n", "not locked, SVM is switched off", NM_STATUS_FAIL},
};

Test(probes_svm, vm_cr_tells_whether_svm_may_be_used)
{
	for (size_t i = 0; i < COUNT(controls); i++) {
		case_findings = (struct nm_findings) {0};
		case_capture = (struct nm_capture) {0};
		given_svm_with(controls[i].registers);
		found_string("svm.cpu.vm_cr", controls[i].text);
		found_status("svm.cpu.vm_cr", controls[i].status);
		cr_assert_eq(found("svm.cpu.vm_cr")->remedy != NULL,
			     controls[i].status == NM_STATUS_FAIL, "remedy of %zu", i);
		cr_assert(!is_found("svm.cpu.efer_svme"), "EFER was not read");
		nm_capture_free(&case_capture);
	}
}

Test(probes_svm, a_refused_vm_cr_is_unknown)
{
	given_svm_with(EFER "0xc0010114 EIO\n");
	found_status("svm.cpu.vm_cr", NM_STATUS_UNKNOWN);
}

Test(probes_svm, without_privilege_cpuid_still_tells)
{
	given_cpu(AMD LEAF_1 SVM LEAF_A);
	given_error(NM_ANSWER_TEXT, "nestmark/msr", EACCES);
	given_text("proc/cpuinfo", "flags\t\t: fpu svm sse\n");
	probe_with(nm_probe_svm);
	found_bool("svm.cpu.features.np", true);
	found_status("svm.cpu.vm_cr", NM_STATUS_UNKNOWN);
	cr_assert(strstr(found("svm.cpu.vm_cr")->evidence, "not permitted"), "%s",
		  found("svm.cpu.vm_cr")->evidence);
	cr_assert_not_null(found("svm.cpu.vm_cr")->remedy, "no privilege is named");
}

Test(probes_svm, a_kernel_that_took_the_flag_away_found_svm_off)
{
	given_cpu(AMD LEAF_1 SVM LEAF_A);
	given_error(NM_ANSWER_TEXT, "nestmark/msr", EACCES);
	given_text("proc/cpuinfo", "flags\t\t: fpu svm_lock sse\n");
	probe_with(nm_probe_svm);
	found_status("svm.cpu.vm_cr", NM_STATUS_FAIL);
}

Test(probes_svm, registers_that_are_not_as_written_are_unknown)
{
	given_svm_with("0xc0010114 0x08\n");
	found_status("svm.cpu.vm_cr", NM_STATUS_UNKNOWN);
}

Test(probes_svm, what_kvm_offers_is_not_what_this_machine_got)
{
	given_kvm(AMD LEAF_1 SVM KVM_A);
	given_svm_with(EFER);
	found_status("svm.kvm.exposed", NM_STATUS_PASS);
	found_int("svm.kvm.asids", 8);
	found_bool("svm.kvm.features.np", false);
	found_bool("svm.kvm.features.nrips", true);
	found_bool("svm.cpu.features.np", true);
	found_int("svm.cpu.asids", 32768);
}

Test(probes_svm, a_kvm_without_nesting_says_how_to_get_it)
{
	given_kvm(AMD LEAF_1 WITHOUT KVM_A);
	given_svm_with(EFER);
	found_bool("svm.kvm.exposed", false);
	cr_assert_not_null(found("svm.kvm.exposed")->remedy, "no remedy");
	cr_assert(!is_found("svm.kvm.features"), "nothing is offered");
}

Test(probes_svm, a_kvm_that_cannot_be_asked_is_unknown)
{
	given_svm_with(EFER);
	found_status("svm.kvm.exposed", NM_STATUS_UNKNOWN);
}
