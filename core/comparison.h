/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_COMPARISON_H
#define NM_CORE_COMPARISON_H

#include "core/arena.h"
#include "core/document.h"
#include "core/record.h"

#include <stdbool.h>

/* The comparison document as it stands in schema/comparison.schema.json: what analysis found, and all that renderers show. */

#define NM_COMPARISON_SCHEMA "nestmark/comparison/1"

enum nm_verdict {
	NM_VERDICT_EQUAL,
	NM_VERDICT_IMPROVED,
	NM_VERDICT_INCONCLUSIVE, /* the data do not decide */
	NM_VERDICT_REGRESSED,
	NM_VERDICT_INVALID, /* a side is not ok, or the two cannot be compared; of ab: noisy and not decided */
	NM_VERDICT_MISSING,	/* in the base, not in the new document */
	NM_VERDICT_ADDED,	/* in the new document only */
	NM_VERDICT_UNSUPPORTED, /* on both sides: nothing to compare */
};

enum nm_comparison_mode {
	NM_COMPARE_DOCUMENTS, /* before and after, by measurement */
	NM_COMPARE_MACHINES, /* across machines, because the user asked: nested against bare metal */
	NM_COMPARE_GUEST_NATIVE, /* the guest against the native side of one document */
	NM_COMPARE_AB,		 /* two commands, rounds interleaved and paired */
};

/** What decides a line: the cost of the code, or what a user of the machine gets. */
enum nm_compared_kind { NM_COMPARED_FLOOR, NM_COMPARED_P50, NM_COMPARED_P99 };

extern const char *const nm_verdict_names[];
extern const char *const nm_comparison_mode_names[];
extern const char *const nm_compared_kind_names[]; /* "floor", "p50", "p99" */

/** One statistic on both sides. Latencies are in the unit of the line. */
struct nm_compared_statistic {
	int kind;			      /* enum nm_compared_kind */
	uint64_t base_rounds, changed_rounds; /* that have it; of pairs both are the same */
	struct nm_statistic base, changed;
	struct nm_statistic
		ratio; /* changed / base, 95 % bootstrap interval over all resamples of rounds */
	struct nm_statistic shift; /* Hodges-Lehmann, with its rank interval */
	double p; /* Mann-Whitney on rounds, or Wilcoxon signed-rank on pairs, far ones lowest */
	double p_adjusted; /* Benjamini-Hochberg over the family */
	double cliffs_delta;
	const char *effect; /* the label of that: negligible, small, medium, large; NULL */
	double threshold_percent;
	bool within_runs;	   /* the runs of one side differ among themselves by as much */
	bool gated;		   /* decides the line; the others are shown */
	int verdict;		   /* enum nm_verdict */
	const char *reason;	   /* set unless the verdict is equal, improved or regressed */
	uint64_t rounds_to_decide; /* of an inconclusive one, a side, estimated; 0: not known */
};

/** A published figure for the same operation, as it stands in reports/reference/. */
struct nm_published {
	const char *id;
	double value; /* in unit */
	const char *unit;
	double multiplier; /* nested / one level; NAN where the source has none */
	const char *level;
	const char *cpu;
	const char *source; /* title, venue, year */
	bool second_hand;
	const char *note;
};

/** One measurement on both sides. */
struct nm_compared {
	const char *name; /* as of nm_measurement_name() */
	const char *operation;
	const char *group;
	int context; /* enum nm_context */
	struct nm_map parameters;
	const char *series;
	const char *unit;
	const char *base_state, *changed_state; /* NULL where that side has none */
	uint64_t base_rounds, changed_rounds;
	double base_exits_per_op, changed_exits_per_op;
	bool emulated; /* on either side */
	int verdict;   /* enum nm_verdict: the worst of the statistics that the policy judges */
	const char *reason;
	struct {
		struct nm_compared_statistic *items;
		size_t count;
	} statistics;
	struct {
		struct nm_published *items;
		size_t count;
	} published;
};

struct nm_compared_document {
	const char *path;
	const char *uuid;
	const char *host;
	const char *started;
	const char *tool_version;
	const char *state;
};

/** One side: documents of one machine, or of one class of machines. */
struct nm_comparison_side {
	const char *label; /* for people: host and kernel, or a command */
	struct {
		struct nm_compared_document *items;
		size_t count;
	} documents;
	struct nm_machine machine; /* of its first document */
	const char *kernel_release;
};

/** Something besides the measurements that is not the same on both sides. */
struct nm_difference {
	const char *what;	    /* "kernel", "machine.brand", "vulnerabilities.mds" … */
	const char *base, *changed; /* NULL where a side has none */
	bool decisive; /* numbers do not compare across it, unless the user asked for machines */
};

/** How the lines of a group of operations came out. */
struct nm_comparison_group {
	const char *group;
	struct nm_map verdicts; /* count by verdict */
	double median_ratio;	/* of the deciding statistic of its valid lines; NAN without */
	double lowest_ratio, highest_ratio;
	uint64_t lines;
};

/** What the policy made of the verdicts. */
struct nm_gate {
	const char *policy; /* its file, or "default" */
	bool passed;
	uint64_t regressions;	    /* lines that it judges and that regressed */
	struct nm_strings failures; /* one line each: why not */
	struct nm_strings warnings;
};

struct nm_comparison {
	struct nm_arena arena;
	const char *schema;
	const char *tool_version;
	const char *time; /* RFC 3339, UTC */
	int mode;	  /* enum nm_comparison_mode */
	struct nm_comparison_side base, changed;
	struct {
		struct nm_difference *items;
		size_t count;
	} differences;
	double false_discovery_rate; /* q of Benjamini-Hochberg */
	uint64_t family;	     /* tests that were corrected together */
	struct nm_map verdicts;	     /* count by verdict, of lines */
	int verdict;		     /* enum nm_verdict, over all */
	struct {
		struct nm_comparison_group *items;
		size_t count;
	} groups;
	struct {
		struct nm_compared *items;
		size_t count;
	} lines;
	struct nm_gate *gate; /* NULL when none was asked for */
};

extern const struct nm_record nm_comparison_record;

/** The same of a comparison as nm_document_from_json() of a run document. */
int nm_comparison_from_json(const char *name, const nm_json *json, struct nm_comparison *out);

/** Whether json says that it is a comparison, of whatever version. */
bool nm_comparison_is(const nm_json *json);

int nm_comparison_write(struct nm_text *out, const struct nm_comparison *comparison);
void nm_comparison_free(struct nm_comparison *comparison);

#endif
