/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_verdict() makes of findings that are given. */
#include "probe_case.h"

#define SOFTWARE                                                                                   \
	"software (kvm_pvm: guest kernel code is interpreted, guest user code runs natively): "

static void with(const char *id, enum nm_status status, struct nm_value value, const char *remedy,
		 const char *evidence)
{
	cr_assert_eq(nm_finding_add(&case_context, id, status, value, remedy, "%s", evidence), 0,
		     "out of memory");
}

static void with_string(const char *id, const char *value)
{
	with(id, NM_STATUS_INFO, NM_STRING(value), NULL, "x");
}

static void with_kvm(const char *backend, const char *flag)
{
	with("kvm.device", NM_STATUS_PASS, NM_STRING("/dev/kvm"), NULL, "opened");
	with_string("kvm.backend", backend);
	with_string("cpu.virtualization", flag);
	case_context.run_guest = true;
}

static void with_proof(void)
{
	with("guest.canary", NM_STATUS_PASS, NM_BOOL(true), NULL, "a guest ran");
	with("guest.exits", NM_STATUS_PASS, NM_STRING("23 of 23 classes work"), NULL, "x");
}

static void decided(const char *value, enum nm_status status, const char *line)
{
	probe_with(nm_probe_verdict);
	found_string("verdict.virtualization", value);
	found_status("verdict.virtualization", status);
	found_status("verdict.nesting", status);
	found_string("verdict.nesting", line);
}

static void next_is(const char *remedy)
{
	const char *got = found("verdict.nesting")->remedy;

	if (!remedy)
		cr_assert_null(got, "the next step is %s", got);
	else
		cr_assert(got && !strcmp(got, remedy), "the next step is %s", got ? got : "none");
}

Test(probes_verdict, hardware_that_is_proven)
{
	with_kvm("kvm_intel", "vmx");
	with_string("nesting.summary", "EPT, VPID, unrestricted guest; without shadow VMCS");
	with_proof();
	decided("hardware", NM_STATUS_PASS,
		"hardware (VT-x, EPT, VPID, unrestricted guest; without shadow VMCS): proven by a "
		"guest: 23 of 23 classes work");
	cr_assert_str_eq(found("verdict.virtualization")->evidence, "kvm_intel with vmx",
			 "evidence");
	next_is(NULL);
}

Test(probes_verdict, hardware_without_a_summary_of_it)
{
	with_kvm("kvm_amd", "svm");
	with("guest.canary", NM_STATUS_PASS, NM_BOOL(true), NULL, "a guest ran");
	decided("hardware", NM_STATUS_PASS, "hardware (AMD-V): proven by a guest");
}

Test(probes_verdict, hardware_on_which_some_classes_fail)
{
	with_kvm("kvm_intel", "vmx");
	with("guest.canary", NM_STATUS_PASS, NM_BOOL(true), NULL, "a guest ran");
	with("guest.exits", NM_STATUS_WARN, NM_STRING("22 of 23 classes work"), "report it", "x");
	decided("hardware", NM_STATUS_PASS,
		"hardware (VT-x): proven by a guest: 22 of 23 classes work");
	next_is("report it");
}

Test(probes_verdict, capable_and_not_proven)
{
	with_kvm("kvm_intel", "vmx");
	with("guest.canary", NM_STATUS_UNKNOWN, NM_BOOL(false), NULL, "not tried");
	case_context.run_guest = false;
	decided("hardware", NM_STATUS_UNKNOWN,
		"capable (VT-x): not proven, run without --no-guest");
}

Test(probes_verdict, capable_and_not_captured)
{
	with_kvm("kvm_amd", "svm");
	with("guest.canary", NM_STATUS_UNKNOWN, NM_BOOL(false), NULL, "not captured");
	decided("hardware", NM_STATUS_UNKNOWN, "capable (AMD-V): not proven: not captured");
}

Test(probes_verdict, capable_but_the_canary_dies)
{
	with_kvm("kvm_intel", "vmx");
	with("guest.canary", NM_STATUS_FAIL, NM_BOOL(false), "report it",
	     "KVM_EXIT_FAIL_ENTRY: hardware entry failure reason 0x7");
	decided("broken", NM_STATUS_FAIL,
		"capable, but guests do not work: KVM_EXIT_FAIL_ENTRY: hardware entry failure "
		"reason 0x7");
	next_is("report it");
}

