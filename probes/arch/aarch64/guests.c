/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The guests of nestmark are x86-64's: here nothing can be proved by running one. */
#include "probes/guest_fact.h"
#include "probes/probes.h"

static const char remedy[] = "start a guest with another VMM, such as QEMU with -accel kvm";

int nm_guest_fact_produce(struct nm_text *out, void *kvm)
{
	(void)kvm;
	nm_guest_fact_put(out, "canary", NM_PROOF_UNSUPPORTED,
			  "nestmark has guests for x86-64 only");
	nm_guest_fact_put_remedy(out, remedy);
	return nm_text_status(out);
}

int nm_probe_linux(struct nm_probe_context *context)
{
	if (!context->prove_linux)
		return 0;
	return nm_unknown_add(context, "guest.linux", remedy,
			      "not tried: nestmark boots Linux on x86-64 only");
}
