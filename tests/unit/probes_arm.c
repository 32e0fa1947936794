/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What is said of arm64 machines: by nm_probe_arm_cpu() and nm_probe_arm(), and by nm_probe_cpu() about the architecture. */
#include "probe_case.h"

#include "probes/midr.h"

#include <errno.h>

#define MIDR "sys/devices/system/cpu/cpu0/regs/identification/midr_el1"

#define BLOCK(features, implementer, variant, part, revision)                                      \
	"processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: " features                                 \
	"\nCPU implementer\t: " implementer "\nCPU architecture: 8\nCPU variant\t: " variant       \
	"\nCPU part\t: " part "\nCPU revision\t: " revision "\n\n"

#define GRAVITON3                                                                                  \
	BLOCK("fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm "    \
	      "jscvt fcma lrcpc dcpop sha3 sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc "  \
	      "flagm ssbs paca pacg dcpodp svei8mm svebf16 i8mm bf16 dgh rng",                     \
	      "0x41", "0x1", "0xd40", "1")
#define ALTRA                                                                                      \
	BLOCK("fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm "    \
	      "lrcpc dcpop asimddp",                                                               \
	      "0x41", "0x3", "0xd0c", "1")
#define RASPBERRY_PI_4 BLOCK("fp asimd evtstrm crc32 cpuid", "0x41", "0x0", "0xd08", "3")

static void given_kvm(enum nm_status device, int64_t el2)
{
	static struct nm_kvm_capability capabilities[] = {{.number = 3, .system = 1, .vm = -1},
							  {.number = 240}};

	capabilities[1].system = el2;
	capabilities[1].vm = -1;
	case_context.kvm_view.capabilities.items = capabilities;
	case_context.kvm_view.capabilities.count = el2 < 0 ? 1 : 2;
	nm_finding_add(&case_context, "kvm.device", device, NM_STRING("/dev/kvm"), "a remedy", "%s",
		       "a reason");
}

static void said(const char *id, const char *text)
{
	cr_assert(strstr(found(id)->evidence, text), "%s: \"%s\"", id, found(id)->evidence);
}

static void absent(const char *id)
{
	cr_assert_null(nm_findings_get(&case_findings, id), "there is %s", id);
}

Test(probes_arm, a_graviton3_by_cpuinfo)
{
	given_text("proc/cpuinfo", GRAVITON3 ALTRA);
	probe_with(nm_probe_arm_cpu);
	found_status("cpu.brand", NM_STATUS_INFO);
	found_string("cpu.brand", "Arm Neoverse-V1");
	said("cpu.brand", "in /proc/cpuinfo: implementer 0x41, part 0xd40, r1p1");
	cr_assert(strstr(found("arm.features")->value.string, " sve "), "features");
	cr_assert(found("arm.features")->detail, "for those who ask for all");
	cr_assert_str_eq(case_machine.vendor, "Arm", "vendor");
	cr_assert_str_eq(case_machine.brand, "Arm Neoverse-V1", "brand");
}

Test(probes_arm, an_altra_by_its_register)
{
	given_text("proc/cpuinfo", ALTRA);
	given_text(MIDR, "0x00000000413fd0c1\n");
	probe_with(nm_probe_arm_cpu);
	found_string("cpu.brand", "Arm Neoverse-N1");
	said("cpu.brand", "in /" MIDR ": implementer 0x41, part 0xd0c, r3p1");
}

Test(probes_arm, a_raspberry_pi_4)
{
	given_text("proc/cpuinfo", RASPBERRY_PI_4);
	probe_with(nm_probe_arm_cpu);
	found_string("cpu.brand", "Arm Cortex-A72");
	said("cpu.brand", "r0p3");
	found_string("arm.features", "fp asimd evtstrm crc32 cpuid");
}

Test(probes_arm, an_ampere_one_needs_no_cpuinfo)
{
	given_text(MIDR, "0x00000000c00fac30\n");
	probe_with(nm_probe_arm_cpu);
	found_string("cpu.brand", "Ampere Ampere-1");
	absent("arm.features");
}

Test(probes_arm, parts_without_a_name_keep_their_number)
{
	given_text("proc/cpuinfo", BLOCK("fp", "0x41", "0x0", "0xfff", "0"));
	probe_with(nm_probe_arm_cpu);
	found_string("cpu.brand", "Arm, unknown part 0xfff");
}

