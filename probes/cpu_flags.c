/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What VMMs and their guests look for in CPUID, beside VMX and SVM. */
#include "probes/probes.h"

#include <stdio.h>

enum reg { EAX, EBX, ECX, EDX };

static const char *const reg_names[] = {"EAX", "EBX", "ECX", "EDX"};

/* SDM vol. 2, CPUID; APM vol. 3, appendix E. Names as in /proc/cpuinfo. */
static const struct flag {
	const char *name;
	uint32_t leaf, subleaf;
	enum reg reg;
	unsigned int bit;
} flags[] = {
	{"lm", 0x80000001, 0, EDX, 29},
	{"nx", 0x80000001, 0, EDX, 20},
	{"pdpe1gb", 0x80000001, 0, EDX, 26},
	{"rdtscp", 0x80000001, 0, EDX, 27},
	{"ssse3", 1, 0, ECX, 9},
	{"cx16", 1, 0, ECX, 13},
	{"pcid", 1, 0, ECX, 17},
	{"sse4_1", 1, 0, ECX, 19},
	{"sse4_2", 1, 0, ECX, 20},
	{"popcnt", 1, 0, ECX, 23},
	{"aes", 1, 0, ECX, 25},
	{"xsave", 1, 0, ECX, 26},
	{"avx", 1, 0, ECX, 28},
	{"rdrand", 1, 0, ECX, 30},
	{"hypervisor", 1, 0, ECX, 31},
	{"monitor", 1, 0, ECX, 3},
	{"fsgsbase", 7, 0, EBX, 0},
	{"sgx", 7, 0, EBX, 2},
	{"avx2", 7, 0, EBX, 5},
	{"smep", 7, 0, EBX, 7},
	{"erms", 7, 0, EBX, 9},
	{"invpcid", 7, 0, EBX, 10},
	{"avx512f", 7, 0, EBX, 16},
	{"rdseed", 7, 0, EBX, 18},
	{"smap", 7, 0, EBX, 20},
	{"umip", 7, 0, ECX, 2},
	{"pku", 7, 0, ECX, 3},
	{"waitpkg", 7, 0, ECX, 5},
	{"la57", 7, 0, ECX, 16},
	{"fsrm", 7, 0, EDX, 4},
	{"amx_tile", 7, 0, EDX, 24},
	{"spec_ctrl", 7, 0, EDX, 26},
	{"stibp", 7, 0, EDX, 27},
	{"arch_capabilities", 7, 0, EDX, 29},
	{"ssbd", 7, 0, EDX, 31},
	{"xsaves", 0xd, 1, EAX, 3},
	{"ibpb", 0x80000008, 0, EBX, 12},
	{"sev", 0x8000001f, 0, EAX, 1},
	{"sev_es", 0x8000001f, 0, EAX, 3},
	{"sev_snp", 0x8000001f, 0, EAX, 4},
};

static bool is_set(const struct nm_cpuid_table *table, const struct flag *flag)
{
	const struct nm_cpuid regs = nm_cpuid_get(table, flag->leaf, flag->subleaf);
	const uint32_t values[] = {regs.eax, regs.ebx, regs.ecx, regs.edx};

	return values[flag->reg] >> flag->bit & 1;
}

/* "CPUID 7h EBX[5]", with the subleaf where it is not 0. */
static const char *place_of(struct nm_probe_context *context, const struct flag *flag)
{
	const char *subleaf =
		flag->subleaf ? nm_arena_printf(context->arena, ".%u", flag->subleaf) : "";

	return nm_arena_printf(context->arena, "CPUID %Xh%s %s[%u]", flag->leaf,
			       subleaf ? subleaf : "", reg_names[flag->reg], flag->bit);
}

static int add_flag(struct nm_probe_context *context, const struct flag *flag, bool set)
{
	const char *place = place_of(context, flag);
	char id[64];

	snprintf(id, sizeof(id), "cpu.flag.%s", flag->name);
	return nm_detail_add(context, id, set ? NM_STATUS_PASS : NM_STATUS_INFO, NM_BOOL(set), NULL,
			     "%s", place ? place : "");
}

static int add_flags(struct nm_probe_context *context)
{
	const size_t count = sizeof(flags) / sizeof(flags[0]);
	struct nm_text names = {0};
	unsigned int found = 0;
	int r = 0;

	for (size_t i = 0; !r && i < count; i++) {
		bool set = is_set(&context->cpuid, &flags[i]);

		r = add_flag(context, &flags[i], set);
		if (set)
			nm_text_printf(&names, "%s%s", found++ ? " " : "", flags[i].name);
	}
	if (!r)
		r = nm_text_status(&names);
	if (!r)
		r = nm_finding_add(context, "cpu.flags", NM_STATUS_INFO,
				   NM_STRING(names.bytes ? names.bytes : "none"), NULL,
				   "CPUID; %u of %zu that matter to VMMs and their guests", found,
				   count);
	nm_text_free(&names);
	return r;
}

/* APM vol. 3, 8000_0008h: EAX[7:0] physical, [15:8] linear, [23:16] physical of guests where it differs. */
static int add_address_bits(struct nm_probe_context *context)
{
	uint32_t eax = nm_cpuid_get(&context->cpuid, 0x80000008, 0).eax;
	int r;

	if (!(eax & 0xff))
		return nm_unknown_add(context, "cpu.physical_address_bits", NULL,
				      "CPUID has no leaf 80000008h");
	r = nm_finding_add(context, "cpu.physical_address_bits", NM_STATUS_INFO, NM_INT(eax & 0xff),
			   NULL, "CPUID 80000008h EAX[7:0]; as large can guest memory be at most");
	return r ? r
		 : nm_finding_add(context, "cpu.linear_address_bits", NM_STATUS_INFO,
				  NM_INT(eax >> 8 & 0xff), NULL, "CPUID 80000008h EAX[15:8]");
}

static int add_microcode(struct nm_probe_context *context)
{
	const char *revision = context->machine->microcode;

	if (!revision)
		return nm_unknown_add(context, "cpu.microcode", NULL,
				      "/proc/cpuinfo has no line microcode");
	return nm_finding_add(context, "cpu.microcode", NM_STATUS_INFO, NM_STRING(revision), NULL,
			      "/proc/cpuinfo%s",
			      context->machine->level == 1
				      ? "; in a guest what its hypervisor shows"
				      : "");
}

/* SDM vol. 2, CPUID leaf 0Ah. */
static int add_pmu(struct nm_probe_context *context)
{
	uint32_t eax = nm_cpuid_get(&context->cpuid, 0xa, 0).eax;

	return nm_finding_add(context, "cpu.perfmon_version", NM_STATUS_INFO, NM_INT(eax & 0xff),
			      NULL, "CPUID Ah EAX[7:0]: version of architectural counters, %u each",
			      eax >> 8 & 0xff);
}

int nm_probe_cpu_flags(struct nm_probe_context *context)
{
	int r;

	if (!context->cpuid.count)
		return nm_unknown_add(context, "cpu.flags", NULL, "CPUID cannot be had");
	r = add_microcode(context);
	if (!r)
		r = add_address_bits(context);
	if (!r)
		r = add_flags(context);
	return r ? r : add_pmu(context);
}
