/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_VIEW_H
#define NM_REPORTS_VIEW_H

#include "core/arena.h"
#include "core/document.h"
#include "reports/format.h"

/* What text and Markdown both show, as strings ready to print. They differ only in how they set them. */

enum nm_column {
	NM_COLUMN_OPERATION,
	NM_COLUMN_CONTEXT,
	NM_COLUMN_FLOOR,
	NM_COLUMN_P50,
	NM_COLUMN_P99,
	NM_COLUMN_NATIVE_RATIO,
	NM_COLUMN_EXITS,
	NM_COLUMN_EXITS_BELOW,
	NM_COLUMN_EMULATED,
	NM_COLUMN_STATE,
	NM_COLUMNS,
};

extern const char *const nm_column_titles[NM_COLUMNS];

struct nm_view_row {
	int state; /* enum nm_state */
	const char *cells[NM_COLUMNS];
};

/* VMMs of one run that are shown beside each other, behind the operation and its native side. */
#define NM_VMM_COLUMNS 10u

struct nm_vmm_row {
	const char *cells[NM_VMM_COLUMNS]; /* the p50 of each, or its state */
};

struct nm_view_vmms {
	const char *titles[NM_VMM_COLUMNS];
	size_t columns;
	struct {
		struct nm_vmm_row *items;
		size_t count;
	} rows;
	struct nm_strings commands; /* how each was started */
};

struct nm_view {
	bool shown[NM_COLUMNS];
	struct nm_strings title; /* one line each: machine, run, environment */
	struct {
		struct nm_view_row *items;
		size_t count;
	} rows;
	struct nm_view_vmms vmms; /* no rows: there was one VMM */
	struct nm_strings
		relations;	   /* one line for each measurement that is compared with another */
	struct nm_strings exits;   /* what operations of Linux guests exit for */
	struct nm_strings density; /* how many guests fit; empty when that was not measured */
	struct nm_strings soak;	   /* what happened in a soak; empty when it was none */
	struct nm_strings throughput; /* one line for each measurement that has one */
	struct nm_strings histograms; /* one line for each measurement that has one */
	struct nm_strings reasons;    /* one line for everything that is not ok */
	struct nm_strings notes;      /* how to read the table, and what to doubt */
};

/** The lines of a soak; none for another run. */
int nm_view_soak(struct nm_arena *arena, const struct nm_document *document,
		 struct nm_strings *out);

/** A line for each measurement that is compared with another of the run. */
int nm_view_relations(struct nm_arena *arena, const struct nm_document *document,
		      struct nm_strings *out);

/** How many guests fit, and a line for each number of them. */
int nm_view_density(struct nm_arena *arena, const struct nm_document *document,
		    struct nm_strings *out);

/** The same operations by VMM, when there are several. */
int nm_view_vmms(struct nm_arena *arena, const struct nm_document *document,
		 struct nm_view_vmms *out);

/** A line for each operation of Linux guests: its exits by kind. */
int nm_view_exits(struct nm_arena *arena, const struct nm_document *document,
		  struct nm_strings *out);

int nm_view_build(struct nm_view *view, struct nm_arena *arena, const struct nm_document *document);

#endif
