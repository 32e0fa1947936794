/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/file.h"
#include "core/statistics.h"
#include "sample.h"

#include <errno.h>

/* One field of each type, required and optional. */

struct inner {
	uint64_t number;
};

struct thing {
	const char *string;
	uint64_t whole;
	int64_t integer;
	double real;
	bool flag;
	int colour;
	struct nm_value value;
	struct nm_map map;
	struct nm_strings strings;
	struct inner inner;
	struct {
		struct inner *items;
		size_t count;
	} list;
	double maybe_real;
	struct nm_map maybe_map;
	struct inner *pointer;
	struct inner *maybe_pointer;
};

static const char *const colours[] = {"red", "green", NULL};

#define FIELD(kind, s, member)                                                                     \
	.key = #member, .type = NM_FIELD_##kind, .offset = offsetof(struct s, member)

static const struct nm_field inner_fields[] = {{FIELD(UINT, inner, number)}, {0}};
static const struct nm_record inner_record = {sizeof(struct inner), inner_fields};

static const struct nm_field thing_fields[] = {
	{FIELD(STRING, thing, string), .nullable = true},
	{FIELD(UINT, thing, whole)},
	{FIELD(INT, thing, integer)},
	{FIELD(REAL, thing, real)},
	{FIELD(BOOL, thing, flag)},
	{FIELD(ENUM, thing, colour), .names = colours},
	{FIELD(VALUE, thing, value)},
	{FIELD(MAP, thing, map)},
	{FIELD(STRINGS, thing, strings)},
	{FIELD(RECORD, thing, inner), .record = &inner_record},
	{FIELD(RECORDS, thing, list), .record = &inner_record},
	{FIELD(REAL, thing, maybe_real), .optional = true},
	{FIELD(MAP, thing, maybe_map), .optional = true},
	{FIELD(POINTER, thing, pointer), .record = &inner_record, .optional = true,
	 .nullable = true},
	{FIELD(POINTER, thing, maybe_pointer), .record = &inner_record, .optional = true},
	{0},
};
static const struct nm_record thing_record = {sizeof(struct thing), thing_fields};

static const char thing_text[] = "{\"string\":\"s\",\"whole\":18446744073709551615,\"integer\":-5,"
				 "\"real\":0.5,\"flag\":true,"
				 "\"colour\":\"green\",\"value\":\"v\",\"map\":{\"b\":false,\"i\":-"
				 "1,\"r\":1.5,\"s\":\"x\",\"n\":null},"
				 "\"strings\":[\"one\",\"two\"],\"inner\":{\"number\":7},\"list\":["
				 "{\"number\":8},{\"number\":9}],\"pointer\":null}\n";

static struct nm_arena arena;

static int read_thing(const char *text, struct thing *out)
{
	nm_json *json;
	int r = nm_json_parse(text, strlen(text), &json);

	cr_assert_eq(r, 0, "%s is not JSON: %s", text, nm_error_last()->text);
	*out = (struct thing) {0};
	r = nm_record_read(&thing_record, &arena, json, out);
	nm_json_free(json);
	return r;
}

static void assert_thing_writes(const struct thing *thing, const char *expected)
{
	nm_json *json = nm_record_write(&thing_record, thing);
	struct nm_text text = {0};

	cr_assert_eq(nm_json_write(&text, json, false), 0, "not written");
	cr_assert_str_eq(text.bytes, expected, "written as %s", text.bytes);
	nm_json_free(json);
	nm_text_free(&text);
}

static void free_arena(void)
{
	nm_arena_free(&arena);
}

TestSuite(core_record, .fini = free_arena);

Test(core_record, every_type_is_written)
{
	struct inner list[] = {{8}, {9}};
	struct thing thing = {.string = "s",
			      .whole = UINT64_MAX,
			      .integer = -5,
			      .real = 0.5,
			      .flag = true,
			      .colour = 1,
			      .value = NM_STRING("v"),
			      .inner = {7},
			      .list = {list, 2},
			      .maybe_real = NAN};

	nm_map_set(&arena, &thing.map, "b", NM_BOOL(false));
	nm_map_set(&arena, &thing.map, "i", NM_INT(-1));
	nm_map_set(&arena, &thing.map, "r", NM_REAL(1.5));
	nm_map_set(&arena, &thing.map, "s", NM_STRING("x"));
	nm_map_set(&arena, &thing.map, "n", (struct nm_value) {0});
	nm_strings_add(&arena, &thing.strings, "one");
	nm_strings_add(&arena, &thing.strings, "two");
	assert_thing_writes(&thing, thing_text);
}

Test(core_record, every_type_is_read)
{
	struct thing thing;

	cr_assert_eq(read_thing(thing_text, &thing), 0, "refused: %s", nm_error_last()->text);
	cr_assert_str_eq(thing.string, "s", "string is %s", thing.string);
	cr_assert_eq(thing.whole, UINT64_MAX, "whole is another number");
	cr_assert_eq(thing.integer, -5, "integer is another number");
	cr_assert(thing.real == 0.5, "real is %g", thing.real);
	cr_assert(thing.flag, "flag is false");
	cr_assert_eq(thing.colour, 1, "colour is %d", thing.colour);
	cr_assert_eq(thing.value.type, NM_VALUE_STRING, "value has another type");
	cr_assert_str_eq(thing.value.string, "v", "value is %s", thing.value.string);
	cr_assert_eq(thing.map.count, 5, "map has %zu pairs", thing.map.count);
	cr_assert(nm_map_get(&thing.map, "r")->real == 1.5, "map.r is another number");
	cr_assert_eq(nm_map_get(&thing.map, "n")->type, NM_VALUE_NONE, "map.n is not null");
	cr_assert_eq(thing.strings.count, 2, "there are %zu strings", thing.strings.count);
	cr_assert_str_eq(thing.strings.items[1], "two", "the second is %s", thing.strings.items[1]);
	cr_assert_eq(thing.inner.number, 7, "inner is another number");
	cr_assert_eq(thing.list.count, 2, "list has %zu elements", thing.list.count);
	cr_assert_eq(thing.list.items[1].number, 9, "its second is another number");
	cr_assert(isnan(thing.maybe_real), "an absent optional number is %g", thing.maybe_real);
	cr_assert_null(thing.pointer, "null points somewhere");
	cr_assert_null(thing.maybe_pointer, "what is absent points somewhere");
	assert_thing_writes(&thing, thing_text);
}

