/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_topology() says of machines whose topology and control groups are given. */
#include "probe_case.h"

#include <errno.h>

#define COUNTS(threads)                                                                            \
	"packages 2\nnuma_nodes 2\ncores 4\nthreads " threads "\nthreads_per_core 2\ncpus 0-7\n"
#define FACT                                                                                       \
	COUNTS("8")                                                                                \
	"cache L1d 49152 line 64 count 4\ncache L2 2097152 line 64 count 4\n"                      \
	"cache L3 33554432 line 64 count 2\n"                                                      \
	"node 0 memory 8589934592 cpus 0-3\nnode 1 memory 4294967296 cpus 4-7\n"

static void given_fact(const char *text)
{
	given_text("nestmark/topology", text);
}

static bool is_found(const char *id)
{
	return nm_findings_get(&case_findings, id);
}

Test(probes_topology, a_machine_with_two_sockets)
{
	given_fact(FACT);
	given_text("sys/devices/system/cpu/online", "0-7\n");
	probe_with(nm_probe_topology);
	found_int("topology.threads", 8);
	found_status("topology.threads", NM_STATUS_INFO);
	found_int("topology.packages", 2);
	found_int("topology.cores", 4);
	found_int("topology.threads_per_core", 2);
	found_int("topology.numa_nodes", 2);
	found_int("topology.cache.l1d", 49152);
	found_int("topology.cache.l2", 2097152);
	found_int("topology.cache.l3", 33554432);
	found_int("topology.node0.memory", 8589934592);
	found_int("topology.node1.memory", 4294967296);
	found_string("topology.cpus", "0-7");
	cr_assert_eq(case_machine.cores, 4, "cores");
	cr_assert_eq(case_machine.threads, 8, "threads");
	cr_assert_eq(case_machine.tsc_khz, 0, "the TSC is not this probe's");
}

Test(probes_topology, one_cpu_is_too_few)
{
	given_fact(COUNTS("1"));
	probe_with(nm_probe_topology);
	found_status("topology.threads", NM_STATUS_WARN);
	cr_assert(found("topology.threads")->remedy, "no remedy");
}

Test(probes_topology, caches_of_hybrid_cores_are_told_apart)
{
	given_fact(COUNTS("8") "cache L1d 49152 line 64 count 8\ncache L1d 32768 line 64 count 4\n"
			       "cache L1i 32768 line 64 count 8\n");
	probe_with(nm_probe_topology);
	found_int("topology.cache.l1d", 49152);
	found_int("topology.cache.l1d.kind2", 32768);
	found_int("topology.cache.l1i", 32768);
}

Test(probes_topology, cpus_that_may_not_be_used_are_counted)
{
	given_fact(FACT);
	given_text("sys/devices/system/cpu/online", "0-15,32-33\n");
	probe_with(nm_probe_topology);
	cr_assert(strstr(found("topology.cpus")->evidence, "8 of 18 CPUs online (0-15,32-33): its"),
		  "%s", found("topology.cpus")->evidence);
}

Test(probes_topology, an_absurd_list_of_cpus_is_not_counted)
{
	static const char *const lists[] = {
		"",	"-1",	  "3-1",    "0-99999999999999999999", "0-99999999", "0-3x", "a",
		"0--3", "0-3;rm", "0,,1\n", "0-999999,0-999999",      NULL};

	for (size_t i = 0; lists[i]; i++) {
		nm_capture_free(&case_capture);
		case_findings = (struct nm_findings) {0};
		given_fact(FACT);
		given_text("sys/devices/system/cpu/online", lists[i]);
		probe_with(nm_probe_topology);
		cr_assert(strstr(found("topology.cpus")->evidence, "does not say"), "\"%s\": %s",
			  lists[i], found("topology.cpus")->evidence);
	}
}

