/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_memory() and nm_probe_kernel() say of machines whose files are given. */
#include "probe_case.h"

#include <errno.h>
#include <stdio.h>

#define PAGES "sys/kernel/mm/hugepages"
#define NODE  "sys/devices/system/node"
#define THP   "sys/kernel/mm/transparent_hugepage/"

static void given_pages(const char *total, const char *unused)
{
	given_list(PAGES, "hugepages-2048kB");
	given_text(PAGES "/hugepages-2048kB/nr_hugepages", total);
	given_text(PAGES "/hugepages-2048kB/free_hugepages", unused);
}

static void start_over(void)
{
	nm_capture_free(&case_capture);
	case_findings = (struct nm_findings) {0};
}

static bool evidence_says(const char *id, const char *part)
{
	return strstr(found(id)->evidence, part);
}

Test(probes_memory, nothing_captured_is_nothing_claimed)
{
	static const char *const ids[] = {
		"memory.total", "memory.available",    "memory.hugepages",
		"memory.thp",	"memory.ksm",	       "memory.overcommit",
		"memory.swap",	"memory.cgroup_limit", NULL};

	probe_with(nm_probe_memory);
	for (size_t i = 0; ids[i]; i++)
		found_status(ids[i], NM_STATUS_UNKNOWN);
}

Test(probes_memory, meminfo)
{
	given_text("proc/meminfo", "MemTotal:       24684084 kB\nMemAvailable:   23430000 kB\n");
	probe_with(nm_probe_memory);
	found_int("memory.total", 24684084ll * 1024);
	found_int("memory.available", 23430000ll * 1024);
}

Test(probes_memory, absurd_meminfo)
{
	static const char *const values[] = {"-1 kB",
					     "99999999999999999999999 kB",
					     "9223372036854775807 kB",
					     "12",
					     "12 MB",
					     "",
					     "kB",
					     NULL};

	for (size_t i = 0; values[i]; i++) {
		char text[128];

		start_over();
		snprintf(text, sizeof(text), "MemTotal: %s\n", values[i]);
		given_text("proc/meminfo", text);
		probe_with(nm_probe_memory);
		found_status("memory.total", NM_STATUS_UNKNOWN);
		found_status("memory.available", NM_STATUS_UNKNOWN);
	}
}

Test(probes_memory, no_hugepages_are_a_hint_with_the_command)
{
	given_pages("0\n", "0\n");
	probe_with(nm_probe_memory);
	found_int("memory.hugepages.2048kb", 0);
	found_status("memory.hugepages.2048kb", NM_STATUS_INFO);
	cr_assert(strstr(found("memory.hugepages.2048kb")->remedy,
			 "echo 512 | sudo tee "
			 "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"),
		  "%s", found("memory.hugepages.2048kb")->remedy);
}

Test(probes_memory, free_hugepages_pass)
{
	given_pages("64\n", "60\n");
	given_list(NODE, "has_cpu node0 node1 nodex possible");
	given_text(NODE "/node0/hugepages/hugepages-2048kB/nr_hugepages", "40\n");
	given_text(NODE "/node0/hugepages/hugepages-2048kB/free_hugepages", "36\n");
	given_text(NODE "/node1/hugepages/hugepages-2048kB/nr_hugepages", "24\n");
	given_text(NODE "/node1/hugepages/hugepages-2048kB/free_hugepages", "-1\n");
	probe_with(nm_probe_memory);
	found_int("memory.hugepages.2048kb", 64);
	found_status("memory.hugepages.2048kb", NM_STATUS_PASS);
	found_int("memory.node0.hugepages.2048kb", 40);
	cr_assert(evidence_says("memory.node0.hugepages.2048kb", "36 of them free"), "free");
	cr_assert_null(nm_findings_get(&case_findings, "memory.node1.hugepages.2048kb"),
		       "an absurd count was believed");
}

Test(probes_memory, hugepages_all_in_use_do_not_pass)
{
	given_pages("64\n", "0\n");
	probe_with(nm_probe_memory);
	found_status("memory.hugepages.2048kb", NM_STATUS_INFO);
	cr_assert(found("memory.hugepages.2048kb")->remedy, "no remedy");
}

