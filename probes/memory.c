/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "core/cgroup.h"
#include "probes/evidence.h"
#include "probes/kept.h"
#include "probes/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUGEPAGES "sys/kernel/mm/hugepages"
#define NODES	  "sys/devices/system/node"
#define THP	  "sys/kernel/mm/transparent_hugepage/"
#define KSM	  "sys/kernel/mm/ksm/"
#define MAX_SIZES 8 /* kinds of hugepages; x86 has two, arm64 up to four */
#define MAX_NODES 64

static int add_meminfo(struct nm_probe_context *context)
{
	static const struct {
		const char *id, *key, *what;
	} lines[] = {
		{"memory.total", "MemTotal", "bytes, MemTotal in /proc/meminfo"},
		{"memory.available", "MemAvailable",
		 "bytes that can be had without swapping, MemAvailable in /proc/meminfo"},
	};
	const char *text = nm_kept_text(context, "proc/meminfo");
	int error = text ? EBADMSG : errno;
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *value = nm_text_field(context->arena, text, lines[i].key);
		uint64_t bytes;

		if (value && nm_kilobytes(value, &bytes))
			r = nm_finding_add(context, lines[i].id, NM_STATUS_INFO,
					   NM_INT((int64_t)bytes), NULL, "%s", lines[i].what);
		else
			r = nm_unread_add(context, lines[i].id, "proc/meminfo", error);
	}
	return r;
}

/* Hugepages */

/* "hugepages-2048kB". */
static bool parse_size(const char *name, uint64_t *kilobytes)
{
	return nm_words(&name, "hugepages-") && nm_digits(&name, kilobytes) &&
	       !strcmp(name, "kB") && *kilobytes && *kilobytes <= UINT32_MAX;
}

static bool read_count(struct nm_probe_context *context, const char *folder, const char *size,
		       const char *file, uint64_t *out)
{
	const char *path = nm_arena_printf(context->arena, "%s/%s/%s", folder, size, file);

	return path && nm_root_number(context, path, out);
}

/* The command is shown, never run: reserving takes memory from others. */
static const char *reserve_command(struct nm_probe_context *context, uint64_t kilobytes)
{
	unsigned int pages = kilobytes >= 1048576 ? 1 : (unsigned int)(1048576 / kilobytes);

	return nm_arena_printf(
		context->arena,
		"for guests on such pages, reserve 1 GiB or more: echo %u | sudo tee "
		"/" HUGEPAGES "/hugepages-%llukB/nr_hugepages%s",
		pages, (unsigned long long)kilobytes,
		kilobytes >= 1048576 ? " (early after boot, while memory is whole)" : "");
}

static int add_node_pages(struct nm_probe_context *context, const char *node, const char *size,
			  uint64_t kilobytes)
{
	const char *folder = nm_arena_printf(context->arena, NODES "/%s/hugepages", node);
	uint64_t pages;
	uint64_t unused;
	char id[96];

	if (!folder)
		return -ENOMEM;
	if (!read_count(context, folder, size, "nr_hugepages", &pages) ||
	    !read_count(context, folder, size, "free_hugepages", &unused))
		return 0;
	snprintf(id, sizeof(id), "memory.%.40s.hugepages.%llukb", node,
		 (unsigned long long)kilobytes);
	return nm_detail_add(context, id, NM_STATUS_INFO, NM_INT((int64_t)pages), NULL,
			     "%llu of them free; /%s/%s", (unsigned long long)unused, folder, size);
}

static bool is_node(const char *name)
{
	uint64_t index;

	return nm_words(&name, "node") && nm_number(name, &index) && index <= UINT32_MAX;
}

static int add_nodes(struct nm_probe_context *context, const char *size, uint64_t kilobytes)
{
	struct nm_strings names = {0};
	size_t nodes = 0;
	int r = nm_root_list(context->root, context->arena, NODES, &names);

	for (size_t i = 0; !r && i < names.count && nodes < MAX_NODES; i++) {
		if (!is_node(names.items[i]))
			continue;
		nodes++;
		r = add_node_pages(context, names.items[i], size, kilobytes);
	}
	return r;
}

