/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "core/error.h"
#include "probes/evidence.h"
#include "probes/kvm_fact.h"
#include "probes/kvm_modules.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>

static int add_device(struct nm_probe_context *context)
{
	const struct nm_kvm_view *view = &context->kvm_view;

	if (view->error)
		return nm_finding_add(context, "kvm.device", NM_STATUS_FAIL,
				      NM_STRING(view->device), view->remedy, "%s", view->trouble);
	return nm_finding_add(context, "kvm.device", NM_STATUS_PASS, NM_STRING(view->device), NULL,
			      "opened, KVM API version %lld", (long long)view->api);
}

static int add_vm(struct nm_probe_context *context)
{
	const struct nm_error *error = nm_error_last();

	if (!context->kvm_view.vm_error)
		return nm_finding_add(context, "kvm.vm", NM_STATUS_PASS, NM_BOOL(true), NULL,
				      "KVM_CREATE_VM made one");
	(void)nm_kvm_fail_create_vm(context->kvm_view.vm_error);
	return nm_finding_add(context, "kvm.vm", NM_STATUS_FAIL, NM_BOOL(false), error->remedy,
			      "%s", error->text);
}

static const char *print_value(char *out, size_t size, int64_t value)
{
	if (value < 0)
		snprintf(out, size, "cannot be asked");
	else
		snprintf(out, size, "%lld", (long long)value);
	return out;
}

static int add_capability(struct nm_probe_context *context,
			  const struct nm_kvm_capability_name *known)
{
	const struct nm_kvm_capability *capability =
		nm_kvm_view_find(&context->kvm_view, known->number);
	int64_t value = nm_kvm_view_capability(&context->kvm_view, known->number);
	char system[24];
	char vm[24];
	char id[96];

	snprintf(id, sizeof(id), "kvm.cap.%s", known->name);
	if (!capability)
		return nm_detail_add(context, id, NM_STATUS_UNKNOWN, (struct nm_value) {0}, NULL,
				     "KVM_CHECK_EXTENSION(%u): not captured", known->number);
	return nm_detail_add(context, id, value > 0 ? NM_STATUS_PASS : NM_STATUS_INFO,
			     NM_INT(value),
			     value > 0 ? NULL : "a newer kernel, or another KVM, may have it",
			     "KVM_CHECK_EXTENSION(%u): system %s, VM %s", known->number,
			     print_value(system, sizeof(system), capability->system),
			     print_value(vm, sizeof(vm), capability->vm));
}

static bool is_of(const struct nm_kvm_capability_name *known,
		  const struct nm_probe_context *context)
{
	return !known->architecture || !strcmp(known->architecture, nm_found_architecture(context));
}

static bool is_named(const struct nm_probe_context *context, uint32_t number)
{
	for (size_t i = 0; i < nm_kvm_capability_count; i++)
		if (nm_kvm_capability_names[i].number == number &&
		    is_of(&nm_kvm_capability_names[i], context))
			return true;
	return false;
}

/* Numbers that KVM has and no header knew when this was built: a newer kernel, or a vendor's additions. */
static const char *list_unnamed(struct nm_probe_context *context)
{
	const struct nm_kvm_view *view = &context->kvm_view;
	struct nm_arena *arena = context->arena;
	const char *list = nm_arena_strdup(arena, "");

	for (size_t i = 0; list && i < view->capabilities.count; i++) {
		const struct nm_kvm_capability *capability = &view->capabilities.items[i];

		if ((capability->system <= 0 && capability->vm <= 0) ||
		    is_named(context, capability->number))
			continue;
		list = nm_arena_printf(arena, "%s%s %u", list,
				       *list ? "," : "; without a name here:", capability->number);
		if (list && strlen(list) > 200)
			return nm_arena_printf(arena, "%s …", list);
	}
	return list;
}

static int add_capabilities(struct nm_probe_context *context)
{
	const char *unnamed = list_unnamed(context);
	size_t there = 0;
	size_t all = 0;
	char summary[64];
	int r = unnamed ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < nm_kvm_capability_count; i++) {
		const struct nm_kvm_capability_name *known = &nm_kvm_capability_names[i];

		if (!is_of(known, context))
			continue;
		all++;
		there += nm_kvm_view_capability(&context->kvm_view, known->number) > 0;
		r = add_capability(context, known);
	}
	snprintf(summary, sizeof(summary), "%zu of %zu", there, all);
	return r ? r
		 : nm_finding_add(context, "kvm.capabilities", NM_STATUS_INFO, NM_STRING(summary),
				  NULL, "KVM_CHECK_EXTENSION on the device and on a VM%s", unnamed);
}

