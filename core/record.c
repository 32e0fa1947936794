/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include "core/error.h"

#include <errno.h>
#include <math.h>
#include <string.h>

int nm_map_set(struct nm_arena *arena, struct nm_map *map, const char *name, struct nm_value value)
{
	struct nm_pair *pair = NULL;

	for (size_t i = 0; i < map->count && !pair; i++)
		if (!strcmp(map->pairs[i].name, name))
			pair = &map->pairs[i];
	if (!pair) {
		pair = nm_arena_append(arena, &map->pairs, &map->count, sizeof(*pair));
		if (!pair)
			return -ENOMEM;
		pair->name = nm_arena_strdup(arena, name);
	}
	if (value.type == NM_VALUE_STRING && value.string) {
		value.string = nm_arena_strdup(arena, value.string);
		if (!value.string)
			return -ENOMEM;
	}
	pair->value = value;
	return pair->name ? 0 : -ENOMEM;
}

const struct nm_value *nm_map_get(const struct nm_map *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++)
		if (!strcmp(map->pairs[i].name, name))
			return &map->pairs[i].value;
	return NULL;
}

int nm_strings_add(struct nm_arena *arena, struct nm_strings *strings, const char *item)
{
	const char **slot = nm_arena_append(arena, &strings->items, &strings->count, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = nm_arena_strdup(arena, item);
	return *slot ? 0 : -ENOMEM;
}

int nm_name_index(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

/* Writing */

static nm_json *value_json(const struct nm_value *value)
{
	switch (value->type) {
	case NM_VALUE_BOOL:
		return nm_json_bool(value->boolean);
	case NM_VALUE_INT:
		return nm_json_int(value->integer);
	case NM_VALUE_REAL:
		return nm_json_real(value->real);
	case NM_VALUE_STRING:
		return nm_json_string(value->string);
	case NM_VALUE_NONE:
		break;
	}
	return NULL;
}

static nm_json *map_json(const struct nm_map *map)
{
	nm_json *object = nm_json_new_object();

	for (size_t i = 0; i < map->count; i++)
		nm_json_add(object, map->pairs[i].name, value_json(&map->pairs[i].value));
	return object;
}

static nm_json *strings_json(const struct nm_strings *strings)
{
	nm_json *array = nm_json_new_array();

	for (size_t i = 0; i < strings->count; i++)
		nm_json_append(array, nm_json_string(strings->items[i]));
	return array;
}

/* How NM_FIELD_RECORDS lies in memory. */
struct sequence {
	unsigned char *elements;
	size_t count;
};

static nm_json *records_json(const struct nm_record *record, const struct sequence *sequence)
{
	nm_json *array = nm_json_new_array();

	for (size_t i = 0; i < sequence->count; i++)
		nm_json_append(array,
			       nm_record_write(record, sequence->elements + i * record->size));
	return array;
}

static nm_json *field_json(const struct nm_field *field, const unsigned char *at)
{
	struct sequence sequence;
	const void *pointed;
	const char *string;
	uint64_t whole;
	double real;
	int number;

	switch (field->type) {
	case NM_FIELD_STRING:
		memcpy(&string, at, sizeof(string));
		return nm_json_string(string);
	case NM_FIELD_UINT:
		memcpy(&whole, at, sizeof(whole));
		return nm_json_uint(whole);
	case NM_FIELD_INT:
		memcpy(&whole, at, sizeof(whole));
		return nm_json_int((int64_t)whole);
	case NM_FIELD_REAL:
		memcpy(&real, at, sizeof(real));
		return nm_json_real(real);
	case NM_FIELD_BOOL:
		return nm_json_bool(*(const bool *)at);
	case NM_FIELD_ENUM:
		memcpy(&number, at, sizeof(number));
		return nm_json_string(field->names[number]);
	case NM_FIELD_VALUE:
		return value_json((const struct nm_value *)(const void *)at);
	case NM_FIELD_MAP:
		return map_json((const struct nm_map *)(const void *)at);
	case NM_FIELD_STRINGS:
		return strings_json((const struct nm_strings *)(const void *)at);
	case NM_FIELD_RECORD:
		return nm_record_write(field->record, at);
	case NM_FIELD_POINTER:
		memcpy(&pointed, at, sizeof(pointed));
		return pointed ? nm_record_write(field->record, pointed) : NULL;
	case NM_FIELD_RECORDS:
		memcpy(&sequence, at, sizeof(sequence));
		return records_json(field->record, &sequence);
	}
	return NULL;
}

nm_json *nm_record_write(const struct nm_record *record, const void *structure)
{
	nm_json *object = nm_json_new_object();

	for (const struct nm_field *field = record->fields; field->key; field++) {
		nm_json *child =
			field_json(field, (const unsigned char *)structure + field->offset);
		enum nm_json_type type = nm_json_type(child);

		if (field->optional && !field->nullable &&
		    (!child || ((type == NM_JSON_ARRAY || type == NM_JSON_OBJECT) &&
				!nm_json_count(child)))) {
			nm_json_free(child);
			continue;
		}
		nm_json_add(object, field->key, child);
	}
	return object;
}

/* Reading */

static int wrong_type(const char *key, const char *expected)
{
	return nm_fail(EINVAL, "%s: expected %s", key, expected);
}

/* Strings may not contain NUL: what is shown must be what was read. */
static int read_string(struct nm_arena *arena, const char *key, const nm_json *json,
		       const char **out)
{
	const char *bytes;
	size_t length;

	if (nm_json_type(json) != NM_JSON_STRING)
		return wrong_type(key, "a string");
	bytes = nm_json_to_string(json, &length);
	if (memchr(bytes, '\0', length))
		return nm_fail(EINVAL, "%s: NUL character in a string", key);
	*out = nm_arena_strndup(arena, bytes, length);
	return *out ? 0 : -ENOMEM;
}

static int read_value(struct nm_arena *arena, const char *key, const nm_json *json,
		      struct nm_value *out)
{
	switch (nm_json_type(json)) {
	case NM_JSON_NULL:
		*out = (struct nm_value) {0};
		return 0;
	case NM_JSON_BOOL:
		*out = NM_BOOL(nm_json_to_bool(json));
		return 0;
	case NM_JSON_INT:
		*out = NM_INT(nm_json_to_int(json));
		return 0;
	case NM_JSON_REAL:
		*out = NM_REAL(nm_json_to_real(json));
		return 0;
	case NM_JSON_STRING:
		out->type = NM_VALUE_STRING;
		return read_string(arena, key, json, &out->string);
	case NM_JSON_UINT:
	case NM_JSON_ARRAY:
	case NM_JSON_OBJECT:
		break;
	}
	return wrong_type(key, "a string, a number, a boolean or null");
}

struct map_reader {
	struct nm_arena *arena;
	struct nm_map *map;
};

static int read_pair(void *context, const char *key, nm_json *child)
{
	struct map_reader *reader = context;
	struct nm_value value = {0};
	struct nm_pair *pair;
	int r = read_value(reader->arena, key, child, &value);

	if (r)
		return r;
	/* Keys are unique already: nm_map_set() would only search. */
	pair = nm_arena_append(reader->arena, &reader->map->pairs, &reader->map->count,
			       sizeof(*pair));
	if (!pair)
		return -ENOMEM;
	pair->name = nm_arena_strdup(reader->arena, key);
	pair->value = value;
	return pair->name ? 0 : -ENOMEM;
}

static int read_map(struct nm_arena *arena, const char *key, const nm_json *json,
		    struct nm_map *out)
{
	struct map_reader reader = {.arena = arena, .map = out};
	int r;

	if (nm_json_type(json) != NM_JSON_OBJECT)
		return wrong_type(key, "an object");
	r = nm_json_each(json, read_pair, &reader);
	return r ? nm_error_within(r, "%s", key) : 0;
}

static int read_strings(struct nm_arena *arena, const char *key, const nm_json *json,
			struct nm_strings *out)
{
	if (nm_json_type(json) != NM_JSON_ARRAY)
		return wrong_type(key, "an array of strings");
	for (size_t i = 0; i < nm_json_count(json); i++) {
		const char *item = NULL;
		int r = read_string(arena, key, nm_json_at(json, i), &item);

		if (!r)
			r = nm_strings_add(arena, out, item);
		if (r)
			return r;
	}
	return 0;
}

static int read_records(const struct nm_field *field, struct nm_arena *arena, const nm_json *json,
			struct sequence *out)
{
	size_t size = field->record->size;

	if (nm_json_type(json) != NM_JSON_ARRAY)
		return wrong_type(field->key, "an array");
	/*
	 * Element by element, so that nm_arena_append() can go on later, and so that memory is taken for elements that were
	 * looked at only.
	 */
	for (size_t i = 0; i < nm_json_count(json); i++) {
		void *element = nm_arena_append(arena, &out->elements, &out->count, size);
		int r = element ? nm_record_read(field->record, arena, nm_json_at(json, i), element)
				: -ENOMEM;

		if (r)
			return nm_error_within(r, "%s[%zu]", field->key, i);
	}
	return 0;
}

static int read_pointer(const struct nm_field *field, struct nm_arena *arena, const nm_json *json,
			void **out)
{
	int r;

	if (!json)
		return 0;
	*out = nm_arena_alloc(arena, field->record->size);
	if (!*out)
		return -ENOMEM;
	r = nm_record_read(field->record, arena, json, *out);
	return r ? nm_error_within(r, "%s", field->key) : 0;
}

static int read_number(const struct nm_field *field, const nm_json *json, unsigned char *at)
{
	enum nm_json_type type = nm_json_type(json);
	double real = NAN;
	uint64_t whole;

	if (field->type == NM_FIELD_REAL) {
		if (type == NM_JSON_REAL || type == NM_JSON_INT || type == NM_JSON_UINT)
			real = nm_json_to_real(json);
		else if (type != NM_JSON_NULL)
			return wrong_type(field->key, "a number or null");
		memcpy(at, &real, sizeof(real));
		return 0;
	}
	if (field->type == NM_FIELD_INT) {
		if (type != NM_JSON_INT)
			return wrong_type(field->key, "an integer");
	} else if (type != NM_JSON_UINT && (type != NM_JSON_INT || nm_json_to_int(json) < 0)) {
		return wrong_type(field->key, "an integer that is not negative");
	}
	whole = field->type == NM_FIELD_INT ? (uint64_t)nm_json_to_int(json)
					    : nm_json_to_uint(json);
	memcpy(at, &whole, sizeof(whole));
	return 0;
}

static int read_enum(const struct nm_field *field, const nm_json *json, unsigned char *at)
{
	const char *name;
	size_t length;
	int index;

	if (nm_json_type(json) != NM_JSON_STRING)
		return wrong_type(field->key, "a string");
	name = nm_json_to_string(json, &length);
	index = strlen(name) == length ? nm_name_index(field->names, name) : -1;
	if (index < 0)
		return nm_fail(EINVAL, "%s: unknown value \"%.40s\"", field->key, name);
	memcpy(at, &index, sizeof(index));
	return 0;
}

static int read_field(const struct nm_field *field, struct nm_arena *arena, const nm_json *json,
		      unsigned char *at)
{
	struct sequence sequence = {0};
	const char *string = NULL;
	void *pointed = NULL;
	int r;

	switch (field->type) {
	case NM_FIELD_STRING:
		if (!json && field->nullable)
			return 0;
		r = read_string(arena, field->key, json, &string);
		if (!r)
			memcpy(at, &string, sizeof(string));
		return r;
	case NM_FIELD_UINT:
	case NM_FIELD_INT:
	case NM_FIELD_REAL:
		return read_number(field, json, at);
	case NM_FIELD_BOOL:
		if (nm_json_type(json) != NM_JSON_BOOL)
			return wrong_type(field->key, "true or false");
		*(bool *)at = nm_json_to_bool(json);
		return 0;
	case NM_FIELD_ENUM:
		return read_enum(field, json, at);
	case NM_FIELD_VALUE:
		return read_value(arena, field->key, json, (struct nm_value *)(void *)at);
	case NM_FIELD_MAP:
		return read_map(arena, field->key, json, (struct nm_map *)(void *)at);
	case NM_FIELD_STRINGS:
		return read_strings(arena, field->key, json, (struct nm_strings *)(void *)at);
	case NM_FIELD_RECORD:
		r = nm_record_read(field->record, arena, json, at);
		return r ? nm_error_within(r, "%s", field->key) : 0;
	case NM_FIELD_POINTER:
		r = read_pointer(field, arena, json, &pointed);
		memcpy(at, &pointed, sizeof(pointed));
		return r;
	case NM_FIELD_RECORDS:
		r = read_records(field, arena, json, &sequence);
		memcpy(at, &sequence, sizeof(sequence));
		return r;
	}
	return 0;
}

int nm_record_read(const struct nm_record *record, struct nm_arena *arena, const nm_json *object,
		   void *structure)
{
	if (nm_json_type(object) != NM_JSON_OBJECT)
		return nm_fail(EINVAL, "expected an object");
	for (const struct nm_field *field = record->fields; field->key; field++) {
		unsigned char *at = (unsigned char *)structure + field->offset;
		nm_json *child;
		int r;

		if (!nm_json_get(object, field->key, &child)) {
			double none = NAN;

			if (!field->optional)
				return nm_fail(EINVAL, "%s: missing", field->key);
			if (field->type == NM_FIELD_REAL)
				memcpy(at, &none, sizeof(none));
			continue;
		}
		r = read_field(field, arena, child, at);
		if (r)
			return r;
	}
	return 0;
}
