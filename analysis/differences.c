/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/differences.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct differences {
	struct nm_comparison *comparison;
	const char *prefix;
	const struct nm_strings *allowed;
	int result;
};

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_allowed(const struct nm_strings *allowed, const char *what)
{
	for (size_t i = 0; i < allowed->count; i++)
		if (!fnmatch(allowed->items[i], what, 0))
			return true;
	return false;
}

static bool is_listed(const struct nm_comparison *comparison, const char *what)
{
	for (size_t i = 0; i < comparison->differences.count; i++)
		if (same(comparison->differences.items[i].what, what))
			return true;
	return false;
}

static void add(struct differences *d, const char *name, const char *base, const char *changed,
		bool decisive)
{
	struct nm_arena *arena = &d->comparison->arena;
	struct nm_difference *difference;
	char what[192];

	snprintf(what, sizeof(what), "%s%s", d->prefix, name);
	if (d->result || same(base, changed) || is_listed(d->comparison, what))
		return;
	difference = nm_arena_append(arena, &d->comparison->differences.items,
				     &d->comparison->differences.count, sizeof(*difference));
	if (difference)
		*difference = (struct nm_difference) {.what = nm_arena_strdup(arena, what),
						      .base = nm_arena_strdup(arena, base),
						      .changed = nm_arena_strdup(arena, changed),
						      .decisive = decisive &&
								  !is_allowed(d->allowed, name)};
	if (!difference || !difference->what || (base && !difference->base) ||
	    (changed && !difference->changed))
		d->result = -ENOMEM;
}

static void add_number(struct differences *d, const char *what, int64_t base, int64_t changed,
		       bool decisive)
{
	char a[24];
	char b[24];

	snprintf(a, sizeof(a), "%lld", (long long)base);
	snprintf(b, sizeof(b), "%lld", (long long)changed);
	add(d, what, a, b, decisive);
}

/* Numbers that are measured, or hang on how much the kernel keeps, are the same when they are near. */
static void add_measured(struct differences *d, const char *what, uint64_t base, uint64_t changed,
			 double within)
{
	double a = (double)base;
	double b = (double)changed;

	if (fabs(a - b) > within * fmax(a, b))
		add_number(d, what, (int64_t)base, (int64_t)changed, false);
}

static void add_machine(struct differences *d, const struct nm_machine *base,
			const struct nm_machine *changed)
{
	add(d, "machine.vendor", base->vendor, changed->vendor, true);
	add(d, "machine.brand", base->brand, changed->brand, true);
	add_number(d, "machine.family", base->family, changed->family, true);
	add_number(d, "machine.model", base->model, changed->model, true);
	add_number(d, "machine.stepping", base->stepping, changed->stepping, true);
	add(d, "machine.microcode", base->microcode, changed->microcode, true);
	add_number(d, "machine.level", base->level, changed->level, true);
	add(d, "machine.hypervisor", base->hypervisor, changed->hypervisor, true);
	add(d, "machine.product", base->product, changed->product, true);
	add_number(d, "machine.threads", (int64_t)base->threads, (int64_t)changed->threads, true);
	add_measured(d, "machine.memory_bytes", base->memory_bytes, changed->memory_bytes, 0.05);
	add_measured(d, "machine.tsc_khz", base->tsc_khz, changed->tsc_khz, 0.01);
}

static const char *text_in(const struct nm_map *map, const char *name)
{
	const struct nm_value *value = nm_map_get(map, name);

	return value && value->type == NM_VALUE_STRING ? value->string : NULL;
}

/* "Not affected", "Vulnerable" and "Mitigation" are classes; what stands behind a colon is worded anew by newer kernels. */
static bool same_class(const char *base, const char *changed)
{
	return !base || !changed ||
	       (strcspn(base, ":") == strcspn(changed, ":") &&
		!strncmp(base, changed, strcspn(base, ":")));
}

