/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The parser of workload profiles: lines "key = value" under [workload] and [requirement]. */
#include "probes/profile.h"

#include "core/check.h"
#include "core/document.h"
#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_LINE	 1024u
#define MAX_REQUIREMENTS 200u

static const char see[] = "nestmark check --show firecracker is an example";

struct parser {
	struct nm_arena *arena;
	struct nm_workload *profile;
	struct nm_requirement *requirement; /* NULL outside of [requirement] */
	bool in_workload;
	size_t line;
	size_t section; /* the line where it begins */
};

static int refuse(const struct parser *parser, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(const struct parser *parser, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return nm_fail_remedy(EINVAL, see, "%s:%zu: %s", parser->profile->place, parser->line,
			      what);
}

enum kind {
	ONCE,  /* a text */
	WORDS, /* words separated by blanks; more lines add to them */
	TEXTS, /* one text a line */
};

struct key {
	const char *name;
	enum kind kind;
	bool required;
	size_t offset;
};

static const struct key workload_keys[] = {
	{"name", ONCE, true, offsetof(struct nm_workload, name)},
	{"title", ONCE, true, offsetof(struct nm_workload, title)},
	{"as_of", ONCE, true, offsetof(struct nm_workload, as_of)},
	{"source", ONCE, true, offsetof(struct nm_workload, source)},
	{"advice", ONCE, false, offsetof(struct nm_workload, advice)},
	{"proof", ONCE, false, offsetof(struct nm_workload, proof_name)},
	{"unknown", TEXTS, false, offsetof(struct nm_workload, unknown)},
	{0},
};

static const struct key requirement_keys[] = {
	{"label", ONCE, true, offsetof(struct nm_requirement, label)},
	{"finding", WORDS, true, offsetof(struct nm_requirement, findings)},
	{"when", WORDS, false, offsetof(struct nm_requirement, when)},
	{"is", WORDS, false, offsetof(struct nm_requirement, is)},
	{"equals", WORDS, false, offsetof(struct nm_requirement, equals)},
	{"lacks", WORDS, false, offsetof(struct nm_requirement, lacks)},
	{"at_least", WORDS, false, offsetof(struct nm_requirement, at_least)},
	{"level", ONCE, true, offsetof(struct nm_requirement, level_name)},
	{"remedy", ONCE, false, offsetof(struct nm_requirement, remedy)},
	{"source", ONCE, false, offsetof(struct nm_requirement, source)},
	{0},
};

static bool is_set(const struct key *key, const void *base)
{
	const struct nm_strings *strings = (const void *)((const char *)base + key->offset);
	const char *text;

	if (key->kind != ONCE)
		return strings->count;
	memcpy(&text, (const char *)base + key->offset, sizeof(text));
	return text;
}

static int check_required(struct parser *parser, const struct key *keys, const void *base,
			  const char *section)
{
	for (const struct key *key = keys; key->name; key++)
		if (key->required && !is_set(key, base))
			return refuse(parser, "[%s] lacks its \"%s\"", section, key->name);
	return 0;
}

/* "a.b" at least, of lower-case letters, digits and underscores; ".*" may be its end. */
static bool is_finding_id(const char *id)
{
	size_t parts = 0;

	for (;; id++) {
		size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_");

		if (!length)
			return parts && !strcmp(id, "*");
		parts++;
		id += length;
		if (!*id)
			return parts > 1;
		if (*id != '.')
			return false;
	}
}

static int check_ids(struct parser *parser, const struct nm_requirement *requirement)
{
	const struct nm_strings *findings = &requirement->findings;
	const struct nm_strings *when = &requirement->when;

	for (size_t i = 0; i < findings->count; i++)
		if (!is_finding_id(findings->items[i]))
			return refuse(parser, "\"%.64s\" is not the ID of a finding",
				      findings->items[i]);
	if (!when->count)
		return 0;
	if (!is_finding_id(when->items[0]) || strchr(when->items[0], '*'))
		return refuse(parser, "\"%.64s\" is not the ID of a finding", when->items[0]);
	return when->count > 1 ? 0 : refuse(parser, "\"when\" needs a finding and its values");
}

static bool is_version(const char *text)
{
	size_t length = strspn(text, "0123456789");

	while (length && length < 16 && text[length] == '.') {
		text += length + 1;
		length = strspn(text, "0123456789");
	}
	return length && length < 16 && !text[length];
}

static int check_condition(struct parser *parser, const struct nm_requirement *requirement)
{
	size_t conditions = !!requirement->is.count + !!requirement->equals.count +
			    !!requirement->lacks.count + !!requirement->at_least.count;

	if (conditions > 1)
		return refuse(parser, "only one of \"is\", \"equals\", \"lacks\", \"at_least\"");
	for (size_t i = 0; i < requirement->is.count; i++)
		if (nm_name_index(nm_status_names, requirement->is.items[i]) < 0)
			return refuse(parser, "\"%.64s\" is no status: pass, fail, warn, info",
				      requirement->is.items[i]);
	if (requirement->at_least.count > 1 ||
	    (requirement->at_least.count && !is_version(requirement->at_least.items[0])))
		return refuse(parser, "\"at_least\" needs a number or a version such as 5.10");
	return 0;
}

static int end_requirement(struct parser *parser)
{
	struct nm_requirement *requirement = parser->requirement;
	int r = check_required(parser, requirement_keys, requirement, "requirement");

	if (!r)
		r = check_ids(parser, requirement);
	if (!r)
		r = check_condition(parser, requirement);
	if (r)
		return r;
	requirement->level = nm_name_index(nm_check_level_names, requirement->level_name);
	if (requirement->level < 0)
		return refuse(parser, "level \"%.64s\": expected hard, soft or info",
			      requirement->level_name);
	return 0;
}

static int end_workload(struct parser *parser)
{
	struct nm_workload *profile = parser->profile;
	int r = check_required(parser, workload_keys, profile, "workload");
	size_t length;

	if (r)
		return r;
	length = strspn(profile->name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (profile->name[length] || length > 40 || *profile->name == '-')
		return refuse(parser,
			      "name \"%.64s\": expected up to 40 lower-case letters, digits and -",
			      profile->name);
	profile->proven_by_guest = !profile->proof_name || !strcmp(profile->proof_name, "guest");
	if (!profile->proven_by_guest && strcmp(profile->proof_name, "none") != 0)
		return refuse(parser, "proof \"%.64s\": expected guest or none",
			      profile->proof_name);
	return 0;
}

/* What is wrong with a section as a whole is told of the line where it begins. */
static int end_section(struct parser *parser)
{
	size_t line = parser->line;
	int r = 0;

	parser->line = parser->section;
	if (parser->requirement)
		r = end_requirement(parser);
	else if (parser->in_workload)
		r = end_workload(parser);
	parser->line = line;
	return r;
}

static int begin_section(struct parser *parser, const char *line)
{
	struct nm_workload *profile = parser->profile;
	int r = end_section(parser);

	if (r)
		return r;
	parser->section = parser->line;
	if (!strcmp(line, "[workload]")) {
		if (parser->in_workload)
			return refuse(parser, "a second [workload]; one file holds one");
		parser->in_workload = true;
		return 0;
	}
	if (strcmp(line, "[requirement]") != 0)
		return refuse(parser, "unknown section %.64s", line);
	if (!parser->in_workload)
		return refuse(parser, "[requirement] before [workload]");
	if (profile->requirements.count == MAX_REQUIREMENTS)
		return refuse(parser, "more than %u requirements", MAX_REQUIREMENTS);
	parser->requirement =
		nm_arena_append(parser->arena, &profile->requirements.items,
				&profile->requirements.count, sizeof(*parser->requirement));
	return parser->requirement ? 0 : -ENOMEM;
}

static int add_words(struct parser *parser, struct nm_strings *strings, char *value)
{
	char *rest = NULL;
	int r = 0;

	for (char *word = strtok_r(value, " \t", &rest); !r && word;
	     word = strtok_r(NULL, " \t", &rest))
		r = nm_strings_add(parser->arena, strings, word);
	return r;
}

static int set_value(struct parser *parser, const struct key *key, void *base, char *value)
{
	char *at = (char *)base + key->offset;
	const char *copy;

	if (key->kind == WORDS)
		return add_words(parser, (struct nm_strings *)(void *)at, value);
	if (key->kind == TEXTS)
		return nm_strings_add(parser->arena, (struct nm_strings *)(void *)at, value);
	if (is_set(key, base))
		return refuse(parser, "\"%s\" is given twice", key->name);
	copy = nm_arena_strdup(parser->arena, value);
	memcpy(at, &copy, sizeof(copy));
	return copy ? 0 : -ENOMEM;
}

/* Takes blanks off both ends. */
static char *trimmed(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length && strchr(" \t", text[length - 1]))
		text[--length] = '\0';
	return text;
}

static int parse_pair(struct parser *parser, char *line)
{
	const struct key *keys = parser->requirement ? requirement_keys : workload_keys;
	void *base = parser->requirement ? (void *)parser->requirement : (void *)parser->profile;
	char *equals = strchr(line, '=');
	const char *name;
	char *value;

	if (!equals)
		return refuse(parser, "expected key = value, [workload] or [requirement]");
	if (!parser->in_workload)
		return refuse(parser, "expected [workload] first");
	*equals = '\0';
	name = trimmed(line);
	value = trimmed(equals + 1);
	while (keys->name && strcmp(keys->name, name) != 0)
		keys++;
	if (!keys->name)
		return refuse(parser, "unknown key \"%.64s\" in [%s]", name,
			      parser->requirement ? "requirement" : "workload");
	return *value ? set_value(parser, keys, base, value)
		      : refuse(parser, "\"%s\" has no value", name);
}

static int parse_line(struct parser *parser, char *line)
{
	line = trimmed(line);
	if (!*line || *line == '#')
		return 0;
	return *line == '[' ? begin_section(parser, line) : parse_pair(parser, line);
}

/* A line of printable UTF-8, as a string of its own; NULL after an error. */
static char *take_line(struct parser *parser, const char *bytes, size_t length)
{
	char *line;

	if (length > MAX_LINE) {
		refuse(parser, "longer than %u bytes", MAX_LINE);
		return NULL;
	}
	line = nm_arena_strndup(parser->arena, bytes, length);
	for (size_t i = 0; line && i < length;) {
		size_t step = nm_utf8_length(line + i);
		unsigned char byte = (unsigned char)line[i];

		if (!step) {
			refuse(parser, "byte %02xh is not UTF-8", byte);
			return NULL;
		}
		if ((byte < 0x20 && byte != '\t') || byte == 0x7f ||
		    (byte == 0xc2 && (unsigned char)line[i + 1] < 0xa0)) {
			refuse(parser, "control character %02xh", byte);
			return NULL;
		}
		i += step;
	}
	return line;
}

static int parse_lines(struct parser *parser, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	int r = 0;

	while (!r && bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *stop = newline ? newline : end;
		char *line;

		parser->line++;
		line = take_line(parser, bytes, (size_t)(stop - bytes));
		r = line ? parse_line(parser, line) : -nm_error_last()->code;
		bytes = stop + 1;
	}
	return r;
}

int nm_workload_parse(struct nm_arena *arena, const char *place, const char *bytes, size_t length,
		      struct nm_workload *out)
{
	struct parser parser = {.arena = arena, .profile = out};
	int r;

	out->place = nm_arena_strdup(arena, place);
	out->text = bytes;
	out->length = length;
	if (!out->place)
		return -ENOMEM;
	if (length > NM_PROFILE_MAX_BYTES)
		return refuse(&parser, "larger than %zu bytes", NM_PROFILE_MAX_BYTES);
	r = parse_lines(&parser, bytes, length);
	if (!r)
		r = end_section(&parser);
	if (!r && !parser.in_workload)
		r = refuse(&parser, "no [workload]");
	if (!r && !out->requirements.count)
		r = refuse(&parser, "no [requirement]");
	return r;
}
