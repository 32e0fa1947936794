/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/comparison_view.h"

#include "reports/format.h"
#include "reports/reasons.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* How a mode is spoken of. */
struct wording {
	const char *base, *changed; /* the sides */
	const char *base_column, *changed_column;
	enum nm_compared_kind leading; /* the statistic of both columns */
	const char *regressed, *improved;
	const char *mode;
	char *(*ratio)(struct nm_arena *arena, const struct nm_statistic *ratio);
};

static const struct wording wordings[] = {
	[NM_COMPARE_DOCUMENTS] = {"base", "new", "base floor", "new floor", NM_COMPARED_FLOOR,
				  "regressed", "improved", "before and after", nm_format_change},
	[NM_COMPARE_MACHINES] = {"base", "new", "base p50", "new p50", NM_COMPARED_P50, "slower",
				 "faster", "across machines", nm_format_ratio},
	[NM_COMPARE_GUEST_NATIVE] = {"native", "guest", "native p50", "guest p50", NM_COMPARED_P50,
				     "slower", "faster", "guests against the native side",
				     nm_format_ratio},
	[NM_COMPARE_AB] = {"A", "B", "A floor", "B floor", NM_COMPARED_FLOOR, "regressed",
			   "improved", "interleaved and paired", nm_format_change},
};

__attribute__((format(printf, 3, 4))) static int
add_line(struct nm_arena *arena, struct nm_strings *lines, const char *format, ...)
{
	va_list args;
	const char *line;

	va_start(args, format);
	line = nm_arena_vprintf(arena, format, args);
	va_end(args);
	return line ? nm_strings_add(arena, lines, line) : -ENOMEM;
}

static const char *or_none(const char *text)
{
	return text ? text : "none";
}

static int add_side(struct nm_comparison_view *view, struct nm_arena *arena, const char *name,
		    const struct nm_comparison_side *side)
{
	const struct nm_machine *m = &side->machine;

	return add_line(arena, &view->title, "%s: %s, %s, %s%s%s", name, side->label,
			m->brand ? m->brand : "unknown CPU",
			m->level == 0	? "bare metal"
			: m->level == 1 ? "itself a guest"
					: "level unknown",
			m->hypervisor ? " of " : "", m->hypervisor ? m->hypervisor : "");
}

static int add_title(struct nm_comparison_view *view, struct nm_arena *arena,
		     const struct nm_comparison *comparison, const struct wording *words)
{
	int r = add_side(view, arena, words->base, &comparison->base);

	if (!r && comparison->mode != NM_COMPARE_GUEST_NATIVE)
		r = add_side(view, arena, words->changed, &comparison->changed);
	return r ? r
		 : add_line(arena, &view->title,
			    "compared: %s, by nestmark %s; false discovery rate %g over %llu tests",
			    words->mode, comparison->tool_version, comparison->false_discovery_rate,
			    (unsigned long long)comparison->family);
}

static int add_differences(struct nm_comparison_view *view, struct nm_arena *arena,
			   const struct nm_comparison *comparison)
{
	bool invalid = comparison->mode != NM_COMPARE_MACHINES;
	int r = 0;

	for (size_t i = 0; !r && i < comparison->differences.count; i++) {
		const struct nm_difference *d = &comparison->differences.items[i];

		r = add_line(arena, &view->differences, "%s: %s -> %s%s", d->what, or_none(d->base),
			     or_none(d->changed),
			     d->decisive && invalid ? " (numbers do not compare across this)" : "");
	}
	return r;
}

static char *context_of(struct nm_arena *arena, const struct nm_compared *line)
{
	char *context = nm_arena_strdup(arena, line->name + strlen(line->operation) + 1);

	for (char *c = context; c && *c; c++)
		if (*c == '/')
			*c = ' ';
	return context;
}

static const struct nm_compared_statistic *statistic_of(const struct nm_compared *line, int kind)
{
	for (size_t i = 0; i < line->statistics.count; i++)
		if (line->statistics.items[i].kind == kind)
			return &line->statistics.items[i];
	return NULL;
}

static const char *ratio_of(struct nm_arena *arena, const struct wording *words,
			    const struct nm_compared *line, int kind)
{
	const struct nm_compared_statistic *s = statistic_of(line, kind);

	return s ? words->ratio(arena, &s->ratio) : "–";
}

