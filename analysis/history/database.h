/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_DATABASE_H
#define NM_ANALYSIS_HISTORY_DATABASE_H

#include "core/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* SQLite, for the rest of this room. Errors name the file of the database. */

struct nm_database;
struct nm_statement;

/** Opens the file, and makes it when `create` says so. Statements wait up to 60 s for another writer. */
int nm_database_open(const char *path, bool create, struct nm_database **out);
void nm_database_close(struct nm_database *database);

/** Runs SQL text of our own that gives no rows. */
int nm_database_run(struct nm_database *database, const char *sql);

/** A whole number from a statement such as a PRAGMA. */
int nm_database_number(struct nm_database *database, const char *sql, int64_t *out);

int64_t nm_database_last_id(const struct nm_database *database);

/** Closing the database frees its statements. */
int nm_database_prepare(struct nm_database *database, const char *sql, struct nm_statement **out);

/**
 * Binds new parameters in order and starts anew. types has a letter for each: s const char * (NULL is null), i int64_t,
 * r double (NAN is null). Texts must stay until the next start.
 */
int nm_statement_start(struct nm_statement *statement, const char *types, ...);

/** 1: a row, 0: no more, -errno. */
int nm_statement_step(struct nm_statement *statement);

/** Starts, for a statement without rows, and ends it. */
#define nm_statement_run(statement, ...)                                                           \
	(nm_statement_start((statement), __VA_ARGS__) ? -EIO : nm_statement_finish(statement))
int nm_statement_finish(struct nm_statement *statement);

/** Lets go of what an unfinished statement holds; harmless. */
void nm_statement_reset(struct nm_statement *statement);

/* Columns of the current row, from 0. Texts are copies; NULL for null, and when memory has run out. */
const char *nm_column_text(struct nm_statement *statement, int column, struct nm_arena *arena);
int64_t nm_column_int(struct nm_statement *statement, int column);
double nm_column_real(struct nm_statement *statement, int column); /* NAN for null */

#endif
