/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_platform() says of machines that are given: clouds, hypervisors, metal, containers. */
#include "core/error.h"
#include "probe_case.h"
#include "probes/imds.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define INTEL	   "GenuineIntel"
#define AMD	   "AuthenticAMD"
#define KVM	   "KVMKVMKVM\0\0\0"
#define HV1	   0x31237648u
#define SIXTY_FIVE "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

enum { NO_FLAG, VMX, SVM };

static struct nm_text cpuid_text;

static void leaf(uint32_t number, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	nm_cpuid_print(&cpuid_text, number, 0, &(struct nm_cpuid) {eax, ebx, ecx, edx});
}

static uint32_t word(const char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* What leaf 40000000h or 40000100h says; signature has 12 bytes. */
static void block(uint32_t number, uint32_t highest, const char *signature)
{
	leaf(number, highest, word(signature), word(signature + 4), word(signature + 8));
}

static void begin_cpu(const char *vendor, int flag, bool guest)
{
	leaf(0, 1, word(vendor), word(vendor + 8), word(vendor + 4));
	leaf(1, 0x000806f8, 0, (uint32_t)guest << 31 | (uint32_t)(flag == VMX) << 5, 0);
}

static void end_cpu(int flag)
{
	leaf(0x80000001, 0, 0, (uint32_t)(flag == SVM) << 2, 0);
	given_text("nestmark/cpuid", cpuid_text.bytes);
}

/* A CPU that a hypervisor shows; signature NULL: bare metal. */
static void given_cpu(const char *vendor, int flag, const char *signature)
{
	begin_cpu(vendor, flag, signature);
	if (signature)
		block(0x40000000, 0x40000001, signature);
	end_cpu(flag);
}

static void given_dmi(const char *name, const char *value)
{
	char path[64];
	char line[256];

	snprintf(path, sizeof(path), "sys/class/dmi/id/%s", name);
	snprintf(line, sizeof(line), "%s\n", value);
	given_text(path, line);
}

static void given_smbios(const char *raw, size_t length)
{
	const struct nm_answer answer = {.kind = NM_ANSWER_TEXT,
					 .path = "sys/firmware/dmi/entries/0-0/raw",
					 .bytes = raw,
					 .length = length};

	cr_assert_eq(nm_capture_add(&case_capture, &answer), 0, "out of memory");
}

static void given_smbios_vm(bool set)
{
	char raw[24] = {0, 24};

	raw[19] = set ? 0x1c : 0x0c;
	given_smbios(raw, sizeof(raw));
}

static void given_ec2(const char *type)
{
	given_dmi("sys_vendor", "Amazon EC2");
	given_dmi("bios_vendor", "Amazon EC2");
	given_dmi("product_name", type);
}

static void given_link(const char *path, const char *target)
{
	const struct nm_answer answer = {.kind = NM_ANSWER_LINK,
					 .path = path,
					 .bytes = target,
					 .length = strlen(target)};

	cr_assert_eq(nm_capture_add(&case_capture, &answer), 0, "out of memory");
}

static void probe(void)
{
	probe_with(nm_probe_cpu);
	probe_with(nm_probe_platform);
}

static void says(const char *text, const char *part)
{
	cr_assert(text && strstr(text, part), "\"%s\" does not say \"%s\"", text, part);
}

static void absent(const char *id)
{
	cr_assert_null(nm_findings_get(&case_findings, id), "there is a finding %s", id);
}

/* Clouds. */

struct cloud_case {
	const char *field;
	const char *value;
	const char *name;
};

static const struct cloud_case clouds[] = {
	{"sys_vendor", "Amazon EC2", "Amazon EC2"},
	{"bios_vendor", "Amazon EC2", "Amazon EC2"},
	{"product_name", "Google Compute Engine", "Google Compute Engine"},
	{"product_serial", "GoogleCloud-0123456789ABCDEF", "Google Compute Engine"},
	{"chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "Azure"},
	{"chassis_asset_tag", "OracleCloud.com", "OCI"},
	{"product_name", "Alibaba Cloud ECS", "Alibaba Cloud ECS"},
	{"sys_vendor", "DigitalOcean", "DigitalOcean"},
	{"sys_vendor", "Hetzner", "Hetzner"},
	{"sys_vendor", "Vultr", "Vultr"},
	{"sys_vendor", "Scaleway", "Scaleway"},
	{"sys_vendor", "UpCloud", "UpCloud"},
	{"sys_vendor", "Akamai", "Akamai"},
	{"sys_vendor", "Linode", "Akamai"},
	{"product_name", "Exoscale Compute Platform", "Exoscale"},
	{"product_name", "3DS Outscale VM", "3DS Outscale"},
	{"sys_vendor", "3DS Outscale", "3DS Outscale"},
	{"product_name", "CloudStack KVM Hypervisor", "CloudStack"},
	{"product_name", "OpenStack Nova", "OpenStack"},
	{"product_name", "OpenStack Compute", "OpenStack"},
	{"chassis_asset_tag", "OpenTelekomCloud", "OpenStack"},
	{"chassis_asset_tag", "SAP CCloud VM", "OpenStack"},
	{"chassis_asset_tag", "HUAWEICLOUD", "OpenStack"},
	{"chassis_asset_tag", "Samsung Cloud Platform", "OpenStack"},
};

/* Everything that a test gave and found is forgotten. */
static void forget(void)
{
	nm_capture_free(&case_capture);
	nm_text_free(&cpuid_text);
	case_findings = (struct nm_findings) {0};
	case_machine = (struct nm_machine) {0};
	case_context.cpuid = (struct nm_cpuid_table) {0};
}

Test(probes_platform, every_cloud_by_each_of_its_signs)
{
	for (size_t i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++) {
		given_cpu(INTEL, NO_FLAG, KVM);
		given_dmi(clouds[i].field, clouds[i].value);
		probe();
		found_string("platform.cloud", clouds[i].name);
		cr_assert_neq(found("platform.nesting")->value.type, NM_VALUE_NONE, "%s",
			      clouds[i].name);
		cr_assert_not_null(found("platform.nesting")->remedy, "%s has no remedy",
				   clouds[i].name);
		forget();
	}
}

Test(probes_platform, a_redacted_capture_is_recognised)
{
	static const struct cloud_case redacted[] = {
		{"sys_vendor", "Amazon EC2", "Amazon EC2"},
		{"product_serial", "GoogleCloud-0123456789ABCDEF", "Google Compute Engine"},
		{"chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "Azure"},
		{"chassis_asset_tag", "Samsung Cloud Platform", "OpenStack"},
	};

	for (size_t i = 0; i < sizeof(redacted) / sizeof(redacted[0]); i++) {
		given_cpu(INTEL, NO_FLAG, KVM);
		given_dmi(redacted[i].field, redacted[i].value);
		given_dmi("product_uuid", "ec2e1916-9099-7caf-fd21-012345abcdef");
		cr_assert_eq(nm_capture_redact(&case_capture, "host"), 0, "redaction");
		probe();
		found_string("platform.cloud", redacted[i].name);
		forget();
	}
}

Test(probes_platform, a_redacted_capture_of_ec2_on_xen)
{
	given_cpu(INTEL, NO_FLAG, "XenVMMXenVMM");
	given_text("sys/hypervisor/uuid", "ec2e1916-9099-7caf-fd21-012345abcdef\n");
	cr_assert_eq(nm_capture_redact(&case_capture, "host"), 0, "redaction");
	probe();
	found_string("platform.cloud", "Amazon EC2");
}

Test(probes_platform, words_of_the_command_line)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_text("proc/cmdline", "root=/dev/vda1 vultr quiet\n");
	probe();
	found_string("platform.cloud", "Vultr");
}

Test(probes_platform, a_part_of_a_word_is_no_sign)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_dmi("sys_vendor", "QEMU");
	given_text("proc/cmdline", "host=vultr-1 notscaleway scaleways\n");
	probe();
	found_string("platform.cloud", "none recognised");
}

Test(probes_platform, ec2_on_xen_by_its_uuid)
{
	given_cpu(INTEL, NO_FLAG, "XenVMMXenVMM");
	given_dmi("sys_vendor", "Xen");
	given_dmi("product_name", "HVM domU");
	given_dmi("product_uuid", "45E12AEC-DCD1-B213-94ED-012345ABCDEF");
	given_text("sys/hypervisor/guest_type", "HVM\n");
	probe();
	found_string("platform.cloud", "Amazon EC2");
	found_string("platform.hypervisor", "Xen");
	says(found("platform.hypervisor")->evidence, "HVM");
	found_string("platform.nesting", "off");
	says(found("platform.nesting")->remedy, "describe-instance-types");
	says(found("platform.cloud")->evidence, "other byte order");
	cr_assert_null(strstr(found("platform.cloud")->evidence, "45E12AEC"), "a UUID is shown");
	absent("platform.instance");
}

Test(probes_platform, ec2_on_xen_by_sys_hypervisor)
{
	given_cpu(INTEL, NO_FLAG, "XenVMMXenVMM");
	given_text("sys/hypervisor/uuid", "ec2e1916-9099-7caf-fd21-012345abcdef\n");
	probe();
	found_string("platform.cloud", "Amazon EC2");
}

Test(probes_platform, a_uuid_alone_is_not_ec2)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_dmi("sys_vendor", "QEMU");
	given_dmi("product_uuid", "ec2e1916-9099-7caf-fd21-012345abcdef");
	probe();
	found_string("platform.cloud", "none recognised");
}

