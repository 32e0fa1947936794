/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json.h"

#include "core/error.h"

#include <errno.h>
#include <json-c/json.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *raw(const nm_json *value)
{
	return (struct json_object *)(uintptr_t)value;
}

static nm_json *wrap(struct json_object *value)
{
	return (nm_json *)value;
}

/* Set by the first value that could not be made, cleared by the write that fails for it. */
static _Thread_local bool incomplete;

static nm_json *made(struct json_object *value)
{
	incomplete |= !value;
	return wrap(value);
}

nm_json *nm_json_new_object(void)
{
	return made(json_object_new_object());
}

nm_json *nm_json_new_array(void)
{
	return made(json_object_new_array());
}

void nm_json_free(nm_json *value)
{
	json_object_put(raw(value));
}

void nm_json_add(nm_json *object, const char *key, nm_json *child)
{
	if (!object || json_object_object_add(raw(object), key, raw(child))) {
		incomplete = true;
		json_object_put(raw(child));
	}
}

void nm_json_append(nm_json *array, nm_json *child)
{
	if (!array || json_object_array_add(raw(array), raw(child))) {
		incomplete = true;
		json_object_put(raw(child));
	}
}

nm_json *nm_json_string(const char *text)
{
	struct nm_text clean = {0};
	struct json_object *result;

	if (!text)
		return NULL;
	while (*text) {
		size_t length = nm_utf8_length(text);

		if (length)
			nm_text_put(&clean, text, length);
		else
			nm_text_puts(&clean, "\xef\xbf\xbd");
		text += length ? length : 1;
	}
	result = json_object_new_string_len(clean.bytes ? clean.bytes : "", (int)clean.length);
	nm_text_free(&clean);
	return made(result);
}

nm_json *nm_json_int(int64_t value)
{
	return made(json_object_new_int64(value));
}

nm_json *nm_json_uint(uint64_t value)
{
	return made(value <= INT64_MAX ? json_object_new_int64((int64_t)value)
				       : json_object_new_uint64(value));
}

/* The formatting functions write the decimal point of the locale, should somebody have set one. */
static void use_point(char *digits)
{
	char *out = digits;

	for (const char *in = digits; *in; in++) {
		if (strchr("+-0123456789e", *in))
			*out++ = *in;
		else if (out == digits || out[-1] != '.')
			*out++ = '.';
	}
	*out = '\0';
}

nm_json *nm_json_real(double value)
{
	char digits[32];

	if (!isfinite(value))
		return NULL;
	/* Adding zero turns -0, which would not survive reading as an integer, into 0. */
	snprintf(digits, sizeof(digits), "%.9g", value + 0.0);
	use_point(digits);
	return made(json_object_new_double_s(value, digits));
}

nm_json *nm_json_bool(bool value)
{
	return made(json_object_new_boolean(value));
}

enum nm_json_type nm_json_type(const nm_json *value)
{
	switch (json_object_get_type(raw(value))) {
	case json_type_boolean:
		return NM_JSON_BOOL;
	case json_type_int:
		return json_object_get_uint64(raw(value)) > INT64_MAX ? NM_JSON_UINT : NM_JSON_INT;
	case json_type_double:
		return NM_JSON_REAL;
	case json_type_string:
		return NM_JSON_STRING;
	case json_type_array:
		return NM_JSON_ARRAY;
	case json_type_object:
		return NM_JSON_OBJECT;
	case json_type_null:
	default:
		return NM_JSON_NULL;
	}
}

bool nm_json_to_bool(const nm_json *value)
{
	return json_object_get_boolean(raw(value));
}

int64_t nm_json_to_int(const nm_json *value)
{
	return json_object_get_int64(raw(value));
}

uint64_t nm_json_to_uint(const nm_json *value)
{
	return json_object_get_uint64(raw(value));
}

double nm_json_to_real(const nm_json *value)
{
	return json_object_get_double(raw(value));
}

const char *nm_json_to_string(const nm_json *value, size_t *length)
{
	*length = (size_t)json_object_get_string_len(raw(value));
	return json_object_get_string(raw(value));
}

size_t nm_json_count(const nm_json *value)
{
	if (json_object_is_type(raw(value), json_type_array))
		return json_object_array_length(raw(value));
	if (json_object_is_type(raw(value), json_type_object))
		return (size_t)json_object_object_length(raw(value));
	return 0;
}

nm_json *nm_json_at(const nm_json *array, size_t index)
{
	return wrap(json_object_array_get_idx(raw(array), index));
}

bool nm_json_get(const nm_json *object, const char *key, nm_json **child)
{
	struct json_object *found = NULL;
	bool exists = json_object_object_get_ex(raw(object), key, &found);

	*child = wrap(found);
	return exists;
}

