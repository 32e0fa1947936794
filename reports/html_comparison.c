/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* A comparison as a page: the verdict, what it rests on, and what it does not decide. */
#include "reports/comparison_renderers.h"
#include "reports/format.h"
#include "reports/html.h"
#include "reports/sentences.h"
#include "reports/values.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct page {
	const struct nm_comparison *comparison;
	struct nm_charts charts;
	struct nm_arena *arena;
	struct nm_text *out;
};

static const char *const verdict_classes[] = {
	[NM_VERDICT_EQUAL] = "good",
	[NM_VERDICT_IMPROVED] = "good",
	[NM_VERDICT_INCONCLUSIVE] = "warn",
	[NM_VERDICT_REGRESSED] = "bad",
	[NM_VERDICT_INVALID] = "bad",
	[NM_VERDICT_MISSING] = "bad",
	[NM_VERDICT_ADDED] = "",
	[NM_VERDICT_UNSUPPORTED] = "",
};

/* Across levels and machines, nothing has got worse: it is slower there. */
static const char *verdict_word(const struct nm_comparison *comparison, int verdict)
{
	bool apart = comparison->mode == NM_COMPARE_MACHINES ||
		     comparison->mode == NM_COMPARE_GUEST_NATIVE;

	if (apart && verdict == NM_VERDICT_REGRESSED)
		return "slower";
	if (apart && verdict == NM_VERDICT_IMPROVED)
		return "faster";
	return nm_verdict_names[verdict];
}

static int put(struct page *page, const char *tag, const char *class, const char *text)
{
	if (!text)
		return -ENOMEM;
	if (*text)
		nm_html_put(page->out, tag, class, text);
	return 0;
}

/* "3 regressed, 12 equal": of a map of counts by verdict, in the order of verdicts. */
static const char *counts_sentence(struct page *page, const struct nm_map *verdicts)
{
	const char *sentence = "";

	for (int v = 0; sentence && nm_verdict_names[v]; v++) {
		const struct nm_value *count = nm_map_get(verdicts, nm_verdict_names[v]);

		if (!count || count->type != NM_VALUE_INT || !count->integer)
			continue;
		sentence = nm_arena_printf(page->arena, "%s%s%lld %s", sentence,
					   *sentence ? ", " : "", (long long)count->integer,
					   verdict_word(page->comparison, v));
	}
	return sentence;
}

static const char *mode_sentence(const struct nm_comparison *comparison)
{
	static const char *const sentences[] = {
		[NM_COMPARE_DOCUMENTS] = "Before and after, measurement by measurement.",
		[NM_COMPARE_MACHINES] =
			"Two machines, because that was asked for: the ratios say what the new one "
			"costs against the base.",
		[NM_COMPARE_GUEST_NATIVE] = "Guests against the same work without one.",
		[NM_COMPARE_AB] = "Two commands, whose rounds were measured in turns and are "
				  "compared in pairs.",
	};

	return sentences[comparison->mode];
}

static size_t count_lines(const struct nm_comparison *comparison, const int *verdicts)
{
	size_t count = 0;

	for (size_t i = 0; i < comparison->lines.count; i++)
		for (const int *verdict = verdicts; *verdict >= 0; verdict++)
			count += comparison->lines.items[i].verdict == *verdict;
	return count;
}

/* The worst verdict speaks for the whole, unless most of it has none. */
static const char *whole_sentence(struct page *page)
{
	static const int decided[] = {NM_VERDICT_EQUAL, NM_VERDICT_IMPROVED, NM_VERDICT_REGRESSED,
				      -1};
	static const int open[] = {NM_VERDICT_INCONCLUSIVE, NM_VERDICT_INVALID, NM_VERDICT_MISSING,
				   -1};
	const struct nm_comparison *c = page->comparison;

	if (count_lines(c, open) > count_lines(c, decided))
		return "Most of it is not decided";
	return nm_arena_printf(page->arena, "On the whole %s", verdict_word(c, c->verdict));
}

