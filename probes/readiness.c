/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/readiness.h"

#include "core/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 4096

struct judge {
	struct nm_arena *arena;
	const struct nm_findings *findings;
	const struct nm_requirement *requirement;
	uint64_t number; /* of the requirement */
	struct nm_check_workload *workload;
};

static int add_row(struct judge *judge, const struct nm_check_row *row)
{
	struct nm_check_workload *workload = judge->workload;
	struct nm_check_row *slot;

	if (workload->rows.count == MAX_ROWS)
		return nm_fail_remedy(E2BIG, "name fewer findings in its profile",
				      "%s: more than %d results", workload->name, MAX_ROWS);
	slot = nm_arena_append(judge->arena, &workload->rows.items, &workload->rows.count,
			       sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = *row;
	slot->number = judge->number;
	return 0;
}

/* The value as it is written in a profile; false when there is none. */
static bool format_value(const struct nm_finding *finding, char *out, size_t size)
{
	const struct nm_value *value = &finding->value;

	switch (value->type) {
	case NM_VALUE_BOOL:
		snprintf(out, size, "%s", value->boolean ? "true" : "false");
		return true;
	case NM_VALUE_INT:
		snprintf(out, size, "%lld", (long long)value->integer);
		return true;
	case NM_VALUE_REAL:
		snprintf(out, size, "%.15g", value->real);
		return true;
	case NM_VALUE_STRING:
		snprintf(out, size, "%s", value->string);
		return true;
	case NM_VALUE_NONE:
		break;
	}
	return false;
}

static bool is_one_of(const struct nm_strings *words, size_t first, const char *value)
{
	for (size_t i = first; i < words->count; i++)
		if (!strcmp(words->items[i], value))
			return true;
	return false;
}

static bool has_one_of(const struct nm_strings *words, const char *value)
{
	for (size_t i = 0; i < words->count; i++)
		if (strstr(value, words->items[i]))
			return true;
	return false;
}

/* Compares the numbers before each dot, so that 5.10 is above 5.9; what follows the last number does not count. */
static int compare_versions(const char *a, const char *b)
{
	while (isdigit((unsigned char)*a) || isdigit((unsigned char)*b)) {
		char *a_end = (char *)a;
		char *b_end = (char *)b;
		unsigned long long x = isdigit((unsigned char)*a) ? strtoull(a, &a_end, 10) : 0;
		unsigned long long y = isdigit((unsigned char)*b) ? strtoull(b, &b_end, 10) : 0;

		if (x != y)
			return x < y ? -1 : 1;
		a = a_end + (*a_end == '.');
		b = b_end + (*b_end == '.');
	}
	return 0;
}

static bool compares_value(const struct nm_requirement *requirement)
{
	return requirement->equals.count || requirement->lacks.count || requirement->at_least.count;
}

/* Pass, fail or unknown. */
static int judge_value(const struct nm_requirement *requirement, const char *value)
{
	bool good;

	if (requirement->equals.count)
		good = is_one_of(&requirement->equals, 0, value);
	else if (requirement->lacks.count)
		good = !has_one_of(&requirement->lacks, value);
	else if (isdigit((unsigned char)*value))
		good = compare_versions(value, requirement->at_least.items[0]) >= 0;
	else
		return NM_STATUS_UNKNOWN;
	return good ? NM_STATUS_PASS : NM_STATUS_FAIL;
}

static int judge_status(const struct nm_requirement *requirement, int status)
{
	bool good = requirement->is.count ? is_one_of(&requirement->is, 0, nm_status_names[status])
					  : status == NM_STATUS_PASS;

	return good ? NM_STATUS_PASS : NM_STATUS_FAIL;
}

static int status_of(int judged, int level)
{
	static const int missing[] = {NM_STATUS_FAIL, NM_STATUS_WARN, NM_STATUS_INFO};

	return judged == NM_STATUS_FAIL ? missing[level] : judged;
}

/* Where KVM or the CPU's virtualization is missing, the verdict of the probes knows the platform's own switch. */
static const char *next_step(const struct judge *judge, const struct nm_finding *finding)
{
	const struct nm_finding *verdict =
		nm_findings_get(judge->findings, "verdict.virtualization");
	bool basic =
		!strcmp(finding->id, "kvm.device") || !strcmp(finding->id, "cpu.virtualization");

	return basic && verdict && verdict->status == NM_STATUS_FAIL ? verdict->remedy : NULL;
}

/* The profile knows what to do about what is missing, the finding about what could not be told. */
static const char *remedy_of(const struct judge *judge, const struct nm_finding *finding,
			     int judged)
{
	const struct nm_requirement *requirement = judge->requirement;
	const char *next = judged == NM_STATUS_FAIL ? next_step(judge, finding) : NULL;

	if (judged == NM_STATUS_PASS)
		return NULL;
	if (next && !requirement->remedy)
		return next;
	return judged == NM_STATUS_FAIL && requirement->remedy ? requirement->remedy
							       : finding->remedy;
}

/* CPUID has VMX or SVM, and firmware has locked it: no hypervisor can use it, whether KVM is asked or not. */
static const struct nm_finding *find_lock(const struct judge *judge,
					  const struct nm_finding *finding)
{
	static const char *const locks[] = {"vmx.cpu.feature_control", "svm.cpu.vm_cr"};

	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
		const struct nm_finding *lock = nm_findings_get(judge->findings, locks[i]);

		if (!strcmp(finding->id, "cpu.virtualization") && lock &&
		    lock->status == NM_STATUS_FAIL)
			return lock;
	}
	return NULL;
}

