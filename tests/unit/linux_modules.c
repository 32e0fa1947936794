/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/linux/modules.h"
#include "core/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE                                                                                     \
	"\x7f"                                                                                     \
	"ELF module"

static char folder[] = "/tmp/nestmark-unit-XXXXXX";
static struct nm_modules modules;
static const char *const files[] = {"modules.dep", "modules.builtin", "a-b.ko", "c.ko", "d.ko"};

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	cr_assert(file);
	fputs(text, file);
	fclose(file);
}

static void begin(void)
{
	cr_assert(mkdtemp(folder));
	put("a-b.ko", MODULE);
	put("c.ko", MODULE);
	put("d.ko", MODULE);
	put("modules.builtin", "kernel/e-f.ko\n");
}

static void end(void)
{
	char path[128];

	nm_modules_free(&modules);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(folder);
}

TestSuite(modules, .init = begin, .fini = end);

static int read_with(const char *depends, const char *name)
{
	const char *const names[] = {name, NULL};

	put("modules.dep", depends);
	return nm_modules_read(&modules, folder, names);
}

Test(modules, what_others_need_loads_first)
{
	cr_assert_eq(read_with("a-b.ko: c.ko d.ko\nc.ko: d.ko\nd.ko:\n", "a_b"), 0);
	cr_assert_eq(modules.count, 3);
	cr_assert_str_eq(modules.items[0].name, "d");
	cr_assert_str_eq(modules.items[1].name, "c");
	cr_assert_str_eq(modules.items[2].name, "a_b");
	cr_assert_str_eq(modules.items[2].bytes.bytes, MODULE);
}

Test(modules, built_in_ones_are_not_needed)
{
	cr_assert_eq(read_with("c.ko:\n", "e_f"), 0);
	cr_assert_eq(modules.count, 0);
}

Test(modules, missing_ones_are_named_unless_they_may_be_missing)
{
	cr_assert_eq(read_with("c.ko:\n", "?g"), 0);
	cr_assert_eq(read_with("c.ko:\n", "g"), -EOPNOTSUPP);
	cr_assert(strstr(nm_error_last()->text, "no module g"));
	cr_assert_neq(*nm_error_last()->remedy, '\0');
}

Test(modules, a_file_that_is_gone_is_named)
{
	cr_assert_eq(read_with("gone.ko:\n", "gone"), -EOPNOTSUPP);
	cr_assert(strstr(nm_error_last()->text, "gone.ko"));
}

Test(modules, unknown_compression_is_named)
{
	put("c.ko", "\x1f\x8b gzip");
	cr_assert_eq(read_with("c.ko:\n", "c"), -EOPNOTSUPP);
	cr_assert(strstr(nm_error_last()->text, "c.ko: cannot be unpacked"));
}

Test(modules, lists_do_not_lead_out_of_the_folder)
{
	cr_assert_eq(read_with("c.ko: ../../etc/passwd.ko\n", "c"), -EBADMSG);
	cr_assert_eq(read_with("/etc/c.ko:\n", "c"), -EBADMSG);
	cr_assert_eq(read_with("a..b/../../c.ko:\n", "c"), -EBADMSG);
}

Test(modules, lists_have_an_end)
{
	struct nm_text depends = {0};
	char path[128];

	nm_text_puts(&depends, "c.ko:");
	for (unsigned int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "m%u.ko", i);
		put(path, MODULE);
		nm_text_printf(&depends, " %s", path);
	}
	nm_text_puts(&depends, "\n");
	cr_assert_eq(read_with(depends.bytes, "c"), -EBADMSG);
	nm_text_free(&depends);
	for (unsigned int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "%s/m%u.ko", folder, i);
		unlink(path);
	}
}

Test(modules, empty_lists_have_nothing)
{
	cr_assert_eq(read_with("", "c"), -EOPNOTSUPP);
	cr_assert_eq(read_with(":\n : :\n::c.ko", "c"), -EOPNOTSUPP);
}
