/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The set of workload profiles: those of the program, and those of a folder. */
#include "probes/profile.h"

#include "core/error.h"
#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILES 500

static struct nm_workload *find(const struct nm_workloads *profiles, const char *name)
{
	for (size_t i = 0; i < profiles->count; i++)
		if (!strcmp(profiles->items[i].name, name))
			return &profiles->items[i];
	return NULL;
}

const struct nm_workload *nm_workload_find(const struct nm_workloads *profiles, const char *name)
{
	return find(profiles, name);
}

/* Adds a profile, or puts it in the place of the one with its name. */
static int put(struct nm_arena *arena, struct nm_workloads *profiles,
	       const struct nm_workload *profile)
{
	struct nm_workload *slot = find(profiles, profile->name);

	if (!slot)
		slot = nm_arena_append(arena, &profiles->items, &profiles->count, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = *profile;
	return 0;
}

int nm_workloads_builtin(struct nm_arena *arena, struct nm_workloads *out)
{
	int r = 0;

	for (const struct nm_workload_file *file = nm_workload_files; !r && file->name; file++) {
		struct nm_workload profile = {0};

		r = nm_workload_parse(arena, file->name, file->bytes, file->length, &profile);
		if (!r)
			r = put(arena, out, &profile);
	}
	return r;
}

static int is_profile(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return *entry->d_name != '.' && dot && !strcmp(dot, ".profile");
}

/* A pipe or a device might never end. */
static int check_regular(const char *path)
{
	struct stat info;

	if (stat(path, &info))
		return nm_fail(errno, "%s: %s", path, strerror(errno));
	return S_ISREG(info.st_mode) ? 0 : nm_fail(EINVAL, "%s: is not a regular file", path);
}

static int read_profile(struct nm_arena *arena, const char *path, struct nm_workload *out)
{
	struct nm_text text = {0};
	char *bytes;
	int r = check_regular(path);

	if (!r)
		r = nm_file_read(path, NM_PROFILE_MAX_BYTES, &text);
	if (r)
		return r;
	bytes = nm_arena_strndup(arena, text.bytes ? text.bytes : "", text.length);
	r = bytes ? nm_workload_parse(arena, path, bytes, text.length, out) : -ENOMEM;
	nm_text_free(&text);
	return r;
}

/* taken: the profiles of earlier files in the same folder. */
static int add_file(struct nm_arena *arena, const char *folder, const char *name,
		    struct nm_workloads *profiles, struct nm_workloads *taken)
{
	const char *path = nm_arena_printf(arena, "%s/%s", folder, name);
	const struct nm_workload *twin;
	struct nm_workload profile = {0};
	int r = path ? read_profile(arena, path, &profile) : -ENOMEM;

	if (r)
		return r;
	twin = find(taken, profile.name);
	if (twin)
		return nm_fail_remedy(EEXIST, "give it another name",
				      "%s: its name \"%s\" is that of %s", path, profile.name,
				      twin->place);
	r = put(arena, profiles, &profile);
	return r ? r : put(arena, taken, &profile);
}

int nm_workloads_add_folder(struct nm_arena *arena, const char *folder,
			    struct nm_workloads *profiles)
{
	struct nm_workloads taken = {0};
	struct dirent **entries;
	int count = scandir(folder, &entries, is_profile, alphasort);
	int r = 0;

	if (count < 0)
		return nm_fail(errno, "%s: %s", folder, strerror(errno));
	if (!count)
		r = nm_fail_remedy(ENOENT, "nestmark check --show NAME prints one to start from",
				   "%s: holds no file that ends in .profile", folder);
	if (count > MAX_FILES)
		r = nm_fail(E2BIG, "%s: more than %d profiles", folder, MAX_FILES);
	for (int i = 0; i < count; i++) {
		if (!r)
			r = add_file(arena, folder, entries[i]->d_name, profiles, &taken);
		free(entries[i]);
	}
	free(entries);
	return r;
}
