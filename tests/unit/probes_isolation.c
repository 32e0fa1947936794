/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_isolation() says of machines whose files are given. */
#include "probe_case.h"

#include <errno.h>
#include <stdio.h>

#define VULNERABILITIES "sys/devices/system/cpu/vulnerabilities"
#define SMT		"sys/devices/system/cpu/smt/"
#define KVM		"sys/module/kvm/parameters/"

static void start_over(void)
{
	nm_capture_free(&case_capture);
	case_findings = (struct nm_findings) {0};
	case_machine = (struct nm_machine) {0};
}

static void given_state(const char *name, const char *state)
{
	char path[128];

	snprintf(path, sizeof(path), VULNERABILITIES "/%s", name);
	given_text(path, state);
}

static bool is_found(const char *id)
{
	return nm_findings_get(&case_findings, id);
}

static bool evidence_says(const char *id, const char *part)
{
	return strstr(found(id)->evidence, part);
}

Test(probes_isolation, nothing_captured_is_nothing_claimed)
{
	static const char *const ids[] = {"isolation.vulnerabilities",
					  "isolation.mitigations",
					  "isolation.smt",
					  "isolation.core_scheduling",
					  "isolation.nx_huge_pages",
					  "isolation.ksm",
					  "isolation.lockdown",
					  "isolation.modules",
					  "isolation.kvm_parameters",
					  "isolation.sibling",
					  NULL};

	probe_with(nm_probe_isolation);
	for (size_t i = 0; ids[i]; i++)
		found_status(ids[i], NM_STATUS_UNKNOWN);
}

/* Vulnerabilities: texts as kernels write them. */