static int add_judged(struct judge *judge, const struct nm_finding *finding)
{
	const struct nm_requirement *requirement = judge->requirement;
	const struct nm_finding *lock = find_lock(judge, finding);
	const char *evidence = finding->evidence;
	int judged = NM_STATUS_UNKNOWN;
	char value[512];

	if (compares_value(requirement) && format_value(finding, value, sizeof(value))) {
		evidence = nm_arena_printf(judge->arena, "%s: %s", value, finding->evidence);
		if (finding->status != NM_STATUS_UNKNOWN)
			judged = judge_value(requirement, value);
	} else if (!compares_value(requirement) && finding->status != NM_STATUS_UNKNOWN) {
		judged = judge_status(requirement, finding->status);
	}
	if (!evidence)
		return -ENOMEM;
	lock = judged == NM_STATUS_PASS ? lock : NULL;
	if (lock)
		judged = NM_STATUS_FAIL;
	return add_row(judge,
		       &(const struct nm_check_row) {
			       .requirement = requirement->label,
			       .finding = lock ? lock->id : finding->id,
			       .level = requirement->level,
			       .status = status_of(judged, requirement->level),
			       .evidence = lock ? lock->evidence : evidence,
			       .remedy = lock ? lock->remedy : remedy_of(judge, finding, judged),
			       .source = requirement->source,
		       });
}

static int add_unknown(struct judge *judge, const char *id, const char *why, const char *remedy)
{
	return why ? add_row(judge,
			     &(const struct nm_check_row) {
				     .requirement = judge->requirement->label,
				     .finding = id,
				     .level = judge->requirement->level,
				     .status = NM_STATUS_UNKNOWN,
				     .evidence = why,
				     .remedy = remedy,
				     .source = judge->requirement->source,
			     })
		   : -ENOMEM;
}

static int add_absent(struct judge *judge, const char *id)
{
	return add_unknown(judge, id,
			   nm_arena_printf(judge->arena, "nestmark has no finding %s here", id),
			   NULL);
}

/* "a.b.*": each finding below a.b. */
static int add_matching(struct judge *judge, const char *pattern)
{
	size_t length = strlen(pattern) - 1;
	bool any = false;
	int r = 0;

	for (size_t i = 0; !r && i < judge->findings->count; i++) {
		const struct nm_finding *finding = &judge->findings->items[i];

		if (strncmp(finding->id, pattern, length) != 0)
			continue;
		any = true;
		r = add_judged(judge, finding);
	}
	return r || any ? r : add_absent(judge, pattern);
}

static int add_finding(struct judge *judge, const char *id)
{
	const struct nm_finding *finding;

	if (strchr(id, '*'))
		return add_matching(judge, id);
	finding = nm_findings_get(judge->findings, id);
	return finding ? add_judged(judge, finding) : add_absent(judge, id);
}

/* 1: this machine is meant; 0: another kind; -ENODATA: what decides that is not known. */
static int applies(const struct judge *judge)
{
	const struct nm_strings *when = &judge->requirement->when;
	const struct nm_finding *finding;
	char value[512];

	if (!when->count)
		return 1;
	finding = nm_findings_get(judge->findings, when->items[0]);
	if (!finding || finding->status == NM_STATUS_UNKNOWN ||
	    !format_value(finding, value, sizeof(value)))
		return -ENODATA;
	return is_one_of(when, 1, value);
}

static int judge_requirement(struct judge *judge)
{
	const struct nm_strings *findings = &judge->requirement->findings;
	int applicable = applies(judge);
	int r = 0;

	if (applicable < 0)
		return add_unknown(judge, judge->requirement->when.items[0],
				   nm_arena_printf(judge->arena,
						   "whether this applies cannot be told: "
						   "%s is not known here",
						   judge->requirement->when.items[0]),
				   NULL);
	for (size_t i = 0; applicable && !r && i < findings->count; i++)
		r = add_finding(judge, findings->items[i]);
	return r;
}

/*
 * A capability that is there is no proof that it works: a guest must have run. Where a software KVM interprets guest
 * kernels, many instructions that Linux needs are missing, and only Linux itself is proof.
 */
