/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "probes/clock_fact.h"
#include "probes/evidence.h"
#include "probes/kept.h"
#include "probes/line.h"
#include "probes/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CLOCKSOURCE  "sys/devices/system/clocksource/clocksource0/"
#define TSC_FILE     "sys/devices/system/cpu/cpu0/tsc_freq_khz"
#define MAX_BOGOMIPS 1048576
#define MAX_KHZ	     100000000u /* 100 GHz */

/* Crystals and what firmware says of them differ by less; a guest whose TSC is scaled wrongly differs by more. */
#define TOLERANCE_PPM 1000.0

/* A part of the time too short to say more than this is not compared with others. */
#define USABLE_PPM 1000.0

/* The TSC's frequency between two readings. */
struct rate {
	double khz, ppm; /* ppm: how far off it may be */
};

/* Clock source */

/*
 * The kernel hides a clock source from this list once it has marked it unstable (kernel/time/clocksource.c). Clocks that
 * are read through a page shared with the hypervisor cost little more than the TSC; others cost a system call.
 */
static int add_clocksource(struct nm_probe_context *context)
{
	static const char *const quick[] = {"kvm-clock", "hyperv_clocksource_tsc_page",
					    "arch_sys_counter", NULL};
	static const char remedy[] =
		"dmesg says why the kernel does not use the TSC (\"clocksource:\" and "
		"\"tsc:\"); every reading of the time now costs a system call";
	struct nm_arena *arena = context->arena;
	const char *current = nm_root_line(context->root, arena, CLOCKSOURCE "current_clocksource");
	int error = current ? EBADMSG : errno;
	char *available = nm_root_line(context->root, arena, CLOCKSOURCE "available_clocksource");
	bool tsc;
	bool good;

	if (!current || !*current)
		return nm_unknown_add(context, "time.clocksource", NULL,
				      "/" CLOCKSOURCE "current_clocksource: %s", nm_why_not(error));
	/* The kernel writes a blank behind each. */
	for (size_t end = available ? strlen(available) : 0; end && available[end - 1] == ' ';)
		available[--end] = '\0';
	tsc = !strcmp(current, "tsc");
	good = nm_name_index(quick, current) >= 0;
	return nm_finding_add(context, "time.clocksource",
			      tsc    ? NM_STATUS_PASS
			      : good ? NM_STATUS_INFO
				     : NM_STATUS_WARN,
			      NM_STRING(nm_clean(context, current)), tsc || good ? NULL : remedy,
			      "available: %s%s",
			      available ? nm_clean(context, available) : "unknown",
			      !tsc && available && !nm_has_word(available, "tsc")
				      ? "; the TSC is not among them"
				      : "");
}

/* What CPUID says */

static int add_deadline(struct nm_probe_context *context)
{
	bool there = nm_cpuid_get(&context->cpuid, 1, 0).ecx >> 24 & 1;

	return nm_finding_add(context, "time.deadline_timer",
			      there ? NM_STATUS_PASS : NM_STATUS_INFO, NM_BOOL(there), NULL,
			      "CPUID 1h ECX[24]: the local APIC's timer %s",
			      there ? "takes a TSC value" : "only counts down");
}

/* KVM's leaves move up by 100h when Hyper-V's come first (Documentation/virt/kvm/x86/cpuid.rst). */
static uint32_t find_hypervisor(const struct nm_cpuid_table *table, const char *name)
{
	for (uint32_t leaf = 0x40000000; leaf < 0x40000400; leaf += 0x100) {
		struct nm_cpuid regs = nm_cpuid_get(table, leaf, 0);
		char signature[13];

		nm_cpuid_signature(&regs, signature);
		if (!strcmp(signature, name))
			return leaf;
	}
	return 0;
}

static int add_kvm_clock(struct nm_probe_context *context)
{
	uint32_t leaf = find_hypervisor(&context->cpuid, "KVMKVMKVM");
	uint32_t features = leaf ? nm_cpuid_get(&context->cpuid, leaf + 1, 0).eax : 0;
	bool there = features >> 3 & 1 || features & 1;
	bool stable = features >> 24 & 1;

	if (!leaf)
		return 0;
	return nm_finding_add(context, "time.kvm_clock", NM_STATUS_INFO, NM_BOOL(there), NULL,
			      "CPUID %Xh EAX[0] is %u, [3] is %u: %s; [24] is %u: the host %s that "
			      "all vCPUs agree",
			      (unsigned int)leaf + 1, (unsigned int)(features & 1),
			      (unsigned int)(features >> 3 & 1),
			      there ? "the hypervisor keeps a clock page" : "no clock page",
			      (unsigned int)stable, stable ? "says" : "does not say");
}