Test(probes_platform, hyperv_alone_is_not_azure)
{
	given_cpu(INTEL, NO_FLAG, "Microsoft Hv");
	given_dmi("sys_vendor", "Microsoft Corporation");
	given_dmi("product_name", "Virtual Machine");
	given_dmi("chassis_asset_tag", "1234-5678");
	probe();
	found_string("platform.cloud", "none recognised");
	found_string("platform.hypervisor", "Hyper-V");
	found_string("platform.nesting", "off");
	says(found("platform.nesting")->remedy, "ExposeVirtualizationExtensions");
}

Test(probes_platform, without_smbios_no_cloud_is_denied)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	probe();
	found_status("platform.cloud", NM_STATUS_UNKNOWN);
	found_status("platform.product", NM_STATUS_UNKNOWN);
	found_string("platform.hypervisor", "KVM");
	found_string("platform.nesting", "off");
	found_status("platform.nesting", NM_STATUS_WARN);
	cr_assert_null(case_machine.product, "product %s", case_machine.product);
}

Test(probes_platform, who_may_not_read_serials_is_told)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_dmi("sys_vendor", "Google");
	given_error(NM_ANSWER_TEXT, "sys/class/dmi/id/product_serial", EACCES);
	probe();
	found_string("platform.cloud", "none recognised");
	says(found("platform.cloud")->evidence, "root");
}

