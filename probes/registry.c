/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include <errno.h>
#include <stdarg.h>

/* Later probes read what earlier ones found. */
static const struct nm_probe probes[] = {
	{"cpu", nm_probe_cpu},
	{"platform", nm_probe_platform},
	{"kernel", nm_probe_kernel},
	{"topology", nm_probe_topology},
	{"kvm", nm_probe_kvm},
	{"guest", nm_probe_guest},
	{"linux", nm_probe_linux},
	{"verdict", nm_probe_verdict},
	{NULL, NULL},
};

int nm_probe_all(struct nm_probe_context *context)
{
	int r = 0;

	context->kvm = (struct nm_kvm) {.fd = -1};
	for (const struct nm_probe *probe = probes; !r && probe->name; probe++)
		r = probe->run(context);
	return r;
}

int nm_finding_add(struct nm_probe_context *context, const char *id, enum nm_status status,
		   struct nm_value value, const char *remedy, const char *evidence, ...)
{
	struct nm_arena *arena = context->arena;
	struct nm_finding *finding = nm_arena_append(arena, &context->findings->items,
						     &context->findings->count, sizeof(*finding));
	va_list args;

	if (!finding)
		return -ENOMEM;
	finding->id = nm_arena_strdup(arena, id);
	finding->status = (int)status;
	finding->value = value;
	if (value.type == NM_VALUE_STRING)
		finding->value.string = nm_arena_strdup(arena, value.string);
	finding->remedy = nm_arena_strdup(arena, remedy);
	va_start(args, evidence);
	finding->evidence = nm_arena_vprintf(arena, evidence, args);
	va_end(args);
	if (!finding->id || !finding->evidence || (remedy && !finding->remedy) ||
	    (value.type == NM_VALUE_STRING && !finding->value.string))
		return -ENOMEM;
	return 0;
}
