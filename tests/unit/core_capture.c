/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Captures: what is recorded is what is replayed, what identifies a machine goes, and what a stranger wrote is refused. */
#include "helpers.h"

#include "core/capture.h"
#include "core/error.h"
#include "core/file.h"
#include "core/root.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/nestmark-capture-XXXXXX";
static struct nm_arena arena;

static const char *in_folder(const char *name)
{
	return nm_arena_printf(&arena, "%s/%s", folder, name);
}

static void put(const char *name, const char *bytes, size_t length)
{
	FILE *file = fopen(in_folder(name), "w");

	cr_assert_not_null(file, "%s", name);
	cr_assert_eq(fwrite(bytes, 1, length, file), length, "%s", name);
	fclose(file);
}

static void begin(void)
{
	cr_assert_not_null(mkdtemp(folder), "no folder");
	mkdir(in_folder("sys"), 0755);
	mkdir(in_folder("sys/module"), 0755);
	mkdir(in_folder("sys/module/kvm"), 0755);
	put("sys/one", "first\nsecond\n", 13);
	put("sys/nul", "a\0b", 3);
	cr_assert_eq(symlink("../sys/one", in_folder("sys/link")), 0, "no link");
	cr_assert_eq(symlink("/etc/passwd", in_folder("sys/outside")), 0, "no link");
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0, "not removed");
	nm_arena_free(&arena);
}

TestSuite(capture, .init = begin, .fini = end);

static int produce(struct nm_text *out, void *context)
{
	(void)context;
	nm_text_puts(out, "a fact\n");
	return 0;
}

static int produce_nothing(struct nm_text *out, void *context)
{
	(void)out;
	(void)context;
	return -EPERM;
}

/* A live root that lies in the folder. */
static struct nm_root live_root(struct nm_capture *recorder)
{
	struct nm_root root;

	cr_assert_eq(nm_root_open(&root, folder), 0, "%s", nm_error_last()->text);
	nm_capture_free(root.replay);
	free(root.replay);
	root.replay = NULL;
	root.live = true;
	root.recorder = recorder;
	return root;
}

/* Asks everything there is to ask; the answers as one text. */
static const char *ask(const struct nm_root *root)
{
	struct nm_strings names = {0};
	struct nm_text text = {0};
	const char *answer;
	size_t length = 0;

	nm_text_printf(&text, "line %s\n", nm_root_line(root, &arena, "sys/one"));
	nm_text_printf(&text, "text %s\n", nm_root_text(root, &arena, "sys/one"));
	nm_root_bytes(root, &arena, "sys/nul", &length);
	nm_text_printf(&text, "bytes %zu\n", length);
	answer = nm_root_text(root, &arena, "sys/absent");
	nm_text_printf(&text, "absent %s %d\n", answer ? answer : "-", errno);
	answer = nm_root_text(root, &arena, "sys");
	nm_text_printf(&text, "folder %s %d\n", answer ? answer : "-", errno);
	nm_root_list(root, &arena, "sys", &names);
	for (size_t i = 0; i < names.count; i++)
		nm_text_printf(&text, "name %s\n", names.items[i]);
	nm_text_printf(&text, "link %s\n", nm_root_link(root, &arena, "sys/link"));
	answer = nm_root_link(root, &arena, "sys/one");
	nm_text_printf(&text, "no link %s %d\n", answer ? answer : "-", errno);
	nm_text_printf(&text, "exists %d\n", nm_root_exists(root, "sys/module/kvm"));
	nm_text_printf(&text, "exists %d", nm_root_exists(root, "sys/module/none"));
	nm_text_printf(&text, " %d\n", errno);
	nm_text_printf(&text, "device %d %d\n", nm_root_device(root, "sys/one"),
		       nm_root_device(root, "dev/none"));
	nm_text_printf(&text, "fact %s\n", nm_root_fact(root, &arena, "fact", produce, NULL));
	answer = nm_root_fact(root, &arena, "forbidden", produce_nothing, NULL);
	nm_text_printf(&text, "no fact %s %d\n", answer ? answer : "-", errno);
	answer = nm_arena_strdup(&arena, text.bytes);
	nm_text_free(&text);
	return answer;
}

static void write_capture(struct nm_capture *capture, const char *name)
{
	capture->tool_version = "1.2.3";
	nm_capture_sort(capture);
	cr_assert_eq(nm_capture_write(capture, in_folder(name)), 0, "%s", nm_error_last()->text);
}

