/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/sentences.h"

#include "reports/format.h"
#include "reports/values.h"

#include <math.h>
#include <string.h>

const char *const nm_cost_titles[NM_COST_CLASSES] = {
	[NM_COST_EXITS] = "VM exits",
	[NM_COST_FAULTS] = "Page faults",
	[NM_COST_INTERRUPTS] = "Interrupts and timers",
	[NM_COST_MEMORY] = "Memory access",
	[NM_COST_IO] = "I/O",
	[NM_COST_LIFECYCLE] = "Life cycle of VMs",
	[NM_COST_NOISE] = "Interruptions",
};

static const char *unit_of(const struct nm_overview *overview)
{
	return nm_clock_units[overview->counted ? NM_CLOCK_INSTRUCTIONS : NM_CLOCK_TSC];
}

/* "exit.cpuid cpl0" */
static const char *name_of(struct nm_arena *arena, const struct nm_measurement *m)
{
	const char *name = nm_measurement_name(arena, m);
	const char *variant = name ? nm_name_variant(name, m->operation, m->context) : "";

	return nm_arena_printf(arena, "%s%s%s", m->operation, *variant ? " " : "", variant);
}

const char *nm_cost_figure(struct nm_arena *arena, const struct nm_overview *overview,
			   enum nm_cost_class kind)
{
	const struct nm_cost *cost = &overview->costs[kind];
	double value = kind == NM_COST_NOISE ? cost->latency.highest : cost->latency.median;

	if (!cost->latency.count)
		return "no figure";
	return nm_format_value(arena, unit_of(overview), value);
}

static const char *range_sentence(struct nm_arena *arena, const struct nm_overview *overview,
				  enum nm_cost_class kind)
{
	const struct nm_spread *latency = &overview->costs[kind].latency;
	const char *lowest = nm_format_value(arena, unit_of(overview), latency->lowest);
	const char *highest = nm_format_value(arena, unit_of(overview), latency->highest);
	const char *cheapest = name_of(arena, latency->at_lowest);
	const char *dearest = name_of(arena, latency->at_highest);

	if (!lowest || !highest || !cheapest || !dearest)
		return NULL;
	if (kind == NM_COST_NOISE)
		return nm_arena_printf(arena,
				       "The longest gap that a guest saw while it did nothing but "
				       "read its clock (%s).",
				       dearest);
	if (latency->count == 1)
		return nm_arena_printf(arena, "Of one operation, %s.", cheapest);
	return nm_arena_printf(arena, "The middle of %zu operations; from %s (%s) to %s (%s).",
			       latency->count, lowest, cheapest, highest, dearest);
}

static const char *ratio_sentence(struct nm_arena *arena, const struct nm_cost *cost)
{
	const struct nm_spread *ratio = &cost->ratio;
	const char *median = nm_format_instructions(arena, ratio->median);
	const char *lowest = nm_format_instructions(arena, ratio->lowest);
	const char *highest = nm_format_instructions(arena, ratio->highest);

	if (!ratio->count)
		return " No native side to compare with.";
	if (!median || !lowest || !highest)
		return NULL;
	if (ratio->count == 1)
		return nm_arena_printf(arena,
				       " The same work takes %s times as long as without a guest.",
				       median);
	return nm_arena_printf(arena,
			       " The same work takes %s times as long as without a guest (%s to "
			       "%s, %zu pairs).",
			       median, lowest, highest, ratio->count);
}

static const char *doubt_sentence(struct nm_arena *arena, const struct nm_cost *cost)
{
	const char *noisy = "";
	const char *emulated = "";

	if (cost->noisy)
		noisy = nm_arena_printf(arena, " %zu of %zu are noisy.", cost->noisy,
					cost->latency.count);
	if (cost->emulated)
		emulated = nm_arena_printf(
			arena,
			" %zu of %zu ran in an interpreter: its time, not that of VMX or SVM.",
			cost->emulated, cost->latency.count);
	return noisy && emulated ? nm_arena_printf(arena, "%s%s", noisy, emulated) : NULL;
}

static const char *missing_sentence(struct nm_arena *arena, const struct nm_cost *cost)
{
	const struct nm_measurement *m = cost->example_missing;

	if (!m)
		return nm_arena_printf(arena, "%zu measured, and none of them left the guest.",
				       cost->planned);
	return nm_arena_printf(arena, "%zu planned, none gave a figure. The first: %s, %s.",
			       cost->planned, nm_state_names[m->state],
			       m->reason ? m->reason : "no reason recorded");
}

