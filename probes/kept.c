/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/kept.h"

#include <errno.h>
#include <string.h>

struct kept_file {
	const char *path;
	const char *text; /* NULL with error */
	int error;
};

struct nm_kept {
	struct kept_file *items;
	size_t count;
};

int nm_kept_begin(struct nm_probe_context *context)
{
	context->kept = nm_arena_alloc(context->arena, sizeof(*context->kept));
	return context->kept ? 0 : -ENOMEM;
}

const char *nm_kept_text(const struct nm_probe_context *context, const char *path)
{
	struct nm_kept *kept = context->kept;
	struct kept_file *file;
	const char *text;
	int error;

	for (size_t i = 0; kept && i < kept->count; i++) {
		if (strcmp(kept->items[i].path, path) != 0)
			continue;
		errno = kept->items[i].error;
		return kept->items[i].text;
	}
	text = nm_root_head(context->root, context->arena, path);
	error = text ? 0 : errno;
	file = kept ? nm_arena_append(context->arena, &kept->items, &kept->count, sizeof(*file))
		    : NULL;
	if (file)
		*file = (struct kept_file) {path, text, error};
	errno = error;
	return text;
}

int nm_kept_group(const struct nm_probe_context *context, const char *controller,
		  struct nm_cgroup *out)
{
	const char *text = nm_kept_text(context, "proc/self/cgroup");

	*out = (struct nm_cgroup) {.root = context->root, .arena = context->arena};
	return text ? nm_cgroup_find(text, controller, out) : -errno;
}
