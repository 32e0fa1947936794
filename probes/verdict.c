/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* One line for people in a hurry: what kind of virtualization guests get here, why, and the next step. */
#include "probes/probes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct verdict {
	enum nm_status status;
	const char *value;
	const char *evidence; /* of verdict.virtualization */
	const char *line;     /* verdict.nesting */
	const char *next;     /* the next step; NULL when there is none */
};

/* "VT-x, EPT, VPID": the extension by the name that people know, and what a nested guest gets of it. */
static const char *hardware_words(struct nm_probe_context *context)
{
	const char *name = nm_found_is(context, "cpu.virtualization", "vmx")   ? "VT-x"
			   : nm_found_is(context, "cpu.virtualization", "svm") ? "AMD-V"
			   : nm_found_is(context, "cpu.virtualization", "el2")
				   ? "EL2"
				   : nm_found_string(context, "kvm.backend");
	const char *summary = nm_found_string(context, "nesting.summary");

	return *summary ? nm_arena_printf(context->arena, "%s, %s", name, summary) : name;
}

/* Whether guests were started, and what came of them where nothing failed that matters. */
static const char *proof_words(struct nm_probe_context *context)
{
	const struct nm_finding *canary = nm_found(context, "guest.canary");
	const char *exits = nm_found_string(context, "guest.exits");

	if (!nm_found_pass(context, "guest.canary"))
		return !context->run_guest || !canary
			       ? "not proven, run without --no-guest"
			       : nm_arena_printf(context->arena, "not proven: %s",
						 canary->evidence);
	return *exits ? nm_arena_printf(context->arena, "proven by a guest: %s", exits)
		      : "proven by a guest";
}

/* The register that firmware locks; NULL where it did not lock VMX or SVM off. */
static const char *firmware_step(const struct nm_probe_context *context)
{
	static const char *const locks[] = {"vmx.cpu.feature_control", "svm.cpu.vm_cr"};

	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
		const struct nm_finding *lock = nm_found(context, locks[i]);

		if (lock && lock->status == NM_STATUS_FAIL)
			return lock->remedy;
	}
	return NULL;
}

/* A KVM that needs neither VMX nor SVM waits behind a device that cannot be used: the platform has done its part. */
static bool waits_for_device(const struct nm_probe_context *context)
{
	return !strncmp(nm_found_string(context, "kvm.backend"), "kvm_", 4) &&
	       !nm_found_pass(context, "kvm.device");
}

/* Of a platform that could give its guests VMX or SVM and does not, only the platform can change that. */
static const char *next_step(const struct nm_probe_context *context, const char *otherwise)
{
	const struct nm_finding *platform = nm_found(context, "platform.nesting");
	bool there = nm_found_is(context, "cpu.virtualization", "vmx") ||
		     nm_found_is(context, "cpu.virtualization", "svm");
	const char *firmware = firmware_step(context);

	if (firmware)
		return firmware;
	return !there && !waits_for_device(context) && platform && platform->remedy
		       ? platform->remedy
		       : otherwise;
}

