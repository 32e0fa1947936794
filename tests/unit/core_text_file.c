/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/root.h"
#include "helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

/* Text */

Test(core_text, grows_and_is_always_terminated)
{
	struct nm_text text = {0};

	for (size_t i = 0; i < 20000; i++) {
		nm_text_put(&text, "ab\0cd", 5);
		cr_assert_eq(text.length, 5 * (i + 1), "the length is %zu", text.length);
		cr_assert_eq(text.bytes[text.length], '\0', "not terminated at %zu", text.length);
	}
	nm_text_puts(&text, "!");
	nm_text_printf(&text, "%s=%d", "x", 7);
	cr_assert_str_eq(text.bytes + 100000, "!x=7", "the end is %s", text.bytes + 100000);
	cr_assert_eq(memcmp(text.bytes + 99995, "ab\0cd", 5), 0, "earlier bytes have changed");
	cr_assert_eq(nm_text_status(&text), 0, "it failed");
	nm_text_free(&text);
	cr_assert_null(text.bytes, "freed text has bytes");
}

Test(core_text, prints_more_than_its_capacity_at_once)
{
	struct nm_text text = {0};

	nm_text_printf(&text, "%05000d%s", 1, "end");
	cr_assert_eq(text.length, 5003, "the length is %zu", text.length);
	cr_assert_str_eq(text.bytes + 4999, "1end", "the end is %s", text.bytes + 4999);
	nm_text_free(&text);
}

Test(core_text, does_nothing_more_once_memory_has_run_out)
{
	struct nm_text text = {0};

	nm_text_puts(&text, "kept");
	nm_text_put(&text, "x", (size_t)1 << 42);
	nm_text_puts(&text, "lost");
	nm_text_printf(&text, "%s", "lost");
	cr_assert_str_eq(text.bytes, "kept", "it holds %s", text.bytes);
	cr_assert_eq(nm_text_status(&text), -ENOMEM, "the failure is forgotten");
	nm_text_free(&text);
}

static void assert_printable(const char *string, const char *expected)
{
	char out[64];

	cr_assert_eq(nm_text_printable(out, sizeof(out), string), out, "it returns something else");
	cr_assert_str_eq(out, expected, "\"%s\" expected, it is \"%s\"",
			 shown(expected, strlen(expected)), shown(out, strlen(out)));
}

Test(core_text, terminal_control_characters_are_removed)
{
	assert_printable("plain", "plain");
	assert_printable("a\u202eb\u2066c\u2069d\u200fe\u061cf\u2028g", "abcdefg");
	assert_printable("\u2013 \u00b5\u2026\u05d0", "\u2013 \u00b5\u2026\u05d0");
	assert_printable("", "");
	assert_printable("\x1b[31mred\x1b[0m", "[31mred[0m");
	assert_printable("\x1b]0;title\x07", "]0;title");
	assert_printable("a\tb\nc\rd", "a b cd");
	assert_printable("\x01\x02\x08\x0b\x0c\x1f\x7f|", "|");
	assert_printable("\xc2\x9b"
			 "31m",
			 "31m");
	assert_printable("\xc2\x80\xc2\x9f\xc2\x85.", ".");
}

Test(core_text, characters_that_only_print_are_kept)
{
	assert_printable("\xc2\xb5s \xc3\x97 \xe2\x80\x93 \xf0\x9f\x98\x80",
			 "\xc2\xb5s \xc3\x97 \xe2\x80\x93 \xf0\x9f\x98\x80");
	assert_printable("\xc2\xa0", "\xc2\xa0");
}

Test(core_text, printable_text_stays_within_its_buffer)
{
	char out[8];

	for (size_t size = 1; size <= sizeof(out); size++) {
		memset(out, '#', sizeof(out));
		nm_text_printable(out, size,
				  "\x1b"
				  "abcdefghijk");
		cr_assert_eq(strlen(out), size - 1, "%zu bytes hold \"%s\"", size, out);
		cr_assert_eq(memcmp(out, "abcdefghijk", size - 1), 0, "%zu bytes: %s", size, out);
		for (size_t i = size; i < sizeof(out); i++)
			cr_assert_eq(out[i], '#', "byte %zu behind %zu was written", i, size);
	}
}

static bool obeyed(const char *text)
{
	const unsigned char *in = (const unsigned char *)text;

	for (; *in; in++)
		if (*in < 0x20 || *in == 0x7f || (in[0] == 0xc2 && in[1] >= 0x80 && in[1] <= 0x9f))
			return true;
	return false;
}

