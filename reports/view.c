/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/view.h"

#include "reports/reasons.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const nm_column_titles[NM_COLUMNS] = {
	[NM_COLUMN_OPERATION] = "operation",
	[NM_COLUMN_CONTEXT] = "context",
	[NM_COLUMN_FLOOR] = "quiet floor",
	[NM_COLUMN_P50] = "p50",
	[NM_COLUMN_P99] = "p99",
	[NM_COLUMN_NATIVE_RATIO] = "× native",
	[NM_COLUMN_EXITS] = "exits/op",
	[NM_COLUMN_EXITS_BELOW] = "exits below/op",
	[NM_COLUMN_EMULATED] = "emulated/op",
	[NM_COLUMN_STATE] = "state",
};

static char *format_context(struct nm_arena *arena, const struct nm_measurement *measurement)
{
	const char *name = nm_measurement_name(arena, measurement);
	char *context = NULL;

	if (name)
		context = nm_arena_strdup(arena, name + strlen(measurement->operation) + 1);
	for (char *c = context; c && *c; c++)
		if (*c == '/')
			*c = ' ';
	return context;
}

static void fill_costs(const char **cells, struct nm_arena *arena, const struct nm_measurement *m)
{
	const struct nm_summary *s = &m->summary;

	cells[NM_COLUMN_FLOOR] = nm_format_statistic(arena, m->unit, &s->floor);
	cells[NM_COLUMN_P50] = nm_format_statistic(arena, m->unit, &s->p50);
	cells[NM_COLUMN_P99] = nm_format_value(arena, m->unit, s->p99.value);
}

static int add_row(struct nm_view *view, struct nm_arena *arena, const struct nm_measurement *m)
{
	struct nm_view_row *row =
		nm_arena_append(arena, &view->rows.items, &view->rows.count, sizeof(*row));
	const char **cells;

	if (!row)
		return -ENOMEM;
	row->state = m->state;
	cells = row->cells;
	cells[NM_COLUMN_OPERATION] = m->operation;
	cells[NM_COLUMN_CONTEXT] = format_context(arena, m);
	fill_costs(cells, arena, m);
	cells[NM_COLUMN_NATIVE_RATIO] = nm_format_ratio(arena, &m->native_ratio);
	cells[NM_COLUMN_EXITS] = nm_format_count(arena, m->evidence.exits_per_op);
	cells[NM_COLUMN_EXITS_BELOW] = nm_format_count(arena, m->evidence.exits_below_per_op);
	cells[NM_COLUMN_EMULATED] = nm_format_count(arena, m->evidence.insn_emulation_per_op);
	cells[NM_COLUMN_STATE] = m->evidence.emulated ? nm_arena_printf(arena, "%s, emulated",
									nm_state_names[m->state])
						      : nm_state_names[m->state];
	for (size_t i = 0; i < NM_COLUMNS; i++)
		if (!cells[i])
			return -ENOMEM;
	return 0;
}

static const char *or_unknown(const char *text)
{
	return text ? text : "unknown";
}

static int add_line(struct nm_arena *arena, struct nm_strings *lines, char *line)
{
	return line ? nm_strings_add(arena, lines, line) : -ENOMEM;
}

static int add_reasons(struct nm_view *view, struct nm_arena *arena,
		       const struct nm_document *document)
{
	struct nm_reasons reasons = {0};
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (m->state == NM_STATE_OK)
			continue;
		r = nm_reasons_add(arena, &reasons,
				   &(struct nm_reason) {.name = nm_measurement_name(arena, m),
							.word = nm_state_names[m->state],
							.text = m->reason,
							.remedy = m->remedy});
	}
	return r ? r : nm_reasons_lines(arena, &reasons, &view->reasons);
}

/* "20 µs: 5391": what a bucket begins at, and its samples. */
static void put_bucket(struct nm_text *out, struct nm_arena *arena, const struct nm_measurement *m,
		       const struct nm_pair *pair)
{
	double from = strtod(pair->name, NULL);
	char *text = nm_format_edge(arena, m->unit, from);

	if (!text || pair->value.type != NM_VALUE_INT || !isfinite(from))
		return;
	nm_text_printf(out, ", %s: %lld", text, (long long)pair->value.integer);
}

