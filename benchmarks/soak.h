/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_SOAK_H
#define NM_BENCHMARKS_SOAK_H

#include "benchmarks/journal.h"
#include "benchmarks/session.h"
#include "core/document.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A soak repeats the rounds of a selection for a given time, to see guests that fail from time to time. Each round is
 * counted; of the rounds of a measurement a sample is kept, so that neither memory nor the document grows with them.
 */

/* Rounds of a measurement that are kept unless the user says otherwise. */
#define NM_SOAK_ROUNDS 100u

/* Failures of a measurement that are told in full, and those of all together. */
#define NM_SOAK_EVENTS	   100u
#define NM_MAX_SOAK_EVENTS 2000u

#define NM_MAX_SOAK_NS (31ull * 24 * 3600 * 1000000000)

/** Adds an empty soak to a document whose measurements are planned. */
int nm_soak_plan(struct nm_document *document);

/** Whether the soak of a document that is resumed fits its plan; path stands in messages. */
int nm_soak_check(const struct nm_document *document, const char *path);

/**
 * Counts a round of measurement number `number`, and keeps it or not: what is kept goes to `arena`. The same rounds in
 * the same order give the same soak.
 */
int nm_soak_fold(struct nm_document *document, size_t number, const struct nm_round *round,
		 const struct nm_soak_moment *moment, struct nm_arena *arena);

/**
 * Goes on, pass by pass, until the time is over; what an earlier part of the soak has used is over already. Returns as
 * nm_session_run() does.
 */
int nm_soak_run(struct nm_session *session);

/** Brings the state of a measurement that is summarised in line with all of its rounds. */
int nm_soak_judge(struct nm_document *document, size_t number);

#endif