/* EC2. */

Test(probes_platform, ec2_families)
{
	static const struct {
		const char *type;
		const char *value;
		enum nm_status status;
		const char *says;
	} cases[] = {
		{"m8i.xlarge", "offered, off", NM_STATUS_WARN, "announced 2026-02"},
		{"c7i-flex.large", "offered, off", NM_STATUS_WARN, "announced 2026-06-18"},
		{"x8i.96xlarge", "offered, off", NM_STATUS_WARN, "user guide"},
		{"r8id.large", "offered, off", NM_STATUS_WARN, "user guide"},
		{"m6i.large", "not offered", NM_STATUS_FAIL, "m6i"},
		{"m7a.large", "not offered", NM_STATUS_FAIL, "m7a"},
		{"m7ib.large", "not offered", NM_STATUS_FAIL, "m7ib"},
		{"m.large", "not offered", NM_STATUS_FAIL, "m.large"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		given_cpu(INTEL, NO_FLAG, KVM);
		given_ec2(cases[i].type);
		probe();
		found_string("platform.instance", cases[i].type);
		found_string("platform.nesting", cases[i].value);
		found_status("platform.nesting", cases[i].status);
		says(found("platform.nesting")->evidence, cases[i].says);
		says(found("platform.nesting")->evidence, NM_CLOUDS_AS_OF);
		forget();
	}
}

Test(probes_platform, ec2_off_comes_with_the_command_and_the_limits)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_ec2("m8i.xlarge");
	given_dmi("board_asset_tag", "i-0123456789abcdef0");
	probe();
	says(found("platform.nesting")->remedy, "aws ec2 modify-instance-cpu-options --instance-id "
						"ID --nested-virtualization enabled");
	/* The option can be changed on an instance that has stopped, and stopping takes its time. */
	says(found("platform.nesting")->remedy,
	     "aws ec2 wait instance-stopped --instance-ids ID &&");
	says(found("platform.nesting")->evidence, "EKS");
	says(found("platform.limits.windows")->value.string, "Credential Guard");
	says(found("platform.limits.windows")->value.string, "192");
	found_string("platform.limits.hypervisors", "KVM and Hyper-V only");
	absent("platform.limits.migration");
	found_bool("platform.bare_metal", false);
}

Test(probes_platform, ec2_on)
{
	given_cpu(INTEL, VMX, KVM);
	given_ec2("m8i.xlarge");
	given_smbios_vm(true);
	probe();
	found_string("platform.nesting", "on");
	found_status("platform.nesting", NM_STATUS_PASS);
	found_bool("platform.smbios_vm", true);
	found("platform.limits.windows");
}

Test(probes_platform, the_machine_wins_over_the_table)
{
	given_cpu(INTEL, VMX, KVM);
	given_ec2("m9x.xlarge");
	probe();
	found_string("platform.nesting", "on");
	says(found("platform.nesting")->evidence, "what the machine shows counts");
}