static int add_histogram(struct nm_view *view, struct nm_arena *arena,
			 const struct nm_measurement *m)
{
	const char *name = nm_measurement_name(arena, m);
	struct nm_text buckets = {0};
	int r;

	for (size_t i = 0; i < m->histogram.count; i++)
		put_bucket(&buckets, arena, m, &m->histogram.pairs[i]);
	r = nm_text_status(&buckets);
	if (!r && buckets.length)
		r = add_line(arena, &view->histograms,
			     nm_arena_printf(arena, "%s: from %s", or_unknown(name),
					     buckets.bytes + strlen(", ")));
	nm_text_free(&buckets);
	return r;
}

static bool is_known(const struct nm_statistic *statistic)
{
	return isfinite(statistic->value) && isfinite(statistic->lo) && isfinite(statistic->hi);
}

static int add_throughput(struct nm_view *view, struct nm_arena *arena,
			  const struct nm_measurement *m)
{
	const struct nm_throughput *t = m->throughput;
	const char *name = nm_measurement_name(arena, m);
	const char *bytes = "";
	const char *native = "";
	const char *operations;

	if (!t || !is_known(&t->operations_per_s))
		return 0;
	operations = nm_format_rate(arena, &t->operations_per_s, "");
	if (is_known(&t->bytes_per_s))
		bytes = nm_format_rate(arena, &t->bytes_per_s, "B");
	if (is_known(&t->native_ratio))
		native = nm_format_ratio(arena, &t->native_ratio);
	if (!operations || !bytes || !native)
		return -ENOMEM;
	return add_line(arena, &view->throughput,
			nm_arena_printf(arena, "%s: %s%s%s%s%s", or_unknown(name), operations,
					*bytes ? ", " : "", bytes, *native ? ", × native " : "",
					native));
}

static const char *level_words(int64_t level)
{
	return level == 0   ? "bare metal: guests are L1"
	       : level == 1 ? "itself a guest: guests are L2"
			    : "level unknown";
}

static int add_machine(struct nm_view *view, struct nm_arena *arena,
		       const struct nm_document *document)
{
	const struct nm_machine *m = &document->machine;
	int r = add_line(arena, &view->title,
			 nm_arena_printf(arena,
					 "machine: %s, %llu hardware threads, %.1f GiB, %s%s%s",
					 or_unknown(m->brand), (unsigned long long)m->threads,
					 (double)m->memory_bytes / (double)(1ull << 30),
					 level_words(m->level),
					 m->hypervisor ? ", hypervisor " : "",
					 m->hypervisor ? m->hypervisor : ""));

	if (r || !m->product)
		return r;
	return add_line(arena, &view->title, nm_arena_printf(arena, "product: %s", m->product));
}

static int add_run(struct nm_view *view, struct nm_arena *arena, const struct nm_document *document)
{
	const struct nm_run *run = &document->run;

	return add_line(
		arena, &view->title,
		nm_arena_printf(arena,
				"run: %s, profile %s, %s%llu rounds of %llu samples, seed %llu, "
				"nestmark %s, %s%s%s",
				run->started, or_unknown(run->plan.profile),
				run->plan.soak_ns ? "soak, at most " : "",
				(unsigned long long)run->plan.rounds,
				(unsigned long long)run->plan.samples,
				(unsigned long long)run->seed, run->tool_version,
				nm_run_state_names[run->state], run->reason ? ": " : "",
				run->reason ? run->reason : ""));
}

static int add_clock(struct nm_view *view, struct nm_arena *arena,
		     const struct nm_document *document)
{
	if (document->run.clock != NM_CLOCK_INSTRUCTIONS)
		return 0;
	return nm_strings_add(arena, &view->title,
			      "clock: counts instructions, those of kernels and hypervisors "
			      "included; instructions are not time");
}

static int add_injection(struct nm_view *view, struct nm_arena *arena,
			 const struct nm_document *document)
{
	const unsigned long long ns = document->run.plan.inject_delay_ns;

	if (!ns)
		return 0;
	return add_line(arena, &view->title,
			nm_arena_printf(arena,
					"no measurement of this machine: a delay of %llu ns was "
					"injected into every operation",
					ns));
}

