/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_vmx() says of machines whose CPUID, MSRs, vmx flags and KVM are given. */
#include "probe_case.h"

#include "core/cpuid.h"
#include "probes/vmx_controls.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define LEAF_0 "   0x00000000 0x00: eax=0x00000001 ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69\n"
#define LEAF_1 "   0x00000001 0x00: eax=0x000806f8 ebx=0x00000000 ecx=0x80200020 edx=0x00000000\n"
#define LEAF_1_WITHOUT                                                                             \
	"   0x00000001 0x00: eax=0x000806f8 ebx=0x00000000 ecx=0x80200000 edx=0x00000000\n"

/* What KVM gives to a guest: true controls, EPT, VPID, VMCS shadowing, no tertiary controls. */
#define LOCKED "0x0000003a 0x0000000000000005\n"
#define BASIC  "0x00000480 0x00d8100011e57ed0\n"
#define CONTROLS                                                                                   \
	"0x00000481 0x0000007f00000016\n0x00000482 0xfff9fffe0401e172\n"                           \
	"0x00000483 0x007fffff00036dff\n0x00000484 0x0000d3ff000011ff\n"                           \
	"0x00000485 0x0000000020000065\n0x00000486 0x0000000080000021\n"                           \
	"0x0000048a 0x000000000000002e\n0x0000048b 0x001178ef00000000\n"                           \
	"0x0000048c 0x00000f0106734141\n0x0000048d 0x0000003f00000016\n"                           \
	"0x0000048e 0xfff9fffe04006172\n0x0000048f 0x007fffff00036dfb\n"                           \
	"0x00000490 0x0000d3ff000011fb\n0x00000491 0x0000000000000001\n"                           \
	"0x00000492 EIO\n0x00000493 EIO\n"

static void given_cpu(const char *leaves)
{
	cr_assert_eq(nm_cpuid_parse(&case_arena, leaves, &case_context.cpuid), 0, "CPUID");
}

static void given_vmx_with(const char *registers)
{
	given_cpu(LEAF_0 LEAF_1);
	given_text("nestmark/msr", registers);
	probe_with(nm_probe_vmx);
}

/* Without the msr device, and with this text as /proc/cpuinfo. */
static void given_vmx_without_device(int error, const char *info)
{
	given_cpu(LEAF_0 LEAF_1);
	given_error(NM_ANSWER_TEXT, "nestmark/msr", error);
	given_text("proc/cpuinfo", info);
	probe_with(nm_probe_vmx);
}

static bool is_found(const char *id)
{
	return nm_findings_get(&case_findings, id);
}

/* No finding has an id that starts so. */
static void found_nothing_of(const char *prefix)
{
	for (size_t i = 0; i < case_findings.count; i++)
		cr_assert_neq(strncmp(case_findings.items[i].id, prefix, strlen(prefix)), 0,
			      "there is %s", case_findings.items[i].id);
}

static void evidence_says(const char *id, const char *part)
{
	cr_assert(strstr(found(id)->evidence, part), "%s lacks \"%s\": %s", id, part,
		  found(id)->evidence);
}

Test(probes_vmx, a_machine_without_vmx_has_one_finding)
{
	given_cpu(LEAF_0 LEAF_1_WITHOUT);
	probe_with(nm_probe_vmx);
	found_bool("vmx.exposed", false);
	found_status("vmx.exposed", NM_STATUS_INFO);
	cr_assert_eq(case_findings.count, 1, "%zu findings", case_findings.count);
}

Test(probes_vmx, without_cpuid_exposure_is_unknown)
{
	probe_with(nm_probe_vmx);
	found_status("vmx.exposed", NM_STATUS_UNKNOWN);
	cr_assert_eq(case_findings.count, 1, "%zu findings", case_findings.count);
}

Test(probes_vmx, a_guest_of_kvm_is_known_by_the_revision)
{
	given_vmx_with(LOCKED BASIC CONTROLS);
	found_status("vmx.exposed", NM_STATUS_PASS);
	found_string("vmx.cpu.revision", "KVM beneath (11E57ED0h)");
	found_string("vmx.cpu.basic",
		     "revision 11E57ED0h, VMCS of 4096 bytes, memory type WB, with TRUE controls");
	found_int("vmx.cpu.basic.region_bytes", 4096);
	found_bool("vmx.cpu.basic.true_controls", true);
	found_bool("vmx.cpu.basic.dual_monitor", false);
}