static int judge_proof(struct judge *judge)
{
	static const struct nm_requirement canary = {.label = "a guest runs, and its work is right",
						     .level = NM_LEVEL_HARD};
	static const struct nm_requirement linux_guest = {
		.label = "a Linux guest reaches its user space", .level = NM_LEVEL_HARD};
	const struct nm_finding *kind = nm_findings_get(judge->findings, "verdict.virtualization");
	bool software = kind && kind->value.type == NM_VALUE_STRING &&
			!strcmp(kind->value.string, "software");
	int r;

	judge->number++;
	judge->requirement = &canary;
	r = add_finding(judge, "guest.canary");
	judge->number++;
	judge->requirement = &linux_guest;
	if (r || nm_findings_get(judge->findings, "guest.linux"))
		return r ? r : add_finding(judge, "guest.linux");
	return software ? add_unknown(judge, "guest.linux",
				      "this KVM interprets guest kernel code: Linux may not boot "
				      "whatever the capabilities say",
				      "try --prove-linux")
			: 0;
}

/* "what: why", the last colon counts. */
static int add_open_question(struct judge *judge, const char *text)
{
	struct nm_check_row row = {.requirement = text,
				   .level = NM_LEVEL_INFO,
				   .status = NM_STATUS_UNKNOWN};
	const char *colon = NULL;

	for (const char *at = strstr(text, ": "); at; at = strstr(at + 1, ": "))
		colon = at;
	if (colon) {
		row.requirement = nm_arena_strndup(judge->arena, text, (size_t)(colon - text));
		row.evidence = colon + 2;
	}
	judge->number++;
	return row.requirement ? add_row(judge, &row) : -ENOMEM;
}

static int list_unknown(struct judge *judge, const struct nm_workload *profile)
{
	int r = 0;

	for (size_t i = 0; !r && i < profile->unknown.count; i++)
		r = add_open_question(judge, profile->unknown.items[i]);
	return r;
}

/* The first row of this status that decides, among those in [from, to). */
static const struct nm_check_row *first_hard(const struct nm_check_workload *workload, size_t from,
					     size_t to, int status)
{
	for (size_t i = from; i < to; i++) {
		const struct nm_check_row *row = &workload->rows.items[i];

		if (row->level == NM_LEVEL_HARD && row->status == status)
			return row;
	}
	return NULL;
}

static int decide_by(struct judge *judge, int verdict, const struct nm_check_row *row)
{
	struct nm_check_workload *workload = judge->workload;

	workload->verdict = verdict;
	workload->remedy = row->remedy;
	workload->reason = nm_arena_printf(judge->arena, "%s: %s", row->requirement, row->evidence);
	return workload->reason ? 0 : -ENOMEM;
}

static bool is_bare_metal(const struct judge *judge)
{
	const struct nm_finding *level = nm_findings_get(judge->findings, "platform.level");

	return level && level->value.type == NM_VALUE_INT && level->value.integer == 0;
}

static bool is_emulated(const struct judge *judge)
{
	const struct nm_finding *emulator = nm_findings_get(judge->findings, "platform.emulator");

	return emulator && emulator->value.type == NM_VALUE_BOOL && emulator->value.boolean;
}

static int decide(struct judge *judge, const struct nm_workload *profile, size_t proof, size_t end)
{
	struct nm_check_workload *workload = judge->workload;
	const struct nm_check_row *row = first_hard(workload, 0, end, NM_STATUS_FAIL);

	if (row)
		return decide_by(judge, NM_READINESS_NOT_READY, row);
	row = first_hard(workload, 0, proof, NM_STATUS_UNKNOWN);
	if (row)
		return decide_by(judge, NM_READINESS_UNKNOWN, row);
	row = first_hard(workload, proof, end, NM_STATUS_UNKNOWN);
	if (row)
		return decide_by(judge, NM_READINESS_NOT_PROVEN, row);
	if (!proof) {
		workload->verdict = NM_READINESS_UNKNOWN;
		workload->reason = "none of its requirements is meant for this machine";
	} else if (!profile->proven_by_guest) {
		workload->verdict = NM_READINESS_CONDITIONS_MET;
		workload->reason = "no guest of nestmark's can prove the rest";
	} else if (is_emulated(judge)) {
		workload->verdict = NM_READINESS_NOT_ADVISED;
		workload->reason = "the CPU is emulated: what runs here is right, and many times "
				   "slower than on hardware";
	} else if (profile->advice && !is_bare_metal(judge)) {
		workload->verdict = NM_READINESS_NOT_ADVISED;
		workload->reason = profile->advice;
	} else {
		workload->verdict = NM_READINESS_READY;
		workload->reason = "nothing is missing, and a guest ran";
	}
	return 0;
}

int nm_readiness(struct nm_arena *arena, const struct nm_workload *profile,
		 const struct nm_findings *findings, struct nm_check_workload *out)
{
	struct judge judge = {.arena = arena, .findings = findings, .workload = out};
	size_t proof;
	size_t end;
	int r = 0;

	out->name = profile->name;
	out->title = profile->title;
	out->as_of = profile->as_of;
	out->source = profile->source;
	for (size_t i = 0; !r && i < profile->requirements.count; i++) {
		judge.number++;
		judge.requirement = &profile->requirements.items[i];
		r = judge_requirement(&judge);
	}
	proof = out->rows.count;
	if (!r && profile->proven_by_guest)
		r = judge_proof(&judge);
	end = out->rows.count;
	if (!r)
		r = decide(&judge, profile, proof, end);
	return r ? r : list_unknown(&judge, profile);
}
