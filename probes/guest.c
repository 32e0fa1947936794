/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Proof: the canary, the smallest guest there is, then one of each class of exit. A capability that is present but does not
 * work is found here.
 */
#include "probes/probes.h"

#include "core/error.h"
#include "probes/evidence.h"
#include "probes/guest_fact.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char report_canary[] =
	"capable, but guests do not work here: report it with guest.report and the kernel log";
static const char report_class[] =
	"guests that need this do not work here: report it with guest.report and the kernel log";
static const char use_hardware[] = "use a machine with hardware virtualization";

static bool is_failure(const struct nm_proof *proof)
{
	return proof->state == NM_PROOF_FAIL || proof->state == NM_PROOF_TIMEOUT;
}

/* A software KVM is known to lack some; of any other it is news. */
static const char *class_remedy(const struct nm_probe_context *context)
{
	return nm_found_is(context, "kvm.backend", "kvm_pvm") ? use_hardware : report_class;
}

static int add_unknown(struct nm_probe_context *context, const char *why)
{
	int r = nm_unknown_add(context, "guest.canary", NULL, "%s", why);

	return r ? r : nm_unknown_add(context, "guest.exits", NULL, "%s", why);
}

static int add_canary(struct nm_probe_context *context, const struct nm_guest_fact *fact)
{
	if (fact->canary.state == NM_PROOF_OK)
		return nm_finding_add(context, "guest.canary", NM_STATUS_PASS, NM_BOOL(true), NULL,
				      "a guest ran in 64-bit mode, wrote memory and left by OUT");
	if (!is_failure(&fact->canary))
		return nm_unknown_add(context, "guest.canary", NULL, "%s", fact->canary.text);
	return nm_finding_add(context, "guest.canary", NM_STATUS_FAIL, NM_BOOL(false),
			      fact->remedy ? fact->remedy : report_canary, "%s", fact->canary.text);
}

static int add_class(struct nm_probe_context *context, const struct nm_guest_class_info *info,
		     const struct nm_proof *proof)
{
	char id[64];

	snprintf(id, sizeof(id), "guest.exit.%s", info->name);
	switch (proof->state) {
	case NM_PROOF_OK:
		return nm_detail_add(context, id, NM_STATUS_PASS, NM_BOOL(true), NULL, "%s",
				     info->shown);
	case NM_PROOF_FAIL:
	case NM_PROOF_TIMEOUT:
		return nm_detail_add(context, id, NM_STATUS_FAIL, NM_BOOL(false),
				     class_remedy(context), "%s", proof->text);
	case NM_PROOF_UNSUPPORTED:
		return nm_detail_add(context, id, NM_STATUS_INFO, NM_BOOL(false), NULL, "%s",
				     proof->text);
	default:
		return nm_detail_add(context, id, NM_STATUS_UNKNOWN, (struct nm_value) {0}, NULL,
				     "not tried: %s", proof->text);
	}
}

/* What became of all classes together. */
struct tally {
	unsigned int working, failing, untried;
	bool basic_untried;
	int basic_failing;    /* the first of them; -1: none */
	struct nm_text names; /* of those that fail */
};

static void count(struct tally *tally, const struct nm_guest_fact *fact)
{
	for (int i = 0; i < NM_GUEST_CLASSES; i++) {
		const struct nm_proof *proof = &fact->classes[i];
		bool untried = proof->state == NM_PROOF_SKIPPED || proof->state == NM_PROOF_ABSENT;

		tally->working += proof->state == NM_PROOF_OK;
		tally->failing += is_failure(proof);
		tally->untried += untried;
		if (tally->basic_failing < 0 && nm_guest_classes[i].basic && is_failure(proof))
			tally->basic_failing = i;
		tally->basic_untried |= nm_guest_classes[i].basic && untried;
		if (is_failure(proof))
			nm_text_printf(&tally->names, "%s%s", tally->names.length ? ", " : "",
				       nm_guest_classes[i].name);
	}
}

static enum nm_status status_of(const struct tally *tally)
{
	if (tally->basic_failing >= 0)
		return NM_STATUS_FAIL;
	if (tally->failing)
		return NM_STATUS_WARN;
	return tally->basic_untried ? NM_STATUS_UNKNOWN : NM_STATUS_PASS;
}

static int add_exits(struct nm_probe_context *context, const struct nm_guest_fact *fact,
		     const struct tally *tally)
{
	enum nm_status status = status_of(tally);
	int first = tally->basic_failing;
	char value[96];
	char untried[64] = "";

	if (tally->untried)
		snprintf(untried, sizeof(untried), ", %u not tried", tally->untried);
	snprintf(value, sizeof(value), "%u of %u classes work%s", tally->working,
		 tally->working + tally->failing, untried);
	if (!tally->failing)
		return nm_finding_add(context, "guest.exits", status, NM_STRING(value), NULL,
				      "one exit of each class, with its result checked");
	if (first < 0)
		return nm_finding_add(context, "guest.exits", status, NM_STRING(value),
				      class_remedy(context),
				      "not working: %s; guest.exit.* says why", tally->names.bytes);
	return nm_finding_add(context, "guest.exits", status, NM_STRING(value),
			      class_remedy(context), "not working: %s; %s: %s", tally->names.bytes,
			      nm_guest_classes[first].name, fact->classes[first].text);
}