static int add_environment(struct nm_view *view, struct nm_arena *arena,
			   const struct nm_document *document)
{
	const struct nm_environment *e = &document->environment;
	const struct nm_finding *verdict =
		nm_findings_get(&document->findings, "verdict.virtualization");
	int r = add_line(arena, &view->title,
			 nm_arena_printf(arena, "kernel: %s, clock source %s, governor %s, load %s",
					 or_unknown(e->kernel_release), or_unknown(e->clocksource),
					 e->governor ? e->governor : "not visible",
					 or_unknown(nm_format_count(arena, e->load_before))));

	if (!r && verdict && verdict->value.type == NM_VALUE_STRING)
		r = add_line(arena, &view->title,
			     nm_arena_printf(arena, "virtualization: %s (%s)",
					     verdict->value.string, or_unknown(verdict->evidence)));
	for (size_t i = 0; !r && i < e->changed.count; i++)
		r = add_line(arena, &view->title,
			     nm_arena_printf(arena, "changed during the run: %s",
					     e->changed.items[i]));
	return r;
}

static int add_notes(struct nm_view *view, struct nm_arena *arena,
		     const struct nm_document *document)
{
	static const char *const lines[] = {
		"quiet floor: what the operation costs while nobody disturbs the machine; p50 and "
		"p99: "
		"what a user of this machine gets, neighbours included. Intervals are 95 % over "
		"rounds.",
		"exits/op and emulated/op are KVM's own counters per operation: the proof that a "
		"number is what its name says.",
		NULL,
	};
	bool emulated = false;
	int r = 0;

	for (size_t i = 0; !r && lines[i]; i++)
		r = nm_strings_add(arena, &view->notes, lines[i]);
	for (size_t i = 0; i < document->measurements.count; i++)
		emulated |= document->measurements.items[i].evidence.emulated;
	if (!r && emulated)
		r = nm_strings_add(
			arena, &view->notes,
			"emulated: this KVM interprets the guest's kernel code, so the time "
			"is that of its interpreter and says nothing about VMX or SVM.");
	if (!r && view->shown[NM_COLUMN_EXITS_BELOW])
		r = nm_strings_add(arena, &view->notes,
				   "exits below/op are those in the KVM below this machine.");
	if (!r && document->run.plan.profile && !strcmp(document->run.plan.profile, "quick"))
		r = nm_strings_add(arena, &view->notes,
				   "profile quick: for a look, not for a verdict.");
	return r;
}

static void choose_columns(struct nm_view *view, const struct nm_document *document)
{
	for (size_t c = 0; c < NM_COLUMNS; c++)
		view->shown[c] = c != NM_COLUMN_EXITS_BELOW;
	for (size_t i = 0; i < document->measurements.count; i++)
		view->shown[NM_COLUMN_EXITS_BELOW] |=
			isfinite(document->measurements.items[i].evidence.exits_below_per_op);
}

int nm_view_build(struct nm_view *view, struct nm_arena *arena, const struct nm_document *document)
{
	int r = add_machine(view, arena, document);

	choose_columns(view, document);
	if (!r)
		r = add_run(view, arena, document);
	if (!r)
		r = add_clock(view, arena, document);
	if (!r)
		r = add_injection(view, arena, document);
	if (!r)
		r = add_environment(view, arena, document);
	for (size_t i = 0; !r && i < document->measurements.count; i++)
		r = add_row(view, arena, &document->measurements.items[i]);
	if (!r)
		r = nm_view_vmms(arena, document, &view->vmms);
	if (!r)
		r = nm_view_relations(arena, document, &view->relations);
	if (!r)
		r = nm_view_exits(arena, document, &view->exits);
	if (!r)
		r = nm_view_density(arena, document, &view->density);
	if (!r)
		r = nm_view_soak(arena, document, &view->soak);
	if (!r)
		r = add_reasons(view, arena, document);
	for (size_t i = 0; !r && i < document->measurements.count; i++)
		r = add_throughput(view, arena, &document->measurements.items[i]);
	for (size_t i = 0; !r && i < document->measurements.count; i++)
		r = add_histogram(view, arena, &document->measurements.items[i]);
	if (!r)
		r = add_notes(view, arena, document);
	return r;
}
