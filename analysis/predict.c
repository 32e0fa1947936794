/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/predict.h"

#include "core/error.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* An operation that does not leave its guest has no exit whose price it could be. */
#define EXITS_AT_LEAST 0.5

/* Which operation's exits are taken for a kind: the first of them that was measured. */
static const struct price {
	const char *kind;
	const char *operations[2];
} prices[] = {
	{"CPUID", {"exit.cpuid.irqchip", "exit.cpuid"}},
	{"HLT", {"exit.hlt.irqchip"}},
	{"IO_OUT", {"exit.pio.out.irqchip", "exit.pio.out"}},
	{"IO_IN", {"exit.pio.in"}},
	{"MSR_READ", {"exit.rdmsr.irqchip", "exit.rdmsr"}},
	{"MSR_WRITE", {"exit.wrmsr"}},
	{"VMCALL", {"exit.hypercall.irqchip", "exit.hypercall"}},
	{"VMMCALL", {"exit.hypercall.irqchip", "exit.hypercall"}},
	{"EPT_VIOLATION", {"mem.fill.write.anon", "mem.touch.write.anon"}},
	{"NPF", {"mem.fill.write.anon", "mem.touch.write.anon"}},
	{"EPT_MISCONFIG", {"exit.mmio.write.irqchip", "exit.mmio.write"}},
	{"PAUSE", {"exit.pause"}},
	{"WBINVD", {"exit.wbinvd"}},
	{"XSETBV", {"exit.xsetbv"}},
	{"INVLPG", {"exit.invlpg"}},
	{"RDPMC", {"exit.rdpmc"}},
	{"RDTSC", {"exit.rdtsc"}},
	{"CR0_WRITE", {"exit.cr0.ts"}},
	{"CR4_WRITE", {"exit.cr4.pge"}},
	{"CR8_WRITE", {"exit.cr8.write"}},
	{"halt_exits", {"exit.hlt.irqchip"}},
	{"io_exits", {"exit.pio.out.irqchip", "exit.pio.out"}},
	{"mmio_exits", {"exit.mmio.write.irqchip", "exit.mmio.write"}},
	{"hypercalls", {"exit.hypercall.irqchip", "exit.hypercall"}},
	{"pf_taken", {"mem.fill.write.anon", "mem.touch.write.anon"}},
};

static const struct nm_statistic none = {.value = NAN, .lo = NAN, .hi = NAN};

static const struct price *price_of(const char *kind)
{
	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++)
		if (!strcmp(prices[i].kind, kind))
			return &prices[i];
	return NULL;
}

static bool is_measured(const struct nm_measurement *m)
{
	return (m->state == NM_STATE_OK || m->state == NM_STATE_NOISY) &&
	       isfinite(m->summary.p50.value);
}

static bool is_price(const struct nm_measurement *m)
{
	return m->context == NM_CONTEXT_GUEST && is_measured(m) &&
	       m->evidence.exits_per_op >= EXITS_AT_LEAST;
}

/* Guest kernel mode comes first in a document, as in the life of most exits. */
static const struct nm_measurement *find_price(const struct nm_document *costs,
					       const struct price *price)
{
	for (size_t i = 0; i < 2 && price->operations[i]; i++)
		for (size_t j = 0; j < costs->measurements.count; j++) {
			const struct nm_measurement *m = &costs->measurements.items[j];

			if (!strcmp(m->operation, price->operations[i]) && is_price(m))
				return m;
		}
	return NULL;
}

static struct nm_statistic times(const struct nm_statistic *statistic, double factor)
{
	return (struct nm_statistic) {.value = statistic->value * factor,
				      .lo = statistic->lo * factor,
				      .hi = statistic->hi * factor};
}

static int set_price(struct nm_arena *arena, const struct nm_document *costs,
		     struct nm_predicted_kind *kind)
{
	const struct price *price = price_of(kind->kind);
	const struct nm_measurement *m = price ? find_price(costs, price) : NULL;

	kind->each = none;
	kind->cost = none;
	if (!m) {
		kind->reason = price ? nm_arena_printf(arena, "%s is not measured there",
						       price->operations[0])
				     : "no operation measures it";
		return kind->reason ? 0 : -ENOMEM;
	}
	kind->priced_by = nm_measurement_name(arena, m);
	kind->each = times(&m->summary.p50, 1 / m->evidence.exits_per_op);
	kind->cost = times(&kind->each, kind->exits_per_op);
	return kind->priced_by ? 0 : -ENOMEM;
}

