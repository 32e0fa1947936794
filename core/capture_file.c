/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The capture as an archive. What is read may come from a stranger: everything is bounded before it is believed. */
#include "core/capture.h"

#include "core/error.h"
#include "core/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST     "nestmark/capture.json"
#define MAX_ARCHIVE  ((size_t)16 << 20)
#define MAX_BYTES    ((size_t)64 << 20)
#define MAX_FILE     ((size_t)1 << 20)
#define MAX_MANIFEST ((size_t)16 << 20)
#define MAX_ANSWERS  100000u
#define MAX_PATH     1024u

static const char *const kind_names[] = {"text", "list", "link", "exists", "device", NULL};

/* The answers that are no file's bytes, as they stand in the manifest. */
struct entry {
	int kind;
	const char *path;
	const char *error; /* "ENOENT" */
	const char *target;
	struct nm_strings names;
};

struct manifest {
	const char *schema;
	const char *tool_version;
	const char *note;
	bool redacted;
	struct {
		struct entry *items;
		size_t count;
	} answers;
};

#define FIELD(kind, s, member)                                                                     \
	.key = #member, .type = NM_FIELD_##kind, .offset = offsetof(struct s, member)

static const struct nm_field entry_fields[] = {
	{FIELD(ENUM, entry, kind), .names = kind_names},
	{FIELD(STRING, entry, path)},
	{FIELD(STRING, entry, error), .optional = true},
	{FIELD(STRING, entry, target), .optional = true},
	{FIELD(STRINGS, entry, names), .optional = true},
	{0},
};
static const struct nm_record entry_record = {sizeof(struct entry), entry_fields};

static const struct nm_field manifest_fields[] = {
	{FIELD(STRING, manifest, schema)},
	{FIELD(STRING, manifest, tool_version)},
	{FIELD(STRING, manifest, note), .optional = true},
	{FIELD(BOOL, manifest, redacted)},
	{FIELD(RECORDS, manifest, answers), .record = &entry_record},
	{0},
};
static const struct nm_record manifest_record = {sizeof(struct manifest), manifest_fields};

/* errno by its name, or 0. */
static int error_number(const char *name)
{
	for (int error = 1; error < 134; error++) {
		const char *known = strerrorname_np(error);

		if (known && !strcmp(known, name))
			return error;
	}
	return 0;
}

/* Relative, without empty or dotted components, and printable. */
static bool is_path(const char *path)
{
	size_t length = strlen(path);

	if (!length || length > MAX_PATH || path[0] == '/' || path[length - 1] == '/')
		return false;
	for (const char *at = path; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (*at == '/' || !strcmp(at, ".") || !strcmp(at, "..") || !strncmp(at, "./", 2) ||
		    !strncmp(at, "../", 3))
			return false;
	}
	return true;
}

static int add_entry(struct nm_capture *capture, const struct entry *entry)
{
	struct nm_answer answer = {.kind = entry->kind,
				   .path = entry->path,
				   .error = entry->error ? error_number(entry->error) : 0,
				   .bytes = entry->target,
				   .length = entry->target ? strlen(entry->target) : 0,
				   .names = entry->names};

	if (!is_path(entry->path))
		return nm_fail(EINVAL, "path: expected a relative path without . and ..");
	if (entry->error && (!answer.error || answer.error == ENOMEM))
		return nm_fail(EINVAL, "error: %s is no errno that a machine answers",
			       entry->error);
	if (entry->kind == NM_ANSWER_TEXT && !entry->error)
		return nm_fail(EINVAL, "a text without an error is a file of the archive");
	if (entry->kind == NM_ANSWER_LINK && !entry->error && !entry->target)
		return nm_fail(EINVAL, "a link without target");
	return nm_capture_add(capture, &answer);
}

static int fill(struct nm_capture *capture, struct manifest *manifest)
{
	int r = 0;

	if (strcmp(manifest->schema, NM_CAPTURE_SCHEMA) != 0)
		return nm_fail(EINVAL, "schema: expected %s", NM_CAPTURE_SCHEMA);
	if (manifest->answers.count > MAX_ANSWERS)
		return nm_fail(EFBIG, "more than %u answers", MAX_ANSWERS);
	capture->tool_version = manifest->tool_version;
	capture->note = manifest->note;
	capture->redacted = manifest->redacted;
	for (size_t i = 0; !r && i < manifest->answers.count; i++) {
		r = add_entry(capture, &manifest->answers.items[i]);
		if (r)
			nm_error_within(r, "answers[%zu]", i);
	}
	return r;
}

