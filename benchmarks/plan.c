/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/plan.h"

#include "benchmarks/linux/vmms.h"
#include "benchmarks/summary.h"
#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <string.h>

const struct nm_profile nm_profiles[] = {
	{"standard", "10 rounds of 2000 samples", 10, 2000, 5 * NM_NS_PER_S, false, false},
	{"quick",
	 "6 rounds of 1000 samples and the first points of series: for a look, not for a verdict",
	 6, 1000, NM_NS_PER_S, false, true},
	{"thorough", "20 rounds of 10000 samples, with p99.9", 20, 10000, 20 * NM_NS_PER_S, true,
	 false},
	{0},
};

const char *const nm_stop_names[] = {"rounds", "precision", "budget", "failures", "soak", NULL};

/* What every guest side needs: without counters a number cannot be shown to be what its name says. */
static const char *const guest_requires[] = {"kvm.device", "guest.canary",
					     "kvm.cap.binary_stats_fd", NULL};

const struct nm_profile *nm_profile_find(const char *name)
{
	for (const struct nm_profile *profile = nm_profiles; profile->name; profile++)
		if (!strcmp(profile->name, name))
			return profile;
	return NULL;
}

static bool is_only_asked_for(const struct nm_bench *bench)
{
	return bench->drill || bench->asked;
}

/* These must be meant: a pattern that would select everything does not select them. */
static bool pattern_selects(const char *pattern, const struct nm_bench *bench)
{
	const size_t length = strcspn(pattern, "/");
	char operations[256];

	if (is_only_asked_for(bench) &&
	    strncmp(pattern, bench->name, strcspn(bench->name, ".")) != 0)
		return false;
	if (length >= sizeof(operations))
		return false;
	memcpy(operations, pattern, length);
	operations[length] = '\0';
	return !fnmatch(operations, bench->name, 0);
}

/* A pattern with a slash selects measurements by their names, one without whole operations. */
static bool names_measurements(const char *pattern)
{
	return strchr(pattern, '/') != NULL;
}

static bool selected_whole(const struct nm_selection *selection, const struct nm_bench *bench)
{
	const struct nm_strings *patterns = &selection->patterns;
	const struct nm_strings *groups = &selection->groups;

	for (size_t i = 0; i < patterns->count; i++)
		if (!names_measurements(patterns->items[i]) &&
		    pattern_selects(patterns->items[i], bench))
			return true;
	for (size_t i = 0; i < groups->count; i++)
		if (!strcmp(groups->items[i], bench->group))
			return true;
	return !patterns->count && !groups->count && !is_only_asked_for(bench);
}

/* Of an operation that is selected. */
static bool selected_point(const struct nm_selection *selection, const struct nm_bench *bench,
			   const char *measurement)
{
	const struct nm_strings *patterns = &selection->patterns;

	if (selected_whole(selection, bench))
		return true;
	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_selects(patterns->items[i], bench) &&
		    !fnmatch(patterns->items[i], measurement, 0))
			return true;
	return false;
}

bool nm_selected(const struct nm_selection *selection, const struct nm_bench *bench)
{
	const struct nm_strings *patterns = &selection->patterns;

	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_selects(patterns->items[i], bench))
			return true;
	return selected_whole(selection, bench);
}

static bool any_matches(const char *pattern)
{
	for (size_t i = 0; nm_benches[i]; i++)
		if (pattern_selects(pattern, nm_benches[i]))
			return true;
	return false;
}

static bool is_group(const char *name)
{
	for (size_t i = 0; nm_benches[i]; i++)
		if (!strcmp(nm_benches[i]->group, name))
			return true;
	return false;
}

int nm_selection_check(const struct nm_selection *selection)
{
	for (size_t i = 0; i < selection->patterns.count; i++)
		if (!any_matches(selection->patterns.items[i]))
			return nm_fail_remedy(EINVAL, "see nestmark list",
					      "%s: matches no operation",
					      selection->patterns.items[i]);
	for (size_t i = 0; i < selection->groups.count; i++)
		if (!is_group(selection->groups.items[i]))
			return nm_fail_remedy(EINVAL, "see nestmark list", "%s: no such group",
					      selection->groups.items[i]);
	return 0;
}

static bool list_unmet(const char *const *ids, size_t max, const struct nm_findings *findings,
		       const char **id, const struct nm_finding **finding)
{
	for (size_t i = 0; i < max && ids[i]; i++) {
		*id = ids[i];
		*finding = nm_findings_get(findings, ids[i]);
		if (!*finding || (*finding)->status != NM_STATUS_PASS)
			return true;
	}
	return false;
}

static unsigned int cpus_needed(const struct nm_bench *bench, enum nm_context context,
				uint64_t point)
{
	if (context == NM_CONTEXT_NATIVE)
		return bench->native_cpus ? bench->native_cpus : 1;
	return nm_bench_vcpus(bench, point) + (bench->drive != NULL) + bench->threads;
}

