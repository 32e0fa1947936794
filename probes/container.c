/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/platform.h"

#include "probes/evidence.h"
#include "probes/kept.h"

#include <errno.h>
#include <string.h>

/* Inodes of the namespaces that the kernel starts with (include/linux/proc_ns.h). */
#define FIRST_PID "pid:[4026531836]"
#define FIRST_UTS "uts:[4026531838]"
#define FIRST_IPC "ipc:[4026531839]"

static const char *const marks[] = {".dockerenv", "run/.containerenv", "run/systemd/container",
				    NULL};

/* How container managers name their control groups. */
static const char *const groups[] = {"docker",	   "kubepods",	  "libpod",
				     "containerd", "lxc.payload", NULL};

/* What container engines leave behind; NULL: nothing. */
static const char *find_mark(const struct nm_probe_context *context)
{
	const char *cgroup = nm_kept_text(context, "proc/self/cgroup");

	for (size_t i = 0; marks[i]; i++)
		if (nm_root_exists(context->root, marks[i]))
			return nm_arena_printf(context->arena, "/%s is there", marks[i]);
	for (size_t i = 0; cgroup && groups[i]; i++)
		if (strstr(cgroup, groups[i]))
			return nm_arena_printf(context->arena, "/proc/self/cgroup has \"%s\"",
					       groups[i]);
	return NULL;
}

static int add(struct nm_probe_context *context, bool contained, const char *why, const char *mark)
{
	return nm_finding_add(context, "platform.container", NM_STATUS_INFO, NM_BOOL(contained),
			      NULL, "%s%s%s%s", why, mark ? "; " : "", mark ? mark : "",
			      contained ? ": SMBIOS and CPUID describe the host" : "");
}

static bool is_first(const struct nm_probe_context *context, const char *path, const char *first)
{
	const char *link = nm_root_link(context->root, context->arena, path);

	return link && !strcmp(link, first);
}

/*
 * Services may have UTS and IPC namespaces of their own, a machine's root file system may be made from a container
 * image and keep the mark, and a container may share the host's PID namespace: one of those alone says nothing.
 */
int nm_platform_container(struct nm_probe_context *context)
{
	const char *mark = find_mark(context);
	const char *pid = nm_root_link(context->root, context->arena, "proc/self/ns/pid");
	int error = errno;

	if (!pid && !mark)
		return nm_unknown_add(context, "platform.container", NULL,
				      "no mark of a container; /proc/self/ns/pid: %s",
				      nm_why_not(error));
	if (!pid)
		return add(context, true, mark, NULL);
	if (strcmp(pid, FIRST_PID) != 0)
		return add(context, true, "a PID namespace of its own", mark);
	if (mark && !(is_first(context, "proc/self/ns/uts", FIRST_UTS) &&
		      is_first(context, "proc/self/ns/ipc", FIRST_IPC)))
		return add(context, true, "the first PID namespace, but UTS or IPC of its own",
			   mark);
	return add(context, false, "the PID namespace is the kernel's first", mark);
}
