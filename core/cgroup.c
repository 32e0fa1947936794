/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cgroup.h"

#include <errno.h>
#include <string.h>

#define MAX_DEPTH  32
#define MAX_LENGTH 1024

/* Whether a comma-separated list of controllers, which ends at a colon, names this one. */
static bool names(const char *list, const char *controller)
{
	size_t length = strlen(controller);

	while (*list && *list != ':') {
		size_t word = strcspn(list, ",:");

		if (word == length && !strncmp(list, controller, length))
			return true;
		list += word + (list[word] == ',');
	}
	return false;
}

/*
 * The path on the line "ID:CONTROLLERS:PATH" of this controller, or on "0::PATH" of version 2. A group that lies outside
 * this cgroup namespace is shown with "/.." in front: nothing of it can be seen here, so the root stands for it.
 */
static const char *path_of(struct nm_arena *arena, const char *text, const char *controller,
			   bool *v2)
{
	const char *path = NULL;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *list = line + strspn(line, "0123456789");
		bool unified = !strncmp(line, "0::/", 4);

		if (*list != ':' || (!unified && !names(list + 1, controller)))
			continue;
		list += 1 + strcspn(list + 1, ":\n");
		if (*list != ':' || (path && unified))
			continue;
		path = nm_arena_strndup(arena, list + 1, strcspn(list + 1, "\n"));
		*v2 = unified;
	}
	if (path && (*path != '/' || strlen(path) > MAX_LENGTH || strstr(path, "/..") ||
		     strstr(path, "//") || !path[1]))
		return "";
	return path;
}

int nm_cgroup_find(const char *text, const char *controller, struct nm_cgroup *out)
{
	out->path = path_of(out->arena, text, controller, &out->v2);
	if (!out->path)
		return -ENOENT;
	if (!out->v2)
		out->base = nm_arena_printf(out->arena, "sys/fs/cgroup/%s", controller);
	else if (nm_root_exists(out->root, "sys/fs/cgroup/cgroup.controllers"))
		out->base = "sys/fs/cgroup";
	else
		out->base = "sys/fs/cgroup/unified";
	return out->base ? 0 : -ENOMEM;
}

/* Every hierarchy has this file in every group. */
static int check_mounted(const struct nm_cgroup *group)
{
	const char *path = nm_arena_printf(group->arena, "%s/cgroup.procs", group->base);

	if (!path)
		return -ENOMEM;
	return nm_root_exists(group->root, path) ? 0 : -errno;
}

int nm_cgroup_tightest(const struct nm_cgroup *group, nm_cgroup_reader read, void *context,
		       struct nm_cgroup_limit *out)
{
	size_t base = strlen(group->base);
	char *directory = nm_arena_printf(group->arena, "%s%s", group->base, group->path);
	bool seen = false;

	*out = (struct nm_cgroup_limit) {.value = NM_CGROUP_NONE};
	for (int depth = 0; directory && depth < MAX_DEPTH; depth++) {
		uint64_t limit = NM_CGROUP_NONE;
		char *slash = strrchr(directory, '/');

		seen |= read(context, group, directory, &limit);
		if (limit < out->value) {
			out->value = limit;
			out->where = nm_arena_strdup(group->arena, directory);
		}
		if (strlen(directory) <= base || !slash)
			break;
		*slash = '\0';
	}
	if (!directory || (out->value != NM_CGROUP_NONE && !out->where))
		return -ENOMEM;
	return seen ? 0 : check_mounted(group);
}