Test(core_record, what_was_read_can_grow)
{
	struct thing thing;

	cr_assert_eq(read_thing(thing_text, &thing), 0, "refused: %s", nm_error_last()->text);
	for (uint64_t i = 2; i < 100; i++) {
		struct inner *more = nm_arena_append(&arena, &thing.list.items, &thing.list.count,
						     sizeof(*more));

		cr_assert(more, "out of memory");
		more->number = i;
		cr_assert_eq(nm_strings_add(&arena, &thing.strings, "more"), 0, "out of memory");
	}
	cr_assert_eq(thing.list.items[0].number, 8, "the first element has changed");
	cr_assert_eq(thing.list.items[99].number, 99, "the last element is another");
	cr_assert_str_eq(thing.strings.items[0], "one", "the first string has changed");
	cr_assert_eq(thing.strings.count, 100, "there are %zu strings", thing.strings.count);
}

Test(core_record, optional_fields_appear_when_they_are_set)
{
	char *text = replaced(thing_text, "\"pointer\":null}",
			      "\"maybe_real\":2.5,\"maybe_map\":{\"a\":1},"
			      "\"pointer\":{\"number\":3},\"maybe_pointer\":{\"number\":4}}");
	struct thing thing;

	cr_assert_eq(read_thing(text, &thing), 0, "refused: %s", nm_error_last()->text);
	cr_assert(thing.maybe_real == 2.5, "maybe_real is %g", thing.maybe_real);
	cr_assert_eq(thing.pointer->number, 3, "what is pointed to is another number");
	cr_assert_eq(thing.maybe_pointer->number, 4, "what may be is another number");
	assert_thing_writes(&thing, text);
	free(text);
}

Test(core_record, null_is_no_string_and_no_number)
{
	char *text = replaced(thing_text, "\"s\"", "null");
	char *both = replaced(text, "0.5", "null");
	struct thing thing;

	cr_assert_eq(read_thing(both, &thing), 0, "refused: %s", nm_error_last()->text);
	cr_assert_null(thing.string, "string is %s", thing.string);
	cr_assert(isnan(thing.real), "real is %g", thing.real);
	assert_thing_writes(&thing, both);
	free(both);
	free(text);
}

Test(core_record, a_missing_key_is_named)
{
	for (const struct nm_field *field = thing_fields; field->key; field++) {
		char key[64];
		char expected[64];
		char *text;
		struct thing thing;
		int r;

		if (field->optional)
			continue;
		snprintf(key, sizeof(key), "\"%s\":", field->key);
		text = replaced(thing_text, key, "\"another\":");
		r = read_thing(text, &thing);
		cr_assert_eq(r, -EINVAL, "without %s: gives %d", field->key, r);
		snprintf(expected, sizeof(expected), "%s: missing", field->key);
		cr_assert_str_eq(nm_error_last()->text, expected, "without %s: %s", field->key,
				 nm_error_last()->text);
		free(text);
	}
}

