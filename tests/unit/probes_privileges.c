/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_privileges() says of a process. */
#include "probe_case.h"

#include <errno.h>

#define LIMITS_OF(memlock, nofile, space)                                                          \
	"Limit                     Soft Limit           Hard Limit           Units     \n"         \
	"Max processes             96365                96365                processes \n"         \
	"Max open files            " nofile "                 4096                 files     \n"   \
	"Max locked memory         " memlock "              8388608              bytes     \n"     \
	"Max address space         " space "            unlimited            bytes     \n"         \
	"Max realtime priority     0                    0                    \n"

#define STATUS_OF(capabilities, seccomp, privileges)                                               \
	"Name:\tnestmark\nCapEff:\t" capabilities "\nNoNewPrivs:\t" privileges                     \
	"\nSeccomp:\t" seccomp "\nSeccomp_filters:\t0\n"

static void says(const char *id, const char *text)
{
	cr_assert_not_null(strstr(found(id)->evidence, text), "%s: %s", id, found(id)->evidence);
}

static void advises(const char *id, const char *text)
{
	const char *remedy = found(id)->remedy;

	cr_assert_not_null(remedy, "%s has no remedy", id);
	cr_assert_not_null(strstr(remedy, text), "%s: %s", id, remedy);
}

Test(probes_privileges, root_with_everything)
{
	given_text("nestmark/process", "euid 0\nio_uring allowed\n");
	given_text("proc/self/status", STATUS_OF("000001ffffffffff", "0", "0"));
	given_text("proc/self/limits", LIMITS_OF("unlimited", "1024", "unlimited"));
	given_text("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
	given_text("proc/self/cgroup", "0::/user.slice\n");
	given_text("proc/sys/user/max_user_namespaces", "96365\n");
	given_error(NM_ANSWER_TEXT, "proc/sys/kernel/unprivileged_userns_clone", ENOENT);
	given_error(NM_ANSWER_TEXT, "proc/sys/kernel/apparmor_restrict_unprivileged_userns",
		    ENOENT);
	probe_with(nm_probe_privileges);
	found_bool("privilege.root", true);
	found_status("privilege.io_uring", NM_STATUS_PASS);
	found_string("privilege.capabilities", "14 of 14");
	found_bool("privilege.capability.net_admin", true);
	cr_assert(found("privilege.capability.net_admin")->detail, "one of many");
	found_string("privilege.seccomp", "off");
	found_bool("privilege.no_new_privileges", false);
	found_string("privilege.memlock", "unlimited");
	found_int("privilege.nofile", 1024);
	found_status("privilege.nofile", NM_STATUS_INFO);
	says("privilege.nofile", "the hard limit is 4096");
	found_int("privilege.nproc", 96365);
	found_string("privilege.address_space", "unlimited");
	found_status("privilege.address_space", NM_STATUS_INFO);
	found_int("privilege.realtime_priority", 0);
	found_bool("privilege.user_namespaces", true);
	found_string("privilege.cgroup_controllers", "cpuset cpu io memory pids");
	says("privilege.cgroup_controllers", "/user.slice");
}

Test(probes_privileges, a_user_with_little)
{
	given_text("nestmark/process", "euid 1000\nio_uring EPERM\n");
	given_text("proc/sys/kernel/io_uring_disabled", "2\n");
	given_text("proc/self/status", STATUS_OF("0000000000001000", "2", "1"));
	given_text("proc/self/limits", LIMITS_OF("65536", "1023", "1048576"));
	given_error(NM_ANSWER_TEXT, "sys/fs/cgroup/cgroup.controllers", ENOENT);
	given_text("proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
				   "cpu\t1\t1\t1\nmemory\t4\t18\t0\npids\t8\t1\t1\n");
	given_text("proc/sys/user/max_user_namespaces", "96365\n");
	given_text("proc/sys/kernel/unprivileged_userns_clone", "0\n");
	probe_with(nm_probe_privileges);
	found_bool("privilege.root", false);
	found_status("privilege.io_uring", NM_STATUS_WARN);
	says("privilege.io_uring", "io_uring_disabled is 2");
	advises("privilege.io_uring", "sysctl kernel.io_uring_disabled=0");
	found_string("privilege.capabilities", "1 of 14");
	says("privilege.capabilities", "not held: dac_override, net_raw");
	found_bool("privilege.capability.net_admin", true);
	found_bool("privilege.capability.sys_admin", false);
	found_string("privilege.seccomp", "filter");
	says("privilege.seccomp", "KVM_RUN included");
	found_bool("privilege.no_new_privileges", true);
	found_int("privilege.memlock", 65536);
	found_status("privilege.memlock", NM_STATUS_INFO);
	found_status("privilege.nofile", NM_STATUS_WARN);
	advises("privilege.nofile", "ulimit -n");
	found_status("privilege.address_space", NM_STATUS_WARN);
	found_bool("privilege.user_namespaces", false);
	advises("privilege.user_namespaces", "kernel.unprivileged_userns_clone=1");
	found_string("privilege.cgroup_controllers", "cpu pids");
}

/* Only VFIO needs to lock more, and only of those who may not do so anyway. */
Test(probes_privileges, little_memory_to_lock_where_vfio_needs_it)
{
	nm_finding_add(&case_context, "device.vfio", NM_STATUS_PASS, NM_BOOL(true), NULL, "given");
	given_text("proc/self/status", STATUS_OF("0000000000000000", "0", "0"));
	given_text("proc/self/limits", LIMITS_OF("65536", "1024", "unlimited"));
	probe_with(nm_probe_privileges);
	found_status("privilege.memlock", NM_STATUS_WARN);
	advises("privilege.memlock", "LimitMEMLOCK=infinity");
}

Test(probes_privileges, who_may_lock_anyway_needs_no_limit)
{
	nm_finding_add(&case_context, "device.vfio", NM_STATUS_PASS, NM_BOOL(true), NULL, "given");
	given_text("proc/self/status", STATUS_OF("0000000000004000", "0", "0"));
	given_text("proc/self/limits", LIMITS_OF("65536", "1024", "unlimited"));
	probe_with(nm_probe_privileges);
	found_status("privilege.memlock", NM_STATUS_INFO);
}

static void io_uring_case(const char *fact, const char *sysctl, const char *remedy)
{
	given_text("nestmark/process", fact);
	if (sysctl)
		given_text("proc/sys/kernel/io_uring_disabled", sysctl);
	probe_with(nm_probe_privileges);
	found_status("privilege.io_uring", NM_STATUS_WARN);
	advises("privilege.io_uring", remedy);
}

Test(probes_privileges, io_uring_behind_a_filter)
{
	io_uring_case("euid 0\nio_uring EPERM\n", "0\n", "seccomp profile");
}

Test(probes_privileges, io_uring_that_is_not_there)
{
	io_uring_case("euid 0\nio_uring ENOSYS\n", NULL, "CONFIG_IO_URING");
}

Test(probes_privileges, io_uring_without_memory)
{
	io_uring_case("euid 0\nio_uring ENOMEM\n", "0\n", "ulimit -l");
}

Test(probes_privileges, nothing_captured_is_unknown)
{
	static const char *const ids[] = {
		"privilege.root",    "privilege.io_uring",	  "privilege.capabilities",
		"privilege.memlock", "privilege.user_namespaces", "privilege.cgroup_controllers"};

	probe_with(nm_probe_privileges);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		found_status(ids[i], NM_STATUS_UNKNOWN);
		says(ids[i], "not captured");
	}
}

