/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_JSON_H
#define NM_CORE_JSON_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A JSON value. json.c alone knows the library beneath. NULL is the JSON null. */
typedef struct nm_json nm_json;

enum nm_json_type {
	NM_JSON_NULL,
	NM_JSON_BOOL,
	NM_JSON_INT,  /* fits int64_t */
	NM_JSON_UINT, /* above INT64_MAX */
	NM_JSON_REAL,
	NM_JSON_STRING,
	NM_JSON_ARRAY,
	NM_JSON_OBJECT,
};

/* What is read from others is bounded before it is parsed. */
#define NM_JSON_MAX_BYTES ((size_t)64 << 20)
#define NM_JSON_MAX_DEPTH 32

nm_json *nm_json_new_object(void);
nm_json *nm_json_new_array(void);
void nm_json_free(nm_json *value);

/* Adding takes ownership of a child. After a failed allocation nm_json_write() fails instead of leaving a gap. */
void nm_json_add(nm_json *object, const char *key, nm_json *child);
void nm_json_append(nm_json *array, nm_json *child);
nm_json *nm_json_string(const char *text); /* NULL becomes null; invalid UTF-8 is replaced */
nm_json *nm_json_int(int64_t value);
nm_json *nm_json_uint(uint64_t value);
nm_json *nm_json_real(double value); /* not finite becomes null */
nm_json *nm_json_bool(bool value);

enum nm_json_type nm_json_type(const nm_json *value);
bool nm_json_to_bool(const nm_json *value);
int64_t nm_json_to_int(const nm_json *value);
uint64_t nm_json_to_uint(const nm_json *value);
double nm_json_to_real(const nm_json *value);
const char *nm_json_to_string(const nm_json *value, size_t *length);
size_t nm_json_count(const nm_json *value); /* elements or members */
nm_json *nm_json_at(const nm_json *array, size_t index);
/** True when the key exists; *child is NULL for null. */
bool nm_json_get(const nm_json *object, const char *key, nm_json **child);
/** Calls visit for each member in order until it returns non-zero, and returns that. */
int nm_json_each(const nm_json *object,
		 int (*visit)(void *context, const char *key, nm_json *child), void *context);

/** Indented for people, or on one line. Both end with a newline. */
int nm_json_write(struct nm_text *out, const nm_json *value, bool indented);

/**
 * Parses exactly one document. Refused with -EINVAL and "line L, column C": anything that is not JSON,
 * NaN and Infinity, raw control characters, invalid UTF-8, duplicate keys, integers beyond 64 bits,
 * more than NM_JSON_MAX_DEPTH levels, text behind the end. -EFBIG above NM_JSON_MAX_BYTES.
 */
int nm_json_parse(const char *bytes, size_t length, nm_json **out);

/** Elements of an array that are still text. */
struct nm_json_elements {
	const char *bytes;
	size_t length; /* of the document */
	size_t at;     /* the next one */
	size_t end;    /* the closing bracket */
	size_t keys;   /* that must still come */
	bool more;
};

/**
 * As nm_json_parse(), but the elements of the array that is member `array` of the document's object stay text: *out has it
 * empty, and nm_json_next() parses them one by one, so that memory for all of them is never needed at once. bytes must remain.
 */
int nm_json_parse_around(const char *bytes, size_t length, const char *array,
			 struct nm_json_elements *elements, nm_json **out);
/** 1 with the next element, which the caller frees; 0 behind the last; refused as by nm_json_parse(). */
int nm_json_next(struct nm_json_elements *elements, nm_json **out);

#endif
