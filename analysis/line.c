/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/line.h"

#include "analysis/differences.h"
#include "analysis/judge.h"
#include "analysis/rounds.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Counts repeat to the digit: where they differ, nothing has to be tested. */
static bool is_counted(const struct nm_compared *line)
{
	return !strcmp(line->unit, nm_clock_units[NM_CLOCK_INSTRUCTIONS]);
}

bool nm_line_has_test(const struct nm_compared *line, const struct nm_compared_statistic *statistic)
{
	return !line->reason && !statistic->reason && !is_counted(line);
}

struct nm_limits nm_line_limits(const struct nm_compare_request *request,
				const struct nm_compared *line)
{
	const struct nm_policy *policy = request->policy ? request->policy : &nm_policy_default;

	return nm_policy_limits(policy, line->group, line->operation, line->name);
}

__attribute__((format(printf, 4, 5))) static int close_line(struct nm_comparison *comparison,
							    struct nm_compared *line, int verdict,
							    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line->verdict = verdict;
	line->reason = nm_arena_vprintf(&comparison->arena, format, args);
	va_end(args);
	return line->reason ? 0 : -ENOMEM;
}

/* Several documents of the base make up for one that failed; of the new side each one counts. */
static const struct nm_measurement *speaker(const struct nm_found *found, bool worst)
{
	const struct nm_measurement *chosen = found->count ? found->items[0] : NULL;

	for (size_t i = 1; i < found->count; i++)
		if (worst ? found->items[i]->state > chosen->state
			  : found->items[i]->state < chosen->state)
			chosen = found->items[i];
	return chosen;
}

static int copy_parameters(struct nm_arena *arena, const struct nm_map *from, struct nm_map *to)
{
	int r = 0;

	for (size_t i = 0; !r && i < from->count; i++)
		r = nm_map_set(arena, to, from->pairs[i].name, from->pairs[i].value);
	return r;
}

static int describe(struct nm_arena *arena, const struct nm_pairing *pairing,
		    const struct nm_measurement *base, const struct nm_measurement *changed,
		    struct nm_compared *line)
{
	const struct nm_measurement *m = changed ? changed : base;

	*line = (struct nm_compared) {
		.name = nm_arena_strdup(arena, pairing->name),
		.operation = nm_arena_strdup(arena, m->operation),
		.group = nm_arena_strdup(arena, m->group),
		.context = m->context,
		.series = nm_arena_strdup(arena, m->series),
		.unit = nm_arena_strdup(arena, m->unit),
		.base_state = base ? nm_state_names[base->state] : NULL,
		.changed_state = changed ? nm_state_names[changed->state] : NULL,
		.base_rounds = nm_rounds_count(&pairing->base),
		.changed_rounds = nm_rounds_count(&pairing->changed),
		.base_exits_per_op = base ? base->evidence.exits_per_op : NAN,
		.changed_exits_per_op = changed ? changed->evidence.exits_per_op : NAN,
		.emulated = (base && base->evidence.emulated) ||
			    (changed && changed->evidence.emulated),
	};
	if (!line->name || !line->operation || !line->group || !line->unit)
		return -ENOMEM;
	return copy_parameters(arena, &m->parameters, &line->parameters);
}

static int close_state(struct nm_comparison *comparison, struct nm_compared *line, const char *side,
		       const struct nm_measurement *m)
{
	return close_line(comparison, line, NM_VERDICT_INVALID, "%s is %s: %s", side,
			  nm_state_names[m->state], m->reason ? m->reason : "no reason recorded");
}

/* Noise that both sides met in turn is left to the intervals, unless it made rounds fail. */
static bool is_usable(const struct nm_comparison *comparison, const struct nm_measurement *m)
{
	return m->state == NM_STATE_OK ||
	       (comparison->mode == NM_COMPARE_AB && m->state == NM_STATE_NOISY &&
		!m->evidence.rounds_failed);
}

