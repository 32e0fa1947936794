/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_CAPTURE_H
#define NM_CORE_CAPTURE_H

#include "core/arena.h"
#include "core/record.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A captured machine: every question that probes asked a machine root, with its answer. Written as one tar archive
 * compressed by zstd: the files under their own paths, all other answers in nestmark/capture.json.
 */

#define NM_CAPTURE_SCHEMA "nestmark/capture/1"

enum nm_answer_kind {
	NM_ANSWER_TEXT,	  /* the bytes of a file */
	NM_ANSWER_LIST,	  /* the names in a folder */
	NM_ANSWER_LINK,	  /* where a symbolic link points */
	NM_ANSWER_EXISTS, /* something is there */
	NM_ANSWER_DEVICE, /* it opens for reading and writing */
};

struct nm_answer {
	int kind; /* enum nm_answer_kind */
	const char *path;
	int error;	   /* errno instead of an answer, or 0 */
	const char *bytes; /* of a text or link, terminated */
	size_t length;
	struct nm_strings names; /* of a list, sorted */
};

struct nm_capture {
	struct nm_arena arena;
	const char *tool_version;
	const char *note; /* how it was made, for people; NULL without */
	bool redacted;
	struct {
		struct nm_answer *items;
		size_t count;
	} answers;
};

/** Appends a copy of an answer. */
int nm_capture_add(struct nm_capture *capture, const struct nm_answer *answer);

/** Sorts the answers, and keeps the first of those to the same question. Needed before nm_capture_find(). */
void nm_capture_sort(struct nm_capture *capture);

/** The answer to a question; NULL when it was not asked. */
const struct nm_answer *nm_capture_find(const struct nm_capture *capture, enum nm_answer_kind kind,
					const char *path);

/** Takes out what identifies a machine or its owner: serials, UUIDs, MAC and IP addresses, instance ids, the host's name. */
int nm_capture_redact(struct nm_capture *capture, const char *host);

/**
 * Reads a capture, which may come from a stranger: bounded in size, entries and paths, and refused with -EINVAL and
 * the place when anything in it is not as nm_capture_write() leaves it. out must be zeroed; it is sorted.
 */
int nm_capture_read(const char *path, struct nm_capture *out);

/** Parses capture.json alone, whose texts lie elsewhere. */
int nm_capture_parse(const char *name, const char *bytes, size_t length, struct nm_capture *out);

/** Writes a sorted capture; the same answers give the same bytes. */
int nm_capture_write(const struct nm_capture *capture, const char *path);

void nm_capture_free(struct nm_capture *capture);

#endif
