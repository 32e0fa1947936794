/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/compare.h"

#include "analysis/differences.h"
#include "analysis/family.h"
#include "analysis/gate.h"
#include "analysis/judge.h"
#include "analysis/line.h"
#include "analysis/pairing.h"
#include "analysis/published.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct nm_policy *policy_of(const struct nm_compare_request *request)
{
	return request->policy ? request->policy : &nm_policy_default;
}

/* Sides */

static int copy_machine(struct nm_arena *arena, const struct nm_machine *from,
			struct nm_machine *to)
{
	*to = *from;
	to->vendor = nm_arena_strdup(arena, from->vendor);
	to->brand = nm_arena_strdup(arena, from->brand);
	to->microcode = nm_arena_strdup(arena, from->microcode);
	to->hypervisor = nm_arena_strdup(arena, from->hypervisor);
	to->product = nm_arena_strdup(arena, from->product);
	return (from->vendor && !to->vendor) || (from->brand && !to->brand) ||
			       (from->microcode && !to->microcode) ||
			       (from->hypervisor && !to->hypervisor) ||
			       (from->product && !to->product)
		       ? -ENOMEM
		       : 0;
}

static int add_document(struct nm_arena *arena, struct nm_comparison_side *side,
			const struct nm_document *document, const char *path)
{
	struct nm_compared_document *out = nm_arena_append(arena, &side->documents.items,
							   &side->documents.count, sizeof(*out));

	if (!out)
		return -ENOMEM;
	*out = (struct nm_compared_document) {
		.path = nm_arena_strdup(arena, path),
		.uuid = nm_arena_strdup(arena, document->run.uuid),
		.host = nm_arena_strdup(arena, document->run.host),
		.started = nm_arena_strdup(arena, document->run.started),
		.tool_version = nm_arena_strdup(arena, document->run.tool_version),
		.state = nm_run_state_names[document->run.state],
	};
	return out->path && out->uuid && out->host && out->started && out->tool_version ? 0
											: -ENOMEM;
}

static char *label_of(struct nm_arena *arena, const struct nm_compare_side *side)
{
	const struct nm_document *first = side->documents[0];
	const char *kernel = first->environment.kernel_release;

	if (side->label)
		return nm_arena_strdup(arena, side->label);
	if (side->count > 1)
		return nm_arena_printf(arena, "%zu documents, the first of %s, Linux %s",
				       side->count, first->run.host, kernel ? kernel : "unknown");
	return nm_arena_printf(arena, "%s, Linux %s, %s", first->run.host,
			       kernel ? kernel : "unknown", first->run.started);
}

static int fill_side(struct nm_arena *arena, const struct nm_compare_side *from,
		     struct nm_comparison_side *to)
{
	const struct nm_document *first = from->documents[0];
	int r = copy_machine(arena, &first->machine, &to->machine);

	to->label = label_of(arena, from);
	to->kernel_release = nm_arena_strdup(arena, first->environment.kernel_release);
	if (!to->label || (first->environment.kernel_release && !to->kernel_release))
		return -ENOMEM;
	for (size_t i = 0; !r && i < from->count; i++)
		r = add_document(arena, to, from->documents[i], from->paths[i]);
	return r;
}

static int fill_differences(struct nm_comparison *comparison,
			    const struct nm_compare_request *request)
{
	const struct nm_document *first = request->base.documents[0];
	int r = 0;

	for (size_t i = 0; !r && i < request->changed.count; i++)
		r = nm_differences_add(comparison, first, request->changed.documents[i], "",
				       &request->allowed);
	for (size_t i = 1; !r && i < request->base.count; i++)
		r = nm_differences_add(comparison, first, request->base.documents[i],
				       "within the base: ", &request->allowed);
	return r;
}

