/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/escape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef void (*put_character)(struct nm_text *out, const char *character, size_t length);

/* A printable copy, which the caller frees; NULL, with out marked as failed, without memory. */
static char *printable_copy(struct nm_text *out, const char *text)
{
	size_t size = strlen(text) + 1;
	char *clean = malloc(size);

	if (!clean) {
		out->failed = true;
		return NULL;
	}
	return nm_text_printable(clean, size, text);
}

static void put_each(struct nm_text *out, const char *text, put_character put)
{
	char *clean = printable_copy(out, text);
	size_t length;

	for (const char *c = clean; c && *c; c += length) {
		length = nm_utf8_length(c);
		put(out, c, length);
	}
	free(clean);
}

/* XML 1.0 forbids U+FFFE and U+FFFF; HTML all that end so in other planes. */
static bool is_noncharacter(const char *c, size_t length)
{
	const unsigned char *b = (const unsigned char *)c;

	if (length == 3)
		return (b[0] == 0xef && b[1] == 0xbf && b[2] >= 0xbe) ||
		       (b[0] == 0xef && b[1] == 0xb7 && b[2] >= 0x90 && b[2] <= 0xaf);
	return length == 4 && (b[1] & 0x0f) == 0x0f && b[2] == 0xbf && b[3] >= 0xbe;
}

static void put_xml(struct nm_text *out, const char *c, size_t length)
{
	static const struct {
		char character;
		const char *entity;
	} entities[] = {
		{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"},
	};

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (*c == entities[i].character) {
			nm_text_puts(out, entities[i].entity);
			return;
		}
	if (!is_noncharacter(c, length))
		nm_text_put(out, c, length);
}

void nm_put_xml(struct nm_text *out, const char *text)
{
	put_each(out, text, put_xml);
}

static void put_markdown(struct nm_text *out, const char *c, size_t length)
{
	if (*c == '&')
		nm_text_puts(out, "&amp;");
	else if (strchr("\\`|*_[]<>", *c))
		nm_text_printf(out, "\\%c", *c);
	else
		nm_text_put(out, c, length);
}

void nm_put_markdown(struct nm_text *out, const char *text)
{
	put_each(out, text, put_markdown);
}

static void put_csv(struct nm_text *out, const char *c, size_t length)
{
	if (*c == '"')
		nm_text_puts(out, "\"");
	nm_text_put(out, c, length);
}

/* Also the full-width forms, which spreadsheets of some languages take for the same. */
static bool is_formula(const char *text)
{
	static const char *const starts[] = {
		"=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};

	text += strspn(text, " ");
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (!strncmp(text, starts[i], strlen(starts[i])))
			return true;
	return false;
}

void nm_put_csv(struct nm_text *out, const char *text)
{
	char *clean = printable_copy(out, text);
	bool formula;
	bool quote;

	if (!clean)
		return;
	formula = is_formula(clean);
	quote = formula || strpbrk(clean, ",;\" '");
	if (quote)
		nm_text_puts(out, "\"");
	if (formula)
		nm_text_puts(out, "'");
	put_each(out, clean, put_csv);
	if (quote)
		nm_text_puts(out, "\"");
	free(clean);
}

static void put_ktap(struct nm_text *out, const char *c, size_t length)
{
	nm_text_put(out, *c == '#' ? " " : c, length);
}

void nm_put_ktap(struct nm_text *out, const char *text)
{
	put_each(out, text, put_ktap);
}

static void put_github_text(struct nm_text *out, const char *c, size_t length)
{
	if (*c == '%')
		nm_text_puts(out, "%25");
	else
		nm_text_put(out, c, length);
}

static void put_github_property(struct nm_text *out, const char *c, size_t length)
{
	if (*c == ':' || *c == ',')
		nm_text_printf(out, "%%%02X", (unsigned int)(unsigned char)*c);
	else
		put_github_text(out, c, length);
}

void nm_put_github(struct nm_text *out, const char *text, bool property)
{
	put_each(out, text, property ? put_github_property : put_github_text);
}

static void put_label(struct nm_text *out, const char *c, size_t length)
{
	if (*c == '\\' || *c == '"')
		nm_text_puts(out, "\\");
	nm_text_put(out, c, length);
}

void nm_put_label(struct nm_text *out, const char *text)
{
	put_each(out, text, put_label);
}

static void put_word(struct nm_text *out, const char *c, size_t length)
{
	nm_text_put(out, *c == ' ' ? "_" : c, length);
}

void nm_put_word(struct nm_text *out, const char *text)
{
	size_t before = out->length;

	put_each(out, text, put_word);
	if (out->length == before)
		nm_text_puts(out, "-");
}

void nm_put_number(struct nm_text *out, double value, const char *absent)
{
	if (isfinite(value))
		nm_text_printf(out, "%.10g", value);
	else
		nm_text_puts(out, absent);
}

char *nm_printable(struct nm_arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *clean = nm_arena_alloc(arena, size);

	return clean ? nm_text_printable(clean, size, text) : NULL;
}