Test(probes_topology, a_fact_that_is_none_is_unknown)
{
	static const char *const facts[] = {
		"",
		"hello\n",
		COUNTS("0"),
		COUNTS("-8"),
		COUNTS("+8"),
		COUNTS(" 8"),
		COUNTS("99999999999999999999999999"),
		COUNTS("1048577"),
		COUNTS("8") "cache L1d",
		COUNTS("8") "cache L1d 49152 line 64 count 4",
		COUNTS("8") "cache L9 49152 line 64 count 4\n",
		COUNTS("8") "cache L1x 49152 line 64 count 4\n",
		COUNTS("8") "cache L1d -1 line 64 count 4\n",
		COUNTS("8") "cache L1d 18446744073709551615 line 64 count 4\n",
		COUNTS("8") "node 0 memory 18446744073709551615 cpus 0\n",
		COUNTS("8") "node 0 memory 1 cpus 0\033[31m\n",
		COUNTS("8") "node 0 memory 1\n",
		COUNTS("8") "node 99999999999 memory 1 cpus 0\n",
		COUNTS("8") "\n",
		"numa_nodes 1\npackages 1\n",
		NULL};

	for (size_t i = 0; facts[i]; i++) {
		nm_capture_free(&case_capture);
		case_findings = (struct nm_findings) {0};
		case_machine = (struct nm_machine) {0};
		given_fact(facts[i]);
		probe_with(nm_probe_topology);
		found_status("topology.threads", NM_STATUS_UNKNOWN);
		cr_assert_not(is_found("topology.cores"), "\"%s\" was believed", facts[i]);
		cr_assert_eq(case_machine.threads, 0, "\"%s\" was believed", facts[i]);
	}
}

Test(probes_topology, an_absent_fact_is_unknown)
{
	probe_with(nm_probe_topology);
	found_status("topology.threads", NM_STATUS_UNKNOWN);
	cr_assert(strstr(found("topology.threads")->evidence, "not captured"), "%s",
		  found("topology.threads")->evidence);
}

/* 4096 CPUs of which every other one may be used: the longest list. */
Test(probes_topology, many_cpus)
{
	struct nm_text text = {0};

	nm_text_puts(&text, "packages 8\nnuma_nodes 1024\ncores 2048\nthreads 2048\n"
			    "threads_per_core 1\ncpus 0");
	for (int cpu = 2; cpu < 4096; cpu += 2)
		nm_text_printf(&text, ",%d", cpu);
	nm_text_puts(&text, "\n");
	for (int node = 0; node < 1024; node++)
		nm_text_printf(&text, "node %d memory 1073741824 cpus %d\n", node, node);
	given_fact(text.bytes);
	given_text("sys/devices/system/cpu/online", "0-4095\n");
	probe_with(nm_probe_topology);
	found_int("topology.threads", 2048);
	found_int("topology.node1023.memory", 1073741824);
	cr_assert_leq(strlen(found("topology.cpus")->value.string), 400, "a list without end");
	nm_text_put(&text, "node 1024 memory 1 cpus 1\n", 26);
	nm_capture_free(&case_capture);
	case_findings = (struct nm_findings) {0};
	given_fact(text.bytes);
	probe_with(nm_probe_topology);
	found_status("topology.threads", NM_STATUS_UNKNOWN);
	nm_text_free(&text);
}

/* Control groups */