static int put_answer(struct page *page)
{
	const struct nm_comparison *c = page->comparison;
	const char *counts = counts_sentence(page, &c->verdicts);
	const char *whole = whole_sentence(page);
	char class[32];

	if (!counts || !whole)
		return -ENOMEM;
	snprintf(class, sizeof(class), "answer %s", verdict_classes[c->verdict]);
	return put(page, "p", class,
		   nm_arena_printf(page->arena, "%s. Of %zu measurements: %s.", whole,
				   c->lines.count, *counts ? counts : "none compared"));
}

static int put_gate(struct page *page)
{
	const struct nm_gate *gate = page->comparison->gate;
	int r;

	if (!gate)
		return 0;
	r = put(page, "h3", NULL, gate->passed ? "The gate is passed" : "The gate is not passed");
	if (!r)
		r = put(page, "p", NULL, nm_arena_printf(page->arena, "Policy: %s.", gate->policy));
	nm_html_list(page->out, &gate->failures);
	if (!r && gate->warnings.count)
		r = put(page, "p", NULL, "Warnings:");
	nm_html_list(page->out, &gate->warnings);
	return r;
}

static int put_group_card(struct page *page, const struct nm_comparison_group *group)
{
	const char *median = nm_format_count(page->arena, group->median_ratio);
	const char *lowest = nm_format_count(page->arena, group->lowest_ratio);
	const char *highest = nm_format_count(page->arena, group->highest_ratio);
	const char *counts = counts_sentence(page, &group->verdicts);
	bool valid = isfinite(group->median_ratio);
	const char *figure;
	const char *sentence;

	if (!median || !lowest || !highest || !counts)
		return -ENOMEM;
	figure = valid ? nm_arena_printf(page->arena, "%s ×", median) : "no figure";
	sentence = valid ? nm_arena_printf(page->arena,
					   "In the middle the new side takes %s times as long as "
					   "the base; from %s to %s times. %llu lines: %s.",
					   median, lowest, highest,
					   (unsigned long long)group->lines, counts)
			 : nm_arena_printf(page->arena,
					   "%llu lines, none with valid figures on "
					   "both sides: %s.",
					   (unsigned long long)group->lines, counts);
	if (!figure || !sentence)
		return -ENOMEM;
	nm_text_puts(page->out, "<div>");
	nm_html_put(page->out, "dt", NULL, group->group);
	nm_html_put(page->out, "dd", "figure", figure);
	nm_html_put(page->out, "dd", NULL, sentence);
	nm_text_puts(page->out, "</div>\n");
	return 0;
}

static int put_group_cards(struct page *page)
{
	int r = 0;

	if (!page->comparison->groups.count)
		return 0;
	nm_html_put(page->out, "h3", NULL, "What it comes to");
	nm_text_puts(page->out, "<dl class=\"cards\">\n");
	for (size_t i = 0; !r && i < page->comparison->groups.count; i++)
		r = put_group_card(page, &page->comparison->groups.items[i]);
	nm_text_puts(page->out, "</dl>\n");
	return r;
}

static bool is_decided(int verdict)
{
	return verdict == NM_VERDICT_EQUAL || verdict == NM_VERDICT_IMPROVED ||
	       verdict == NM_VERDICT_REGRESSED;
}

static size_t count_undecided(const struct nm_comparison *comparison)
{
	size_t count = 0;

	for (size_t i = 0; i < comparison->lines.count; i++)
		count += !is_decided(comparison->lines.items[i].verdict);
	return count;
}

static int put_certainty(struct page *page)
{
	const struct nm_comparison *c = page->comparison;
	size_t decisive = 0;
	int r;

	for (size_t i = 0; i < c->differences.count; i++)
		decisive += c->differences.items[i].decisive;
	nm_html_put(page->out, "h3", NULL, "How sure this is");
	r = put(page, "p", NULL,
		nm_arena_printf(page->arena,
				"%llu tests were judged together, so that of the differences that "
				"are called so at most %.3g %% are expected to be none.",
				(unsigned long long)c->family, c->false_discovery_rate * 100));
	if (!r && decisive)
		r = put(page, "p", NULL,
			nm_arena_printf(page->arena,
					"%zu differences between the sides besides the figures are "
					"decisive: without them the figures might be others.",
					decisive));
	if (!r && count_undecided(c))
		nm_text_puts(page->out, "<p>What is not decided, and why, is <a "
					"href=\"#undecided\">listed below</a>.</p>\n");
	return r;
}