Test(probes_arm, so_do_implementers)
{
	given_text("proc/cpuinfo", BLOCK("fp", "0x99", "0x0", "0xd40", "0"));
	probe_with(nm_probe_arm_cpu);
	found_string("cpu.brand", "unknown implementer 0x99, unknown part 0xd40");
	cr_assert_null(case_machine.vendor, "vendor");
}

Test(probes_arm, cpuinfo_of_another_architecture_is_unknown)
{
	given_text("proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n");
	given_text(MIDR, "hello\n");
	probe_with(nm_probe_arm_cpu);
	found_status("cpu.brand", NM_STATUS_UNKNOWN);
	said("cpu.brand", "names an arm64 CPU");
	cr_assert_null(case_machine.brand, "brand");
}

Test(probes_arm, a_cpu_that_was_not_captured_is_unknown)
{
	probe_with(nm_probe_arm_cpu);
	found_status("cpu.brand", NM_STATUS_UNKNOWN);
	said("cpu.brand", "not captured");
}

Test(probes_arm, what_terminals_obey_does_not_get_out)
{
	given_text("proc/cpuinfo", BLOCK("fp\033[2J", "0x41", "0x1", "0xd40", "1"));
	probe_with(nm_probe_arm_cpu);
	cr_assert_null(strchr(found("arm.features")->value.string, '\033'), "escape");
}

Test(probes_arm, numbers_must_be_as_the_kernel_writes_them)
{
	static const char *const wrong[] = {
		"",
		"0x",
		"0x41 ",
		"41",
		"0X41",
		"-0x1",
		"0x00000001413fd0c1",
		"0x00000000413fd0c1z",
		"+1",
		" 0x41",
		"0x0x41",
		"0x10000000000000000413fd0c1",
	};
	struct nm_midr midr;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_not(nm_midr_parse(wrong[i], &midr), "\"%s\" is taken", wrong[i]);
	cr_assert_not(nm_midr_parse(NULL, &midr), "NULL is taken");
	cr_assert(nm_midr_parse("0x00000000611f0231", &midr), "a register is refused");
	cr_assert_str_eq(nm_midr_part(&midr), "M1 Firestorm", "part");
}

Test(probes_arm, fields_out_of_range_are_refused)
{
	static const char *const wrong[] = {
		BLOCK("fp", "0x141", "0x1", "0xd40", "1"),
		BLOCK("fp", "0x41", "0x10", "0xd40", "1"),
		BLOCK("fp", "0x41", "0x1", "0x1d40", "1"),
		BLOCK("fp", "0x41", "0x1", "0xd40", "16"),
		BLOCK("fp", "0x41", "0x1", "0xd40", ""),
		BLOCK("fp", "0x41", "0x1", "d40", "1"),
	};
	struct nm_midr midr;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_not(nm_midr_of_cpuinfo(&case_arena, wrong[i], &midr), "%zu is taken", i);
}

Test(probes_arm, kvm_that_works_has_el2)
{
	given_kvm(NM_STATUS_PASS, 1);
	probe_with(nm_probe_arm);
	found_status("arm.el2", NM_STATUS_PASS);
	found_bool("arm.el2", true);
	found_string("cpu.virtualization", "el2");
	found_status("cpu.virtualization", NM_STATUS_PASS);
	found_status("arm.nested", NM_STATUS_PASS);
	found_bool("arm.nested", true);
	found_string("nesting.summary", "EL2 for guests");
}

Test(probes_arm, kvm_without_nesting_says_what_it_takes)
{
	given_kvm(NM_STATUS_PASS, 0);
	given_text("proc/cmdline", "root=/dev/vda1 quiet\n");
	probe_with(nm_probe_arm);
	found_status("arm.nested", NM_STATUS_INFO);
	found_bool("arm.nested", false);
	found_string("nesting.summary", "no EL2 for guests");
	said("arm.nested", "kvm-arm.mode=nested is not on");
	cr_assert(strstr(found("arm.nested")->remedy, "FEAT_NV2"), "remedy");
	cr_assert(strstr(found("arm.nested")->remedy, "6.16"), "remedy");
}

