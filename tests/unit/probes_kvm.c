/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_kvm() says of KVMs whose answers are given, and of texts that are no such answers. */
#include "probe_case.h"

#include <errno.h>
#include <stdio.h>

#define OPENED "device /dev/kvm opened\napi 12\nmmap 12288\n"
#define LEAF_0 "   0x00000000 0x00: eax=0x00000024 ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69\n"
#define LEAF_1(ecx)                                                                                \
	"   0x00000001 0x00: eax=0x000a0671 ebx=0x00000000 ecx=0x" ecx " edx=0x00000000\n"
#define LEAF_8(ecx)                                                                                \
	"   0x80000000 0x00: eax=0x80000008 ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n"        \
	"   0x80000001 0x00: eax=0x00000000 ebx=0x00000000 ecx=0x" ecx " edx=0x00000000\n"

static void says(const char *id, const char *text)
{
	cr_assert_not_null(strstr(found(id)->evidence, text), "%s: %s", id, found(id)->evidence);
}

static void advises(const char *id, const char *text)
{
	const char *remedy = found(id)->remedy;

	cr_assert_not_null(remedy, "%s has no remedy", id);
	cr_assert_not_null(strstr(remedy, text), "%s: %s", id, remedy);
}

static void not_found(const char *id)
{
	cr_assert_null(nm_findings_get(&case_findings, id), "%s is there", id);
}

/* What the probe of the CPU has found before. */
static void given_cpu(const char *virtualization)
{
	nm_finding_add(&case_context, "cpu.virtualization", NM_STATUS_INFO,
		       NM_STRING(virtualization), NULL, "given");
}

static void again(void)
{
	case_findings = (struct nm_findings) {0};
	nm_capture_free(&case_capture);
}

Test(probes_kvm, a_kvm_that_works)
{
	given_text("nestmark/kvm",
		   OPENED "vm created\ncapability 0 1 1\ncapability 9 2 4\ncapability 36 1 0\n"
			  "capability 66 1024 1024\ncapability 128 4096 4096\n"
			  "capability 157 16512 16512\ncapability 245 - 1\ncapability 400 1 -\n"
			  "msr 0x00000480 0x00da040000000004\nmsr 0x0000010a EIO\n" LEAF_0 LEAF_1(
				  "00000020") LEAF_8("00000000"));
	probe_with(nm_probe_kvm);
	found_status("kvm.device", NM_STATUS_PASS);
	found_string("kvm.device", "/dev/kvm");
	says("kvm.device", "opened, KVM API version 12");
	found_int("kvm.api", 12);
	says("kvm.api", "12288 bytes");
	found_status("kvm.vm", NM_STATUS_PASS);
	found_status("kvm.cap.irqchip", NM_STATUS_PASS);
	cr_assert(found("kvm.cap.irqchip")->detail, "one of many");
	found_int("kvm.cap.nr_vcpus", 4);
	says("kvm.cap.nr_vcpus", "KVM_CHECK_EXTENSION(9): system 2, VM 4");
	found_status("kvm.cap.ioeventfd", NM_STATUS_INFO);
	found_int("kvm.cap.ioeventfd", 0);
	found_status("kvm.cap.binary_stats_fd", NM_STATUS_UNKNOWN);
	says("kvm.capabilities", "without a name here: 245, 400");
	cr_assert_eq(strncmp(found("kvm.capabilities")->value.string, "5 of ", 5), 0, "%s",
		     found("kvm.capabilities")->value.string);
	found_int("kvm.vcpus", 1024);
	says("kvm.vcpus", "recommended are 4 ");
	says("kvm.vcpus", "below 4096 ");
	found_int("kvm.nested_state", 16512);
	found_int("kvm.feature_msrs", 2);
	found_int("kvm.cpuid", 4);
	says("kvm.cpuid", "24h and 80000008h");
	found_string("kvm.guest_virtualization", "vmx");
	found_status("kvm.guest_virtualization", NM_STATUS_PASS);
}

