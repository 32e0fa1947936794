/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_cpu() says of machines whose CPUID is given. */
#include "probe_case.h"

#include <errno.h>

#define LEAF_0 "   0x00000000 0x00: eax=0x00000001 ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69\n"
#define LEAF_1_VMX                                                                                 \
	"   0x00000001 0x00: eax=0x000806f8 ebx=0x00000000 ecx=0x80200020 edx=0x00000000\n"

Test(probes_cpu, an_intel_guest_with_vmx)
{
	given_text("nestmark/cpuid", LEAF_0 LEAF_1_VMX);
	probe_with(nm_probe_cpu);
	found_string("cpu.architecture", "x86_64");
	found_string("cpu.virtualization", "vmx");
	found_bool("cpu.x2apic", true);
	cr_assert_str_eq(case_machine.vendor, "GenuineIntel", "vendor %s", case_machine.vendor);
	cr_assert_eq(case_machine.family, 6, "family");
	cr_assert_eq(case_machine.model, 0x8f, "model");
	cr_assert_eq(case_machine.stepping, 8, "stepping");
}

#define LEAF_8_0 "   0x80000000 0x00: eax=0x80000004 ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n"
#define LEAF_BRAND(number, eax)                                                                    \
	"   0x8000000" number " 0x00: eax=" eax " ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n"
#define BRAND_ABC                                                                                  \
	LEAF_8_0 LEAF_BRAND("2", "0x00636261") LEAF_BRAND("3", "0x00000000")                       \
		LEAF_BRAND("4", "0x00000000")

Test(probes_cpu, a_kernel_that_sees_another_cpu_than_user_code)
{
	given_text("nestmark/cpuid", LEAF_0 LEAF_1_VMX BRAND_ABC);
	given_text("proc/cpuinfo", "model name\t: xyz\n");
	probe_with(nm_probe_cpu);
	found_string("cpu.brand", "abc");
	found_string("cpu.kernel_brand", "xyz");
	found_status("cpu.kernel_brand", NM_STATUS_WARN);
}

Test(probes_cpu, a_kernel_that_sees_the_same_cpu)
{
	given_text("nestmark/cpuid", LEAF_0 LEAF_1_VMX BRAND_ABC);
	given_text("proc/cpuinfo", "model name\t: abc\n");
	probe_with(nm_probe_cpu);
	found_string("cpu.brand", "abc");
	cr_assert_null(nm_findings_get(&case_findings, "cpu.kernel_brand"),
		       "a warning for nothing");
}

Test(probes_cpu, without_cpuid_nothing_is_claimed)
{
	given_error(NM_ANSWER_TEXT, "nestmark/cpuid", ENOTSUP);
	probe_with(nm_probe_cpu);
	found_status("cpu.brand", NM_STATUS_UNKNOWN);
	found_status("cpu.architecture", NM_STATUS_UNKNOWN);
}

Test(probes_cpu, a_personality_of_32_bits_is_no_other_cpu)
{
	given_text("nestmark/cpuid", LEAF_0 LEAF_1_VMX);
	given_text("nestmark/uname", "machine: i686\n");
	probe_with(nm_probe_cpu);
	found_string("cpu.architecture", "x86_64");
}

/* What stands before the damage says nothing of what stood behind it. */
Test(probes_cpu, a_dump_that_breaks_off_is_unknown)
{
	given_text("nestmark/cpuid", LEAF_0 LEAF_1_VMX "   0x00000002 0x00: eax=0x0");
	given_text("nestmark/uname", "machine: x86_64\n");
	probe_with(nm_probe_cpu);
	found_status("cpu.brand", NM_STATUS_UNKNOWN);
	found_string("cpu.architecture", "x86_64");
	cr_assert_eq(case_context.cpuid.count, 0, "leaves are left for other probes");
}

Test(probes_cpu, a_dump_that_is_none_is_unknown)
{
	given_text("nestmark/cpuid", "hello\n");
	probe_with(nm_probe_cpu);
	found_status("cpu.brand", NM_STATUS_UNKNOWN);
}

Test(probes_cpu, pages_are_as_large_as_the_kernel_says)
{
	given_text("nestmark/uname", "machine: aarch64\npage_bytes: 65536\n");
	given_error(NM_ANSWER_TEXT, "nestmark/cpuid", ENOTSUP);
	probe_with(nm_probe_cpu);
	found_string("cpu.architecture", "aarch64");
	found_int("cpu.page_bytes", 65536);
}

Test(probes_cpu, a_page_size_that_is_no_number_is_unknown)
{
	given_text("nestmark/uname", "machine: x86_64\npage_bytes: -1\n");
	given_text("nestmark/cpuid", LEAF_0 LEAF_1_VMX);
	probe_with(nm_probe_cpu);
	found_status("cpu.page_bytes", NM_STATUS_UNKNOWN);
}
