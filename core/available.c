/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/available.h"

#include "core/cgroup.h"

#include <stdlib.h>
#include <string.h>

static bool read_number(const struct nm_cgroup *group, const char *directory, const char *file,
			uint64_t *out)
{
	const char *path = nm_arena_printf(group->arena, "%s/%s", directory, file);
	const char *line = path ? nm_root_line(group->root, group->arena, path) : NULL;

	if (!line || *line < '0' || *line > '9')
		return false;
	*out = strtoull(line, NULL, 10);
	return true;
}

/* Pages of files that nobody has used lately go away when memory is needed, though they are charged to the group. */
static uint64_t inactive_files(const struct nm_cgroup *group, const char *directory)
{
	static const char name[] = "inactive_file ";
	const char *path = nm_arena_printf(group->arena, "%s/memory.stat", directory);
	const char *line = path ? nm_root_text(group->root, group->arena, path) : NULL;

	while (line && strncmp(line, name, strlen(name)) != 0) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return line ? strtoull(line + strlen(name), NULL, 10) : 0;
}

/* What the limit of one group leaves. Version 1 says "no limit" with a number that nothing reaches. */
static bool read_room(void *context, const struct nm_cgroup *group, const char *directory,
		      uint64_t *room)
{
	uint64_t limit;
	uint64_t used;
	uint64_t files;

	(void)context;
	if (!read_number(group, directory, group->v2 ? "memory.max" : "memory.limit_in_bytes",
			 &limit) ||
	    !read_number(group, directory, group->v2 ? "memory.current" : "memory.usage_in_bytes",
			 &used))
		return false;
	files = inactive_files(group, directory);
	used -= files < used ? files : used;
	*room = limit > used ? limit - used : 0;
	return true;
}

static uint64_t group_room(const struct nm_root *root, struct nm_arena *arena)
{
	struct nm_cgroup group = {.root = root, .arena = arena};
	const char *text = nm_root_text(root, arena, "proc/self/cgroup");
	struct nm_cgroup_limit room;

	if (!text || nm_cgroup_find(text, "memory", &group) ||
	    nm_cgroup_tightest(&group, read_room, NULL, &room))
		return NM_CGROUP_NONE;
	return room.value;
}

uint64_t nm_available_bytes(const struct nm_root *root)
{
	struct nm_arena arena = {0};
	const char *text = nm_root_text(root, &arena, "proc/meminfo");
	const char *field = text ? nm_text_field(&arena, text, "MemAvailable") : NULL;
	const uint64_t machine = field ? strtoull(field, NULL, 10) * 1024 : 0;
	const uint64_t group = group_room(root, &arena);

	nm_arena_free(&arena);
	return machine < group ? machine : group;
}
