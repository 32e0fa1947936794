/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_CHECK_H
#define NM_CORE_CHECK_H

#include "core/arena.h"
#include "core/record.h"

#include <stdbool.h>

/* The check document as it stands in schema/check.schema.json: which workloads this machine is ready for. */

#define NM_CHECK_SCHEMA "nestmark/check/1"

enum nm_check_level {
	NM_LEVEL_HARD, /* the workload refuses to start without it */
	NM_LEVEL_SOFT, /* it warns, is slower, or loses a feature */
	NM_LEVEL_INFO, /* worth knowing, never a reason to fail */
};

enum nm_readiness {
	NM_READINESS_READY,
	NM_READINESS_NOT_ADVISED,    /* ready, but its own makers advise against it */
	NM_READINESS_NOT_PROVEN,     /* nothing is missing, and no guest showed that it works */
	NM_READINESS_CONDITIONS_MET, /* what is known to be needed is there; nobody knows the rest */
	NM_READINESS_UNKNOWN,	     /* something that is needed could not be told */
	NM_READINESS_NOT_READY,
};

extern const char *const nm_check_level_names[];
extern const char *const nm_readiness_names[];
extern const char *const nm_readiness_titles[]; /* in words for people */

/** One requirement, or one of several findings that a requirement names. */
struct nm_check_row {
	const char *requirement;
	uint64_t number;     /* of the requirement: rows of one have the same */
	const char *finding; /* its ID; NULL for what no finding tells */
	int level;	     /* enum nm_check_level */
	int status;	     /* enum nm_status; a soft one that is missing warns */
	const char *evidence;
	const char *remedy; /* NULL when nothing needs doing */
	const char *source; /* who says that it is needed */
};

struct nm_check_workload {
	const char *name;
	const char *title;
	const char *as_of; /* when the facts were collected */
	const char *source;
	int verdict; /* enum nm_readiness */
	const char *reason;
	const char *remedy; /* NULL when nothing needs doing */
	struct {
		struct nm_check_row *items;
		size_t count;
	} rows;
};

struct nm_check {
	const char *schema;
	const char *tool_version;
	const char *host;   /* NULL on a replay */
	const char *time;   /* RFC 3339, UTC */
	const char *source; /* "live" or "replay" */
	const char *note;   /* of a capture; NULL without */
	bool named; /* workloads were named, so their verdicts count; otherwise all are information */
	struct {
		struct nm_check_workload *items;
		size_t count;
	} workloads;
};

int nm_check_write(struct nm_text *out, const struct nm_check *check);

/** How one row or verdict counts in a test report. */
enum nm_check_outcome {
	NM_OUTCOME_PASS,
	NM_OUTCOME_SKIP,    /* says something, decides nothing */
	NM_OUTCOME_ERROR,   /* could not be told */
	NM_OUTCOME_FAILURE, /* not ready */
};

enum nm_check_outcome nm_check_row_outcome(const struct nm_check *check,
					   const struct nm_check_row *row);
enum nm_check_outcome nm_check_verdict_outcome(const struct nm_check *check,
					       const struct nm_check_workload *workload);

#endif
