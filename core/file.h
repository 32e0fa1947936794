/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_FILE_H
#define NM_CORE_FILE_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Reads a whole regular file or pipe of at most limit bytes; -EFBIG when it is longer, before it is
 * read where the size is known. The caller frees out.
 */
int nm_file_read(const char *path, size_t limit, struct nm_text *out);

/** A file that appears under its name complete or not at all. */
struct nm_file {
	int fd;
	bool anonymous; /* has no name yet */
	bool special;	/* a device or pipe: written to as it is */
	char path[4096];
	char temporary[4200];
};

/**
 * Prepares to write path; symbolic links are followed, folders refused, and devices and pipes written to as they are.
 * For a file, creates a temporary one beside it and reserves bytes of disk space for it (0: none), so that a
 * disk that fills up later cannot prevent the write. -ENOSPC when there is no room now.
 */
int nm_file_begin(struct nm_file *file, const char *path, size_t reserve);

/** Writes the bytes, syncs, and renames over path. On failure path is untouched. */
int nm_file_commit(struct nm_file *file, const char *bytes, size_t length);

/** Removes the temporary file; harmless after a commit. */
void nm_file_abandon(struct nm_file *file);

/** Writes all bytes to fd. */
int nm_write_all(int fd, const char *bytes, size_t length);

#endif
