/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_guest() says of guests whose fate is given: the fact "guest". */
#include "probe_case.h"

#include "core/error.h"
#include "probes/guest_fact.h"

#include <errno.h>
#include <stdio.h>

#define FACT "nestmark/guest"
#define BASICS                                                                                     \
	"canary ok\ncpuid ok\npio_out ok\npio_in ok\nmmio_write ok\nmmio_read ok\npage_fault "     \
	"ok\nhlt ok\n"

static void probe_fact(const char *fact)
{
	given_text(FACT, fact);
	case_context.run_guest = true;
	probe_with(nm_probe_guest);
}

static void assert_absent(const char *id)
{
	cr_assert_null(nm_findings_get(&case_findings, id), "there is a finding %s", id);
}

static void assert_evidence(const char *id, const char *text)
{
	cr_assert_not_null(strstr(found(id)->evidence, text), "%s says: %s", id,
			   found(id)->evidence);
}

/* Every class in order, all of them with the same state and text. */
static char *whole_fact(const char *rest)
{
	struct nm_text text = {0};
	char *copy;

	nm_text_puts(&text, "canary ok\n");
	for (int i = 0; i < NM_GUEST_CLASSES; i++)
		nm_text_printf(&text, "%s %s\n", nm_guest_classes[i].name, rest);
	copy = nm_arena_strdup(&case_arena, text.bytes);
	nm_text_free(&text);
	return copy;
}

static void add_string(const char *id, const char *value)
{
	cr_assert_eq(nm_finding_add(&case_context, id, NM_STATUS_INFO, NM_STRING(value), NULL, "x"),
		     0, "out of memory");
}

Test(probes_guest, where_all_works_nothing_is_reported)
{
	probe_fact(whole_fact("ok"));
	found_status("guest.canary", NM_STATUS_PASS);
	found_bool("guest.canary", true);
	found_status("guest.exits", NM_STATUS_PASS);
	found_string("guest.exits", "23 of 23 classes work");
	for (int i = 0; i < NM_GUEST_CLASSES; i++) {
		char id[64];

		snprintf(id, sizeof(id), "guest.exit.%s", nm_guest_classes[i].name);
		found_status(id, NM_STATUS_PASS);
		found_bool(id, true);
		cr_assert(found(id)->detail, "%s is shown to all", id);
	}
	assert_absent("guest.report");
}

Test(probes_guest, a_class_that_fails_is_named_and_reported)
{
	add_string("kvm.backend", "kvm_intel");
	add_string("kvm.parameter.kvm_intel.ept", "Y");
	add_string("kvm.parameter.kvm.tdp_mmu", "N");
	add_string("kvm.parameter.kvm_intelligent.ept", "no");
	given_text("proc/sys/kernel/osrelease", "6.1.0-53-amd64\n");
	given_text("sys/module/kvm_intel/srcversion", "0123ABCD\n");
	case_machine.vendor = "GenuineIntel";
	case_machine.family = 6;
	case_machine.model = 143;
	case_machine.stepping = 8;
	case_machine.microcode = "0x2b000590";
	case_machine.hypervisor = "KVMKVMKVM";
	case_machine.product = "Amazon EC2 c8i.large";
	probe_fact(BASICS
		   "msr ok\nself_ipi fail KVM_EXIT_FAIL_ENTRY: reason 0x7\nhypercall timeout "
		   "the guest did not end within 50 ms; at RIP 0x12088: VMCALL\n");
	found_status("guest.canary", NM_STATUS_PASS);
	found_status("guest.exits", NM_STATUS_WARN);
	found_string("guest.exits", "8 of 10 classes work, 13 not tried");
	assert_evidence("guest.exits", "self_ipi, hypercall");
	cr_assert(strstr(found("guest.exits")->remedy, "report it"), "no remedy");
	found_status("guest.exit.self_ipi", NM_STATUS_FAIL);
	assert_evidence("guest.exit.self_ipi", "KVM_EXIT_FAIL_ENTRY: reason 0x7");
	found_status("guest.exit.hypercall", NM_STATUS_FAIL);
	found_bool("guest.exit.hypercall", false);
	assert_absent("guest.exit.pic");
	found_string("guest.report", "self_ipi, hypercall");
	assert_evidence("guest.report",
			"Linux 6.1.0-53-amd64; kvm srcversion not visible; kvm_intel srcversion "
			"0123ABCD ept=Y; GenuineIntel family 6 model 143 stepping 8 microcode "
			"0x2b000590; a guest of \"KVMKVMKVM\"; Amazon EC2 c8i.large; self_ipi: "
			"KVM_EXIT_FAIL_ENTRY: reason 0x7; hypercall: the guest did not end within "
			"50 ms; at RIP 0x12088: VMCALL");
}

