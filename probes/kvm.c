/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "core/error.h"
#include "probes/kvm_fact.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MODULES "sys/module"

static const char *why(int error)
{
	return error == ENODATA ? "was not captured" : strerror(error);
}

/* kvm, and what is called kvm_*: the vendor modules, and software KVMs that nobody here has heard of. */
static int list_modules(struct nm_probe_context *context, struct nm_strings *modules)
{
	struct nm_strings all = {0};
	int r = nm_root_list(context->root, context->arena, MODULES, &all);

	for (size_t i = 0; !r && i < all.count; i++)
		if (!strcmp(all.items[i], "kvm") || !strncmp(all.items[i], "kvm_", 4))
			r = nm_strings_add(context->arena, modules, all.items[i]);
	return r;
}

static bool has(const struct nm_strings *modules, const char *name)
{
	for (size_t i = 0; i < modules->count; i++)
		if (!strcmp(modules->items[i], name))
			return true;
	return false;
}

static bool is_arm(const struct nm_probe_context *context)
{
	return !strcmp(nm_found_architecture(context), "aarch64");
}

/*
 * The module beneath /dev/kvm; NULL when that is not clear. A module that is built in has its folder also where its
 * CPU is not, so that of several the CPU's flag decides. A software KVM interprets or rewrites guest code and needs
 * neither VMX nor SVM. On arm64 there is but one KVM.
 */
static const char *find_backend(const struct nm_probe_context *context,
				const struct nm_strings *modules)
{
	const char *flag = nm_found_string(context, "cpu.virtualization");
	const char *other = NULL;
	size_t count = 0;

	if (is_arm(context))
		return has(modules, "kvm") ? "kvm" : NULL;
	if (!strcmp(flag, "vmx") && has(modules, "kvm_intel"))
		return "kvm_intel";
	if (!strcmp(flag, "svm") && has(modules, "kvm_amd"))
		return "kvm_amd";
	for (size_t i = 0; i < modules->count; i++) {
		bool vendor = !strcmp(modules->items[i], "kvm_intel") ||
			      !strcmp(modules->items[i], "kvm_amd");

		if (!strcmp(modules->items[i], "kvm") || (vendor && !strcmp(flag, "none")))
			continue;
		other = modules->items[i];
		count++;
	}
	return count == 1 ? other : NULL;
}

static int add_backend(struct nm_probe_context *context, const struct nm_strings *modules,
		       const char *backend)
{
	if (backend)
		return nm_finding_add(context, "kvm.backend", NM_STATUS_INFO, NM_STRING(backend),
				      NULL, "/" MODULES "/%s", backend);
	if (!modules->count && !nm_root_exists(context->root, MODULES))
		return nm_unknown_add(context, "kvm.backend", NULL, "/" MODULES ": %s", why(errno));
	return nm_unknown_add(context, "kvm.backend", NULL,
			      modules->count > 1 ? "more than one module in /" MODULES
						   " could serve this CPU"
						 : "no kvm_intel, kvm_amd or kvm_pvm in /" MODULES);
}

/* Reports of bugs need to say which build of a module ran. */
static char *describe_module(struct nm_probe_context *context, const char *module)
{
	struct nm_arena *arena = context->arena;
	static const char *const files[] = {"version", "srcversion", NULL};
	char *text = nm_arena_strdup(arena, module);
	bool said = false;

	for (size_t i = 0; text && files[i]; i++) {
		const char *path = nm_arena_printf(arena, MODULES "/%s/%s", module, files[i]);
		const char *line = path ? nm_root_line(context->root, arena, path) : NULL;

		if (line)
			text = nm_arena_printf(arena, "%s %s %s", text, files[i], line);
		said = said || line;
	}
	return text && !said ? nm_arena_printf(arena, "%s without srcversion", text) : text;
}

static int add_modules(struct nm_probe_context *context, const struct nm_strings *modules)
{
	struct nm_arena *arena = context->arena;
	char *names = nm_arena_strdup(arena, "");
	char *texts = nm_arena_strdup(arena, "");

	for (size_t i = 0; names && texts && i < modules->count; i++) {
		const char *text = describe_module(context, modules->items[i]);

		if (!text)
			return -ENOMEM;
		names = nm_arena_printf(arena, "%s%s%s", names, i ? ", " : "", modules->items[i]);
		texts = nm_arena_printf(arena, "%s%s%s", texts, i ? ", " : "", text);
	}
	if (!names || !texts)
		return -ENOMEM;
	if (!modules->count && !nm_root_exists(context->root, MODULES))
		return nm_unknown_add(context, "kvm.modules", NULL, "/" MODULES ": %s", why(errno));
	if (!modules->count)
		return nm_finding_add(context, "kvm.modules", NM_STATUS_INFO, NM_STRING("none"),
				      NULL, "no kvm in /" MODULES);
	return nm_finding_add(context, "kvm.modules", NM_STATUS_INFO, NM_STRING(names), NULL,
			      "/" MODULES ": %s", texts);
}