static int add_kind(struct nm_arena *arena, const struct nm_document *costs,
		    const struct nm_pair *pair, struct nm_predicted *line)
{
	const struct nm_value *value = &pair->value;
	struct nm_predicted_kind *kind =
		nm_arena_append(arena, &line->kinds.items, &line->kinds.count, sizeof(*kind));
	int r;

	if (!kind)
		return -ENOMEM;
	*kind = (struct nm_predicted_kind) {
		.kind = pair->name,
		.exits_per_op = value->type == NM_VALUE_REAL  ? value->real
				: value->type == NM_VALUE_INT ? (double)value->integer
							      : NAN,
	};
	r = set_price(arena, costs, kind);
	if (!r && kind->priced_by && isfinite(kind->cost.value)) {
		line->priced_exits_per_op += kind->exits_per_op;
		line->cost.value += kind->cost.value;
		line->cost.lo += kind->cost.lo;
		line->cost.hi += kind->cost.hi;
	}
	return r;
}

/* The measurement of that name, or its native partner. */
static const struct nm_measurement *find(struct nm_arena *arena, const struct nm_document *document,
					 const char *name)
{
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];
		const char *its = nm_measurement_name(arena, m);

		if (its && !strcmp(its, name))
			return m;
	}
	return NULL;
}

static const struct nm_measurement *partner_of(const struct nm_document *document,
					       const struct nm_measurement *guest)
{
	for (size_t i = 0; guest && i < document->measurements.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];

		if (m->context == NM_CONTEXT_NATIVE && !strcmp(m->operation, guest->operation))
			return m;
	}
	return NULL;
}

static struct nm_statistic median_of(const struct nm_measurement *m)
{
	return m && is_measured(m) ? m->summary.p50 : none;
}

static void set_share(struct nm_predicted *line, bool one_run)
{
	line->difference = line->guest.value - line->native.value;
	line->share = NAN;
	if (!isfinite(line->difference))
		line->reason = "not measured on both sides";
	else if (!one_run)
		line->reason = "the costs are those of another run";
	else if (line->difference <= 0)
		line->reason = "the guest is not slower";
	else
		line->share = line->cost.value / line->difference;
}

static int add_line(const struct nm_document *profile, const struct nm_document *costs,
		    const struct nm_exit_profile *entry, struct nm_prediction *out)
{
	struct nm_arena *arena = &out->arena;
	const struct nm_measurement *guest = find(arena, profile, entry->measurement);
	struct nm_predicted *line = nm_arena_append(arena, &out->operations.items,
						    &out->operations.count, sizeof(*line));
	int r = 0;

	if (!line)
		return -ENOMEM;
	*line = (struct nm_predicted) {
		.measurement = entry->measurement,
		.source = entry->source,
		.exits_per_op = entry->exits_per_op,
		.native = median_of(partner_of(profile, guest)),
		.guest = median_of(guest),
	};
	for (size_t i = 0; !r && i < entry->kinds_per_op.count; i++)
		r = add_kind(arena, costs, &entry->kinds_per_op.pairs[i], line);
	set_share(line, !strcmp(profile->run.uuid, costs->run.uuid));
	return r;
}

static struct nm_prediction_side side_of(const struct nm_document *document)
{
	return (struct nm_prediction_side) {.uuid = document->run.uuid,
					    .host = document->run.host,
					    .started = document->run.started};
}

int nm_predict(const struct nm_document *profile, const struct nm_document *costs,
	       struct nm_prediction *out)
{
	int r = 0;

	if (!profile->exit_profile.count)
		return nm_fail_remedy(ENODATA,
				      "measure linux.* in guests: nestmark run --group linux",
				      "it has no exit profile");
	if (profile->run.clock != costs->run.clock)
		return nm_fail(EINVAL, "one run counts instructions, the other time");
	out->schema = NM_PREDICTION_SCHEMA;
	out->profile = side_of(profile);
	out->costs = side_of(costs);
	out->unit = nm_clock_units[profile->run.clock];
	for (size_t i = 0; !r && i < profile->exit_profile.count; i++)
		r = add_line(profile, costs, &profile->exit_profile.items[i], out);
	return r == -ENOMEM ? nm_fail(ENOMEM, "out of memory") : r;
}
