/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_RECORD_H
#define NM_CORE_RECORD_H

#include "core/arena.h"
#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A structure is described once, as a table of fields; reading and writing JSON both walk that table. */

enum nm_value_type { NM_VALUE_NONE, NM_VALUE_BOOL, NM_VALUE_INT, NM_VALUE_REAL, NM_VALUE_STRING };

/** A value whose type is known only at run time. NONE is null. */
struct nm_value {
	enum nm_value_type type;
	union {
		bool boolean;
		int64_t integer;
		double real;
		const char *string;
	};
};

#define NM_STRING(s) ((struct nm_value) {.type = NM_VALUE_STRING, .string = (s)})
#define NM_INT(i)    ((struct nm_value) {.type = NM_VALUE_INT, .integer = (i)})
#define NM_REAL(d)   ((struct nm_value) {.type = NM_VALUE_REAL, .real = (d)})
#define NM_BOOL(b)   ((struct nm_value) {.type = NM_VALUE_BOOL, .boolean = (b)})

/** An ordered name-to-value map; a JSON object. */
struct nm_map {
	struct nm_pair {
		const char *name;
		struct nm_value value;
	} * pairs;
	size_t count;
};

int nm_map_set(struct nm_arena *arena, struct nm_map *map, const char *name, struct nm_value value);
const struct nm_value *nm_map_get(const struct nm_map *map, const char *name);

/** An ordered list of strings; a JSON array. */
struct nm_strings {
	const char **items;
	size_t count;
};

int nm_strings_add(struct nm_arena *arena, struct nm_strings *strings, const char *item);

enum nm_field_type {
	NM_FIELD_STRING,  /* const char * */
	NM_FIELD_UINT,	  /* uint64_t */
	NM_FIELD_INT,	  /* int64_t */
	NM_FIELD_REAL,	  /* double, NAN is null */
	NM_FIELD_BOOL,	  /* bool */
	NM_FIELD_ENUM,	  /* int, an index into names */
	NM_FIELD_VALUE,	  /* struct nm_value */
	NM_FIELD_MAP,	  /* struct nm_map */
	NM_FIELD_STRINGS, /* struct nm_strings */
	NM_FIELD_RECORD,  /* a nested structure */
	NM_FIELD_POINTER, /* a pointer to a structure, NULL is null */
	NM_FIELD_RECORDS, /* pointer to an array of structures, its size_t count right behind it */
};

struct nm_field {
	const char *key;
	enum nm_field_type type;
	size_t offset;
	bool optional; /* may be absent; not written when it is null or empty, unless it is nullable */
	bool nullable; /* a string that may be null; null is written */
	const struct nm_record *record;
	const char *const *names; /* of NM_FIELD_ENUM, NULL at the end */
};

struct nm_record {
	size_t size;
	const struct nm_field *fields; /* key is NULL at the end */
};

/** The structure as a JSON object. */
nm_json *nm_record_write(const struct nm_record *record, const void *structure);

/**
 * Fills a zeroed structure from a JSON object. Unknown keys are ignored. A missing key or a value of
 * another type is -EINVAL, with the path of the place (such as "measurements[3]: rounds[0]: p50").
 */
int nm_record_read(const struct nm_record *record, struct nm_arena *arena, const nm_json *object,
		   void *structure);

/** Index of name in a NULL-terminated list, or -1. */
int nm_name_index(const char *const *names, const char *name);

#endif