static int add_size(struct nm_probe_context *context, const char *size, uint64_t kilobytes)
{
	uint64_t pages;
	uint64_t unused = 0;
	char id[64];
	int r;

	snprintf(id, sizeof(id), "memory.hugepages.%llukb", (unsigned long long)kilobytes);
	if (!read_count(context, HUGEPAGES, size, "nr_hugepages", &pages) ||
	    !read_count(context, HUGEPAGES, size, "free_hugepages", &unused))
		return nm_unread_add(context, id, HUGEPAGES, errno);
	if (!pages)
		return nm_finding_add(context, id, NM_STATUS_INFO, NM_INT(0),
				      reserve_command(context, kilobytes),
				      "none reserved; /" HUGEPAGES "/%s", size);
	r = nm_finding_add(context, id, unused ? NM_STATUS_PASS : NM_STATUS_INFO,
			   NM_INT((int64_t)pages),
			   unused ? NULL : reserve_command(context, kilobytes),
			   "%llu of them free; /" HUGEPAGES "/%s", (unsigned long long)unused,
			   size);
	return r ? r : add_nodes(context, size, kilobytes);
}

static int add_hugepages(struct nm_probe_context *context)
{
	struct nm_strings names = {0};
	size_t sizes = 0;
	int r = nm_root_list(context->root, context->arena, HUGEPAGES, &names);

	for (size_t i = 0; !r && i < names.count && sizes < MAX_SIZES; i++) {
		uint64_t kilobytes;

		if (!parse_size(names.items[i], &kilobytes))
			continue;
		sizes++;
		r = add_size(context, names.items[i], kilobytes);
	}
	if (r || sizes)
		return r;
	return nm_unknown_add(context, "memory.hugepages", NULL,
			      "/" HUGEPAGES " names no size: absent, or not captured");
}

/* Transparent hugepages, KSM, overcommit, swap */

/* The word in brackets of "always [madvise] never"; NULL when there is none. */
static const char *chosen(struct nm_probe_context *context, const char *line)
{
	const char *open = line ? strchr(line, '[') : NULL;
	const char *close = open ? strchr(open, ']') : NULL;

	if (!close || close == open + 1)
		return NULL;
	return nm_clean(context,
			nm_arena_strndup(context->arena, open + 1, (size_t)(close - open - 1)));
}

static int add_thp(struct nm_probe_context *context)
{
	static const char remedy[] = "guest memory gets 4 KiB pages only; allow more: echo madvise "
				     "| sudo tee /" THP "enabled";
	const char *line = nm_root_line(context->root, context->arena, THP "enabled");
	int error = line ? EBADMSG : errno;
	const char *mode = chosen(context, line);
	bool never = mode && !strcmp(mode, "never");

	if (!mode)
		return nm_unread_add(context, "memory.thp", THP "enabled", error);
	return nm_finding_add(context, "memory.thp", never ? NM_STATUS_WARN : NM_STATUS_PASS,
			      NM_STRING(mode), never ? remedy : NULL, "/" THP "enabled");
}

static int add_thp_defrag(struct nm_probe_context *context)
{
	const char *mode =
		chosen(context, nm_root_line(context->root, context->arena, THP "defrag"));

	if (!mode)
		return 0;
	return nm_detail_add(context, "memory.thp_defrag", NM_STATUS_INFO, NM_STRING(mode), NULL,
			     "when a page fault may wait for memory to be compacted; /" THP
			     "defrag");
}

/* Documentation/admin-guide/mm/ksm.rst: 0 stops, 1 runs, 2 stops and unmerges. */
static int add_ksm(struct nm_probe_context *context)
{
	static const char remedy[] = "stop it while measuring, and where guests do not trust each "
				     "other: echo 2 | sudo tee /" KSM "run";
	uint64_t run;
	uint64_t sharing = 0;
	bool known;

	if (!nm_root_number(context, KSM "run", &run))
		return nm_unread_add(context, "memory.ksm", KSM "run", errno);
	known = nm_root_number(context, KSM "pages_sharing", &sharing);
	if (known)
		return nm_finding_add(context, "memory.ksm",
				      run == 1 ? NM_STATUS_WARN : NM_STATUS_INFO, NM_BOOL(run == 1),
				      run == 1 ? remedy : NULL,
				      "/" KSM "run is %llu; %llu pages are merged into others",
				      (unsigned long long)run, (unsigned long long)sharing);
	return nm_finding_add(context, "memory.ksm", run == 1 ? NM_STATUS_WARN : NM_STATUS_INFO,
			      NM_BOOL(run == 1), run == 1 ? remedy : NULL,
			      "/" KSM "run is %llu; pages_sharing cannot be read",
			      (unsigned long long)run);
}