static int fill_header(struct nm_comparison *comparison, const struct nm_compare_request *request)
{
	const struct nm_compare_side *changed =
		request->mode == NM_COMPARE_GUEST_NATIVE ? &request->base : &request->changed;
	char now[32];
	int r;

	nm_time_rfc3339(now, sizeof(now));
	comparison->schema = NM_COMPARISON_SCHEMA;
	comparison->tool_version = NM_VERSION;
	comparison->time = nm_arena_strdup(&comparison->arena, now);
	comparison->mode = (int)request->mode;
	comparison->false_discovery_rate = policy_of(request)->false_discovery_rate;
	if (!comparison->time)
		return -ENOMEM;
	r = fill_side(&comparison->arena, &request->base, &comparison->base);
	if (!r)
		r = fill_side(&comparison->arena, changed, &comparison->changed);
	return r ? r : fill_differences(comparison, request);
}

/* Lines */

static int measure_lines(struct nm_comparison *comparison, const struct nm_compare_request *request,
			 struct nm_designs *designs)
{
	struct nm_pairings pairings = {0};
	int r = nm_pair(designs->arena, request, &pairings);

	if (r)
		return r;
	comparison->lines.items = nm_arena_alloc(&comparison->arena,
						 pairings.count * sizeof(*comparison->lines.items));
	if (!comparison->lines.items)
		return -ENOMEM;
	for (size_t i = 0; !r && i < pairings.count; i++) {
		r = nm_line_measure(comparison, request, designs, &pairings.items[i],
				    &comparison->lines.items[i]);
		comparison->lines.count++;
	}
	return r;
}

/* Corrects the p of the statistics that are judged, or of the others. */
static int adjust(struct nm_comparison *comparison, bool gated, size_t *family)
{
	size_t most = comparison->lines.count * NM_COMPARED_KINDS;
	struct nm_test *tests = malloc((most + 1) * sizeof(*tests));

	*family = 0;
	if (!tests)
		return nm_fail(ENOMEM, "out of memory");
	for (size_t i = 0; i < comparison->lines.count; i++) {
		struct nm_compared *line = &comparison->lines.items[i];

		for (size_t j = 0; j < line->statistics.count; j++) {
			struct nm_compared_statistic *s = &line->statistics.items[j];

			if (s->gated == gated && nm_line_has_test(line, s))
				tests[(*family)++] = (struct nm_test) {s->p, &s->p_adjusted};
		}
	}
	if (*family)
		nm_family_adjust(tests, *family);
	free(tests);
	return 0;
}

static int judge_lines(struct nm_comparison *comparison, const struct nm_compare_request *request,
		       struct nm_designs *designs)
{
	struct nm_families families;
	int r = adjust(comparison, true, &families.gated);

	if (!r)
		r = adjust(comparison, false, &families.shown);
	comparison->family = families.gated;
	for (size_t i = 0; !r && i < comparison->lines.count; i++)
		r = nm_line_judge(comparison, request, designs, &families,
				  &comparison->lines.items[i]);
	return r;
}

/* What others have published is nested against bare metal, which is what machines are mostly compared for. */
static int add_publications(struct nm_comparison *comparison, struct nm_arena *scratch)
{
	struct nm_publications *publications;
	int r;

	if (comparison->mode != NM_COMPARE_MACHINES)
		return 0;
	r = nm_publications_read(scratch, &publications);
	for (size_t i = 0; !r && i < comparison->lines.count; i++)
		if (comparison->lines.items[i].context == NM_CONTEXT_GUEST)
			r = nm_publications_add(&comparison->arena, publications,
						&comparison->lines.items[i]);
	return r;
}

/* Summaries */

static int count_verdict(struct nm_arena *arena, struct nm_map *verdicts, int verdict)
{
	const struct nm_value *before = nm_map_get(verdicts, nm_verdict_names[verdict]);

	return nm_map_set(arena, verdicts, nm_verdict_names[verdict],
			  NM_INT(before ? before->integer + 1 : 1));
}

static struct nm_comparison_group *group_of(struct nm_comparison *comparison, const char *name)
{
	struct nm_comparison_group *group;

	for (size_t i = 0; i < comparison->groups.count; i++)
		if (!strcmp(comparison->groups.items[i].group, name))
			return &comparison->groups.items[i];
	group = nm_arena_append(&comparison->arena, &comparison->groups.items,
				&comparison->groups.count, sizeof(*group));
	if (group)
		*group = (struct nm_comparison_group) {.group = name,
						       .median_ratio = NAN,
						       .lowest_ratio = NAN,
						       .highest_ratio = NAN};
	return group;
}