/* What is dropped may not put together what a terminal obeys. */
Test(core_text, bytes_are_named_in_the_unit_that_divides_them)
{
	static const struct {
		uint64_t bytes;
		const char *name;
	} cases[] = {{0, "0B"},
		     {1000, "1000B"},
		     {4096, "4KiB"},
		     {1536, "1536B"},
		     {3ull << 19, "1536KiB"},
		     {1ull << 30, "1GiB"},
		     {1ull << 52, "4096TiB"}};
	char name[32];

	for (size_t i = 0; i < COUNT(cases); i++) {
		nm_text_bytes(name, sizeof(name), cases[i].bytes);
		cr_assert_str_eq(name, cases[i].name, "%s instead of %s", name, cases[i].name);
	}
}

Test(core_text, nothing_that_a_terminal_obeys_is_left_of_any_bytes)
{
	static const char alphabet[] = {'\xc2', '\x80', '\x9b', '\xa0', '\x1b', '\x7f', '\n', 'A'};
	const size_t base = sizeof(alphabet);

	for (size_t n = 0; n < base * base * base * base; n++) {
		const char in[] = {alphabet[n % base], alphabet[n / base % base],
				   alphabet[n / base / base % base],
				   alphabet[n / base / base / base], '\0'};
		char out[8];

		nm_text_printable(out, sizeof(out), in);
		cr_assert_not(obeyed(out), "%02x %02x %02x %02x leaves a control character",
			      (unsigned char)in[0], (unsigned char)in[1], (unsigned char)in[2],
			      (unsigned char)in[3]);
	}
}

/* Files */

TestSuite(core_file, .init = enter_folder, .fini = leave_folder);

static void commit(const char *path, const char *text)
{
	struct nm_file file;

	cr_assert_eq(nm_file_begin(&file, path, 0), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_file_commit(&file, text, strlen(text)), 0, "%s", nm_error_last()->text);
	nm_file_abandon(&file);
}

Test(core_file, commit_creates_and_replaces)
{
	commit("out", "a longer first content");
	assert_file_holds("out", "a longer first content");
	commit("out", "second");
	assert_file_holds("out", "second");
	commit("./out", "");
	assert_file_holds("out", "");
	cr_assert_eq(count_entries(), 1, "%zu files lie there", count_entries());
}

Test(core_file, nothing_shows_before_the_commit)
{
	struct nm_file file;

	write_text("out", "old");
	cr_assert_eq(nm_file_begin(&file, "out", 65536), 0, "%s", nm_error_last()->text);
	assert_file_holds("out", "old");
	cr_assert_eq(nm_file_commit(&file, "new", 3), 0, "%s", nm_error_last()->text);
	assert_file_holds("out", "new");
}

Test(core_file, reserved_space_is_given_back)
{
	struct nm_file file;
	struct stat info;

	cr_assert_eq(nm_file_begin(&file, "out", 4 << 20), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_file_commit(&file, "new", 3), 0, "%s", nm_error_last()->text);
	cr_assert_eq(stat("out", &info), 0, "the file is missing");
	cr_assert_eq(info.st_size, 3, "it has %lld bytes", (long long)info.st_size);
	cr_assert_lt(info.st_blocks, 2048, "it holds %lld blocks", (long long)info.st_blocks);
}

Test(core_file, abandon_leaves_nothing)
{
	struct nm_file file;

	cr_assert_eq(nm_file_begin(&file, "out", 65536), 0, "%s", nm_error_last()->text);
	nm_file_abandon(&file);
	nm_file_abandon(&file);
	cr_assert_eq(count_entries(), 0, "%zu files are left", count_entries());
	write_text("out", "old");
	cr_assert_eq(nm_file_begin(&file, "out", 0), 0, "%s", nm_error_last()->text);
	nm_file_abandon(&file);
	assert_file_holds("out", "old");
	cr_assert_eq(count_entries(), 1, "%zu files are left", count_entries());
}

