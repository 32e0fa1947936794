/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_CGROUP_H
#define NM_CORE_CGROUP_H

#include "core/arena.h"
#include "core/root.h"

#include <stdbool.h>
#include <stdint.h>

/** The control group of this process for one controller, in version 1 or 2 (cgroups(7)). */
struct nm_cgroup {
	const struct nm_root *root;
	struct nm_arena *arena;
	bool v2;
	const char *base; /* where the hierarchy is mounted: "sys/fs/cgroup/memory" */
	const char *path; /* of the group in it: "/a/b", "" for the root */
};

#define NM_CGROUP_NONE UINT64_MAX

/** Where the tightest limit of a group and those above it was found. */
struct nm_cgroup_limit {
	uint64_t value; /* NM_CGROUP_NONE: no limit */
	const char *where;
};

/** Reads one group's limit, NM_CGROUP_NONE when it sets none; false when the file is not there or not as expected. */
typedef bool (*nm_cgroup_reader)(void *context, const struct nm_cgroup *group,
				 const char *directory, uint64_t *limit);

/**
 * The group on the lines of proc/self/cgroup: root and arena are set in *out, and used by whoever reads on. 0; -ENOENT when it cannot be
 * told in which group this process is.
 */
int nm_cgroup_find(const char *text, const char *controller, struct nm_cgroup *out);

/** The tightest limit from the group up to the root; -errno when no hierarchy can be seen. */
int nm_cgroup_tightest(const struct nm_cgroup *group, nm_cgroup_reader read, void *context,
		       struct nm_cgroup_limit *out);

#endif