/* "22 Turtles'10, 13 PVM'23" */
static const char *published_of(struct nm_arena *arena, const struct nm_compared *line)
{
	const char *text = NULL;

	for (size_t i = 0; i < line->published.count; i++) {
		const struct nm_published *p = &line->published.items[i];

		if (isfinite(p->multiplier))
			text = nm_arena_printf(arena, "%s%s%g %s", text ? text : "",
					       text ? ", " : "", p->multiplier, p->id);
	}
	return text ? text : "–";
}

/* The statistic whose verdict is the line's, for how many rounds would decide. */
static uint64_t rounds_of(const struct nm_compared *line)
{
	uint64_t rounds = 0;

	for (size_t i = 0; i < line->statistics.count; i++) {
		const struct nm_compared_statistic *s = &line->statistics.items[i];

		if (s->gated && s->verdict == line->verdict && s->rounds_to_decide > rounds)
			rounds = s->rounds_to_decide;
	}
	return rounds;
}

static const char *word_of(const struct wording *words, int verdict)
{
	return verdict == NM_VERDICT_REGRESSED	? words->regressed
	       : verdict == NM_VERDICT_IMPROVED ? words->improved
						: nm_verdict_names[verdict];
}

static const char *verdict_of(struct nm_arena *arena, const struct wording *words,
			      const struct nm_compared *line)
{
	const char *word = word_of(words, line->verdict);
	uint64_t rounds = rounds_of(line);

	if (line->verdict == NM_VERDICT_INCONCLUSIVE && rounds)
		word = nm_arena_printf(arena, "%s, ~%llu rounds", word, (unsigned long long)rounds);
	return word && line->emulated ? nm_arena_printf(arena, "%s, emulated", word) : word;
}

static int add_row(struct nm_comparison_view *view, struct nm_arena *arena,
		   const struct wording *words, const struct nm_compared *line)
{
	const struct nm_compared_statistic *leading = statistic_of(line, (int)words->leading);
	struct nm_comparison_row *row =
		nm_arena_append(arena, &view->rows.items, &view->rows.count, sizeof(*row));
	const char **cells = row ? row->cells : NULL;

	if (!row)
		return -ENOMEM;
	row->verdict = line->verdict;
	cells[NM_COMPARISON_OPERATION] = line->operation;
	cells[NM_COMPARISON_CONTEXT] = context_of(arena, line);
	cells[NM_COMPARISON_BASE] =
		leading ? nm_format_value(arena, line->unit, leading->base.value) : "–";
	cells[NM_COMPARISON_NEW] =
		leading ? nm_format_value(arena, line->unit, leading->changed.value) : "–";
	cells[NM_COMPARISON_FLOOR] = ratio_of(arena, words, line, NM_COMPARED_FLOOR);
	cells[NM_COMPARISON_P50] = ratio_of(arena, words, line, NM_COMPARED_P50);
	cells[NM_COMPARISON_P99] = ratio_of(arena, words, line, NM_COMPARED_P99);
	cells[NM_COMPARISON_PUBLISHED] = published_of(arena, line);
	cells[NM_COMPARISON_VERDICT] = verdict_of(arena, words, line);
	for (size_t i = 0; i < NM_COMPARISON_COLUMNS; i++)
		if (!cells[i])
			return -ENOMEM;
	return 0;
}

static int add_rows(struct nm_comparison_view *view, struct nm_arena *arena,
		    const struct nm_comparison *comparison, const struct wording *words)
{
	bool published = false;
	int r = 0;

	for (size_t i = 0; !r && i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];

		published |= line->published.count > 0;
		/* What neither side has is told below the table. */
		if (line->verdict != NM_VERDICT_UNSUPPORTED)
			r = add_row(view, arena, words, line);
	}
	view->titles[NM_COMPARISON_OPERATION] = "operation";
	view->titles[NM_COMPARISON_CONTEXT] = "context";
	view->titles[NM_COMPARISON_BASE] = words->base_column;
	view->titles[NM_COMPARISON_NEW] = words->changed_column;
	view->titles[NM_COMPARISON_FLOOR] = "floor";
	view->titles[NM_COMPARISON_P50] = "p50";
	view->titles[NM_COMPARISON_P99] = "p99";
	view->titles[NM_COMPARISON_PUBLISHED] = published ? "published ×" : NULL;
	view->titles[NM_COMPARISON_VERDICT] = "verdict";
	return r;
}