Test(probes_vmx, another_revision_is_not_kvm)
{
	given_vmx_with("0x00000480 0x0018100000000004\n");
	found_string("vmx.cpu.revision", "00000004h");
	found_string(
		"vmx.cpu.basic",
		"revision 00000004h, VMCS of 4096 bytes, memory type WB, without TRUE controls");
}

Test(probes_vmx, controls_say_what_they_may_be)
{
	given_vmx_with(LOCKED BASIC CONTROLS);
	found_string("vmx.cpu.secondary.enable_ept", "may be 1");
	found_string("vmx.cpu.secondary.vmcs_shadowing", "may be 1");
	found_string("vmx.cpu.secondary.tsc_scaling", "must be 0");
	found_string("vmx.cpu.pin.posted_interrupts", "must be 0");
	found_string("vmx.cpu.pin.virtual_nmis", "may be 1");
	found_string("vmx.cpu.entry.ia32e_mode_guest", "may be 1");
	found_string("vmx.cpu.secondary", "13 of 31 controls may be 1");
	evidence_says("vmx.cpu.secondary.enable_ept",
		      "\"enable EPT\": IA32_VMX_PROCBASED_CTLS2 (48Bh) bits 1 and 33, "
		      "/dev/cpu/0/msr");
	cr_assert(found("vmx.cpu.secondary.enable_ept")->detail, "a single control is a detail");
	cr_assert(!found("vmx.cpu.secondary")->detail, "a group is none");
}

Test(probes_vmx, true_controls_are_preferred)
{
	/* CR3-load exiting (15) must be 1 in the plain register and need not in the TRUE one; 48Dh lacks the timer (6). */
	given_vmx_with(LOCKED BASIC CONTROLS);
	found_string("vmx.cpu.primary.cr3_load_exiting", "may be 1");
	found_string("vmx.cpu.pin.preemption_timer", "must be 0");
	evidence_says("vmx.cpu.primary", "IA32_VMX_TRUE_PROCBASED_CTLS (48Eh)");
}

Test(probes_vmx, without_true_controls_the_plain_ones_count)
{
	given_vmx_with("0x00000480 0x0018100000000004\n"
		       "0x00000482 0xfff9fffe0401e172\n0x0000048e 0xfff9fffe04006172\n");
	found_string("vmx.cpu.primary.cr3_load_exiting", "must be 1");
	found_string("vmx.cpu.primary", "21 of 22 controls may be 1, 2 of them must");
	evidence_says("vmx.cpu.primary", "IA32_VMX_PROCBASED_CTLS (482h)");
}

Test(probes_vmx, a_refused_true_register_leaves_the_plain_one)
{
	given_vmx_with(BASIC "0x00000482 0xfff9fffe0401e172\n0x0000048e EIO\n");
	evidence_says("vmx.cpu.primary", "IA32_VMX_PROCBASED_CTLS (482h)");
}

Test(probes_vmx, a_control_that_may_not_be_1_is_not_one_that_must)
{
	given_vmx_with("0x00000480 0x0018100000000004\n0x0000048b 0x0000000000000002\n");
	found_string("vmx.cpu.secondary.enable_ept", "must be 0");
}

Test(probes_vmx, tertiary_controls_are_64_bits_that_may_be_1)
{
	given_vmx_with("0x00000480 0x0018100000000004\n0x00000492 0x0000000000000010\n"
		       "0x00000493 0x0000000000000008\n");
	found_string("vmx.cpu.tertiary.ipi_virtualization", "may be 1");
	found_string("vmx.cpu.tertiary.enable_hlat", "must be 0");
	found_string("vmx.cpu.tertiary", "1 of 11 controls may be 1");
	found_string("vmx.cpu.exit_secondary.prematurely_busy_shadow_stack", "may be 1");
	evidence_says("vmx.cpu.tertiary.ipi_virtualization", "(492h) bit 4,");
}

Test(probes_vmx, a_refused_register_has_no_controls_and_an_unread_one_is_unknown)
{
	given_vmx_with(BASIC "0x00000492 EIO\n");
	found_string("vmx.cpu.tertiary", "none");
	found_status("vmx.cpu.exit_secondary", NM_STATUS_UNKNOWN);
	found_nothing_of("vmx.cpu.tertiary.");
	found_nothing_of("vmx.cpu.exit_secondary.");
}