static bool cpus_unmet(unsigned int needed, const struct nm_findings *findings, const char **id,
		       const struct nm_finding **finding)
{
	if (needed < 2)
		return false;
	*id = "topology.threads";
	*finding = nm_findings_get(findings, *id);
	return !*finding || (*finding)->value.type != NM_VALUE_INT ||
	       (*finding)->value.integer < (int64_t)needed;
}

bool nm_unmet(const struct nm_bench *bench, enum nm_context context, uint64_t point,
	      const struct nm_findings *findings, const char **id,
	      const struct nm_finding **finding)
{
	if (context == NM_CONTEXT_NATIVE &&
	    list_unmet(bench->native_requires, NM_MAX_REQUIRES, findings, id, finding))
		return true;
	if (context == NM_CONTEXT_GUEST &&
	    (list_unmet(guest_requires, NM_MAX_REQUIRES, findings, id, finding) ||
	     list_unmet(bench->requires, NM_MAX_REQUIRES, findings, id, finding)))
		return true;
	return cpus_unmet(cpus_needed(bench, context, point), findings, id, finding);
}

/* "needs kvm.device: cannot open it"; "needs topology.threads of 4: it is 2 (hwloc …)". */
static char *unmet_reason(struct nm_arena *arena, const char *id, unsigned int cpus,
			  const struct nm_finding *finding)
{
	const char *evidence = finding && finding->evidence ? finding->evidence : "not established";

	if (finding && finding->value.type == NM_VALUE_INT && !strcmp(id, "topology.threads"))
		return nm_arena_printf(arena, "needs %s of %u: it is %lld (%s)", id, cpus,
				       (long long)finding->value.integer, evidence);
	return nm_arena_printf(arena, "needs %s: %s", id, evidence);
}

/* A guest's network has its peer behind a socket, which needs no privilege. */
static int check_vmm(struct nm_document *document, const struct nm_bench *bench,
		     struct nm_measurement *measurement)
{
	const struct nm_vmm *vmm = nm_vmm_find(nm_measurement_vmm(measurement));

	if (!vmm || !bench->network || vmm->network)
		return 0;
	measurement->state = NM_STATE_UNSUPPORTED;
	measurement->remedy = "use another VMM for it";
	measurement->reason =
		nm_arena_printf(&document->arena,
				"%s takes no network but a tap device of the host", vmm->name);
	return measurement->reason ? 0 : -ENOMEM;
}

static int check_requirements(struct nm_document *document, const struct nm_bench *bench,
			      struct nm_measurement *measurement)
{
	const enum nm_context context = (enum nm_context)measurement->context;
	const uint64_t point = nm_measurement_point(measurement);
	const struct nm_finding *finding = NULL;
	const char *id = NULL;

	if (!nm_unmet(bench, context, point, &document->findings, &id, &finding))
		return check_vmm(document, bench, measurement);
	measurement->state = NM_STATE_UNSUPPORTED;
	measurement->reason =
		unmet_reason(&document->arena, id, cpus_needed(bench, context, point), finding);
	measurement->remedy = finding ? finding->remedy : NULL;
	return measurement->reason ? 0 : -ENOMEM;
}

/** A side of an operation. */
struct side {
	enum nm_context context;
	int cpl;	 /* of a guest function; else -1 */
	const char *vmm; /* of a Linux guest; else NULL */
};

/* What tells the measurement from others of its operation; point is NULL without an axis. */
static int set_parameters(struct nm_arena *arena, struct nm_measurement *measurement,
			  const struct nm_axis *axis, const struct side *side,
			  const uint64_t *point)
{
	int r = 0;

	if (side->vmm)
		r = nm_map_set(arena, &measurement->parameters, "vmm", NM_STRING(side->vmm));
	else if (side->context == NM_CONTEXT_GUEST)
		r = nm_map_set(arena, &measurement->parameters, "cpl", NM_INT(side->cpl));
	if (r || !point)
		return r;
	measurement->series = axis->name;
	return nm_map_set(arena, &measurement->parameters, axis->name, NM_INT((int64_t)*point));
}

static int append(struct nm_document *document, const struct nm_measurement *measurement)
{
	struct nm_measurement *added =
		nm_arena_append(&document->arena, &document->measurements.items,
				&document->measurements.count, sizeof(*added));

	if (!added)
		return -ENOMEM;
	*added = *measurement;
	return 0;
}

/* Unless the selection names others of the operation only. */
static int add(struct nm_document *document, const struct nm_selection *selection,
	       const struct nm_bench *bench, const struct side *side, const uint64_t *point)
{
	struct nm_measurement measurement = {
		.operation = bench->name,
		.group = bench->group,
		.context = (int)side->context,
		.version = bench->version,
		.unit = nm_clock_units[document->run.clock],
		.state = NM_STATE_FAILED,
		.reason = "not measured yet",
	};
	const char *name;
	int r;

	nm_summary_clear(&measurement);
	r = set_parameters(&document->arena, &measurement, bench->axis, side, point);
	if (r)
		return r;
	name = nm_measurement_name(&document->arena, &measurement);
	if (!name)
		return -ENOMEM;
	if (!selected_point(selection, bench, name))
		return 0;
	r = check_requirements(document, bench, &measurement);
	return r ? r : append(document, &measurement);
}