Test(core_record, a_value_of_another_type_is_named)
{
	static const char *const cases[][3] = {
		{"\"string\":\"s\"", "\"string\":1", "string: expected a string"},
		{"18446744073709551615", "-1", "whole: expected an integer that is not negative"},
		{"18446744073709551615", "1.0", "whole: expected an integer"},
		{"18446744073709551615", "null", "whole: expected an integer"},
		{"\"integer\":-5", "\"integer\":1.5", "integer: expected an integer"},
		{"\"integer\":-5", "\"integer\":9223372036854775808",
		 "integer: expected an integer"},
		{"\"real\":0.5", "\"real\":\"0.5\"", "real: expected a number or null"},
		{"\"flag\":true", "\"flag\":1", "flag: expected true or false"},
		{"\"green\"", "2", "colour: expected a string"},
		{"\"green\"", "\"blue\"", "colour: unknown value \"blue\""},
		{"\"green\"", "null", "colour: expected a string"},
		{"\"value\":\"v\"", "\"value\":{}", "value: expected a string, a number"},
		{"\"value\":\"v\"", "\"value\":9223372036854775808", "value: expected"},
		{"\"map\":{", "\"map\":[],\"more\":{", "map: expected an object"},
		{"\"i\":-1", "\"i\":[1]", "map: i: expected"},
		{"\"strings\":[", "\"strings\":{},\"more\":[", "strings: expected an array"},
		{"\"one\"", "1", "strings: expected a string"},
		{"\"inner\":{\"number\":7}", "\"inner\":7", "inner: expected an object"},
		{"\"number\":7", "\"number\":\"7\"", "inner: number: expected an integer"},
		{"\"number\":7", "\"figure\":7", "inner: number: missing"},
		{"\"list\":[", "\"list\":{},\"more\":[", "list: expected an array"},
		{"{\"number\":9}", "9", "list[1]: expected an object"},
		{"\"number\":9", "\"number\":true", "list[1]: number: expected an integer"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = replaced(thing_text, cases[i][0], cases[i][1]);
		struct thing thing;
		int r = read_thing(text, &thing);

		cr_assert_eq(r, -EINVAL, "%s for %s: gives %d", cases[i][1], cases[i][0], r);
		cr_assert(strstr(nm_error_last()->text, cases[i][2]), "%s for %s: %s", cases[i][1],
			  cases[i][0], nm_error_last()->text);
		free(text);
	}
}

Test(core_record, nul_in_strings_is_refused)
{
	static const char *const cases[][2] = {
		{"\"string\":\"s\"", "\"string\":\"s\\u0000t\""},
		{"\"value\":\"v\"", "\"value\":\"\\u0000\""},
		{"\"s\":\"x\"", "\"s\":\"x\\u0000\""},
		{"\"two\"", "\"two\\u0000\""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = replaced(thing_text, cases[i][0], cases[i][1]);
		struct thing thing;

		cr_assert_eq(read_thing(text, &thing), -EINVAL, "%s is accepted", cases[i][1]);
		assert_error_says("NUL");
		free(text);
	}
}

Test(core_record, nul_in_the_name_of_a_choice_is_refused)
{
	char *text = replaced(thing_text, "\"green\"", "\"green\\u0000ish\"");
	struct thing thing;

	cr_assert_eq(read_thing(text, &thing), -EINVAL, "it is read as choice %d", thing.colour);
	assert_error_says("colour: ");
	free(text);
}

Test(core_record, an_array_is_no_record)
{
	struct thing thing;

	cr_assert_eq(read_thing("[]", &thing), -EINVAL, "[] is read as a record");
	assert_error_says("expected an object");
}

Test(core_record, a_map_keeps_order_and_replaces)
{
	struct nm_map map = {0};
	char name[] = "first";
	char value[] = "before";

	cr_assert_eq(nm_map_set(&arena, &map, name, NM_STRING(value)), 0, "out of memory");
	cr_assert_eq(nm_map_set(&arena, &map, "second", NM_INT(2)), 0, "out of memory");
	memset(name, 'x', sizeof(name) - 1);
	memset(value, 'x', sizeof(value) - 1);
	cr_assert_str_eq(nm_map_get(&map, "first")->string, "before", "the string was not copied");
	cr_assert_eq(nm_map_set(&arena, &map, "first", NM_REAL(0.5)), 0, "out of memory");
	cr_assert_eq(map.count, 2, "there are %zu pairs", map.count);
	cr_assert_str_eq(map.pairs[0].name, "first", "the order has changed");
	cr_assert(nm_map_get(&map, "first")->real == 0.5, "the value was not replaced");
	cr_assert_null(nm_map_get(&map, "third"), "an absent name is found");
}

Test(core_record, strings_are_copied)
{
	struct nm_strings strings = {0};
	char item[] = "before";

	cr_assert_eq(nm_strings_add(&arena, &strings, item), 0, "out of memory");
	item[0] = 'x';
	cr_assert_str_eq(strings.items[0], "before", "it is %s now", strings.items[0]);
}

Test(core_record, names_have_an_index)
{
	cr_assert_eq(nm_name_index(colours, "red"), 0, "red");
	cr_assert_eq(nm_name_index(colours, "green"), 1, "green");
	cr_assert_eq(nm_name_index(colours, "gree"), -1, "gree");
	cr_assert_eq(nm_name_index(colours, ""), -1, "nothing");
}

/* Documents */

static int parse_document(const char *text, struct nm_document *out)
{
	*out = (struct nm_document) {0};
	return nm_document_parse("name", text, strlen(text), out);
}

/* Refused, with the name of the file, the text expected, and nothing left in the document. */
static void assert_document_refused(const char *text, int code, const char *expected)
{
	struct nm_document document;
	int r = parse_document(text, &document);

	cr_assert_eq(r, code, "expected \"%s\", gives %d: %s", expected, r, nm_error_last()->text);
	cr_assert_eq(strncmp(nm_error_last()->text, "name: ", 6), 0, "the error lacks the file: %s",
		     nm_error_last()->text);
	assert_error_says(expected);
	cr_assert_null(document.arena.chunks, "%s: memory is left behind", expected);
	cr_assert(!document.schema && !document.run.uuid && !document.measurements.items,
		  "%s: the document is not empty", expected);
}

static void assert_change_refused(const char *from, const char *to, const char *expected)
{
	char *sample = sample_text();
	char *text = replaced(sample, from, to);

	assert_document_refused(text, -EINVAL, expected);
	free(text);
	free(sample);
}

Test(core_document, is_written_read_and_written_to_the_same_bytes)
{
	for (int indented = 0; indented < 2; indented++) {
		struct nm_document document;
		struct nm_text first = {0};
		struct nm_text second = {0};

		sample_document(&document);
		cr_assert_eq(nm_document_write(&first, &document, indented), 0, "not written");
		nm_document_free(&document);
		cr_assert_eq(parse_document(first.bytes, &document), 0, "not read: %s",
			     nm_error_last()->text);
		cr_assert_eq(nm_document_write(&second, &document, indented), 0, "not written");
		cr_assert_str_eq(second.bytes, first.bytes, "other bytes: %s\n%s", first.bytes,
				 second.bytes);
		nm_document_free(&document);
		nm_text_free(&first);
		nm_text_free(&second);
	}
}

Test(core_document, keeps_values_of_every_kind)
{
	char *text = sample_text();
	struct nm_document d;
	const struct nm_measurement *m;

	cr_assert_eq(parse_document(text, &d), 0, "not read: %s", nm_error_last()->text);
	cr_assert_eq(d.run.seed, UINT64_MAX, "the seed is another");
	cr_assert_eq(d.run.state, NM_RUN_INCOMPLETE, "the state is another");
	cr_assert_eq(d.run.plan.cpu, -1, "the CPU is another");
	cr_assert(isnan(d.run.plan.target_ci_percent), "the precision is set");
	cr_assert_str_eq(d.machine.product, "Google Compute Engine", "the product is another");
	cr_assert_null(d.environment.governor, "there is a governor");
	cr_assert_eq(d.findings.count, 5, "%zu findings", d.findings.count);
	cr_assert_eq(d.measurements.count, 2, "%zu measurements", d.measurements.count);
	m = &d.measurements.items[0];
	cr_assert_eq(m->context, NM_CONTEXT_GUEST, "the context is another");
	cr_assert_eq(m->rounds.count, 2, "%zu rounds", m->rounds.count);
	cr_assert(m->rounds.items[1].max == 98765.4321, "max is %.17g", m->rounds.items[1].max);
	cr_assert(isnan(m->rounds.items[1].p999), "p999 is set");
	cr_assert_str_eq(m->rounds.items[1].flags.items[0], "overhead", "the flag is another");
	cr_assert(isnan(d.measurements.items[1].rounds.items[0].user_exits_per_op),
		  "an absent number is not NAN");
	cr_assert_eq(d.measurements.items[1].rounds.items[0].state, NM_STATE_FAILED, "state");
	nm_document_free(&d);
	free(text);
}

#define SAME_NUMBER(field)                                                                         \
	cr_assert(a->field == b->field || (isnan((double)a->field) && isnan((double)b->field)),    \
		  #field " is %g, it was %g", (double)b->field, (double)a->field)
#define SAME_TEXT(field)                                                                           \
	cr_assert(!a->field == !b->field && (!a->field || !strcmp(a->field, b->field)),            \
		  #field " is %s, it was %s", b->field ? b->field : "absent",                      \
		  a->field ? a->field : "absent")
#define SAME_LIST(field)                                                                           \
	cr_assert_eq(a->field.count, b->field.count, #field " has %zu entries, it had %zu",        \
		     b->field.count, a->field.count)

static void assert_same_round(const struct nm_round *a, const struct nm_round *b)
{
	SAME_NUMBER(index);
	SAME_NUMBER(state);
	SAME_TEXT(reason);
	SAME_NUMBER(samples);
	SAME_NUMBER(min);
	SAME_NUMBER(p5);
	SAME_NUMBER(p50);
	SAME_NUMBER(p90);
	SAME_NUMBER(p99);
	SAME_NUMBER(p999);
	SAME_NUMBER(max);
	SAME_NUMBER(mean);
	SAME_TEXT(failure);
	SAME_TEXT(p99_reason);
	SAME_TEXT(p999_reason);
	SAME_NUMBER(overhead);
	SAME_NUMBER(overhead_spread);
	SAME_NUMBER(duration_ns);
	SAME_NUMBER(clock_deviation_percent);
	SAME_NUMBER(user_exits_per_op);
	SAME_LIST(counters_per_op);
	SAME_NUMBER(elapsed_ns);
	SAME_NUMBER(steal_ns);
	SAME_NUMBER(context_switches);
	SAME_NUMBER(migrations);
	SAME_LIST(flags);
}

static void assert_same_statistic(const struct nm_statistic *a, const struct nm_statistic *b)
{
	SAME_NUMBER(value);
	SAME_NUMBER(lo);
	SAME_NUMBER(hi);
	SAME_TEXT(reason);
}

static void assert_same_evidence(const struct nm_evidence *a, const struct nm_evidence *b)
{
	SAME_NUMBER(exits_per_op);
	SAME_NUMBER(expected_exits_per_op);
	SAME_NUMBER(exits_below_per_op);
	SAME_NUMBER(user_exits_per_op);
	SAME_NUMBER(expected_user_exits_per_op);
	SAME_NUMBER(insn_emulation_per_op);
	SAME_NUMBER(expected_insn_emulation_per_op);
	SAME_NUMBER(emulated);
	SAME_LIST(counters_per_op);
	SAME_NUMBER(clock_deviation_percent);
	SAME_NUMBER(overhead);
	SAME_NUMBER(steal_percent);
	SAME_NUMBER(quiet_share);
	SAME_NUMBER(rounds_ok);
	SAME_NUMBER(rounds_flagged);
	SAME_NUMBER(rounds_failed);
}

static void assert_same_relation(const struct nm_relation *a, const struct nm_relation *b)
{
	cr_assert_eq(!a, !b, "one is compared");
	if (!a)
		return;
	SAME_TEXT(measurement);
	assert_same_statistic(&a->p50, &b->p50);
	assert_same_statistic(&a->p99, &b->p99);
}

static void assert_same_measurement(const struct nm_measurement *a, const struct nm_measurement *b)
{
	SAME_TEXT(operation);
	SAME_TEXT(group);
	SAME_NUMBER(context);
	SAME_LIST(parameters);
	SAME_NUMBER(version);
	SAME_NUMBER(batch);
	SAME_NUMBER(state);
	SAME_TEXT(reason);
	SAME_TEXT(remedy);
	SAME_TEXT(unit);
	SAME_TEXT(stopped_by);
	assert_same_statistic(&a->summary.floor, &b->summary.floor);
	assert_same_statistic(&a->summary.p50, &b->summary.p50);
	assert_same_statistic(&a->summary.p90, &b->summary.p90);
	assert_same_statistic(&a->summary.p99, &b->summary.p99);
	assert_same_statistic(&a->summary.p999, &b->summary.p999);
	assert_same_statistic(&a->summary.mean, &b->summary.mean);
	SAME_NUMBER(summary.min);
	SAME_NUMBER(summary.max);
	assert_same_statistic(&a->native_ratio, &b->native_ratio);
	assert_same_relation(a->against, b->against);
	assert_same_evidence(&a->evidence, &b->evidence);
	SAME_LIST(rounds);
	for (size_t i = 0; i < a->rounds.count; i++)
		assert_same_round(&a->rounds.items[i], &b->rounds.items[i]);
}

static void assert_same_exit_profile(const struct nm_exit_profile *a,
				     const struct nm_exit_profile *b)
{
	SAME_TEXT(measurement);
	SAME_TEXT(source);
	SAME_NUMBER(operations_per_s);
	SAME_NUMBER(exits_per_op);
	SAME_NUMBER(exits_per_s);
	SAME_LIST(kinds_per_op);
	SAME_LIST(kinds_per_s);
	cr_assert(nm_map_get(&b->kinds_per_op, "HLT")->real == 1.25, "a kind");
	cr_assert(nm_map_get(&b->kinds_per_s, "HLT")->real == 1250.5, "a kind of a second");
}

static void assert_same_exits(const struct nm_document *a, const struct nm_document *b)
{
	cr_assert_eq(b->exit_profile.count, 1, "%zu profiles", b->exit_profile.count);
	assert_same_exit_profile(a->exit_profile.items, b->exit_profile.items);
}

static void assert_same_density(const struct nm_density *a, const struct nm_density *b)
{
	cr_assert(a && b, "one has no density");
	SAME_TEXT(operation);
	SAME_NUMBER(factor);
	SAME_NUMBER(largest);
	SAME_TEXT(limited);
	SAME_LIST(points);
	for (size_t i = 0; i < a->points.count; i++)
		cr_assert(!memcmp(&a->points.items[i], &b->points.items[i],
				  sizeof(a->points.items[i])),
			  "point %zu", i);
}

static void assert_same_run(const struct nm_run *a, const struct nm_run *b)
{
	SAME_TEXT(uuid);
	SAME_TEXT(host);
	SAME_TEXT(started);
	SAME_TEXT(ended);
	SAME_NUMBER(state);
	SAME_TEXT(reason);
	SAME_TEXT(source);
	SAME_NUMBER(clock);
	SAME_TEXT(tool_version);
	SAME_TEXT(compiler);
	SAME_TEXT(build_type);
	SAME_LIST(argv);
	SAME_NUMBER(seed);
	SAME_TEXT(generator);
	SAME_NUMBER(bootstrap_resamples);
	SAME_TEXT(supersedes);
	SAME_LIST(placement);
	SAME_TEXT(plan.profile);
	SAME_NUMBER(plan.rounds);
	SAME_NUMBER(plan.samples);
	SAME_NUMBER(plan.target_ci_percent);
	SAME_NUMBER(plan.budget_ns);
	SAME_NUMBER(plan.round_limit_ns);
	SAME_NUMBER(plan.cpu);
	SAME_TEXT(plan.kvm_device);
	SAME_NUMBER(plan.exits_below);
	SAME_NUMBER(plan.exit_reasons);
	SAME_NUMBER(plan.density_max);
	SAME_NUMBER(plan.density_factor);
	SAME_NUMBER(plan.inject_delay_ns);
	SAME_NUMBER(plan.soak_ns);
	SAME_LIST(plan.patterns);
	SAME_LIST(plan.contexts);
}

static void assert_same_machine(const struct nm_machine *a, const struct nm_machine *b)
{
	SAME_TEXT(vendor);
	SAME_NUMBER(family);
	SAME_NUMBER(model);
	SAME_NUMBER(stepping);
	SAME_TEXT(brand);
	SAME_TEXT(microcode);
	SAME_TEXT(hypervisor);
	SAME_TEXT(product);
	SAME_NUMBER(level);
	SAME_NUMBER(memory_bytes);
	SAME_NUMBER(cores);
	SAME_NUMBER(threads);
	SAME_NUMBER(tsc_khz);
}

static void assert_same_environment(const struct nm_environment *a, const struct nm_environment *b)
{
	SAME_TEXT(kernel_release);
	SAME_TEXT(kernel_version);
	SAME_TEXT(kernel_cmdline);
	SAME_TEXT(distribution);
	SAME_TEXT(clocksource);
	SAME_TEXT(governor);
	SAME_TEXT(smt);
	SAME_TEXT(transparent_hugepage);
	SAME_TEXT(ksm_run);
	SAME_TEXT(preemption);
	SAME_TEXT(seccomp);
	SAME_TEXT(cpu_quota);
	SAME_LIST(vulnerabilities);
	SAME_LIST(module_parameters);
	SAME_LIST(privileges);
	SAME_NUMBER(load_before);
	SAME_NUMBER(load_after);
	SAME_NUMBER(pressure_before_percent);
	SAME_NUMBER(pressure_after_percent);
	SAME_LIST(changed);
}

static bool same_value(const struct nm_value *a, const struct nm_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case NM_VALUE_BOOL:
		return a->boolean == b->boolean;
	case NM_VALUE_INT:
		return a->integer == b->integer;
	case NM_VALUE_REAL:
		return a->real == b->real;
	case NM_VALUE_STRING:
		return !strcmp(a->string, b->string);
	case NM_VALUE_NONE:
		break;
	}
	return true;
}

static void assert_same_finding(const struct nm_finding *a, const struct nm_finding *b)
{
	SAME_TEXT(id);
	SAME_NUMBER(status);
	SAME_TEXT(evidence);
	SAME_TEXT(remedy);
	cr_assert(same_value(&a->value, &b->value), "the value of %s is another", a->id);
}

static void assert_same_count(const struct nm_soak_count *a, const struct nm_soak_count *b)
{
	SAME_NUMBER(rounds);
	SAME_NUMBER(failed);
	SAME_NUMBER(state_changes);
	SAME_NUMBER(failed_per_hour);
	SAME_LIST(failures);
	SAME_LIST(failures_per_hour);
}

static void assert_same_events(const struct nm_soak_events *lists, const struct nm_soak_events *of)
{
	cr_assert_eq(lists->count, of->count, "%zu events", of->count);
	for (size_t i = 0; i < lists->count; i++) {
		const struct nm_soak_event *a = &lists->items[i];
		const struct nm_soak_event *b = &of->items[i];

		SAME_TEXT(time);
		SAME_NUMBER(elapsed_ns);
		SAME_TEXT(measurement);
		SAME_NUMBER(round);
		SAME_TEXT(before);
		SAME_NUMBER(state);
		SAME_TEXT(failure);
		SAME_TEXT(reason);
	}
}

static void assert_same_soak(const struct nm_soak *a, const struct nm_soak *b)
{
	SAME_NUMBER(elapsed_ns);
	SAME_TEXT(sampling);
	SAME_NUMBER(failures_left_out);
	SAME_NUMBER(state_changes_left_out);
	SAME_LIST(hours);
	SAME_LIST(measurements);
	SAME_TEXT(measurements.items[0].measurement);
	SAME_TEXT(measurements.items[0].last_state);
	assert_same_count(&a->all, &b->all);
	assert_same_count(&a->hours.items[1], &b->hours.items[1]);
	assert_same_count(&a->measurements.items[0].count, &b->measurements.items[0].count);
	assert_same_events(&a->failures, &b->failures);
	assert_same_events(&a->state_changes, &b->state_changes);
}

Test(core_document, every_field_survives)
{
	char *text = sample_text();
	struct nm_document a;
	struct nm_document b;

	sample_document(&a);
	cr_assert_eq(parse_document(text, &b), 0, "not read: %s", nm_error_last()->text);
	assert_same_run(&a.run, &b.run);
	assert_same_machine(&a.machine, &b.machine);
	assert_same_environment(&a.environment, &b.environment);
	cr_assert_eq(a.findings.count, b.findings.count, "%zu findings", b.findings.count);
	for (size_t i = 0; i < a.findings.count; i++)
		assert_same_finding(&a.findings.items[i], &b.findings.items[i]);
	cr_assert_eq(a.measurements.count, b.measurements.count, "measurements");
	for (size_t i = 0; i < a.measurements.count; i++)
		assert_same_measurement(&a.measurements.items[i], &b.measurements.items[i]);
	assert_same_exits(&a, &b);
	assert_same_density(a.density, b.density);
	assert_same_soak(a.soak, b.soak);
	nm_document_free(&a);
	nm_document_free(&b);
	free(text);
}

Test(core_document, a_document_from_before_the_keys_has_the_defaults)
{
	static const char *const keys[] = {"\"clock\":\"instructions\",",
					   "\"exits_below\":true,",
					   "\"exit_reasons\":true,",
					   "\"exits_below_per_op\":21.5,",
					   "\"density_max\":100,",
					   "\"density_factor\":1.5,",
					   "\"inject_delay_ns\":20,",
					   "\"soak_ns\":7200000000000,",
					   ",\"soak\":null"};
	struct nm_document d;
	struct nm_text text = {0};

	sample_document(&d);
	d.run.clock = NM_CLOCK_INSTRUCTIONS;
	d.soak = NULL;
	d.density = NULL;
	d.exit_profile.count = 0;
	cr_assert_eq(nm_document_write(&text, &d, false), 0, "not written");
	nm_document_free(&d);
	for (size_t i = 0; i < COUNT(keys); i++) {
		char *shorter = replaced(text.bytes, keys[i], "");

		nm_text_free(&text);
		text.bytes = shorter;
	}
	cr_assert_eq(parse_document(text.bytes, &d), 0, "%s", nm_error_last()->text);
	cr_assert_eq(d.run.clock, NM_CLOCK_TSC, "the clock is %s", nm_clock_names[d.run.clock]);
	cr_assert_not(d.run.plan.exits_below, "the meter is wanted");
	cr_assert_eq(d.run.plan.density_max, 0, "a density");
	cr_assert_not(d.run.plan.density_factor > 0, "a factor");
	cr_assert_null(d.density, "there is a density");
	cr_assert_not(d.run.plan.exit_reasons, "reasons are wanted");
	cr_assert_eq(d.exit_profile.count, 0, "there are exits");
	cr_assert_eq(d.run.plan.inject_delay_ns, 0, "a delay");
	cr_assert_null(d.soak, "there is a soak");
	cr_assert(isnan(d.measurements.items[0].evidence.exits_below_per_op), "there are exits");
	nm_document_free(&d);
	nm_text_free(&text);
}

Test(core_document, missing_keys_name_their_path)
{
	assert_change_refused("\"environment\":", "\"x\":", "name: environment: missing");
	assert_change_refused("\"uuid\":", "\"x\":", "name: run: uuid: missing");
	assert_change_refused("\"round_limit_ns\":", "\"x\":",
			      "run: plan: round_limit_ns: missing");
	assert_change_refused("\"tsc_khz\":", "\"x\":", "machine: tsc_khz: missing");
	assert_change_refused("\"status\":\"warn\"", "\"x\":0", "findings[2]: status: missing");
	assert_change_refused("\"lo\":", "\"x\":", "measurements[0]: summary: floor: lo: missing");
	assert_change_refused("\"emulated\":", "\"x\":", "evidence: emulated: missing");
	assert_change_refused("\"index\":2,", "", "measurements[0]: rounds[1]: index: missing");
}

Test(core_document, wrong_types_name_their_path)
{
	assert_change_refused("\"p50\":1234.5", "\"p50\":\"1\"",
			      "measurements[0]: rounds[0]: p50: expected a number");
	assert_change_refused("\"cores\":4", "\"cores\":-4", "machine: cores: expected an integer");
	assert_change_refused("\"vcpu\":3", "\"vcpu\":[3]", "run: placement: vcpu: expected");
	assert_change_refused("[\"overhead\"]", "[\"overhead\",1]",
			      "measurements[0]: rounds[0]: flags: expected a string");
	assert_change_refused("\"context\":\"native\"", "\"context\":\"both\"",
			      "measurements[1]: context: unknown value \"both\"");
	assert_change_refused("\"id\":\"kvm.api\"", "\"id\":1",
			      "findings[1]: id: expected a string");
}

/* What renderers and plans take for granted. schema/run.schema.json has no null there. */
Test(core_document, null_is_refused_where_a_string_must_be)
{
	assert_change_refused("\"operation\":\"exit.cpuid\"", "\"operation\":null", "operation: ");
	assert_change_refused("\"id\":\"kvm.device\"", "\"id\":null", "findings[0]: id: ");
	assert_change_refused("\"started\":\"2026-01-05T02:17:09Z\"", "\"started\":null",
			      "started: ");
	assert_change_refused("\"tool_version\":\"" NM_VERSION "\"", "\"tool_version\":null",
			      "tool_version: ");
	assert_change_refused("\"group\":\"exits\"", "\"group\":null", "group: ");
	assert_change_refused("\"unit\":\"ns\"", "\"unit\":null", "unit: ");
	assert_change_refused("\"host\":\"sample\"", "\"host\":null", "host: ");
	assert_change_refused("\"uuid\":\"01234567-89ab-4cde-8f01-23456789abcd\"", "\"uuid\":null",
			      "uuid: ");
}

Test(core_document, a_newer_schema_is_refused_with_its_own_message)
{
	char *sample = sample_text();
	char *text = replaced(sample, "nestmark/run/1", "nestmark/run/2");

	assert_document_refused(text, -EPROTONOSUPPORT, "\"nestmark/run/2\" is not known here");
	assert_error_says("nestmark/run/1");
	cr_assert(strstr(nm_error_last()->remedy, "newer"), "the remedy is: %s",
		  nm_error_last()->remedy);
	free(text);
	free(sample);
}

Test(core_document, a_newer_schema_is_told_before_keys_are_missed)
{
	assert_document_refused("{\"schema\":\"nestmark/run/99\"}", -EPROTONOSUPPORT, "run/99");
}

Test(core_document, what_is_no_document_is_refused)
{
	static const char *const texts[] = {
		"{}",	       "[]", "\"nestmark/run/1\"", "{\"schema\":1}", "{\"schema\":null}",
		"{\"run\":{}}"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_document_refused(texts[i], -EINVAL, "this is not a nestmark document");
		cr_assert_str_not_empty(nm_error_last()->remedy, "%s: no remedy", texts[i]);
	}
	assert_document_refused("{\"schema\":\"nestmark/probe/1\"}", -EINVAL,
				"\"nestmark/probe/1\" is not a run document");
	assert_document_refused("not json", -EINVAL, "line 1, column ");
	assert_document_refused("", -EINVAL, "line 1, column 1: ");
}

Test(core_document, a_schema_with_nul_is_refused)
{
	assert_change_refused("nestmark/run/1", "nestmark/run/1\\u0000", "NUL");
}

Test(core_document, unknown_keys_are_ignored)
{
	static const char *const places[] = {"\"schema\":",	    "\"uuid\":", "\"vendor\":",
					     "\"kernel_release\":", "\"id\":",	 "\"operation\":",
					     "\"floor\":",	    "\"lo\":",	 "\"index\":",
					     "\"profile\":"};
	char *sample = sample_text();

	for (size_t i = 0; i < COUNT(places); i++) {
		struct nm_document document;
		struct nm_text written = {0};
		char with[128];
		char *text;

		snprintf(with, sizeof(with), "\"from the future\":[{\"p50\":null}],%s", places[i]);
		text = replaced(sample, places[i], with);
		cr_assert_eq(parse_document(text, &document), 0, "before %s: %s", places[i],
			     nm_error_last()->text);
		cr_assert_eq(nm_document_write(&written, &document, false), 0, "not written");
		cr_assert_str_eq(written.bytes, sample, "before %s: %s", places[i], written.bytes);
		nm_text_free(&written);
		nm_document_free(&document);
		free(text);
	}
	free(sample);
}

Test(core_document, nul_in_strings_is_refused)
{
	assert_change_refused("\"host\":\"sample\"", "\"host\":\"sam\\u0000ple\"",
			      "run: host: NUL");
	assert_change_refused("\"exit.cpuid\"", "\"exit.cpuid\\u0000\"", "operation: NUL");
	assert_change_refused("\"exit.*\"", "\"exit.*\\u0000\"", "run: plan: patterns: NUL");
	assert_change_refused("\"Not affected\"", "\"\\u0000\"", "vulnerabilities: meltdown: NUL");
}

Test(core_document, a_bad_uuid_is_refused)
{
	static const char *const uuids[] = {
		"",
		"01234567-89ab-4cde-8f01-23456789abc",
		"01234567-89ab-4cde-8f01-23456789abcde",
		"01234567-89AB-4CDE-8F01-23456789ABCD",
		"../../../../../../../../etc/cron.d/x",
		"01234567-89ab-4cde-8f01-23456789abc/",
		"01234567-89ab-4cde-8f01-23456789abcg",
	};

	for (size_t i = 0; i < COUNT(uuids); i++)
		assert_change_refused("01234567-89ab-4cde-8f01-23456789abcd", uuids[i],
				      "run: uuid: not a UUID");
}

Test(core_document, every_prefix_is_refused)
{
	char *sample = sample_text();
	size_t length = strlen(sample) - strlen("\n");

	for (size_t i = 0; i < length; i++) {
		struct nm_document document = {0};
		char *copy = malloc(i + 1);
		int r;

		memcpy(copy, sample, i);
		r = nm_document_parse("name", copy, i, &document);
		cr_assert_eq(r, -EINVAL, "%zu of %zu bytes give %d", i, length, r);
		cr_assert_null(document.arena.chunks, "%zu bytes leave memory behind", i);
		free(copy);
	}
	free(sample);
}

static size_t refused;

static void read_and_write(const char *bytes, size_t length)
{
	struct nm_document document = {0};
	struct nm_text text = {0};

	if (nm_document_parse("name", bytes, length, &document)) {
		cr_assert_null(document.arena.chunks, "memory is left behind");
		refused++;
		return;
	}
	cr_assert_eq(nm_document_write(&text, &document, false), 0, "%.*s: not written",
		     (int)length, bytes);
	nm_document_free(&document);
	cr_assert_eq(nm_document_parse("name", text.bytes, text.length, &document), 0,
		     "%s: written but not read: %s", text.bytes, nm_error_last()->text);
	nm_document_free(&document);
	nm_text_free(&text);
}

Test(core_document, every_wrong_value_is_refused_or_written_again)
{
	size_t count = each_wrong_value(read_and_write);

	cr_assert_gt(refused, count / 2, "only %zu of %zu are refused", refused, count);
	cr_assert_lt(refused, count, "all of them are refused");
}

Test(core_document, changed_bytes_are_refused_or_written_again)
{
	char *sample = sample_text();
	size_t length = strlen(sample);
	struct nm_random random;

	nm_random_seed(&random, 1);
	for (int i = 0; i < 3000; i++) {
		char *copy = malloc(length);

		memcpy(copy, sample, length);
		for (uint64_t n = nm_random_below(&random, 4) + 1; n; n--)
			copy[nm_random_below(&random, length)] =
				(char)nm_random_below(&random, 256);
		read_and_write(copy, length);
		free(copy);
	}
	cr_assert_gt(refused, 1000, "only %zu of 3000 are refused", refused);
	free(sample);
}

Test(core_document, is_read_from_a_file, .init = enter_folder, .fini = leave_folder)
{
	struct nm_document document = {0};
	char *sample = sample_text();

	write_text("run.json", sample);
	cr_assert_eq(nm_document_read("run.json", &document), 0, "%s", nm_error_last()->text);
	cr_assert_str_eq(document.run.host, "sample", "the host is %s", document.run.host);
	nm_document_free(&document);
	write_text("run.json", "{\n}");
	cr_assert_eq(nm_document_read("run.json", &document), -EINVAL, "{} is read");
	assert_error_says("run.json: schema: missing");
	write_text("run.json", "");
	cr_assert_eq(nm_document_read("run.json", &document), -EINVAL, "an empty file is read");
	assert_error_says("run.json: line 1, column 1: ");
	cr_assert_eq(nm_document_read("absent.json", &document), -ENOENT, "it is read");
	assert_error_says("absent.json: ");
	free(sample);
}

Test(core_document, of_too_many_bytes_is_refused, .init = enter_folder, .fini = leave_folder)
{
	struct nm_document document = {0};

	write_text("run.json", "");
	cr_assert_eq(truncate("run.json", (off_t)NM_JSON_MAX_BYTES + 1), 0, "no such large file");
	cr_assert_eq(nm_document_read("run.json", &document), -EFBIG,
		     "more than the limit is read");
	assert_error_says("run.json: ");
}

Test(core_document, measurements_have_names)
{
	struct nm_measurement m = {.operation = "exit.cpuid", .context = NM_CONTEXT_GUEST};

	cr_assert_str_eq(nm_measurement_name(&arena, &m), "exit.cpuid/guest", "without parameters");
	nm_map_set(&arena, &m.parameters, "cpl", NM_INT(3));
	nm_map_set(&arena, &m.parameters, "pages", NM_STRING("huge"));
	cr_assert_str_eq(nm_measurement_name(&arena, &m), "exit.cpuid/guest/cpl3/huge", "with two");
	m.context = NM_CONTEXT_NATIVE;
	m.parameters.count = 0;
	cr_assert_str_eq(nm_measurement_name(&arena, &m), "exit.cpuid/native", "natively");
	free_arena();
}

Test(core_document, findings_are_found_by_their_name)
{
	struct nm_document document;

	sample_document(&document);
	cr_assert_eq(nm_findings_get(&document.findings, "kvm.api"), &document.findings.items[1],
		     "another finding");
	cr_assert_null(nm_findings_get(&document.findings, "kvm"), "half a name is enough");
	nm_document_free(&document);
}
