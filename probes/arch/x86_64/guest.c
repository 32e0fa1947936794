/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Proof: the canary, the smallest guest there is. A capability that is present but does not work is found here. */
#include "probes/probes.h"

#include "core/clock.h"
#include "core/error.h"
#include "vmm/guest.h"

#include <stdio.h>

#define CANARY_LIMIT_NS NM_NS_PER_S
#define CANARY_VALUE	0x6e6du

static int run_canary(const struct nm_kvm *kvm, struct nm_guest_result *result, uint64_t *value)
{
	struct nm_payload payload;
	struct nm_guest guest;
	const struct nm_guest_config config = {.payload = &payload, .vcpus = 1};
	int r = nm_payload_canary(&payload);

	if (!r)
		r = nm_guest_create(&guest, kvm, &config);
	if (r)
		return r;
	r = nm_guest_prepare(&guest, 0, "canary", 0);
	if (!r)
		r = nm_guest_run(&guest, 0, CANARY_LIMIT_NS, result);
	*value = nm_guest_control(&guest, 0)->result[0];
	nm_guest_destroy(&guest);
	return r;
}

static int add_failure(struct nm_probe_context *context, const char *what, const char *remedy)
{
	return nm_finding_add(context, "guest.canary", NM_STATUS_FAIL, NM_BOOL(false), remedy, "%s",
			      what);
}

int nm_probe_guest(struct nm_probe_context *context)
{
	static const char report[] =
		"capable, but guests do not work here: report it with the kernel log";
	struct nm_guest_result result = {0};
	uint64_t value = 0;
	int r;

	if (context->kvm.fd < 0 || !context->run_guest)
		return nm_finding_add(context, "guest.canary", NM_STATUS_UNKNOWN, NM_BOOL(false),
				      NULL,
				      context->kvm.fd < 0 ? "no KVM device to run a guest on"
							  : "not tried");
	r = run_canary(&context->kvm, &result, &value);
	if (r)
		return add_failure(context, nm_error_last()->text,
				   nm_error_last()->remedy[0] ? nm_error_last()->remedy : report);
	if (result.end != NM_GUEST_DONE)
		return add_failure(context, result.text, report);
	if (value != CANARY_VALUE)
		return add_failure(context, "the guest ran, but its memory is not what it wrote",
				   report);
	return nm_finding_add(context, "guest.canary", NM_STATUS_PASS, NM_BOOL(true), NULL,
			      "a guest ran in 64-bit mode, wrote memory and left by OUT");
}