Test(probes_arm, a_kernel_that_was_asked_for_nesting_lacks_something_else)
{
	given_kvm(NM_STATUS_PASS, 0);
	given_text("proc/cmdline", "quiet kvm-arm.mode=nested\n");
	probe_with(nm_probe_arm);
	said("arm.nested", "kvm-arm.mode=nested is on");
}

Test(probes_arm, a_command_line_that_is_not_known_is_not_spoken_of)
{
	given_kvm(NM_STATUS_PASS, 0);
	probe_with(nm_probe_arm);
	cr_assert_null(strstr(found("arm.nested")->evidence, "command line"), "%s",
		       found("arm.nested")->evidence);
}

Test(probes_arm, a_capability_that_was_not_asked_is_unknown)
{
	given_kvm(NM_STATUS_PASS, -1);
	probe_with(nm_probe_arm);
	found_status("arm.nested", NM_STATUS_UNKNOWN);
}

Test(probes_arm, without_the_device_there_is_no_el2)
{
	given_kvm(NM_STATUS_FAIL, -1);
	given_error(NM_ANSWER_EXISTS, "dev/kvm", ENOENT);
	probe_with(nm_probe_arm);
	found_status("arm.el2", NM_STATUS_FAIL);
	found_bool("arm.el2", false);
	cr_assert(strstr(found("arm.el2")->remedy, ".metal"), "remedy");
	found_status("cpu.virtualization", NM_STATUS_UNKNOWN);
	found_status("arm.nested", NM_STATUS_UNKNOWN);
	cr_assert(strstr(found("arm.nested")->remedy, "FEAT_NV2"), "remedy");
}

Test(probes_arm, a_device_that_is_forbidden_leaves_it_open)
{
	given_kvm(NM_STATUS_FAIL, -1);
	given(NM_ANSWER_EXISTS, "dev/kvm");
	probe_with(nm_probe_arm);
	found_status("arm.el2", NM_STATUS_UNKNOWN);
	said("arm.el2", "a reason");
	cr_assert_str_eq(found("arm.el2")->remedy, "a remedy", "remedy");
}

Test(probes_arm, a_device_that_was_not_looked_for_leaves_it_open)
{
	probe_with(nm_probe_arm);
	found_status("arm.el2", NM_STATUS_UNKNOWN);
	said("arm.el2", "not captured");
}

Test(probes_arm, uname_tells_the_architecture)
{
	given_error(NM_ANSWER_TEXT, "nestmark/cpuid", ENOTSUP);
	given_text("nestmark/uname", "machine: aarch64\n");
	probe_with(nm_probe_cpu);
	found_string("cpu.architecture", "aarch64");
	/* The rest is nm_probe_arm_cpu()'s. */
	absent("cpu.brand");
}

Test(probes_arm, an_architecture_that_is_no_name_is_unknown)
{
	given_text("nestmark/uname", "machine: \033[2Jaarch64\n");
	probe_with(nm_probe_cpu);
	found_status("cpu.architecture", NM_STATUS_UNKNOWN);
	found_status("cpu.brand", NM_STATUS_UNKNOWN);
}

/* The probes that nm_probe_all() runs on a machine of an architecture; its topology is this machine's. */
static void probe_all(const char *uname)
{
	struct nm_topology *topology;

	given_text("nestmark/uname", uname);
	given_text("proc/cpuinfo", GRAVITON3);
	given_error(NM_ANSWER_EXISTS, "dev/kvm", ENOENT);
	cr_assert_eq(nm_topology_load(&topology), 0, "topology");
	case_context.topology = topology;
	case_context.kvm_device = "/nonexistent";
	probe_with(nm_probe_all);
	nm_topology_free(topology);
}

Test(probes_arm, are_run_on_arm64_machines)
{
	probe_all("machine: aarch64\n");
	found_string("cpu.brand", "Arm Neoverse-V1");
	found_status("arm.el2", NM_STATUS_FAIL);
}

Test(probes_arm, are_not_run_on_others)
{
	probe_all("machine: riscv64\n");
	found_status("cpu.brand", NM_STATUS_UNKNOWN);
	absent("arm.el2");
}

Test(probes_arm, are_not_run_on_machines_of_which_nothing_is_known)
{
	probe_all("hello\n");
	found_status("cpu.architecture", NM_STATUS_UNKNOWN);
	absent("arm.el2");
}