Test(capture, what_was_recorded_is_replayed)
{
	struct nm_capture capture = {.note = "a note"};
	struct nm_root root = live_root(&capture);
	const char *live = ask(&root);

	cr_assert_str_eq(ask(&root), live, "asked twice");
	nm_root_close(&root);
	write_capture(&capture, "a.tar.zst");
	nm_capture_free(&capture);
	cr_assert_eq(nm_root_open(&root, in_folder("a.tar.zst")), 0, "%s", nm_error_last()->text);
	cr_assert_not(root.live, "a capture is taken for a live machine");
	cr_assert_str_eq(ask(&root), live, "replayed:\n%s\nlive:\n%s", ask(&root), live);
	cr_assert_str_eq(root.replay->note, "a note", "the note is lost");
	cr_assert_str_eq(root.replay->tool_version, "1.2.3", "the version is lost");
	nm_root_close(&root);
}

Test(capture, what_was_not_asked_is_no_data)
{
	struct nm_capture capture = {0};
	struct nm_root root;

	write_capture(&capture, "a.tar.zst");
	nm_capture_free(&capture);
	cr_assert_eq(nm_root_open(&root, in_folder("a.tar.zst")), 0, "%s", nm_error_last()->text);
	cr_assert_null(nm_root_text(&root, &arena, "etc/passwd"), "a file of the live machine");
	cr_assert_eq(errno, ENODATA, "errno %d", errno);
	cr_assert_eq(nm_root_device(&root, "dev/null"), -ENODATA, "a device of the live machine");
	cr_assert_not(nm_root_exists(&root, "etc"), "a folder of the live machine");
	cr_assert_eq(errno, ENODATA, "errno %d", errno);
	cr_assert_null(nm_root_fact(&root, &arena, "fact", produce, NULL), "a fact was produced");
	cr_assert_eq(errno, ENODATA, "errno %d", errno);
	nm_root_close(&root);
}

Test(capture, an_unpacked_capture_says_the_same)
{
	struct nm_capture capture = {0};
	struct nm_root root = live_root(&capture);
	const char *live = ask(&root);
	char command[512];

	nm_root_close(&root);
	write_capture(&capture, "a.tar.zst");
	nm_capture_free(&capture);
	snprintf(command, sizeof(command), "mkdir %s/d && tar -xf %s/a.tar.zst -C %s/d", folder,
		 folder, folder);
	cr_assert_eq(system(command), 0, "not unpacked");
	cr_assert_eq(nm_root_open(&root, in_folder("d")), 0, "%s", nm_error_last()->text);
	cr_assert_str_eq(ask(&root), live, "replayed:\n%s\nlive:\n%s", ask(&root), live);
	nm_root_close(&root);
}

Test(capture, a_folder_does_not_lead_out_of_itself)
{
	struct nm_root root;

	cr_assert_eq(nm_root_open(&root, folder), 0, "%s", nm_error_last()->text);
	cr_assert_null(nm_root_text(&root, &arena, "sys/outside"), "a file of this machine");
	cr_assert_null(nm_root_text(&root, &arena, "../../etc/passwd"), "a file of this machine");
	cr_assert_str_eq(nm_root_line(&root, &arena, "sys/link"), "first", "an inner link");
	nm_root_close(&root);
}

Test(capture, the_same_answers_give_the_same_bytes)
{
	struct nm_text bytes[2] = {0};

	for (size_t i = 0; i < 2; i++) {
		struct nm_capture capture = {0};
		struct nm_root root = live_root(&capture);

		ask(&root);
		nm_root_close(&root);
		write_capture(&capture, "a.tar.zst");
		nm_capture_free(&capture);
		cr_assert_eq(nm_file_read(in_folder("a.tar.zst"), 1 << 20, &bytes[i]), 0, "read");
	}
	cr_assert_eq(bytes[0].length, bytes[1].length, "lengths differ");
	cr_assert_eq(memcmp(bytes[0].bytes, bytes[1].bytes, bytes[0].length), 0, "bytes differ");
	nm_text_free(&bytes[0]);
	nm_text_free(&bytes[1]);
}

/* Redaction */

static const char *redacted(const char *path, const char *text)
{
	struct nm_capture capture = {0};
	const char *text_left;
	const struct nm_answer answer = {.kind = NM_ANSWER_TEXT,
					 .path = path,
					 .bytes = text,
					 .length = strlen(text)};

	cr_assert_eq(nm_capture_add(&capture, &answer), 0, "out of memory");
	cr_assert_eq(nm_capture_redact(&capture, "myhost"), 0, "%s", nm_error_last()->text);
	cr_assert(capture.redacted, "it does not say so");
	text_left = nm_arena_strdup(&arena, capture.answers.items[0].bytes);
	nm_capture_free(&capture);
	return text_left;
}