Test(probes_kvm, what_the_fact_holds)
{
	static const char fact[] =
		OPENED "vm created\ncapability 9 2 4\ncapability 10 3 -\ncapability 245 - -\n"
		       "msr 0x00000480 0x00da040000000004\nmsr 0x0000010a EIO\n" LEAF_0;
	struct nm_kvm_view view;
	uint64_t value;

	cr_assert_eq(nm_kvm_view_parse(&case_arena, fact, "x86_64", &view), 0, "refused");
	cr_assert_str_eq(view.device, "/dev/kvm", "%s", view.device);
	cr_assert_eq(view.mmap_bytes, 12288, "mmap");
	cr_assert_eq(nm_kvm_view_capability(&view, 9), 4, "that of the VM");
	cr_assert_eq(nm_kvm_view_capability(&view, 10), 3, "that of the system");
	cr_assert_eq(nm_kvm_view_capability(&view, 245), 0, "neither");
	cr_assert_eq(nm_kvm_view_capability(&view, 11), 0, "not asked");
	cr_assert(nm_msr_get(&view.features, 0x480, &value) && value == 0xda040000000004, "MSR");
	cr_assert_not(nm_msr_get(&view.features, 0x10a, &value), "refused MSR");
	cr_assert_eq(view.supported.count, 1, "CPUID");
}

Test(probes_kvm, what_guests_are_offered)
{
	given_text("nestmark/kvm",
		   OPENED "vm created\nmsrs EINVAL\n" LEAF_0 LEAF_1("00000000") LEAF_8("00000004"));
	probe_with(nm_probe_kvm);
	found_string("kvm.guest_virtualization", "svm");
	found_status("kvm.feature_msrs", NM_STATUS_UNKNOWN);
	says("kvm.feature_msrs", "Invalid argument");
	found_int("kvm.nested_state", 0);
	says("kvm.nested_state", "cannot be saved");
	found_int("kvm.vcpus", 4);
	again();
	given_text("nestmark/kvm", OPENED "vm created\n" LEAF_0 LEAF_1("00000000"));
	probe_with(nm_probe_kvm);
	found_string("kvm.guest_virtualization", "none");
	found_status("kvm.guest_virtualization", NM_STATUS_INFO);
	again();
	given_text("nestmark/kvm", OPENED "vm created\n");
	probe_with(nm_probe_kvm);
	found_status("kvm.cpuid", NM_STATUS_UNKNOWN);
	not_found("kvm.guest_virtualization");
}

static void device_case(const char *fact, const char *text, const char *remedy)
{
	again();
	given_text("nestmark/kvm", fact);
	probe_with(nm_probe_kvm);
	found_status("kvm.device", NM_STATUS_FAIL);
	says("kvm.device", text);
	if (remedy)
		advises("kvm.device", remedy);
	not_found("kvm.api");
	not_found("kvm.cap.irqchip");
}

/* The words of nm_kvm_open(), of which tests/cli/probe.sh sees some live. */
Test(probes_kvm, devices_that_cannot_be_used)
{
	device_case("device /dev/kvm ENOENT\n", "/dev/kvm: not there",
		    "enable nested virtualization");
	device_case("device /dev/kvm ENODEV\n", "no driver serves it", "kernel log");
	device_case("device /dev/kvm EACCES\n", "/dev/kvm: not permitted",
		    "sudo usermod -aG kvm $USER");
	/* A node of mode 0600, as in many containers and small VMs, has no group that helps. */
	device_case("device /dev/kvm EACCES\n", "neither its mode nor its group",
		    "sudo setfacl -m u:$USER:rw /dev/kvm");
	device_case("device /dev/kvm EPERM\n", "device cgroup", "--device /dev/kvm");
	device_case("device /a b/kvm EBUSY\n", "/a b/kvm: open failed: Device or resource busy",
		    "report");
	device_case("device /dev/null opened\napi ENOTTY\n",
		    "/dev/null: is not a KVM device (KVM_GET_API_VERSION: Inappropriate ioctl",
		    "--kvm-device");
	device_case("device /dev/kvm opened\napi 13\n", "KVM API version 13, expected 12",
		    "stable API");
	device_case("device /dev/kvm opened\napi 12\nmmap 64\n", "KVM_GET_VCPU_MMAP_SIZE gave 64",
		    NULL);
	device_case(OPENED "cpuid E2BIG\n", "KVM_GET_SUPPORTED_CPUID: Argument list too long",
		    NULL);
}

