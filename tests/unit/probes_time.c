/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_time() says of clocks that are given, and of those of this machine. */
#include "probe_case.h"

#include "core/clock.h"
#include "probes/clock_fact.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define CLOCKSOURCE "sys/devices/system/clocksource/clocksource0/"
#define START	    "reading 0 0 40\n"
#define READINGS    START "reading 26000000 10000000 60\nreading 28600000 11000000 60\n"

static void start_over(void)
{
	nm_capture_free(&case_capture);
	case_findings = (struct nm_findings) {0};
	case_machine = (struct nm_machine) {0};
	case_context.cpuid = (struct nm_cpuid_table) {0};
}

static void given_fact(const char *text)
{
	given_text("nestmark/time", text);
}

static void given_source(const char *current, const char *available)
{
	given_text(CLOCKSOURCE "current_clocksource", current);
	given_text(CLOCKSOURCE "available_clocksource", available);
}

static void given_leaf(uint32_t leaf, struct nm_cpuid regs)
{
	struct nm_cpuid_leaf *item = nm_arena_append(&case_arena, &case_context.cpuid.items,
						     &case_context.cpuid.count, sizeof(*item));

	cr_assert(item, "out of memory");
	*item = (struct nm_cpuid_leaf) {.leaf = leaf, .regs = regs};
}

static bool is_found(const char *id)
{
	return nm_findings_get(&case_findings, id);
}

static bool evidence_says(const char *id, const char *part)
{
	return strstr(found(id)->evidence, part);
}

Test(probes_time, nothing_captured_is_nothing_claimed)
{
	probe_with(nm_probe_time);
	found_status("time.clocksource", NM_STATUS_UNKNOWN);
	found_status("time.tsc_khz", NM_STATUS_UNKNOWN);
	found_status("time.kernel_khz", NM_STATUS_UNKNOWN);
	cr_assert_not(is_found("time.deadline_timer"), "claimed without CPUID");
	cr_assert_eq(case_machine.tsc_khz, 0, "a frequency out of nothing");
}

/* Clock source */