/* What keeps a line from being compared, first match wins; 0 with the line open when nothing does. */
static int check(struct nm_comparison *comparison, struct nm_compared *line,
		 const struct nm_measurement *base, const struct nm_measurement *changed)
{
	bool machines = comparison->mode == NM_COMPARE_MACHINES;
	bool contexts = comparison->mode == NM_COMPARE_GUEST_NATIVE;
	const char *decisive = machines ? NULL : nm_differences_decisive(comparison);

	if (!changed)
		return close_line(comparison, line, NM_VERDICT_MISSING, "not in the new documents");
	if (!base)
		return close_line(comparison, line, NM_VERDICT_ADDED, "not in the base");
	if (base->state == NM_STATE_UNSUPPORTED && changed->state == NM_STATE_UNSUPPORTED)
		return close_line(comparison, line, NM_VERDICT_UNSUPPORTED, "%s",
				  changed->reason ? changed->reason : "no reason recorded");
	if (!is_usable(comparison, changed))
		return close_state(comparison, line, contexts ? "the guest" : "new", changed);
	if (!is_usable(comparison, base))
		return close_state(comparison, line, contexts ? "native" : "base", base);
	if (strcmp(base->unit, changed->unit) != 0)
		return close_line(comparison, line, NM_VERDICT_INVALID, "unit %s against %s",
				  base->unit, changed->unit);
	if (base->version != changed->version)
		return close_line(comparison, line, NM_VERDICT_INVALID,
				  "version %llu of the operation against %llu",
				  (unsigned long long)base->version,
				  (unsigned long long)changed->version);
	if (decisive)
		return close_line(comparison, line, NM_VERDICT_INVALID, "not comparable: %s",
				  decisive);
	if (!machines && !contexts && base->evidence.emulated != changed->evidence.emulated)
		return close_line(comparison, line, NM_VERDICT_INVALID,
				  "the guest is interpreted on one side only");
	return 0;
}

/* Noisy rounds are shown where there are no better ones. */
static int keep_usable(struct nm_arena *arena, const struct nm_found *found, int worst,
		       struct nm_found *out)
{
	out->items = nm_arena_alloc(arena, found->count * sizeof(void *));
	if (!out->items)
		return -ENOMEM;
	for (size_t i = 0; i < found->count; i++)
		if (found->items[i]->state <= worst && found->items[i]->state <= NM_STATE_NOISY)
			out->items[out->count++] = found->items[i];
	return 0;
}

static int find_usable(struct nm_arena *arena, const struct nm_pairing *pairing,
		       const struct nm_measurement *base, const struct nm_measurement *changed,
		       struct nm_pairing *out)
{
	int r = base ? keep_usable(arena, &pairing->base, base->state, &out->base) : 0;

	out->name = pairing->name;
	return r || !changed ? r
			     : keep_usable(arena, &pairing->changed, NM_STATE_NOISY, &out->changed);
}

/* Why a statistic has no verdict though its line might. */
static int check_rounds(struct nm_comparison *comparison, const struct nm_compared *line,
			struct nm_compared_statistic *out)
{
	uint64_t least = is_counted(line) ? 1 : NM_MIN_COMPARED_ROUNDS;

	if (out->base_rounds >= least && out->changed_rounds >= least)
		return 0;
	out->reason =
		nm_arena_printf(&comparison->arena,
				"%llu rounds against %llu: a verdict takes %llu of each",
				(unsigned long long)out->base_rounds,
				(unsigned long long)out->changed_rounds, (unsigned long long)least);
	return out->reason ? 0 : -ENOMEM;
}

static int measure_statistic(struct nm_comparison *comparison,
			     const struct nm_compare_request *request, struct nm_designs *designs,
			     const struct nm_pairing *pairing, const struct nm_compared *line,
			     struct nm_compared_statistic *out)
{
	struct nm_rounds rounds = {0};
	enum nm_compared_kind kind = (enum nm_compared_kind)out->kind;
	struct nm_limits limits = nm_line_limits(request, line);
	int r = nm_rounds_collect(designs->arena, pairing, kind, request, &rounds);

	out->threshold_percent = limits.threshold_percent[kind];
	out->gated = limits.gated[kind];
	out->verdict = NM_VERDICT_INVALID;
	if (!r)
		r = nm_judge_measure(designs, &rounds, request->paired, out);
	if (!r)
		r = nm_rounds_within(designs->arena, pairing, kind, &rounds, &out->within_runs);
	return r ? r : check_rounds(comparison, line, out);
}

static int measure_statistics(struct nm_comparison *comparison,
			      const struct nm_compare_request *request, struct nm_designs *designs,
			      const struct nm_pairing *pairing, struct nm_compared *line)
{
	struct nm_compared_statistic *items =
		nm_arena_alloc(&comparison->arena, NM_COMPARED_KINDS * sizeof(*items));
	int r = items ? 0 : -ENOMEM;

	line->statistics.items = items;
	for (int kind = 0; !r && kind < (int)NM_COMPARED_KINDS; kind++) {
		items[kind].kind = kind;
		r = measure_statistic(comparison, request, designs, pairing, line, &items[kind]);
		line->statistics.count++;
	}
	return r;
}