static void refused(const char *fact)
{
	case_findings = (struct nm_findings) {0};
	nm_capture_free(&case_capture);
	given_text("nestmark/process", fact);
	probe_with(nm_probe_privileges);
	found_status("privilege.root", NM_STATUS_UNKNOWN);
	found_status("privilege.io_uring", NM_STATUS_UNKNOWN);
}

Test(probes_privileges, a_fact_that_is_none)
{
	refused("");
	refused("euid\n");
	refused("euid -1\nio_uring allowed\n");
	refused("euid 99999999999\nio_uring allowed\n");
	refused("euid 4294967296\nio_uring allowed\n");
	refused("euid 0\n");
	refused("euid 0\nio_uring \n");
	refused("euid 0\nio_uring allowed");
	refused("euid 0\nio_uring allowed\nmore\n");
	refused("euid 0\nio_uring EWHAT\n");
	refused("euid 0\nio_uring aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
}

Test(probes_privileges, files_that_are_not_as_the_kernel_writes_them)
{
	given_text("proc/self/status", STATUS_OF("00000000000000000000ff", "7", "yes"));
	given_text("proc/self/limits", "Max open files\nMax processes 5x 6\n"
				       "x Max locked memory 1 1\n"
				       "Max address space 99999999999999999999 1\n");
	given_text("proc/sys/user/max_user_namespaces", "");
	given_error(NM_ANSWER_TEXT, "proc/sys/kernel/unprivileged_userns_clone", EACCES);
	probe_with(nm_probe_privileges);
	found_status("privilege.capabilities", NM_STATUS_UNKNOWN);
	found_status("privilege.seccomp", NM_STATUS_UNKNOWN);
	found_status("privilege.no_new_privileges", NM_STATUS_UNKNOWN);
	found_status("privilege.memlock", NM_STATUS_UNKNOWN);
	found_status("privilege.nofile", NM_STATUS_UNKNOWN);
	found_status("privilege.nproc", NM_STATUS_UNKNOWN);
	found_status("privilege.address_space", NM_STATUS_UNKNOWN);
	found_status("privilege.user_namespaces", NM_STATUS_UNKNOWN);
}

Test(probes_privileges, the_own_group_stands_at_the_start_of_a_line)
{
	given_text("sys/fs/cgroup/cgroup.controllers", "cpu\n");
	given_text("proc/self/cgroup", "1:name=systemd:/a0::/b\n0::/own\n");
	probe_with(nm_probe_privileges);
	says("privilege.cgroup_controllers", "this process is in /own");
}

Test(probes_privileges, a_limit_stands_at_the_start_of_a_line)
{
	given_text("proc/self/limits", "of Max open files 1 1\nMax open files  7  8  files\n");
	probe_with(nm_probe_privileges);
	found_int("privilege.nofile", 7);
}