static int count_lines(struct nm_comparison *comparison)
{
	int r = 0;

	comparison->verdict = NM_VERDICT_UNSUPPORTED;
	for (size_t i = 0; !r && i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];
		struct nm_comparison_group *group = group_of(comparison, line->group);

		if (!group)
			return -ENOMEM;
		group->lines++;
		if (nm_verdict_weight(line->verdict) > nm_verdict_weight(comparison->verdict))
			comparison->verdict = line->verdict;
		r = count_verdict(&comparison->arena, &group->verdicts, line->verdict);
		if (!r)
			r = count_verdict(&comparison->arena, &comparison->verdicts, line->verdict);
	}
	return r;
}

/* The floor tells what code costs; across machines and contexts the p50 tells what users get. */
static int group_kind(const struct nm_comparison *comparison)
{
	return comparison->mode == NM_COMPARE_MACHINES ||
			       comparison->mode == NM_COMPARE_GUEST_NATIVE
		       ? NM_COMPARED_P50
		       : NM_COMPARED_FLOOR;
}

/* Ratios are never averaged: the median, and how far they lie apart. */
static void spread(const struct nm_comparison *comparison, struct nm_comparison_group *group,
		   double *ratios)
{
	int kind = group_kind(comparison);
	size_t count = 0;

	for (size_t i = 0; i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];

		if (!strcmp(line->group, group->group) && line->statistics.count &&
		    line->verdict != NM_VERDICT_INVALID &&
		    isfinite(line->statistics.items[kind].ratio.value))
			ratios[count++] = line->statistics.items[kind].ratio.value;
	}
	if (!count)
		return;
	nm_sort_real(ratios, count);
	group->median_ratio = nm_median_sorted(ratios, count);
	group->lowest_ratio = ratios[0];
	group->highest_ratio = ratios[count - 1];
}

static int summarise(struct nm_comparison *comparison)
{
	double *ratios = malloc((comparison->lines.count + 1) * sizeof(*ratios));
	int r = ratios ? count_lines(comparison) : nm_fail(ENOMEM, "out of memory");

	for (size_t i = 0; !r && i < comparison->groups.count; i++)
		spread(comparison, &comparison->groups.items[i], ratios);
	free(ratios);
	return r;
}

static const struct nm_document *document_at(const struct nm_compare_request *request, size_t i)
{
	return i < request->base.count ? request->base.documents[i]
				       : request->changed.documents[i - request->base.count];
}

static const char *path_at(const struct nm_compare_request *request, size_t i)
{
	return i < request->base.count ? request->base.paths[i]
				       : request->changed.paths[i - request->base.count];
}

/* Rounds that stand on a side twice, or on both, would be evidence of nothing. */
static int check_uuids(const struct nm_compare_request *request)
{
	for (size_t i = 0; i < request->base.count + request->changed.count; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(document_at(request, i)->run.uuid,
				    document_at(request, j)->run.uuid))
				return nm_fail_remedy(EINVAL, "name each run once",
						      "%s and %s are the same run",
						      path_at(request, j), path_at(request, i));
	return 0;
}

static int check_request(const struct nm_compare_request *request)
{
	if (!request->base.count ||
	    (!request->changed.count && request->mode != NM_COMPARE_GUEST_NATIVE))
		return nm_fail(EINVAL, "a side without a document");
	if (request->paired && (request->base.count != 1 || request->changed.count != 1))
		return nm_fail(EINVAL, "pairs are of one document a side");
	return check_uuids(request);
}

int nm_compare(const struct nm_compare_request *request, struct nm_comparison *out)
{
	struct nm_arena scratch = {0};
	struct nm_designs designs = {.arena = &scratch};
	int r = check_request(request);

	if (!r)
		r = fill_header(out, request);
	if (!r)
		r = measure_lines(out, request, &designs);
	if (!r)
		r = judge_lines(out, request, &designs);
	if (!r)
		r = add_publications(out, &scratch);
	if (!r)
		r = summarise(out);
	if (!r && request->gate)
		r = nm_gate_judge(out, request);
	nm_arena_free(&scratch);
	if (r)
		nm_comparison_free(out);
	return r;
}