static int put_verdict(struct page *page)
{
	int r;

	nm_html_begin_section(page->out, "verdict", "Verdict");
	r = put_answer(page);
	if (!r)
		r = put(page, "p", NULL, mode_sentence(page->comparison));
	if (!r)
		r = put_group_cards(page);
	if (!r)
		r = put_gate(page);
	if (!r)
		r = put_certainty(page);
	nm_html_end_section(page->out);
	return r;
}

static const char *documents_of(struct nm_arena *arena, const struct nm_comparison_side *side)
{
	const char *text = "";

	for (size_t i = 0; text && i < side->documents.count; i++) {
		const struct nm_compared_document *d = &side->documents.items[i];

		text = nm_arena_printf(arena, "%s%s%s: %s, %s, nestmark %s, %s", text,
				       i ? "; " : "", d->path, d->uuid, d->started, d->tool_version,
				       d->state);
	}
	return text;
}

static const char *or_unknown(const char *text)
{
	return text ? text : "not known";
}

static int put_sides(struct page *page)
{
	static const struct nm_html_column columns[] = {{"What", NM_HTML_TEXT},
							{"Base", NM_HTML_TEXT},
							{"New", NM_HTML_TEXT},
							{0}};
	const struct nm_comparison_side *base = &page->comparison->base;
	const struct nm_comparison_side *changed = &page->comparison->changed;
	const char *const rows[][3] = {
		{"Label", base->label, changed->label},
		{"Machine", nm_machine_sentence(page->arena, &base->machine),
		 nm_machine_sentence(page->arena, &changed->machine)},
		{"Kernel", or_unknown(base->kernel_release), or_unknown(changed->kernel_release)},
		{"Documents", documents_of(page->arena, base), documents_of(page->arena, changed)},
	};

	nm_html_begin_section(page->out, "sides", "The two sides");
	nm_html_begin_table(page->out, "What was compared", columns);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i][1] || !rows[i][2])
			return -ENOMEM;
		nm_html_row(page->out, columns, rows[i], NULL);
	}
	nm_html_end_table(page->out);
	return 0;
}

static void put_differences(struct page *page)
{
	static const struct nm_html_column columns[] = {{"What", NM_HTML_TEXT},
							{"Base", NM_HTML_TEXT},
							{"New", NM_HTML_TEXT},
							{"Weight", NM_HTML_TEXT},
							{0}};

	if (page->comparison->differences.count) {
		nm_html_put(page->out, "h3", NULL, "What else is not the same");
		nm_html_begin_table(page->out, "Differences besides the figures", columns);
	}
	for (size_t i = 0; i < page->comparison->differences.count; i++) {
		const struct nm_difference *d = &page->comparison->differences.items[i];
		const char *const cells[] = {d->what, d->base ? d->base : "–",
					     d->changed ? d->changed : "–",
					     d->decisive ? "decisive" : "to know"};

		nm_html_row(page->out, columns, cells, d->decisive ? "warn" : "");
	}
	if (page->comparison->differences.count)
		nm_html_end_table(page->out);
	nm_html_end_section(page->out);
}

static const struct nm_compared_statistic *statistic_of(const struct nm_compared *line, int kind)
{
	for (size_t i = 0; i < line->statistics.count; i++)
		if (line->statistics.items[i].kind == kind)
			return &line->statistics.items[i];
	return NULL;
}

static const char *ratio_of(struct nm_arena *arena, const struct nm_compared *line, int kind)
{
	const struct nm_compared_statistic *s = statistic_of(line, kind);

	return s ? nm_format_ratio(arena, &s->ratio) : "–";
}