Test(probes_vmx, capabilities_fields_and_fixed_bits_are_decoded)
{
	given_vmx_with(LOCKED BASIC CONTROLS);
	found_bool("vmx.cpu.ept_vpid.accessed_dirty", true);
	found_bool("vmx.cpu.ept_vpid.page_walk_5", false);
	found_bool("vmx.cpu.ept_vpid.invvpid_retaining_globals", true);
	found_bool("vmx.cpu.vm_functions.eptp_switching", true);
	found_string("vmx.cpu.vm_functions", "1 of 1 capabilities");
	found_int("vmx.cpu.misc.preemption_timer_shift", 5);
	found_int("vmx.cpu.misc.msr_list_entries", 512);
	found_bool("vmx.cpu.misc.vmwrite_any_field", true);
	found_bool("vmx.cpu.misc.store_efer_lma", true);
	found_int("vmx.cpu.vmcs_enum.highest_index", 23);
	found_string("vmx.cpu.cr0_fixed0", "0x0000000080000021");
}

Test(probes_vmx, wide_fields_keep_their_bits)
{
	given_vmx_with("0x00000480 0x0018100000000004\n0x00000485 0xfeedf00d0e00001f\n");
	found_int("vmx.cpu.misc.mseg_revision", 0xfeedf00d);
	found_int("vmx.cpu.misc.msr_list_entries", 4096);
	found_int("vmx.cpu.misc.preemption_timer_shift", 31);
}

static const struct {
	const char *value;
	const char *text;
	enum nm_status status;
} feature_controls[] = {
	{"0x0000003a 0x0000000000000005\n", "locked, VMX outside SMX", NM_STATUS_PASS},
	{"0x0000003a 0x0000000000000007\n", "locked, VMX outside SMX and in SMX", NM_STATUS_PASS},
	{"0x0000003a 0x0000000000000003\n", "locked, VMX in SMX only", NM_STATUS_FAIL},
	{"0x0000003a 0x0000000000000001\n", "locked without VMX", NM_STATUS_FAIL},
	{"0x0000003a 0x0000000000000004\n", "not locked", NM_STATUS_INFO},
};

Test(probes_vmx, feature_control_tells_whether_vmx_may_be_used)
{
	for (size_t i = 0; i < COUNT(feature_controls); i++) {
		char registers[128];

		case_findings = (struct nm_findings) {0};
		case_capture = (struct nm_capture) {0};
		snprintf(registers, sizeof(registers), "%s" BASIC, feature_controls[i].value);
		given_vmx_with(registers);
		found_string("vmx.cpu.feature_control", feature_controls[i].text);
		found_status("vmx.cpu.feature_control", feature_controls[i].status);
		cr_assert_eq(found("vmx.cpu.feature_control")->remedy != NULL,
			     feature_controls[i].status == NM_STATUS_FAIL, "remedy of %zu", i);
		nm_capture_free(&case_capture);
	}
}

Test(probes_vmx, a_refused_feature_control_is_unknown)
{
	given_vmx_with("0x0000003a EIO\n" BASIC);
	found_status("vmx.cpu.feature_control", NM_STATUS_UNKNOWN);
}

#define INFO(vmx_flags)                                                                            \
	"processor\t: 0\nflags\t\t: fpu vmx smx\n" vmx_flags "bugs\t\t:\n\nprocessor\t: 1\n"
#define VMX_FLAGS                                                                                  \
	"vmx flags\t: vnmi preemption_timer invvpid ept_ad tsc_offset vtpr mtf vapic ept vpid "    \
	"unrestricted_guest pml\n"

Test(probes_vmx, without_privilege_the_vmx_flags_tell)
{
	given_vmx_without_device(EACCES, INFO(VMX_FLAGS));
	found_string("vmx.cpu.secondary.enable_ept", "may be 1");
	found_string("vmx.cpu.secondary.vmcs_shadowing", "must be 0");
	found_string("vmx.cpu.pin.preemption_timer", "may be 1");
	found_string("vmx.cpu.pin.posted_interrupts", "must be 0");
	found_bool("vmx.cpu.ept_vpid.accessed_dirty", true);
	found_bool("vmx.cpu.ept_vpid.page_1g", false);
	found_string("vmx.cpu.pin", "2 of 3 controls that Linux names");
	evidence_says("vmx.cpu.secondary.enable_ept",
		      "\"ept\" is among the vmx flags of /proc/cpuinfo");
	found_status("vmx.cpu.basic", NM_STATUS_UNKNOWN);
	evidence_says("vmx.cpu.basic", "not permitted");
	cr_assert(strstr(found("vmx.cpu.basic")->remedy, "root"), "no privilege is named");
}

