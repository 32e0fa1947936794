/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history.h"

#include "analysis/history/import.h"
#include "analysis/history/store.h"
#include "core/error.h"
#include "core/history.h"
#include "core/together.h"

#include <errno.h>
#include <fts.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct import {
	struct nm_importer *importer;
	pthread_mutex_t lock; /* of what follows */
	struct nm_import *result;
	FTS *walk;
	int failure; /* -errno of the import as a whole */
};

/* What is given back to the kernel after one document is asked for again by the next. */
static void keep_memory(void)
{
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
}

/* The reason is the last error of this thread. */
static void refuse(struct import *import, const char *path)
{
	struct nm_arena *arena = &import->result->arena;
	struct nm_import_refusal *refusal =
		nm_arena_append(arena, &import->result->refused.items,
				&import->result->refused.count, sizeof(*refusal));

	nm_report_error(NM_EXIT_UNDECIDED);
	if (refusal) {
		refusal->path = nm_arena_strdup(arena, path);
		refusal->reason = nm_arena_strdup(arena, nm_error_last()->text);
	}
	if (!refusal || !refusal->path || !refusal->reason)
		import->failure = -ENOMEM;
}

static void import_file(struct import *import, const char *path)
{
	bool added = false;
	bool broken = false;
	int r = nm_importer_add(import->importer, path, &added, &broken);

	pthread_mutex_lock(&import->lock);
	if (r == -ENOMEM || broken) {
		if (!import->failure)
			nm_report_error(NM_EXIT_UNDECIDED);
		import->failure = r;
	} else if (r) {
		refuse(import, path);
	} else {
		import->result->imported += added;
		import->result->already_there += !added;
	}
	pthread_mutex_unlock(&import->lock);
}

static bool is_document(const FTSENT *entry)
{
	const char *end = strrchr(entry->fts_name, '.');

	return entry->fts_info == FTS_F && *entry->fts_name != '.' && end && !strcmp(end, ".json");
}

/* Whether an entry is to be imported; folders that cannot be read are refused. */
static bool visit(struct import *import, FTSENT *entry)
{
	bool named = entry->fts_level == FTS_ROOTLEVEL;
	bool folder = entry->fts_info == FTS_D || entry->fts_info == FTS_DP;

	if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
		(void)nm_fail(entry->fts_errno, "%s: %s", entry->fts_path,
			      strerror(entry->fts_errno));
		refuse(import, entry->fts_path);
		return false;
	}
	if (entry->fts_info == FTS_D && !named && *entry->fts_name == '.')
		fts_set(import->walk, entry, FTS_SKIP);
	return is_document(entry) || (named && !folder);
}

/* A copy of the next path, which the caller frees; NULL at the end. */
static char *next_path(struct import *import)
{
	FTSENT *entry = NULL;
	char *path = NULL;

	pthread_mutex_lock(&import->lock);
	while (!import->failure && (entry = fts_read(import->walk)) && !visit(import, entry))
		;
	if (!import->failure && entry)
		path = strdup(entry->fts_path);
	if (!import->failure && entry && !path)
		import->failure = nm_fail(ENOMEM, "out of memory");
	pthread_mutex_unlock(&import->lock);
	return path;
}

static void *work(void *context)
{
	struct import *import = context;
	char *path;

	while ((path = next_path(import))) {
		import_file(import, path);
		free(path);
	}
	return NULL;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int import_all(struct import *import, char **paths)
{
	import->walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	if (!import->walk) {
		(void)nm_fail(errno, "%s: %s", *paths, strerror(errno));
		return nm_report_error(NM_EXIT_UNDECIDED);
	}
	nm_together(work, import);
	fts_close(import->walk);
	return import->failure || import->result->refused.count ? NM_EXIT_UNDECIDED : NM_EXIT_OK;
}

static int by_path(const void *a, const void *b)
{
	const struct nm_import_refusal *x = a;
	const struct nm_import_refusal *y = b;

	return strcmp(x->path, y->path);
}

static int print_result(const struct nm_history_options *options, struct nm_import *result)
{
	struct nm_text text = {0};
	nm_json *json;
	int code = NM_EXIT_OK;

	if (options->json) {
		if (result->refused.count)
			qsort(result->refused.items, result->refused.count,
			      sizeof(*result->refused.items), by_path);
		json = nm_record_write(&nm_import_record, result);
		if (nm_json_write(&text, json, true))
			code = nm_report_error(NM_EXIT_UNDECIDED);
		nm_json_free(json);
	} else if (!options->quiet) {
		nm_text_printf(&text, "imported %llu, already there %llu, refused %zu\n",
			       (unsigned long long)result->imported,
			       (unsigned long long)result->already_there, result->refused.count);
	}
	if (!code && text.length)
		code = nm_print(&text);
	nm_text_free(&text);
	return code;
}

static int import_into(struct nm_history_options *options, struct nm_database *database)
{
	struct nm_import result = {.schema = NM_IMPORT_SCHEMA, .tool_version = NM_VERSION};
	struct import import = {.result = &result, .lock = PTHREAD_MUTEX_INITIALIZER};
	int printed;
	int code;

	if (nm_importer_new(database, &import.importer))
		return nm_report_error(NM_EXIT_UNDECIDED);
	code = import_all(&import, options->arguments);
	/* After a failure of memory the list may hold what has no name. */
	printed = import.failure ? NM_EXIT_OK : print_result(options, &result);
	nm_importer_free(import.importer);
	nm_arena_free(&result.arena);
	return code ? code : printed;
}

int nm_history_import(struct nm_history_options *options)
{
	struct nm_database *database;
	int code;

	if (!options->argument_count)
		return nm_usage_error(&nm_command_history, "import: expected folders or documents");
	if (nm_store_open_or_create(options->database, &database))
		return nm_report_error(NM_EXIT_USAGE);
	keep_memory();
	code = import_into(options, database);
	nm_database_close(database);
	return code;
}