/* Hypervisor Top Level Functional Specification: 40000003h EAX[9], AccessPartitionReferenceTsc. */
static int add_hyperv_page(struct nm_probe_context *context)
{
	uint32_t leaf = find_hypervisor(&context->cpuid, "Microsoft Hv");
	uint32_t features = nm_cpuid_get(&context->cpuid, 0x40000003, 0).eax;
	bool there = features >> 9 & 1;

	if (leaf != 0x40000000)
		return 0;
	if (!features)
		return nm_unknown_add(context, "time.hyperv_tsc_page", NULL,
				      "CPUID 40000003h EAX is 0, or not there");
	return nm_finding_add(context, "time.hyperv_tsc_page", NM_STATUS_INFO, NM_BOOL(there), NULL,
			      "CPUID 40000003h EAX[9]: the reference TSC page");
}

/*
 * SDM vol. 2, CPUID: 15h gives the ratio to the crystal and, where ECX is not 0, the crystal in Hz. Without it the base
 * frequency of 16h, in MHz, is what Linux takes (arch/x86/kernel/tsc.c). Hypervisors say kHz in 40000010h EAX (the
 * timing leaf that VMware began with; Hyper-V means something else by its leaves).
 */
static uint64_t cpuid_khz(const struct nm_cpuid_table *table, const char **source)
{
	struct nm_cpuid ratio = nm_cpuid_get(table, 0x15, 0);
	struct nm_cpuid hypervisor = nm_cpuid_get(table, 0x40000000, 0);

	if (hypervisor.eax >= 0x40000010 && hypervisor.eax < 0x40000100 &&
	    !find_hypervisor(table, "Microsoft Hv") && nm_cpuid_get(table, 0x40000010, 0).eax) {
		*source = "CPUID 40000010h EAX, by the hypervisor";
		return nm_cpuid_get(table, 0x40000010, 0).eax;
	}
	if (!ratio.eax || !ratio.ebx)
		return 0;
	if (ratio.ecx) {
		*source = "CPUID 15h: crystal and ratio";
		return (uint64_t)ratio.ecx * ratio.ebx / ratio.eax / 1000;
	}
	*source = "CPUID 16h: base frequency, rounded to MHz; 15h has no crystal";
	return (nm_cpuid_get(table, 0x16, 0).eax & 0xffff) * 1000ull;
}

static int add_cpuid_khz(struct nm_probe_context *context, uint64_t *khz)
{
	const char *source = "";

	*khz = cpuid_khz(&context->cpuid, &source);
	if (!*khz)
		return nm_unknown_add(
			context, "time.cpuid_khz", NULL,
			"CPUID 15h, 16h and 40000010h do not say the TSC's frequency");
	return nm_finding_add(context, "time.cpuid_khz", NM_STATUS_INFO, NM_INT((int64_t)*khz),
			      NULL, "%s", source);
}

/* "5200.00" is 2600000 kHz: with a TSC the delay loop counts its ticks (lpj_fine in arch/x86/kernel/tsc.c). */
static bool parse_bogomips(const char *text, uint64_t *khz)
{
	uint64_t whole;
	uint64_t hundredths;

	if (!nm_digits(&text, &whole) || !nm_words(&text, ".") || strlen(text) != 2 ||
	    !nm_number(text, &hundredths) || whole > MAX_BOGOMIPS)
		return false;
	*khz = whole * 500 + hundredths * 5;
	return *khz;
}

static int add_kernel_khz(struct nm_probe_context *context, uint64_t *khz)
{
	struct nm_arena *arena = context->arena;
	const char *info;
	const char *bogomips;

	if (nm_root_number(context, TSC_FILE, khz) && *khz && *khz < MAX_KHZ)
		return nm_finding_add(context, "time.kernel_khz", NM_STATUS_INFO,
				      NM_INT((int64_t)*khz), NULL, "/" TSC_FILE);
	*khz = 0;
	info = nm_kept_text(context, "proc/cpuinfo");
	bogomips = nm_text_field(arena, info, "bogomips");
	if (!bogomips || !parse_bogomips(bogomips, khz))
		return nm_unknown_add(context, "time.kernel_khz", NULL,
				      "neither /" TSC_FILE " nor bogomips in /proc/cpuinfo");
	return nm_finding_add(context, "time.kernel_khz", NM_STATUS_INFO, NM_INT((int64_t)*khz),
			      NULL, "half of bogomips in /proc/cpuinfo, to 5 kHz");
}

