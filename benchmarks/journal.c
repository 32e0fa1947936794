/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/journal.h"

#include "benchmarks/soak.h"
#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* What a document needs at most, for the reservation: a header with all findings, and each round. */
#define HEADER_BYTES	  ((size_t)256 << 10)
#define MEASUREMENT_BYTES ((size_t)6 << 10)
#define ROUND_BYTES	  ((size_t)2 << 10)
#define MAX_RENEW_BYTES	  ((size_t)16 << 20)

static size_t document_bytes(const struct nm_document *document)
{
	size_t measurements = document->measurements.count;
	size_t rounds = measurements * document->run.plan.rounds;
	size_t events = document->soak ? measurements * NM_SOAK_EVENTS : 0;

	/* A failure and a change of state take no more than a round. */
	rounds += events < NM_MAX_SOAK_EVENTS ? events : NM_MAX_SOAK_EVENTS;
	return HEADER_BYTES + measurements * MEASUREMENT_BYTES + rounds * ROUND_BYTES;
}

/* A soak has no last round: its journal is renewed, before it outgrows what is read back. */
static size_t journal_bytes(const struct nm_document *document)
{
	size_t bytes = document_bytes(document);

	if (!document->soak)
		return bytes;
	bytes -= HEADER_BYTES;
	return bytes < MAX_RENEW_BYTES ? bytes : MAX_RENEW_BYTES;
}

static int append(struct nm_journal *journal, const struct nm_text *line)
{
	int r = nm_write_all(journal->fd, line->bytes, line->length);

	if (!r && fdatasync(journal->fd))
		r = nm_fail(errno, "%s", strerror(errno));
	if (r)
		return nm_error_within(r, "%s", journal->path);
	journal->written += line->length;
	return 0;
}

static int write_header(struct nm_journal *journal, const struct nm_document *document)
{
	struct nm_text line = {0};
	struct nm_file file;
	int r = nm_document_write(&line, document, false);

	if (!r)
		r = nm_file_begin(&file, journal->path, line.length);
	if (!r)
		r = nm_file_commit(&file, line.bytes, line.length);
	if (!r)
		journal->written = line.length;
	nm_text_free(&line);
	return r;
}

static int lock(int fd, const char *path)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	return nm_fail_remedy(EBUSY, "wait for it, or name another place with -o json:PATH",
			      "%s: another run is still writing it", path);
}

/* A journal that lies there already: in use, unfinished, or (fd) the one that this run continues. */
static int check_existing(const struct nm_journal *journal, const char *path, bool replace, int *fd)
{
	int r;

	*fd = open(journal->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0)
		return errno == ENOENT ? 0
				       : nm_fail(errno, "%s: %s", journal->path, strerror(errno));
	r = lock(*fd, journal->path);
	if (!r && !replace)
		r = nm_fail_remedy(EEXIST,
				   "finish it with nestmark run --resume, or remove the journal",
				   "%s: an earlier run into %s did not end", journal->path, path);
	return r;
}

