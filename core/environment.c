/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/environment.h"

#include "core/clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The choice in brackets: "always [madvise] never" is "madvise"; some files use parentheses. */
static char *bracketed(struct nm_arena *arena, char *line)
{
	char *open = line ? strpbrk(line, "[(") : NULL;
	char *close = open ? strpbrk(open, "])") : NULL;

	return close ? nm_arena_strndup(arena, open + 1, (size_t)(close - open - 1)) : line;
}

static char *distribution(const struct nm_root *root, struct nm_arena *arena)
{
	char *text = nm_root_text(root, arena, "etc/os-release");
	char *name = text ? strstr(text, "PRETTY_NAME=\"") : NULL;

	if (!name)
		return NULL;
	name += strlen("PRETTY_NAME=\"");
	return nm_arena_strndup(arena, name, strcspn(name, "\"\n"));
}

/* Since 6.12 the kernel says how it preempts in debugfs only to root; its version string says what it can. */
static char *preemption(const struct nm_root *root, struct nm_arena *arena, const char *version)
{
	static const char *const words[] = {"PREEMPT_RT", "PREEMPT_DYNAMIC", "PREEMPT", NULL};
	char *mode = bracketed(arena, nm_root_line(root, arena, "sys/kernel/debug/sched/preempt"));

	if (mode)
		return mode;
	for (size_t i = 0; version && words[i]; i++)
		if (strstr(version, words[i]))
			return nm_arena_strdup(arena, words[i]);
	return nm_arena_strdup(arena, "none");
}

static const char *seccomp(const struct nm_root *root, struct nm_arena *arena)
{
	const char *status = nm_root_text(root, arena, "proc/self/status");
	const char *line = status ? strstr(status, "\nSeccomp:") : NULL;

	if (!line)
		return NULL;
	switch (atoi(line + strlen("\nSeccomp:"))) {
	case 0:
		return "off";
	case 1:
		return "strict";
	default:
		return "filter: paid on every system call, KVM_RUN included";
	}
}

static double load_of(const struct nm_root *root, struct nm_arena *arena)
{
	const char *line = nm_root_line(root, arena, "proc/loadavg");

	return line ? strtod(line, NULL) : NAN;
}

static double pressure_of(const struct nm_root *root, struct nm_arena *arena)
{
	const char *line = nm_root_line(root, arena, "proc/pressure/cpu");
	const char *average = line ? strstr(line, "avg10=") : NULL;

	return average ? strtod(average + strlen("avg10="), NULL) : NAN;
}

static int vulnerabilities(const struct nm_root *root, struct nm_arena *arena, struct nm_map *out)
{
	static const char folder[] = "sys/devices/system/cpu/vulnerabilities";
	struct nm_strings names = {0};
	int r = nm_root_list(root, arena, folder, &names);

	for (size_t i = 0; !r && i < names.count; i++) {
		char path[256];
		const char *line;

		snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);
		line = nm_root_line(root, arena, path);
		r = nm_map_set(arena, out, names.items[i],
			       line ? NM_STRING(line) : (struct nm_value) {0});
	}
	return r;
}

static int module_parameters(const struct nm_root *root, struct nm_arena *arena, struct nm_map *out)
{
	static const char *const modules[] = {"kvm", "kvm_intel", "kvm_amd", "kvm_pvm", NULL};
	int r = 0;

	for (size_t m = 0; !r && modules[m]; m++) {
		struct nm_strings names = {0};
		char folder[128];

		snprintf(folder, sizeof(folder), "sys/module/%s/parameters", modules[m]);
		r = nm_root_list(root, arena, folder, &names);
		for (size_t i = 0; !r && i < names.count; i++) {
			char path[256];
			char key[256];
			const char *line;

			snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);
			snprintf(key, sizeof(key), "%s.%s", modules[m], names.items[i]);
			line = nm_root_line(root, arena, path);
			r = nm_map_set(arena, out, key,
				       line ? NM_STRING(line) : (struct nm_value) {0});
		}
	}
	return r;
}

/* Only the capabilities that change what can be measured; numbers from linux/capability.h. */
static int privileges(const struct nm_root *root, struct nm_arena *arena, struct nm_strings *out)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} known[] = {{12, "cap_net_admin"}, {14, "cap_ipc_lock"}, {17, "cap_sys_rawio"},
		     {21, "cap_sys_admin"}, {23, "cap_sys_nice"}, {38, "cap_perfmon"}};
	const char *status = nm_root_text(root, arena, "proc/self/status");
	const char *line = status ? strstr(status, "\nCapEff:") : NULL;
	unsigned long long held = line ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;
	int r = root->live && geteuid() == 0 ? nm_strings_add(arena, out, "root") : 0;

	for (size_t i = 0; !r && i < sizeof(known) / sizeof(known[0]); i++)
		if (held >> known[i].bit & 1)
			r = nm_strings_add(arena, out, known[i].name);
	return r;
}

