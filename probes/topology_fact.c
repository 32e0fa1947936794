/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/topology_fact.h"

#include "probes/number.h"

#include <string.h>

#define MAX_NODES   1024
#define MAX_CPULIST 65536

static bool parse_count(const char **at, const char *name, uint64_t *out)
{
	return nm_words(at, name) && nm_words(at, " ") && nm_digits(at, out) &&
	       *out <= NM_TOPOLOGY_MOST && nm_words(at, "\n");
}

static bool parse_cpus(struct nm_arena *arena, const char **at, const char **out)
{
	size_t length;

	if (!nm_words(at, "cpus "))
		return false;
	length = strspn(*at, "0123456789,-");
	if (length > MAX_CPULIST || (*at)[length] != '\n')
		return false;
	*out = nm_arena_strndup(arena, *at, length);
	*at += length + 1;
	return *out;
}

static bool parse_cache(const char **at, struct nm_cache *out)
{
	*out = (struct nm_cache) {0};
	if (!nm_words(at, "cache L") || **at < '1' || **at > '5')
		return false;
	out->level = *(*at)++;
	if (**at == 'd' || **at == 'i')
		out->type = *(*at)++;
	return nm_words(at, " ") && nm_digits(at, &out->size) && out->size <= INT64_MAX &&
	       nm_words(at, " line ") && nm_digits(at, &out->line) &&
	       out->line <= NM_TOPOLOGY_MOST && nm_words(at, " count ") &&
	       nm_digits(at, &out->count) && out->count <= NM_TOPOLOGY_MOST && nm_words(at, "\n");
}

static bool parse_node(struct nm_arena *arena, const char **at, struct nm_node *out)
{
	return nm_words(at, "node ") && nm_digits(at, &out->index) &&
	       out->index <= NM_TOPOLOGY_MOST && nm_words(at, " memory ") &&
	       nm_digits(at, &out->memory) && out->memory <= INT64_MAX && nm_words(at, " ") &&
	       parse_cpus(arena, at, &out->cpus);
}

bool nm_topology_parse(struct nm_arena *arena, const char *text, struct nm_machine_topology *out)
{
	const char *at = text;

	if (!parse_count(&at, "packages", &out->packages) ||
	    !parse_count(&at, "numa_nodes", &out->numa_nodes) ||
	    !parse_count(&at, "cores", &out->cores) ||
	    !parse_count(&at, "threads", &out->threads) || !out->threads ||
	    !parse_count(&at, "threads_per_core", &out->threads_per_core) ||
	    !parse_cpus(arena, &at, &out->cpus))
		return false;
	while (!strncmp(at, "cache ", 6)) {
		if (out->cache_count == NM_MAX_CACHES ||
		    !parse_cache(&at, &out->caches[out->cache_count++]))
			return false;
	}
	while (*at && out->node_count < MAX_NODES) {
		struct nm_node *node =
			nm_arena_append(arena, &out->nodes, &out->node_count, sizeof(*node));

		if (!node || !parse_node(arena, &at, node))
			return false;
	}
	return !*at;
}
