/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/pairing.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* The pairings by their names, in a tree of the C library. */
struct index {
	struct nm_arena *arena;
	const struct nm_compare_request *request;
	void *tree;
	struct nm_pairing **order;
	size_t count;
};

static int compare_pairings(const void *a, const void *b)
{
	return strcmp(((const struct nm_pairing *)a)->name, ((const struct nm_pairing *)b)->name);
}

static struct nm_pairing *pairing_for(struct index *index, const char *name)
{
	struct nm_pairing *pairing = nm_arena_alloc(index->arena, sizeof(*pairing));
	struct nm_pairing **slot;
	void *node;

	if (!pairing)
		return NULL;
	pairing->name = name;
	node = tsearch(pairing, &index->tree, compare_pairings);
	if (!node || *(struct nm_pairing **)node != pairing)
		return node ? *(struct nm_pairing **)node : NULL;
	slot = nm_arena_append(index->arena, &index->order, &index->count, sizeof(void *));
	if (slot)
		*slot = pairing;
	return slot ? pairing : NULL;
}

static bool is_listed(const struct nm_strings *strings, const char *item)
{
	for (size_t i = 0; i < strings->count; i++)
		if (!strcmp(strings->items[i], item))
			return true;
	return false;
}

static bool is_selected(const struct nm_compare_request *request, const struct nm_measurement *m,
			const char *name)
{
	if (request->contexts.count && !is_listed(&request->contexts, nm_context_names[m->context]))
		return false;
	for (size_t i = 0; i < request->only.count; i++)
		if (nm_name_matches(request->only.items[i], m->operation, name))
			return true;
	return request->groups.count ? is_listed(&request->groups, m->group) : !request->only.count;
}

static int add_found(struct nm_arena *arena, struct nm_found *found, const struct nm_measurement *m)
{
	const struct nm_measurement **slot =
		nm_arena_append(arena, &found->items, &found->count, sizeof(void *));

	if (slot)
		*slot = m;
	return slot ? 0 : -ENOMEM;
}

static int add_measurement(struct index *index, const struct nm_measurement *m, bool changed)
{
	const char *name = nm_measurement_name(index->arena, m);
	struct nm_pairing *pairing;

	if (!name)
		return -ENOMEM;
	if (!is_selected(index->request, m, name))
		return 0;
	pairing = pairing_for(index, name);
	if (!pairing)
		return -ENOMEM;
	return add_found(index->arena, changed ? &pairing->changed : &pairing->base, m);
}

static int add_documents(struct index *index, const struct nm_compare_side *side, bool changed)
{
	int r = 0;

	for (size_t i = 0; i < side->count; i++)
		for (size_t j = 0; !r && j < side->documents[i]->measurements.count; j++)
			r = add_measurement(index, &side->documents[i]->measurements.items[j],
					    changed);
	return r;
}

/* Parameters that a guest has and the native side has not. */
static bool is_of_guest(const struct nm_pair *pair)
{
	return !strcmp(pair->name, "cpl");
}

static bool same_value(const struct nm_value *a, const struct nm_value *b)
{
	if (!b || a->type != b->type)
		return false;
	return a->type == NM_VALUE_STRING ? !strcmp(a->string, b->string)
					  : a->integer == b->integer;
}

/* Whether a native measurement is a guest's partner: the same operation at the same point. */
static bool is_partner(const struct nm_measurement *native, const struct nm_measurement *guest)
{
	if (native->context != NM_CONTEXT_NATIVE ||
	    strcmp(native->operation, guest->operation) != 0)
		return false;
	for (size_t i = 0; i < guest->parameters.count; i++) {
		const struct nm_pair *pair = &guest->parameters.pairs[i];

		if (!is_of_guest(pair) &&
		    !same_value(&pair->value, nm_map_get(&native->parameters, pair->name)))
			return false;
	}
	return true;
}

static int add_guest(struct index *index, const struct nm_document *document,
		     const struct nm_measurement *guest)
{
	for (size_t i = 0; i < document->measurements.count; i++) {
		const struct nm_measurement *native = &document->measurements.items[i];
		const char *name;
		struct nm_pairing *pairing;
		int r;

		if (!is_partner(native, guest))
			continue;
		name = nm_measurement_name(index->arena, guest);
		if (!name)
			return -ENOMEM;
		if (!is_selected(index->request, guest, name))
			return 0;
		pairing = pairing_for(index, name);
		r = pairing ? add_found(index->arena, &pairing->base, native) : -ENOMEM;
		return r ? r : add_found(index->arena, &pairing->changed, guest);
	}
	return 0;
}

static int add_guests(struct index *index, const struct nm_compare_side *side)
{
	int r = 0;

	for (size_t i = 0; i < side->count; i++) {
		const struct nm_document *document = side->documents[i];

		for (size_t j = 0; !r && j < document->measurements.count; j++)
			if (document->measurements.items[j].context == NM_CONTEXT_GUEST)
				r = add_guest(index, document, &document->measurements.items[j]);
	}
	return r;
}

static void keep(void *node)
{
	(void)node; /* pairings live in the arena */
}

int nm_pair(struct nm_arena *arena, const struct nm_compare_request *request,
	    struct nm_pairings *out)
{
	struct index index = {.arena = arena, .request = request};
	int r;

	if (request->mode == NM_COMPARE_GUEST_NATIVE) {
		r = add_guests(&index, &request->base);
	} else {
		r = add_documents(&index, &request->base, false);
		if (!r)
			r = add_documents(&index, &request->changed, true);
	}
	tdestroy(index.tree, keep);
	out->items = nm_arena_alloc(arena, index.count * sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	out->count = index.count;
	for (size_t i = 0; i < index.count; i++)
		out->items[i] = *index.order[i];
	return r;
}
