/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "probes/evidence.h"

#include <errno.h>

int nm_probe_kernel(struct nm_probe_context *context)
{
	static const char path[] = "proc/sys/kernel/osrelease";
	const char *release = nm_root_line(context->root, context->arena, path);

	if (!release || !*release)
		return nm_unread_add(context, "kernel.release", path, release ? EBADMSG : errno);
	return nm_finding_add(context, "kernel.release", NM_STATUS_INFO,
			      NM_STRING(nm_clean(context, release)), NULL, "/%s", path);
}
