/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "core/cgroup.h"
#include "probes/evidence.h"
#include "probes/kept.h"
#include "probes/number.h"
#include "probes/topology_fact.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int produce(struct nm_text *out, void *context)
{
	return nm_topology_describe(context, out);
}

static int add_counts(struct nm_probe_context *context, const struct nm_machine_topology *m)
{
	const struct {
		const char *id, *what;
		uint64_t value;
	} counts[] = {
		{"topology.packages", "hwloc: sockets", m->packages},
		{"topology.cores", "hwloc: cores that this process may use", m->cores},
		{"topology.threads_per_core",
		 "hwloc: hardware threads of a core that this process may use; above 1 is SMT",
		 m->threads_per_core},
		{"topology.numa_nodes", "hwloc: NUMA nodes", m->numa_nodes},
	};
	bool several = m->threads > 1;
	int r = nm_finding_add(context, "topology.threads",
			       several ? NM_STATUS_INFO : NM_STATUS_WARN,
			       NM_INT((int64_t)m->threads),
			       several ? NULL : "give this process a second CPU",
			       "hwloc: hardware threads that this process may use");

	for (size_t i = 0; !r && i < sizeof(counts) / sizeof(counts[0]); i++)
		r = nm_finding_add(context, counts[i].id, NM_STATUS_INFO,
				   NM_INT((int64_t)counts[i].value), NULL, "%s", counts[i].what);
	return r;
}

/* Caches of one level and type are one finding, unless the cores differ. */
static int add_cache(struct nm_probe_context *context, const struct nm_machine_topology *m,
		     size_t index)
{
	const struct nm_cache *cache = &m->caches[index];
	unsigned int kind = 0;
	char id[48];
	char suffix[16] = "";

	for (size_t i = 0; i < index; i++)
		kind += m->caches[i].level == cache->level && m->caches[i].type == cache->type;
	if (kind)
		snprintf(suffix, sizeof(suffix), ".kind%u", kind + 1);
	snprintf(id, sizeof(id), "topology.cache.l%c%.1s%s", cache->level, &cache->type, suffix);
	return nm_detail_add(context, id, NM_STATUS_INFO, NM_INT((int64_t)cache->size), NULL,
			     "hwloc: bytes of each of %u, in lines of %u bytes",
			     (unsigned int)cache->count, (unsigned int)cache->line);
}

static int add_node(struct nm_probe_context *context, const struct nm_node *node)
{
	char id[64];

	snprintf(id, sizeof(id), "topology.node%u.memory", (unsigned int)node->index);
	return nm_detail_add(context, id, NM_STATUS_INFO, NM_INT((int64_t)node->memory), NULL,
			     "hwloc: bytes; its CPUs are %s",
			     *node->cpus ? nm_clean(context, node->cpus) : "none");
}

/* How many CPUs a list such as "0-3,8" names; 0 for what is no such list. */
static uint64_t count_cpus(const char *list)
{
	uint64_t total = 0;

	while (*list) {
		uint64_t first;
		uint64_t last;

		if (!nm_digits(&list, &first))
			return 0;
		last = first;
		if (nm_words(&list, "-") && !nm_digits(&list, &last))
			return 0;
		if (last < first || last > NM_TOPOLOGY_MOST || (*list && !nm_words(&list, ",")))
			return 0;
		total += last - first + 1;
		if (total > NM_TOPOLOGY_MOST)
			return 0;
	}
	return total;
}

static int add_cpus(struct nm_probe_context *context, const struct nm_machine_topology *m)
{
	const char *online =
		nm_root_line(context->root, context->arena, "sys/devices/system/cpu/online");
	uint64_t all = online ? count_cpus(online) : 0;

	if (!all)
		return nm_finding_add(context, "topology.cpus", NM_STATUS_INFO,
				      NM_STRING(nm_clean(context, m->cpus)), NULL,
				      "CPUs that this process may use; /sys/devices/system/cpu/"
				      "online does not say which there are");
	return nm_finding_add(context, "topology.cpus", NM_STATUS_INFO,
			      NM_STRING(nm_clean(context, m->cpus)), NULL,
			      "this process may use %u of %u CPUs online (%s)%s",
			      (unsigned int)m->threads, (unsigned int)all,
			      nm_clean(context, online),
			      m->threads < all ? ": its affinity or cpuset excludes the others"
					       : "");
}

static const char *cpuset_of(const struct nm_probe_context *context, const struct nm_cgroup *group,
			     const char **path)
{
	const char *file = group->v2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus";

	*path = nm_arena_printf(context->arena, "%s%s/%s", group->base, group->path, file);
	return *path ? nm_root_line(context->root, context->arena, *path) : NULL;
}