static const char *format(struct nm_probe_context *context, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

/* Memory that runs out shows when the finding is added. */
static const char *format(struct nm_probe_context *context, const char *text, ...)
{
	va_list args;
	const char *line;

	va_start(args, text);
	line = nm_arena_vprintf(context->arena, text, args);
	va_end(args);
	return line ? line : "";
}

static struct verdict none(struct nm_probe_context *context, const struct nm_finding *device)
{
	return (struct verdict) {NM_STATUS_FAIL, "none", device->evidence,
				 format(context, "none: %s", device->evidence),
				 next_step(context, device->remedy)};
}

static struct verdict undecided(struct nm_probe_context *context, const char *why)
{
	return (struct verdict) {NM_STATUS_UNKNOWN, "unknown", why,
				 format(context, "unknown: %s", why), NULL};
}

static struct verdict broken(struct nm_probe_context *context, const char *whose,
			     const struct nm_finding *failure)
{
	return (struct verdict) {NM_STATUS_FAIL, "broken",
				 format(context, "KVM is there, but %s do not work: %s", whose,
					failure->evidence),
				 format(context, "capable, but %s do not work: %s", whose,
					failure->evidence),
				 failure->remedy};
}

static struct verdict software(struct nm_probe_context *context)
{
	static const char what[] =
		"kvm_pvm: guest kernel code is interpreted, guest user code runs natively";

	return (struct verdict) {
		NM_STATUS_WARN, "software", what,
		format(context, "software (%s): %s", what, proof_words(context)),
		next_step(context,
			  "use an instance with nested virtualization for hardware figures")};
}

static struct verdict emulated(struct nm_probe_context *context)
{
	return (struct verdict) {
		NM_STATUS_WARN, "emulated",
		format(context, "%s on a CPU that is emulated: functions are real, times are not",
		       nm_found_string(context, "kvm.backend")),
		format(context, "emulated (%s; functions are real, times are not): %s",
		       hardware_words(context), proof_words(context)),
		"run on hardware for figures that mean time"};
}

static struct verdict hardware(struct nm_probe_context *context)
{
	bool proven = nm_found_pass(context, "guest.canary");
	const char *words = hardware_words(context);
	const struct nm_finding *exits = nm_found(context, "guest.exits");

	return (struct verdict) {proven ? NM_STATUS_PASS : NM_STATUS_UNKNOWN, "hardware",
				 format(context, "%s with %s",
					nm_found_string(context, "kvm.backend"),
					nm_found_string(context, "cpu.virtualization")),
				 format(context, "%s (%s): %s", proven ? "hardware" : "capable",
					words, proof_words(context)),
				 exits ? exits->remedy : NULL};
}

static bool is_known_pair(const struct nm_probe_context *context)
{
	return (nm_found_is(context, "kvm.backend", "kvm_intel") &&
		nm_found_is(context, "cpu.virtualization", "vmx")) ||
	       (nm_found_is(context, "kvm.backend", "kvm_amd") &&
		nm_found_is(context, "cpu.virtualization", "svm")) ||
	       (nm_found_is(context, "kvm.backend", "kvm") &&
		nm_found_is(context, "cpu.virtualization", "el2"));
}

static struct verdict unknown_pair(struct nm_probe_context *context)
{
	const char *backend = nm_found_string(context, "kvm.backend");

	return undecided(context,
			 format(context,
				"%s with CPU virtualization \"%s\": not a pair that is known",
				*backend ? backend : "a KVM module that cannot be seen",
				nm_found_string(context, "cpu.virtualization")));
}

static struct verdict decide(struct nm_probe_context *context)
{
	const struct nm_finding *device = nm_found(context, "kvm.device");

	if (!device || device->status == NM_STATUS_UNKNOWN)
		return undecided(context, device ? device->evidence : "KVM was not probed");
	if (device->status != NM_STATUS_PASS)
		return none(context, device);
	if (nm_found_status(context, "guest.canary", NM_STATUS_FAIL))
		return broken(context, "guests", nm_found(context, "guest.canary"));
	if (nm_found_status(context, "guest.exits", NM_STATUS_FAIL))
		return broken(context, "guests", nm_found(context, "guest.exits"));
	if (nm_found_is(context, "kvm.backend", "kvm_pvm"))
		return software(context);
	if (nm_found_status(context, "guest.linux", NM_STATUS_FAIL))
		return broken(context, "Linux guests", nm_found(context, "guest.linux"));
	if (nm_found_true(context, "platform.emulator"))
		return emulated(context);
	return is_known_pair(context) ? hardware(context) : unknown_pair(context);
}

int nm_probe_verdict(struct nm_probe_context *context)
{
	const struct verdict verdict = decide(context);
	int r = nm_finding_add(context, "verdict.virtualization", verdict.status,
			       NM_STRING(verdict.value), verdict.next, "%s", verdict.evidence);

	/* A detail because it is shown below the others. */
	return r ? r
		 : nm_detail_add(context, "verdict.nesting", verdict.status,
				 NM_STRING(verdict.line), verdict.next, "%s", verdict.evidence);
}