/* Both Y and 1 are in use. */
static int add_nested(struct nm_probe_context *context, const struct nm_strings *modules,
		      const char *backend)
{
	const char *path = nm_arena_printf(context->arena, MODULES "/%s/parameters/nested",
					   backend ? backend : "kvm");
	const char *line = path ? nm_root_line(context->root, context->arena, path) : NULL;
	int error = errno;
	bool on = line && (!strcasecmp(line, "Y") || !strcmp(line, "1"));

	if (!path)
		return -ENOMEM;
	/* There it is arm.nested. */
	if (is_arm(context))
		return 0;
	if (line)
		return nm_finding_add(context, "kvm.nested", on ? NM_STATUS_PASS : NM_STATUS_INFO,
				      NM_BOOL(on),
				      on ? NULL
					 : "load the module with nested=1 to let guests run guests",
				      "/%s is %s", path, line);
	if (!backend && modules->count > 1)
		return nm_unknown_add(context, "kvm.nested", NULL,
				      "it is not clear which module in /" MODULES
				      " serves this CPU");
	if (error == ENOENT && !backend && modules->count)
		return nm_unknown_add(context, "kvm.nested", NULL,
				      "no module in /" MODULES " serves this CPU: see kvm.backend");
	if (error == ENOENT)
		return nm_finding_add(context, "kvm.nested", NM_STATUS_INFO, NM_BOOL(false), NULL,
				      "the KVM module has no parameter nested");
	return nm_unknown_add(context, "kvm.nested", error == EACCES ? "root may read it" : NULL,
			      "/%s: %s", path, why(error));
}

/* Names of parameters become parts of ids, which names of a stranger's capture may not fit. */
static bool fits_id(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static int add_parameter(struct nm_probe_context *context, const char *module, const char *name)
{
	struct nm_arena *arena = context->arena;
	const char *id = nm_arena_printf(arena, "kvm.parameter.%s.%s", module, name);
	const char *path = nm_arena_printf(arena, MODULES "/%s/parameters/%s", module, name);
	const char *line = path ? nm_root_line(context->root, arena, path) : NULL;
	int error = errno;

	if (!id || !path)
		return -ENOMEM;
	if (line)
		return nm_detail_add(context, id, NM_STATUS_INFO, NM_STRING(line), NULL, "/%s",
				     path);
	return nm_detail_add(context, id, NM_STATUS_UNKNOWN, (struct nm_value) {0},
			     error == EACCES ? "root may read it" : NULL, "/%s: %s", path,
			     why(error));
}

static int add_parameters(struct nm_probe_context *context, const struct nm_strings *modules)
{
	int r = 0;

	for (size_t m = 0; !r && m < modules->count; m++) {
		struct nm_strings names = {0};
		const char *folder = nm_arena_printf(context->arena, MODULES "/%s/parameters",
						     modules->items[m]);

		if (!folder)
			return -ENOMEM;
		r = nm_root_list(context->root, context->arena, folder, &names);
		for (size_t i = 0; !r && i < names.count; i++)
			if (fits_id(modules->items[m]) && fits_id(names.items[i]))
				r = add_parameter(context, modules->items[m], names.items[i]);
	}
	return r;
}

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
				     "KVM_CHECK_EXTENSION(%u) was not captured", known->number);
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
	bool vmx = nm_cpuid_get(offered, 1, 0).ecx >> 5 & 1;
	bool svm = nm_cpuid_get(offered, 0x80000001, 0).ecx >> 2 & 1;
	const char *name = vmx ? "vmx" : svm ? "svm" : "none";

	if (!offered->count)
		return 0;
	return nm_finding_add(context, "kvm.guest_virtualization",
			      vmx || svm ? NM_STATUS_PASS : NM_STATUS_INFO, NM_STRING(name), NULL,
			      vmx || svm ? "KVM_GET_SUPPORTED_CPUID: guests may be hypervisors"
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
		return nm_unknown_add(context, "kvm.device", NULL, "what KVM answers %s",
				      errno == ENOENT ? "was not captured" : why(errno));
	if (!nm_kvm_view_parse(context->arena, text, nm_found_string(context, "cpu.architecture"),
			       &context->kvm_view))
		return add_view(context);
	context->kvm_view = (struct nm_kvm_view) {0};
	return nm_unknown_add(context, "kvm.device", NULL, "what KVM answered: %s",
			      nm_error_last()->text);
}

int nm_probe_kvm(struct nm_probe_context *context)
{
	struct nm_strings modules = {0};
	int r = list_modules(context, &modules);
	const char *backend = r ? NULL : find_backend(context, &modules);

	if (!r)
		r = add_modules(context, &modules);
	if (!r)
		r = add_backend(context, &modules, backend);
	if (!r)
		r = add_nested(context, &modules, backend);
	if (!r)
		r = add_parameters(context, &modules);
	return r ? r : add_fact(context);
}