int nm_environment_read(const struct nm_root *root, struct nm_arena *arena,
			struct nm_environment *out)
{
	int r;

	out->kernel_release = nm_root_line(root, arena, "proc/sys/kernel/osrelease");
	out->kernel_version = nm_root_line(root, arena, "proc/sys/kernel/version");
	out->kernel_cmdline = nm_root_line(root, arena, "proc/cmdline");
	out->distribution = distribution(root, arena);
	out->clocksource =
		nm_root_line(root, arena,
			     "sys/devices/system/clocksource/clocksource0/current_clocksource");
	out->governor =
		nm_root_line(root, arena, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
	out->smt = nm_root_line(root, arena, "sys/devices/system/cpu/smt/control");
	out->transparent_hugepage =
		bracketed(arena,
			  nm_root_line(root, arena, "sys/kernel/mm/transparent_hugepage/enabled"));
	out->ksm_run = nm_root_line(root, arena, "sys/kernel/mm/ksm/run");
	out->preemption = preemption(root, arena, out->kernel_version);
	out->seccomp = seccomp(root, arena);
	out->cpu_quota = nm_root_line(root, arena, "sys/fs/cgroup/cpu.max");
	r = vulnerabilities(root, arena, &out->vulnerabilities);
	if (!r)
		r = module_parameters(root, arena, &out->module_parameters);
	if (!r)
		r = privileges(root, arena, &out->privileges);
	out->load_before = load_of(root, arena);
	out->pressure_before_percent = pressure_of(root, arena);
	out->load_after = NAN;
	out->pressure_after_percent = NAN;
	return r;
}

static int note_change(struct nm_arena *arena, struct nm_strings *changed, const char *what,
		       const char *before, const char *after)
{
	const char *line;

	before = before ? before : "absent";
	after = after ? after : "absent";
	if (!strcmp(before, after))
		return 0;
	line = nm_arena_printf(arena, "%s: %s -> %s", what, before, after);
	return line ? nm_strings_add(arena, changed, line) : -ENOMEM;
}

static const char *string_in(const struct nm_map *map, const char *name)
{
	const struct nm_value *value = nm_map_get(map, name);

	return value && value->type == NM_VALUE_STRING ? value->string : NULL;
}

static int note_map_changes(struct nm_arena *arena, struct nm_strings *changed,
			    const struct nm_map *before, const struct nm_map *after)
{
	int r = 0;

	for (size_t i = 0; !r && i < before->count; i++) {
		const char *name = before->pairs[i].name;

		r = note_change(arena, changed, name, string_in(before, name),
				string_in(after, name));
	}
	return r;
}

int nm_environment_finish(const struct nm_root *root, struct nm_arena *arena,
			  struct nm_environment *before)
{
	struct nm_environment after = {0};
	struct nm_strings *changed = &before->changed;
	int r = nm_environment_read(root, arena, &after);

	if (!r)
		r = note_change(arena, changed, "clocksource", before->clocksource,
				after.clocksource);
	if (!r)
		r = note_change(arena, changed, "governor", before->governor, after.governor);
	if (!r)
		r = note_change(arena, changed, "smt", before->smt, after.smt);
	if (!r)
		r = note_change(arena, changed, "transparent_hugepage",
				before->transparent_hugepage, after.transparent_hugepage);
	if (!r)
		r = note_change(arena, changed, "ksm_run", before->ksm_run, after.ksm_run);
	if (!r)
		r = note_change(arena, changed, "cpu_quota", before->cpu_quota, after.cpu_quota);
	if (!r)
		r = note_map_changes(arena, changed, &before->vulnerabilities,
				     &after.vulnerabilities);
	if (!r)
		r = note_map_changes(arena, changed, &before->module_parameters,
				     &after.module_parameters);
	before->load_after = after.load_before;
	before->pressure_after_percent = after.pressure_before_percent;
	return r;
}

/* proc(5): user nice system idle iowait irq softirq steal …, in units of USER_HZ. */
uint64_t nm_steal_ns(const struct nm_root *root, int cpu)
{
	struct nm_arena arena = {0};
	const char *text = nm_root_text(root, &arena, "proc/stat");
	unsigned long long steal = 0;
	char key[32];

	snprintf(key, sizeof(key), "\ncpu%d ", cpu);
	text = text ? strstr(text, key) : NULL;
	if (text)
		(void)sscanf(text + strlen(key), "%*u %*u %*u %*u %*u %*u %*u %llu", &steal);
	nm_arena_free(&arena);
	return steal * (NM_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}
