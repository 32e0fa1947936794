/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/topology.h"

#include "core/error.h"

#include <errno.h>
#include <hwloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct nm_topology {
	hwloc_topology_t hwloc;
};

int nm_topology_load(struct nm_topology **out)
{
	struct nm_topology *topology = calloc(1, sizeof(*topology));
	int r = 0;

	*out = NULL;
	if (!topology)
		return nm_fail(ENOMEM, "out of memory");
	/* What it cannot find is said by our own errors. */
	setenv("HWLOC_HIDE_ERRORS", "2", 0);
	if (hwloc_get_api_version() >> 16 != HWLOC_API_VERSION >> 16)
		r = nm_fail(ENOTSUP, "hwloc: the library is not the one this was built for");
	else if (hwloc_topology_init(&topology->hwloc))
		r = nm_fail(ENOMEM, "hwloc: out of memory");
	if (r) {
		free(topology);
		return r;
	}
	/* Without this flag hwloc binds to each CPU in turn and executes CPUID there. */
	hwloc_topology_set_flags(topology->hwloc,
				 HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING |
					 HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING |
					 HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM);
	hwloc_topology_set_icache_types_filter(topology->hwloc, HWLOC_TYPE_FILTER_KEEP_ALL);
	if (hwloc_topology_load(topology->hwloc)) {
		nm_topology_free(topology);
		return nm_fail(ENOTSUP, "hwloc: cannot read this machine's topology");
	}
	*out = topology;
	return 0;
}

void nm_topology_free(struct nm_topology *topology)
{
	if (!topology)
		return;
	hwloc_topology_destroy(topology->hwloc);
	free(topology);
}

static unsigned int count_of(const struct nm_topology *topology, hwloc_obj_type_t type)
{
	int count = hwloc_get_nbobjs_by_type(topology->hwloc, type);

	return count > 0 ? (unsigned int)count : 0;
}

struct nm_topology_counts nm_topology_counts(const struct nm_topology *topology)
{
	return (struct nm_topology_counts) {
		.packages = count_of(topology, HWLOC_OBJ_PACKAGE),
		.numa_nodes = count_of(topology, HWLOC_OBJ_NUMANODE),
		.cores = count_of(topology, HWLOC_OBJ_CORE),
		.threads = count_of(topology, HWLOC_OBJ_PU),
	};
}

static unsigned int threads_per_core(const struct nm_topology *topology)
{
	unsigned int cores = count_of(topology, HWLOC_OBJ_CORE);
	int most = 0;

	for (unsigned int i = 0; i < cores; i++) {
		hwloc_obj_t core = hwloc_get_obj_by_type(topology->hwloc, HWLOC_OBJ_CORE, i);
		int threads = hwloc_bitmap_weight(core->cpuset);

		most = threads > most ? threads : most;
	}
	return (unsigned int)most;
}

static void put_cpus(struct nm_text *out, hwloc_const_cpuset_t set)
{
	char *list;

	if (hwloc_bitmap_list_asprintf(&list, set) < 0) {
		out->failed = true;
		return;
	}
	nm_text_printf(out, "cpus %s\n", list);
	free(list);
}

static bool same_cache(hwloc_obj_t a, hwloc_obj_t b)
{
	return a->attr->cache.size == b->attr->cache.size &&
	       a->attr->cache.linesize == b->attr->cache.linesize;
}

/* One line for each kind: the cores of hybrid CPUs have caches of different sizes. */
static void put_caches(struct nm_text *out, hwloc_topology_t t, hwloc_obj_type_t type)
{
	static const char *const suffixes[] = {[HWLOC_OBJ_CACHE_UNIFIED] = "",
					       [HWLOC_OBJ_CACHE_DATA] = "d",
					       [HWLOC_OBJ_CACHE_INSTRUCTION] = "i"};
	int total = hwloc_get_nbobjs_by_type(t, type);
	hwloc_obj_t previous = NULL;
	unsigned int count = 0;

	for (int i = 0; i <= total; i++) {
		hwloc_obj_t cache =
			i < total ? hwloc_get_obj_by_type(t, type, (unsigned int)i) : NULL;

		if (previous && (!cache || !same_cache(previous, cache))) {
			const struct hwloc_cache_attr_s *attr = &previous->attr->cache;

			nm_text_printf(out, "cache L%u%s %llu line %u count %u\n", attr->depth,
				       suffixes[attr->type], (unsigned long long)attr->size,
				       attr->linesize, count);
			count = 0;
		}
		previous = cache;
		count++;
	}
}