static void vm_case(const char *fact, const char *text, const char *remedy)
{
	again();
	given_text("nestmark/kvm", fact);
	probe_with(nm_probe_kvm);
	found_status("kvm.device", NM_STATUS_PASS);
	found_status("kvm.vm", NM_STATUS_FAIL);
	says("kvm.vm", text);
	advises("kvm.vm", remedy);
}

Test(probes_kvm, vms_that_cannot_be_created)
{
	vm_case(OPENED "vm EBUSY\ncapability 0 1 -\n", "another hypervisor holds VMX or SVM",
		"VirtualBox");
	found_int("kvm.cap.irqchip", 1);
	says("kvm.cap.irqchip", "system 1, VM cannot be asked");
	vm_case(OPENED "vm ENOMEM\n", "KVM_CREATE_VM: Cannot allocate memory", "free memory");
	vm_case(OPENED "vm EIO\n", "KVM_CREATE_VM: Input/output error", "report");
}

Test(probes_kvm, nothing_captured_is_unknown)
{
	probe_with(nm_probe_kvm);
	found_status("kvm.device", NM_STATUS_UNKNOWN);
	says("kvm.device", "not captured");
	found_status("kvm.modules", NM_STATUS_UNKNOWN);
	found_status("kvm.backend", NM_STATUS_UNKNOWN);
	says("kvm.backend", "not captured");
	found_status("kvm.nested", NM_STATUS_UNKNOWN);
	not_found("kvm.cap.irqchip");
}

/* kvm by itself never has the parameter: what kvm_intel would say is not known before it is loaded. */
Test(probes_kvm, without_a_vendor_module_nested_is_unknown)
{
	given_cpu("none");
	given_list("sys/module", "kvm");
	given(NM_ANSWER_EXISTS, "sys/module");
	given_error(NM_ANSWER_TEXT, "sys/module/kvm/parameters/nested", ENOENT);
	probe_with(nm_probe_kvm);
	found_status("kvm.nested", NM_STATUS_UNKNOWN);
	says("kvm.nested", "no module in /sys/module serves this CPU");
}

static void refused(const char *fact)
{
	again();
	given_text("nestmark/kvm", fact);
	probe_with(nm_probe_kvm);
	cr_assert_eq(found("kvm.device")->status, (int)NM_STATUS_UNKNOWN, "accepted: %s", fact);
	says("kvm.device", "line ");
	not_found("kvm.api");
	cr_assert_eq(case_context.kvm_view.capabilities.count, 0, "something is left of: %s", fact);
}

Test(probes_kvm, texts_that_are_no_answers)
{
	refused("");
	refused("hello\n");
	refused("api 12\n");
	refused("device\n");
	refused("device /dev/kvm\n");
	refused("device /dev/kvm closed\n");
	refused("device /dev/kvm EACCES\napi 12\n");
	refused("device /dev/kvm opened\n");
	refused("device /dev/kvm opened");
	refused("device /dev/kvm opened\ndevice /dev/kvm opened\n");
	refused("device /dev/kvm opened\napi\n");
	refused("device /dev/kvm opened\napi -12\n");
	refused("device /dev/kvm opened\napi 99999999999\n");
	refused("device /dev/kvm opened\napi 4294967308\n");
	refused("device /dev/kvm opened\napi 12 12\n");
	refused("device /dev/kvm opened\napi 13\nmmap 12288\nvm created\n");
	refused(OPENED);
	refused(OPENED "cpuid 7\n");
	refused(OPENED "vm\n");
	refused(OPENED "vm made\n");
	refused(OPENED "cpuid EINVAL\nvm created\n");
	refused(OPENED "capability 0 1 1\nvm created\n");
}