Test(probes_topology, the_tightest_quota_of_version_2_counts)
{
	given_text("proc/self/cgroup", "0::/a/b\n");
	given(NM_ANSWER_EXISTS, "sys/fs/cgroup/cgroup.controllers");
	given_text("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	given_text("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
	given_text("sys/fs/cgroup/a/b/cpuset.cpus.effective", "2-3\n");
	probe_with(nm_probe_topology);
	found_status("topology.cpu_quota", NM_STATUS_WARN);
	cr_assert_eq(found("topology.cpu_quota")->value.real, 1.5, "quota %f",
		     found("topology.cpu_quota")->value.real);
	cr_assert(strstr(found("topology.cpu_quota")->evidence, "/sys/fs/cgroup/a"), "where");
	found_string("topology.cpuset", "2-3");
}

Test(probes_topology, a_group_without_quota)
{
	given_text("proc/self/cgroup", "0::/a\n");
	given(NM_ANSWER_EXISTS, "sys/fs/cgroup/cgroup.controllers");
	given_text("sys/fs/cgroup/a/cpu.max", "max 100000\n");
	given_error(NM_ANSWER_TEXT, "sys/fs/cgroup/a/cpuset.cpus.effective", ENOENT);
	probe_with(nm_probe_topology);
	found_status("topology.cpu_quota", NM_STATUS_PASS);
	found_string("topology.cpu_quota", "none");
	found_string("topology.cpuset", "none");
}

Test(probes_topology, the_quota_of_version_1)
{
	given_text("proc/self/cgroup", "3:cpu,cpuacct:/x\n2:cpuset:/\n0::/y\n");
	given_text("sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "50000\n");
	given_text("sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
	given_text("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
	given_text("sys/fs/cgroup/cpuset/cpuset.effective_cpus", "0-1\n");
	probe_with(nm_probe_topology);
	cr_assert_eq(found("topology.cpu_quota")->value.real, 0.5, "quota %f",
		     found("topology.cpu_quota")->value.real);
	found_string("topology.cpuset", "0-1");
}

Test(probes_topology, a_quota_that_is_none_is_not_believed)
{
	static const char *const quotas[] = {"",
					     "1",
					     "1 0",
					     "-1 100000",
					     "max",
					     "x y",
					     "100000 x",
					     "1  2",
					     "1 2 3",
					     "max -1",
					     "999999999999999999999 1",
					     NULL};

	for (size_t i = 0; quotas[i]; i++) {
		nm_capture_free(&case_capture);
		case_findings = (struct nm_findings) {0};
		given_text("proc/self/cgroup", "0::/\n");
		given(NM_ANSWER_EXISTS, "sys/fs/cgroup/cgroup.controllers");
		given_text("sys/fs/cgroup/cpu.max", quotas[i]);
		probe_with(nm_probe_topology);
		found_status("topology.cpu_quota", NM_STATUS_UNKNOWN);
	}
}

Test(probes_topology, a_path_out_of_the_namespace_stands_for_the_root)
{
	static const char *const groups[] = {"0::/../../etc\n", "0::/a//b\n", "0::/\n", NULL};

	for (size_t i = 0; groups[i]; i++) {
		nm_capture_free(&case_capture);
		case_findings = (struct nm_findings) {0};
		given_text("proc/self/cgroup", groups[i]);
		given(NM_ANSWER_EXISTS, "sys/fs/cgroup/cgroup.controllers");
		given_text("sys/fs/cgroup/cpu.max", "200000 100000\n");
		probe_with(nm_probe_topology);
		cr_assert_eq(found("topology.cpu_quota")->value.real, 2, "%s", groups[i]);
	}
}

Test(probes_topology, control_groups_that_cannot_be_seen_are_unknown)
{
	given_text("proc/self/cgroup", "0::/a\n");
	given_error(NM_ANSWER_EXISTS, "sys/fs/cgroup/cgroup.controllers", ENOENT);
	given_error(NM_ANSWER_EXISTS, "sys/fs/cgroup/unified/cgroup.procs", ENOENT);
	probe_with(nm_probe_topology);
	found_status("topology.cpu_quota", NM_STATUS_UNKNOWN);
	found_status("topology.cpuset", NM_STATUS_UNKNOWN);
}

Test(probes_topology, what_is_no_list_of_groups_is_unknown)
{
	static const char *const groups[] = {"",       "hello\n", "1:cpu\n", "::\n",
					     ":::/\n", "0:",	  NULL};

	for (size_t i = 0; groups[i]; i++) {
		nm_capture_free(&case_capture);
		case_findings = (struct nm_findings) {0};
		given_text("proc/self/cgroup", groups[i]);
		probe_with(nm_probe_topology);
		found_status("topology.cpu_quota", NM_STATUS_UNKNOWN);
	}
}

/* What this machine's topology is turned into is what the parser takes. */
Test(probes_topology, this_machine_is_described_as_it_is_parsed)
{
	struct nm_topology *topology;
	struct nm_topology_counts counts;
	struct nm_text text = {0};

	cr_assert_eq(nm_topology_load(&topology), 0, "no topology");
	counts = nm_topology_counts(topology);
	cr_assert_eq(nm_topology_describe(topology, &text), 0, "not described");
	given_fact(text.bytes);
	probe_with(nm_probe_topology);
	found_int("topology.threads", counts.threads);
	found_int("topology.cores", counts.cores);
	nm_text_free(&text);
	nm_topology_free(topology);
}

Test(probes_topology, spread_cpus_ascend_and_are_at_most_as_many_as_wanted)
{
	struct nm_topology *topology;
	struct nm_topology_counts counts;
	int cpus[1024];
	size_t count;

	cr_assert_eq(nm_topology_load(&topology), 0, "no topology");
	counts = nm_topology_counts(topology);
	count = nm_topology_spread(topology, cpus, 1024);
	cr_assert_eq(count, counts.threads < 1024 ? counts.threads : 1024, "%zu CPUs", count);
	for (size_t i = 1; i < count; i++)
		cr_assert_lt(cpus[i - 1], cpus[i], "they do not ascend");
	cr_assert_eq(nm_topology_spread(topology, cpus, 1), 1, "one was wanted");
	nm_topology_free(topology);
}