Test(probes_vmx, what_linux_does_not_name_is_not_claimed)
{
	given_vmx_without_device(EACCES, INFO(VMX_FLAGS));
	cr_assert(!is_found("vmx.cpu.ept_vpid.invvpid_single_context"), "INVVPID type");
	cr_assert(!is_found("vmx.cpu.secondary.ept_violation_ve"), "absence of a later name");
	cr_assert(!is_found("vmx.cpu.vm_functions.eptp_switching"), "Linux never prints it");
	cr_assert(!is_found("vmx.cpu.tertiary"), "tertiary controls");
	cr_assert(!is_found("vmx.cpu.exit"), "VM-exit controls");
	cr_assert(!is_found("vmx.cpu.revision"), "revision");
}

Test(probes_vmx, names_of_later_kernels_count_when_they_are_there)
{
	given_vmx_without_device(ENOENT, INFO("vmx flags\t: vnmi ipi_virt notify_vm_exiting\n"));
	found_string("vmx.cpu.tertiary.ipi_virtualization", "may be 1");
	found_string("vmx.cpu.secondary.instruction_timeout", "may be 1");
	cr_assert(strstr(found("vmx.cpu.basic")->remedy, "modprobe msr"), "no module is named");
}

Test(probes_vmx, a_flag_is_a_whole_word)
{
	given_vmx_without_device(EACCES, INFO("vmx flags\t: vnmi ept_ad ept_x_only\n"));
	found_string("vmx.cpu.secondary.enable_ept", "must be 0");
}

Test(probes_vmx, without_any_source_nothing_is_claimed)
{
	given_vmx_without_device(EPERM, INFO(""));
	found_status("vmx.cpu.basic", NM_STATUS_UNKNOWN);
	found_status("vmx.cpu.feature_control", NM_STATUS_UNKNOWN);
	found_nothing_of("vmx.cpu.secondary");
	evidence_says("vmx.cpu.basic", "no vmx flags");
}

Test(probes_vmx, what_was_not_captured_is_said_so)
{
	given_cpu(LEAF_0 LEAF_1);
	probe_with(nm_probe_vmx);
	evidence_says("vmx.cpu.basic", "not captured");
	found_status("vmx.cpu.feature_control", NM_STATUS_UNKNOWN);
}

Test(probes_vmx, a_kernel_that_took_the_flag_away_found_vmx_locked_off)
{
	given_vmx_without_device(EACCES, "flags\t\t: fpu svmx sse\n");
	found_status("vmx.cpu.feature_control", NM_STATUS_FAIL);
	found_string("vmx.cpu.feature_control", "disabled");
	cr_assert_not_null(found("vmx.cpu.feature_control")->remedy, "no remedy");
}

static const char *const malformed[] = {
	"hello\n",
	"0x00000480\n",
	"0x00000480 \n",
	"0x00000480 EPERM\n",
	"0x00000480 EIO",
	"0x00000480 0x00d8100011e57ed0",
	"0x00000480 0x00d8100011e57ed\n",
	"0x00000480 0x00d8100011e57ed00\n",
	"0x00000480 0x00D8100011E57ED0\n",
	"0x480 0x00d8100011e57ed0\n",
	"0x000000480 0x00d8100011e57ed0\n",
	"0x00000480  0x00d8100011e57ed0\n",
	"0x00000480 -x00d8100011e57ed0\n",
	(BASIC BASIC),
	(BASIC LOCKED),
	(BASIC "\n"),
	"\x1b[2J" BASIC,
};

Test(probes_vmx, registers_that_are_not_as_written_are_unknown)
{
	for (size_t i = 0; i < COUNT(malformed); i++) {
		case_findings = (struct nm_findings) {0};
		case_capture = (struct nm_capture) {0};
		given_vmx_with(malformed[i]);
		found_status("vmx.cpu.basic", NM_STATUS_UNKNOWN);
		evidence_says("vmx.cpu.basic", "not as nestmark writes them");
		found_nothing_of("vmx.cpu.secondary");
		nm_capture_free(&case_capture);
	}
}

Test(probes_vmx, more_registers_than_there_can_be_are_refused)
{
	char registers[80 * 40] = BASIC;
	size_t used = strlen(registers);

	for (unsigned int i = 0; i < 64; i++)
		used += (size_t)snprintf(registers + used, sizeof(registers) - used, "0x%08x EIO\n",
					 0x1000 + i);
	given_vmx_with(registers);
	found_status("vmx.cpu.basic", NM_STATUS_UNKNOWN);
}