Test(probes_kvm, capabilities_and_msrs_that_are_none)
{
	refused(OPENED "vm created\ncapability 0 1\n");
	refused(OPENED "vm created\ncapability 0 1 1 1\n");
	refused(OPENED "vm created\ncapability 0 1  1\n");
	refused(OPENED "vm created\ncapability 0 -1 1\n");
	refused(OPENED "vm created\ncapability 0x0 1 1\n");
	refused(OPENED "vm created\ncapability 1 1 1\ncapability 0 1 1\n");
	refused(OPENED "vm created\ncapability 1 1 1\ncapability 1 1 1\n");
	refused(OPENED "vm created\nmsr 0x480 0x0000000000000000\n");
	refused(OPENED "vm created\nmsr 0x00000480\n");
	refused(OPENED "vm created\nmsr 0x00000480 0x1\n");
	refused(OPENED "vm created\nmsr 0x00000480 0x000000000000000G\n");
	refused(OPENED "vm created\nmsr 0x00000480 EWHAT\n");
	refused(OPENED "vm created\nmsrs\n");
	refused(OPENED "vm created\nmsrs 5\n");
	refused(OPENED "vm created\nmsr 0x00000480 EIO\ncapability 0 1 1\n");
	refused(OPENED "vm created\nmsr 0x00000480 EIO\nwhat 1\n");
	refused(OPENED "vm created\n   0x00000000 nonsense\n");
	refused(OPENED "vm created\n" LEAF_1("00000000") LEAF_0);
	refused(OPENED "vm created\n" LEAF_0 "msr 0x00000480 EIO\n");
}

static void backend_case(const char *virtualization, const char *modules, const char *backend)
{
	again();
	given_cpu(virtualization);
	given_list("sys/module", modules);
	given(NM_ANSWER_EXISTS, "sys/module");
	probe_with(nm_probe_kvm);
	if (backend)
		found_string("kvm.backend", backend);
	else
		found_status("kvm.backend", NM_STATUS_UNKNOWN);
}

Test(probes_kvm, the_module_beneath)
{
	backend_case("vmx", "ext4 kvm kvm_intel", "kvm_intel");
	backend_case("svm", "kvm kvm_amd", "kvm_amd");
	backend_case("none", "kvm kvm_pvm", "kvm_pvm");
	backend_case("vmx", "kvm kvm_pvm", "kvm_pvm");
	/* Built in, they are there on every CPU. */
	backend_case("svm", "kvm kvm_amd kvm_intel", "kvm_amd");
	backend_case("vmx", "kvm kvm_amd kvm_intel", "kvm_intel");
	backend_case("none", "kvm kvm_amd kvm_intel kvm_pvm", "kvm_pvm");
	backend_case("none", "kvm kvm_new", "kvm_new");
	backend_case("none", "kvm kvm_intel", NULL);
	backend_case("none", "kvm kvm_new kvm_pvm", NULL);
	found_status("kvm.nested", NM_STATUS_UNKNOWN);
	backend_case("none", "kvm kvmgt", NULL);
	found_string("kvm.modules", "kvm");
	backend_case("none", "ext4", NULL);
	found_string("kvm.modules", "none");
}

Test(probes_kvm, builds_and_parameters_of_modules)
{
	given_cpu("vmx");
	given_list("sys/module", "kvm kvm_intel");
	given_error(NM_ANSWER_TEXT, "sys/module/kvm/version", ENOENT);
	given_text("sys/module/kvm_intel/version", "1.0\n");
	given_text("sys/module/kvm_intel/srcversion", "3F2A\n");
	given_list("sys/module/kvm_intel/parameters", "Bad..name nested secret ept");
	given_text("sys/module/kvm_intel/parameters/nested", "Y\n");
	given_text("sys/module/kvm_intel/parameters/ept", "N\n");
	given_error(NM_ANSWER_TEXT, "sys/module/kvm_intel/parameters/secret", EACCES);
	probe_with(nm_probe_kvm);
	found_string("kvm.modules", "kvm, kvm_intel");
	says("kvm.modules", "kvm without srcversion, kvm_intel version 1.0 srcversion 3F2A");
	found_string("kvm.parameter.kvm_intel.ept", "N");
	says("kvm.parameter.kvm_intel.ept", "/sys/module/kvm_intel/parameters/ept");
	cr_assert(found("kvm.parameter.kvm_intel.ept")->detail, "one of many");
	found_status("kvm.parameter.kvm_intel.secret", NM_STATUS_UNKNOWN);
	advises("kvm.parameter.kvm_intel.secret", "root");
	not_found("kvm.parameter.kvm_intel.Bad..name");
	found_status("kvm.nested", NM_STATUS_PASS);
	found_bool("kvm.nested", true);
}