Test(probes_memory, absurd_hugepages_are_unknown)
{
	static const char *const counts[] = {"-1\n", "999999999999999999999999\n",
					     "",     "9223372036854775808",
					     "1 2",  "x",
					     NULL};

	for (size_t i = 0; counts[i]; i++) {
		start_over();
		given_pages(counts[i], "0\n");
		probe_with(nm_probe_memory);
		found_status("memory.hugepages.2048kb", NM_STATUS_UNKNOWN);
	}
}

Test(probes_memory, names_that_are_no_sizes_are_passed_over)
{
	given_list(PAGES, "hugepages-0kB hugepages--1kB hugepages-99999999999999999999kB "
			  "hugepages-2048 x hugepages-2048kB.bak");
	probe_with(nm_probe_memory);
	found_status("memory.hugepages", NM_STATUS_UNKNOWN);
}

Test(probes_memory, transparent_hugepages)
{
	given_text(THP "enabled", "always [madvise] never\n");
	given_text(THP "defrag", "always defer [defer+madvise] madvise never\n");
	probe_with(nm_probe_memory);
	found_string("memory.thp", "madvise");
	found_status("memory.thp", NM_STATUS_PASS);
	found_string("memory.thp_defrag", "defer+madvise");
}

Test(probes_memory, without_transparent_hugepages_there_is_a_remedy)
{
	given_text(THP "enabled", "always madvise [never]\n");
	probe_with(nm_probe_memory);
	found_status("memory.thp", NM_STATUS_WARN);
	cr_assert(strstr(found("memory.thp")->remedy, "echo madvise"), "remedy");
}

Test(probes_memory, a_mode_without_brackets_is_unknown)
{
	static const char *const lines[] = {"", "always", "[", "[]", "]always[", NULL};

	for (size_t i = 0; lines[i]; i++) {
		start_over();
		given_text(THP "enabled", lines[i]);
		probe_with(nm_probe_memory);
		found_status("memory.thp", NM_STATUS_UNKNOWN);
	}
}

Test(probes_memory, control_characters_do_not_reach_findings)
{
	given_text(THP "enabled", "[\033[31mred\a]\n");
	probe_with(nm_probe_memory);
	cr_assert_null(strchr(found("memory.thp")->value.string, '\033'), "an escape");
	cr_assert_null(strchr(found("memory.thp")->value.string, '\a'), "a bell");
}

Test(probes_memory, bytes_of_nul_end_a_value)
{
	const struct nm_answer answer = {.kind = NM_ANSWER_TEXT,
					 .path = "sys/kernel/mm/ksm/run",
					 .bytes = "\0001\n",
					 .length = 3};

	cr_assert_eq(nm_capture_add(&case_capture, &answer), 0, "out of memory");
	probe_with(nm_probe_memory);
	found_status("memory.ksm", NM_STATUS_UNKNOWN);
}

Test(probes_memory, ksm_that_runs_costs_something)
{
	given_text("sys/kernel/mm/ksm/run", "1\n");
	given_text("sys/kernel/mm/ksm/pages_sharing", "1234\n");
	probe_with(nm_probe_memory);
	found_bool("memory.ksm", true);
	found_status("memory.ksm", NM_STATUS_WARN);
	cr_assert(evidence_says("memory.ksm", "1234 pages"), "pages");
}

Test(probes_memory, ksm_that_has_stopped)
{
	given_text("sys/kernel/mm/ksm/run", "2\n");
	given_error(NM_ANSWER_TEXT, "sys/kernel/mm/ksm/pages_sharing", EACCES);
	probe_with(nm_probe_memory);
	found_bool("memory.ksm", false);
	found_status("memory.ksm", NM_STATUS_INFO);
	cr_assert(evidence_says("memory.ksm", "cannot be read"), "pages");
}

Test(probes_memory, what_is_not_permitted_says_who_may)
{
	given_error(NM_ANSWER_TEXT, "sys/kernel/mm/ksm/run", EACCES);
	probe_with(nm_probe_memory);
	found_status("memory.ksm", NM_STATUS_UNKNOWN);
	cr_assert(evidence_says("memory.ksm", "root may read it"), "%s",
		  found("memory.ksm")->evidence);
}

Test(probes_memory, overcommit)
{
	static const struct {
		const char *text;
		enum nm_status status;
	} cases[] = {{"0\n", NM_STATUS_INFO},	  {"1\n", NM_STATUS_INFO},
		     {"2\n", NM_STATUS_WARN},	  {"3\n", NM_STATUS_UNKNOWN},
		     {"-1\n", NM_STATUS_UNKNOWN}, {"", NM_STATUS_UNKNOWN}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start_over();
		given_text("proc/sys/vm/overcommit_memory", cases[i].text);
		probe_with(nm_probe_memory);
		found_status("memory.overcommit", cases[i].status);
	}
}