Test(probes_isolation, states)
{
	static const struct {
		const char *text;
		enum nm_status status;
	} cases[] = {
		{"Not affected\n", NM_STATUS_PASS},
		{"Mitigation: PTI\n", NM_STATUS_PASS},
		{"KVM: Mitigation: VMX disabled\n", NM_STATUS_PASS},
		{"Mitigation: Clear CPU buffers; SMT disabled\n", NM_STATUS_PASS},
		{"Mitigation: Clear CPU buffers; SMT vulnerable\n", NM_STATUS_WARN},
		{"Mitigation: Clear CPU buffers; SMT Host state unknown\n", NM_STATUS_UNKNOWN},
		{"Mitigation: PTE Inversion; VMX: conditional cache flushes, SMT vulnerable\n",
		 NM_STATUS_WARN},
		{"Mitigation: Retpolines; BHI: Vulnerable, KVM: SW loop\n", NM_STATUS_WARN},
		{"Vulnerable\n", NM_STATUS_WARN},
		{"Vulnerable: Clear CPU buffers attempted, no microcode\n", NM_STATUS_WARN},
		{"KVM: Vulnerable\n", NM_STATUS_WARN},
		{"Processor vulnerable\n", NM_STATUS_WARN},
		{"Unknown: Dependent on hypervisor status\n", NM_STATUS_UNKNOWN},
		{"Unknown: No mitigations\n", NM_STATUS_UNKNOWN},
		{"something of tomorrow\n", NM_STATUS_UNKNOWN},
		{"", NM_STATUS_UNKNOWN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start_over();
		given_list(VULNERABILITIES, "mds");
		given_state("mds", cases[i].text);
		probe_with(nm_probe_isolation);
		found_status("isolation.vulnerability.mds", cases[i].status);
		found_status("isolation.vulnerabilities", cases[i].status);
	}
}

Test(probes_isolation, the_summary_names_what_is_open)
{
	given_list(VULNERABILITIES, "l1tf mds retbleed spectre_v1 srbds");
	given_state("l1tf", "Not affected\n");
	given_state("mds", "Vulnerable\n");
	given_state("retbleed", "Vulnerable\n");
	given_state("spectre_v1", "Mitigation: usercopy/swapgs barriers\n");
	given_state("srbds", "Unknown: Dependent on hypervisor status\n");
	probe_with(nm_probe_isolation);
	found_int("isolation.vulnerabilities", 2);
	found_status("isolation.vulnerabilities", NM_STATUS_WARN);
	cr_assert(evidence_says("isolation.vulnerabilities",
				"of 5 known to this kernel, vulnerable: mds, retbleed; "
				"unknown: srbds"),
		  "%s", found("isolation.vulnerabilities")->evidence);
	cr_assert_not(evidence_says("isolation.vulnerabilities", "hypervisor below"), "level 0");
	cr_assert(found("isolation.vulnerability.mds")->detail, "one of many");
	cr_assert_not(found("isolation.vulnerabilities")->detail, "the summary");
}

Test(probes_isolation, a_guest_sees_what_it_is_shown)
{
	case_machine.level = 1;
	given_list(VULNERABILITIES, "mds");
	given_state("mds", "Not affected\n");
	probe_with(nm_probe_isolation);
	cr_assert(evidence_says("isolation.vulnerability.mds", "hypervisor below"), "%s",
		  found("isolation.vulnerability.mds")->evidence);
	cr_assert(evidence_says("isolation.vulnerabilities", "hypervisor below"), "summary");
}

Test(probes_isolation, names_that_are_no_entries_are_passed_over)
{
	struct nm_answer answer = {.kind = NM_ANSWER_LIST, .path = VULNERABILITIES};

	nm_strings_add(&case_arena, &answer.names, "../../etc");
	nm_strings_add(&case_arena, &answer.names, "a b");
	nm_strings_add(&case_arena, &answer.names, "\033[31m");
	nm_strings_add(&case_arena, &answer.names,
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	cr_assert_eq(nm_capture_add(&case_capture, &answer), 0, "out of memory");
	probe_with(nm_probe_isolation);
	found_status("isolation.vulnerabilities", NM_STATUS_UNKNOWN);
	for (size_t i = 0; i < case_findings.count; i++)
		cr_assert_null(strstr(case_findings.items[i].id, "vulnerability."), "%s",
			       case_findings.items[i].id);
}

Test(probes_isolation, an_entry_that_cannot_be_read_is_unknown)
{
	given_list(VULNERABILITIES, "mds");
	given_error(NM_ANSWER_TEXT, VULNERABILITIES "/mds", EACCES);
	probe_with(nm_probe_isolation);
	found_status("isolation.vulnerability.mds", NM_STATUS_UNKNOWN);
	cr_assert(evidence_says("isolation.vulnerability.mds", "root may read it"), "why");
}

Test(probes_isolation, a_state_is_shown_without_control_characters)
{
	given_list(VULNERABILITIES, "mds");
	given_state("mds", "Vulnerable \033[2J\a\n");
	probe_with(nm_probe_isolation);
	cr_assert_str_eq(found("isolation.vulnerability.mds")->value.string, "Vulnerable [2J", "%s",
			 found("isolation.vulnerability.mds")->value.string);
}

/* Mitigations */

Test(probes_isolation, command_lines)
{
	static const struct {
		const char *line, *value;
		enum nm_status status;
	} cases[] = {
		{"root=/dev/sda1 quiet\n", "auto", NM_STATUS_PASS},
		{"mitigations=auto,nosmt\n", "auto,nosmt", NM_STATUS_PASS},
		{"mitigations=off\n", "off", NM_STATUS_WARN},
		{"quiet mitigations=auto,no_guest_host\n", "auto,no_guest_host", NM_STATUS_WARN},
		{"mitigations=auto;no_guest_guest\n", "auto;no_guest_guest", NM_STATUS_WARN},
		{"mitigations=auto,no_cross_thread\n", "auto,no_cross_thread", NM_STATUS_WARN},
		{"mitigations=auto,no_user_user\n", "auto,no_user_user", NM_STATUS_PASS},
		{"nopti\n", "auto", NM_STATUS_WARN},
		{"xnopti nopti2 mds=offside\n", "auto", NM_STATUS_PASS},
		{"mds=off l1tf=off\n", "auto", NM_STATUS_WARN},
		{"quiet -- mitigations=off nopti\n", "auto", NM_STATUS_PASS},
		{"", "auto", NM_STATUS_PASS},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start_over();
		given_text("proc/cmdline", cases[i].line);
		probe_with(nm_probe_isolation);
		found_status("isolation.mitigations", cases[i].status);
		found_string("isolation.mitigations", cases[i].value);
	}
}

/* SMT and core scheduling */

Test(probes_isolation, smt)
{
	given_text(SMT "control", "on\n");
	given_text(SMT "active", "1\n");
	probe_with(nm_probe_isolation);
	found_string("isolation.smt", "on");
	cr_assert(evidence_says("isolation.smt", "threads are running"), "active");
}

Test(probes_isolation, core_scheduling)
{
	static const struct {
		const char *text;
		int error;
		const char *value;
	} cases[] = {
		{NULL, EINVAL, "no"},
		{NULL, ENODEV, "not needed"},
		{"untagged\n", 0, "available"},
		{"tagged\n", 0, "available"},
		{NULL, EPERM, NULL},
		{"tagged", 0, NULL},
		{"yes\n", 0, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start_over();
		if (cases[i].text)
			given_text("nestmark/core_scheduling", cases[i].text);
		else
			given_error(NM_ANSWER_TEXT, "nestmark/core_scheduling", cases[i].error);
		probe_with(nm_probe_isolation);
		if (cases[i].value)
			found_string("isolation.core_scheduling", cases[i].value);
		else
			found_status("isolation.core_scheduling", NM_STATUS_UNKNOWN);
	}
}

/* Host settings */

Test(probes_isolation, huge_pages_that_need_guarding)
{
	given_text(KVM "nx_huge_pages", "N\n");
	given_state("itlb_multihit", "KVM: Vulnerable\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.nx_huge_pages", NM_STATUS_WARN);
	cr_assert(found("isolation.nx_huge_pages")->remedy, "no remedy");
}

/* As on a Haswell with mitigations=off, before its first guest. */
Test(probes_isolation, huge_pages_that_could_stop_the_host_once_a_guest_runs)
{
	given_text(KVM "nx_huge_pages", "N\n");
	given_state("itlb_multihit", "KVM: Mitigation: VMX disabled\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.nx_huge_pages", NM_STATUS_WARN);
	cr_assert(found("isolation.nx_huge_pages")->remedy, "no remedy");
	start_over();
	given_text(KVM "nx_huge_pages", "Y\n");
	given_state("itlb_multihit", "KVM: Mitigation: VMX disabled\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.nx_huge_pages", NM_STATUS_INFO);
}

Test(probes_isolation, huge_pages_that_do_not)
{
	given_text(KVM "nx_huge_pages", "N\n");
	given_state("itlb_multihit", "Not affected\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.nx_huge_pages", NM_STATUS_INFO);
}

Test(probes_isolation, merged_memory_tells)
{
	given_text("sys/kernel/mm/ksm/run", "1\n");
	probe_with(nm_probe_memory);
	probe_with(nm_probe_isolation);
	found_status("isolation.ksm", NM_STATUS_WARN);
	start_over();
	given_text("sys/kernel/mm/ksm/run", "0\n");
	probe_with(nm_probe_memory);
	probe_with(nm_probe_isolation);
	found_status("isolation.ksm", NM_STATUS_PASS);
}

Test(probes_isolation, lockdown)
{
	given_text("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	probe_with(nm_probe_isolation);
	found_string("isolation.lockdown", "integrity");
	start_over();
	given_error(NM_ANSWER_TEXT, "sys/kernel/security/lockdown", ENOENT);
	given(NM_ANSWER_EXISTS, "sys/kernel/security/lsm");
	probe_with(nm_probe_isolation);
	found_string("isolation.lockdown", "none");
	start_over();
	given_error(NM_ANSWER_TEXT, "sys/kernel/security/lockdown", ENOENT);
	probe_with(nm_probe_isolation);
	found_status("isolation.lockdown", NM_STATUS_UNKNOWN);
	start_over();
	given_text("sys/kernel/security/lockdown", "]none[\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.lockdown", NM_STATUS_UNKNOWN);
}

Test(probes_isolation, modules)
{
	static const struct {
		const char *disabled, *enforced, *value;
	} cases[] = {{"1\n", "N\n", "none"}, {"0\n", "Y\n", "signed"}, {"0\n", "N\n", "any"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start_over();
		given_text("proc/sys/kernel/modules_disabled", cases[i].disabled);
		given_text("sys/module/module/parameters/sig_enforce", cases[i].enforced);
		probe_with(nm_probe_isolation);
		found_string("isolation.modules", cases[i].value);
	}
}

Test(probes_isolation, a_kernel_without_modules)
{
	given_error(NM_ANSWER_TEXT, "proc/sys/kernel/modules_disabled", ENOENT);
	probe_with(nm_probe_isolation);
	found_status("isolation.modules", NM_STATUS_UNKNOWN);
	start_over();
	given_error(NM_ANSWER_TEXT, "proc/sys/kernel/modules_disabled", ENOENT);
	given(NM_ANSWER_EXISTS, "proc/sys/kernel");
	probe_with(nm_probe_isolation);
	found_string("isolation.modules", "none");
}

/* Parameters */

Test(probes_isolation, safe_parameters)
{
	given_text(KVM "allow_unsafe_mappings", "N\n");
	given_text(KVM "ignore_msrs", "N\n");
	given_text(KVM "force_emulation_prefix", "0\n");
	given_text(KVM "mitigate_smt_rsb", "Y\n");
	given_text("sys/module/kvm_intel/parameters/vmentry_l1d_flush", "cond\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.kvm_parameters", NM_STATUS_PASS);
	cr_assert(evidence_says("isolation.kvm_parameters", "4 parameters"), "%s",
		  found("isolation.kvm_parameters")->evidence);
	found_status("isolation.parameter.kvm.ignore_msrs", NM_STATUS_PASS);
	found_bool("isolation.smt_rsb", true);
	cr_assert_not(is_found("isolation.parameter.kvm_amd.dump_invalid_vmcb"), "it is absent");
}

Test(probes_isolation, unsafe_parameters)
{
	static const struct {
		const char *module, *name, *value;
	} cases[] = {
		{"kvm", "allow_unsafe_mappings", "Y\n"},
		{"kvm", "enable_vmware_backdoor", "1\n"},
		{"kvm", "ignore_msrs", "Y\n"},
		{"kvm", "force_emulation_prefix", "2\n"},
		{"kvm_intel", "vmentry_l1d_flush", "never\n"},
		{"kvm_intel", "allow_smaller_maxphyaddr", "Y\n"},
		{"vfio_iommu_type1", "allow_unsafe_interrupts", "Y\n"},
		{"iommufd", "allow_unsafe_interrupts", "Y\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[128];
		char id[128];

		start_over();
		snprintf(path, sizeof(path), "sys/module/%s/parameters/%s", cases[i].module,
			 cases[i].name);
		snprintf(id, sizeof(id), "isolation.parameter.%s.%s", cases[i].module,
			 cases[i].name);
		given_text(path, cases[i].value);
		probe_with(nm_probe_isolation);
		found_status(id, NM_STATUS_WARN);
		found_status("isolation.kvm_parameters", NM_STATUS_WARN);
		found_string("isolation.kvm_parameters", cases[i].name);
	}
}

/* Siblings */

static void given_leaks(const char *l1tf, const char *others)
{
	given_state("l1tf", l1tf);
	given_state("mds", others);
	given_state("tsx_async_abort", others);
	given_state("mmio_stale_data", others);
}

Test(probes_isolation, a_sibling_that_reads_data)
{
	given_text(SMT "active", "1\n");
	given_leaks("Mitigation: PTE Inversion; VMX: cache flushes, SMT vulnerable\n",
		    "Not affected\n");
	probe_with(nm_probe_isolation);
	found_string("isolation.sibling", "data");
	found_status("isolation.sibling", NM_STATUS_WARN);
	cr_assert(evidence_says("isolation.sibling", "L1 data cache (l1tf)"), "what");
	cr_assert_not(evidence_says("isolation.sibling", "(mds)"), "not that");
}

Test(probes_isolation, a_sibling_that_only_sees_timing)
{
	given_text(SMT "active", "1\n");
	given_leaks("Not affected\n", "Not affected\n");
	probe_with(nm_probe_isolation);
	found_string("isolation.sibling", "timing");
	found_status("isolation.sibling", NM_STATUS_INFO);
}

Test(probes_isolation, a_sibling_of_unknown_reach)
{
	given_text(SMT "active", "1\n");
	given_leaks("Not affected\n", "Unknown: No mitigations\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.sibling", NM_STATUS_UNKNOWN);
}

Test(probes_isolation, no_sibling)
{
	given_text(SMT "active", "0\n");
	given_leaks("Vulnerable\n", "Vulnerable\n");
	probe_with(nm_probe_isolation);
	found_string("isolation.sibling", "none");
	found_status("isolation.sibling", NM_STATUS_PASS);
}

/* CPUID 1h ECX[31] is clear, and nothing else says that this is a machine of its own. */
Test(probes_isolation, a_hypervisor_that_may_hide_is_said)
{
	given_text(SMT "active", "0\n");
	given_leaks("Not affected\n", "Not affected\n");
	cr_assert_eq(nm_unknown_add(&case_context, "platform.bare_metal", NULL, "x"), 0);
	probe_with(nm_probe_isolation);
	found_string("isolation.sibling", "none");
	found_status("isolation.sibling", NM_STATUS_INFO);
	cr_assert(evidence_says("isolation.sibling", "if no hypervisor hides"), "sibling");
	cr_assert(evidence_says("isolation.proof", "if no hypervisor hides"), "proof");
}

Test(probes_isolation, values_that_are_none_claim_nothing)
{
	given_text(KVM "ignore_msrs", "1e999\n");
	given_text("proc/sys/kernel/modules_disabled", "-2147483649\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.kvm_parameters", NM_STATUS_UNKNOWN);
	found_status("isolation.modules", NM_STATUS_UNKNOWN);
}

Test(probes_isolation, the_sibling_of_a_vcpu_is_not_visible)
{
	case_machine.level = 1;
	given_text(SMT "active", "0\n");
	given_leaks("Not affected\n", "Vulnerable\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.sibling", NM_STATUS_UNKNOWN);
	cr_assert(evidence_says("isolation.sibling", "not visible from inside"), "why");
	cr_assert(evidence_says("isolation.sibling", "could read"), "what");
}

Test(probes_isolation, a_machine_that_may_be_a_guest)
{
	case_machine.level = -1;
	given_text(SMT "active", "0\n");
	probe_with(nm_probe_isolation);
	found_status("isolation.sibling", NM_STATUS_UNKNOWN);
}

/* Proofs */

static void given_product(const char *vendor, const char *product)
{
	start_over();
	case_machine.level = 1;
	given_text("sys/class/dmi/id/sys_vendor", vendor);
	given_text("sys/class/dmi/id/product_name", product);
	probe_with(nm_probe_isolation);
	found_status("isolation.proof", NM_STATUS_INFO);
}

Test(probes_isolation, the_engine_is_named_where_it_applies)
{
	static const char *const known[] = {"m9g.large\n", "m9gd.48xlarge\n", NULL};
	static const char *const unsure[] = {"c9g.large\n", "r10gd.xlarge\n", "m9gn.large\n", NULL};
	static const char *const others[] = {"m8g.large\n", "m8i.large\n",
					     "m9a.large\n", "m9g.metal-48xl\n",
					     "g9.large\n",  "g\n",
					     "\n",	    "m99999999999999999999999g.large\n",
					     NULL};

	for (size_t i = 0; known[i]; i++) {
		given_product("Amazon EC2\n", known[i]);
		cr_assert(evidence_says("isolation.proof", "such as this one the Nitro Isolation "
							   "Engine"),
			  "%s: %s", known[i], found("isolation.proof")->evidence);
	}
	for (size_t i = 0; unsure[i]; i++) {
		given_product("Amazon EC2\n", unsure[i]);
		cr_assert(evidence_says("isolation.proof", "unknown whether"), "%s: %s", unsure[i],
			  found("isolation.proof")->evidence);
	}
	for (size_t i = 0; others[i]; i++) {
		given_product("Amazon EC2\n", others[i]);
		cr_assert_not(evidence_says("isolation.proof", "Nitro"), "%s", others[i]);
		cr_assert(evidence_says("isolation.proof", "no probe inside a guest"), "always");
	}
	given_product("Xen\n", "m9g.large\n");
	cr_assert_not(evidence_says("isolation.proof", "Nitro"), "another vendor");
}

Test(probes_isolation, bare_metal_is_its_own_hypervisor)
{
	probe_with(nm_probe_isolation);
	found_string("isolation.proof", "none");
}

Test(probes_isolation, a_long_name_is_read_whole)
{
	static const char name[] =
		"a234567890b234567890c234567890d234567890e234567890f234567890123";
	char path[128];
	char id[128];

	snprintf(path, sizeof(path), VULNERABILITIES "/%s", name);
	snprintf(id, sizeof(id), "isolation.vulnerability.%s", name);
	given_list(VULNERABILITIES, name);
	given_text(path, "Not affected\n");
	probe_with(nm_probe_isolation);
	found_status(id, NM_STATUS_PASS);
}