#define DMI "sys/class/dmi/id/"

Test(capture, what_identifies_a_machine_goes)
{
	static const struct {
		const char *path, *text, *expected;
	} cases[] = {
		{"proc/cmdline", "root=UUID=0a1b2c3d-1111-2222-3333-444455556666 quiet",
		 "root=UUID=00000000-0000-0000-0000-000000000000 quiet"},
		{DMI "product_uuid", "ec2a1b2c-1111-2222-3333-444455556666\n",
		 "ec200000-0000-0000-0000-000000000000\n"},
		{"proc/cmdline", "mac=52:54:00:ab:cd:ef,52:54:00:12:34:56 x",
		 "mac=00:00:00:00:00:00,00:00:00:00:00:00 x"},
		{"proc/cmdline", "ip=10.1.23.4::10.1.0.1:255.255.0.0:myhost:eth0",
		 "ip=00.0.00.0::00.0.0.0:000.000.0.0:xxxxxx:eth0"},
		{"proc/cmdline", "name=myhostess my-myhost", "name=myhostess my-myhost"},
		{"proc/self/cgroup", "0::/myhost/x\n", "0::/xxxxxx/x\n"},
		{"proc/self/cgroup",
		 "0::/docker/0123456789abcdef0123456789abcdef0123456789abcdef\n",
		 "0::/docker/000000000000000000000000000000000000000000000000\n"},
		{"proc/self/status", "CapEff:\t000001fffeffffff\n", "CapEff:\t000001fffeffffff\n"},
		{DMI "board_asset_tag", "i-0123456789abcdef0\n", "xxxxxxxxxxxxxxxxxxx\n"},
		{"proc/cmdline", "id=i-0123456789abcdef0 i-0123", "id=i-00000000000000000 i-0123"},
		{DMI "product_serial", "GoogleCloud-ABCDEF\n", "GoogleCloud-xxxxxx\n"},
		{DMI "product_serial", "XYZ-42\n", "xxxxxx\n"},
		{DMI "chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n",
		 "7783-7084-3265-9085-8269-3286-77\n"},
		{DMI "chassis_asset_tag", "OracleCloud.com\n", "OracleCloud.com\n"},
		{DMI "chassis_asset_tag", "Rack 7\n", "xxxxxx\n"},
		{"nestmark/cpuid", "   0x0: eax=0xec2abcde 00:11:22",
		 "   0x0: eax=0xec2abcde 00:11:22"},
		{"proc/cpuinfo", "flags : myhost 1.2.3.4", "flags : myhost 1.2.3.4"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = redacted(cases[i].path, cases[i].text);

		cr_assert_str_eq(got, cases[i].expected, "%s: %s", cases[i].path, got);
	}
}

/* Strangers */

struct member {
	const char *path, *bytes;
	int type; /* AE_IFREG … */
};

#define MANIFEST "nestmark/capture.json"
#define EMPTY                                                                                      \
	"{\"schema\":\"nestmark/capture/1\",\"tool_version\":\"1\",\"redacted\":true,"             \
	"\"answers\":[]}"

static void pack(const struct member *members, size_t count)
{
	struct archive *archive = archive_write_new();

	archive_write_add_filter_zstd(archive);
	archive_write_set_format_pax_restricted(archive);
	cr_assert_eq(archive_write_open_filename(archive, in_folder("x")), ARCHIVE_OK, "open");
	for (size_t i = 0; i < count; i++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, members[i].path);
		archive_entry_set_filetype(entry, (unsigned int)members[i].type);
		archive_entry_set_perm(entry, 0644);
		if (members[i].type == AE_IFLNK)
			archive_entry_set_symlink(entry, members[i].bytes);
		else
			archive_entry_set_size(entry, (la_int64_t)strlen(members[i].bytes));
		archive_write_header(archive, entry);
		if (members[i].type == AE_IFREG)
			archive_write_data(archive, members[i].bytes, strlen(members[i].bytes));
		archive_entry_free(entry);
	}
	archive_write_close(archive);
	archive_write_free(archive);
}

static void refuse(const char *why)
{
	struct nm_root root;
	int r = nm_root_open(&root, in_folder("x"));

	cr_assert_lt(r, 0, "accepted, expected: %s", why);
	cr_assert_not_null(strstr(nm_error_last()->text, why), "says: %s, expected: %s",
			   nm_error_last()->text, why);
	cr_assert_not_null(strstr(nm_error_last()->text, folder), "the file is not named: %s",
			   nm_error_last()->text);
}

