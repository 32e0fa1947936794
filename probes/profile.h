/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_PROFILE_H
#define NM_PROBES_PROFILE_H

#include "core/arena.h"
#include "core/record.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What a workload needs, as a text file (docs/check.md): a section [workload], and a section [requirement] for each
 * thing that findings can tell.
 */

#define NM_PROFILE_MAX_BYTES ((size_t)64 << 10)

struct nm_requirement {
	const char *label;
	struct nm_strings findings; /* IDs; "a.b.*" is every finding below a.b */
	struct nm_strings
		when; /* an ID and values: applies only where the finding has one of them */
	/* What is asked of the findings; at most one of these is set, none is: status pass. */
	struct nm_strings is;	    /* one of these statuses */
	struct nm_strings equals;   /* one of these values */
	struct nm_strings lacks;    /* a value without any of these words */
	struct nm_strings at_least; /* a number or version that is not smaller */
	const char *level_name;
	int level; /* enum nm_check_level */
	const char *remedy;
	const char *source;
};

struct nm_workload {
	const char *place; /* the file, for messages */
	const char *text;  /* as it was read */
	size_t length;
	const char *name;
	const char *title;
	const char *as_of;
	const char *source;
	const char *advice;	   /* why its makers advise against it inside a VM; NULL without */
	const char *proof_name;	   /* guest (also NULL) or none */
	bool proven_by_guest;	   /* a guest of nestmark's that works shows that this can work */
	struct nm_strings unknown; /* what nobody has published, or no finding tells */
	struct {
		struct nm_requirement *items;
		size_t count;
	} requirements;
};

struct nm_workloads {
	struct nm_workload *items;
	size_t count;
};

/**
 * Parses a profile; the bytes must stay. -EINVAL with "place:line: what" and the remedy for anything that is not as
 * docs/check.md says. out must be zeroed.
 */
int nm_workload_parse(struct nm_arena *arena, const char *place, const char *bytes, size_t length,
		      struct nm_workload *out);

/** The profiles that are part of the program, in the order of their names. */
int nm_workloads_builtin(struct nm_arena *arena, struct nm_workloads *out);

/** Adds every *.profile of a folder; one with the name of an earlier profile takes its place. */
int nm_workloads_add_folder(struct nm_arena *arena, const char *folder,
			    struct nm_workloads *profiles);

const struct nm_workload *nm_workload_find(const struct nm_workloads *profiles, const char *name);

/* Generated from probes/profiles/. */
struct nm_workload_file {
	const char *name;
	const char *bytes;
	size_t length;
};
extern const struct nm_workload_file nm_workload_files[]; /* name is NULL at the end */

#endif
