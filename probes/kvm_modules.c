/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/kvm_modules.h"

#include "probes/evidence.h"
#include "probes/line.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define MODULES	    "sys/module"
#define MAX_MODULES 32u /* names make lines, and parts of ids */

/* kvm, and what is called kvm_*: the vendor modules, and software KVMs that nobody here has heard of. */
static int list_modules(struct nm_probe_context *context, struct nm_strings *modules)
{
	struct nm_strings all = {0};
	int r = nm_root_list(context->root, context->arena, MODULES, &all);

	for (size_t i = 0; !r && i < all.count && modules->count < MAX_MODULES; i++)
		if (nm_fits_id(all.items[i]) &&
		    (!strcmp(all.items[i], "kvm") || !strncmp(all.items[i], "kvm_", 4)))
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

	if (nm_found_arm64(context))
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
		return nm_unknown_add(context, "kvm.backend", NULL, "/" MODULES ": %s",
				      nm_why_not(errno));
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
		return nm_unknown_add(context, "kvm.modules", NULL, "/" MODULES ": %s",
				      nm_why_not(errno));
	if (!modules->count)
		return nm_finding_add(context, "kvm.modules", NM_STATUS_INFO, NM_STRING("none"),
				      NULL, "no kvm in /" MODULES);
	return nm_finding_add(context, "kvm.modules", NM_STATUS_INFO, NM_STRING(names), NULL,
			      "/" MODULES ": %s", texts);
}

/* Both Y and 1 are in use, N and 0. */
static bool parse_nested(const char *line, bool *on)
{
	*on = !strcasecmp(line, "Y") || !strcmp(line, "1");
	return *on || !strcasecmp(line, "N") || !strcmp(line, "0");
}

static int add_nested(struct nm_probe_context *context, const struct nm_strings *modules,
		      const char *backend)
{
	const char *path = nm_arena_printf(context->arena, MODULES "/%s/parameters/nested",
					   backend ? backend : "kvm");
	const char *line = path ? nm_root_line(context->root, context->arena, path) : NULL;
	int error = errno;
	bool on;

	if (!path)
		return -ENOMEM;
	/* There it is arm.nested. */
	if (nm_found_arm64(context))
		return 0;
	if (line && !parse_nested(line, &on))
		return nm_unknown_add(context, "kvm.nested", NULL,
				      "/%s is neither Y nor N, neither 1 nor 0", path);
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
			      "/%s: %s", path, nm_why_not(error));
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
			     nm_why_not(error));
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
			if (nm_fits_id(names.items[i]))
				r = add_parameter(context, modules->items[m], names.items[i]);
	}
	return r;
}

int nm_kvm_modules(struct nm_probe_context *context)
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
	return r ? r : add_parameters(context, &modules);
}