/* Documentation/mm/overcommit-accounting.rst. */
static int add_overcommit(struct nm_probe_context *context)
{
	static const char path[] = "proc/sys/vm/overcommit_memory";
	static const char *const modes[] = {"heuristic", "always", "never"};
	static const char remedy[] =
		"mappings beyond CommitLimit fail; sudo sysctl vm.overcommit_memory=0 lifts that";
	uint64_t mode;
	bool never;

	if (!nm_root_number(context, path, &mode))
		return nm_unread_add(context, "memory.overcommit", path, errno);
	if (mode >= sizeof(modes) / sizeof(modes[0]))
		return nm_unread_add(context, "memory.overcommit", path, EBADMSG);
	never = mode == 2;
	return nm_finding_add(context, "memory.overcommit", never ? NM_STATUS_WARN : NM_STATUS_INFO,
			      NM_STRING(modes[mode]), never ? remedy : NULL, "/%s is %u", path,
			      (unsigned int)mode);
}

/* One line of proc/swaps: a name without blanks, type, size and use in KiB, priority. */
static bool parse_swap(const char *line, uint64_t *total, uint64_t *used)
{
	uint64_t size;
	uint64_t in_use;

	line += strcspn(line, " \t\n");
	line += strspn(line, " \t");
	line += strcspn(line, " \t\n");
	line += strspn(line, " \t");
	if (!nm_digits(&line, &size))
		return false;
	line += strspn(line, " \t");
	if (!nm_digits(&line, &in_use) || in_use > size || size > INT64_MAX / 2048 ||
	    *total > INT64_MAX / 2 || (*line != ' ' && *line != '\t'))
		return false;
	*total += size * 1024;
	*used += in_use * 1024;
	return true;
}

static int add_swap(struct nm_probe_context *context)
{
	static const char id[] = "memory.swap";
	const char *text = nm_root_text(context->root, context->arena, "proc/swaps");
	uint64_t total = 0;
	uint64_t used = 0;

	if (!text)
		return nm_unread_add(context, id, "proc/swaps", errno);
	if (strncmp(text, "Filename", 8) != 0)
		return nm_unread_add(context, id, "proc/swaps", EBADMSG);
	for (text += strcspn(text, "\n"); *text && text[1]; text += strcspn(text, "\n"))
		if (!parse_swap(++text, &total, &used))
			return nm_unread_add(context, id, "proc/swaps", EBADMSG);
	return nm_finding_add(
		context, id, used ? NM_STATUS_WARN : NM_STATUS_INFO, NM_INT((int64_t)total),
		used ? "keep guest memory out of swap while measuring: sudo swapoff -a" : NULL,
		"bytes of swap space, %llu of them used; /proc/swaps", (unsigned long long)used);
}

/* Control groups */

/* Version 1 says "no limit" with the largest multiple of the page size (mm/page_counter.c). */
#define NO_LIMIT_V1 ((uint64_t)INT64_MAX - 65535)

static bool read_limit(void *own, const struct nm_cgroup *group, const char *directory,
		       uint64_t *limit)
{
	const struct nm_probe_context *context = own;
	const char *file = group->v2 ? "memory.max" : "memory.limit_in_bytes";
	const char *path = nm_arena_printf(context->arena, "%s/%s", directory, file);
	const char *line = path ? nm_root_line(context->root, context->arena, path) : NULL;
	uint64_t value;

	if (!line)
		return false;
	if (group->v2 && !strcmp(line, "max"))
		return true;
	if (!nm_number(line, &value))
		return false;
	if (group->v2 || value < NO_LIMIT_V1)
		*limit = value;
	return true;
}

static int add_cgroup(struct nm_probe_context *context)
{
	static const char id[] = "memory.cgroup_limit";
	struct nm_cgroup_limit limit;
	struct nm_cgroup group;
	int r = nm_kept_group(context, "memory", &group);

	if (!r)
		r = nm_cgroup_tightest(&group, read_limit, context, &limit);
	if (r == -ENOMEM)
		return r;
	if (r)
		return nm_unknown_add(context, id, NULL, "control groups: %s", nm_why_not(-r));
	if (limit.value == NM_CGROUP_NONE)
		return nm_finding_add(context, id, NM_STATUS_INFO, NM_STRING("none"), NULL,
				      "no control group of this process limits its memory");
	return nm_finding_add(context, id, NM_STATUS_INFO, NM_INT((int64_t)limit.value), NULL,
			      "bytes, by /%s: guests of this process must fit",
			      nm_clean(context, limit.where));
}

int nm_probe_memory(struct nm_probe_context *context)
{
	static int (*const parts[])(struct nm_probe_context *) = {
		add_meminfo, add_hugepages,  add_thp,  add_thp_defrag,
		add_ksm,     add_overcommit, add_swap, add_cgroup,
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = parts[i](context);
	return r;
}