int nm_capture_parse(const char *name, const char *bytes, size_t length, struct nm_capture *out)
{
	struct manifest manifest = {0};
	nm_json *json = NULL;
	int r = nm_json_parse(bytes, length, &json);

	if (!r)
		r = nm_record_read(&manifest_record, &out->arena, json, &manifest);
	if (!r)
		r = fill(out, &manifest);
	nm_json_free(json);
	if (!r)
		nm_capture_sort(out);
	return r ? nm_error_within(r, "%s", name) : 0;
}

/* Reading */

static int archive_trouble(struct archive *archive)
{
	const char *text = archive_error_string(archive);

	return nm_fail(EINVAL, "not a capture: %s", text ? text : "not a tar archive");
}

/* Reads one file of the archive into capture, or into manifest. */
static int read_entry(struct archive *archive, struct archive_entry *entry,
		      struct nm_capture *capture, struct nm_text *manifest)
{
	const char *path = archive_entry_pathname(entry);
	struct nm_text bytes = {0};
	struct nm_text *out = path && !strcmp(path, MANIFEST) ? manifest : &bytes;
	size_t limit = out == manifest ? MAX_MANIFEST : MAX_FILE;
	char buffer[16384];
	la_ssize_t got = 0;
	int r = 0;

	if (!path || !is_path(path))
		return nm_fail(EINVAL, "a path that is absolute, has dots or is not text");
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
		return nm_fail(EINVAL, "%s: expected nothing but files", path);
	if (out == manifest && manifest->length)
		return nm_fail(EINVAL, "%s: twice in the archive", path);
	while (out->length <= limit &&
	       (got = archive_read_data(archive, buffer, sizeof(buffer))) > 0)
		nm_text_put(out, buffer, (size_t)got);
	if (got < 0)
		r = archive_trouble(archive);
	else if (out->length > limit)
		r = nm_fail(EFBIG, "%s: larger than %zu bytes", path, limit);
	else
		r = nm_text_status(out);
	if (!r && out == &bytes) {
		const struct nm_answer answer = {.kind = NM_ANSWER_TEXT,
						 .path = path,
						 .bytes = bytes.bytes ? bytes.bytes : "",
						 .length = bytes.length};

		r = nm_capture_add(capture, &answer);
	}
	nm_text_free(&bytes);
	return r;
}

static int read_entries(struct archive *archive, struct nm_capture *capture,
			struct nm_text *manifest)
{
	struct archive_entry *entry;
	size_t total = 0;
	int r;

	while ((r = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
		r = read_entry(archive, entry, capture, manifest);
		if (r)
			return r;
		if (capture->answers.count > MAX_ANSWERS)
			return nm_fail(EFBIG, "more than %u files", MAX_ANSWERS);
		total = (size_t)archive_filter_bytes(archive, 0);
		if (total > MAX_BYTES)
			return nm_fail(EFBIG, "unpacks to more than %zu bytes", MAX_BYTES);
	}
	return r == ARCHIVE_EOF ? 0 : archive_trouble(archive);
}

/* Files must ascend and differ, as they were written. */
static int check_files(const struct nm_capture *capture)
{
	for (size_t i = 1; i < capture->answers.count; i++)
		if (strcmp(capture->answers.items[i - 1].path, capture->answers.items[i].path) >= 0)
			return nm_fail(EINVAL, "%s: out of order or twice in the archive",
				       capture->answers.items[i].path);
	return 0;
}

static int read_archive(struct archive *archive, const struct nm_text *file, struct nm_capture *out)
{
	struct nm_text manifest = {0};
	int r;

	archive_read_support_filter_zstd(archive);
	archive_read_support_format_tar(archive);
	if (archive_read_open_memory(archive, file->bytes, file->length) != ARCHIVE_OK)
		return archive_trouble(archive);
	r = read_entries(archive, out, &manifest);
	if (!r)
		r = check_files(out);
	if (!r && !manifest.length)
		r = nm_fail(EINVAL, "not a capture: no %s", MANIFEST);
	if (!r)
		r = nm_capture_parse(MANIFEST, manifest.bytes, manifest.length, out);
	nm_text_free(&manifest);
	return r;
}

int nm_capture_read(const char *path, struct nm_capture *out)
{
	struct nm_text file = {0};
	struct archive *archive;
	int r = nm_file_read(path, MAX_ARCHIVE, &file);

	if (r)
		return r;
	archive = archive_read_new();
	if (!archive)
		r = nm_fail(ENOMEM, "out of memory");
	else if (!file.length)
		r = nm_fail(EINVAL, "not a capture: it is empty");
	else
		r = read_archive(archive, &file, out);
	archive_read_free(archive);
	nm_text_free(&file);
	return r ? nm_error_within(r, "%s", path) : 0;
}

/* Writing */

static nm_json *manifest_json(const struct nm_capture *capture, struct nm_arena *arena)
{
	struct manifest manifest = {.schema = NM_CAPTURE_SCHEMA,
				    .tool_version = capture->tool_version,
				    .note = capture->note,
				    .redacted = capture->redacted};

	for (size_t i = 0; i < capture->answers.count; i++) {
		const struct nm_answer *answer = &capture->answers.items[i];
		struct entry *entry;

		if (answer->kind == NM_ANSWER_TEXT && !answer->error)
			continue;
		entry = nm_arena_append(arena, &manifest.answers.items, &manifest.answers.count,
					sizeof(*entry));
		if (!entry)
			return NULL;
		*entry = (struct entry) {.kind = answer->kind,
					 .path = answer->path,
					 .error = answer->error ? strerrorname_np(answer->error)
								: NULL,
					 .target = answer->kind == NM_ANSWER_LINK ? answer->bytes
										  : NULL,
					 .names = answer->names};
	}
	return nm_record_write(&manifest_record, &manifest);
}

static int put_file(struct archive *archive, const char *path, const char *bytes, size_t length)
{
	struct archive_entry *entry = archive_entry_new();
	bool put;

	if (!entry)
		return nm_fail(ENOMEM, "out of memory");
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)length);
	put = archive_write_header(archive, entry) == ARCHIVE_OK &&
	      archive_write_data(archive, bytes, length) == (la_ssize_t)length;
	archive_entry_free(entry);
	return put ? 0 : nm_fail(EIO, "%s: %s", path, archive_error_string(archive));
}