Test(probes_verdict, capable_but_the_basics_do_not_work)
{
	with_kvm("kvm_pvm", "none");
	with("guest.canary", NM_STATUS_PASS, NM_BOOL(true), NULL, "a guest ran");
	with("guest.exits", NM_STATUS_FAIL, NM_STRING("3 of 23 classes work"), "report it",
	     "not working: hlt; hlt: slept");
	decided("broken", NM_STATUS_FAIL,
		"capable, but guests do not work: not working: hlt; hlt: slept");
}

Test(probes_verdict, linux_does_not_work)
{
	with_kvm("kvm_amd", "svm");
	with_proof();
	with("guest.linux", NM_STATUS_FAIL, NM_BOOL(false), "report it", "the kernel gave up");
	decided("broken", NM_STATUS_FAIL,
		"capable, but Linux guests do not work: the kernel gave up");
}

Test(probes_verdict, a_software_kvm_is_no_hardware)
{
	with_kvm("kvm_pvm", "none");
	with("guest.canary", NM_STATUS_PASS, NM_BOOL(true), NULL, "a guest ran");
	with("guest.exits", NM_STATUS_WARN, NM_STRING("20 of 23 classes work"), "x", "x");
	with("guest.linux", NM_STATUS_FAIL, NM_BOOL(false), NULL, "an instruction");
	decided("software", NM_STATUS_WARN, SOFTWARE "proven by a guest: 20 of 23 classes work");
	next_is("use an instance with nested virtualization for hardware figures");
}

Test(probes_verdict, the_platform_knows_the_next_step)
{
	with_kvm("kvm_pvm", "none");
	with("platform.nesting", NM_STATUS_WARN, NM_STRING("offered"), "stop it, switch it on",
	     "a type that can");
	with("guest.canary", NM_STATUS_UNKNOWN, NM_BOOL(false), NULL, "not tried");
	case_context.run_guest = false;
	decided("software", NM_STATUS_WARN, SOFTWARE "not proven, run without --no-guest");
	next_is("stop it, switch it on");
}

Test(probes_verdict, no_device)
{
	with("kvm.device", NM_STATUS_FAIL, NM_STRING("/dev/kvm"), "load kvm_intel",
	     "/dev/kvm: not there");
	decided("none", NM_STATUS_FAIL, "none: /dev/kvm: not there");
	next_is("load kvm_intel");
}

Test(probes_verdict, no_device_because_the_platform_keeps_it)
{
	with("kvm.device", NM_STATUS_FAIL, NM_STRING("/dev/kvm"), "load a module",
	     "/dev/kvm: not there");
	with_string("cpu.virtualization", "none");
	with("platform.nesting", NM_STATUS_WARN, NM_STRING("off"), "switch it on there", "x");
	decided("none", NM_STATUS_FAIL, "none: /dev/kvm: not there");
	next_is("switch it on there");
}

Test(probes_verdict, a_cpu_that_is_not_known_is_no_arm64)
{
	with_kvm("kvm_amd", "none");
	with("platform.emulator", NM_STATUS_WARN, NM_BOOL(true), NULL, "x");
	with("guest.canary", NM_STATUS_PASS, NM_BOOL(true), NULL, "a guest ran");
	decided("emulated", NM_STATUS_WARN,
		"emulated (kvm_amd; functions are real, times are not): proven by a guest");
}

Test(probes_verdict, a_software_kvm_that_may_not_be_opened)
{
	with("kvm.device", NM_STATUS_FAIL, NM_STRING("/dev/kvm"), "give yourself access",
	     "/dev/kvm: not permitted");
	with_string("cpu.virtualization", "none");
	with_string("kvm.backend", "kvm_pvm");
	with("platform.nesting", NM_STATUS_WARN, NM_STRING("off"), "switch it on there", "x");
	decided("none", NM_STATUS_FAIL, "none: /dev/kvm: not permitted");
	next_is("give yourself access");
}

