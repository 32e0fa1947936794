/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_JOURNAL_H
#define NM_BENCHMARKS_JOURNAL_H

#include "core/document.h"
#include "core/file.h"

#include <stdbool.h>

/*
 * What keeps a run from being lost: beside the document that is to come lies a journal, whose first line is the document
 * as planned and whose every further line is one finished round. It is on disk before the next round starts, and goes when
 * the document is complete on disk. In a soak, whose document holds what its rounds add up to, the first line is from time to
 * time the document as it is then, and the lines are those of the rounds since.
 */
struct nm_journal {
	int fd;
	char path[4104];	 /* of the journal: the document's path and ".journal" */
	struct nm_file document; /* space is reserved for it from the beginning */
	size_t written;
	size_t reserve; /* bytes that rounds may take before a soak writes it anew, */
	size_t limit;	/* and the length at which it does */
};

/** When a round of a soak ended. */
struct nm_soak_moment {
	uint64_t elapsed_ns; /* of the soak */
	const char *time;
};

/**
 * Starts a journal for a document that will be written to path; rounds that it already has stand in the first line. -EBUSY when another run is writing it, -EEXIST when an
 * unfinished journal lies there (unless `replace`), -ENOSPC and others when the place cannot hold the results.
 */
int nm_journal_open(struct nm_journal *journal, const char *path,
		    const struct nm_document *document, bool replace);

/** Adds one finished round of measurement number `index`. */
int nm_journal_add(struct nm_journal *journal, size_t index,
		   const struct nm_measurement *measurement, const struct nm_round *round);

/** Adds one finished round of a soak. */
int nm_journal_add_moment(struct nm_journal *journal, size_t index,
			  const struct nm_measurement *measurement, const struct nm_round *round,
			  const struct nm_soak_moment *moment);

/**
 * Where its rounds have used up what was reserved for them, starts the journal anew with the document as it is, which
 * holds them. The old one stays until the new one is on disk, and goes on where there is no room for a new one.
 */
int nm_journal_renew(struct nm_journal *journal, const struct nm_document *document);

/** Writes the document, then removes the journal. When the write fails the journal stays. */
int nm_journal_finish(struct nm_journal *journal, const struct nm_document *document);

/** Closes without a result: removes the journal when `remove` is true. */
void nm_journal_close(struct nm_journal *journal, bool remove);

/**
 * Reads what a run left under path: its journal when there is one (a last line that was cut off is dropped), otherwise its
 * document.
 */
int nm_journal_recover(const char *path, struct nm_document *out);

#endif