Test(probes_guest, a_software_kvm_is_known_to_lack_some)
{
	add_string("kvm.backend", "kvm_pvm");
	probe_fact(BASICS "hypercall timeout late\n");
	cr_assert(strstr(found("guest.exits")->remedy, "hardware virtualization"), "remedy: %s",
		  found("guest.exits")->remedy);
	cr_assert(strstr(found("guest.exit.hypercall")->remedy, "hardware virtualization"),
		  "remedy: %s", found("guest.exit.hypercall")->remedy);
}

Test(probes_guest, without_the_basics_guests_do_not_work)
{
	probe_fact(
		"canary ok\ncpuid ok\npio_out ok\nmmio_read fail the value was 0\nhlt timeout it "
		"slept\n");
	found_status("guest.canary", NM_STATUS_PASS);
	found_status("guest.exits", NM_STATUS_FAIL);
	assert_evidence("guest.exits", "not working: mmio_read, hlt; mmio_read: the value was 0");
	found_string("guest.report", "mmio_read, hlt");
}

Test(probes_guest, what_kvm_does_not_claim_or_time_forbids_is_no_failure)
{
	probe_fact(BASICS
		   "pic unsupported KVM has no irqchip\nhypercall skipped no time was left\n");
	found_status("guest.exits", NM_STATUS_PASS);
	found_string("guest.exits", "7 of 7 classes work, 15 not tried");
	found_status("guest.exit.pic", NM_STATUS_INFO);
	found_bool("guest.exit.pic", false);
	assert_evidence("guest.exit.pic", "KVM has no irqchip");
	found_status("guest.exit.hypercall", NM_STATUS_UNKNOWN);
	cr_assert_eq(found("guest.exit.hypercall")->value.type, NM_VALUE_NONE, "it has a value");
	assert_evidence("guest.exit.hypercall", "not tried: no time was left");
	assert_absent("guest.report");
}

Test(probes_guest, basics_that_were_not_tried_leave_it_open)
{
	probe_fact("canary ok\ncpuid ok\npio_out skipped no time was left\n");
	found_status("guest.exits", NM_STATUS_UNKNOWN);
	found_string("guest.exits", "1 of 1 classes work, 22 not tried");
}

Test(probes_guest, a_canary_that_dies_says_why_and_what_to_do)
{
	probe_fact(
		"canary fail KVM_CREATE_VM: another hypervisor holds VMX or SVM\nremedy stop the "
		"other hypervisor\n");
	found_status("guest.canary", NM_STATUS_FAIL);
	found_bool("guest.canary", false);
	cr_assert_str_eq(found("guest.canary")->evidence,
			 "KVM_CREATE_VM: another hypervisor holds VMX or SVM", "evidence");
	cr_assert_str_eq(found("guest.canary")->remedy, "stop the other hypervisor", "remedy");
	found_status("guest.exits", NM_STATUS_UNKNOWN);
	assert_absent("guest.exit.cpuid");
	found_string("guest.report", "canary");
	assert_evidence("guest.report", "; canary: KVM_CREATE_VM: another hypervisor");
}

Test(probes_guest, a_canary_that_hangs_is_to_be_reported)
{
	probe_fact("canary timeout the guest did not end within 500 ms\n");
	found_status("guest.canary", NM_STATUS_FAIL);
	cr_assert(strstr(found("guest.canary")->remedy, "report it with guest.report"),
		  "remedy: %s", found("guest.canary")->remedy);
}

Test(probes_guest, a_canary_that_was_not_tried_is_unknown)
{
	probe_fact("canary skipped no time was left\n");
	found_status("guest.canary", NM_STATUS_UNKNOWN);
	found_status("guest.exits", NM_STATUS_UNKNOWN);
	assert_absent("guest.report");
}

Test(probes_guest, without_permission_nothing_is_asked)
{
	given_text(FACT, BASICS);
	probe_with(nm_probe_guest);
	found_status("guest.canary", NM_STATUS_UNKNOWN);
	cr_assert_str_eq(found("guest.canary")->evidence, "not tried", "evidence");
	found_status("guest.exits", NM_STATUS_UNKNOWN);
}

Test(probes_guest, what_was_not_captured_is_unknown)
{
	case_context.run_guest = true;
	probe_with(nm_probe_guest);
	found_status("guest.canary", NM_STATUS_UNKNOWN);
	cr_assert_str_eq(found("guest.canary")->evidence, "not captured", "evidence");
	found_status("guest.exits", NM_STATUS_UNKNOWN);
}

Test(probes_guest, a_machine_without_a_device_has_no_guests)
{
	given_error(NM_ANSWER_TEXT, FACT, ENODEV);
	case_context.run_guest = true;
	probe_with(nm_probe_guest);
	found_status("guest.canary", NM_STATUS_UNKNOWN);
	assert_evidence("guest.canary", "no KVM device");
}

Test(probes_guest, another_error_is_shown)
{
	given_error(NM_ANSWER_TEXT, FACT, ENOMEM);
	case_context.run_guest = true;
	probe_with(nm_probe_guest);
	assert_evidence("guest.exits", strerror(ENOMEM));
}