/* With VMX in CPUID the platform has done its part. */
Test(probes_verdict, no_device_on_a_platform_that_gave_vmx)
{
	with("kvm.device", NM_STATUS_FAIL, NM_STRING("/dev/kvm"), "load kvm_intel", "not there");
	with_string("cpu.virtualization", "vmx");
	with("platform.nesting", NM_STATUS_WARN, NM_STRING("off"), "switch it on there", "x");
	decided("none", NM_STATUS_FAIL, "none: not there");
	next_is("load kvm_intel");
}

Test(probes_verdict, where_the_cpu_has_it_the_platform_has_no_next_step)
{
	with("cpu.virtualization", NM_STATUS_PASS, NM_STRING("vmx"), NULL, "x");
	with("kvm.device", NM_STATUS_FAIL, NM_STRING("/dev/kvm"), "load kvm_intel", "not there");
	with("platform.nesting", NM_STATUS_INFO, NM_STRING("on"), "nothing", "x");
	decided("none", NM_STATUS_FAIL, "none: not there");
	next_is("load kvm_intel");
}

Test(probes_verdict, nothing_is_claimed_without_an_answer)
{
	decided("unknown", NM_STATUS_UNKNOWN, "unknown: KVM was not probed");
}

Test(probes_verdict, a_device_that_was_not_captured_is_not_missing)
{
	with("kvm.device", NM_STATUS_UNKNOWN, NM_BOOL(false), NULL, "not captured");
	decided("unknown", NM_STATUS_UNKNOWN, "unknown: not captured");
}

Test(probes_verdict, a_pair_that_is_not_known)
{
	with_kvm("kvm_amd", "vmx");
	with_proof();
	decided("unknown", NM_STATUS_UNKNOWN,
		"unknown: kvm_amd with CPU virtualization \"vmx\": not a pair that is known");
}

Test(probes_verdict, a_module_that_cannot_be_seen)
{
	with("kvm.device", NM_STATUS_PASS, NM_STRING("/dev/kvm"), NULL, "opened");
	decided("unknown", NM_STATUS_UNKNOWN,
		"unknown: a KVM module that cannot be seen with CPU virtualization \"\": not a "
		"pair "
		"that is known");
}

#define EMULATED                                                                                   \
	"emulated (AMD-V; functions are real, times are not): proven by a guest: 23 of 23 "        \
	"classes work"

Test(probes_verdict, an_emulator_is_known_by_its_platform)
{
	with_kvm("kvm_amd", "svm");
	with_proof();
	with("platform.emulator", NM_STATUS_WARN, NM_BOOL(true), NULL, "x");
	decided("emulated", NM_STATUS_WARN, EMULATED);
	next_is("run on hardware for figures that mean time");
}

Test(probes_verdict, a_platform_that_is_no_emulator)
{
	with_kvm("kvm_amd", "svm");
	with_proof();
	with("platform.emulator", NM_STATUS_INFO, NM_BOOL(false), NULL, "x");
	decided("hardware", NM_STATUS_PASS,
		"hardware (AMD-V): proven by a guest: 23 of 23 classes work");
}

Test(probes_verdict, an_arm64_machine_with_kvm)
{
	with_kvm("kvm", "el2");
	with_string("nesting.summary", "no EL2 for guests");
	with("guest.canary", NM_STATUS_UNKNOWN, (struct nm_value) {0}, NULL, "x86-64 only");
	decided("hardware", NM_STATUS_UNKNOWN,
		"capable (EL2, no EL2 for guests): not proven: x86-64 only");
}

Test(probes_verdict, what_firmware_locked_off_only_firmware_switches_on)
{
	with("kvm.device", NM_STATUS_FAIL, NM_STRING("/dev/kvm"), "load kvm_intel", "not there");
	with("platform.nesting", NM_STATUS_WARN, NM_STRING("off"), "ask the host", "x");
	with("vmx.cpu.feature_control", NM_STATUS_FAIL, NM_STRING("locked"),
	     "enable VT-x in the firmware", "x");
	decided("none", NM_STATUS_FAIL, "none: not there");
	next_is("enable VT-x in the firmware");
}