/* "22 × (The Turtles Project, OSDI 2010)" */
static const char *published_of(struct nm_arena *arena, const struct nm_compared *line)
{
	const char *text = "";

	for (size_t i = 0; text && i < line->published.count; i++) {
		const struct nm_published *p = &line->published.items[i];
		const char *figure = isfinite(p->multiplier)
					     ? nm_arena_printf(arena, "%.3g ×", p->multiplier)
					     : nm_arena_printf(arena, "%.4g %s", p->value, p->unit);

		if (!figure)
			return NULL;
		text = nm_arena_printf(arena, "%s%s%s (%s%s)", text, i ? "; " : "", figure,
				       p->source, p->second_hand ? ", second hand" : "");
	}
	return text;
}

static bool has_published(const struct nm_comparison *comparison)
{
	for (size_t i = 0; i < comparison->lines.count; i++)
		if (comparison->lines.items[i].published.count)
			return true;
	return false;
}

/* Published figures are a column where there are any; the last column is the verdict either way. */
static const struct nm_html_column with_published[] = {
	{"Measurement", NM_HTML_TEXT},	 {"Base p50", NM_HTML_NUMBER},
	{"New p50", NM_HTML_NUMBER},	 {"p50 ratio", NM_HTML_NUMBER},
	{"Floor ratio", NM_HTML_NUMBER}, {"p99 ratio", NM_HTML_NUMBER},
	{"Exits/op", NM_HTML_NUMBER},	 {"Published", NM_HTML_TEXT},
	{"Verdict", NM_HTML_TEXT},	 {0},
};
static const struct nm_html_column without_published[] = {
	{"Measurement", NM_HTML_TEXT},
	{"Base p50", NM_HTML_NUMBER},
	{"New p50", NM_HTML_NUMBER},
	{"p50 ratio", NM_HTML_NUMBER},
	{"Floor ratio", NM_HTML_NUMBER},
	{"p99 ratio", NM_HTML_NUMBER},
	{"Exits/op", NM_HTML_NUMBER},
	{"Verdict", NM_HTML_TEXT},
	{0},
};

static int put_line(struct page *page, const struct nm_compared *line, bool published)
{
	const struct nm_compared_statistic *median = statistic_of(line, NM_COMPARED_P50);
	const char *exits =
		nm_arena_printf(page->arena, "%s → %s",
				nm_format_count(page->arena, line->base_exits_per_op),
				nm_format_count(page->arena, line->changed_exits_per_op));
	const char *cells[9];
	size_t n = 0;

	cells[n++] = line->name;
	cells[n++] = median ? nm_format_statistic(page->arena, line->unit, &median->base) : "–";
	cells[n++] = median ? nm_format_statistic(page->arena, line->unit, &median->changed) : "–";
	cells[n++] = ratio_of(page->arena, line, NM_COMPARED_P50);
	cells[n++] = ratio_of(page->arena, line, NM_COMPARED_FLOOR);
	cells[n++] = ratio_of(page->arena, line, NM_COMPARED_P99);
	cells[n++] = exits;
	if (published)
		cells[n++] = published_of(page->arena, line);
	cells[n++] = verdict_word(page->comparison, line->verdict);
	for (size_t i = 0; i < n; i++)
		if (!cells[i])
			return -ENOMEM;
	nm_html_row(page->out, published ? with_published : without_published, cells,
		    verdict_classes[line->verdict]);
	return 0;
}

static int put_lines(struct page *page)
{
	const struct nm_comparison *c = page->comparison;
	bool published = has_published(c);
	const char *group = NULL;
	int r = 0;

	nm_html_begin_section(page->out, "measurements", "Measurements");
	for (size_t i = 0; !r && i < c->lines.count; i++) {
		const struct nm_compared *line = &c->lines.items[i];

		/* Lines of a group stand together. */
		if (!group || strcmp(group, line->group) != 0) {
			if (group)
				nm_html_end_table(page->out);
			nm_html_put(page->out, "h3", NULL, line->group);
			nm_html_begin_table(page->out, line->group,
					    published ? with_published : without_published);
			group = line->group;
		}
		r = put_line(page, line, published);
	}
	if (group)
		nm_html_end_table(page->out);
	else
		nm_html_put(page->out, "p", "note", "There are none.");
	nm_html_end_section(page->out);
	return r;
}

