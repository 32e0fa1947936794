/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/gate.h"

#include "analysis/line.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What the gate counted. */
struct tally {
	size_t lines, compared, undecided, inconclusive;
};

__attribute__((format(printf, 3, 4))) static int
say(struct nm_comparison *comparison, struct nm_strings *lines, const char *format, ...)
{
	va_list args;
	const char *line;

	va_start(args, format);
	line = nm_arena_vprintf(&comparison->arena, format, args);
	va_end(args);
	return line ? nm_strings_add(&comparison->arena, lines, line) : -ENOMEM;
}

/* A state that was bad before is the base's; one that got worse is not excused by any share. */
static bool got_worse(const struct nm_compared *line)
{
	return line->verdict == NM_VERDICT_INVALID && line->base_state && line->changed_state &&
	       !strcmp(line->base_state, nm_state_names[NM_STATE_OK]) &&
	       strcmp(line->changed_state, nm_state_names[NM_STATE_OK]) != 0;
}

/* Its verdict stands, and is not all that there is to say. */
static int warn_of_noise(struct nm_comparison *comparison, const struct nm_compared *line)
{
	const char *side = nm_line_noisy_side(line);

	if (!side || line->verdict >= NM_VERDICT_INVALID)
		return 0;
	return say(comparison, &comparison->gate->warnings, "%s is %s, although %s is noisy",
		   line->name, nm_verdict_names[line->verdict], side);
}

static const struct nm_compared_statistic *regressed_statistic(const struct nm_compared *line)
{
	for (size_t i = 0; i < line->statistics.count; i++)
		if (line->statistics.items[i].verdict == NM_VERDICT_REGRESSED &&
		    line->statistics.items[i].gated)
			return &line->statistics.items[i];
	return NULL;
}

static int say_regressed(struct nm_comparison *comparison, const struct nm_compared *line)
{
	const struct nm_compared_statistic *s = regressed_statistic(line);

	comparison->gate->regressions++;
	if (!s)
		return say(comparison, &comparison->gate->failures, "%s regressed", line->name);
	return say(comparison, &comparison->gate->failures,
		   "%s: %s regressed, ratio %.3f (%.3f..%.3f), threshold %g %%", line->name,
		   nm_compared_kind_names[s->kind], s->ratio.value, s->ratio.lo, s->ratio.hi,
		   s->threshold_percent);
}

static int judge_line(struct nm_comparison *comparison, const struct nm_compared *line,
		      struct tally *tally)
{
	struct nm_gate *gate = comparison->gate;
	int r;

	if (line->verdict == NM_VERDICT_UNSUPPORTED || line->verdict == NM_VERDICT_ADDED)
		return 0;
	r = warn_of_noise(comparison, line);
	if (r)
		return r;
	tally->lines++;
	tally->compared += line->verdict < NM_VERDICT_INVALID;
	tally->inconclusive += line->verdict == NM_VERDICT_INCONCLUSIVE;
	if (line->verdict == NM_VERDICT_REGRESSED)
		return say_regressed(comparison, line);
	if (got_worse(line))
		return say(comparison, &gate->failures, "%s got worse: %s", line->name,
			   line->reason);
	if (line->verdict == NM_VERDICT_INVALID || line->verdict == NM_VERDICT_MISSING)
		tally->undecided++;
	return 0;
}

static int say_undecided(struct nm_comparison *comparison, struct nm_strings *lines)
{
	int r = 0;

	for (size_t i = 0; !r && i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];

		if ((line->verdict == NM_VERDICT_INVALID && !got_worse(line)) ||
		    line->verdict == NM_VERDICT_MISSING)
			r = say(comparison, lines, "%s is %s: %s", line->name,
				nm_verdict_names[line->verdict], line->reason);
	}
	return r;
}

static int judge_undecided(struct nm_comparison *comparison, const struct nm_policy *policy,
			   const struct tally *tally)
{
	struct nm_gate *gate = comparison->gate;
	double share = tally->lines ? 100.0 * (double)tally->undecided / (double)tally->lines : 0;
	bool excused = share <= policy->max_undecided_percent;
	int r = 0;

	if (!tally->compared)
		r = say(comparison, &gate->failures, "nothing could be compared");
	if (!r && tally->undecided)
		r = say_undecided(comparison, excused ? &gate->warnings : &gate->failures);
	return r;
}

/* How many rounds would decide half of the lines whose rounds are known. */
static uint64_t rounds_for_half(const struct nm_comparison *comparison, double *rounds)
{
	size_t count = 0;

	for (size_t i = 0; i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];
		uint64_t most = 0;

		for (size_t j = 0; j < line->statistics.count; j++)
			if (line->statistics.items[j].gated &&
			    line->statistics.items[j].rounds_to_decide > most)
				most = line->statistics.items[j].rounds_to_decide;
		if (line->verdict == NM_VERDICT_INCONCLUSIVE && most)
			rounds[count++] = (double)most;
	}
	if (!count)
		return 0;
	nm_sort_real(rounds, count);
	return (uint64_t)rounds[nm_rank(count, 500)];
}

static int judge_inconclusive(struct nm_comparison *comparison, const struct nm_policy *policy,
			      const struct tally *tally)
{
	struct nm_gate *gate = comparison->gate;
	struct nm_strings *lines = policy->strict ? &gate->failures : &gate->warnings;
	double *scratch;
	uint64_t rounds;

	if (!tally->inconclusive)
		return 0;
	scratch = malloc(comparison->lines.count * sizeof(*scratch));
	if (!scratch)
		return nm_fail(ENOMEM, "out of memory");
	rounds = rounds_for_half(comparison, scratch);
	free(scratch);
	if (!rounds)
		return say(comparison, lines, "%zu of %zu lines are inconclusive",
			   tally->inconclusive, tally->lines);
	return say(comparison, lines,
		   "%zu of %zu lines are inconclusive; about %llu rounds a side would probably "
		   "decide half of them",
		   tally->inconclusive, tally->lines, (unsigned long long)rounds);
}

/* Whatever is odd about the runs themselves. */
static int warn_of_documents(struct nm_comparison *comparison)
{
	const struct nm_comparison_side *sides[] = {&comparison->base, &comparison->changed};
	int r = 0;

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; !r && j < sides[i]->documents.count; j++) {
			const struct nm_compared_document *d = &sides[i]->documents.items[j];

			if (strcmp(d->state, nm_run_state_names[NM_RUN_COMPLETE]) != 0)
				r = say(comparison, &comparison->gate->warnings,
					"%s is of a run that was interrupted", d->path);
		}
	return r;
}

int nm_gate_judge(struct nm_comparison *comparison, const struct nm_compare_request *request)
{
	const struct nm_policy *policy = request->policy ? request->policy : &nm_policy_default;
	struct nm_gate *gate = nm_arena_alloc(&comparison->arena, sizeof(*gate));
	struct tally tally = {0};
	int r;

	if (!gate)
		return -ENOMEM;
	comparison->gate = gate;
	gate->policy = nm_arena_strdup(&comparison->arena, policy->name);
	r = gate->policy ? 0 : -ENOMEM;
	for (size_t i = 0; !r && i < comparison->lines.count; i++)
		if (!nm_line_limits(request, &comparison->lines.items[i]).ignored)
			r = judge_line(comparison, &comparison->lines.items[i], &tally);
	if (!r)
		r = judge_undecided(comparison, policy, &tally);
	if (!r)
		r = warn_of_documents(comparison);
	if (!r)
		r = judge_inconclusive(comparison, policy, &tally);
	gate->passed = !gate->failures.count;
	return r;
}