static bool is_named(const struct nm_selection *selection, const struct nm_bench *bench)
{
	const size_t length = strlen(bench->name);

	for (size_t i = 0; i < selection->patterns.count; i++) {
		const char *pattern = selection->patterns.items[i];

		if (strcspn(pattern, "/") == length && !strncmp(pattern, bench->name, length))
			return true;
	}
	return false;
}

/* How many points of its axis are measured. */
static size_t points_of(const struct nm_document *document, const struct nm_selection *selection,
			const struct nm_bench *bench)
{
	const struct nm_axis *axis = bench->axis;
	const char *name = document->run.plan.profile;
	const struct nm_profile *profile = name ? nm_profile_find(name) : NULL;

	if (document->run.clock == NM_CLOCK_INSTRUCTIONS && axis->counted)
		return axis->counted;
	if (is_named(selection, bench) || (profile && profile->all_points))
		return axis->count;
	if (axis->quick && profile && profile->few_points)
		return axis->quick;
	return axis->usual ? axis->usual : axis->count;
}

/* A side of an operation: one measurement, or one for each point of its axis. */
static int add_side(struct nm_document *document, const struct nm_selection *selection,
		    const struct nm_bench *bench, const struct side *side)
{
	int r = 0;

	if (!bench->axis)
		return add(document, selection, bench, side, NULL);
	for (size_t i = 0; !r && i < points_of(document, selection, bench); i++)
		r = add(document, selection, bench, side, &bench->axis->points[i]);
	return r;
}

/* In guests of our own VMM, and of all others that the user names. */
static int add_linux(struct nm_document *document, const struct nm_selection *selection,
		     const struct nm_bench *bench)
{
	const struct nm_strings *vmms = &document->run.plan.vmms;
	struct side side = {NM_CONTEXT_GUEST, -1, NM_LINUX_OWN_VMM};
	int r = add_side(document, selection, bench, &side);

	for (size_t i = 0; !r && i < vmms->count; i++) {
		side.vmm = nm_vmm_name(vmms->items[i]);
		r = add_side(document, selection, bench, &side);
	}
	return r;
}

static int add_guests(struct nm_document *document, const struct nm_selection *selection,
		      const struct nm_bench *bench)
{
	const struct side kernel = {NM_CONTEXT_GUEST, 0, NULL};
	const struct side user = {NM_CONTEXT_GUEST, 3, NULL};
	int r = 0;

	if (bench->linux_guest)
		return add_linux(document, selection, bench);
	if (bench->cpls & NM_CPL0)
		r = add_side(document, selection, bench, &kernel);
	if (!r && bench->cpls & NM_CPL3)
		r = add_side(document, selection, bench, &user);
	return r;
}

/* A pattern that was to name measurements must have named one. */
static int check_measurements(struct nm_document *document, const char *pattern)
{
	if (!names_measurements(pattern))
		return 0;
	for (size_t i = 0; i < document->measurements.count; i++) {
		const char *name =
			nm_measurement_name(&document->arena, &document->measurements.items[i]);

		if (!name)
			return -ENOMEM;
		if (!fnmatch(pattern, name, 0))
			return 0;
	}
	return nm_fail_remedy(EINVAL, "give the name of an operation alone, and see them all",
			      "%s: matches no measurement in the contexts asked for", pattern);
}

int nm_plan(struct nm_document *document, const struct nm_selection *selection)
{
	const struct side native = {NM_CONTEXT_NATIVE, -1, NULL};
	int r = nm_selection_check(selection);

	for (size_t i = 0; !r && nm_benches[i]; i++) {
		const struct nm_bench *bench = nm_benches[i];

		if (!nm_selected(selection, bench))
			continue;
		if (selection->native && bench->native)
			r = add_side(document, selection, bench, &native);
		if (!r && selection->guest)
			r = add_guests(document, selection, bench);
	}
	for (size_t i = 0; !r && i < selection->patterns.count; i++)
		r = check_measurements(document, selection->patterns.items[i]);
	if (!r && !document->measurements.count)
		r = nm_fail_remedy(EINVAL, "see nestmark list",
				   "nothing is selected in the contexts asked for");
	return r;
}

unsigned int nm_measurement_cpl(const struct nm_measurement *measurement)
{
	const struct nm_value *cpl = nm_map_get(&measurement->parameters, "cpl");

	return cpl && cpl->type == NM_VALUE_INT && cpl->integer == 3 ? 3 : 0;
}

const char *nm_measurement_vmm(const struct nm_measurement *measurement)
{
	const struct nm_value *vmm = nm_map_get(&measurement->parameters, "vmm");

	return vmm && vmm->type == NM_VALUE_STRING ? vmm->string : "";
}

uint64_t nm_measurement_point(const struct nm_measurement *measurement)
{
	const struct nm_value *point =
		measurement->series ? nm_map_get(&measurement->parameters, measurement->series)
				    : NULL;

	return point && point->type == NM_VALUE_INT && point->integer > 0 ? (uint64_t)point->integer
									  : 0;
}