Test(probes_platform, ec2_without_nesting_has_no_limits_of_it)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_ec2("m6i.large");
	probe();
	absent("platform.limits.windows");
}

Test(probes_platform, ec2_metal)
{
	static const char *const types[] = {"m6i.metal", "c7i.metal-48xl"};

	for (size_t i = 0; i < 2; i++) {
		given_cpu(INTEL, VMX, NULL);
		given_ec2(types[i]);
		given_smbios_vm(false);
		probe();
		found_int("platform.level", 0);
		found_bool("platform.bare_metal", true);
		found_string("platform.hypervisor", "none");
		found_string("platform.nesting", "not needed");
		absent("platform.limits.windows");
		forget();
	}
}

Test(probes_platform, ec2_metal_by_name_alone)
{
	given_cpu(INTEL, VMX, NULL);
	given_ec2("m6i.metal");
	given_error(NM_ANSWER_TEXT, "sys/firmware/dmi/entries/0-0/raw", EACCES);
	probe();
	found_bool("platform.bare_metal", true);
	found_status("platform.smbios_vm", NM_STATUS_UNKNOWN);
	says(found("platform.smbios_vm")->remedy, "root");
}

Test(probes_platform, a_name_that_only_looks_like_metal)
{
	given_cpu(INTEL, VMX, NULL);
	given_ec2("m6i.metallic");
	probe();
	found_status("platform.bare_metal", NM_STATUS_UNKNOWN);
}

Test(probes_platform, graviton)
{
	given_error(NM_ANSWER_TEXT, "nestmark/cpuid", ENOTSUP);
	given_text("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n");
	given_ec2("m8g.large");
	probe();
	found_int("platform.level", 1);
	found_string("platform.nesting", "not offered");
	found_status("platform.nesting", NM_STATUS_FAIL);
	says(found("platform.nesting")->evidence, "Graviton");
	/* Guests of bare metal need EL2 only; FEAT_NV2 is for guests of theirs. */
	says(found("platform.nesting")->remedy, "or to a Graviton .metal size");
	cr_assert_not(strstr(found("platform.nesting")->remedy, "FEAT_NV2"), "%s",
		      found("platform.nesting")->remedy);
	found_bool("platform.bare_metal", false);
}

Test(probes_platform, graviton_metal)
{
	given_error(NM_ANSWER_TEXT, "nestmark/cpuid", ENOTSUP);
	given_text("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n");
	given_ec2("c7g.metal");
	given_smbios_vm(false);
	probe();
	found_int("platform.level", 0);
	found_bool("platform.bare_metal", true);
	found_status("platform.nesting", NM_STATUS_UNKNOWN);
	says(found("platform.nesting")->evidence, "FEAT_NV2");
}

Test(probes_platform, names_of_instance_types)
{
	cr_assert(nm_ec2_is_type("u7in-16tb.224xlarge"), "a type");
	cr_assert_not(nm_ec2_is_type("m8i"), "no size");
	cr_assert_not(nm_ec2_is_type(".large"), "no family");
	cr_assert_not(nm_ec2_is_type("m8i."), "an empty size");
	cr_assert_not(nm_ec2_is_type("m8i.large x"), "a blank");
	cr_assert_not(nm_ec2_is_type("HVM domU"), "Xen's product");
	cr_assert_not(nm_ec2_is_type("m8i.abcdefghijklmnopqrstuvwxyzabcdefghijklmnop"), "too long");
	cr_assert(nm_ec2_is_graviton("c7gn.large"), "c7gn");
	cr_assert(nm_ec2_is_graviton("a1.large"), "a1");
	cr_assert(nm_ec2_is_graviton("hpc7g.4xlarge"), "hpc7g");
	cr_assert(nm_ec2_is_graviton("is4gen.large"), "is4gen");
	cr_assert_not(nm_ec2_is_graviton("g6e.large"), "GPUs");
	cr_assert_not(nm_ec2_is_graviton("m7i.large"), "the size has a g");
}

/* Compute Engine, Azure. */

Test(probes_platform, gce_intel)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_dmi("product_name", "Google Compute Engine");
	probe();
	found_string("platform.nesting", "off");
	says(found("platform.nesting")->remedy, "enableNestedVirtualization: true");
}

Test(probes_platform, gce_amd)
{
	given_cpu(AMD, NO_FLAG, KVM);
	given_dmi("product_name", "Google Compute Engine");
	probe();
	found_string("platform.nesting", "not offered");
	found_status("platform.nesting", NM_STATUS_FAIL);
}