int nm_json_each(const nm_json *object,
		 int (*visit)(void *context, const char *key, nm_json *child), void *context)
{
	struct json_object_iterator at = json_object_iter_begin(raw(object));
	struct json_object_iterator end = json_object_iter_end(raw(object));
	int result = 0;

	while (!result && !json_object_iter_equal(&at, &end)) {
		result = visit(context, json_object_iter_peek_name(&at),
			       wrap(json_object_iter_peek_value(&at)));
		json_object_iter_next(&at);
	}
	return result;
}

int nm_json_write(struct nm_text *out, const nm_json *value, bool indented)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text;
	size_t length;

	if (indented)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	text = json_object_to_json_string_length(raw(value), flags, &length);
	if (!text || incomplete) {
		incomplete = false;
		return nm_fail(ENOMEM, "out of memory");
	}
	nm_text_put(out, text, length);
	nm_text_puts(out, "\n");
	return nm_text_status(out);
}

/* What the raw text says and the library would let pass. */
struct scan {
	const char *bytes;
	size_t length;
	size_t at;
	size_t keys; /* colons outside strings */
	/* The array of this name in the outermost object, and between its brackets what is not read with the rest. */
	const char *array;
	size_t array_start;
	size_t array_end; /* 0: not met */
	size_t array_keys;
};

