/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "core/environment.h"
#include "core/error.h"

#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What operations and common VMMs ask for; KVM_CHECK_EXTENSION on the system fd. */
static const struct {
	const char *id;
	unsigned int number;
} capabilities[] = {
	{"nr_vcpus", KVM_CAP_NR_VCPUS},
	{"max_vcpus", KVM_CAP_MAX_VCPUS},
	{"nr_memslots", KVM_CAP_NR_MEMSLOTS},
	{"irqchip", KVM_CAP_IRQCHIP},
	{"split_irqchip", KVM_CAP_SPLIT_IRQCHIP},
	{"pit2", 33}, /* KVM_CAP_PIT2: linux/kvm.h names it on x86 only */
	{"irqfd", KVM_CAP_IRQFD},
	{"ioeventfd", KVM_CAP_IOEVENTFD},
	{"signal_msi", KVM_CAP_SIGNAL_MSI},
	{"immediate_exit", KVM_CAP_IMMEDIATE_EXIT},
	{"sync_regs", KVM_CAP_SYNC_REGS},
	{"binary_stats_fd", KVM_CAP_BINARY_STATS_FD},
	{"nested_state", KVM_CAP_NESTED_STATE},
	{"tsc_control", KVM_CAP_TSC_CONTROL},
	{"get_tsc_khz", KVM_CAP_GET_TSC_KHZ},
	{"tsc_deadline_timer", KVM_CAP_TSC_DEADLINE_TIMER},
	{"x2apic_api", KVM_CAP_X2APIC_API},
	{"hyperv", KVM_CAP_HYPERV},
	{"dirty_log_ring", KVM_CAP_DIRTY_LOG_RING},
	{"x86_user_space_msr", KVM_CAP_X86_USER_SPACE_MSR},
	{"steal_time", KVM_CAP_STEAL_TIME},
	{"halt_poll", KVM_CAP_HALT_POLL},
	{"x86_smm", KVM_CAP_X86_SMM},
	{"pmu_capability", KVM_CAP_PMU_CAPABILITY},
};

static int add_capability(struct nm_probe_context *context, size_t index)
{
	int value = nm_kvm_capability(&context->kvm, capabilities[index].number);
	char id[64];

	snprintf(id, sizeof(id), "kvm.cap.%s", capabilities[index].id);
	return nm_finding_add(context, id, value > 0 ? NM_STATUS_PASS : NM_STATUS_INFO,
			      NM_INT(value),
			      value > 0 ? NULL : "a newer kernel, or another KVM, may have it",
			      "KVM_CHECK_EXTENSION(%u) gives %d", capabilities[index].number,
			      value);
}

/* The module beneath /dev/kvm. A software KVM interprets or rewrites guest code and needs neither VMX nor SVM. */
static int add_backend(struct nm_probe_context *context)
{
	static const char *const modules[] = {"kvm_intel", "kvm_amd", "kvm_pvm", NULL};

	for (size_t i = 0; modules[i]; i++) {
		char path[64];

		snprintf(path, sizeof(path), "sys/module/%s", modules[i]);
		if (nm_root_exists(context->root, path))
			return nm_finding_add(context, "kvm.backend", NM_STATUS_INFO,
					      NM_STRING(modules[i]), NULL, "/%s", path);
	}
	return nm_finding_add(context, "kvm.backend", NM_STATUS_UNKNOWN, (struct nm_value) {0},
			      NULL, "no kvm_intel, kvm_amd or kvm_pvm in /sys/module");
}

/* Both Y and 1 are in use. */
static int add_nested(struct nm_probe_context *context)
{
	static const char *const files[] = {"sys/module/kvm_intel/parameters/nested",
					    "sys/module/kvm_amd/parameters/nested", NULL};

	for (size_t i = 0; files[i]; i++) {
		const char *line = nm_root_line(context->root, context->arena, files[i]);
		bool on = line && (!strcasecmp(line, "Y") || !strcmp(line, "1"));

		if (line)
			return nm_finding_add(
				context, "kvm.nested", on ? NM_STATUS_PASS : NM_STATUS_INFO,
				NM_BOOL(on),
				on ? NULL
				   : "load the module with nested=1 to let guests run guests",
				"/%s is %s", files[i], line);
	}
	return nm_finding_add(context, "kvm.nested", NM_STATUS_INFO, NM_BOOL(false), NULL,
			      "the KVM module has no parameter nested");
}

static int add_parameters(struct nm_probe_context *context)
{
	struct nm_map parameters = {0};
	int r = nm_module_parameters(context->root, context->arena, &parameters);

	for (size_t i = 0; !r && i < parameters.count; i++) {
		const struct nm_pair *pair = &parameters.pairs[i];
		bool readable = pair->value.type == NM_VALUE_STRING;
		char id[256];

		snprintf(id, sizeof(id), "kvm.parameter.%s", pair->name);
		r = nm_finding_add(context, id, readable ? NM_STATUS_INFO : NM_STATUS_UNKNOWN,
				   pair->value, readable ? NULL : "root may read it", "%s",
				   "/sys/module/*/parameters");
	}
	return r;
}

static int add_device(struct nm_probe_context *context)
{
	int r = nm_kvm_open(&context->kvm, context->kvm_device);

	if (r)
		return nm_finding_add(context, "kvm.device", NM_STATUS_FAIL,
				      NM_STRING(context->kvm_device), nm_error_last()->remedy, "%s",
				      nm_error_last()->text);
	r = nm_finding_add(context, "kvm.device", NM_STATUS_PASS, NM_STRING(context->kvm_device),
			   NULL, "opened, KVM API version %d", KVM_API_VERSION);
	for (size_t i = 0; !r && i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		r = add_capability(context, i);
	return r;
}

int nm_probe_kvm(struct nm_probe_context *context)
{
	int r = add_backend(context);

	if (!r)
		r = add_nested(context);
	if (!r)
		r = add_parameters(context);
	return r ? r : add_device(context);
}