#define SWAPS "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

Test(probes_memory, swap)
{
	given_text("proc/swaps", SWAPS "/dev/sda2  partition\t2097148\t\t1024\t\t-2\n"
				       "/swap\\040file file\t\t1048572\t\t0\t\t-3\n");
	probe_with(nm_probe_memory);
	found_int("memory.swap", (2097148ll + 1048572) * 1024);
	found_status("memory.swap", NM_STATUS_WARN);
	cr_assert(evidence_says("memory.swap", "1048576 of them used"), "used");
}

Test(probes_memory, no_swap)
{
	given_text("proc/swaps", SWAPS);
	probe_with(nm_probe_memory);
	found_int("memory.swap", 0);
	found_status("memory.swap", NM_STATUS_INFO);
}

Test(probes_memory, absurd_swap_is_unknown)
{
	static const char *const texts[] = {"",
					    "hello\n",
					    SWAPS "/dev/sda2\n",
					    SWAPS "/dev/sda2 partition -1 0 -2\n",
					    SWAPS "/dev/sda2 partition 1 2 -2\n",
					    SWAPS "/dev/sda2 partition 9223372036854775807 0 -2\n",
					    SWAPS "/dev/sda2 partition 1024 1\n",
					    SWAPS "\n\n",
					    NULL};

	for (size_t i = 0; texts[i]; i++) {
		start_over();
		given_text("proc/swaps", texts[i]);
		probe_with(nm_probe_memory);
		found_status("memory.swap", NM_STATUS_UNKNOWN);
	}
}

Test(probes_memory, the_tightest_group_limits)
{
	given_text("proc/self/cgroup", "0::/a/b\n");
	given(NM_ANSWER_EXISTS, "sys/fs/cgroup/cgroup.controllers");
	given_text("sys/fs/cgroup/a/b/memory.max", "4294967296\n");
	given_text("sys/fs/cgroup/a/memory.max", "2147483648\n");
	probe_with(nm_probe_memory);
	found_int("memory.cgroup_limit", 2147483648);
	cr_assert(evidence_says("memory.cgroup_limit", "/sys/fs/cgroup/a:"), "%s",
		  found("memory.cgroup_limit")->evidence);
}

Test(probes_memory, version_1_says_no_limit_with_a_number)
{
	given_text("proc/self/cgroup", "4:memory:/x\n0::/\n");
	given_text("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n");
	given_text("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	probe_with(nm_probe_memory);
	found_string("memory.cgroup_limit", "none");
}

Test(probes_memory, version_1_with_a_limit)
{
	given_text("proc/self/cgroup", "4:memory:/docker/0123\n");
	given_text("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
	probe_with(nm_probe_memory);
	found_int("memory.cgroup_limit", 536870912);
}

Test(probes_memory, an_absurd_limit_is_unknown)
{
	given_text("proc/self/cgroup", "0::/\n");
	given(NM_ANSWER_EXISTS, "sys/fs/cgroup/cgroup.controllers");
	given_text("sys/fs/cgroup/memory.max", "-1\n");
	probe_with(nm_probe_memory);
	found_status("memory.cgroup_limit", NM_STATUS_UNKNOWN);
}

Test(probes_memory, the_root_group_has_no_limit)
{
	given_text("proc/self/cgroup", "0::/\n");
	given(NM_ANSWER_EXISTS, "sys/fs/cgroup/cgroup.controllers");
	given(NM_ANSWER_EXISTS, "sys/fs/cgroup/cgroup.procs");
	given_error(NM_ANSWER_TEXT, "sys/fs/cgroup/memory.max", ENOENT);
	probe_with(nm_probe_memory);
	found_string("memory.cgroup_limit", "none");
}

Test(probes_memory, the_kernel_release)
{
	given_text("proc/sys/kernel/osrelease", "6.12.0\n");
	probe_with(nm_probe_kernel);
	found_string("kernel.release", "6.12.0");
}

Test(probes_memory, no_kernel_release)
{
	given_text("proc/sys/kernel/osrelease", "\n");
	probe_with(nm_probe_kernel);
	found_status("kernel.release", NM_STATUS_UNKNOWN);
}