Test(probes_vmx, an_empty_list_of_registers_is_unknown)
{
	given_vmx_with("");
	found_status("vmx.cpu.basic", NM_STATUS_UNKNOWN);
}

static struct nm_msr kvm_registers[] = {
	{.index = 0x480, .value = 0x00d8100011e57ed0},
	{.index = 0x48b, .value = 0x0000400200000000},
	{.index = 0x48d, .value = 0x0000003f00000016},
};

Test(probes_vmx, what_kvm_offers_is_not_what_this_machine_got)
{
	case_context.kvm_view.features = (struct nm_msrs) {kvm_registers, COUNT(kvm_registers)};
	given_vmx_without_device(EACCES, INFO(""));
	found_string("vmx.kvm.secondary.enable_ept", "may be 1");
	found_string("vmx.kvm.secondary.vmcs_shadowing", "may be 1");
	found_string("vmx.kvm.secondary", "2 of 31 controls may be 1");
	found_string("vmx.kvm.tertiary", "none");
	evidence_says("vmx.kvm.secondary.enable_ept", "what guests of this KVM may get");
	found_nothing_of("vmx.cpu.secondary");
	cr_assert(!is_found("vmx.cpu.revision"), "KVM's own revision says nothing beneath");
}

Test(probes_vmx, both_views_stand_side_by_side)
{
	case_context.kvm_view.features = (struct nm_msrs) {kvm_registers, COUNT(kvm_registers)};
	given_vmx_with("0x00000480 0x0018100000000004\n0x0000048b 0x0000000000000000\n");
	found_string("vmx.cpu.secondary.enable_ept", "must be 0");
	found_string("vmx.kvm.secondary.enable_ept", "may be 1");
	found_string("vmx.cpu.revision", "00000004h");
}

Test(probes_vmx, exposure_to_guests_is_what_kvm_supports)
{
	cr_assert_eq(nm_cpuid_parse(&case_arena, LEAF_0 LEAF_1, &case_context.kvm_view.supported),
		     0, "CPUID of KVM");
	given_vmx_with(BASIC);
	found_status("vmx.kvm.exposed", NM_STATUS_PASS);
	found_nothing_of("vmx.kvm.basic");
}

Test(probes_vmx, a_kvm_without_nesting_says_how_to_get_it)
{
	cr_assert_eq(nm_cpuid_parse(&case_arena, LEAF_0 LEAF_1_WITHOUT,
				    &case_context.kvm_view.supported),
		     0, "CPUID of KVM");
	given_vmx_with(BASIC);
	found_bool("vmx.kvm.exposed", false);
	cr_assert_not_null(found("vmx.kvm.exposed")->remedy, "no remedy");
}

Test(probes_vmx, a_kvm_that_cannot_be_asked_is_unknown)
{
	case_context.kvm_view.error = EACCES;
	case_context.kvm_view.trouble = "/dev/kvm: not permitted";
	case_context.kvm_view.remedy = "join the group kvm";
	given_vmx_with(BASIC);
	found_status("vmx.kvm.exposed", NM_STATUS_UNKNOWN);
	evidence_says("vmx.kvm.exposed", "not permitted");
	cr_assert_str_eq(found("vmx.kvm.exposed")->remedy, "join the group kvm", "remedy");
}

/* Bits and ids of the tables themselves. */

static void check_register(const struct nm_vmx_register *what)
{
	unsigned int limit = what->kind == NM_VMX_CONTROLS ? 32 : 64;

	for (size_t i = 0; i < what->count; i++) {
		const struct nm_vmx_bit *bit = &what->bits[i];

		cr_assert_lt(bit->bit, limit, "%s.%s", what->id, bit->id);
		cr_assert(!i || bit[-1].bit < bit->bit, "%s.%s is out of order", what->id, bit->id);
		cr_assert_eq(strspn(bit->id, "abcdefghijklmnopqrstuvwxyz0123456789_"),
			     strlen(bit->id), "%s", bit->id);
		for (size_t j = 0; j < i; j++)
			cr_assert_str_neq(what->bits[j].id, bit->id, "%s twice", bit->id);
	}
}

Test(probes_vmx, tables_hold_each_bit_once_and_in_order)
{
	check_register(&nm_vmx_basic);
	for (const struct nm_vmx_register *what = nm_vmx_registers; what->id; what++)
		check_register(what);
}