Test(capture, archives_of_strangers_are_refused)
{
	static const struct {
		struct member members[2];
		const char *why;
	} cases[] = {
		{{{MANIFEST, EMPTY, AE_IFREG}, {"/etc/x", "1", AE_IFREG}}, "absolute"},
		{{{MANIFEST, EMPTY, AE_IFREG}, {"sys/../x", "1", AE_IFREG}}, "dots"},
		{{{MANIFEST, EMPTY, AE_IFREG}, {"..", "1", AE_IFREG}}, "dots"},
		{{{MANIFEST, EMPTY, AE_IFREG}, {"sys/a\nb", "1", AE_IFREG}}, "not text"},
		{{{MANIFEST, EMPTY, AE_IFREG}, {"sys/l", "/etc/passwd", AE_IFLNK}},
		 "nothing but files"},
		{{{MANIFEST, EMPTY, AE_IFREG}, {"sys/p", "", AE_IFIFO}}, "nothing but files"},
		{{{MANIFEST, EMPTY, AE_IFREG}, {MANIFEST, EMPTY, AE_IFREG}}, "twice"},
		{{{"sys/b", "1", AE_IFREG}, {"sys/a", "1", AE_IFREG}}, "out of order"},
		{{{"sys/a", "1", AE_IFREG}, {"sys/a", "2", AE_IFREG}}, "out of order or twice"},
		{{{"sys/a", "1", AE_IFREG}, {"sys/b", "1", AE_IFREG}}, "no nestmark/capture.json"},
		{{{MANIFEST, "{}", AE_IFREG}, {"sys/b", "1", AE_IFREG}}, "schema: missing"},
		{{{MANIFEST, "[", AE_IFREG}, {"sys/b", "1", AE_IFREG}}, "line 1"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		pack(cases[i].members, 2);
		refuse(cases[i].why);
	}
}

static void refuse_answer(const char *answer, const char *why)
{
	const struct member member = {
		MANIFEST,
		nm_arena_printf(&arena,
				"{\"schema\":\"nestmark/capture/1\",\"tool_version\":\"1\","
				"\"redacted\":true,\"answers\":[%s]}",
				answer),
		AE_IFREG};

	pack(&member, 1);
	refuse(why);
}

Test(capture, answers_of_strangers_are_refused)
{
	refuse_answer("{\"kind\":\"magic\",\"path\":\"a\"}", "answers[0]: kind");
	refuse_answer("{\"kind\":\"text\",\"path\":\"a\"}", "is a file of the archive");
	refuse_answer("{\"kind\":\"text\",\"path\":\"a\",\"error\":\"EVIL\"}", "EVIL");
	refuse_answer("{\"kind\":\"text\",\"path\":\"a\",\"error\":\"ENOMEM\"}", "ENOMEM");
	refuse_answer("{\"kind\":\"link\",\"path\":\"a\"}", "a link without target");
	refuse_answer("{\"kind\":\"exists\",\"path\":\"/a\"}", "relative path");
	refuse_answer("{\"kind\":\"exists\",\"path\":\"a/\"}", "relative path");
	refuse_answer("{\"kind\":\"exists\",\"path\":\"a//b\"}", "relative path");
	refuse_answer("{\"kind\":\"exists\",\"path\":\"./b\"}", "relative path");
}

Test(capture, files_that_are_no_captures_are_refused)
{
	put("x", "", 0);
	refuse("not a capture");
	put("x", "hello, this is some text\n", 25);
	refuse("not a capture");
	put("x", "\x28\xb5\x2f\xfd garbage", 12);
	refuse("not a capture");
}

Test(capture, a_truncated_capture_is_refused)
{
	struct nm_capture capture = {0};
	struct nm_root root = live_root(&capture);
	struct nm_text bytes = {0};

	ask(&root);
	nm_root_close(&root);
	write_capture(&capture, "whole");
	nm_capture_free(&capture);
	cr_assert_eq(nm_file_read(in_folder("whole"), 1 << 20, &bytes), 0, "read");
	for (size_t length = 1; length < bytes.length; length += 7) {
		put("x", bytes.bytes, length);
		cr_assert_lt(nm_root_open(&root, in_folder("x")), 0, "accepted at %zu of %zu",
			     length, bytes.length);
	}
	nm_text_free(&bytes);
}

Test(capture, what_unpacks_to_too_much_is_refused)
{
	const size_t size = (size_t)1 << 21;
	char *zeros = calloc(1, size + 1);
	struct member members[2] = {{MANIFEST, EMPTY, AE_IFREG}, {"sys/big", zeros, AE_IFREG}};

	memset(zeros, 'a', size);
	pack(members, 2);
	refuse("sys/big: larger than");
	free(zeros);
}