static int add_vcpus(struct nm_probe_context *context)
{
	const struct nm_kvm_view *view = &context->kvm_view;
	int64_t recommended = nm_kvm_view_capability(view, KVM_CAP_NR_VCPUS);
	int64_t most = nm_kvm_view_capability(view, KVM_CAP_MAX_VCPUS);
	int64_t ids = nm_kvm_view_capability(view, KVM_CAP_MAX_VCPU_ID);

	/* api.rst, 4.7 KVM_CREATE_VCPU: what stands for each of them where KVM does not have it. */
	if (!recommended)
		recommended = 4;
	if (!most)
		most = recommended;
	if (!ids)
		ids = most;
	return nm_finding_add(context, "kvm.vcpus", NM_STATUS_INFO, NM_INT(most), NULL,
			      "most vCPUs of a VM; recommended are %lld (KVM_CAP_NR_VCPUS), their "
			      "ids end below %lld (KVM_CAP_MAX_VCPU_ID)",
			      (long long)recommended, (long long)ids);
}

static int add_nested_state(struct nm_probe_context *context)
{
	int64_t bytes = nm_kvm_view_capability(&context->kvm_view, KVM_CAP_NESTED_STATE);

	return nm_finding_add(
		context, "kvm.nested_state", NM_STATUS_INFO, NM_INT(bytes), NULL,
		bytes ? "bytes that KVM_GET_NESTED_STATE may fill "
			"(KVM_CAP_NESTED_STATE)"
		      : "KVM_CAP_NESTED_STATE is 0: a guest that runs guests cannot be "
			"saved or migrated");
}

static int add_features(struct nm_probe_context *context)
{
	const struct nm_kvm_view *view = &context->kvm_view;

	if (view->features_error)
		return nm_detail_add(context, "kvm.feature_msrs", NM_STATUS_UNKNOWN,
				     (struct nm_value) {0}, NULL,
				     "KVM_GET_MSR_FEATURE_INDEX_LIST: %s",
				     strerror(view->features_error));
	return nm_detail_add(context, "kvm.feature_msrs", NM_STATUS_INFO,
			     NM_INT((int64_t)view->features.count), NULL,
			     "MSRs by KVM_GET_MSR_FEATURE_INDEX_LIST");
}

static int add_cpuid(struct nm_probe_context *context)
{
	const struct nm_cpuid_table *offered = &context->kvm_view.supported;
	size_t leaves = 0;

	if (!offered->count)
		return nm_unknown_add(context, "kvm.cpuid", NULL,
				      "KVM_GET_SUPPORTED_CPUID: nothing; only x86 has it");
	for (size_t i = 0; i < offered->count; i++)
		leaves += !i || offered->items[i].leaf != offered->items[i - 1].leaf;
	return nm_finding_add(context, "kvm.cpuid", NM_STATUS_INFO, NM_INT((int64_t)leaves), NULL,
			      "leaves that KVM_GET_SUPPORTED_CPUID offers to guests, %zu with "
			      "subleaves; highest %xh and %xh",
			      offered->count, nm_cpuid_get(offered, 0, 0).eax,
			      nm_cpuid_get(offered, 0x80000000, 0).eax);
}

static int add_guest_virtualization(struct nm_probe_context *context)
{
	const struct nm_cpuid_table *offered = &context->kvm_view.supported;
	struct nm_cpu_identity cpu;

	if (!offered->count)
		return 0;
	nm_cpu_identify(offered, &cpu);
	return nm_finding_add(context, "kvm.guest_virtualization",
			      cpu.vmx || cpu.svm ? NM_STATUS_PASS : NM_STATUS_INFO,
			      NM_STRING(nm_cpu_virtualization(&cpu)), NULL,
			      cpu.vmx || cpu.svm
				      ? "KVM_GET_SUPPORTED_CPUID: guests may be hypervisors"
				      : "KVM_GET_SUPPORTED_CPUID has neither 1h ECX[5] nor "
					"80000001h ECX[2]: guests cannot run guests");
}

static int add_view(struct nm_probe_context *context)
{
	static int (*const parts[])(struct nm_probe_context *) = {
		add_vm,	   add_capabilities,	    add_vcpus, add_nested_state, add_features,
		add_cpuid, add_guest_virtualization};
	const struct nm_kvm_view *view = &context->kvm_view;
	int r = add_device(context);

	if (r || view->error)
		return r;
	r = nm_finding_add(context, "kvm.api", NM_STATUS_INFO, NM_INT(view->api), NULL,
			   "KVM_GET_API_VERSION; a vCPU's shared area has %lld bytes",
			   (long long)view->mmap_bytes);
	for (size_t i = 0; !r && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = parts[i](context);
	return r;
}

static int add_fact(struct nm_probe_context *context)
{
	struct nm_kvm_question question = {&context->kvm, context->kvm_device};
	const char *text =
		nm_root_fact(context->root, context->arena, "kvm", nm_kvm_fact, &question);

	if (!text)
		return nm_unknown_add(context, "kvm.device", NULL, "what KVM answers: %s",
				      nm_why_not(errno));
	if (!nm_kvm_view_parse(context->arena, text, nm_found_string(context, "cpu.architecture"),
			       &context->kvm_view))
		return add_view(context);
	context->kvm_view = (struct nm_kvm_view) {0};
	return nm_unknown_add(context, "kvm.device", NULL, "what KVM answered: %s",
			      nm_error_last()->text);
}

int nm_probe_kvm(struct nm_probe_context *context)
{
	int r = nm_kvm_modules(context);

	return r ? r : add_fact(context);
}
