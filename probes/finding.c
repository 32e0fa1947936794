/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* How probes say what they found, and look at what earlier ones did. */
#include "probes/probe.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static int add(struct nm_probe_context *context, bool detail, const char *id, enum nm_status status,
	       struct nm_value value, const char *remedy, const char *evidence, va_list args)
{
	struct nm_arena *arena = context->arena;
	struct nm_finding *finding = nm_arena_append(arena, &context->findings->items,
						     &context->findings->count, sizeof(*finding));

	if (!finding)
		return -ENOMEM;
	finding->id = nm_arena_strdup(arena, id);
	finding->status = (int)status;
	finding->detail = detail;
	finding->value = value;
	if (value.type == NM_VALUE_STRING)
		finding->value.string = nm_arena_strdup(arena, value.string);
	finding->remedy = nm_arena_strdup(arena, remedy);
	finding->evidence = nm_arena_vprintf(arena, evidence, args);
	if (!finding->id || !finding->evidence || (remedy && !finding->remedy) ||
	    (value.type == NM_VALUE_STRING && !finding->value.string))
		return -ENOMEM;
	return 0;
}

int nm_finding_add(struct nm_probe_context *context, const char *id, enum nm_status status,
		   struct nm_value value, const char *remedy, const char *evidence, ...)
{
	va_list args;
	int r;

	va_start(args, evidence);
	r = add(context, false, id, status, value, remedy, evidence, args);
	va_end(args);
	return r;
}

int nm_detail_add(struct nm_probe_context *context, const char *id, enum nm_status status,
		  struct nm_value value, const char *remedy, const char *evidence, ...)
{
	va_list args;
	int r;

	va_start(args, evidence);
	r = add(context, true, id, status, value, remedy, evidence, args);
	va_end(args);
	return r;
}

int nm_unknown_add(struct nm_probe_context *context, const char *id, const char *remedy,
		   const char *evidence, ...)
{
	va_list args;
	int r;

	va_start(args, evidence);
	r = add(context, false, id, NM_STATUS_UNKNOWN, (struct nm_value) {0}, remedy, evidence,
		args);
	va_end(args);
	return r;
}

const struct nm_finding *nm_found(const struct nm_probe_context *context, const char *id)
{
	return nm_findings_get(context->findings, id);
}

bool nm_found_status(const struct nm_probe_context *context, const char *id, enum nm_status status)
{
	const struct nm_finding *finding = nm_found(context, id);

	return finding && finding->status == (int)status;
}

bool nm_found_pass(const struct nm_probe_context *context, const char *id)
{
	return nm_found_status(context, id, NM_STATUS_PASS);
}

const char *nm_found_string(const struct nm_probe_context *context, const char *id)
{
	const struct nm_finding *finding = nm_found(context, id);

	return finding && finding->value.type == NM_VALUE_STRING ? finding->value.string : "";
}

bool nm_found_is(const struct nm_probe_context *context, const char *id, const char *value)
{
	return !strcmp(nm_found_string(context, id), value);
}

bool nm_found_true(const struct nm_probe_context *context, const char *id)
{
	const struct nm_finding *finding = nm_found(context, id);

	return finding && finding->value.type == NM_VALUE_BOOL && finding->value.boolean;
}

const char *nm_found_architecture(const struct nm_probe_context *context)
{
	const char *found = nm_found_string(context, "cpu.architecture");

	return *found ? found : "x86_64";
}

bool nm_found_arm64(const struct nm_probe_context *context)
{
	return !strcmp(nm_found_architecture(context), "aarch64");
}