static void nested_case(const char *module, const char *line, bool on)
{
	char path[64];

	again();
	given_cpu(!strcmp(module, "kvm_amd") ? "svm" : "vmx");
	given_list("sys/module", "kvm kvm_amd kvm_intel");
	snprintf(path, sizeof(path), "sys/module/%s/parameters/nested", module);
	given_text(path, line);
	probe_with(nm_probe_kvm);
	found_bool("kvm.nested", on);
}

Test(probes_kvm, nested_has_two_spellings)
{
	nested_case("kvm_intel", "Y\n", true);
	nested_case("kvm_intel", "N\n", false);
	advises("kvm.nested", "nested=1");
	nested_case("kvm_amd", "1\n", true);
	nested_case("kvm_amd", "0\n", false);
}

Test(probes_kvm, nested_that_is_neither_is_unknown)
{
	given_cpu("vmx");
	given_list("sys/module", "kvm kvm_intel");
	given_text("sys/module/kvm_intel/parameters/nested", "1e999\n");
	probe_with(nm_probe_kvm);
	found_status("kvm.nested", NM_STATUS_UNKNOWN);
}

Test(probes_kvm, capabilities_are_those_of_the_architecture)
{
	static const char *const machines[] = {"x86_64", "aarch64"};

	for (size_t i = 0; i < 2; i++) {
		again();
		nm_finding_add(&case_context, "cpu.architecture", NM_STATUS_INFO,
			       NM_STRING(machines[i]), NULL, "given");
		given_text("nestmark/kvm", OPENED "vm created\ncapability 33 1 1\n"
						  "capability 240 1 1\n");
		probe_with(nm_probe_kvm);
		found_status(i ? "kvm.cap.arm_el2" : "kvm.cap.pit2", NM_STATUS_PASS);
		not_found(i ? "kvm.cap.pit2" : "kvm.cap.arm_el2");
	}
}

Test(probes_kvm, names_ascend)
{
	cr_assert_gt(nm_kvm_capability_count, 100, "%zu", nm_kvm_capability_count);
	for (size_t i = 0; i < nm_kvm_capability_count; i++) {
		const struct nm_kvm_capability_name *name = &nm_kvm_capability_names[i];

		cr_assert(!i || name[-1].number <= name->number, "%s", name->name);
		cr_assert_neq(strncmp(name->name, "s390_", 5), 0, "%s", name->name);
		cr_assert(strncmp(name->name, "arm_", 4) != 0 ||
				  !strcmp(name->architecture, "aarch64"),
			  "%s", name->name);
	}
}

Test(probes_kvm, arm64_has_one_kvm)
{
	cr_assert_eq(nm_finding_add(&case_context, "cpu.architecture", NM_STATUS_INFO,
				    NM_STRING("aarch64"), NULL, "x"),
		     0, "out of memory");
	given_list("sys/module", "kvm virtio");
	probe_with(nm_probe_kvm);
	found_string("kvm.backend", "kvm");
	not_found("kvm.nested");
}

/* A capture may name as many as it likes, and names of any length. */
Test(probes_kvm, modules_are_bounded)
{
	struct nm_text names = {0};
	char name[200] = "kvm_";

	for (int i = 0; i < 3000; i++)
		nm_text_printf(&names, "kvm_%04d ", i);
	given_list("sys/module", names.bytes);
	nm_text_free(&names);
	probe_with(nm_probe_kvm);
	cr_assert_lt(strlen(found("kvm.modules")->value.string), 1000, "%s",
		     found("kvm.modules")->value.string);
	again();
	memset(name + 4, 'x', sizeof(name) - 5);
	given_list("sys/module", name);
	given(NM_ANSWER_EXISTS, "sys/module");
	probe_with(nm_probe_kvm);
	found_string("kvm.modules", "none");
}
