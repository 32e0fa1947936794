/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_MEMORY_SCENE_H
#define NM_BENCHMARKS_MEMORY_SCENE_H

#include "benchmarks/bench.h"
#include "benchmarks/memory/region.h"

#include <pthread.h>
#include <stdbool.h>

/*
 * What operations on memory share: every sample is one page, one after the other, and what a page holds is checked. A page
 * that was written to before the measured loop holds its guest-physical address, one that the loop wrote to holds one more.
 */

/* The most pages of 4 KiB in a round: 40 MiB. */
#define NM_SCENE_SAMPLES 10000u

struct nm_scene;

/** What the state of memory is when the loop begins, and what the loop does. */
struct nm_scene_kind {
	enum nm_backing backing;
	uint64_t guest_page; /* size of pages in the guest's page tables */
	uint64_t step;	     /* from one touch to the next */
	bool read;	     /* the loop reads instead of writing, */
	bool filled;	     /* and finds the address of each page there instead of zeros */
	bool looked;	     /* everything was read by who is measured */
	bool populated;	     /* the host has found and filled the memory */
	bool used;	     /* everything was written to by who is measured, */
	/* and then the host did this; it sees a native round by scene->round being NULL. */
	int (*between)(struct nm_scene *scene);
	/** Before anything is touched; and its undoing, which must bear that it never ran. */
	int (*begin)(struct nm_scene *scene);
	void (*end)(struct nm_scene *scene);
	/** After the loop. */
	bool (*check)(struct nm_scene *scene, char *why, size_t size);
};

/** A round of it. */
struct nm_scene {
	const struct nm_scene_kind *kind;
	struct nm_guest_round *round; /* NULL: native */
	struct nm_region region;
	uint64_t pages;
	int error;	/* the first of .between in a guest's round, */
	char text[512]; /* and what it was */
	void *own;	/* of the kind; freed with the scene */
};

int nm_scene_prepare(struct nm_guest_round *round, const struct nm_scene_kind *kind);
bool nm_scene_verify(const struct nm_guest_round *round, char *why, size_t size);
void nm_scene_release(struct nm_guest_round *round);
bool nm_scene_native(struct nm_native_round *round, const struct nm_scene_kind *kind, char *why,
		     size_t size);

/** Hooks of a descriptor for the kind `id`. */
#define NM_SCENE_GUEST(id)                                                                         \
	static int prepare_##id(struct nm_guest_round *round)                                      \
	{                                                                                          \
		return nm_scene_prepare(round, &id);                                               \
	}

#define NM_SCENE_NATIVE(id)                                                                        \
	static bool native_##id(struct nm_native_round *round, char *why, size_t size)             \
	{                                                                                          \
		return nm_scene_native(round, &id, why, size);                                     \
	}

#endif