static int fail_at(const struct scan *scan, size_t at, const char *what)
{
	size_t line = 1;
	size_t start = 0;

	for (size_t i = 0; i < at && i < scan->length; i++) {
		if (scan->bytes[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	return nm_fail(EINVAL, "line %zu, column %zu: %s", line, at - start + 1, what);
}

static char byte_at(const struct scan *scan, size_t at)
{
	if (at >= scan->length)
		return '\0';
	return scan->bytes[at];
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static size_t skip_space(const struct scan *scan, size_t at)
{
	while (at < scan->length && is_space(scan->bytes[at]))
		at++;
	return at;
}

/* The text may end within a sequence, and is not terminated. */
static size_t sequence_length(const struct scan *scan)
{
	char bytes[5] = "";
	size_t left = scan->length - scan->at;

	memcpy(bytes, scan->bytes + scan->at, left < 4 ? left : 4);
	return nm_utf8_length(bytes);
}

/* Leaves scan->at at the closing quote. */
static int scan_string(struct scan *scan)
{
	size_t start = scan->at;
	bool has_nul = false;

	for (scan->at++; scan->at < scan->length; scan->at++) {
		unsigned char c = (unsigned char)scan->bytes[scan->at];
		size_t sequence;

		if (c == '"') {
			if (has_nul && byte_at(scan, skip_space(scan, scan->at + 1)) == ':')
				return fail_at(scan, start, "NUL character in a key");
			return 0;
		}
		if (c < 0x20)
			return fail_at(scan, scan->at, "control character in a string");
		sequence = c < 0x80 ? 1 : sequence_length(scan);
		if (!sequence)
			return fail_at(scan, scan->at, "invalid UTF-8");
		has_nul |= c == '\\' && scan->length - scan->at >= 6 &&
			   !memcmp(scan->bytes + scan->at, "\\u0000", 6);
		scan->at += c == '\\' ? 1 : sequence - 1;
	}
	return fail_at(scan, start, "string without an end");
}

static size_t skip_digits(const struct scan *scan, size_t at)
{
	while (byte_at(scan, at) >= '0' && byte_at(scan, at) <= '9')
		at++;
	return at;
}

/* RFC 8259, section 6: the end of the number at `at`, or 0. *whole says whether it is an integer. */
static size_t number_end(const struct scan *scan, size_t at, bool *whole)
{
	size_t digits = byte_at(scan, at) == '-' ? at + 1 : at;
	size_t end = skip_digits(scan, digits);

	*whole = true;
	if (end == digits || (byte_at(scan, digits) == '0' && end > digits + 1))
		return 0;
	if (byte_at(scan, end) == '.') {
		*whole = false;
		digits = end + 1;
		end = skip_digits(scan, digits);
		if (end == digits)
			return 0;
	}
	if (byte_at(scan, end) == 'e' || byte_at(scan, end) == 'E') {
		*whole = false;
		digits = end + 1;
		if (byte_at(scan, digits) == '+' || byte_at(scan, digits) == '-')
			digits++;
		end = skip_digits(scan, digits);
		if (end == digits)
			return 0;
	}
	return end == scan->length || is_space(scan->bytes[end]) || strchr(",]}", scan->bytes[end])
		       ? end
		       : 0;
}

/* strtod() wants the decimal point of the locale, should somebody have set one. */
static bool is_infinite(char *digits)
{
	char *point = strchr(digits, '.');

	if (point)
		*point = *localeconv()->decimal_point;
	return isinf(strtod(digits, NULL));
}

static int scan_number(struct scan *scan)
{
	size_t start = scan->at;
	char copy[64];
	bool whole;
	size_t end = number_end(scan, start, &whole);

	if (!end)
		return fail_at(scan, start, "not a JSON number");
	if (end - start >= sizeof(copy))
		return fail_at(scan, start, "number of more than 63 characters");
	memcpy(copy, scan->bytes + start, end - start);
	copy[end - start] = '\0';
	scan->at = end - 1;
	/* No double ends below 10^64, no integer of 64 bits below 10^18. */
	if (!whole)
		return strpbrk(copy, "eE") && is_infinite(copy)
			       ? fail_at(scan, start, "number beyond all doubles")
			       : 0;
	if (end - start <= 18)
		return 0;
	errno = 0;
	if (copy[0] == '-')
		strtoll(copy, NULL, 10);
	else
		strtoull(copy, NULL, 10);
	if (errno == ERANGE)
		return fail_at(scan, start, "integer beyond 64 bits");
	return 0;
}

static size_t skip_space_back(const struct scan *scan, size_t at)
{
	while (at && is_space(scan->bytes[at - 1]))
		at--;
	return at;
}

/* Whether what ends before `at` is the key of the array. */
static bool is_array_key(const struct scan *scan, size_t at)
{
	const size_t length = scan->array ? strlen(scan->array) : 0;

	at = skip_space_back(scan, at);
	if (!length || !at || scan->bytes[at - 1] != ':')
		return false;
	at = skip_space_back(scan, at - 1);
	return at > length + 2 && scan->bytes[at - 1] == '"' &&
	       !memcmp(scan->bytes + at - 1 - length, scan->array, length) &&
	       scan->bytes[at - 2 - length] == '"' && scan->bytes[at - 3 - length] != '\\';
}

/* depth is that of the bracket's outside. */
static void note_array(struct scan *scan, size_t depth, char bracket)
{
	if (depth != 1 || scan->array_end)
		return;
	if (bracket == '[' && is_array_key(scan, scan->at)) {
		scan->array_start = scan->at + 1;
		scan->array_keys = scan->keys;
	} else if (scan->array_start) {
		scan->array_end = scan->at;
		scan->array_keys = scan->keys - scan->array_keys;
	}
}

static int scan_bracket(struct scan *scan, char c, size_t *depth)
{
	bool opens = c == '{' || c == '[';

	if (!opens && *depth)
		--*depth;
	note_array(scan, *depth, c);
	if (opens && ++*depth > NM_JSON_MAX_DEPTH)
		return fail_at(scan, scan->at, "nested too deeply");
	return 0;
}

static int scan_text(struct scan *scan)
{
	size_t depth = 0;
	int r = 0;

	for (; !r && scan->at < scan->length; scan->at++) {
		char c = scan->bytes[scan->at];

		if (is_space(c))
			continue;
		if (c == '"')
			r = scan_string(scan);
		else if (c == '-' || (c >= '0' && c <= '9'))
			r = scan_number(scan);
		else if (c == ':')
			scan->keys++;
		else if (c && strchr("{}[]", c))
			r = scan_bracket(scan, c, &depth);
		else if (c != ',' && !(c >= 'a' && c <= 'z'))
			r = fail_at(scan, scan->at, "not JSON");
	}
	return r;
}

static size_t count_keys(const nm_json *value)
{
	struct json_object_iterator at;
	struct json_object_iterator end;
	size_t keys = nm_json_count(value);

	if (json_object_is_type(raw(value), json_type_array)) {
		size_t elements = keys;

		keys = 0;
		for (size_t i = 0; i < elements; i++)
			keys += count_keys(nm_json_at(value, i));
		return keys;
	}
	if (!json_object_is_type(raw(value), json_type_object))
		return 0;
	at = json_object_iter_begin(raw(value));
	end = json_object_iter_end(raw(value));
	while (!json_object_iter_equal(&at, &end)) {
		keys += count_keys(wrap(json_object_iter_peek_value(&at)));
		json_object_iter_next(&at);
	}
	return keys;
}

/* A string token as the library reads it, escapes and all. */
static struct json_object *read_token(const struct scan *scan, size_t start, size_t end)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *token = NULL;

	if (tokener)
		token = json_tokener_parse_ex(tokener, scan->bytes + start, (int)(end - start));
	json_tokener_free(tokener);
	return token;
}

/* The document is JSON but some key stands twice in its object: finds the first one. Members go into a set per level. */
static int fail_duplicate(struct scan *scan)
{
	struct json_object *sets[NM_JSON_MAX_DEPTH + 1] = {0};
	size_t depth = 0;
	int r = 0;

	for (scan->at = 0; !r && scan->at < scan->length; scan->at++) {
		char c = scan->bytes[scan->at];
		size_t start = scan->at;
		struct json_object *key;

		if (c == '{' || c == '[')
			sets[++depth] = json_object_new_object();
		if (c == '}' || c == ']')
			json_object_put(sets[depth--]);
		if (c != '"')
			continue;
		r = scan_string(scan);
		if (r || byte_at(scan, skip_space(scan, scan->at + 1)) != ':')
			continue;
		key = read_token(scan, start, scan->at + 1);
		if (key &&
		    json_object_object_get_ex(sets[depth], json_object_get_string(key), NULL))
			r = fail_at(scan, start, "duplicate keys in an object");
		else if (key)
			json_object_object_add(sets[depth], json_object_get_string(key), NULL);
		json_object_put(key);
	}
	while (depth)
		json_object_put(sets[depth--]);
	return r ? r : nm_fail(EINVAL, "duplicate keys in an object");
}

/*
 * The value at start, and in *end what comes behind it and blanks. Left out is what stands in the array that scan_text() has
 * met. The text was scanned, so UTF-8 is valid and strings have their ends.
 */
static int parse_scanned(const struct scan *scan, size_t start, const char *too_early, size_t *end,
			 struct json_object **out)
{
	struct json_tokener *tokener = json_tokener_new_ex(NM_JSON_MAX_DEPTH + 2);
	size_t hole = scan->array_end ? scan->array_start : scan->length;
	enum json_tokener_error error;

	if (!tokener)
		return nm_fail(ENOMEM, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	*out = json_tokener_parse_ex(tokener, scan->bytes + start, (int)(hole - start));
	if (scan->array_end && json_tokener_get_error(tokener) == json_tokener_continue) {
		start = scan->array_end;
		*out = json_tokener_parse_ex(tokener, scan->bytes + start,
					     (int)(scan->length - start));
	}
	*end = start + json_tokener_get_parse_end(tokener);
	/* A number does not know its end from the end of the text. */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		*out = json_tokener_parse_ex(tokener, " ", 1);
	error = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_continue)
		return fail_at(scan, scan->length, too_early);
	if (error != json_tokener_success)
		return fail_at(scan, *end, json_tokener_error_desc(error));
	*end = skip_space(scan, *end);
	return 0;
}

int nm_json_parse_around(const char *bytes, size_t length, const char *array,
			 struct nm_json_elements *elements, nm_json **out)
{
	struct scan scan = {.bytes = bytes, .length = length, .array = array};
	struct json_object *value = NULL;
	size_t end;
	int r;

	*out = NULL;
	*elements = (struct nm_json_elements) {0};
	if (length > NM_JSON_MAX_BYTES)
		return nm_fail(EFBIG, "larger than %zu MiB", NM_JSON_MAX_BYTES >> 20);
	r = scan_text(&scan);
	if (!r)
		r = parse_scanned(&scan, 0, "the document ends too early", &end, &value);
	if (!r && end < length)
		r = fail_at(&scan, end, "text behind the document");
	if (!r && count_keys(wrap(value)) != scan.keys - scan.array_keys)
		r = fail_duplicate(&scan);
	if (r) {
		json_object_put(value);
		return r;
	}
	*out = wrap(value);
	*elements = (struct nm_json_elements) {
		.bytes = bytes,
		.length = length,
		.at = scan.array_start,
		.end = scan.array_end,
		.keys = scan.array_keys,
		.more = skip_space(&scan, scan.array_start) < scan.array_end,
	};
	return 0;
}

int nm_json_parse(const char *bytes, size_t length, nm_json **out)
{
	struct nm_json_elements none;

	return nm_json_parse_around(bytes, length, NULL, &none, out);
}

int nm_json_next(struct nm_json_elements *elements, nm_json **out)
{
	struct scan scan = {.bytes = elements->bytes, .length = elements->end};
	struct json_object *value = NULL;
	size_t end;
	int r;

	*out = NULL;
	if (!elements->more) {
		scan.length = elements->length;
		return elements->keys ? fail_duplicate(&scan) : 0;
	}
	r = parse_scanned(&scan, elements->at, "a value is missing, or ends too early", &end,
			  &value);
	if (r)
		return r;
	if (end < elements->end && scan.bytes[end] != ',') {
		json_object_put(value);
		return fail_at(&scan, end, "expected , or ]");
	}
	elements->more = end < elements->end;
	elements->at = end + 1;
	elements->keys -= count_keys(wrap(value));
	*out = wrap(value);
	return 1;
}