int nm_topology_describe(const struct nm_topology *topology, struct nm_text *out)
{
	static const hwloc_obj_type_t caches[] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L1ICACHE,
						  HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L2ICACHE,
						  HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE,
						  HWLOC_OBJ_L5CACHE};
	struct nm_topology_counts counts = nm_topology_counts(topology);
	hwloc_topology_t t = topology->hwloc;

	nm_text_printf(out, "packages %u\nnuma_nodes %u\ncores %u\nthreads %u\n", counts.packages,
		       counts.numa_nodes, counts.cores, counts.threads);
	nm_text_printf(out, "threads_per_core %u\n", threads_per_core(topology));
	put_cpus(out, hwloc_topology_get_topology_cpuset(t));
	for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++)
		put_caches(out, t, caches[i]);
	for (unsigned int i = 0; i < counts.numa_nodes; i++) {
		hwloc_obj_t node = hwloc_get_obj_by_type(t, HWLOC_OBJ_NUMANODE, i);

		nm_text_printf(out, "node %u memory %llu ", node->os_index,
			       (unsigned long long)node->attr->numanode.local_memory);
		put_cpus(out, node->cpuset);
	}
	return nm_text_status(out);
}

size_t nm_topology_spread(const struct nm_topology *topology, int *cpus, size_t capacity)
{
	hwloc_const_cpuset_t set = hwloc_topology_get_topology_cpuset(topology->hwloc);
	int weight = hwloc_bitmap_weight(set);
	size_t total = weight > 0 ? (size_t)weight : 0;
	size_t wanted = total < capacity ? total : capacity;
	size_t count = 0;
	int cpu = -1;

	for (size_t i = 0; i < total && count < wanted; i++) {
		cpu = hwloc_bitmap_next(set, cpu);
		if (i == count * total / wanted)
			cpus[count++] = cpu;
	}
	return count;
}

static void add_cpu(int cpu, int *cpus, size_t capacity, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (cpus[i] == cpu)
			return;
	if (*count < capacity)
		cpus[(*count)++] = cpu;
}

/* CPU number of hardware thread `thread` of a core, or -1. */
static int cpu_of(hwloc_obj_t core, unsigned int thread)
{
	int cpu = -1;

	for (unsigned int i = 0; i <= thread; i++) {
		cpu = hwloc_bitmap_next(core->cpuset, cpu);
		if (cpu < 0)
			return -1;
	}
	return cpu;
}

int nm_topology_order(const struct nm_topology *topology, int preferred, int *cpus, size_t capacity,
		      size_t *count)
{
	hwloc_topology_t t = topology->hwloc;
	bool by_core = count_of(topology, HWLOC_OBJ_CORE) > 0;
	hwloc_obj_type_t type = by_core ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
	unsigned int units = count_of(topology, type);
	bool more = true;

	*count = 0;
	if (preferred >= 0) {
		if (!hwloc_bitmap_isset(hwloc_topology_get_topology_cpuset(t),
					(unsigned int)preferred))
			return nm_fail_remedy(EINVAL, "choose one that taskset -p $$ lists",
					      "CPU %d: this process may not run there", preferred);
		add_cpu(preferred, cpus, capacity, count);
	}
	for (unsigned int thread = 0; more; thread++) {
		more = false;
		for (unsigned int unit = units; unit-- > 0;) {
			int cpu = cpu_of(hwloc_get_obj_by_type(t, type, unit), thread);

			if (cpu < 0)
				continue;
			more = true;
			add_cpu(cpu, cpus, capacity, count);
		}
	}
	return 0;
}

int nm_topology_bind(const struct nm_topology *topology, int cpu)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int r = 0;

	if (!set)
		return nm_fail(ENOMEM, "out of memory");
	hwloc_bitmap_only(set, (unsigned int)cpu);
	if (hwloc_set_cpubind(topology->hwloc, set, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT))
		r = nm_fail(errno, "CPU %d: cannot bind to it: %s", cpu, strerror(errno));
	else if (hwloc_get_last_cpu_location(topology->hwloc, set, HWLOC_CPUBIND_THREAD) ||
		 !hwloc_bitmap_isset(set, (unsigned int)cpu))
		r = nm_fail(EIO, "CPU %d: bound to it but running elsewhere", cpu);
	hwloc_bitmap_free(set);
	return r;
}