Test(core_file, a_failed_write_leaves_the_old_file)
{
	static char bytes[200000];
	struct nm_file file;

	write_text("out", "old");
	cr_assert_eq(nm_file_begin(&file, "out", 0), 0, "%s", nm_error_last()->text);
	limit_file_size(100000);
	cr_assert_eq(nm_file_commit(&file, bytes, sizeof(bytes)), -EFBIG, "the write succeeded");
	assert_error_says("out: ");
	assert_file_holds("out", "old");
	cr_assert_eq(count_entries(), 1, "%zu files are left", count_entries());
	cr_assert_eq(file.fd, -1, "the file is still open");
}

Test(core_file, a_folder_is_refused_before_anything_is_written)
{
	struct nm_file file;

	cr_assert_eq(mkdir("out", 0755), 0, "cannot create a folder");
	cr_assert_eq(nm_file_begin(&file, "out", 0), -EISDIR, "a folder was accepted");
	assert_error_says("out: is a folder");
	cr_assert_eq(count_entries(), 1, "%zu entries are left", count_entries());
	cr_assert_eq(rmdir("out"), 0, "the folder is gone or not empty");
}

Test(core_file, a_link_stays_a_link)
{
	struct nm_file file;
	struct stat info;

	write_text("target", "old");
	cr_assert_eq(symlink("target", "out"), 0, "cannot make a link");
	cr_assert_eq(nm_file_begin(&file, "out", 0), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_file_commit(&file, "new", 3), 0, "%s", nm_error_last()->text);
	assert_file_holds("target", "new");
	cr_assert(!lstat("out", &info) && S_ISLNK(info.st_mode), "the link was replaced");
}

Test(core_file, a_pipe_is_written_to_and_stays)
{
	struct nm_file file;
	struct stat info;
	char got[4] = "";
	int reader;

	cr_assert_eq(mkfifo("out", 0644), 0, "cannot make a pipe");
	reader = open("out", O_RDONLY | O_NONBLOCK);
	cr_assert_eq(nm_file_begin(&file, "out", 100), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_file_commit(&file, "new", 3), 0, "%s", nm_error_last()->text);
	cr_assert_eq(read(reader, got, 3), 3, "nothing came through");
	cr_assert_str_eq(got, "new", "%s came through", got);
	cr_assert(!stat("out", &info) && S_ISFIFO(info.st_mode), "the pipe was replaced");
	close(reader);
}

/* In a container every run may have the same process number as one that was killed. */
Test(core_file, what_a_killed_process_left_does_not_stop_a_commit)
{
	struct nm_file file;

	cr_assert_eq(nm_file_begin(&file, "out", 0), 0, "%s", nm_error_last()->text);
	if (file.anonymous)
		write_text(file.temporary, "half a document");
	cr_assert_eq(nm_file_commit(&file, "new", 3), 0, "%s", nm_error_last()->text);
	assert_file_holds("out", "new");
	cr_assert_eq(count_entries(), 1, "%zu files are left", count_entries());
}

Test(core_file, a_place_that_cannot_be_is_refused_at_the_beginning)
{
	char path[5000];
	struct nm_file file;

	cr_assert_eq(nm_file_begin(&file, "absent/out", 0), -ENOENT, "no folder is needed");
	assert_error_says("absent/out: ");
	nm_file_abandon(&file);
	write_text("plain", "");
	cr_assert_eq(nm_file_begin(&file, "plain/out", 0), -ENOTDIR, "a file is taken as a folder");
	nm_file_abandon(&file);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	cr_assert_eq(nm_file_begin(&file, path, 0), -ENAMETOOLONG, "such a name is taken");
	nm_file_abandon(&file);
}

Test(core_file, space_that_is_not_there_is_missed_at_the_beginning)
{
	struct nm_file file;
	int r = nm_file_begin(&file, "out", (size_t)1 << 50);

	cr_assert(r == -ENOSPC || r == -EFBIG, "a petabyte was reserved: %d", r);
	assert_error_says("out: cannot reserve");
	cr_assert_str_not_empty(nm_error_last()->remedy, "there is no remedy");
	cr_assert_eq(count_entries(), 0, "%zu files are left", count_entries());
}

Test(core_file, a_file_is_read_up_to_the_limit)
{
	struct nm_text text = {0};

	write_bytes("in", "12345\0007890", 10);
	cr_assert_eq(nm_file_read("in", 10, &text), 0, "%s", nm_error_last()->text);
	cr_assert_eq(text.length, 10, "%zu bytes", text.length);
	cr_assert_eq(memcmp(text.bytes, "12345\0007890", 10), 0, "other bytes");
	nm_text_free(&text);
	cr_assert_eq(nm_file_read("in", 9, &text), -EFBIG, "more than the limit is read");
	assert_error_says("in: 10 bytes, more than the limit of 9");
	cr_assert_null(text.bytes, "bytes are left after a failure");
}