static int put_undecided(struct page *page)
{
	static const struct nm_html_column columns[] = {{"Measurement", NM_HTML_TEXT},
							{"Reason", NM_HTML_TEXT},
							{"Verdict", NM_HTML_TEXT},
							{0}};
	const struct nm_comparison *c = page->comparison;

	if (!count_undecided(c))
		return 0;
	nm_html_begin_section(page->out, "undecided", "Not decided, and why");
	nm_html_begin_table(page->out, "Measurements without a verdict on their figures", columns);
	for (size_t i = 0; i < c->lines.count; i++) {
		const struct nm_compared *line = &c->lines.items[i];
		const char *const cells[] = {line->name,
					     line->reason ? line->reason : "no reason recorded",
					     nm_verdict_names[line->verdict]};

		if (!is_decided(line->verdict))
			nm_html_row(page->out, columns, cells, verdict_classes[line->verdict]);
	}
	nm_html_end_table(page->out);
	nm_html_end_section(page->out);
	return 0;
}

static void put_method(struct page *page)
{
	static const char *const notes[] = {
		"Ratios are new / base: above 1 the new side takes longer. Intervals are 95 % "
		"over rounds; a round is a repetition in a fresh VM and process.",
		"The quiet floor is what an operation costs while nobody disturbs the machine: "
		"compare code with it. p50 and p99 are what a user of the machine gets, neighbours "
		"included.",
		"Exits/op are KVM's own counts on both sides: a figure whose exits are not those "
		"of "
		"its name is invalid, and no verdict rests on it.",
		"Inconclusive means that the data do not decide: more rounds would.",
	};

	nm_html_begin_section(page->out, "method", "How to read this");
	nm_text_puts(page->out, "<ul class=\"lines\">\n");
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		nm_html_put(page->out, "li", NULL, notes[i]);
	nm_text_puts(page->out, "</ul>\n");
	nm_html_end_section(page->out);
}

static const char *const titles[] = {
	[NM_COMPARE_DOCUMENTS] = "Before and after",
	[NM_COMPARE_MACHINES] = "Machine against machine",
	[NM_COMPARE_GUEST_NATIVE] = "Guest against native",
	[NM_COMPARE_AB] = "Command against command",
};

static int put_page(struct page *page)
{
	const struct nm_comparison *c = page->comparison;
	const struct nm_html_section sections[] = {
		{"verdict", "Verdict"},
		{"charts", "Charts"},
		{"measurements", "Measurements"},
		{"sides", "Sides"},
		{"method", "Method"},
		{count_undecided(c) ? "undecided" : NULL, "Not decided"},
		{0},
	};
	const char *lead =
		nm_arena_printf(page->arena, "Base: %s. New: %s. Compared on %s by nestmark %s.",
				c->base.label, c->changed.label, c->time, c->tool_version);
	int r;

	if (!lead)
		return -ENOMEM;
	nm_html_begin(page->out, "nestmark comparison", titles[c->mode], lead);
	nm_html_navigation(page->out, sections);
	r = put_verdict(page);
	if (r)
		return r;
	nm_html_charts(page->out, &page->charts);
	r = put_lines(page);
	if (!r)
		r = put_undecided(page);
	if (!r)
		r = put_sides(page);
	if (r)
		return r;
	put_differences(page);
	put_method(page);
	nm_html_end(page->out, "Made by nestmark from the comparison document. The same document "
			       "gives the same page.");
	return 0;
}

int nm_comparison_render_html(const struct nm_comparison *comparison,
			      const struct nm_render_options *options, struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct page page = {.comparison = comparison, .arena = &arena, .out = out};
	int r = nm_charts_of_comparison(&arena, comparison, &page.charts);

	(void)options;
	if (!r)
		r = put_page(&page);
	nm_charts_free(&page.charts);
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