const char *nm_cost_sentence(struct nm_arena *arena, const struct nm_overview *overview,
			     enum nm_cost_class kind)
{
	const struct nm_cost *cost = &overview->costs[kind];
	bool compares = kind != NM_COST_NOISE && kind != NM_COST_LIFECYCLE;
	const char *range;
	const char *ratio;
	const char *doubt;

	if (!cost->latency.count)
		return missing_sentence(arena, cost);
	range = range_sentence(arena, overview, kind);
	ratio = compares ? ratio_sentence(arena, cost) : "";
	doubt = doubt_sentence(arena, cost);
	if (!range || !ratio || !doubt)
		return NULL;
	if (cost->inside)
		return nm_arena_printf(arena, "%s%s%s %zu others did not leave the guest.", range,
				       ratio, doubt, cost->inside);
	return nm_arena_printf(arena, "%s%s%s", range, ratio, doubt);
}

/* Signatures are filled up with spaces. */
static const char *below_words(struct nm_arena *arena, const char *hypervisor)
{
	size_t length = strlen(hypervisor);

	while (length && hypervisor[length - 1] == ' ')
		length--;
	return nm_arena_printf(arena, ", on %.*s", (int)length, hypervisor);
}

const char *nm_machine_sentence(struct nm_arena *arena, const struct nm_machine *m)
{
	const char *level = m->level == 0   ? "Bare metal: guests here are L1."
			    : m->level == 1 ? "Itself a guest: guests here are L2."
					    : "Whether it is itself a guest could not be told.";
	const char *below = m->hypervisor ? below_words(arena, m->hypervisor) : "";
	const char *product = m->product ? nm_arena_printf(arena, ", %s", m->product) : "";

	if (!below || !product)
		return NULL;
	return nm_arena_printf(arena, "%s%s%s, %llu hardware %s, %.1f GiB of memory. %s",
			       m->brand && *m->brand ? m->brand : "A CPU without a name", below,
			       product, (unsigned long long)m->threads,
			       m->threads == 1 ? "thread" : "threads",
			       (double)m->memory_bytes / (double)(1ull << 30), level);
}

const char *nm_virtualization_sentence(struct nm_arena *arena, const struct nm_document *document,
				       int *status)
{
	const struct nm_finding *kind =
		nm_findings_get(&document->findings, "verdict.virtualization");
	const struct nm_finding *line = nm_findings_get(&document->findings, "verdict.nesting");
	bool told = kind && kind->value.type == NM_VALUE_STRING;

	*status = told ? kind->status : NM_STATUS_UNKNOWN;
	if (!told)
		return "Whether and how guests run here was not found out.";
	if (line && line->value.type == NM_VALUE_STRING)
		return nm_arena_printf(arena, "Virtualization here: %s.", line->value.string);
	return nm_arena_printf(arena, "Virtualization here: %s (%s).", kind->value.string,
			       kind->evidence);
}

const char *nm_certainty_sentence(struct nm_arena *arena, const struct nm_document *document,
				  const struct nm_overview *overview)
{
	const size_t *states = overview->states;
	size_t broken =
		states[NM_STATE_INVALID] + states[NM_STATE_FAILED] + states[NM_STATE_TIMEOUT];
	const char *precision = "";
	bool quick = document->run.plan.profile && !strcmp(document->run.plan.profile, "quick");

	if (overview->interval.count)
		precision = nm_arena_printf(arena,
					    " Half of the medians are known to ±%.2g %% or better.",
					    overview->interval.median / 2);
	if (!precision)
		return NULL;
	return nm_arena_printf(
		arena,
		"%zu measurements are ok and %zu noisy; %zu gave no valid figure (invalid, failed "
		"or timed out), and %zu are not supported here.%s%s",
		states[NM_STATE_OK], states[NM_STATE_NOISY], broken, states[NM_STATE_UNSUPPORTED],
		precision, quick ? " Profile quick: for a look, not for a verdict." : "");
}

const char *nm_readiness_sentence(struct nm_arena *arena, const struct nm_check *check,
				  const char *begin, enum nm_readiness from, enum nm_readiness to)
{
	char *names = NULL;

	for (size_t i = 0; i < check->workloads.count; i++) {
		const struct nm_check_workload *workload = &check->workloads.items[i];

		if (workload->verdict < (int)from || workload->verdict > (int)to)
			continue;
		names = nm_arena_printf(arena, "%s%s%s", names ? names : begin, names ? ", " : " ",
					workload->title);
		if (!names)
			return NULL;
	}
	return names ? nm_arena_printf(arena, "%s.", names) : "";
}
