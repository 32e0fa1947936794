/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/overview.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *prefix;
	enum nm_cost_class kind;
} prefixes[] = {
	{"exit.", NM_COST_EXITS},	{"exception.", NM_COST_EXITS},
	{"mem.chase", NM_COST_MEMORY},	{"mem.stream", NM_COST_MEMORY},
	{"mem.", NM_COST_FAULTS},	{"irq.", NM_COST_INTERRUPTS},
	{"timer.", NM_COST_INTERRUPTS}, {"io.", NM_COST_IO},
	{"life.", NM_COST_LIFECYCLE},	{"noise.", NM_COST_NOISE},
};

enum nm_cost_class nm_cost_class_of(const struct nm_measurement *measurement)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(measurement->operation, prefixes[i].prefix,
			     strlen(prefixes[i].prefix)))
			return prefixes[i].kind;
	return NM_COST_CLASSES;
}

bool nm_measurement_counts(const struct nm_measurement *m)
{
	return (m->state == NM_STATE_OK || m->state == NM_STATE_NOISY) &&
	       isfinite(m->summary.p50.value) && m->summary.p50.value > 0;
}

/* Values of one quantity, with where they come from. */
struct sample {
	double value;
	const struct nm_measurement *measurement;
};

struct samples {
	struct sample *items;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	const struct sample *x = a;
	const struct sample *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (x->measurement > y->measurement) - (x->measurement < y->measurement);
}

static void spread(struct samples *samples, struct nm_spread *out)
{
	const struct sample *items = samples->items;
	size_t n = samples->count;

	*out = (struct nm_spread) {.lowest = NAN, .median = NAN, .highest = NAN};
	if (!n)
		return;
	qsort(samples->items, n, sizeof(*items), compare);
	*out = (struct nm_spread) {.count = n,
				   .lowest = items[0].value,
				   .median = (items[(n - 1) / 2].value + items[n / 2].value) / 2,
				   .highest = items[n - 1].value,
				   .at_lowest = items[0].measurement,
				   .at_highest = items[n - 1].measurement};
}

static void take(struct samples *samples, double value, const struct nm_measurement *m)
{
	if (isfinite(value) && value >= 0)
		samples->items[samples->count++] = (struct sample) {value, m};
}

/* A life cycle happens to guests, and is measured from outside. */
static bool is_of_guests(const struct nm_measurement *m, enum nm_cost_class kind)
{
	return m->context == NM_CONTEXT_GUEST || kind == NM_COST_LIFECYCLE;
}

/* Of noise the longest gap is what matters; of all else what half of the operations cost. */
static double latency_of(const struct nm_measurement *m, enum nm_cost_class kind)
{
	return kind == NM_COST_NOISE ? m->summary.max : m->summary.p50.value;
}

/* By KVM's own count; where it has none, by what the operation must cause. */
static bool leaves_guest(const struct nm_measurement *m)
{
	const struct nm_evidence *e = &m->evidence;

	return (isfinite(e->exits_per_op) ? e->exits_per_op : e->expected_exits_per_op) >= 0.5;
}

static void sum_up_class(const struct nm_document *document, enum nm_cost_class kind,
			 struct samples scratch[2], struct nm_cost *out)
{
	scratch[0].count = scratch[1].count = 0;
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (nm_cost_class_of(m) != kind || !is_of_guests(m, kind))
			continue;
		out->planned++;
		if (!nm_measurement_counts(m)) {
			out->example_missing = out->example_missing ? out->example_missing : m;
			continue;
		}
		if (kind == NM_COST_EXITS && !leaves_guest(m)) {
			out->inside++;
			continue;
		}
		out->noisy += m->state == NM_STATE_NOISY;
		out->emulated += m->evidence.emulated;
		take(&scratch[0], latency_of(m, kind), m);
		take(&scratch[1], m->native_ratio.value, m);
	}
	spread(&scratch[0], &out->latency);
	spread(&scratch[1], &out->ratio);
}

static void sum_up_precision(const struct nm_document *document, struct samples scratch[2],
			     struct nm_overview *out)
{
	scratch[0].count = scratch[1].count = 0;
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];
		const struct nm_statistic *p50 = &m->summary.p50;

		out->states[m->state]++;
		if (!nm_measurement_counts(m))
			continue;
		out->guests += m->context == NM_CONTEXT_GUEST;
		out->emulated += m->evidence.emulated;
		take(&scratch[0], (p50->hi - p50->lo) / p50->value * 100, m);
		take(&scratch[1], m->evidence.quiet_share * 100, m);
	}
	spread(&scratch[0], &out->interval);
	spread(&scratch[1], &out->quiet_share);
}

int nm_overview_build(const struct nm_document *document, struct nm_overview *out)
{
	size_t count = document->measurements.count;
	struct nm_arena arena = {0};
	struct samples scratch[2] = {0};
	int r = 0;

	*out = (struct nm_overview) {.counted = document->run.clock == NM_CLOCK_INSTRUCTIONS};
	for (size_t i = 0; !r && i < 2; i++) {
		scratch[i].items = nm_arena_alloc(&arena, (count + 1) * sizeof(struct sample));
		r = scratch[i].items ? 0 : -ENOMEM;
	}
	for (enum nm_cost_class kind = 0; !r && kind < NM_COST_CLASSES; kind++)
		sum_up_class(document, kind, scratch, &out->costs[kind]);
	if (!r)
		sum_up_precision(document, scratch, out);
	nm_arena_free(&arena);
	return r;
}