static void add_entry(struct differences *d, const char *prefix, const char *name,
		      const struct nm_map *base, const struct nm_map *changed)
{
	const char *a = text_in(base, name);
	const char *b = text_in(changed, name);
	char what[160];

	snprintf(what, sizeof(what), "%s.%s", prefix, name);
	add(d, what, a, b, !strcmp(prefix, "vulnerabilities") && !same_class(a, b));
}

static void add_map(struct differences *d, const char *prefix, const struct nm_map *base,
		    const struct nm_map *changed)
{
	for (size_t i = 0; i < base->count; i++)
		add_entry(d, prefix, base->pairs[i].name, base, changed);
	for (size_t i = 0; i < changed->count; i++)
		if (!nm_map_get(base, changed->pairs[i].name))
			add_entry(d, prefix, changed->pairs[i].name, base, changed);
}

static void add_environment(struct differences *d, const struct nm_environment *base,
			    const struct nm_environment *changed)
{
	add(d, "kernel_release", base->kernel_release, changed->kernel_release, false);
	add(d, "kernel_version", base->kernel_version, changed->kernel_version, false);
	add(d, "kernel_cmdline", base->kernel_cmdline, changed->kernel_cmdline, false);
	add(d, "distribution", base->distribution, changed->distribution, false);
	add_map(d, "vulnerabilities", &base->vulnerabilities, &changed->vulnerabilities);
	add_map(d, "module_parameters", &base->module_parameters, &changed->module_parameters);
	add(d, "clocksource", base->clocksource, changed->clocksource, false);
	add(d, "governor", base->governor, changed->governor, false);
	add(d, "smt", base->smt, changed->smt, false);
	add(d, "transparent_hugepage", base->transparent_hugepage, changed->transparent_hugepage,
	    false);
	add(d, "ksm_run", base->ksm_run, changed->ksm_run, false);
	add(d, "preemption", base->preemption, changed->preemption, false);
	add(d, "seccomp", base->seccomp, changed->seccomp, false);
	add(d, "cpu_quota", base->cpu_quota, changed->cpu_quota, false);
}

static void add_run(struct differences *d, const struct nm_run *base, const struct nm_run *changed)
{
	add(d, "host", base->host, changed->host, false);
	add(d, "clock", nm_clock_names[base->clock], nm_clock_names[changed->clock], true);
	add(d, "tool_version", base->tool_version, changed->tool_version, false);
	add(d, "compiler", base->compiler, changed->compiler, false);
	add(d, "build_type", base->build_type, changed->build_type, false);
	add(d, "profile", base->plan.profile, changed->plan.profile, false);
	/* A delay that was put in on purpose is no measurement. */
	add(d, "run.source", base->source, changed->source, true);
	add_number(d, "samples", (int64_t)base->plan.samples, (int64_t)changed->plan.samples,
		   false);
	add(d, "io.filesystem", base->io ? base->io->filesystem : NULL,
	    changed->io ? changed->io->filesystem : NULL, false);
	add(d, "io.device", base->io ? base->io->device : NULL,
	    changed->io ? changed->io->device : NULL, false);
}

int nm_differences_add(struct nm_comparison *comparison, const struct nm_document *base,
		       const struct nm_document *changed, const char *prefix,
		       const struct nm_strings *allowed)
{
	struct differences d = {.comparison = comparison, .prefix = prefix, .allowed = allowed};

	add_machine(&d, &base->machine, &changed->machine);
	add_environment(&d, &base->environment, &changed->environment);
	add_run(&d, &base->run, &changed->run);
	return d.result;
}

const char *nm_differences_decisive(struct nm_comparison *comparison)
{
	const char *names = NULL;

	for (size_t i = 0; i < comparison->differences.count; i++) {
		const struct nm_difference *d = &comparison->differences.items[i];

		if (d->decisive)
			names = nm_arena_printf(&comparison->arena, "%s%s%s", names ? names : "",
						names ? ", " : "", d->what);
	}
	return names;
}