Test(probes_platform, gce_metal_is_not_claimed)
{
	given_cpu(INTEL, VMX, NULL);
	given_dmi("product_name", "Google Compute Engine");
	probe();
	found_status("platform.bare_metal", NM_STATUS_UNKNOWN);
	found_string("platform.nesting", "not needed");
}

Test(probes_platform, azure)
{
	given_cpu(AMD, NO_FLAG, "Microsoft Hv");
	given_dmi("sys_vendor", "Microsoft Corporation");
	given_dmi("product_name", "Virtual Machine");
	given_dmi("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77");
	probe();
	found_string("platform.nesting", "not offered");
	says(found("platform.nesting")->remedy, "security type Standard");
	found_string("platform.hypervisor", "Hyper-V");
}

Test(probes_platform, amd_l1_must_not_be_migrated)
{
	given_cpu(AMD, SVM, KVM);
	given_dmi("sys_vendor", "QEMU");
	probe();
	found_string("platform.nesting", "on");
	says(found("platform.limits.migration")->remedy, "migrated");
}

/* Hypervisors. */

Test(probes_platform, signatures)
{
	static const struct {
		const char *signature;
		const char *name;
	} cases[] = {
		{KVM, "KVM"},
		{"VMwareVMware", "VMware"},
		{"XenVMMXenVMM", "Xen"},
		{"bhyve bhyve ", "bhyve"},
		{"ACRNACRNACRN", "ACRN"},
		{"QNXQVMBSQG\0\0", "QNX"},
		{"Apple VZ\0\0\0\0", "Apple Virtualization"},
		{"SRESRESRESRE", "LMHS SRE"},
		{"VBoxVBoxVBox", "VirtualBox"},
		{" lrpepyh  vr", "Parallels"},
		{"NeverHeardOf", "NeverHeardOf"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		given_cpu(INTEL, NO_FLAG, cases[i].signature);
		probe();
		found_string("platform.hypervisor", cases[i].name);
		found_int("platform.level", 1);
		found_bool("platform.emulator", false);
		forget();
	}
}

Test(probes_platform, a_hypervisor_without_a_name)
{
	given_cpu(INTEL, NO_FLAG, "\1\2\3\4\0\0\0\0\0\0\0\0");
	probe();
	found_int("platform.level", 1);
	found_status("platform.hypervisor", NM_STATUS_UNKNOWN);
	absent("platform.hypervisor.chain");
}

Test(probes_platform, hyperv_enlightenments_over_kvm)
{
	begin_cpu(INTEL, VMX, true);
	block(0x40000000, 0x4000000a, "Microsoft Hv");
	leaf(0x40000001, HV1, 0, 0, 0);
	leaf(0x40000003, 0, 0, 0, 0);
	leaf(0x40000004, 1u << 14, 0, 0, 0);
	leaf(0x4000000a, 1u << 19 | 0x0101, 0, 0, 0);
	block(0x40000100, 0x40000101, KVM);
	end_cpu(VMX);
	probe();
	found_string("platform.hypervisor", "KVM");
	found_string("platform.hypervisor.chain",
		     "Hyper-V interface at 40000000h, KVM at 40000100h");
	says(found("platform.hypervisor.chain")->evidence, "innermost");
	found_bool("platform.hyperv.evmcs", true);
	found_bool("platform.hyperv.msr_bitmap", true);
	found_bool("platform.hyperv.guest_mapping_flush", false);
	found_int("platform.hyperv.evmcs_versions", 1);
}

Test(probes_platform, an_interface_under_another_name)
{
	begin_cpu(INTEL, VMX, true);
	block(0x40000000, 0x40000005, "Mine Own Hv\0");
	leaf(0x40000001, HV1, 0, 0, 0);
	end_cpu(VMX);
	probe();
	found_string("platform.hypervisor", "Mine Own Hv");
	found_string("platform.hypervisor.chain",
		     "Hyper-V interface of \"Mine Own Hv\" at 40000000h");
	absent("platform.hyperv.evmcs_versions");
}

Test(probes_platform, the_root_partition_of_hyperv)
{
	begin_cpu(INTEL, NO_FLAG, true);
	block(0x40000000, 0x40000005, "Microsoft Hv");
	leaf(0x40000001, HV1, 0, 0, 0);
	leaf(0x40000003, 0, 1u << 12, 0, 0);
	end_cpu(NO_FLAG);
	probe();
	found_string("platform.nesting", "not offered");
	says(found("platform.nesting")->remedy, "/dev/mshv");
}

Test(probes_platform, a_confidential_vm_is_no_root_partition)
{
	begin_cpu(INTEL, NO_FLAG, true);
	block(0x40000000, 0x40000005, "Microsoft Hv");
	leaf(0x40000001, HV1, 0, 0, 0);
	leaf(0x40000003, 0, 1u << 12 | 1u << 22, 0, 0);
	end_cpu(NO_FLAG);
	probe();
	found_string("platform.nesting", "off");
}

/* CPUs answer leaves that are not there with those of another. */
Test(probes_platform, what_is_no_block_is_not_in_the_chain)
{
	begin_cpu(INTEL, NO_FLAG, true);
	block(0x40000000, 0, KVM);
	leaf(0x40000100, 0, 0x41424344, 0x41424344, 0x41424344);
	leaf(0x40000200, 0x80000008, 0x41424344, 0x41424344, 0x41424344);
	leaf(0x40000300, 0x00000016, 0x41424344, 0x41424344, 0x41424344);
	end_cpu(NO_FLAG);
	probe();
	found_string("platform.hypervisor.chain", "KVM at 40000000h");
}

Test(probes_platform, virtualbox_calls_itself_kvm)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_dmi("sys_vendor", "innotek GmbH");
	given_dmi("product_name", "VirtualBox");
	probe();
	found_string("platform.hypervisor", "VirtualBox");
	says(found("platform.nesting")->remedy, "--nested-hw-virt");
}

