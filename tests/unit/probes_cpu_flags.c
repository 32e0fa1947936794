/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Flags, address widths and microcode of CPUs whose CPUID is given. */
#include "probe_case.h"

#define LEAF(leaf, subleaf, eax, ebx, ecx, edx)                                                    \
	"   0x" leaf " 0x" subleaf ": eax=0x" eax " ebx=0x" ebx " ecx=0x" ecx " edx=0x" edx "\n"
#define NONE "00000000"

static void given_cpuid(const char *text)
{
	cr_assert_eq(nm_cpuid_parse(&case_arena, text, &case_context.cpuid), 0, "refused");
}

Test(probes_cpu_flags, each_register_is_looked_into)
{
	given_cpuid(LEAF("00000001", "00", NONE, NONE, "80082200",
			 NONE) LEAF("00000007", "00", NONE, "00000020", "00010000", "01000000")
			    LEAF("0000000d", "01", "00000008", NONE, NONE, NONE)
				    LEAF("80000001", "00", NONE, NONE, NONE, "20000000")
					    LEAF("80000008", "00", "00003934", NONE, NONE, NONE));
	probe_with(nm_probe_cpu_flags);
	found_string("cpu.flags", "lm ssse3 cx16 sse4_1 hypervisor avx2 la57 amx_tile xsaves");
	found_bool("cpu.flag.la57", true);
	found_bool("cpu.flag.pku", false);
	found_status("cpu.flag.lm", NM_STATUS_PASS);
	cr_assert_str_eq(found("cpu.flag.xsaves")->evidence, "CPUID Dh.1 EAX[3]", "%s",
			 found("cpu.flag.xsaves")->evidence);
	cr_assert_str_eq(found("cpu.flag.avx2")->evidence, "CPUID 7h EBX[5]", "%s",
			 found("cpu.flag.avx2")->evidence);
	found_int("cpu.physical_address_bits", 52);
	found_int("cpu.linear_address_bits", 57);
}

Test(probes_cpu_flags, microcode_is_what_the_kernel_says)
{
	given_cpuid(LEAF("00000001", "00", NONE, NONE, NONE, NONE));
	case_machine.microcode = "0x2b000643";
	probe_with(nm_probe_cpu_flags);
	found_string("cpu.microcode", "0x2b000643");
	found_string("cpu.flags", "none");
	found_status("cpu.physical_address_bits", NM_STATUS_UNKNOWN);
	found_int("cpu.perfmon_version", 0);
}

Test(probes_cpu_flags, in_a_guest_microcode_is_what_the_hypervisor_shows)
{
	given_cpuid(LEAF("00000001", "00", NONE, NONE, NONE, NONE));
	case_machine.microcode = "0x1";
	case_machine.level = 1;
	probe_with(nm_probe_cpu_flags);
	cr_assert_not_null(strstr(found("cpu.microcode")->evidence, "hypervisor"), "not said");
}

Test(probes_cpu_flags, nothing_is_claimed_without_cpuid)
{
	probe_with(nm_probe_cpu_flags);
	found_status("cpu.flags", NM_STATUS_UNKNOWN);
}
