/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_all() keeps and forgets, and the small helpers that probes share. */
#include "core/error.h"
#include "probe_case.h"
#include "probes/evidence.h"
#include "probes/kept.h"
#include "probes/line.h"
#include "probes/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	fclose(file);
}

/* Runs all probes on a folder that holds proc/cpuinfo only, and takes what they asked. */
static void probe_folder(struct nm_capture *asked)
{
	char folder[] = "/tmp/nestmark-all-XXXXXX";
	char command[128];
	struct nm_root root;

	cr_assert_not_null(mkdtemp(folder), "no folder");
	snprintf(command, sizeof(command), "mkdir %s/proc", folder);
	cr_assert_eq(system(command), 0, "no folder");
	write_file(folder, "proc/cpuinfo", "CPU implementer : 0x41\n");
	cr_assert_eq(nm_root_open(&root, folder), 0, "%s", nm_error_last()->text);
	root.recorder = asked;
	case_context.root = &root;
	cr_assert_eq(nm_probe_all(&case_context), 0, "the probes failed");
	nm_root_close(&root);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0, "not removed");
}

static size_t times_asked(const struct nm_capture *asked, const char *path)
{
	size_t times = 0;

	for (size_t i = 0; i < asked->answers.count; i++)
		times += asked->answers.items[i].kind == NM_ANSWER_TEXT &&
			 !strcmp(asked->answers.items[i].path, path);
	return times;
}

Test(probes_all, files_of_several_probes_are_read_once)
{
	static const char *const paths[] = {"proc/cpuinfo", "proc/meminfo", "proc/cmdline",
					    "proc/self/cgroup"};
	struct nm_capture asked = {0};

	probe_folder(&asked);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		cr_assert_eq(times_asked(&asked, paths[i]), 1, "%s: %zu times", paths[i],
			     times_asked(&asked, paths[i]));
	nm_capture_free(&asked);
}

Test(probes_all, a_fact_that_a_folder_lacks_was_not_captured)
{
	static const char *const ids[] = {"topology.threads", "kvm.device", "privilege.root",
					  "isolation.core_scheduling", "time.tsc_khz"};
	struct nm_capture asked = {0};

	probe_folder(&asked);
	nm_capture_free(&asked);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		cr_assert(strstr(found(ids[i])->evidence, "not captured"), "%s: %s", ids[i],
			  found(ids[i])->evidence);
}

Test(probes_all, nothing_of_a_machine_is_left_for_the_next)
{
	given_text("nestmark/cpuid", "   0x00000000 0x00: eax=0x00000000 ebx=0x00000000 "
				     "ecx=0x00000000 edx=0x00000000\n");
	given_text("nestmark/kvm", "device /dev/kvm EACCES\n");
	given_text("proc/meminfo", "MemTotal: 1 kB\n");
	probe_with(nm_probe_all);
	found_string("cpu.architecture", "x86_64");
	cr_assert_eq(case_context.kvm_view.error, EACCES, "the view of KVM");
	nm_capture_free(&case_capture);
	case_findings = (struct nm_findings) {0};
	probe_with(nm_probe_all);
	found_status("cpu.architecture", NM_STATUS_UNKNOWN);
	found_status("memory.total", NM_STATUS_UNKNOWN);
	cr_assert_eq(case_context.kvm_view.error, 0, "the view of KVM");
}

Test(probes_all, without_nm_probe_all_nothing_is_kept)
{
	given_error(NM_ANSWER_TEXT, "proc/cmdline", EACCES);
	nm_capture_sort(&case_capture);
	cr_assert_null(nm_kept_text(&case_context, "proc/cmdline"), "a text");
	cr_assert_eq(errno, EACCES, "errno is %d", errno);
	nm_capture_free(&case_capture);
	given_text("proc/cmdline", "quiet\n");
	nm_capture_sort(&case_capture);
	cr_assert_str_eq(nm_kept_text(&case_context, "proc/cmdline"), "quiet\n", "kept");
}

Test(probes_all, an_error_is_kept_too)
{
	given_error(NM_ANSWER_TEXT, "proc/cmdline", EACCES);
	nm_capture_sort(&case_capture);
	cr_assert_eq(nm_kept_begin(&case_context), 0, "out of memory");
	for (int i = 0; i < 2; i++) {
		errno = 0;
		cr_assert_null(nm_kept_text(&case_context, "proc/cmdline"), "a text");
		cr_assert_eq(errno, EACCES, "errno is %d", errno);
	}
}

Test(probes_all, words_of_a_list)
{
	cr_assert(nm_has_word("a bc\td\n", "bc"), "in the middle");
	cr_assert(nm_has_word("a bc\td\n", "d"), "at the end");
	cr_assert(nm_has_word("  a", "a"), "behind blanks");
	cr_assert_not(nm_has_word("abc bcd", "bc"), "a part");
	cr_assert_not(nm_has_word("a", ""), "no word");
	cr_assert_not(nm_has_word(NULL, "a"), "no list");
}

Test(probes_all, lines_by_their_start)
{
	cr_assert_str_eq(nm_line_behind("x0::a\n0::b\n", "0::"), "b\n", "the second line");
	cr_assert_str_eq(nm_line_behind("0::b", "0::"), "b", "the first line");
	cr_assert_null(nm_line_behind("x0::a\n", "0::"), "within a line");
	cr_assert_null(nm_line_behind("", "0::"), "no line");
}

Test(probes_all, names_that_may_be_parts_of_ids)
{
	char name[66] = "";

	memset(name, 'a', 64);
	cr_assert_not(nm_fits_id(name), "64 letters");
	name[63] = '\0';
	cr_assert(nm_fits_id(name), "63 letters");
	cr_assert_not(nm_fits_id(""), "nothing");
	cr_assert_not(nm_fits_id("a.b"), "a dot");
	cr_assert_not(nm_fits_id("A"), "a capital letter");
}

Test(probes_all, numbers)
{
	const char *at = "0x00fF";
	uint64_t value = 1;

	cr_assert_not(nm_hexadecimal(&at, 4, &value), "a capital digit");
	at = "0x00ff1";
	cr_assert_not(nm_hexadecimal(&at, 4, &value), "more digits");
	at = "0x00ff z";
	cr_assert(nm_hexadecimal(&at, 4, &value), "four digits");
	cr_assert_eq(value, 255, "the value");
	cr_assert_str_eq(at, " z", "the rest");
	cr_assert(nm_kilobytes("4 kB", &value), "kB");
	cr_assert_eq(value, 4096, "bytes");
	cr_assert_not(nm_kilobytes("18446744073709551615 kB", &value), "overflow");
	cr_assert_not(nm_kilobytes("4", &value), "no unit");
}

Test(probes_all, why_a_file_gave_nothing)
{
	cr_assert_str_eq(nm_why_not(ENODATA), "not captured", "ENODATA");
	cr_assert_str_eq(nm_why_not(ENOENT), "not there", "ENOENT");
	cr_assert_str_eq(nm_why_not(EACCES), "not permitted: root may read it", "EACCES");
	cr_assert_str_eq(nm_why_not(EINVAL), strerror(EINVAL), "EINVAL");
}