/* Emulators. */

Test(probes_platform, tcg)
{
	given_cpu(AMD, SVM, "TCGTCGTCGTCG");
	given_dmi("sys_vendor", "QEMU");
	probe();
	found_string("platform.hypervisor", "QEMU TCG");
	found_bool("platform.emulator", true);
	found_status("platform.emulator", NM_STATUS_WARN);
	found_bool("platform.bare_metal", false);
	cr_assert_str_eq(case_machine.hypervisor, "TCGTCGTCGTCG", "machine");
}

Test(probes_platform, bochs)
{
	given_cpu(INTEL, VMX, NULL);
	given_dmi("bios_vendor", "Bochs");
	probe();
	found_bool("platform.emulator", true);
	found_bool("platform.bare_metal", false);
	found_int("platform.level", 0);
}

Test(probes_platform, qemu_of_old_has_strings_of_bochs)
{
	given_cpu(INTEL, VMX, KVM);
	given_dmi("sys_vendor", "Bochs");
	probe();
	found_bool("platform.emulator", false);
}

Test(probes_platform, the_lab_says_so)
{
	given_cpu(INTEL, VMX, NULL);
	given_dmi("sys_vendor", "nestmark");
	given_text("proc/cmdline", "quiet nestmark.emulated=qemu\n");
	probe();
	found_bool("platform.emulator", true);
	found_bool("platform.bare_metal", false);
}

/* Bare metal. */

Test(probes_platform, bare_metal)
{
	given_cpu(INTEL, VMX, NULL);
	given_dmi("sys_vendor", "Dell Inc.");
	given_dmi("product_name", "PowerEdge R660");
	given_smbios_vm(false);
	given_text("proc/meminfo", "MemTotal:       1024 kB\n");
	probe();
	found_bool("platform.bare_metal", true);
	says(found("platform.bare_metal")->evidence, "hides");
	found_bool("platform.smbios_vm", false);
	found_int("platform.level", 0);
	found_string("platform.cloud", "none recognised");
	found_string("platform.product", "Dell Inc. PowerEdge R660");
	cr_assert_null(case_machine.hypervisor, "hypervisor");
	cr_assert_eq(case_machine.memory_bytes, 1048576, "memory");
}

Test(probes_platform, memory_that_no_machine_has)
{
	given_cpu(INTEL, VMX, NULL);
	given_text("proc/meminfo", "MemTotal:       18014398509481985 kB\n");
	probe();
	cr_assert_eq(case_machine.memory_bytes, 0, "memory");
}

Test(probes_platform, no_hypervisor_bit_is_no_proof)
{
	given_cpu(INTEL, VMX, NULL);
	given_dmi("sys_vendor", "Dell Inc.");
	given_smbios_vm(true);
	probe();
	found_bool("platform.bare_metal", false);
	forget();
	given_cpu(INTEL, VMX, NULL);
	given_dmi("sys_vendor", "QEMU");
	probe();
	found_bool("platform.bare_metal", false);
	forget();
	given_cpu(INTEL, VMX, NULL);
	given_dmi("product_name", "OpenStack Nova");
	probe();
	found_bool("platform.bare_metal", false);
	forget();
	given_cpu(INTEL, VMX, NULL);
	probe();
	found_status("platform.bare_metal", NM_STATUS_UNKNOWN);
}

