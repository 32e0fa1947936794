/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "probes/clock_fact.h"
#include "probes/kept.h"

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
	int r = nm_kept_begin(context);

	context->kvm = (struct nm_kvm) {.fd = -1};
	context->cpuid = (struct nm_cpuid_table) {0};
	context->kvm_view = (struct nm_kvm_view) {0};
	context->started_ns = start.ns;
	context->started_tsc = start.tsc;
	context->started_width = start.width;
	for (const struct nm_probe *probe = probes; !r && probe->name; probe++)
		if (is_about(probe, context))
			r = probe->run(context);
	return r;
}
