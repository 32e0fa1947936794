/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/database.h"

#include "core/error.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS	    60000
#define CACHE_PAGES "-65536" /* KiB */

struct nm_database {
	sqlite3 *handle;
};

static int fail(sqlite3 *handle)
{
	static const struct {
		int primary;
		int code;
	} codes[] = {{SQLITE_FULL, ENOSPC},    {SQLITE_BUSY, EBUSY},	{SQLITE_NOMEM, ENOMEM},
		     {SQLITE_READONLY, EROFS}, {SQLITE_NOTADB, EINVAL}, {SQLITE_CORRUPT, EINVAL},
		     {SQLITE_CANTOPEN, ENOENT}};
	int primary = sqlite3_errcode(handle) & 0xff;
	const char *path = handle ? sqlite3_db_filename(handle, "main") : NULL;
	const char *message = handle ? sqlite3_errmsg(handle) : "out of memory";
	int code = EIO;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].primary == primary)
			code = codes[i].code;
	if (code == EINVAL)
		return nm_fail_remedy(code, "remove it and import the documents again", "%s: %s",
				      path, message);
	return nm_fail(code, "%s: %s", path && *path ? path : "database", message);
}

static sqlite3_stmt *raw(struct nm_statement *statement)
{
	return (sqlite3_stmt *)(void *)statement;
}

static int prepare_connection(sqlite3 *handle)
{
	/* A file from a stranger may hold triggers and views of his. */
	if (sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) ||
	    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) ||
	    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) ||
	    sqlite3_busy_timeout(handle, BUSY_MS) ||
	    sqlite3_exec(handle, "PRAGMA cache_size = " CACHE_PAGES "; PRAGMA synchronous = NORMAL",
			 NULL, NULL, NULL))
		return fail(handle);
	return 0;
}

int nm_database_open(const char *path, bool create, struct nm_database **out)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
	sqlite3 *handle = NULL;
	int r = 0;

	*out = NULL;
	if (sqlite3_open_v2(path, &handle, flags, NULL))
		r = nm_fail(ENOENT, "%s: %s", path,
			    handle ? sqlite3_errmsg(handle) : "out of memory");
	if (!r)
		r = prepare_connection(handle);
	if (!r) {
		*out = malloc(sizeof(**out));
		if (!*out)
			r = nm_fail(ENOMEM, "out of memory");
	}
	if (r)
		sqlite3_close(handle);
	else
		(*out)->handle = handle;
	return r;
}

void nm_database_close(struct nm_database *database)
{
	sqlite3_stmt *statement;

	if (!database)
		return;
	while ((statement = sqlite3_next_stmt(database->handle, NULL)))
		sqlite3_finalize(statement);
	sqlite3_close(database->handle);
	free(database);
}

int nm_database_run(struct nm_database *database, const char *sql)
{
	return sqlite3_exec(database->handle, sql, NULL, NULL, NULL) ? fail(database->handle) : 0;
}

int nm_database_number(struct nm_database *database, const char *sql, int64_t *out)
{
	struct nm_statement *statement = NULL;
	int r = nm_database_prepare(database, sql, &statement);

	if (r)
		return r;
	r = nm_statement_step(statement);
	if (r >= 0)
		*out = nm_column_int(statement, 0);
	sqlite3_finalize(raw(statement));
	return r < 0 ? r : 0;
}

int64_t nm_database_last_id(const struct nm_database *database)
{
	return sqlite3_last_insert_rowid(database->handle);
}

int nm_database_prepare(struct nm_database *database, const char *sql, struct nm_statement **out)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
			       NULL))
		return fail(database->handle);
	*out = (struct nm_statement *)(void *)statement;
	return 0;
}

static int bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	return text ? sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC)
		    : sqlite3_bind_null(statement, index);
}

int nm_statement_start(struct nm_statement *statement, const char *types, ...)
{
	sqlite3_stmt *handle = raw(statement);
	int code = SQLITE_OK;
	va_list args;

	sqlite3_reset(handle);
	va_start(args, types);
	for (int i = 0; code == SQLITE_OK && types[i]; i++) {
		if (types[i] == 's')
			code = bind_text(handle, i + 1, va_arg(args, const char *));
		else if (types[i] == 'i')
			code = sqlite3_bind_int64(handle, i + 1, va_arg(args, int64_t));
		else
			code = sqlite3_bind_double(handle, i + 1, va_arg(args, double));
	}
	va_end(args);
	return code == SQLITE_OK ? 0 : fail(sqlite3_db_handle(handle));
}

int nm_statement_step(struct nm_statement *statement)
{
	int code = sqlite3_step(raw(statement));

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	return fail(sqlite3_db_handle(raw(statement)));
}

int nm_statement_finish(struct nm_statement *statement)
{
	int r = nm_statement_step(statement);

	nm_statement_reset(statement);
	return r < 0 ? r : 0;
}

void nm_statement_reset(struct nm_statement *statement)
{
	sqlite3_reset(raw(statement));
}

const char *nm_column_text(struct nm_statement *statement, int column, struct nm_arena *arena)
{
	const char *text = (const char *)sqlite3_column_text(raw(statement), column);

	/* Recorded for those who need one: in a history that is whole, they have it. */
	if (!text)
		(void)nm_fail(EINVAL, "the history is damaged: a field of it is empty");
	return text ? nm_arena_strdup(arena, text) : NULL;
}

int64_t nm_column_int(struct nm_statement *statement, int column)
{
	return sqlite3_column_int64(raw(statement), column);
}

double nm_column_real(struct nm_statement *statement, int column)
{
	if (sqlite3_column_type(raw(statement), column) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(raw(statement), column);
}
