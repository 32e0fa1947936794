/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_SENTENCES_H
#define NM_REPORTS_SENTENCES_H

#include "analysis/overview.h"
#include "core/arena.h"
#include "core/check.h"
#include "core/document.h"

/* What an overview says, in words. NULL without memory. */

extern const char *const nm_cost_titles[NM_COST_CLASSES];

/** "2.31 µs", or "no figure". */
const char *nm_cost_figure(struct nm_arena *arena, const struct nm_overview *overview,
			   enum nm_cost_class kind);

/** One or more sentences about a class: range, multiplier, doubts; or why there is nothing. */
const char *nm_cost_sentence(struct nm_arena *arena, const struct nm_overview *overview,
			     enum nm_cost_class kind);

/** "AMD EPYC, 8 hardware threads, 16.0 GiB of memory, bare metal; guests here are L1." */
const char *nm_machine_sentence(struct nm_arena *arena, const struct nm_machine *machine);

/** What runs guests here, and how far that goes; a status of enum nm_status tells how good that is. */
const char *nm_virtualization_sentence(struct nm_arena *arena, const struct nm_document *document,
				       int *status);

/** How many measurements gave numbers, and how well known these are. */
const char *nm_certainty_sentence(struct nm_arena *arena, const struct nm_document *document,
				  const struct nm_overview *overview);

/** "Ready: a, b." for the verdicts of workloads that stand in a row of enum nm_readiness; "" for none. */
const char *nm_readiness_sentence(struct nm_arena *arena, const struct nm_check *check,
				  const char *begin, enum nm_readiness from, enum nm_readiness to);

#endif
