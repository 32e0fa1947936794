/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json.h"
#include "helpers.h"

#include <errno.h>
#include <locale.h>
#include <math.h>

/* Parses a copy of exactly `length` bytes, so that AddressSanitizer sees what is read behind them. */
static int parse_bytes(const char *bytes, size_t length, nm_json **out)
{
	char *copy = malloc(length ? length : 1);
	int r;

	memcpy(copy, bytes, length);
	r = nm_json_parse(copy, length, out);
	free(copy);
	return r;
}

static nm_json *parse(const char *text)
{
	nm_json *json = NULL;

	cr_assert_eq(parse_bytes(text, strlen(text), &json), 0, "%s is refused: %s",
		     shown(text, strlen(text)), nm_error_last()->text);
	return json;
}

/* Refused as bad input, with a place, and without a value. */
static void assert_refused_bytes(const char *bytes, size_t length, const char *place)
{
	nm_json *json = (nm_json *)&length;
	int r = parse_bytes(bytes, length, &json);

	cr_assert_eq(r, -EINVAL, "\"%s\" gives %d", shown(bytes, length), r);
	cr_assert_null(json, "\"%s\" is refused and still gives a value", shown(bytes, length));
	cr_assert_eq(strncmp(nm_error_last()->text, place, strlen(place)), 0,
		     "\"%s\": expected %s, the error is: %s", shown(bytes, length), place,
		     nm_error_last()->text);
}

static void assert_refused(const char *text, const char *place)
{
	assert_refused_bytes(text, strlen(text), place);
}

static void assert_writes(nm_json *json, const char *expected)
{
	struct nm_text text = {0};

	cr_assert_eq(nm_json_write(&text, json, false), 0, "%s cannot be written", expected);
	cr_assert_str_eq(text.bytes, expected, "written as %s", shown(text.bytes, text.length));
	nm_text_free(&text);
	nm_json_free(json);
}

static void assert_round_trip(const char *text)
{
	char *line = NULL;

	cr_assert_gt(asprintf(&line, "%s\n", text), 0, "out of memory");
	assert_writes(parse(text), line);
	free(line);
}

static nm_json *only(nm_json *child)
{
	nm_json *array = nm_json_new_array();

	nm_json_append(array, child);
	return array;
}