Test(probes_time, clock_sources)
{
	static const struct {
		const char *current, *available;
		enum nm_status status;
	} cases[] = {
		{"tsc\n", "tsc hpet acpi_pm \n", NM_STATUS_PASS},
		{"kvm-clock\n", "kvm-clock tsc acpi_pm \n", NM_STATUS_INFO},
		{"hyperv_clocksource_tsc_page\n", "hyperv_clocksource_tsc_page acpi_pm\n",
		 NM_STATUS_INFO},
		{"hpet\n", "hpet acpi_pm \n", NM_STATUS_WARN},
		{"jiffies\n", "jiffies\n", NM_STATUS_WARN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start_over();
		given_source(cases[i].current, cases[i].available);
		probe_with(nm_probe_time);
		found_status("time.clocksource", cases[i].status);
		cr_assert_eq(cases[i].status == NM_STATUS_WARN,
			     found("time.clocksource")->remedy != NULL, "remedy");
	}
}

Test(probes_time, a_tsc_that_the_kernel_gave_up_is_said)
{
	given_source("hpet\n", "hpet acpi_pm xtsc tscx\n");
	probe_with(nm_probe_time);
	cr_assert(evidence_says("time.clocksource", "the TSC is not among them"), "%s",
		  found("time.clocksource")->evidence);
	start_over();
	given_source("hpet\n", "hpet tsc\n");
	probe_with(nm_probe_time);
	cr_assert_not(evidence_says("time.clocksource", "not among"), "it is there");
}

/* CPUID */

Test(probes_time, deadline_timer)
{
	given_leaf(1, (struct nm_cpuid) {.ecx = 1u << 24});
	probe_with(nm_probe_time);
	found_bool("time.deadline_timer", true);
	found_status("time.deadline_timer", NM_STATUS_PASS);
	start_over();
	given_leaf(1, (struct nm_cpuid) {.ecx = ~(1u << 24)});
	probe_with(nm_probe_time);
	found_bool("time.deadline_timer", false);
}

static const struct nm_cpuid kvm = {0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d};
static const struct nm_cpuid hyperv = {0x4000000b, 0x7263694d, 0x666f736f, 0x76482074};

Test(probes_time, kvm_clock)
{
	given_leaf(0x40000000, kvm);
	given_leaf(0x40000001, (struct nm_cpuid) {.eax = 1u << 3 | 1u << 24});
	probe_with(nm_probe_time);
	found_bool("time.kvm_clock", true);
	cr_assert(evidence_says("time.kvm_clock", "[24] is 1: the host says"), "stable bit");
	cr_assert_not(is_found("time.hyperv_tsc_page"), "not Hyper-V");
}

Test(probes_time, kvm_without_its_clock)
{
	given_leaf(0x40000000, kvm);
	given_leaf(0x40000001, (struct nm_cpuid) {.eax = ~(1u | 1u << 3)});
	probe_with(nm_probe_time);
	found_bool("time.kvm_clock", false);
}

Test(probes_time, kvm_behind_the_leaves_of_hyper_v)
{
	given_leaf(0x40000000, hyperv);
	given_leaf(0x40000003, (struct nm_cpuid) {.eax = 1u << 9});
	given_leaf(0x40000010, (struct nm_cpuid) {.eax = 1234567});
	given_leaf(0x40000100, kvm);
	given_leaf(0x40000101, (struct nm_cpuid) {.eax = 1});
	probe_with(nm_probe_time);
	found_bool("time.hyperv_tsc_page", true);
	found_bool("time.kvm_clock", true);
	cr_assert(evidence_says("time.kvm_clock", "40000101h"), "the leaf");
	found_status("time.cpuid_khz", NM_STATUS_UNKNOWN);
}

Test(probes_time, hyper_v_without_its_page)
{
	given_leaf(0x40000000, hyperv);
	given_leaf(0x40000003, (struct nm_cpuid) {.eax = ~(1u << 9)});
	probe_with(nm_probe_time);
	found_bool("time.hyperv_tsc_page", false);
}

Test(probes_time, hyper_v_whose_leaves_are_missing)
{
	given_leaf(0x40000000, hyperv);
	probe_with(nm_probe_time);
	found_status("time.hyperv_tsc_page", NM_STATUS_UNKNOWN);
}

Test(probes_time, the_frequency_by_crystal_and_ratio)
{
	given_leaf(0x15, (struct nm_cpuid) {2, 216, 25000000, 0});
	probe_with(nm_probe_time);
	found_int("time.cpuid_khz", 2700000);
}

Test(probes_time, without_a_crystal_the_base_frequency_counts)
{
	given_leaf(0x15, (struct nm_cpuid) {2, 216, 0, 0});
	given_leaf(0x16, (struct nm_cpuid) {.eax = 0xabcd0a8c});
	probe_with(nm_probe_time);
	found_int("time.cpuid_khz", 2700000);
}

Test(probes_time, the_hypervisor_knows_best)
{
	struct nm_cpuid more = kvm;

	more.eax = 0x40000010;
	given_leaf(0x15, (struct nm_cpuid) {2, 216, 25000000, 0});
	given_leaf(0x40000000, more);
	given_leaf(0x40000010, (struct nm_cpuid) {.eax = 2499998});
	probe_with(nm_probe_time);
	found_int("time.cpuid_khz", 2499998);
}

Test(probes_time, a_leaf_beyond_the_highest_is_not_the_frequency)
{
	given_leaf(0x40000000, kvm);
	given_leaf(0x40000010, (struct nm_cpuid) {.eax = 2499998});
	probe_with(nm_probe_time);
	found_status("time.cpuid_khz", NM_STATUS_UNKNOWN);
}

/* The kernel */

Test(probes_time, the_kernel_says_it_with_bogomips)
{
	given_text("proc/cpuinfo", "processor\t: 0\nbogomips\t: 5187.81\n");
	probe_with(nm_probe_time);
	found_int("time.kernel_khz", 2593905);
}

Test(probes_time, a_file_of_the_kernel_comes_first)
{
	given_text("sys/devices/system/cpu/cpu0/tsc_freq_khz", "2600001\n");
	given_text("proc/cpuinfo", "bogomips\t: 5187.81\n");
	probe_with(nm_probe_time);
	found_int("time.kernel_khz", 2600001);
}

Test(probes_time, absurd_bogomips_are_unknown)
{
	static const char *const values[] = {"-1.00",	 "99999999999999999999.00",
					     "5200",	 "5200.0",
					     "5200.000", "0.00",
					     "x",	 "5200.-1",
					     "",	 NULL};

	for (size_t i = 0; values[i]; i++) {
		char text[128];

		start_over();
		snprintf(text, sizeof(text), "bogomips\t: %s\n", values[i]);
		given_text("proc/cpuinfo", text);
		probe_with(nm_probe_time);
		found_status("time.kernel_khz", NM_STATUS_UNKNOWN);
	}
}

/* Measured */

Test(probes_time, a_frequency_that_the_kernel_confirms)
{
	given_source("kvm-clock\n", "kvm-clock tsc\n");
	given_text("proc/cpuinfo", "bogomips\t: 5200.00\n");
	given_fact(READINGS);
	probe_with(nm_probe_time);
	found_int("time.tsc_khz", 2600000);
	found_status("time.tsc_khz", NM_STATUS_PASS);
	cr_assert(evidence_says("time.tsc_khz", "for 11.0 ms, good to 2 ppm"), "%s",
		  found("time.tsc_khz")->evidence);
	cr_assert_not(evidence_says("time.tsc_khz", "the kernel's figure"), "it is independent");
	cr_assert_eq(case_machine.tsc_khz, 2600000, "machine");
	found_status("time.stability", NM_STATUS_PASS);
	cr_assert_eq(found("time.stability")->value.real, 0, "ppm");
}

Test(probes_time, a_clock_that_counts_the_tsc_proves_nothing)
{
	given_source("tsc\n", "tsc kvm-clock\n");
	given_text("proc/cpuinfo", "bogomips\t: 5200.00\n");
	given_fact(READINGS);
	probe_with(nm_probe_time);
	cr_assert(evidence_says("time.tsc_khz", "the kernel's figure"), "%s",
		  found("time.tsc_khz")->evidence);
}

Test(probes_time, frequencies_that_differ_are_a_warning)
{
	given_text("proc/cpuinfo", "bogomips\t: 5220.00\n");
	given_fact(READINGS);
	probe_with(nm_probe_time);
	found_status("time.tsc_khz", NM_STATUS_WARN);
	start_over();
	given_leaf(0x15, (struct nm_cpuid) {2, 216, 25000000, 0});
	given_fact(READINGS);
	probe_with(nm_probe_time);
	found_status("time.tsc_khz", NM_STATUS_WARN);
}

/* Readings that lie far apart cannot contradict. */
Test(probes_time, a_coarse_measurement_does_not_warn)
{
	given_text("proc/cpuinfo", "bogomips\t: 5220.00\n");
	given_fact("reading 0 0 400000\nreading 26000000 10000000 400000\n");
	probe_with(nm_probe_time);
	found_status("time.tsc_khz", NM_STATUS_PASS);
	found_status("time.stability", NM_STATUS_UNKNOWN);
}

Test(probes_time, a_frequency_that_nothing_states)
{
	given_fact(READINGS);
	probe_with(nm_probe_time);
	found_status("time.tsc_khz", NM_STATUS_INFO);
}

Test(probes_time, a_frequency_that_changes_is_not_stable)
{
	given_fact(START "reading 26000000 10000000 60\nreading 52100000 20000000 60\n");
	probe_with(nm_probe_time);
	found_status("time.stability", NM_STATUS_WARN);
	cr_assert_float_eq(found("time.stability")->value.real, 3846.2, 0.1, "%f ppm",
			   found("time.stability")->value.real);
}

Test(probes_time, a_clock_that_stands_still)
{
	given_fact(START "reading 0 0 40\n");
	probe_with(nm_probe_time);
	found_status("time.tsc_khz", NM_STATUS_UNKNOWN);
	start_over();
	given_fact(START "reading 9000000000000000 1 40\n");
	probe_with(nm_probe_time);
	found_status("time.tsc_khz", NM_STATUS_UNKNOWN);
}

/* Offsets */

Test(probes_time, cpus_that_agree)
{
	given_fact(READINGS "cpu 0\noffset 1 -12 35\noffset 2 -40 8\noffset 3 unknown\n");
	probe_with(nm_probe_time);
	found_int("time.offset", 40);
	found_status("time.offset", NM_STATUS_PASS);
	cr_assert(evidence_says("time.offset", "measured on 2 of 3, 0 of them"), "%s",
		  found("time.offset")->evidence);
	found_int("time.offset.cpu1", 11);
	found_status("time.offset.cpu1", NM_STATUS_PASS);
	found_status("time.offset.cpu3", NM_STATUS_UNKNOWN);
}

Test(probes_time, a_cpu_that_is_surely_ahead)
{
	given_fact(READINGS "cpu 0\noffset 1 -12 35\noffset 2 1000 1047\n");
	probe_with(nm_probe_time);
	found_status("time.offset", NM_STATUS_WARN);
	found_int("time.offset", 1047);
	found_status("time.offset.cpu2", NM_STATUS_WARN);
	cr_assert(found("time.offset")->remedy, "no remedy");
}

/* Bounds that cross: one TSC did not run alike during the rounds. */
Test(probes_time, bounds_that_contradict_each_other)
{
	given_fact(READINGS "cpu 0\noffset 1 50 -50\n");
	probe_with(nm_probe_time);
	found_status("time.offset", NM_STATUS_WARN);
}

Test(probes_time, cpus_that_did_not_answer)
{
	given_fact(READINGS "cpu 0\noffset 1 unknown\n");
	probe_with(nm_probe_time);
	found_status("time.offset", NM_STATUS_UNKNOWN);
}

Test(probes_time, one_cpu_has_no_offset)
{
	case_machine.threads = 1;
	given_fact(READINGS);
	probe_with(nm_probe_time);
	found_status("time.offset", NM_STATUS_INFO);
}

Test(probes_time, two_cpus_without_offsets_are_unknown)
{
	start_over();
	case_machine.threads = 2;
	given_fact(READINGS);
	probe_with(nm_probe_time);
	found_status("time.offset", NM_STATUS_UNKNOWN);
}

Test(probes_time, the_largest_numbers)
{
	given_fact(READINGS "cpu 0\noffset 1 -9223372036854775807 9223372036854775807\n");
	probe_with(nm_probe_time);
	found_int("time.offset", INT64_MAX);
}

Test(probes_time, a_fact_that_is_none_is_unknown)
{
	static const char *const facts[] = {"",
					    "hello\n",
					    START,
					    "reading 1 0 40\nreading 2 1 40\n",
					    START "reading -1 10 40\n",
					    START "reading 10 10\n",
					    START "reading 10 10 10 10\n",
					    START "reading 99999999999999999999999 1 1\n",
					    START "reading 10000000000000000 1 1\n",
					    READINGS "reading 1 1 1\n",
					    READINGS "offset 1 0 0\n",
					    READINGS "cpu 0\ncpu 1\n",
					    READINGS "cpu -1\n",
					    READINGS "cpu 99999999\n",
					    READINGS "cpu 0\noffset 1 0\n",
					    READINGS "cpu 0\noffset 1 9223372036854775808 0\n",
					    READINGS "cpu 0\noffset 1 x y\n",
					    READINGS "cpu 0\noffset 1 0 0",
					    READINGS "\033[31m\n",
					    NULL};

	for (size_t i = 0; facts[i]; i++) {
		start_over();
		given_fact(facts[i]);
		probe_with(nm_probe_time);
		found_status("time.tsc_khz", NM_STATUS_UNKNOWN);
		cr_assert_not(is_found("time.offset"), "\"%s\" was believed", facts[i]);
	}
}

Test(probes_time, more_lines_than_there_can_be)
{
	struct nm_text text = {0};

	nm_text_puts(&text, READINGS "cpu 0\n");
	for (int i = 1; i <= 65; i++)
		nm_text_printf(&text, "offset %d 0 0\n", i);
	given_fact(text.bytes);
	probe_with(nm_probe_time);
	found_status("time.tsc_khz", NM_STATUS_UNKNOWN);
	nm_text_free(&text);
}

/* This machine */

static struct nm_topology *start_live(struct nm_root *root)
{
	const struct nm_reading start = nm_reading_take();
	struct nm_topology *topology;

	cr_assert_eq(nm_root_open(root, "/"), 0, "no root");
	cr_assert_eq(nm_topology_load(&topology), 0, "no topology");
	case_context.root = root;
	case_context.topology = topology;
	case_context.started_ns = start.ns;
	case_context.started_tsc = start.tsc;
	case_context.started_width = start.width;
	return topology;
}

Test(probes_time, this_machine_is_measured_without_waiting)
{
	struct nm_root root;
	struct nm_topology *topology = start_live(&root);
	uint64_t khz = nm_tsc_khz();
	uint64_t began = nm_clock_raw_ns();

	case_machine.threads = nm_topology_counts(topology).threads;
	cr_assert_eq(nm_probe_time(&case_context), 0, "the probe failed");
	cr_assert_lt(nm_clock_raw_ns() - began, 500 * NM_NS_PER_MS, "it took too long");
	cr_assert_lt(llabs((long long)case_machine.tsc_khz - (long long)khz), (long long)khz / 1000,
		     "%llu kHz and %llu kHz", (unsigned long long)case_machine.tsc_khz,
		     (unsigned long long)khz);
	cr_assert_neq(found("time.tsc_khz")->status, NM_STATUS_UNKNOWN, "%s",
		      found("time.tsc_khz")->evidence);
	cr_assert(is_found("time.offset"), "offsets");
	nm_topology_free(topology);
	nm_root_close(&root);
}

Test(probes_time, this_thread_may_run_where_it_might_before)
{
	struct nm_root root;
	struct nm_topology *topology = start_live(&root);
	struct nm_text text = {0};
	cpu_set_t before;
	cpu_set_t after;

	if (sched_getaffinity(0, sizeof(before), &before))
		cr_skip_test("more CPUs than a cpu_set_t holds");
	cr_assert_eq(nm_clock_fact(&text, &case_context), 0, "no fact");
	sched_getaffinity(0, sizeof(after), &after);
	cr_assert(CPU_EQUAL(&before, &after), "the affinity has changed");
	cr_assert_eq(strncmp(text.bytes, "reading 0 0 ", 12), 0, "%s", text.bytes);
	nm_text_free(&text);
	nm_topology_free(topology);
	nm_root_close(&root);
}

Test(probes_time, readings_lie_close_together)
{
	struct nm_reading first = nm_reading_take();
	struct nm_reading second = nm_reading_take();

	cr_assert_gt(second.tsc, first.tsc, "the TSC went back");
	cr_assert_geq(second.ns, first.ns, "the clock went back");
	cr_assert_lt(first.width, 10000000, "%llu ticks apart", (unsigned long long)first.width);
}

Test(probes_time, the_list_of_clock_sources_ends_with_its_last)
{
	given_text(CLOCKSOURCE "current_clocksource", "hpet\n");
	given_text(CLOCKSOURCE "available_clocksource", "hpet acpi_pm \n");
	probe_with(nm_probe_time);
	cr_assert(evidence_says("time.clocksource", "hpet acpi_pm; the TSC is not among them"),
		  "%s", found("time.clocksource")->evidence);
}