Test(core_file, what_has_no_size_is_read_up_to_the_limit)
{
	struct nm_text text = {0};

	cr_assert_eq(nm_file_read("/dev/zero", 100000, &text), -EFBIG, "endless zeros are read");
	assert_error_says("/dev/zero: larger than 100000 bytes");
	cr_assert_null(text.bytes, "bytes are left after a failure");
	cr_assert_eq(nm_file_read("/proc/self/status", 100000, &text), 0, "%s",
		     nm_error_last()->text);
	cr_assert_gt(text.length, 0, "a file of size 0 with content is empty");
	nm_text_free(&text);
	cr_assert_eq(nm_file_read("/proc/self/status", 10, &text), -EFBIG, "more than the limit");
}

Test(core_file, an_empty_file_is_no_error)
{
	struct nm_text text = {0};

	write_text("in", "");
	cr_assert_eq(nm_file_read("in", 0, &text), 0, "%s", nm_error_last()->text);
	cr_assert_eq(text.length, 0, "%zu bytes", text.length);
	nm_text_free(&text);
}

Test(core_file, folders_and_missing_files_are_told_apart)
{
	struct nm_text text = {0};

	cr_assert_eq(nm_file_read(".", 100, &text), -EISDIR, "a folder is read");
	assert_error_says(".: is a folder, expected a file");
	cr_assert_eq(nm_file_read("absent", 100, &text), -ENOENT, "a missing file is read");
	assert_error_says("absent: No such file or directory");
}

Test(core_file, all_bytes_are_written_or_the_failure_is_told)
{
	static char bytes[100000];
	int full = open("/dev/full", O_WRONLY);
	int fd = open("out", O_WRONLY | O_CREAT, 0644);
	struct stat info;

	cr_assert_eq(nm_write_all(fd, bytes, sizeof(bytes)), 0, "%s", nm_error_last()->text);
	cr_assert_eq(fstat(fd, &info), 0, "no status");
	cr_assert_eq(info.st_size, sizeof(bytes), "%lld bytes", (long long)info.st_size);
	close(fd);
	cr_assert_eq(nm_write_all(full, bytes, 1), -ENOSPC, "a full device takes a byte");
	cr_assert_eq(nm_write_all(full, bytes, 0), 0, "nothing does not fit");
	close(full);
}

/* Root */

TestSuite(core_root, .init = enter_folder, .fini = leave_folder);

static struct nm_root open_root(void)
{
	struct nm_root root;

	cr_assert_eq(mkdir("sys", 0755), 0, "cannot create a folder");
	cr_assert_eq(nm_root_open(&root, test_folder), 0, "%s", nm_error_last()->text);
	return root;
}

Test(core_root, only_the_machine_itself_is_live)
{
	struct nm_root root;

	cr_assert_eq(nm_root_open(&root, "/"), 0, "%s", nm_error_last()->text);
	cr_assert(root.live, "/ is not live");
	nm_root_close(&root);
	cr_assert_eq(root.fd, -1, "it is still open");
	cr_assert_eq(nm_root_open(&root, "."), 0, "%s", nm_error_last()->text);
	cr_assert_not(root.live, "a folder is live");
	nm_root_close(&root);
	cr_assert_eq(nm_root_open(&root, "absent"), -ENOENT, "a missing folder is opened");
	assert_error_says("absent: ");
	nm_root_close(&root);
}

Test(core_root, lines_and_texts_are_read)
{
	struct nm_root root = open_root();
	struct nm_arena arena = {0};

	write_text("sys/two", "first line\nsecond\n");
	write_text("sys/bare", "no newline");
	write_text("sys/empty", "");
	cr_assert_str_eq(nm_root_line(&root, &arena, "sys/two"), "first line", "the first line");
	cr_assert_str_eq(nm_root_line(&root, &arena, "sys/bare"), "no newline", "without newline");
	cr_assert_str_eq(nm_root_line(&root, &arena, "sys/empty"), "", "of an empty file");
	cr_assert_str_eq(nm_root_text(&root, &arena, "sys/two"), "first line\nsecond\n", "all");
	nm_arena_free(&arena);
	nm_root_close(&root);
}

