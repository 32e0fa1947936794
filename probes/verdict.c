/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include <string.h>

static bool passes(const struct nm_findings *findings, const char *id)
{
	const struct nm_finding *finding = nm_findings_get(findings, id);

	return finding && finding->status == NM_STATUS_PASS;
}

static const char *string_of(const struct nm_findings *findings, const char *id)
{
	const struct nm_finding *finding = nm_findings_get(findings, id);

	return finding && finding->value.type == NM_VALUE_STRING ? finding->value.string : "";
}

/* The lab says so to its machines' kernels: neither Bochs nor a guest of QEMU's has another sign. */
#define EMULATED_WORD "nestmark.emulated"

static bool is_emulated(struct nm_probe_context *context)
{
	const char *hypervisor = context->machine->hypervisor;
	const char *cmdline = nm_root_text(context->root, context->arena, "proc/cmdline");

	return (hypervisor && !strcmp(hypervisor, "TCGTCGTCGTCG")) ||
	       (cmdline && strstr(cmdline, EMULATED_WORD));
}

/* One line for people in a hurry: what kind of virtualization guests get here. */
int nm_probe_verdict(struct nm_probe_context *context)
{
	const struct nm_findings *findings = context->findings;
	const char *backend = string_of(findings, "kvm.backend");
	const char *flag = string_of(findings, "cpu.virtualization");
	const struct nm_finding *device = nm_findings_get(findings, "kvm.device");
	const struct nm_finding *canary = nm_findings_get(findings, "guest.canary");
	const struct nm_finding *guest = nm_findings_get(findings, "guest.linux");

	if (!device || device->status != NM_STATUS_PASS)
		return nm_finding_add(context, "verdict.virtualization", NM_STATUS_FAIL,
				      NM_STRING("none"), device ? device->remedy : NULL, "%s",
				      device ? device->evidence : "KVM was not probed");
	if (canary && canary->status == NM_STATUS_FAIL)
		return nm_finding_add(context, "verdict.virtualization", NM_STATUS_FAIL,
				      NM_STRING("broken"), canary->remedy,
				      "KVM is there, but guests do not work: %s", canary->evidence);
	if (!strcmp(backend, "kvm_pvm"))
		return nm_finding_add(
			context, "verdict.virtualization", NM_STATUS_WARN, NM_STRING("software"),
			"use an instance with nested virtualization for hardware figures",
			"kvm_pvm: guest kernel code is interpreted, guest user code "
			"runs natively");
	if (guest && guest->status == NM_STATUS_FAIL)
		return nm_finding_add(context, "verdict.virtualization", NM_STATUS_FAIL,
				      NM_STRING("broken"), guest->remedy,
				      "KVM is there, but Linux guests do not work: %s",
				      guest->evidence);
	if (is_emulated(context))
		return nm_finding_add(
			context, "verdict.virtualization", NM_STATUS_WARN, NM_STRING("emulated"),
			"run on hardware for figures that mean time",
			"%s on a CPU that is emulated: functions are real, times are not", backend);
	if (!(!strcmp(backend, "kvm_intel") && !strcmp(flag, "vmx")) &&
	    !(!strcmp(backend, "kvm_amd") && !strcmp(flag, "svm")))
		return nm_finding_add(context, "verdict.virtualization", NM_STATUS_UNKNOWN,
				      NM_STRING("unknown"), NULL,
				      "%s with CPU virtualization \"%s\": not a pair that is known",
				      *backend ? backend : "a KVM module that cannot be seen",
				      flag);
	return nm_finding_add(context, "verdict.virtualization",
			      passes(findings, "guest.canary") ? NM_STATUS_PASS : NM_STATUS_UNKNOWN,
			      NM_STRING("hardware"), NULL, "%s with %s", backend, flag);
}
