/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/store.h"

#include "core/error.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

/* schema.sql, with a NUL behind it */
extern const unsigned char nm_history_schema[];

/* "nest" */
#define APPLICATION	 "1852142452"
#define APPLICATION_ID	 1852142452
#define STORE_VERSION	 "1"
#define STORE_VERSION_ID 1

/* A minute in all */
#define WAL_PAUSE_NS 10000000
#define WAL_TRIES    6000u

/* Whether it is a history of this version; *empty: it is new. */
static int identify(struct nm_database *database, const char *path, bool *empty)
{
	int64_t application = 0;
	int64_t version = 0;
	int64_t tables = 0;
	int r = nm_database_number(database, "PRAGMA application_id", &application);

	if (!r)
		r = nm_database_number(database, "PRAGMA user_version", &version);
	if (!r)
		r = nm_database_number(database, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r)
		return r;
	*empty = !application && !tables;
	if (*empty)
		return 0;
	if (application != APPLICATION_ID)
		return nm_fail_remedy(EINVAL, "give the file of a history",
				      "%s: a database of something else", path);
	if (version != STORE_VERSION_ID)
		return nm_fail_remedy(EINVAL, "remove it and import the documents again",
				      "%s: of another version of nestmark", path);
	return 0;
}

/* At one moment: another importer may be making it just now. */
static int identify_whole(struct nm_database *database, const char *path, bool *empty)
{
	int r = nm_database_run(database, "BEGIN");

	if (r)
		return r;
	r = identify(database, path, empty);
	if (!r)
		return nm_database_run(database, "COMMIT");
	(void)nm_database_run(database, "ROLLBACK");
	return r;
}

/* SQLite does not wait for others here, as it does elsewhere. */
static int use_wal(struct nm_database *database)
{
	static const struct timespec pause = {.tv_nsec = WAL_PAUSE_NS};
	int r = -EBUSY;

	for (unsigned int i = 0; r == -EBUSY && i < WAL_TRIES; i++) {
		r = nm_database_run(database, "PRAGMA journal_mode = WAL");
		if (r == -EBUSY)
			nanosleep(&pause, NULL);
	}
	return r;
}

/* Two importers may both find it empty: the second waits, and looks again. */
static int create(struct nm_database *database, const char *path)
{
	bool empty = false;
	int r = use_wal(database);

	if (!r)
		r = nm_database_run(database, "BEGIN IMMEDIATE");
	if (r)
		return r;
	r = identify(database, path, &empty);
	if (!r && empty)
		r = nm_database_run(database, (const char *)nm_history_schema);
	if (!r && empty)
		r = nm_database_run(database, "PRAGMA application_id = " APPLICATION
					      "; PRAGMA user_version = " STORE_VERSION);
	if (!r)
		return nm_database_run(database, "COMMIT");
	(void)nm_database_run(database, "ROLLBACK");
	return r;
}

int nm_store_open(const char *path, struct nm_database **out)
{
	static const char remedy[] = "nestmark history import DIR makes one";
	struct stat info;
	bool empty = false;
	int r;

	*out = NULL;
	if (stat(path, &info))
		return nm_fail_remedy(ENOENT, remedy, "%s: there is no history yet", path);
	r = nm_database_open(path, false, out);
	if (!r)
		r = identify_whole(*out, path, &empty);
	if (!r && empty)
		r = nm_fail_remedy(ENOENT, remedy, "%s: there is no history in it yet", path);
	if (r) {
		nm_database_close(*out);
		*out = NULL;
	}
	return r;
}

int nm_store_open_or_create(const char *path, struct nm_database **out)
{
	bool empty = false;
	int r = nm_database_open(path, true, out);

	if (!r)
		r = identify_whole(*out, path, &empty);
	if (!r && empty)
		r = create(*out, path);
	if (r) {
		nm_database_close(*out);
		*out = NULL;
	}
	return r;
}
