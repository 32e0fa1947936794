/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_REASONS_H
#define NM_REPORTS_REASONS_H

#include "core/arena.h"
#include "core/record.h"

/** Why something is not as it should be. */
struct nm_reason {
	const char *name;   /* of a measurement */
	const char *word;   /* its state or verdict */
	const char *text;   /* NULL: none was recorded */
	const char *remedy; /* NULL: none */
	size_t order;	    /* set by nm_reasons_add() */
};

struct nm_reasons {
	struct nm_reason *items;
	size_t count;
};

int nm_reasons_add(struct nm_arena *arena, struct nm_reasons *reasons,
		   const struct nm_reason *reason);

/** Adds a line for each; those with one word and text share it, where the first of them stands. Sorts them. */
int nm_reasons_lines(struct nm_arena *arena, struct nm_reasons *reasons, struct nm_strings *out);

#endif
