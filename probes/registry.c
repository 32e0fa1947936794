/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "probes/clock_fact.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* Later probes read what earlier ones found. */
static const struct nm_probe probes[] = {
	{"cpu", nm_probe_cpu, NULL},
	{"arm_cpu", nm_probe_arm_cpu, "aarch64"},
	{"platform", nm_probe_platform, NULL},
	{"cpu_flags", nm_probe_cpu_flags, "x86_64"},
	{"kernel", nm_probe_kernel, NULL},
	{"topology", nm_probe_topology, NULL},
	{"memory", nm_probe_memory, NULL},
	{"kvm", nm_probe_kvm, NULL},
	{"vmx", nm_probe_vmx, "x86_64"},
	{"svm", nm_probe_svm, "x86_64"},
	{"arm", nm_probe_arm, "aarch64"},
	{"nesting", nm_probe_nesting, "x86_64"},
	{"isolation", nm_probe_isolation, NULL},
	{"devices", nm_probe_devices, NULL},
	{"privileges", nm_probe_privileges, NULL},
	{"guest", nm_probe_guest, NULL},
	{"linux", nm_probe_linux, NULL},
	{"time", nm_probe_time, NULL},
	{"verdict", nm_probe_verdict, NULL},
	{NULL, NULL, NULL},
};

static bool is_about(const struct nm_probe *probe, const struct nm_probe_context *context)
{
	return !probe->architecture || !strcmp(probe->architecture, nm_found_architecture(context));
}

int nm_probe_all(struct nm_probe_context *context)
{
	struct nm_reading start = nm_reading_take();
	int r = 0;

	context->kvm = (struct nm_kvm) {.fd = -1};
	context->started_ns = start.ns;
	context->started_tsc = start.tsc;
	context->started_width = start.width;
	for (const struct nm_probe *probe = probes; !r && probe->name; probe++)
		if (is_about(probe, context))
			r = probe->run(context);
	return r;
}

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

bool nm_found_pass(const struct nm_probe_context *context, const char *id)
{
	const struct nm_finding *finding = nm_findings_get(context->findings, id);

	return finding && finding->status == NM_STATUS_PASS;
}

const char *nm_found_string(const struct nm_probe_context *context, const char *id)
{
	const struct nm_finding *finding = nm_findings_get(context->findings, id);

	return finding && finding->value.type == NM_VALUE_STRING ? finding->value.string : "";
}

bool nm_found_true(const struct nm_probe_context *context, const char *id)
{
	const struct nm_finding *finding = nm_findings_get(context->findings, id);

	return finding && finding->value.type == NM_VALUE_BOOL && finding->value.boolean;
}

const char *nm_found_architecture(const struct nm_probe_context *context)
{
	const char *found = nm_found_string(context, "cpu.architecture");

	return *found ? found : "x86_64";
}