Test(core_root, what_cannot_be_read_is_null_and_errno_says_why)
{
	struct nm_root root = open_root();
	struct nm_arena arena = {0};

	errno = 0;
	cr_assert_null(nm_root_line(&root, &arena, "sys/absent"), "a missing file is read");
	cr_assert_eq(errno, ENOENT, "errno is %d", errno);
	cr_assert_null(nm_root_text(&root, &arena, "sys"), "a folder is read");
	cr_assert_eq(errno, EISDIR, "errno is %d", errno);
	nm_arena_free(&arena);
	nm_root_close(&root);
}

Test(core_root, texts_are_whole_or_null)
{
	const size_t limit = (size_t)1 << 20;
	struct nm_root root = open_root();
	struct nm_arena arena = {0};
	char *bytes = malloc(limit + 1);
	char *text;

	memset(bytes, 'x', limit + 1);
	write_bytes("sys/limit", bytes, limit);
	write_bytes("sys/above", bytes, limit + 1);
	text = nm_root_text(&root, &arena, "sys/limit");
	cr_assert(text, "1 MiB is refused");
	cr_assert_eq(strlen(text), limit, "%zu bytes", strlen(text));
	cr_assert_eq(strlen(nm_root_head(&root, &arena, "sys/above")), 65536u,
		     "the head of a file");
	cr_assert_eq(strlen(nm_root_head(&root, &arena, "sys/limit")), 65536u,
		     "the head of a file");
	cr_assert_null(nm_root_text(&root, &arena, "sys/above"), "more than 1 MiB is cut");
	free(bytes);
	nm_arena_free(&arena);
	nm_root_close(&root);
}

Test(core_root, names_are_listed_in_order)
{
	static const char *const expected[] = {"before", "cpu0", "cpu1", "cpu10", "cpu2"};
	struct nm_root root = open_root();
	struct nm_arena arena = {0};
	struct nm_strings names = {0};

	write_text("sys/cpu2", "");
	write_text("sys/cpu10", "");
	write_text("sys/.hidden", "");
	write_text("sys/cpu0", "");
	cr_assert_eq(mkdir("sys/cpu1", 0755), 0, "cannot create a folder");
	nm_strings_add(&arena, &names, "before");
	cr_assert_eq(nm_root_list(&root, &arena, "sys", &names), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_root_list(&root, &arena, "absent", &names), 0, "a missing folder fails");
	cr_assert_eq(names.count, COUNT(expected), "there are %zu names", names.count);
	for (size_t i = 0; i < COUNT(expected); i++)
		cr_assert_str_eq(names.items[i], expected[i], "name %zu is %s", i, names.items[i]);
	nm_arena_free(&arena);
	nm_root_close(&root);
}

Test(core_root, existence_is_relative_to_the_root)
{
	struct nm_root root = open_root();

	write_text("sys/file", "");
	cr_assert(nm_root_exists(&root, "sys"), "the folder is not seen");
	cr_assert(nm_root_exists(&root, "sys/file"), "the file is not seen");
	cr_assert_not(nm_root_exists(&root, "proc"), "a folder of the live machine is seen");
	nm_root_close(&root);
}

Test(core_root, fields_come_from_the_first_block)
{
	static const char text[] =
		"processor\t: 0\nmodel\t\t: 85\nmodel name\t: Xeon: (R)\nempty\t:\n"
		"no colon\n\nprocessor\t: 1\nlate\t: 9\n";
	static const char *const cases[][2] = {
		{"processor", "0"}, {"model", "85"}, {"model name", "Xeon: (R)"}, {"empty", ""},
		{"late", NULL},	    {"mode", NULL},  {"no colon", NULL},	  {"absent", NULL}};
	struct nm_arena arena = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *value = nm_text_field(&arena, text, cases[i][0]);

		if (cases[i][1])
			cr_assert(value && !strcmp(value, cases[i][1]), "%s is \"%s\"", cases[i][0],
				  value ? value : "absent");
		else
			cr_assert_null(value, "%s is \"%s\"", cases[i][0], value);
	}
	cr_assert_null(nm_text_field(&arena, NULL, "x"), "no text has a field");
	cr_assert_str_eq(nm_text_field(&arena, "a: b", "a"), "b", "a last line without newline");
	nm_arena_free(&arena);
}

/* Arena */

