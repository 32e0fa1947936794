/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The parser of policy files (docs/compare.md): lines "key = value" under [gate], [default], [group NAME], [match GLOB]. */
#include "analysis/policy.h"

#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)64 << 10)
#define MAX_RULES 500u

static const char see[] = "docs/compare.md shows the default policy";

struct parser {
	struct nm_policy *policy;
	struct nm_policy_rule
		*rule; /* what the section is about; NULL in [gate] and before the first */
	bool in_gate;
	bool seen_gate[3]; /* keys of [gate], in the order of their table */
	size_t line;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct parser *parser,
							const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return nm_fail_remedy(EINVAL, see, "%s:%zu: %s", parser->policy->name, parser->line, what);
}

/* A number, and behind it one of some units (NULL at the end), whose factor it is multiplied by. */
struct unit {
	const char *name;
	double factor;
};

static bool parse_number(const char *text, const struct unit *units, double most, double *out)
{
	char *end;

	*out = strtod(text, &end);
	if (end == text || !strchr("0123456789.", *text))
		return false;
	end += strspn(end, " \t");
	for (; units->name; units++)
		if (!strcmp(end, units->name)) {
			*out *= units->factor;
			return isfinite(*out) && *out >= 0 && *out <= most;
		}
	return false;
}

static const struct unit percent[] = {{"%", 1}, {0}};
static const struct unit plain[] = {{"", 1}, {0}};
static const struct unit times[] = {{"ns", 1},	 {"us", 1e3},	      {"µs", 1e3},
				    {"ms", 1e6}, {"instructions", 1}, {0}};

static bool parse_switch(const char *text, bool *out)
{
	*out = !strcmp(text, "yes");
	return *out || !strcmp(text, "no");
}

static int parse_gate_key(struct parser *parser, const char *key, const char *value)
{
	static const char *const keys[] = {"q", "strict", "max-undecided", NULL};
	struct nm_policy *policy = parser->policy;
	int index = nm_name_index(keys, key);

	if (index < 0)
		return refuse(parser, "[gate] has no key \"%.40s\"", key);
	if (parser->seen_gate[index])
		return refuse(parser, "\"%s\" stands twice", key);
	parser->seen_gate[index] = true;
	if (index == 0 && (!parse_number(value, plain, 0.5, &policy->false_discovery_rate) ||
			   policy->false_discovery_rate == 0))
		return refuse(parser, "q = %.40s: expected a rate such as 0.05, at most 0.5",
			      value);
	if (index == 1 && !parse_switch(value, &policy->strict))
		return refuse(parser, "strict = %.40s: expected yes or no", value);
	if (index == 2 && !parse_number(value, percent, 100, &policy->max_undecided_percent))
		return refuse(parser, "max-undecided = %.40s: expected a share such as 5%%", value);
	return 0;
}

/* "3%", "show 3%" or "show". */
static int parse_threshold(struct parser *parser, int kind, const char *value)
{
	static const char show[] = "show";
	struct nm_policy_rule *rule = parser->rule;
	const char *text = value;

	if (rule->says_gated[kind])
		return refuse(parser, "\"%s\" stands twice", nm_compared_kind_names[kind]);
	rule->says_gated[kind] = true;
	rule->limits.gated[kind] = strncmp(value, show, strlen(show)) != 0;
	if (!rule->limits.gated[kind])
		text += strlen(show) + strspn(value + strlen(show), " \t");
	if (!*text)
		return 0;
	rule->says_threshold[kind] = true;
	if (!parse_number(text, percent, 1000, &rule->limits.threshold_percent[kind]) ||
	    rule->limits.threshold_percent[kind] == 0)
		return refuse(parser, "%s = %.40s: expected a threshold such as 3%%, or show",
			      nm_compared_kind_names[kind], value);
	return 0;
}

