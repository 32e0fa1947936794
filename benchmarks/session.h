/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_SESSION_H
#define NM_BENCHMARKS_SESSION_H

#include "benchmarks/journal.h"
#include "benchmarks/round.h"
#include "core/document.h"

#include <stddef.h>

/** Called when a round of a measurement is about to start. */
typedef void (*nm_progress_fn)(void *context, const struct nm_measurement *measurement, size_t done,
			       size_t total);

struct nm_session {
	struct nm_document *document; /* planned; rounds that it has are not repeated */
	const struct nm_round_host *host;
	struct nm_journal *journal;
	const int *cpus; /* of the measuring child: the first, then those of its further threads */
	size_t cpu_count;
	bool limited; /* to a part of the plan: */
	uint64_t
		passes; /* so many passes that lack rounds; those behind them are left to another part */
	nm_progress_fn progress;
	void *progress_context;
};

/**
 * Runs what is missing, pass by pass, every pass in a new order drawn from the seed, and adds each round to the journal.
 * 0 when the plan is done; -ECANCELED when this part of it is; -EINTR when the user stopped it; another -errno when results can no longer be kept. In each
 * case the document holds every finished round.
 */
int nm_session_run(struct nm_session *session);

/**
 * One round of a measurement, number `index`; when the pilot that chooses the batch fails, that is the round. What it holds
 * goes to the arena. Where it is the first and this machine lacks something, the measurement is unsupported from now on, and there
 * is no round to keep.
 */
int nm_session_round(struct nm_session *session, size_t number, uint64_t index,
		     struct nm_arena *arena, struct nm_round *round);

/** The order of measurements in a pass: it depends on the seed and the pass alone. */
void nm_session_order(size_t *order, size_t count, uint64_t seed, uint64_t pass);

/** Summarises all measurements of a document whose rounds are complete, or as complete as they will be. */
int nm_session_summarise(struct nm_document *document);

#endif
