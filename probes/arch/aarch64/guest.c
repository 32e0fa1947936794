/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The guests of nestmark are x86-64's: here nothing can be proved by running one. */
#include "probes/probes.h"

static const char remedy[] = "start a guest with another VMM, such as QEMU with -accel kvm";

int nm_probe_guest(struct nm_probe_context *context)
{
	return nm_unknown_add(context, "guest.canary", remedy,
			      "not tried: nestmark has guests for x86-64 only");
}

int nm_probe_linux(struct nm_probe_context *context)
{
	if (!context->prove_linux)
		return 0;
	return nm_unknown_add(context, "guest.linux", remedy,
			      "not tried: nestmark boots Linux on x86-64 only");
}