Test(core_arena, memory_is_zeroed_aligned_and_apart)
{
	struct nm_arena arena = {0};
	unsigned char *blocks[200];

	for (size_t i = 0; i < COUNT(blocks); i++) {
		size_t size = i * 37 + 1;

		blocks[i] = nm_arena_alloc(&arena, size);
		cr_assert(blocks[i], "out of memory");
		cr_assert_eq((uintptr_t)blocks[i] % alignof(max_align_t), 0, "block %zu", i);
		for (size_t j = 0; j < size; j++)
			cr_assert_eq(blocks[i][j], 0, "byte %zu of block %zu", j, i);
		memset(blocks[i], (int)i + 1, size);
	}
	for (size_t i = 0; i < COUNT(blocks); i++)
		cr_assert(blocks[i][0] == (unsigned char)(i + 1) &&
				  blocks[i][i * 37] == (unsigned char)(i + 1),
			  "block %zu was overwritten", i);
	nm_arena_free(&arena);
	cr_assert_null(arena.chunks, "the arena still has memory");
}

Test(core_arena, large_blocks_fit_and_impossible_ones_fail)
{
	struct nm_arena arena = {0};
	char *large = nm_arena_alloc(&arena, (size_t)1 << 20);

	cr_assert(large, "1 MiB is refused");
	memset(large, 1, (size_t)1 << 20);
	cr_assert_null(nm_arena_alloc(&arena, SIZE_MAX), "all of memory is given");
	cr_assert_null(nm_arena_alloc(&arena, SIZE_MAX - 8), "almost all of memory is given");
	cr_assert_eq(nm_error_last()->code, ENOMEM, "the error is %d", nm_error_last()->code);
	nm_arena_free(&arena);
}

Test(core_arena, arrays_grow_and_keep_their_elements)
{
	struct element {
		uint32_t number;
		char more[20];
	} *elements = NULL;
	struct nm_arena arena = {0};
	size_t count = 0;

	for (uint32_t i = 0; i < 3000; i++) {
		struct element *e = nm_arena_append(&arena, &elements, &count, sizeof(*e));

		cr_assert_eq(count, i + 1, "the count is %zu", count);
		cr_assert_eq(e, &elements[i], "element %u lies elsewhere", i);
		cr_assert(!e->number && !e->more[19], "element %u is not zeroed", i);
		e->number = i;
		e->more[19] = 1;
	}
	for (uint32_t i = 0; i < 3000; i++)
		cr_assert_eq(elements[i].number, i, "element %u is %u", i, elements[i].number);
	nm_arena_free(&arena);
}

Test(core_arena, strings_are_copied_and_printed)
{
	struct nm_arena arena = {0};
	char text[] = "some text";
	const char *part = nm_arena_strndup(&arena, text, 4);
	const char *copy = nm_arena_strdup(&arena, text);
	const char *printed = nm_arena_printf(&arena, "%s %0500d|", text, 7);

	memset(text, 'x', sizeof(text) - 1);
	cr_assert_str_eq(part, "some", "a part is %s", part);
	cr_assert_str_eq(copy, "some text", "a copy is %s", copy);
	cr_assert_eq(strlen(printed), 511, "%zu characters are printed", strlen(printed));
	cr_assert_str_eq(printed + 508, "07|", "the end is %s", printed + 508);
	cr_assert_null(nm_arena_strdup(&arena, NULL), "no string has a copy");
	nm_arena_free(&arena);
}

/* Errors */

Test(core_error, the_last_error_is_kept_with_its_place)
{
	int line = __LINE__ + 1;
	int r = nm_fail_remedy(ENOSPC, "free some space", "%s: %d", "what", 7);
	const struct nm_error *error = nm_error_last();

	cr_assert_eq(r, -ENOSPC, "it returns %d", r);
	cr_assert_eq(error->code, ENOSPC, "the code is %d", error->code);
	cr_assert_eq(error->line, line, "the line is %d", error->line);
	cr_assert(strstr(error->file, "core_text_file.c"), "the file is %s", error->file);
	cr_assert_str_eq(error->text, "what: 7", "the text is %s", error->text);
	cr_assert_str_eq(error->remedy, "free some space", "the remedy is %s", error->remedy);
	nm_fail(EIO, "next");
	cr_assert_str_eq(error->text, "next", "the text is %s", error->text);
	cr_assert_str_empty(error->remedy, "the old remedy is left: %s", error->remedy);
}