/* What was measured */

static bool rate_between(const struct nm_clock_reading *a, const struct nm_clock_reading *b,
			 struct rate *out)
{
	double ticks = (double)(b->ticks - a->ticks);
	double ns = (double)(b->ns - a->ns);

	if (!(ticks > 0) || !(ns > 0))
		return false;
	out->khz = ticks * 1e6 / ns;
	out->ppm = ((double)a->width + (double)b->width) / 2 / ticks * 1e6;
	return out->khz < MAX_KHZ;
}

static bool agrees(const struct rate *rate, uint64_t khz)
{
	return fabs(rate->khz - (double)khz) / (double)khz * 1e6 <= rate->ppm + TOLERANCE_PPM;
}

/* Then the two cannot disagree, and agreement proves nothing. */
static bool counts_tsc_itself(const struct nm_probe_context *context)
{
	return nm_found_is(context, "time.clocksource", "tsc");
}

static const char *said(const struct nm_probe_context *context, uint64_t stated, uint64_t kernel)
{
	const char *text;

	if (stated && kernel)
		text = nm_arena_printf(context->arena, "; CPUID says %llu, the kernel %llu",
				       (unsigned long long)stated, (unsigned long long)kernel);
	else if (stated || kernel)
		text = nm_arena_printf(context->arena, "; %s says %llu",
				       stated ? "CPUID" : "the kernel",
				       (unsigned long long)(stated ? stated : kernel));
	else
		text = "; nothing states it";
	return text ? text : "";
}

static int add_measured(struct nm_probe_context *context, const struct nm_clocks *clocks,
			uint64_t stated, uint64_t kernel)
{
	static const char remedy[] =
		"what counts the TSC and what was said about it differ: times from "
		"the TSC are wrong by as much";
	const struct nm_clock_reading *last = &clocks->readings[clocks->reading_count - 1];
	bool differs;
	struct rate rate;

	if (!rate_between(&clocks->readings[0], last, &rate))
		return nm_unknown_add(context, "time.tsc_khz", NULL,
				      "the TSC or CLOCK_MONOTONIC_RAW did not move");
	context->machine->tsc_khz = (uint64_t)(rate.khz + 0.5);
	differs = (stated && !agrees(&rate, stated)) || (kernel && !agrees(&rate, kernel));
	return nm_finding_add(context, "time.tsc_khz",
			      differs		 ? NM_STATUS_WARN
			      : stated || kernel ? NM_STATUS_PASS
						 : NM_STATUS_INFO,
			      NM_INT((int64_t)context->machine->tsc_khz), differs ? remedy : NULL,
			      "against CLOCK_MONOTONIC_RAW for %.1f ms, good to %.0f ppm%s%s",
			      (double)last->ns / 1e6, ceil(rate.ppm), said(context, stated, kernel),
			      counts_tsc_itself(context)
				      ? "; that clock counts the TSC here, so this is "
					"the kernel's figure"
				      : "");
}

/* Frequencies of the parts between readings, compared. */
static int add_stability(struct nm_probe_context *context, const struct nm_clocks *clocks)
{
	struct rate low = {.khz = INFINITY};
	struct rate high = {.khz = 0};
	size_t parts = 0;
	double apart;
	bool steady;

	for (size_t i = 1; i < clocks->reading_count; i++) {
		struct rate rate;

		if (!rate_between(&clocks->readings[i - 1], &clocks->readings[i], &rate) ||
		    rate.ppm > USABLE_PPM)
			continue;
		parts++;
		low = rate.khz < low.khz ? rate : low;
		high = rate.khz > high.khz ? rate : high;
	}
	if (parts < 2)
		return nm_unknown_add(context, "time.stability", NULL,
				      "no two stretches of time were long enough to compare");
	apart = (high.khz - low.khz) / low.khz * 1e6;
	steady = apart <= low.ppm + high.ppm + TOLERANCE_PPM / 10;
	return nm_finding_add(
		context, "time.stability", steady ? NM_STATUS_PASS : NM_STATUS_WARN,
		NM_REAL(round(apart * 10) / 10),
		steady ? NULL : "repeat on a quiet machine; dmesg may call the TSC unstable",
		"ppm between the TSC's frequencies in %u stretches of time, good to "
		"%.0f ppm%s",
		(unsigned int)parts, ceil(low.ppm + high.ppm),
		counts_tsc_itself(context)
			? "; CLOCK_MONOTONIC_RAW counts the TSC here, so only a step shows"
			: "");
}

