/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/outcomes.h"

#include "core/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As it will be shown, so that names that look alike are the same. */
static char *printable(struct nm_arena *arena, const char *name)
{
	size_t size = name ? strlen(name) + 1 : 0;
	char *clean = name ? nm_arena_alloc(arena, size) : NULL;

	return clean ? nm_text_printable(clean, size, name) : NULL;
}

static int add(struct nm_arena *arena, struct nm_outcomes *out, const struct nm_outcome *outcome)
{
	struct nm_outcome *added = nm_arena_append(arena, &out->items, &out->count, sizeof(*added));

	if (!added)
		return -ENOMEM;
	*added = *outcome;
	added->name = printable(arena, outcome->name);
	if (!added->name)
		return -ENOMEM;
	out->counts[outcome->outcome]++;
	out->seconds += outcome->seconds;
	return 0;
}

static double seconds_of(const struct nm_measurement *m)
{
	double ns = 0;

	for (size_t i = 0; i < m->rounds.count; i++)
		ns += (double)m->rounds.items[i].elapsed_ns;
	return ns / 1e9;
}

int nm_outcomes_of_run(struct nm_arena *arena, const struct nm_document *document,
		       struct nm_outcomes *out)
{
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];
		struct nm_outcome outcome = {.name = nm_measurement_name(arena, m),
					     .group = m->group,
					     .outcome = NM_OUTCOME_ERROR,
					     .word = nm_state_names[m->state],
					     .reason = m->reason ? m->reason : "",
					     .timeout = m->state == NM_STATE_TIMEOUT,
					     .undecided = m->state == NM_STATE_NOISY,
					     .seconds = seconds_of(m)};

		if (m->state == NM_STATE_OK)
			outcome.outcome = NM_OUTCOME_PASS;
		else if (m->state == NM_STATE_UNSUPPORTED)
			outcome.outcome = NM_OUTCOME_SKIP;
		r = add(arena, out, &outcome);
	}
	return r;
}

static enum nm_check_outcome outcome_of(int verdict)
{
	switch (verdict) {
	case NM_VERDICT_EQUAL:
	case NM_VERDICT_IMPROVED:
		return NM_OUTCOME_PASS;
	case NM_VERDICT_INCONCLUSIVE:
	case NM_VERDICT_ADDED:
	case NM_VERDICT_UNSUPPORTED:
		return NM_OUTCOME_SKIP;
	case NM_VERDICT_REGRESSED:
		return NM_OUTCOME_FAILURE;
	default:
		return NM_OUTCOME_ERROR;
	}
}

/* The largest growth of what the policy judges. */
static double growth_of(const struct nm_compared *line)
{
	double growth = 0;

	for (size_t i = 0; i < line->statistics.count; i++) {
		const struct nm_compared_statistic *s = &line->statistics.items[i];

		if (s->gated && isfinite(s->ratio.value))
			growth = fmax(growth, s->ratio.value);
	}
	return growth;
}

int nm_outcomes_of_comparison(struct nm_arena *arena, const struct nm_comparison *comparison,
			      struct nm_outcomes *out)
{
	int r = 0;

	for (size_t i = 0; !r && i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];
		const struct nm_outcome outcome = {.name = line->name,
						   .group = line->group,
						   .outcome = outcome_of(line->verdict),
						   .word = nm_verdict_names[line->verdict],
						   .reason = line->reason ? line->reason : "",
						   .undecided =
							   line->verdict == NM_VERDICT_INCONCLUSIVE,
						   .weight = growth_of(line)};

		r = add(arena, out, &outcome);
	}
	return r;
}

struct named {
	const char *name;
	size_t index;
};

static int compare_names(const void *a, const void *b)
{
	const struct named *x = a;
	const struct named *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

bool *nm_outcomes_first(struct nm_arena *arena, const struct nm_outcomes *outcomes)
{
	struct named *names = nm_arena_alloc(arena, outcomes->count * sizeof(*names) + 1);
	bool *first = nm_arena_alloc(arena, outcomes->count * sizeof(*first) + 1);

	if (!names || !first)
		return NULL;
	for (size_t i = 0; i < outcomes->count; i++)
		names[i] = (struct named) {outcomes->items[i].name, i};
	if (outcomes->count)
		qsort(names, outcomes->count, sizeof(*names), compare_names);
	for (size_t i = 0; i < outcomes->count; i++)
		first[names[i].index] = !i || strcmp(names[i].name, names[i - 1].name) != 0;
	return first;
}