int nm_line_measure(struct nm_comparison *comparison, const struct nm_compare_request *request,
		    struct nm_designs *designs, const struct nm_pairing *pairing,
		    struct nm_compared *line)
{
	const struct nm_measurement *base = speaker(&pairing->base, false);
	const struct nm_measurement *changed = speaker(&pairing->changed, true);
	struct nm_pairing usable = {0};
	int r = find_usable(designs->arena, pairing, base, changed, &usable);

	if (!r)
		r = describe(&comparison->arena, &usable, base, changed, line);
	if (!r)
		r = check(comparison, line, base, changed);
	if (!r && usable.base.count && usable.changed.count)
		r = measure_statistics(comparison, request, designs, &usable, line);
	return r;
}

static int judge_statistic(struct nm_comparison *comparison,
			   const struct nm_compare_request *request, struct nm_designs *designs,
			   const struct nm_families *families, const struct nm_compared *line,
			   struct nm_compared_statistic *statistic)
{
	struct nm_limits limits = nm_line_limits(request, line);
	const struct nm_court court = {
		.limits = &limits,
		.design = nm_design_get(designs, statistic->base_rounds, statistic->changed_rounds,
					request->paired),
		.q = comparison->false_discovery_rate,
		.family = statistic->gated ? families->gated : families->shown,
		.block = request->paired && request->block ? request->block : 1,
		.counted = is_counted(line),
	};

	return court.design ? nm_judge(&comparison->arena, &court, statistic) : -ENOMEM;
}

/* The worst of the statistics that decide; of all when the policy lets none decide. */
static const struct nm_compared_statistic *deciding(const struct nm_compared *line)
{
	const struct nm_compared_statistic *worst = NULL;
	bool some = false;

	for (size_t i = 0; i < line->statistics.count; i++)
		some |= line->statistics.items[i].gated;
	for (size_t i = 0; i < line->statistics.count; i++) {
		const struct nm_compared_statistic *s = &line->statistics.items[i];

		if (s->gated == some &&
		    (!worst || nm_verdict_weight(s->verdict) > nm_verdict_weight(worst->verdict)))
			worst = s;
	}
	return worst;
}

const char *nm_line_noisy_side(const struct nm_compared *line)
{
	const char *noisy = nm_state_names[NM_STATE_NOISY];

	if (line->changed_state && !strcmp(line->changed_state, noisy))
		return "new";
	return line->base_state && !strcmp(line->base_state, noisy) ? "base" : NULL;
}

static int judge_open(struct nm_comparison *comparison, const struct nm_compare_request *request,
		      struct nm_designs *designs, const struct nm_families *families,
		      struct nm_compared *line)
{
	const struct nm_compared_statistic *worst;
	const char *noisy = nm_line_noisy_side(line);
	int r = 0;

	for (size_t i = 0; !r && i < line->statistics.count; i++)
		if (!line->statistics.items[i].reason)
			r = judge_statistic(comparison, request, designs, families, line,
					    &line->statistics.items[i]);
	worst = deciding(line);
	if (r || !worst)
		return r ? r : close_line(comparison, line, NM_VERDICT_INVALID, "no rounds");
	line->verdict = worst->verdict;
	if (!worst->reason)
		return 0;
	if (worst->verdict == NM_VERDICT_INCONCLUSIVE && noisy)
		return close_line(comparison, line, NM_VERDICT_INVALID, "%s is noisy, and %s: %s",
				  noisy, nm_compared_kind_names[worst->kind], worst->reason);
	return close_line(comparison, line, worst->verdict, "%s: %s",
			  nm_compared_kind_names[worst->kind], worst->reason);
}

int nm_line_judge(struct nm_comparison *comparison, const struct nm_compare_request *request,
		  struct nm_designs *designs, const struct nm_families *families,
		  struct nm_compared *line)
{
	if (!line->reason)
		return judge_open(comparison, request, designs, families, line);
	for (size_t i = 0; i < line->statistics.count; i++) {
		line->statistics.items[i].verdict = line->verdict;
		line->statistics.items[i].reason = line->reason;
	}
	return 0;
}