/* What a bug report needs, on one line. */

static void put_version(struct nm_probe_context *context, struct nm_text *out, const char *module)
{
	char path[256];
	const char *version;

	snprintf(path, sizeof(path), "sys/module/%s/srcversion", module);
	version = nm_root_line(context->root, context->arena, path);
	nm_text_printf(out, "; %s srcversion %s", module, version ? version : "not visible");
}

/* As the probe of KVM found them: kvm.parameter.MODULE.NAME. */
static void put_parameters(struct nm_probe_context *context, struct nm_text *out,
			   const char *module)
{
	char prefix[128];
	size_t length;

	snprintf(prefix, sizeof(prefix), "kvm.parameter.%.63s.", module);
	length = strlen(prefix);
	for (size_t i = 0; i < context->findings->count; i++) {
		const struct nm_finding *finding = &context->findings->items[i];

		if (!strncmp(finding->id, prefix, length) && finding->value.type == NM_VALUE_STRING)
			nm_text_printf(out, " %s=%s", finding->id + length, finding->value.string);
	}
}

static void put_machine(struct nm_probe_context *context, struct nm_text *out)
{
	const struct nm_machine *machine = context->machine;
	const char *release =
		nm_root_line(context->root, context->arena, "proc/sys/kernel/osrelease");
	const char *backend = nm_found_string(context, "kvm.backend");

	nm_text_printf(out, "Linux %s", release ? release : "of unknown release");
	put_version(context, out, "kvm");
	if (*backend) {
		put_version(context, out, backend);
		put_parameters(context, out, backend);
	}
	nm_text_printf(out, "; %s family %lld model %lld stepping %lld microcode %s",
		       machine->vendor ? machine->vendor : "CPU of unknown vendor",
		       (long long)machine->family, (long long)machine->model,
		       (long long)machine->stepping,
		       machine->microcode ? machine->microcode : "unknown");
	if (machine->hypervisor)
		nm_text_printf(out, "; a guest of \"%s\"", machine->hypervisor);
	if (machine->product)
		nm_text_printf(out, "; %s", machine->product);
}

static void put_failure(struct nm_text *out, const char *name, const struct nm_proof *proof)
{
	if (is_failure(proof))
		nm_text_printf(out, "; %s: %s", name, proof->text);
}

static int add_report(struct nm_probe_context *context, const struct nm_guest_fact *fact,
		      const char *names)
{
	struct nm_text line = {0};
	char clean[4096];
	int r;

	nm_text_printf(&line, "nestmark %s; ", NM_VERSION);
	put_machine(context, &line);
	put_failure(&line, "canary", &fact->canary);
	for (int i = 0; i < NM_GUEST_CLASSES; i++)
		put_failure(&line, nm_guest_classes[i].name, &fact->classes[i]);
	r = nm_text_status(&line);
	if (!r)
		r = nm_finding_add(context, "guest.report", NM_STATUS_INFO, NM_STRING(names), NULL,
				   "%s", nm_text_printable(clean, sizeof(clean), line.bytes));
	nm_text_free(&line);
	return r;
}

static int add_all(struct nm_probe_context *context, const struct nm_guest_fact *fact)
{
	struct tally tally = {.basic_failing = -1};
	int r = add_canary(context, fact);

	if (!r && fact->canary.state != NM_PROOF_OK) {
		r = nm_unknown_add(context, "guest.exits", NULL, "not tried: no guest works");
		return r || !is_failure(&fact->canary) ? r : add_report(context, fact, "canary");
	}
	count(&tally, fact);
	if (!r)
		r = nm_text_status(&tally.names);
	if (!r)
		r = add_exits(context, fact, &tally);
	for (int i = 0; !r && i < NM_GUEST_CLASSES; i++)
		if (fact->classes[i].state != NM_PROOF_ABSENT)
			r = add_class(context, &nm_guest_classes[i], &fact->classes[i]);
	if (!r && tally.failing)
		r = add_report(context, fact, tally.names.bytes);
	nm_text_free(&tally.names);
	return r;
}

int nm_probe_guest(struct nm_probe_context *context)
{
	struct nm_guest_fact fact;
	const char *text;

	if (!context->run_guest)
		return add_unknown(context, "not tried");
	text = nm_root_fact(context->root, context->arena, "guest", nm_guest_fact_produce,
			    &context->kvm);
	if (!text)
		return add_unknown(context, errno == ENODEV ? "no KVM device to run a guest on"
							    : nm_why_not(errno));
	if (nm_guest_fact_parse(context->arena, text, &fact))
		return add_unknown(context, nm_error_last()->text);
	return add_all(context, &fact);
}
