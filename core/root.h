/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_ROOT_H
#define NM_CORE_ROOT_H

#include "core/arena.h"
#include "core/record.h"

#include <stdbool.h>

/**
 * The machine that probes look at: a directory that holds its sys, proc and dev. "/" is the live machine;
 * any other directory is a recorded one, which can be read but neither opened as devices nor measured.
 */
struct nm_root {
	int fd;
	bool live;
};

int nm_root_open(struct nm_root *root, const char *path);
void nm_root_close(struct nm_root *root);

/**
 * The first line of a small file, without its newline; NULL when it is absent or unreadable (errno says
 * why). The path is relative to the root: "sys/module/kvm/parameters/nested".
 */
char *nm_root_line(const struct nm_root *root, struct nm_arena *arena, const char *path);

/** A whole file, or NULL when it is absent, unreadable or larger than 1 MiB. */
char *nm_root_text(const struct nm_root *root, struct nm_arena *arena, const char *path);

/** Appends the sorted names in a directory; nothing when it is absent. */
int nm_root_list(const struct nm_root *root, struct nm_arena *arena, const char *path,
		 struct nm_strings *names);

bool nm_root_exists(const struct nm_root *root, const char *path);

/** The value of "key : value" in the first block of a text such as proc/cpuinfo, or NULL. */
char *nm_text_field(struct nm_arena *arena, const char *text, const char *key);

#endif