Test(probes_platform, a_short_smbios_structure_says_nothing)
{
	static const char short_one[] = {0, 24, 0, 0};
	char says_short[24] = {0, 0x12};
	char other_type[24] = {1, 24};

	memset(says_short + 2, 0xff, sizeof(says_short) - 2);
	memset(other_type + 2, 0xff, sizeof(other_type) - 2);
	const struct {
		const char *bytes;
		size_t length;
	} cases[] = {{short_one, sizeof(short_one)},
		     {says_short, sizeof(says_short)},
		     {other_type, sizeof(other_type)},
		     {"", 0}};

	for (size_t i = 0; i < 4; i++) {
		given_cpu(INTEL, VMX, NULL);
		given_smbios(cases[i].bytes, cases[i].length);
		probe();
		found_status("platform.smbios_vm", NM_STATUS_UNKNOWN);
		forget();
	}
}

/* Without CPUID. */

Test(probes_platform, arm64_by_device_tree)
{
	given_error(NM_ANSWER_TEXT, "nestmark/cpuid", ENOTSUP);
	given_text("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n");
	given_text("sys/firmware/devicetree/base/hypervisor/compatible", "linux,kvm");
	probe();
	found_int("platform.level", 1);
	found_string("platform.hypervisor", "KVM");
	found_status("platform.nesting", NM_STATUS_UNKNOWN);
	found_status("platform.emulator", NM_STATUS_UNKNOWN);
	found_bool("platform.bare_metal", false);
}

Test(probes_platform, arm64_with_a_hypervisor_that_is_not_known)
{
	given_error(NM_ANSWER_TEXT, "nestmark/cpuid", ENOTSUP);
	given_text("proc/device-tree/hypervisor/compatible", "qcom,gunyah-hypervisor-1.0");
	probe();
	found_int("platform.level", 1);
	found_string("platform.hypervisor", "qcom,gunyah-hypervisor-1.0");
}

Test(probes_platform, arm64_without_a_sign)
{
	given_error(NM_ANSWER_TEXT, "nestmark/cpuid", ENOTSUP);
	probe();
	found_status("platform.level", NM_STATUS_UNKNOWN);
	found_status("platform.hypervisor", NM_STATUS_UNKNOWN);
	found_status("platform.bare_metal", NM_STATUS_UNKNOWN);
	cr_assert_eq(case_machine.level, -1, "level");
}

Test(probes_platform, arm64_on_compute_engine)
{
	given_error(NM_ANSWER_TEXT, "nestmark/cpuid", ENOTSUP);
	given_text("proc/cpuinfo", "CPU implementer\t: 0x41\n");
	given_dmi("product_name", "Google Compute Engine");
	probe();
	found_string("platform.nesting", "not offered");
}

/* Strings that someone else wrote. */

Test(probes_platform, nothing_that_a_terminal_obeys)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_dmi("sys_vendor", "\033[31mEvil\007\xff\x9b");
	given_dmi("product_name", "  \t ");
	given_text("sys/hypervisor/guest_type", "\033]0;x\007\n");
	probe();
	for (size_t i = 0; i < case_findings.count; i++)
		for (const char *at = case_findings.items[i].evidence; *at; at++)
			cr_assert(isprint((unsigned char)*at), "%s", case_findings.items[i].id);
	found_string("platform.product", "[31mEvil");
	cr_assert_str_eq(case_machine.product, "[31mEvil", "product");
}