static int add_reasons(struct nm_comparison_view *view, struct nm_arena *arena,
		       const struct nm_comparison *comparison)
{
	struct nm_reasons reasons = {0};
	int r = 0;

	for (size_t i = 0; !r && i < comparison->lines.count; i++) {
		const struct nm_compared *line = &comparison->lines.items[i];

		if (line->reason)
			r = nm_reasons_add(
				arena, &reasons,
				&(struct nm_reason) {.name = line->name,
						     .word = nm_verdict_names[line->verdict],
						     .text = line->reason});
	}
	return r ? r : nm_reasons_lines(arena, &reasons, &view->reasons);
}

static int add_groups(struct nm_comparison_view *view, struct nm_arena *arena,
		      const struct nm_comparison *comparison, const struct wording *words)
{
	int r = 0;

	for (size_t i = 0; !r && i < comparison->groups.count; i++) {
		const struct nm_comparison_group *g = &comparison->groups.items[i];

		if (isfinite(g->median_ratio))
			r = add_line(arena, &view->groups,
				     "%s: median ratio of the %s %.3g, from %.3g to %.3g", g->group,
				     nm_compared_kind_names[words->leading], g->median_ratio,
				     g->lowest_ratio, g->highest_ratio);
	}
	return r;
}

static int add_gate(struct nm_comparison_view *view, struct nm_arena *arena,
		    const struct nm_gate *gate)
{
	int r = 0;

	for (size_t i = 0; !r && i < gate->warnings.count; i++)
		r = add_line(arena, &view->gate, "warning: %s", gate->warnings.items[i]);
	for (size_t i = 0; !r && i < gate->failures.count; i++)
		r = nm_strings_add(arena, &view->gate, gate->failures.items[i]);
	return r ? r
		 : add_line(arena, &view->gate, "gate: %s (policy %s)",
			    gate->passed ? "passed" : "failed", gate->policy);
}

static int conclude(struct nm_comparison_view *view, struct nm_arena *arena,
		    const struct nm_comparison *comparison, const struct wording *words)
{
	const char *text = NULL;

	for (int verdict = 0; nm_verdict_names[verdict]; verdict++) {
		const struct nm_value *count =
			nm_map_get(&comparison->verdicts, nm_verdict_names[verdict]);

		if (!count || count->type != NM_VALUE_INT)
			continue;
		text = nm_arena_printf(arena, "%s%s%lld %s", text ? text : "", text ? ", " : "",
				       (long long)count->integer, word_of(words, verdict));
		if (!text)
			return -ENOMEM;
	}
	view->conclusion = text ? text : "nothing was compared";
	return 0;
}

static bool is_counted(const struct nm_comparison *comparison)
{
	for (size_t i = 0; i < comparison->lines.count; i++)
		if (!strcmp(comparison->lines.items[i].unit, nm_clock_units[NM_CLOCK_INSTRUCTIONS]))
			return true;
	return false;
}

static int add_notes(struct nm_comparison_view *view, struct nm_arena *arena,
		     const struct nm_comparison *comparison)
{
	bool ratios = wordings[comparison->mode].ratio == nm_format_ratio;
	int r = nm_strings_add(
		arena, &view->notes,
		ratios ? "floor, p50 and p99: how many times as long, with the 95 % interval over "
			 "rounds."
		       : "floor, p50 and p99: the change, with the 95 % interval over rounds. The "
			 "floor is what the code costs; p50 and p99 are what users of the machine "
			 "get, neighbours included.");

	if (!r && view->titles[NM_COMPARISON_PUBLISHED])
		r = nm_strings_add(
			arena, &view->notes,
			"published ×: a nested guest against one of bare metal, as time, as "
			"the authors measured it on their machines.");
	if (!r && is_counted(comparison))
		r = nm_strings_add(arena, &view->notes,
				   "Figures are instructions, and those are not time.");
	return r;
}

int nm_comparison_view_build(struct nm_comparison_view *view, struct nm_arena *arena,
			     const struct nm_comparison *comparison)
{
	const struct wording *words = &wordings[comparison->mode];
	int r = add_title(view, arena, comparison, words);

	if (!r)
		r = add_differences(view, arena, comparison);
	if (!r)
		r = add_rows(view, arena, comparison, words);
	if (!r)
		r = add_groups(view, arena, comparison, words);
	if (!r)
		r = add_reasons(view, arena, comparison);
	if (!r && comparison->gate)
		r = add_gate(view, arena, comparison->gate);
	if (!r)
		r = conclude(view, arena, comparison, words);
	return r ? r : add_notes(view, arena, comparison);
}