static int put_files(struct archive *archive, const struct nm_capture *capture,
		     const struct nm_text *manifest)
{
	bool done = false;
	int r = 0;

	for (size_t i = 0; !r && i < capture->answers.count; i++) {
		const struct nm_answer *answer = &capture->answers.items[i];

		if (answer->kind != NM_ANSWER_TEXT || answer->error)
			continue;
		if (!done && strcmp(answer->path, MANIFEST) > 0) {
			r = put_file(archive, MANIFEST, manifest->bytes, manifest->length);
			done = true;
		}
		if (!r)
			r = put_file(archive, answer->path, answer->bytes, answer->length);
	}
	return r || done ? r : put_file(archive, MANIFEST, manifest->bytes, manifest->length);
}

static la_ssize_t put_bytes(struct archive *archive, void *out, const void *bytes, size_t length)
{
	(void)archive;
	nm_text_put(out, bytes, length);
	return nm_text_status(out) ? -1 : (la_ssize_t)length;
}

static int pack(const struct nm_capture *capture, const struct nm_text *manifest,
		struct nm_text *out)
{
	struct archive *archive = archive_write_new();
	int r;

	if (!archive)
		return nm_fail(ENOMEM, "out of memory");
	if (archive_write_add_filter_zstd(archive) != ARCHIVE_OK ||
	    archive_write_set_filter_option(archive, "zstd", "compression-level", "19") !=
		    ARCHIVE_OK ||
	    archive_write_set_format_ustar(archive) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(archive, 1) != ARCHIVE_OK ||
	    archive_write_open(archive, out, NULL, put_bytes, NULL) != ARCHIVE_OK)
		r = nm_fail(ENOTSUP, "libarchive: %s", archive_error_string(archive));
	else
		r = put_files(archive, capture, manifest);
	if (!r && archive_write_close(archive) != ARCHIVE_OK)
		r = nm_fail(EIO, "libarchive: %s", archive_error_string(archive));
	archive_write_free(archive);
	return r;
}

int nm_capture_write(const struct nm_capture *capture, const char *path)
{
	struct nm_arena arena = {0};
	struct nm_text manifest = {0};
	struct nm_text bytes = {0};
	struct nm_file file = {.fd = -1};
	nm_json *json = manifest_json(capture, &arena);
	int r = json ? nm_json_write(&manifest, json, true) : -ENOMEM;

	if (!r)
		r = pack(capture, &manifest, &bytes);
	if (!r)
		r = nm_file_begin(&file, path, 0);
	if (!r)
		r = nm_file_commit(&file, bytes.bytes, bytes.length);
	nm_file_abandon(&file);
	nm_json_free(json);
	nm_text_free(&bytes);
	nm_text_free(&manifest);
	nm_arena_free(&arena);
	return r;
}