Test(core_error, a_prefix_names_the_place_around)
{
	nm_fail(EINVAL, "inner");
	cr_assert_eq(nm_error_within(-EINVAL, "list[%d]", 3), -EINVAL, "the code has changed");
	nm_error_within(-EINVAL, "outer");
	cr_assert_str_eq(nm_error_last()->text, "outer: list[3]: inner", "the text is %s",
			 nm_error_last()->text);
	cr_assert_eq(nm_error_last()->code, EINVAL, "the code is %d", nm_error_last()->code);
}

Test(core_error, a_prefix_takes_nothing_away_that_fits)
{
	char text[401];
	size_t length;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	nm_fail(EINVAL, "%s", text);
	nm_error_within(-EINVAL, "file");
	length = strlen(nm_error_last()->text);
	cr_assert_eq(length, strlen("file: ") + 400, "only %zu characters are left", length);
}

Test(core_error, an_error_without_a_number_is_one)
{
	cr_assert_lt(nm_fail(0, "what"), 0, "it passes as success");
	cr_assert_lt(nm_fail_remedy(0, "remedy", "what"), 0, "it passes as success");
}

Test(core_error, long_texts_are_cut)
{
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	nm_fail_remedy(EINVAL, text, "%s", text);
	cr_assert_eq(strlen(nm_error_last()->text), sizeof(nm_error_last()->text) - 1, "the text");
	cr_assert_eq(strlen(nm_error_last()->remedy), sizeof(nm_error_last()->remedy) - 1,
		     "the remedy");
	for (int i = 0; i < 5; i++)
		nm_error_within(-EINVAL, "%s", text);
	cr_assert_lt(strlen(nm_error_last()->text), sizeof(nm_error_last()->text), "the text");
	cr_assert_eq(nm_error_last()->text[0], 'x', "the prefix is lost");
}

static void *fail_elsewhere(void *unused)
{
	nm_fail(EIO, "elsewhere");
	return unused;
}

Test(core_error, threads_have_errors_of_their_own)
{
	pthread_t thread;

	nm_fail(EINVAL, "here");
	cr_assert_eq(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0, "no thread");
	pthread_join(thread, NULL);
	cr_assert_str_eq(nm_error_last()->text, "here", "it is now %s", nm_error_last()->text);
}

/* Clock */

static void assert_shape(const char *text, const char *shape)
{
	cr_assert_eq(strlen(text), strlen(shape), "%s has another length than %s", text, shape);
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '0')
			cr_assert(strchr("0123456789", text[i]), "%s is not like %s", text, shape);
		else if (shape[i] == 'x')
			cr_assert(strchr("0123456789abcdef", text[i]), "%s: not like %s", text,
				  shape);
		else
			cr_assert_eq(text[i], shape[i], "%s is not like %s", text, shape);
}

Test(core_clock, times_have_their_formats)
{
	char text[64];

	nm_time_rfc3339(text, sizeof(text));
	assert_shape(text, "0000-00-00T00:00:00Z");
	nm_time_basic(text, sizeof(text));
	assert_shape(text, "00000000T000000Z");
}

Test(core_clock, uuids_are_random_ones_of_version_4)
{
	char one[64];
	char other[64];

	for (int i = 0; i < 50; i++) {
		cr_assert_eq(nm_uuid(one, sizeof(one)), 0, "%s", nm_error_last()->text);
		cr_assert_eq(nm_uuid(other, sizeof(other)), 0, "%s", nm_error_last()->text);
		assert_shape(one, "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx");
		cr_assert(strchr("89ab", one[19]), "%s has another variant", one);
		cr_assert_str_neq(one, other, "%s came twice", one);
	}
}

Test(core_clock, time_passes_in_nanoseconds)
{
	const struct timespec pause = {.tv_nsec = 20 * NM_NS_PER_MS};
	uint64_t raw = nm_clock_raw_ns();
	uint64_t plain = nm_clock_ns();

	nanosleep(&pause, NULL);
	raw = nm_clock_raw_ns() - raw;
	plain = nm_clock_ns() - plain;
	cr_assert(raw >= 19 * NM_NS_PER_MS && raw < 10 * NM_NS_PER_S, "%llu ns by the raw clock",
		  (unsigned long long)raw);
	cr_assert(plain >= 19 * NM_NS_PER_MS && plain < 10 * NM_NS_PER_S, "%llu ns by the other",
		  (unsigned long long)plain);
}
