/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The same operation in guests of several VMMs: a row each, and a column per VMM. */
#include "reports/view.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Operation and native side come before VMMs. */
#define FIRST_VMM 2u

static const char *vmm_of(const struct nm_measurement *measurement)
{
	const struct nm_value *vmm = nm_map_get(&measurement->parameters, "vmm");

	return vmm && vmm->type == NM_VALUE_STRING ? vmm->string : NULL;
}

/* The column of a VMM, a new one for one that was not there; 0 when there is no room. */
static size_t column_of(struct nm_view_vmms *vmms, const char *vmm)
{
	size_t column = FIRST_VMM;

	while (column < vmms->columns && strcmp(vmms->titles[column], vmm) != 0)
		column++;
	if (column == NM_VMM_COLUMNS)
		return 0;
	if (column == vmms->columns)
		vmms->titles[vmms->columns++] = vmm;
	return column;
}

/* The name of a measurement without its side: "linux.boot.init/512MiB". */
static char *label_of(struct nm_arena *arena, const struct nm_measurement *measurement)
{
	const char *name = nm_measurement_name(arena, measurement);
	const char *vmm = vmm_of(measurement);
	const char *rest;

	if (!name)
		return NULL;
	rest = name + strlen(measurement->operation) + 1 +
	       strlen(nm_context_names[measurement->context]);
	if (vmm && *rest && !strncmp(rest + 1, vmm, strlen(vmm)))
		rest += 1 + strlen(vmm);
	return nm_arena_printf(arena, "%s%s", measurement->operation, rest);
}

static struct nm_vmm_row *row_of(struct nm_view_vmms *vmms, struct nm_arena *arena,
				 const char *label)
{
	struct nm_vmm_row *row;

	for (size_t i = 0; i < vmms->rows.count; i++)
		if (!strcmp(vmms->rows.items[i].cells[0], label))
			return &vmms->rows.items[i];
	row = nm_arena_append(arena, &vmms->rows.items, &vmms->rows.count, sizeof(*row));
	if (!row)
		return NULL;
	for (size_t i = 0; i < NM_VMM_COLUMNS; i++)
		row->cells[i] = "–";
	row->cells[0] = label;
	return row;
}

static int put_cell(struct nm_view_vmms *vmms, struct nm_arena *arena,
		    const struct nm_measurement *m, const char *label, size_t column)
{
	struct nm_vmm_row *row = row_of(vmms, arena, label);
	const char *cell = isfinite(m->summary.p50.value)
				   ? nm_format_statistic(arena, m->unit, &m->summary.p50)
				   : nm_state_names[m->state];

	if (!row || !cell)
		return -ENOMEM;
	row->cells[column] = cell;
	return 0;
}

static int add_guest(struct nm_view_vmms *vmms, struct nm_arena *arena,
		     const struct nm_measurement *m)
{
	const char *vmm = vmm_of(m);
	const size_t column = vmm ? column_of(vmms, vmm) : 0;
	const char *label = column ? label_of(arena, m) : NULL;

	if (!column)
		return 0;
	return label ? put_cell(vmms, arena, m, label, column) : -ENOMEM;
}

/* Only beside guests. */
static int add_native(struct nm_view_vmms *vmms, struct nm_arena *arena,
		      const struct nm_measurement *m)
{
	const char *label = label_of(arena, m);

	if (!label)
		return -ENOMEM;
	for (size_t i = 0; i < vmms->rows.count; i++)
		if (!strcmp(vmms->rows.items[i].cells[0], label))
			return put_cell(vmms, arena, m, label, 1);
	return 0;
}

static int add_commands(struct nm_view_vmms *vmms, struct nm_arena *arena,
			const struct nm_document *document)
{
	static const char prefix[] = "linux.vmm.";
	int r = 0;

	for (size_t i = 0; !r && i < document->findings.count; i++) {
		const struct nm_finding *finding = &document->findings.items[i];
		char *line;

		if (strncmp(finding->id, prefix, strlen(prefix)) != 0 || !finding->evidence ||
		    finding->value.type != NM_VALUE_STRING)
			continue;
		line = nm_arena_printf(arena, "%s: %s", finding->value.string, finding->evidence);
		r = line ? nm_strings_add(arena, &vmms->commands, line) : -ENOMEM;
	}
	return r;
}

int nm_view_vmms(struct nm_arena *arena, const struct nm_document *document,
		 struct nm_view_vmms *out)
{
	const struct nm_measurement *items = document->measurements.items;
	struct nm_view_vmms vmms = {.titles = {"operation", "native"}, .columns = FIRST_VMM};
	int r = 0;

	for (size_t i = 0; !r && i < document->measurements.count; i++)
		r = add_guest(&vmms, arena, &items[i]);
	for (size_t i = 0; !r && i < document->measurements.count; i++)
		if (items[i].context == NM_CONTEXT_NATIVE)
			r = add_native(&vmms, arena, &items[i]);
	if (!r)
		r = add_commands(&vmms, arena, document);
	if (!r && vmms.columns > FIRST_VMM + 1)
		*out = vmms;
	return r;
}
