/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_IO_FILE_H
#define NM_BENCHMARKS_IO_FILE_H

#include "core/document.h"
#include "core/root.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The file that I/O is measured on: made once, without a name wherever the filesystem can do that, so that it is gone however the run
 * ends; filled with what operations expect to read (nm_abi_disk_word()); and inherited by all rounds.
 */
struct nm_io_place {
	int fd;		    /* -1: there is none */
	const char *folder; /* where it is, or would be; NULL: a block device */
	bool direct;	    /* O_DIRECT */
	uint64_t bytes;
	char why[256]; /* there is none */
	char remedy[160];
};

/**
 * Makes it in a folder, or overwrites that much of a block device that the user has named for it. What it lies on goes into *out.
 * -EOPNOTSUPP, -ENOSPC and the like with the remedy.
 */
int nm_io_place_open(struct nm_io_place *place, const struct nm_root *root, const char *path,
		     uint64_t bytes, struct nm_arena *arena, struct nm_io_file *out);
void nm_io_place_close(struct nm_io_place *place);
/** Removes what an agent that was killed has left. */
void nm_io_place_sweep(const struct nm_io_place *place);

/**
 * The same where the plan of a document says, or else in folder, and only when one of its measurements needs it; document->run.io says
 * what it is then. A place that the user did not name and that cannot be had is no error: place->why says so to what needs it.
 */
int nm_io_place_for(struct nm_io_place *place, const struct nm_root *root,
		    struct nm_document *document, const char *folder);

/** The only name that a run leaves in that folder, for a while: of a file that the agent makes and removes. With the run's process. */
#define NM_IO_SCRATCH ".nestmark-file-%d"

/** A file of the folder that is gone with its last user; the fd, or -errno with the remedy. */
int nm_io_open_unnamed(const char *folder);

/** What it lacks, as an error: -EOPNOTSUPP. */
int nm_io_place_lacks(const struct nm_io_place *place);

/** Whether the whole file holds what it was filled with; otherwise says where it does not. */
bool nm_io_place_is_whole(const struct nm_io_place *place, char *why, size_t size);

#endif