static int open_to_append(struct nm_journal *journal)
{
	journal->fd = open(journal->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (journal->fd < 0)
		return nm_fail(errno, "%s: %s", journal->path, strerror(errno));
	return lock(journal->fd, journal->path);
}

static int reserve_rounds(struct nm_journal *journal)
{
	size_t bytes = journal->written + journal->reserve;

	if (fallocate(journal->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) && errno == ENOSPC)
		return nm_fail_remedy(ENOSPC,
				      "free some space, or name another place with -o json:PATH",
				      "%s: cannot reserve %zu bytes", journal->path,
				      journal->reserve);
	return 0;
}

int nm_journal_open(struct nm_journal *journal, const char *path,
		    const struct nm_document *document, bool replace)
{
	int existing = -1;
	int r;

	*journal = (struct nm_journal) {.fd = -1,
					.document = {.fd = -1},
					.reserve = journal_bytes(document)};
	if ((size_t)snprintf(journal->path, sizeof(journal->path), "%s.journal", path) >=
	    sizeof(journal->path))
		return nm_fail(ENAMETOOLONG, "%.80s…: name too long", path);
	r = check_existing(journal, path, replace, &existing);
	if (!r)
		r = nm_file_begin(&journal->document, path, document_bytes(document));
	/* Rounds that an earlier journal holds are in the header of this one before that is replaced. */
	if (!r)
		r = write_header(journal, document);
	if (r) {
		nm_file_abandon(&journal->document);
	} else {
		journal->limit = journal->written + journal->reserve;
		r = open_to_append(journal);
		if (!r)
			r = reserve_rounds(journal);
		if (r)
			nm_journal_close(journal, !replace);
	}
	if (existing >= 0)
		close(existing);
	return r;
}

int nm_journal_renew(struct nm_journal *journal, const struct nm_document *document)
{
	int old = journal->fd;
	int r;

	if (journal->written < journal->limit)
		return 0;
	r = write_header(journal, document);
	if (r && r != -ENOSPC)
		return r;
	journal->limit = journal->written + journal->reserve;
	if (r)
		return 0;
	r = open_to_append(journal);
	if (journal->fd < 0)
		journal->fd = old;
	else
		close(old);
	/* Without a reservation rounds are written as long as there is room. */
	if (!r)
		(void)reserve_rounds(journal);
	return r;
}

int nm_journal_add(struct nm_journal *journal, size_t index,
		   const struct nm_measurement *measurement, const struct nm_round *round)
{
	return nm_journal_add_moment(journal, index, measurement, round, NULL);
}

int nm_journal_add_moment(struct nm_journal *journal, size_t index,
			  const struct nm_measurement *measurement, const struct nm_round *round,
			  const struct nm_soak_moment *moment)
{
	nm_json *json = nm_json_new_object();
	struct nm_text line = {0};
	int r;

	nm_json_add(json, "measurement", nm_json_uint(index));
	nm_json_add(json, "batch", nm_json_uint(measurement->batch));
	nm_json_add(json, "round", nm_record_write(&nm_round_record, round));
	if (moment) {
		nm_json_add(json, "elapsed_ns", nm_json_uint(moment->elapsed_ns));
		nm_json_add(json, "time", nm_json_string(moment->time));
	}
	r = nm_json_write(&line, json, false);
	nm_json_free(json);
	if (!r)
		r = append(journal, &line);
	nm_text_free(&line);
	return r;
}

int nm_journal_finish(struct nm_journal *journal, const struct nm_document *document)
{
	struct nm_text text = {0};
	int r = nm_document_write(&text, document, true);

	if (!r)
		r = nm_file_commit(&journal->document, text.bytes, text.length);
	nm_text_free(&text);
	nm_journal_close(journal, !r);
	return r;
}

void nm_journal_close(struct nm_journal *journal, bool remove)
{
	nm_file_abandon(&journal->document);
	if (journal->fd < 0)
		return;
	/* Give back what was reserved and not used. */
	if (ftruncate(journal->fd, (off_t)journal->written) == 0)
		(void)fsync(journal->fd);
	close(journal->fd);
	journal->fd = -1;
	if (remove)
		unlink(journal->path);
}

/* One line of a journal, as read. */
struct entry {
	uint64_t measurement;
	uint64_t batch;
	struct nm_round round;
	struct nm_soak_moment moment; /* in a soak */
};

static const struct nm_field entry_fields[] = {
	{.key = "measurement",
	 .type = NM_FIELD_UINT,
	 .offset = offsetof(struct entry, measurement)},
	{.key = "batch", .type = NM_FIELD_UINT, .offset = offsetof(struct entry, batch)},
	{.key = "round",
	 .type = NM_FIELD_RECORD,
	 .offset = offsetof(struct entry, round),
	 .record = &nm_round_record},
	{.key = "elapsed_ns",
	 .type = NM_FIELD_UINT,
	 .offset = offsetof(struct entry, moment.elapsed_ns),
	 .optional = true},
	{.key = "time",
	 .type = NM_FIELD_STRING,
	 .offset = offsetof(struct entry, moment.time),
	 .optional = true},
	{0},
};
static const struct nm_record entry_record = {.size = sizeof(struct entry), .fields = entry_fields};

static int read_entry(struct nm_document *out, const char *line, size_t length)
{
	struct nm_measurement *measurement;
	struct nm_round *round;
	struct entry entry = {0};
	nm_json *json;
	int r = nm_json_parse(line, length, &json);

	if (!r)
		r = nm_record_read(&entry_record, &out->arena, json, &entry);
	nm_json_free(json);
	if (r)
		return r;
	if (entry.measurement >= out->measurements.count)
		return nm_fail(EINVAL, "measurement: %llu is not one of %zu",
			       (unsigned long long)entry.measurement, out->measurements.count);
	measurement = &out->measurements.items[entry.measurement];
	measurement->batch = entry.batch;
	if (out->soak)
		return nm_soak_fold(out, entry.measurement, &entry.round, &entry.moment,
				    &out->arena);
	round = nm_arena_append(&out->arena, &measurement->rounds.items, &measurement->rounds.count,
				sizeof(*round));
	if (!round)
		return -ENOMEM;
	*round = entry.round;
	return 0;
}

static int read_journal(const char *path, const struct nm_text *text, struct nm_document *out)
{
	const char *bytes = text->bytes;
	const char *end = bytes + text->length;
	const char *newline = memchr(bytes, '\n', text->length);
	size_t number = 1;
	int r;

	r = nm_document_parse(path, bytes, (size_t)(newline - bytes), out);
	for (bytes = newline + 1; !r && bytes < end; bytes = newline + 1) {
		number++;
		newline = memchr(bytes, '\n', (size_t)(end - bytes));
		if (!newline)
			break; /* the round that was being written when the run was killed */
		r = read_entry(out, bytes, (size_t)(newline - bytes));
		if (r) {
			nm_error_within(r, "%s: journal line %zu", path, number);
			nm_document_free(out);
		}
	}
	return r;
}

static bool has_first_line(const struct nm_text *text)
{
	return text->length && memchr(text->bytes, '\n', text->length);
}

int nm_journal_recover(const char *path, struct nm_document *out)
{
	struct nm_text text = {0};
	char journal[4104];
	int r;

	snprintf(journal, sizeof(journal), "%s.journal", path);
	r = nm_file_read(journal, NM_JSON_MAX_BYTES, &text);
	/* A journal without its first line holds nothing that the document would not. */
	if (r == -ENOENT || (!r && !has_first_line(&text) && !access(path, F_OK)))
		r = nm_document_read(path, out);
	else if (!r && !has_first_line(&text))
		r = nm_fail(EINVAL, "%s: %s, nothing was measured", journal,
			    text.length ? "line 1: cut off" : "empty");
	else if (!r)
		r = read_journal(journal, &text, out);
	nm_text_free(&text);
	return r;
}