static int parse_rule_key(struct parser *parser, const char *key, const char *value)
{
	struct nm_policy_rule *rule = parser->rule;
	int kind = nm_name_index(nm_compared_kind_names, key);
	bool gate;

	if (kind >= 0)
		return parse_threshold(parser, kind, value);
	if (!strcmp(key, "minimum-effect")) {
		if (rule->says_minimum_effect)
			return refuse(parser, "\"%s\" stands twice", key);
		rule->says_minimum_effect = true;
		if (!parse_number(value, times, 1e12, &rule->limits.minimum_effect))
			return refuse(parser, "minimum-effect = %.40s: expected a time such as 2ns",
				      value);
		return 0;
	}
	if (strcmp(key, "gate") != 0)
		return refuse(parser, "no such key: \"%.40s\"", key);
	if (rule->says_ignored)
		return refuse(parser, "\"%s\" stands twice", key);
	if (!parse_switch(value, &gate))
		return refuse(parser, "gate = %.40s: expected yes or no", value);
	rule->says_ignored = true;
	rule->limits.ignored = !gate;
	return 0;
}

static int add_rule(struct parser *parser, const char *group, const char *pattern)
{
	struct nm_policy *policy = parser->policy;

	if (policy->rules.count == MAX_RULES)
		return refuse(parser, "more than %u sections", MAX_RULES);
	parser->rule = nm_arena_append(&policy->arena, &policy->rules.items, &policy->rules.count,
				       sizeof(*parser->rule));
	if (!parser->rule)
		return -ENOMEM;
	parser->rule->group = nm_arena_strdup(&policy->arena, group);
	parser->rule->pattern = nm_arena_strdup(&policy->arena, pattern);
	return (group && !parser->rule->group) || (pattern && !parser->rule->pattern) ? -ENOMEM : 0;
}

/* What is behind a word and blanks, or NULL. */
static const char *behind(const char *text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(text, word, length) != 0 || !strspn(text + length, " \t"))
		return NULL;
	text += length + strspn(text + length, " \t");
	return *text ? text : NULL;
}

static int parse_section(struct parser *parser, char *line)
{
	size_t length = strlen(line);
	const char *name = line + 1;
	const char *group;
	const char *pattern;

	if (line[length - 1] != ']')
		return refuse(parser, "the section does not end with ]");
	line[length - 1] = '\0';
	group = behind(name, "group");
	pattern = behind(name, "match");
	parser->in_gate = !strcmp(name, "gate");
	parser->rule = NULL;
	if (parser->in_gate)
		return 0;
	if (!group && !pattern && strcmp(name, "default") != 0)
		return refuse(parser,
			      "[%.40s]: expected [gate], [default], [group NAME] or [match GLOB]",
			      name);
	return add_rule(parser, group, pattern);
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return text;
}

static int parse_line(struct parser *parser, char *line)
{
	char *equals;
	const char *key;
	const char *value;

	line = trim(line);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	if (*line == '[')
		return parse_section(parser, line);
	equals = strchr(line, '=');
	if (!equals)
		return refuse(parser, "neither a section nor key = value: %.40s", line);
	*equals = '\0';
	key = trim(line);
	value = trim(equals + 1);
	if (parser->in_gate)
		return parse_gate_key(parser, key, value);
	if (!parser->rule)
		return refuse(parser, "\"%.40s\" stands before the first section", key);
	return parse_rule_key(parser, key, value);
}

static int parse(struct parser *parser, char *text, size_t length)
{
	int r = 0;

	if (strlen(text) != length)
		return refuse(parser, "not a text: it has a zero byte");
	while (!r && text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		parser->line++;
		r = parse_line(parser, text);
		text = end;
	}
	return r;
}

int nm_policy_parse(const char *name, char *text, size_t length, struct nm_policy *out)
{
	struct parser parser = {.policy = out};
	int r;

	*out = nm_policy_default;
	out->name = nm_arena_strdup(&out->arena, name);
	r = out->name ? parse(&parser, text, length) : -ENOMEM;
	if (r)
		nm_policy_free(out);
	return r;
}

int nm_policy_read(const char *path, struct nm_policy *out)
{
	struct nm_text text = {0};
	char empty[] = "";
	int r = nm_file_read(path, MAX_BYTES, &text);

	if (!r)
		r = nm_policy_parse(path, text.bytes ? text.bytes : empty, text.length, out);
	nm_text_free(&text);
	return r;
}

void nm_policy_free(struct nm_policy *policy)
{
	nm_arena_free(&policy->arena);
	*policy = (struct nm_policy) {0};
}
