/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/import.h"

#include "analysis/history/digest.h"
#include "analysis/history/facts.h"
#include "analysis/history/machine_key.h"
#include "core/document.h"
#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct nm_importer {
	pthread_mutex_t lock; /* of the database and the statements */
	struct nm_database *database;
	struct nm_statement *find_run;
	struct nm_statement *add_machine, *find_machine;
	struct nm_statement *add_environment, *find_environment;
	struct nm_statement *add_measurement, *find_measurement;
	struct nm_statement *add_run;
	struct nm_statement *add_value;
};

/* A document on its way in. */
struct entry {
	const char *path;
	char digest[NM_DIGEST_SIZE];
	struct nm_document document;
	const char **names; /* of its measurements */
	struct nm_text facts;
	char facts_digest[NM_DIGEST_SIZE];
};

int nm_importer_new(struct nm_database *database, struct nm_importer **out)
{
	struct nm_importer *importer = calloc(1, sizeof(*importer));
	const struct {
		struct nm_statement **statement;
		const char *sql;
	} statements[] = {
		{&importer->find_run, "SELECT sha256 FROM run WHERE uuid = ?1"},
		{&importer->add_machine,
		 "INSERT INTO machine (host, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING"},
		{&importer->find_machine, "SELECT id FROM machine WHERE host = ?1 AND key = ?2"},
		{&importer->add_environment,
		 "INSERT INTO environment (sha256, facts) VALUES (?1, ?2) ON CONFLICT DO NOTHING"},
		{&importer->find_environment, "SELECT id FROM environment WHERE sha256 = ?1"},
		{&importer->add_measurement,
		 "INSERT INTO measurement (name, version, unit, operation) VALUES (?1, ?2, ?3, ?4) "
		 "ON CONFLICT DO NOTHING"},
		{&importer->find_measurement,
		 "SELECT id FROM measurement WHERE name = ?1 AND version = ?2 AND unit = ?3"},
		{&importer->add_run,
		 "INSERT INTO run (uuid, sha256, machine, environment, started, night, state, "
		 "reason, clock, profile, tool_version, kernel, supersedes, path) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, substr(?5, 1, 10), ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
		 "?13)"},
		{&importer->add_value, "INSERT INTO value VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
				       "?9, ?10, ?11, ?12, ?13, ?14)"},
	};
	int r = 0;

	if (!importer)
		return nm_fail(ENOMEM, "out of memory");
	importer->database = database;
	pthread_mutex_init(&importer->lock, NULL);
	for (size_t i = 0; !r && i < sizeof(statements) / sizeof(statements[0]); i++)
		r = nm_database_prepare(database, statements[i].sql, statements[i].statement);
	if (r)
		nm_importer_free(importer);
	else
		*out = importer;
	return r;
}

void nm_importer_free(struct nm_importer *importer)
{
	if (importer)
		pthread_mutex_destroy(&importer->lock);
	free(importer);
}

/* "2026-01-05T02:17:09Z": nights are named by its first ten characters, and sorted by all. */
static bool is_time(const char *text)
{
	static const char form[] = "2ddd-dd-ddTdd:dd:ddZ";

	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return true;
}