Test(probes_guest, a_text_that_is_none_is_unknown)
{
	probe_fact("canary ok\ncpuid perhaps\n");
	found_status("guest.canary", NM_STATUS_UNKNOWN);
	assert_evidence("guest.canary", "line 2");
	assert_absent("guest.exit.cpuid");
}

Test(probes_guest, the_report_has_nothing_that_a_terminal_would_obey)
{
	given_text("proc/sys/kernel/osrelease", "6.1\x1b[31m\n");
	add_string("kvm.backend", "kvm_amd");
	add_string("kvm.parameter.kvm_amd.npt", "\x1b]0;x\x07");
	probe_fact(BASICS "msr fail x\n");
	cr_assert_null(strpbrk(found("guest.report")->evidence, "\x1b\x07"), "%s",
		       found("guest.report")->evidence);
}

/* The fact itself */

static int parse(const char *text)
{
	struct nm_guest_fact fact;

	return nm_guest_fact_parse(&case_arena, text, &fact);
}

Test(guest_fact, only_what_is_written_is_read)
{
	static const char *const bad[] = {
		"",
		"\n",
		"canary",
		"canary ok",
		"canary\n",
		"canary \n",
		"canary ok \n",
		"canary  ok\n",
		" canary ok\n",
		"canary ok\n\n",
		"canary ok\r\n",
		"canary OK\n",
		"canary absent x\n",
		"canary ok fine\n",
		"canary fail\n",
		"canary fail \n",
		"cpuid ok\n",
		"canary ok\ncanary ok\n",
		"canary ok\ncpuid ok\ncpuid ok\n",
		"canary ok\nnobody ok\n",
		"canary ok\nremedy\n",
		"canary ok\nremedy \n",
		"canary fail x\nremedy a\nremedy b\n",
		"canary fail \x1b[2J\n",
		"canary fail a\tb\n",
		"canary fail \x7f\n",
		"canary fail \xc2\x9b\n",
		"canary fail \xff\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(parse(bad[i]), -EINVAL, "accepted: \"%s\"", bad[i]);
	cr_assert_eq(parse("canary fail x\nremedy do\ncpuid ok\nhlt skipped no time\n"), 0, "%s",
		     nm_error_last()->text);
	cr_assert_eq(parse("canary fail über\n"), 0, "%s", nm_error_last()->text);
}

Test(guest_fact, lines_are_bounded)
{
	char text[2100] = "canary fail ";
	size_t used = strlen(text);

	memset(text + used, 'x', 2000);
	memcpy(text + used + 2000, "\n", 2);
	cr_assert_eq(parse(text), -EINVAL, "a line of 2000 characters was accepted");
	memcpy(text + used + 900, "\n", 2);
	cr_assert_eq(parse(text), 0, "a line of 900 characters was refused");
}

Test(guest_fact, what_is_written_can_be_read_whatever_it_says)
{
	struct nm_guest_fact fact;
	struct nm_text text = {0};
	char longest[1500];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	nm_guest_fact_put(&text, "canary", NM_PROOF_FAIL,
			  "a\nb\x1b[31m\xff"
			  "c");
	nm_guest_fact_put_remedy(&text, "stop\nit");
	nm_guest_fact_put(&text, "cpuid", NM_PROOF_OK, NULL);
	nm_guest_fact_put(&text, "hypercall", NM_PROOF_TIMEOUT, longest);
	cr_assert_eq(nm_guest_fact_parse(&case_arena, text.bytes, &fact), 0, "%s",
		     nm_error_last()->text);
	cr_assert_str_eq(fact.canary.text, "a b[31mc", "%s", fact.canary.text);
	cr_assert_str_eq(fact.remedy, "stop it", "%s", fact.remedy);
	cr_assert_eq(fact.classes[NM_CLASS_CPUID].state, NM_PROOF_OK, "cpuid");
	cr_assert_eq(fact.classes[NM_CLASS_HYPERCALL].state, NM_PROOF_TIMEOUT, "hypercall");
	cr_assert_eq(fact.classes[NM_CLASS_PIC].state, NM_PROOF_ABSENT, "pic");
	nm_text_free(&text);
}

/* A finding whose id is as much of "kvm.parameter.MODULE." as fits somewhere is not one of that module. */
Test(probes_guest, a_module_with_a_long_name_has_no_parameters)
{
	char module[200];
	char id[128];

	memset(module, 'a', sizeof(module) - 1);
	module[sizeof(module) - 1] = '\0';
	snprintf(id, sizeof(id), "kvm.parameter.%.113s", module);
	add_string("kvm.backend", module);
	add_string(id, "secret");
	probe_fact(BASICS "hypercall timeout late\n");
	cr_assert_null(strstr(found("guest.report")->evidence, "=secret"), "%s",
		       found("guest.report")->evidence);
}
