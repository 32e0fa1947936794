/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/published.h"

#include "core/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* reports/reference/published.json and figures.json, which the build makes into arrays. */
extern const unsigned char nm_published_json[];
extern const size_t nm_published_json_length;
extern const unsigned char nm_figures_json[];
extern const size_t nm_figures_json_length;

struct source {
	const char *title, *where;
	uint64_t year;
};

/* A ratio; its value is a text, because some sources have a range. */
struct multiplier {
	struct nm_strings operations;
	const char *quantity, *value, *architecture, *label, *measured;
	struct source source;
};

/* What one operation costs. */
struct figure {
	const char *id;
	struct nm_strings operations;
	const char *level;
	double value;
	const char *unit, *cpu;
	struct source source;
	bool second_hand;
	const char *note;
};

struct nm_publications {
	struct {
		struct multiplier *items;
		size_t count;
	} multipliers;
	struct {
		struct figure *items;
		size_t count;
	} figures;
};

#define FIELD(kind, s, member)                                                                     \
	.key = #member, .type = NM_FIELD_##kind, .offset = offsetof(struct s, member)
#define END                                                                                        \
	{                                                                                          \
		0                                                                                  \
	}

static const struct nm_field source_fields[] = {
	{FIELD(STRING, source, title)},
	{FIELD(STRING, source, where)},
	{FIELD(UINT, source, year)},
	END,
};
static const struct nm_record source_record = {sizeof(struct source), source_fields};

static const struct nm_field multiplier_fields[] = {
	{FIELD(STRINGS, multiplier, operations)},
	{FIELD(STRING, multiplier, quantity)},
	{FIELD(STRING, multiplier, value)},
	{FIELD(STRING, multiplier, architecture)},
	{FIELD(STRING, multiplier, label)},
	{FIELD(STRING, multiplier, measured)},
	{FIELD(RECORD, multiplier, source), .record = &source_record},
	END,
};
static const struct nm_record multiplier_record = {sizeof(struct multiplier), multiplier_fields};

static const struct nm_field figure_fields[] = {
	{FIELD(STRING, figure, id)},
	{FIELD(STRINGS, figure, operations)},
	{FIELD(STRING, figure, level)},
	{FIELD(REAL, figure, value)},
	{FIELD(STRING, figure, unit)},
	{FIELD(STRING, figure, cpu), .nullable = true},
	{.key = "title", .type = NM_FIELD_STRING, .offset = offsetof(struct figure, source.title)},
	{.key = "where", .type = NM_FIELD_STRING, .offset = offsetof(struct figure, source.where)},
	{.key = "year", .type = NM_FIELD_UINT, .offset = offsetof(struct figure, source.year)},
	{FIELD(BOOL, figure, second_hand)},
	{FIELD(STRING, figure, note), .nullable = true},
	END,
};
static const struct nm_record figure_record = {sizeof(struct figure), figure_fields};

static const struct nm_field multipliers_fields[] = {
	{.key = "entries",
	 .type = NM_FIELD_RECORDS,
	 .offset = offsetof(struct nm_publications, multipliers),
	 .record = &multiplier_record},
	END,
};
static const struct nm_record multipliers_record = {sizeof(struct nm_publications),
						    multipliers_fields};

static const struct nm_field figures_fields[] = {
	{.key = "entries",
	 .type = NM_FIELD_RECORDS,
	 .offset = offsetof(struct nm_publications, figures),
	 .record = &figure_record},
	END,
};
static const struct nm_record figures_record = {sizeof(struct nm_publications), figures_fields};

static int read_file(struct nm_arena *arena, const char *name, const unsigned char *bytes,
		     size_t length, const struct nm_record *record, struct nm_publications *out)
{
	nm_json *json = NULL;
	int r = nm_json_parse((const char *)bytes, length, &json);

	if (!r)
		r = nm_record_read(record, arena, json, out);
	nm_json_free(json);
	return r ? nm_error_within(r, "%s", name) : 0;
}

int nm_publications_read(struct nm_arena *arena, struct nm_publications **out)
{
	int r;

	*out = nm_arena_alloc(arena, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	r = read_file(arena, "published.json", nm_published_json, nm_published_json_length,
		      &multipliers_record, *out);
	return r ? r
		 : read_file(arena, "figures.json", nm_figures_json, nm_figures_json_length,
			     &figures_record, *out);
}

static bool is_about(const struct nm_strings *operations, const struct nm_compared *line)
{
	for (size_t i = 0; i < operations->count; i++)
		if (!strcmp(operations->items[i], line->operation))
			return true;
	return false;
}

/* The architecture of figures stands in their CPU only. */
static bool is_x86(const struct figure *figure)
{
	return !figure->cpu || strncmp(figure->cpu, "ARM", 3) != 0;
}

static struct nm_published *append(struct nm_arena *arena, struct nm_compared *line,
				   const struct source *source)
{
	struct nm_published *published =
		nm_arena_append(arena, &line->published.items, &line->published.count,
				sizeof(*published));

	if (!published)
		return NULL;
	*published = (struct nm_published) {
		.value = NAN,
		.multiplier = NAN,
		.source = nm_arena_printf(arena, "%s, %s, %llu", source->title, source->where,
					  (unsigned long long)source->year),
	};
	return published->source ? published : NULL;
}

static int add_multiplier(struct nm_arena *arena, const struct multiplier *from,
			  struct nm_compared *line)
{
	struct nm_published *to;
	char *end;
	double value = strtod(from->value, &end);

	/* A range is no multiplier. */
	if (*end || strcmp(from->quantity, "multiplier") != 0 ||
	    strcmp(from->architecture, "x86") != 0 || !is_about(&from->operations, line))
		return 0;
	to = append(arena, line, &from->source);
	if (!to)
		return -ENOMEM;
	to->multiplier = value;
	to->id = nm_arena_strdup(arena, from->label);
	to->unit = nm_arena_strdup(arena, "ratio");
	to->note = nm_arena_strdup(arena, from->measured);
	return to->id && to->unit && to->note ? 0 : -ENOMEM;
}

static int add_figure(struct nm_arena *arena, const struct figure *from, struct nm_compared *line)
{
	struct nm_published *to;

	if (!is_x86(from) || !is_about(&from->operations, line))
		return 0;
	to = append(arena, line, &from->source);
	if (!to)
		return -ENOMEM;
	to->value = from->value;
	to->second_hand = from->second_hand;
	to->id = nm_arena_strdup(arena, from->id);
	to->unit = nm_arena_strdup(arena, from->unit);
	to->level = nm_arena_strdup(arena, from->level);
	to->cpu = nm_arena_strdup(arena, from->cpu);
	to->note = nm_arena_strdup(arena, from->note);
	return to->id && to->unit && to->level ? 0 : -ENOMEM;
}

int nm_publications_add(struct nm_arena *arena, const struct nm_publications *publications,
			struct nm_compared *line)
{
	int r = 0;

	for (size_t i = 0; !r && i < publications->multipliers.count; i++)
		r = add_multiplier(arena, &publications->multipliers.items[i], line);
	for (size_t i = 0; !r && i < publications->figures.count; i++)
		r = add_figure(arena, &publications->figures.items[i], line);
	return r;
}
