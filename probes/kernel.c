/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

int nm_probe_kernel(struct nm_probe_context *context)
{
	const char *release =
		nm_root_line(context->root, context->arena, "proc/sys/kernel/osrelease");
	const char *clock =
		nm_root_line(context->root, context->arena,
			     "sys/devices/system/clocksource/clocksource0/current_clocksource");
	int r;

	if (release)
		r = nm_finding_add(context, "kernel.release", NM_STATUS_INFO, NM_STRING(release),
				   NULL, "/proc/sys/kernel/osrelease");
	else
		r = nm_finding_add(context, "kernel.release", NM_STATUS_UNKNOWN,
				   (struct nm_value) {0}, NULL,
				   "/proc/sys/kernel/osrelease cannot be read");
	if (r || !clock)
		return r;
	return nm_finding_add(context, "kernel.clocksource", NM_STATUS_INFO, NM_STRING(clock), NULL,
			      "/sys/devices/system/clocksource/clocksource0/current_clocksource");
}