Test(core_json, unsigned_integers_above_int64_round_trip)
{
	static const uint64_t values[] = {(uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX};

	for (size_t i = 0; i < COUNT(values); i++) {
		struct nm_text text = {0};
		nm_json *json = only(nm_json_uint(values[i]));
		nm_json *read;

		cr_assert_eq(nm_json_write(&text, json, false), 0, "value %zu is not written", i);
		nm_json_free(json);
		json = parse(text.bytes);
		read = nm_json_at(json, 0);
		cr_assert_eq(nm_json_type(read), NM_JSON_UINT, "%s has another type", text.bytes);
		cr_assert_eq(nm_json_to_uint(read), values[i], "%s reads as another number",
			     text.bytes);
		nm_json_free(json);
		nm_text_free(&text);
	}
}

Test(core_json, signed_integers_round_trip_to_their_limits)
{
	static const int64_t values[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX};

	for (size_t i = 0; i < COUNT(values); i++) {
		struct nm_text text = {0};
		nm_json *json = only(nm_json_int(values[i]));

		cr_assert_eq(nm_json_write(&text, json, false), 0, "value %zu is not written", i);
		nm_json_free(json);
		json = parse(text.bytes);
		cr_assert_eq(nm_json_type(nm_json_at(json, 0)), NM_JSON_INT, "%s has another type",
			     text.bytes);
		cr_assert_eq(nm_json_to_int(nm_json_at(json, 0)), values[i],
			     "%s reads as another number", text.bytes);
		nm_json_free(json);
		nm_text_free(&text);
	}
}

Test(core_json, small_unsigned_integers_are_ordinary_ones)
{
	assert_writes(nm_json_uint(0), "0\n");
	assert_writes(nm_json_uint(INT64_MAX), "9223372036854775807\n");
}

Test(core_json, integers_beyond_64_bits_are_refused)
{
	static const char *const texts[] = {
		"[1,18446744073709551616]",
		"[1,-9223372036854775809]",
		"[1,100000000000000000000000000000000000000000000000000]",
		"[1,-100000000000000000000000000000000000000000000000000]",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_refused(texts[i], "line 1, column 4: integer beyond 64 bits");
}

Test(core_json, nan_and_infinity_are_refused)
{
	assert_refused("[NaN]", "line 1, column 2: ");
	assert_refused("[nan]", "line 1, column ");
	assert_refused("[Infinity]", "line 1, column 2: ");
	assert_refused("[-Infinity]", "line 1, column ");
	assert_refused("[inf]", "line 1, column 2: ");
}

Test(core_json, numbers_that_overflow_to_infinity_are_refused)
{
	assert_refused("[1e999]", "line 1, column ");
	assert_refused("[-1e999]", "line 1, column ");
	assert_refused("{\"a\":1.7976931348623159e308}", "line 1, column ");
}

Test(core_json, numbers_that_are_not_finite_are_written_as_null)
{
	cr_assert_null(nm_json_real(NAN), "NAN is not null");
	cr_assert_null(nm_json_real(INFINITY), "INFINITY is not null");
	assert_writes(only(nm_json_real(-INFINITY)), "[null]\n");
}

Test(core_json, reals_are_written_with_nine_digits_and_no_noise)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0.1, "0.1\n"},
		{0, "0\n"},
		{-0.0, "0\n"},
		{1, "1\n"},
		{-2.5, "-2.5\n"},
		{1.0 / 3, "0.333333333\n"},
		{0.30000000000000004, "0.3\n"},
		{123456789.25, "123456789\n"},
		{1e300, "1e+300\n"},
		{5e-324, "4.94065646e-324\n"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_writes(nm_json_real(cases[i].value), cases[i].text);
}

Test(core_json, reals_read_back_as_what_was_written)
{
	nm_json *json = parse("[0.1,1e-9,-2.5E+3,4.94065646e-324,1e308]");
	static const double expected[] = {0.1, 1e-9, -2500, 4.94065646e-324, 1e308};

	for (size_t i = 0; i < COUNT(expected); i++) {
		cr_assert_eq(nm_json_type(nm_json_at(json, i)), NM_JSON_REAL, "number %zu", i);
		cr_assert(nm_json_to_real(nm_json_at(json, i)) == expected[i], "number %zu is %g",
			  i, nm_json_to_real(nm_json_at(json, i)));
	}
	nm_json_free(json);
	assert_round_trip("[0.1,1e-9]");
}

Test(core_json, duplicate_keys_are_refused)
{
	static const char *const texts[] = {
		"{\"a\":1,\"a\":1}",
		"{\"a\":1,\"b\":2,\"a\":3}",
		"[{\"b\":{\"a\":null,\"a\":null}}]",
		"{\"a\":1,\"\\u0061\":2}",
		"{\"\\u00e9\":1,\"\xc3\xa9\":2}",
		"{\"\":1,\"\":2}",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		nm_json *json;

		cr_assert_eq(parse_bytes(texts[i], strlen(texts[i]), &json), -EINVAL,
			     "%s is not refused", texts[i]);
		cr_assert_null(json, "%s is refused and still gives a value", texts[i]);
		assert_error_says("duplicate key");
	}
}

Test(core_json, duplicate_keys_are_refused_with_their_place)
{
	assert_refused("{\"a\":1,\n\"a\":1}", "line 2, column 1: ");
}

Test(core_json, equal_keys_of_different_objects_are_fine)
{
	assert_round_trip("[{\"a\":1,\"b\":{\"a\":\":\"}},{\"a\":1}]");
}

Test(core_json, keys_with_nul_are_refused_instead_of_cut)
{
	assert_refused("{\"a\\u0000b\":1}", "line 1, column ");
	assert_refused("{\"\\u0000\":1}", "line 1, column ");
	assert_round_trip("{\"a\\\\u0000b\":\"\\u0000\"}");
}

static void fill_nested(char *out, size_t depth, const char *open, char close)
{
	size_t length = strlen(open);

	for (size_t i = 0; i < depth; i++)
		memcpy(out + i * length, open, length);
	out += depth * length;
	*out++ = '0';
	memset(out, close, depth);
	out[depth] = '\0';
}

Test(core_json, depth_is_limited)
{
	char text[8 * (NM_JSON_MAX_DEPTH + 2)];

	fill_nested(text, NM_JSON_MAX_DEPTH, "[", ']');
	assert_round_trip(text);
	fill_nested(text, NM_JSON_MAX_DEPTH, "{\"a\":", '}');
	assert_round_trip(text);
	fill_nested(text, NM_JSON_MAX_DEPTH + 1, "[", ']');
	assert_refused(text, "line 1, column 33: nested too deeply");
	fill_nested(text, NM_JSON_MAX_DEPTH + 1, "{\"a\":", '}');
	assert_refused(text, "line 1, column 161: nested too deeply");
}

Test(core_json, depth_counts_open_brackets_only)
{
	char wide[4 * NM_JSON_MAX_DEPTH * 2 + 8] = "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"";

	for (size_t i = 0; i < NM_JSON_MAX_DEPTH + 8; i++)
		strcat(wide, ",[]");
	strcat(wide, "]");
	assert_round_trip(wide);
}

Test(core_json, raw_control_characters_are_refused)
{
	for (char c = 0; c < 0x20; c++) {
		const char quoted[] = {'[', '"', 'a', c, '"', ']'};
		const char bare[] = {'[', c, '1', ']'};

		assert_refused_bytes(quoted, sizeof(quoted), "line 1, column 4: control character");
		if (c != '\t' && c != '\n' && c != '\r')
			assert_refused_bytes(bare, sizeof(bare), "line 1, column 2: ");
	}
}

Test(core_json, escaped_control_characters_are_strings)
{
	size_t length;
	nm_json *json = parse("[\"\\u0000\\u0001\\n\\t\\u001f\\u007f\"]");
	const char *bytes = nm_json_to_string(nm_json_at(json, 0), &length);

	cr_assert_eq(length, 6, "the string has %zu bytes", length);
	cr_assert_eq(memcmp(bytes, "\0\1\n\t\x1f\x7f", 6), 0, "the string has other bytes");
	nm_json_free(json);
}

Test(core_json, invalid_utf8_is_refused)
{
	static const char *const texts[] = {
		"[\"\xff\"]",	      "[\"\x80\"]",   "[\"\xc3(\"]", "[\"\xe2\x82\"]",
		"[\"\xf0\x9f\x98\"]", "{\"\xc3\":1}", "[1\xc2\xa0]", "[\"\xc3",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_refused(texts[i], "line 1, column ");
}

Test(core_json, utf8_of_what_is_no_character_is_refused)
{
	static const char *const texts[] = {
		"[\"\xc0\x80\"]",	  /* NUL in two bytes */
		"[\"\xc1\xbf\"]",	  /* DEL in two bytes */
		"[\"\xe0\x80\xaf\"]",	  /* a slash in three bytes */
		"[\"\xf0\x80\x80\xaf\"]", /* and in four */
		"[\"\xed\xa0\x80\"]",	  /* a surrogate */
		"[\"\xf4\x90\x80\x80\"]", /* above U+10FFFF */
		"[\"\xf5\x80\x80\x80\"]",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_refused(texts[i], "line 1, column ");
}

Test(core_json, utf8_is_kept)
{
	assert_round_trip("[\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"]");
	assert_round_trip("[\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"]");
	assert_writes(parse("[\"\\u00b5\\ud83d\\ude00\"]"), "[\"\xc2\xb5\xf0\x9f\x98\x80\"]\n");
}

Test(core_json, bytes_that_are_not_utf8_are_replaced_when_written)
{
	static const struct {
		const char *bytes;
		const char *text;
	} cases[] = {
		{"a\xff"
		 "b",
		 "[\"a\xef\xbf\xbd"
		 "b\"]\n"},
		{"\xc0\x80", "[\"\xef\xbf\xbd\xef\xbf\xbd\"]\n"},
		{"\xe2\x82", "[\"\xef\xbf\xbd\xef\xbf\xbd\"]\n"},
		{"\xed\xa0\x80", "[\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]\n"},
		{"\xe2\x82\xac", "[\"\xe2\x82\xac\"]\n"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_writes(only(nm_json_string(cases[i].bytes)), cases[i].text);
}

Test(core_json, text_behind_the_end_is_refused)
{
	static const char *const texts[] = {"{} x", "{}{}", "{},", "[]]", "{}\n\n1", "{} null"};

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_refused(texts[i], "line ");
	assert_refused("{}\n{}", "line 2, column 1: ");
	assert_refused_bytes("{}\0", 3, "line 1, column 3: ");
}

Test(core_json, white_space_around_the_document_is_fine)
{
	assert_writes(parse(" \t\r\n[ 1 , 2 ]\r\n\t "), "[1,2]\n");
}

static const char every_kind[] = "{\"a\":[1,-2.5e3,true,false,null,\"x\\u00e9\\\"\\\\ \xc3\xa9\"],"
				 "\"b\":{\"c\":{},\"d\":[]},\"e\":18446744073709551615}";

Test(core_json, every_prefix_of_a_document_is_refused)
{
	for (size_t length = 0; length < strlen(every_kind); length++)
		assert_refused_bytes(every_kind, length, "line 1, column ");
	nm_json_free(parse(every_kind));
}

/* Whatever is accepted after one byte has changed, can be written and read again. */
Test(core_json, every_changed_byte_is_refused_or_read_the_same_twice)
{
	char text[sizeof(every_kind)];
	size_t accepted = 0;

	for (size_t at = 0; at < strlen(every_kind); at++) {
		for (int byte = 0; byte < 256; byte++) {
			nm_json *json;
			int r;

			memcpy(text, every_kind, sizeof(text));
			text[at] = (char)byte;
			r = parse_bytes(text, strlen(every_kind), &json);
			cr_assert(!r || r == -EINVAL, "byte %zu is %d: gives %d", at, byte, r);
			if (!r) {
				struct nm_text written = {0};

				accepted++;
				nm_json_write(&written, json, false);
				assert_writes(parse(written.bytes), written.bytes);
				nm_text_free(&written);
			}
			nm_json_free(json);
		}
	}
	cr_assert_gt(accepted, strlen(every_kind), "only %zu texts were read", accepted);
}

Test(core_json, what_is_almost_json_is_refused)
{
	static const char *const texts[] = {
		"",
		" ",
		"[1,]",
		"{\"a\":1,}",
		"{a:1}",
		"['a']",
		"[01]",
		"[1e1.5]",
		"[+1]",
		"[.5]",
		"[1e]",
		"[1e+]",
		"[-]",
		"[--1]",
		"[0x10]",
		"[1-2]",
		"[1.5.5]",
		"[TRUE]",
		"[nul]",
		"[nullx]",
		"[1 2]",
		"[,1]",
		"{\"a\"}",
		"{\"a\" 1}",
		"{\"a\"::1}",
		"{\"a\":1 \"b\":2}",
		"[1}",
		"{]",
		"// c\n[]",
		"[/**/1]",
		"[\"\\x\"]",
		"[\"\\u12\"]",
		"[\"\\u12g4\"]",
		"\xef\xbb\xbf[]",
		"[\"\\'\"]",
		"[:]",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_refused(texts[i], "line ");
}

Test(core_json, numbers_in_a_notation_that_json_lacks_are_refused)
{
	static const char *const texts[] = {"[1.]",  "[1.,2]",	"[1.e5]", "[00]",
					    "[-01]", "[-00.5]", "[01.5]"};

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_refused(texts[i], "line 1, column ");
}

Test(core_json, errors_name_line_and_column)
{
	assert_refused("{\n  \"a\": 1,\n  \"b\": x\n}", "line 3, column 8: ");
	assert_refused("{\n\"a\": \"\x01\"}", "line 2, column 7: ");
	assert_refused("[\n\n\"abc\n]", "line 3, column 5: ");
	assert_refused("[\n\n \"abc", "line 3, column 2: string without an end");
	assert_refused("[1,\n2", "line 2, column 2: the document ends too early");
}

/* Elements that stay text */

/* The rest and each element on a line of their own; false when anything is refused. */
static bool read_around(const char *bytes, size_t length, struct nm_text *out)
{
	struct nm_json_elements elements;
	nm_json *json = NULL;
	int r = nm_json_parse_around(bytes, length, "list", &elements, &json);

	if (!r)
		nm_json_write(out, json, false);
	nm_json_free(json);
	if (r)
		return false;
	while ((r = nm_json_next(&elements, &json)) > 0) {
		nm_json_write(out, json, false);
		nm_json_free(json);
	}
	cr_assert_null(json, "a value behind the last, or with an error");
	return !r;
}

static void assert_around(const char *text, const char *expected)
{
	struct nm_text out = {0};

	cr_assert(read_around(text, strlen(text), &out), "%s: %s", text, nm_error_last()->text);
	cr_assert_str_eq(out.bytes, expected, "%s is read as %s", text, out.bytes);
	nm_text_free(&out);
}

Test(core_json, elements_are_read_one_by_one)
{
	assert_around("{\"list\":[1,{\"a\":[2,3]},\"],\\\"\"],\"b\":4}",
		      "{\"list\":[],\"b\":4}\n1\n{\"a\":[2,3]}\n\"],\\\"\"\n");
	assert_around("{ \"b\" : 1 , \"list\" : [ 1 ,\n[ ] , null ] }",
		      "{\"b\":1,\"list\":[]}\n1\n[]\nnull\n");
	assert_around("{\"list\":[]}", "{\"list\":[]}\n");
	assert_around("{\"list\":[ \n ]}", "{\"list\":[]}\n");
}

Test(core_json, only_the_array_of_the_outermost_object_stays_text)
{
	assert_around("{\"a\":{\"list\":[1]}}", "{\"a\":{\"list\":[1]}}\n");
	assert_around("[{\"list\":[1]}]", "[{\"list\":[1]}]\n");
	assert_around("{\"list\":{\"list\":[1]}}", "{\"list\":{\"list\":[1]}}\n");
	assert_around("{\"a\":\"list\",\"b\":[1]}", "{\"a\":\"list\",\"b\":[1]}\n");
	assert_around("{\"\\\"list\":[1]}", "{\"\\\"list\":[1]}\n");
	assert_around("{\"alist\":[1]}", "{\"alist\":[1]}\n");
	assert_around("{\"list\":1}", "{\"list\":1}\n");
	assert_around("\"list\"", "\"list\"\n");
}

static void assert_agrees(const char *bytes, size_t length)
{
	struct nm_text out = {0};
	nm_json *json = NULL;
	char *copy = malloc(length ? length : 1);
	bool whole;
	bool around;

	memcpy(copy, bytes, length);
	whole = !nm_json_parse(copy, length, &json);
	around = read_around(copy, length, &out);
	cr_assert_eq(whole, around, "%s: %s as a whole, %s by elements", shown(bytes, length),
		     whole ? "read" : "refused", around ? "read" : "refused");
	nm_json_free(json);
	nm_text_free(&out);
	free(copy);
}

/* Every end, and every byte as every other that means something. */
Test(core_json, what_is_refused_is_refused_by_elements_too)
{
	static const char text[] =
		"{\"a\":[{\"b\":1}],\"list\":[{\"c\":\"]\\\\\",\"d\":[1,-2.5e3]},"
		"[],true],\"e\":{\"list\":[0]}}";
	static const char bytes[] = "{}[]:,\"\\ 0a-\n";
	char changed[sizeof(text)];

	for (size_t i = 0; i < sizeof(text); i++) {
		assert_agrees(text, i);
		for (const char *byte = bytes; i + 1 < sizeof(text) && *byte; byte++) {
			memcpy(changed, text, sizeof(text));
			changed[i] = *byte;
			assert_agrees(changed, sizeof(text) - 1);
		}
	}
}

static void assert_elements_refused(const char *text, const char *expected)
{
	struct nm_text out = {0};

	cr_assert_not(read_around(text, strlen(text), &out), "%s is read", text);
	cr_assert_eq(strncmp(nm_error_last()->text, expected, strlen(expected)), 0, "%s: %s", text,
		     nm_error_last()->text);
	nm_text_free(&out);
}

Test(core_json, errors_of_elements_name_line_and_column_of_the_document)
{
	assert_elements_refused("{\"list\":[1,\n {\"a\":1 \"b\"}]}", "line 2, column 9: ");
	assert_elements_refused("{\"list\":[1,\n\n2 3]}", "line 3, column 3: ");
	assert_elements_refused("{\"list\":[1,]}", "line 1, column 12: a value is missing");
	assert_elements_refused("{\"list\":[,1]}", "line 1, column 10: ");
	assert_elements_refused("{\"list\":[{\"a\":1,\n\"a\":2}]}",
				"line 2, column 1: duplicate keys");
	assert_elements_refused("{\"list\":[1],\"list\":[2]}", "line 1, column 13: duplicate keys");
	assert_elements_refused("{\"list\":[1]}}", "line 1, column 13: ");
}

Test(core_json, size_is_limited)
{
	char *spaces = calloc(1, NM_JSON_MAX_BYTES + 1);
	nm_json *json;

	cr_assert_eq(nm_json_parse(spaces, NM_JSON_MAX_BYTES + 1, &json), -EFBIG,
		     "more than the limit is read");
	cr_assert_null(json, "a value came out of it");
	assert_error_says("64 MiB");
	free(spaces);
}

/* There under AddressSanitizer only. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* glibc itself leaks the path of a locale. */
static const char *set_locale(void)
{
	const char *name;

	if (__lsan_disable)
		__lsan_disable();
	name = setlocale(LC_ALL, "de_DE.UTF-8");
	if (__lsan_enable)
		__lsan_enable();
	return name;
}

/* glibc 2.36 keeps the list that setlocale() makes of LOCPATH. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:__argz_add_sep\n";
}

/* The locale of a country with a decimal comma, built here when the machine has none. */
static void enter_comma_locale(void)
{
	char command[256];

	if (!set_locale()) {
		enter_folder();
		snprintf(command, sizeof(command),
			 "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/log 2>&1", test_folder,
			 test_folder);
		cr_assert_eq(system(command), 0,
			     "no locale de_DE.UTF-8, and localedef cannot build it: install the "
			     "package \"locales\"");
		cr_assert_eq(setenv("LOCPATH", test_folder, 1), 0, "out of memory");
		cr_assert(set_locale(), "the locale built is not usable");
		unsetenv("LOCPATH");
		leave_folder();
	}
	cr_assert_str_eq(localeconv()->decimal_point, ",", "this locale has no comma");
}

Test(core_json, numbers_are_written_with_a_point_under_a_comma_locale)
{
	enter_comma_locale();
	assert_writes(only(nm_json_real(0.1)), "[0.1]\n");
	assert_writes(only(nm_json_real(-1234.5)), "[-1234.5]\n");
	assert_writes(only(nm_json_uint(UINT64_MAX)), "[18446744073709551615]\n");
}

Test(core_json, numbers_are_read_with_a_point_under_a_comma_locale)
{
	nm_json *json;

	enter_comma_locale();
	json = parse("[0.1,-2.5e3]");
	cr_assert(nm_json_to_real(nm_json_at(json, 0)) == 0.1, "0.1 reads as %g",
		  nm_json_to_real(nm_json_at(json, 0)));
	cr_assert(nm_json_to_real(nm_json_at(json, 1)) == -2500, "-2.5e3 reads as %g",
		  nm_json_to_real(nm_json_at(json, 1)));
	nm_json_free(json);
	json = parse("[0,1]");
	cr_assert_eq(nm_json_count(json), 2, "0,1 is no longer two numbers");
	nm_json_free(json);
}

Test(core_json, numbers_that_overflow_are_refused_under_a_comma_locale)
{
	enter_comma_locale();
	assert_refused("[1e999]", "line 1, column ");
	assert_refused("[1.7976931348623159e308]", "line 1, column ");
}

static int note_key(void *context, const char *key, nm_json *child)
{
	struct nm_text *keys = context;

	nm_text_printf(keys, "%s%lld ", key, (long long)nm_json_to_int(child));
	return strcmp(key, "m") ? 0 : 7;
}

Test(core_json, members_come_in_order_until_a_visitor_stops)
{
	nm_json *json = parse("{\"z\":1,\"a\":2,\"m\":3,\"b\":4}");
	struct nm_text keys = {0};

	cr_assert_eq(nm_json_each(json, note_key, &keys), 7, "the visitor's result is lost");
	cr_assert_str_eq(keys.bytes, "z1 a2 m3 ", "visited: %s", keys.bytes);
	nm_text_free(&keys);
	nm_json_free(json);
}

Test(core_json, a_key_that_is_null_exists)
{
	nm_json *json = parse("{\"a\":null}");
	nm_json *child = json;

	cr_assert(nm_json_get(json, "a", &child), "the key is not found");
	cr_assert_null(child, "null is not NULL");
	cr_assert_not(nm_json_get(json, "b", &child), "a key is found that is not there");
	cr_assert_eq(nm_json_count(json), 1, "null is not counted");
	nm_json_free(json);
}

Test(core_json, one_line_stays_one_line)
{
	struct nm_text text = {0};
	nm_json *json = nm_json_new_object();

	nm_json_add(json, "a\nb", nm_json_string("c\r\n/d"));
	cr_assert_eq(nm_json_write(&text, json, false), 0, "not written");
	cr_assert_str_eq(text.bytes, "{\"a\\nb\":\"c\\r\\n/d\"}\n", "written as %s", text.bytes);
	nm_text_free(&text);
	nm_json_free(json);
}

Test(core_json, indented_text_reads_the_same)
{
	struct nm_text text = {0};
	nm_json *json = parse("{\"a\":[1,{\"b\":\"c\"}]}");

	cr_assert_eq(nm_json_write(&text, json, true), 0, "not written");
	cr_assert(strstr(text.bytes, "\n  \"a\""), "not indented: %s", text.bytes);
	cr_assert_eq(text.bytes[text.length - 1], '\n', "no newline at the end");
	nm_json_free(json);
	assert_writes(parse(text.bytes), "{\"a\":[1,{\"b\":\"c\"}]}\n");
	nm_text_free(&text);
}

Test(core_json, a_missing_string_is_null)
{
	assert_writes(only(nm_json_string(NULL)), "[null]\n");
	assert_writes(only(nm_json_string("")), "[\"\"]\n");
}
