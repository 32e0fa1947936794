/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_ROOT_H
#define NM_CORE_ROOT_H

#include "core/arena.h"
#include "core/capture.h"
#include "core/record.h"
#include "core/text.h"

#include <stdbool.h>

/**
 * The machine that probes look at: the live one, a folder that holds its sys, proc and dev, or a capture. What
 * probes want to know passes through here, so that it can be recorded, and replayed. Only the live machine can be
 * measured.
 */
struct nm_root {
	int fd; /* of the folder; -1 for a capture */
	bool live;
	struct nm_capture *replay;   /* answers of a captured machine; NULL when live */
	struct nm_capture *recorder; /* takes every question and answer; NULL: nobody records */
};

/** "/" is the live machine; any other folder, or a capture file, is a recorded one. */
int nm_root_open(struct nm_root *root, const char *path);
void nm_root_close(struct nm_root *root);

/**
 * The first line of a small file, without its newline; NULL when it is absent or unreadable (errno says
 * why; ENODATA: it was not captured). The path is relative to the root: "sys/module/kvm/parameters/nested".
 */
char *nm_root_line(const struct nm_root *root, struct nm_arena *arena, const char *path);

/** A whole file, or NULL with errno when it is absent, unreadable or larger than 1 MiB. */
char *nm_root_text(const struct nm_root *root, struct nm_arena *arena, const char *path);

/** The first 64 KiB of a file that can be longer: one block of proc/cpuinfo and more, of however many CPUs. */
char *nm_root_head(const struct nm_root *root, struct nm_arena *arena, const char *path);

/** The same for a file with NUL bytes in it: *length is its size. */
char *nm_root_bytes(const struct nm_root *root, struct nm_arena *arena, const char *path,
		    size_t *length);

/** Appends the sorted names in a directory; nothing when it is absent. */
int nm_root_list(const struct nm_root *root, struct nm_arena *arena, const char *path,
		 struct nm_strings *names);

/** Where a symbolic link points, or NULL with errno. */
char *nm_root_link(const struct nm_root *root, struct nm_arena *arena, const char *path);

/** Whether something is there; errno says why not. */
bool nm_root_exists(const struct nm_root *root, const char *path);

/** Whether a device such as "dev/vhost-net" can be opened for reading and writing: 0 or -errno. */
int nm_root_device(const struct nm_root *root, const char *path);

/**
 * What no file says, as a text: on the live machine what `produce` writes, on a recorded one the file nestmark/NAME.
 * Probes parse the same text in both cases. NULL with errno when it cannot be had: that of the producer, or
 * ENODATA when it was not captured.
 */
char *nm_root_fact(const struct nm_root *root, struct nm_arena *arena, const char *name,
		   int (*produce)(struct nm_text *out, void *context), void *context);

/** The value of "key : value" in the first block of a text such as proc/cpuinfo, or NULL. */
char *nm_text_field(struct nm_arena *arena, const char *text, const char *key);

#endif