/* What a run document may be and a history must not hold. */
static int check(const struct nm_document *document)
{
	const struct nm_run *run = &document->run;

	if (strcmp(run->source, "measured") != 0)
		return nm_fail(EINVAL,
			       "run: source: \"%.20s\": only what was measured becomes history",
			       run->source);
	if (!*run->host)
		return nm_fail(EINVAL, "run: host: empty");
	if (!is_time(run->started))
		return nm_fail(EINVAL,
			       "run: started: expected a time such as 2026-01-05T02:17:09Z");
	for (size_t i = 0; i < document->measurements.count; i++)
		if (strcmp(document->measurements.items[i].unit, nm_clock_units[run->clock]) != 0)
			return nm_fail(EINVAL,
				       "measurements[%zu]: unit: \"%.20s\", but the clock of the "
				       "run counts %s",
				       i, document->measurements.items[i].unit,
				       nm_clock_units[run->clock]);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names tell the measurements of a document apart. */
static int name_measurements(struct entry *entry)
{
	struct nm_arena *arena = &entry->document.arena;
	size_t count = entry->document.measurements.count;
	const char **sorted = nm_arena_alloc(arena, (count + 1) * sizeof(*sorted));

	entry->names = nm_arena_alloc(arena, (count + 1) * sizeof(*entry->names));
	if (!entry->names || !sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		entry->names[i] =
			nm_measurement_name(arena, &entry->document.measurements.items[i]);
		if (!entry->names[i])
			return -ENOMEM;
		sorted[i] = entry->names[i];
	}
	qsort(sorted, count, sizeof(*sorted), by_name);
	for (size_t i = 1; i < count; i++)
		if (!strcmp(sorted[i - 1], sorted[i]))
			return nm_fail(EINVAL, "measurements: %.100s stands there twice",
				       sorted[i]);
	return 0;
}

/* The id that find gives for what it was started with. */
static int found_id(struct nm_statement *find, int64_t *id)
{
	int r = nm_statement_step(find);

	if (r > 0)
		*id = nm_column_int(find, 0);
	nm_statement_reset(find);
	if (r < 0)
		return r;
	return r ? 0 : nm_fail(EIO, "a row that was added cannot be found");
}

static int machine_id(struct nm_importer *importer, struct entry *entry, int64_t *id)
{
	const char *host = entry->document.run.host;
	const char *key = nm_machine_key(&entry->document.arena, &entry->document.machine);
	int r = key ? nm_statement_run(importer->add_machine, "ss", host, key) : -ENOMEM;

	if (!r)
		r = nm_statement_start(importer->find_machine, "ss", host, key);
	return r ? r : found_id(importer->find_machine, id);
}

static int environment_id(struct nm_importer *importer, struct entry *entry, int64_t *id)
{
	int r = nm_statement_run(importer->add_environment, "ss", entry->facts_digest,
				 entry->facts.bytes);

	if (!r)
		r = nm_statement_start(importer->find_environment, "s", entry->facts_digest);
	return r ? r : found_id(importer->find_environment, id);
}

static int measurement_id(struct nm_importer *importer, const struct nm_measurement *measurement,
			  const char *name, int64_t *id)
{
	int64_t version = (int64_t)measurement->version;
	struct nm_statement *find = importer->find_measurement;
	int r = nm_statement_start(find, "sis", name, version, measurement->unit);

	if (r)
		return r;
	r = nm_statement_step(find);
	if (r > 0)
		*id = nm_column_int(find, 0);
	nm_statement_reset(find);
	if (r)
		return r < 0 ? r : 0;
	r = nm_statement_run(importer->add_measurement, "siss", name, version, measurement->unit,
			     measurement->operation);
	*id = nm_database_last_id(importer->database);
	return r;
}

static int add_value(struct nm_importer *importer, struct entry *entry, int64_t run, size_t index)
{
	const struct nm_measurement *measurement = &entry->document.measurements.items[index];
	const struct nm_summary *summary = &measurement->summary;
	int64_t id = 0;
	int r = measurement_id(importer, measurement, entry->names[index], &id);

	if (!r)
		r = nm_statement_run(importer->add_value, "iissirrrrrrrrr", run, id,
				     nm_state_names[measurement->state], measurement->reason,
				     (int64_t)measurement->evidence.rounds_ok, summary->floor.value,
				     summary->floor.lo, summary->floor.hi, summary->p50.value,
				     summary->p50.lo, summary->p50.hi, summary->p99.value,
				     summary->p99.lo, summary->p99.hi);
	return r;
}

static int add_run(struct nm_importer *importer, struct entry *entry)
{
	const struct nm_run *run = &entry->document.run;
	int64_t machine = 0;
	int64_t environment = 0;
	int64_t id;
	int r = machine_id(importer, entry, &machine);

	if (!r)
		r = environment_id(importer, entry, &environment);
	if (!r)
		r = nm_statement_run(importer->add_run, "ssiisssssssss", run->uuid, entry->digest,
				     machine, environment, run->started,
				     nm_run_state_names[run->state], run->reason,
				     nm_clock_names[run->clock], run->plan.profile,
				     run->tool_version, entry->document.environment.kernel_release,
				     run->supersedes, entry->path);
	id = nm_database_last_id(importer->database);
	for (size_t i = 0; !r && i < entry->document.measurements.count; i++)
		r = add_value(importer, entry, id, i);
	return r;
}

/* 1: this very document is there; 0: nothing of its UUID is. */
static int look_up(struct nm_importer *importer, const struct entry *entry)
{
	struct nm_arena arena = {0};
	const char *digest;
	int r = nm_statement_start(importer->find_run, "s", entry->document.run.uuid);

	if (!r)
		r = nm_statement_step(importer->find_run);
	if (r <= 0) {
		nm_statement_reset(importer->find_run);
		return r;
	}
	digest = nm_column_text(importer->find_run, 0, &arena);
	nm_statement_reset(importer->find_run);
	if (!digest)
		r = -ENOMEM;
	else if (strcmp(digest, entry->digest) != 0)
		r = nm_fail_remedy(EEXIST,
				   "find out which of the two is genuine, and remove the other",
				   "run: uuid: %s is there with other bytes (SHA-256 %.12s…, here "
				   "%.12s…)",
				   entry->document.run.uuid, digest, entry->digest);
	nm_arena_free(&arena);
	return r;
}

/* Looks and adds in one transaction, so that two importers do not both find nothing. */
static int add(struct nm_importer *importer, struct entry *entry, bool *added, bool *broken)
{
	int r = nm_database_run(importer->database, "BEGIN IMMEDIATE");

	*broken = r != 0;
	if (r)
		return r;
	r = look_up(importer, entry);
	*broken = r < 0 && r != -EEXIST;
	if (!r) {
		r = add_run(importer, entry);
		*broken = r != 0;
		*added = !r;
	}
	if (!r) {
		r = nm_database_run(importer->database, "COMMIT");
		*broken = r != 0;
	}
	if (r)
		(void)nm_database_run(importer->database, "ROLLBACK");
	return r > 0 ? 0 : r;
}

static int read_entry(struct entry *entry)
{
	struct nm_text bytes = {0};
	int r = nm_file_read(entry->path, NM_JSON_MAX_BYTES, &bytes);

	if (r)
		return r;
	nm_digest(bytes.bytes ? bytes.bytes : "", bytes.length, entry->digest);
	r = nm_document_parse(entry->path, bytes.bytes ? bytes.bytes : "", bytes.length,
			      &entry->document);
	nm_text_free(&bytes);
	if (r)
		return r;
	r = check(&entry->document);
	if (!r)
		r = name_measurements(entry);
	if (!r)
		r = nm_facts_write(&entry->document, &entry->facts);
	if (r)
		return nm_error_within(r, "%s", entry->path);
	nm_digest(entry->facts.bytes, entry->facts.length, entry->facts_digest);
	return 0;
}

int nm_importer_add(struct nm_importer *importer, const char *path, bool *added, bool *broken)
{
	struct entry entry = {.path = path};
	int r = read_entry(&entry);

	*added = false;
	*broken = false;
	if (!r) {
		pthread_mutex_lock(&importer->lock);
		r = add(importer, &entry, added, broken);
		pthread_mutex_unlock(&importer->lock);
		if (r && !*broken)
			nm_error_within(r, "%s", path);
	}
	nm_text_free(&entry.facts);
	nm_document_free(&entry.document);
	return r;
}
