/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_FRAMES_H
#define NM_BENCHMARKS_LINUX_FRAMES_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What comes out of a serial port on which an agent (guest-payloads/linux/) and a kernel write: frames, which are lines
 * "@nm CHECKSUM TEXT" with the FNV-1a of the text, and everything else.
 */

#define NM_FRAME_BYTES	 700u
#define NM_CONSOLE_BYTES 4096u

struct nm_frames {
	char line[NM_FRAME_BYTES + 1];
	size_t length;
	bool too_long;
	bool inside;			    /* a '@' has come in this line */
	char console[NM_CONSOLE_BYTES + 1]; /* the end of all other lines, as text */
	size_t console_length;
	void (*starts)(void *context); /* the first byte of what may be a frame has come */
	void (*frame)(void *context, const char *text);
	void (*damaged)(void *context);			    /* a frame whose checksum is wrong */
	void (*line_ends)(void *context, const char *line); /* of any kind; NULL: nobody cares */
	void *context;
};

void nm_frames_feed(struct nm_frames *frames, const char *bytes, size_t length);

/** The last lines that were no frames, on one line for people. */
void nm_frames_tail(const struct nm_frames *frames, char *out, size_t size);

#endif