/* Offsets between CPUs */

static bool contains_zero(const struct nm_clock_offset *offset)
{
	return offset->lo <= 0 && offset->hi >= 0;
}

static int add_pair(struct nm_probe_context *context, const struct nm_clocks *clocks,
		    const struct nm_clock_offset *offset)
{
	char id[48];

	snprintf(id, sizeof(id), "time.offset.cpu%u", (unsigned int)offset->cpu);
	if (!offset->known)
		return nm_detail_add(context, id, NM_STATUS_UNKNOWN, (struct nm_value) {0}, NULL,
				     "CPU %u did not answer in time", (unsigned int)offset->cpu);
	return nm_detail_add(context, id, contains_zero(offset) ? NM_STATUS_PASS : NM_STATUS_WARN,
			     NM_INT(offset->lo / 2 + offset->hi / 2), NULL,
			     "TSC ticks ahead of CPU %u, between %lld and %lld",
			     (unsigned int)clocks->cpu, (long long)offset->lo,
			     (long long)offset->hi);
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int add_offsets(struct nm_probe_context *context, const struct nm_clocks *clocks)
{
	static const char remedy[] =
		"compare TSC values of one CPU only; dmesg says whether the kernel saw it too";
	unsigned int known = 0;
	unsigned int apart = 0;
	int64_t most = 0;
	int r = 0;

	if (!clocks->offset_count && context->machine->threads > 1)
		return nm_unknown_add(context, "time.offset", NULL,
				      "no thread could be started on another CPU");
	if (!clocks->offset_count)
		return nm_finding_add(context, "time.offset", NM_STATUS_INFO, NM_INT(0), NULL,
				      "one CPU: there is nothing to compare");
	for (size_t i = 0; !r && i < clocks->offset_count; i++) {
		const struct nm_clock_offset *offset = &clocks->offsets[i];

		r = add_pair(context, clocks, offset);
		if (!offset->known)
			continue;
		known++;
		apart += !contains_zero(offset);
		most = larger(most, larger(larger(offset->hi, -offset->hi),
					   larger(offset->lo, -offset->lo)));
	}
	if (r)
		return r;
	if (!known)
		return nm_unknown_add(context, "time.offset", "repeat while the CPUs are idle",
				      "no other CPU answered in time");
	return nm_finding_add(context, "time.offset", apart ? NM_STATUS_WARN : NM_STATUS_PASS,
			      NM_INT(most), apart ? remedy : NULL,
			      "TSC ticks that other CPUs are at most away from CPU %u; measured on "
			      "%u of %u, %u of them surely apart",
			      (unsigned int)clocks->cpu, known, (unsigned int)clocks->offset_count,
			      apart);
}

static int add_clocks(struct nm_probe_context *context, uint64_t stated, uint64_t kernel)
{
	struct nm_clocks *clocks = nm_arena_alloc(context->arena, sizeof(*clocks));
	const char *text =
		nm_root_fact(context->root, context->arena, "time", nm_clock_fact, context);
	int r;

	if (!clocks)
		return -ENOMEM;
	if (!text)
		return nm_unknown_add(context, "time.tsc_khz", NULL, "measured clocks: %s",
				      nm_why_not(errno));
	if (!nm_clock_fact_parse(text, clocks))
		return nm_unknown_add(context, "time.tsc_khz", NULL,
				      "the captured clocks are not as nestmark writes them");
	r = add_measured(context, clocks, stated, kernel);
	if (!r)
		r = add_stability(context, clocks);
	return r ? r : add_offsets(context, clocks);
}

int nm_probe_time(struct nm_probe_context *context)
{
	uint64_t stated = 0;
	uint64_t kernel = 0;
	int r = add_clocksource(context);

	if (!r && context->cpuid.count) {
		r = add_deadline(context);
		if (!r)
			r = add_kvm_clock(context);
		if (!r)
			r = add_hyperv_page(context);
		if (!r)
			r = add_cpuid_khz(context, &stated);
	}
	if (!r)
		r = add_kernel_khz(context, &kernel);
	return r ? r : add_clocks(context, stated, kernel);
}