static int add_cpuset(struct nm_probe_context *context)
{
	struct nm_cgroup group;
	const char *path = "proc/self/cgroup";
	const char *cpus;
	int error;
	int r = nm_kept_group(context, "cpuset", &group);

	if (r)
		return nm_unread_add(context, "topology.cpuset", path, -r);
	errno = 0;
	cpus = cpuset_of(context, &group, &path);
	error = cpus ? EBADMSG : errno;
	if (!path)
		return -ENOMEM;
	if (cpus && count_cpus(cpus))
		return nm_finding_add(context, "topology.cpuset", NM_STATUS_INFO,
				      NM_STRING(nm_clean(context, cpus)), NULL, "/%s",
				      nm_clean(context, path));
	if (error == ENOENT)
		return nm_finding_add(context, "topology.cpuset", NM_STATUS_INFO, NM_STRING("none"),
				      NULL, "no /%s: this control group has no cpuset of its own",
				      nm_clean(context, path));
	return nm_unread_add(context, "topology.cpuset", path, error);
}

/* "QUOTA PERIOD" in microseconds, or "max PERIOD" (Documentation/admin-guide/cgroup-v2.rst). */
static bool parse_cpu_max(const char *line, uint64_t *quota, uint64_t *period)
{
	*quota = NM_CGROUP_NONE;
	if (!line || (!nm_words(&line, "max") && !nm_digits(&line, quota)))
		return false;
	return nm_words(&line, " ") && nm_number(line, period) && *period;
}

static bool read_quota_v1(const struct nm_probe_context *context, const char *directory,
			  uint64_t *quota, uint64_t *period)
{
	struct nm_arena *arena = context->arena;
	const char *path = nm_arena_printf(arena, "%s/cpu.cfs_quota_us", directory);
	const char *line = path ? nm_root_line(context->root, arena, path) : NULL;

	*quota = NM_CGROUP_NONE;
	if (!line)
		return false;
	if (!strcmp(line, "-1")) {
		*period = 1;
		return true;
	}
	path = nm_arena_printf(arena, "%s/cpu.cfs_period_us", directory);
	return nm_number(line, quota) && path && nm_root_number(context, path, period) && *period;
}

/* In thousandths of a CPU. */
static bool read_quota(void *own, const struct nm_cgroup *group, const char *directory,
		       uint64_t *limit)
{
	const struct nm_probe_context *context = own;
	const char *path = nm_arena_printf(context->arena, "%s/cpu.max", directory);
	uint64_t quota = NM_CGROUP_NONE;
	uint64_t period = 0;
	bool read;

	if (!path)
		return false;
	read = group->v2 ? parse_cpu_max(nm_root_line(context->root, context->arena, path), &quota,
					 &period)
			 : read_quota_v1(context, directory, &quota, &period);
	if (read && quota <= UINT64_MAX / 1000)
		*limit = quota * 1000 / period;
	return read;
}

static int add_quota(struct nm_probe_context *context)
{
	static const char id[] = "topology.cpu_quota";
	struct nm_cgroup_limit limit;
	struct nm_cgroup group;
	int r = nm_kept_group(context, "cpu", &group);

	if (!r)
		r = nm_cgroup_tightest(&group, read_quota, context, &limit);
	if (r == -ENOMEM)
		return r;
	if (r)
		return nm_unknown_add(context, id, NULL, "control groups: %s", nm_why_not(-r));
	if (limit.value == NM_CGROUP_NONE)
		return nm_finding_add(context, id, NM_STATUS_PASS, NM_STRING("none"), NULL,
				      "no control group of this process limits its CPU time");
	return nm_finding_add(context, id, NM_STATUS_WARN, NM_REAL((double)limit.value / 1000),
			      "run where no quota applies: vCPUs stop when it is used up",
			      "CPUs' worth of time, by /%s", nm_clean(context, limit.where));
}

static int add_all(struct nm_probe_context *context, const struct nm_machine_topology *m)
{
	int r = add_counts(context, m);

	for (size_t i = 0; !r && i < m->cache_count; i++)
		r = add_cache(context, m, i);
	for (size_t i = 0; !r && i < m->node_count; i++)
		r = add_node(context, &m->nodes[i]);
	return r ? r : add_cpus(context, m);
}

int nm_probe_topology(struct nm_probe_context *context)
{
	struct nm_machine_topology *m = nm_arena_alloc(context->arena, sizeof(*m));
	const char *text = nm_root_fact(context->root, context->arena, "topology", produce,
					(void *)context->topology);
	int r;

	if (!m)
		return -ENOMEM;
	if (!text) {
		r = nm_unknown_add(context, "topology.threads", NULL, "hwloc: %s",
				   nm_why_not(errno));
	} else if (!nm_topology_parse(context->arena, text, m)) {
		r = nm_unknown_add(context, "topology.threads", NULL,
				   "the captured topology is not as nestmark writes it");
	} else {
		context->machine->cores = m->cores;
		context->machine->threads = m->threads;
		r = add_all(context, m);
	}
	if (!r)
		r = add_cpuset(context);
	return r ? r : add_quota(context);
}
