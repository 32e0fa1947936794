/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_NIGHT_H
#define NM_ANALYSIS_HISTORY_NIGHT_H

#include "analysis/history/series.h"
#include "core/trend.h"

/** Nights in a row, the newest among them, that a regression must have. */
#define NM_NIGHTS_TO_CONFIRM 2

/** A level that people have accepted: their series begin with this night. */
struct nm_accepted {
	const char *night;
	const char *host;	 /* glob */
	const char *measurement; /* glob of an operation or a measurement */
};

struct nm_accepted_list {
	struct nm_accepted *items;
	size_t count;
};

/** Reads lines of NIGHT HOST MEASUREMENT REASON…; # begins a comment. -EINVAL with the line. */
int nm_accepted_read(const char *path, struct nm_arena *arena, struct nm_accepted_list *out);

/** Drops the points before what was accepted. */
void nm_accepted_apply(const struct nm_accepted_list *accepted, struct nm_trend *trend);

/** Reads a list of hosts, one a line, each once; # begins a comment. -EINVAL with the line. */
int nm_expected_read(const char *path, struct nm_arena *arena, struct nm_strings *out);

/** The newest night of the history that the filter lets through; NULL when there is none. */
int nm_night_newest(struct nm_database *database, const struct nm_series_filter *filter,
		    struct nm_arena *arena, const char **out);

/** Judges a night by the trend up to it, whose changes are found: fills trend->night. expected may be NULL. */
int nm_night_judge(struct nm_database *database, const struct nm_series_filter *filter,
		   const char *night, const struct nm_strings *expected, struct nm_trend *trend);

/** "2026-01-05": whether it has that form. */
bool nm_is_night(const char *text);

#endif