Test(probes_platform, a_long_string_is_cut)
{
	char name[1000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	given_cpu(INTEL, NO_FLAG, KVM);
	given_text("sys/class/dmi/id/product_name", name);
	probe();
	cr_assert_lt(strlen(found("platform.product")->value.string), 200, "not cut");
}

/* Containers. */

#define FIRST_PID "pid:[4026531836]"

Test(probes_platform, containers)
{
	static const struct {
		const char *pid, *uts;
		const char *mark;
		const char *cgroup;
		int contained; /* -1: unknown */
	} cases[] = {
		{FIRST_PID, "uts:[4026531838]", NULL, "0::/user.slice\n", 0},
		{FIRST_PID, "uts:[4026531838]", ".dockerenv", "0::/\n", 0},
		{FIRST_PID, "uts:[4026532001]", NULL, "0::/\n", 0},
		{FIRST_PID, "uts:[4026532001]", ".dockerenv", "0::/\n", 1},
		{"pid:[4026532444]", "uts:[4026532443]", NULL, "0::/\n", 1},
		{NULL, NULL, "run/.containerenv", NULL, 1},
		{NULL, NULL, "run/systemd/container", NULL, 1},
		{NULL, NULL, NULL, "0::/kubepods.slice/kubepods-pod1\n", 1},
		{NULL, NULL, NULL, "0::/\n", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		given_cpu(INTEL, NO_FLAG, KVM);
		if (cases[i].pid) {
			given_link("proc/self/ns/pid", cases[i].pid);
			given_link("proc/self/ns/uts", cases[i].uts);
			given_link("proc/self/ns/ipc", "ipc:[4026531839]");
		}
		if (cases[i].mark)
			given(NM_ANSWER_EXISTS, cases[i].mark);
		if (cases[i].cgroup)
			given_text("proc/self/cgroup", cases[i].cgroup);
		probe();
		if (cases[i].contained < 0)
			found_status("platform.container", NM_STATUS_UNKNOWN);
		else
			found_bool("platform.container", cases[i].contained);
		if (cases[i].contained == 1)
			says(found("platform.container")->evidence, "describe the host");
		forget();
	}
}

/* The metadata service, as it was recorded. */

static void given_imds(const char *text)
{
	case_context.ask_cloud = true;
	given_cpu(INTEL, NO_FLAG, KVM);
	if (text)
		given_text("nestmark/imds", text);
}

Test(probes_platform, no_metadata_without_a_request)
{
	given_cpu(INTEL, NO_FLAG, KVM);
	given_ec2("m8i.xlarge");
	given_text("nestmark/imds", "instance_type m8i.xlarge\n");
	probe();
	absent("platform.imds");
	absent("platform.imds.instance_type");
}

Test(probes_platform, metadata_of_ec2)
{
	given_imds("instance_type m8i.xlarge\nlocation eu-central-1\n");
	given_ec2("m8i.xlarge");
	probe();
	found_string("platform.imds", "ec2");
	found_string("platform.imds.instance_type", "m8i.xlarge");
	found_string("platform.imds.location", "eu-central-1");
	absent("platform.imds.cpu_platform");
}

Test(probes_platform, the_machine_type_decides_on_compute_engine)
{
	given_imds("instance_type e2-medium\ncpu_platform Intel Broadwell\n");
	given_dmi("product_name", "Google Compute Engine");
	probe();
	found_string("platform.instance", "e2-medium");
	found_string("platform.nesting", "not offered");
	found_string("platform.imds.cpu_platform", "Intel Broadwell");
	forget();
	given_imds("instance_type n2-standard-4\n");
	given_dmi("product_name", "Google Compute Engine");
	probe();
	found_string("platform.nesting", "offered, off");
}

Test(probes_platform, a_service_that_was_named_tells_nothing_of_the_platform)
{
	given_imds("instance_type m8i.xlarge\n");
	case_context.cloud_service = "ec2";
	probe();
	found_string("platform.imds.instance_type", "m8i.xlarge");
	absent("platform.instance");
	case_context.cloud_service = NULL;
}

Test(probes_platform, no_cloud_no_service)
{
	given_imds("instance_type m8i.xlarge\n");
	probe();
	found_status("platform.imds", NM_STATUS_UNKNOWN);
	says(found("platform.imds")->evidence, "not asked");
	forget();
	given_imds("instance_type m8i.xlarge\n");
	given_dmi("sys_vendor", "Hetzner");
	probe();
	found_status("platform.imds", NM_STATUS_UNKNOWN);
	absent("platform.imds.instance_type");
}

Test(probes_platform, recorded_metadata_is_not_trusted)
{
	static const char *const hostile[] = {
		"",
		"instance_type m8i.xlarge",
		"instance_type\n",
		"instance_type \n",
		"instance_type m8i\033[0m\n",
		"instance_type m8i.xlarge\ninstance_type m8i.xlarge\n",
		"account 1\n",
		"instance_type account-123456789012\n",
		"instance_type  x\n",
		"\n",
		("instance_type " SIXTY_FIVE "\n"),
	};

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		given_imds(hostile[i]);
		given_ec2("m8i.xlarge");
		probe();
		found_status("platform.imds", NM_STATUS_UNKNOWN);
		absent("platform.imds.instance_type");
		forget();
	}
}

Test(probes_platform, why_a_service_did_not_answer)
{
	static const struct {
		int error;
		const char *text;
	} cases[] = {{ETIMEDOUT, "within 1 s"},	  {ELIBACC, "libcurl"}, {EFBIG, "8 KiB"},
		     {ELOOP, "redirection"},	  {EACCES, "refused"},	{EPROTO, "HTTP"},
		     {ENETUNREACH, "unreachable"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		given_imds(NULL);
		given_error(NM_ANSWER_TEXT, "nestmark/imds", cases[i].error);
		given_ec2("m8i.xlarge");
		probe();
		found_status("platform.imds", NM_STATUS_UNKNOWN);
		says(found("platform.imds")->evidence, cases[i].text);
		forget();
	}
}
