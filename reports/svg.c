/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/svg.h"

#include "core/error.h"
#include "reports/charts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char nm_chart_shapes[] =
	"<svg width=\"0\" height=\"0\" aria-hidden=\"true\" focusable=\"false\"><defs>"
	"<rect id=\"nm-pt3\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"0.4\" x=\"-1\" "
	"y=\"-1\" width=\"2\" height=\"2\"/>"
	"<rect id=\"nm-pt4\" fill=\"currentColor\" stroke=\"none\" x=\"-1\" y=\"-1\" width=\"2\" "
	"height=\"2\"/>"
	"<circle id=\"nm-pt5\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"0.4\" r=\"1\"/>"
	"<circle id=\"nm-pt6\" fill=\"currentColor\" stroke=\"none\" r=\"1\"/>"
	"<path id=\"nm-pt8\" fill=\"currentColor\" stroke=\"none\" "
	"d=\"M0,-1.33 L-1.33,0.67 L1.33,0.67 z\"/>"
	"<path id=\"nm-pt12\" fill=\"currentColor\" stroke=\"none\" "
	"d=\"M0,-1.4 L1.4,0 L0,1.4 L-1.4,0 z\"/>"
	"</defs></svg>\n";

/* What is taken away or put in place of something else; what ends a longer piece stands in `until`. */
static const struct {
	const char *from, *until, *to;
} changes[] = {
	{"<use xlink:href='#gpDot'", "/>", ""},
	{"<use xlink:href='#gpPt", NULL, "<use href='#nm-pt"},
	{"\t", NULL, ""},
	{" id=\"", "\"", ""},
	{"<title>", "</title>", ""},
	{" color=\"", "\"", ""},
	{" font-family=\"", "\"", ""},
	{" font-size=\"", "\"", ""},
	{" stroke-linecap=\"butt\"", NULL, ""},
	{" us</text>", NULL, " µs</text>"},
	{" kiB</text>", NULL, " KiB</text>"},
	{" stroke-linejoin=\"miter\"", NULL, ""},
};

/* "rgb(  0,   0,  17)" is the colour var(--c17). Returns what is behind it, or NULL when it is no such colour. */
static const char *put_colour(const char *at, struct nm_text *out)
{
	unsigned long parts[3];
	char *end = (char *)(size_t)(at + strlen("rgb("));

	for (size_t i = 0; i < 3; i++) {
		parts[i] = strtoul(end, &end, 10);
		if (*end++ != (i < 2 ? ',' : ')'))
			return NULL;
	}
	nm_text_printf(out, "var(--c%lu)", parts[2] & 0xff);
	return end;
}

/* Groups that gnuplot opens and leaves empty. */
static const char *skip_empty_group(const char *at)
{
	const char *end;

	if (strncmp(at, "<g fill=", 8) != 0)
		return at;
	end = strchr(at, '>');
	if (!end)
		return at;
	end += 1 + strspn(end + 1, "\n\t ");
	return !strncmp(end, "</g>", 4) ? end + 4 + strspn(end + 4, "\n") : at;
}

/* Takes one piece of the drawing; NULL when it is none that a drawing has. */
static const char *take_piece(const char *at, struct nm_text *out)
{
	const char *behind = skip_empty_group(at);

	if (behind != at)
		return behind;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		size_t length = strlen(changes[i].from);

		if (strncmp(at, changes[i].from, length) != 0)
			continue;
		nm_text_puts(out, changes[i].to);
		if (!changes[i].until)
			return at + length;
		behind = strstr(at + length, changes[i].until);
		return behind ? behind + strlen(changes[i].until) : NULL;
	}
	if (!strncmp(at, "rgb(", 4))
		return put_colour(at, out);
	nm_text_put(out, at, 1);
	return at + 1;
}

static bool is_harmless(const char *body)
{
	static const char *const foreign[] = {"<!",  "<?",	 "<script", "<style", "<image",
					      "<a ", "<foreign", "url(",    "://",    "xlink"};

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (strstr(body, foreign[i]))
			return false;
	return true;
}

static bool take_view_box(const char *drawing, char *view_box, size_t size)
{
	const char *at = strstr(drawing, " viewBox=\"");
	size_t length;

	if (!at)
		return false;
	at += strlen(" viewBox=\"");
	length = strspn(at, "0123456789. ");
	if (at[length] != '"' || length >= size)
		return false;
	memcpy(view_box, at, length);
	view_box[length] = '\0';
	return true;
}

int nm_svg_clean(const struct nm_text *drawing, char *view_box, size_t size, struct nm_text *out)
{
	static const char definitions[] = "</defs>";
	const char *at = drawing->bytes ? strstr(drawing->bytes, definitions) : NULL;
	const char *end = at ? strstr(at, "\n</g>\n</svg>") : NULL;

	if (!end || !take_view_box(drawing->bytes, view_box, size))
		return nm_fail(EIO, "gnuplot's drawing is not what was expected");
	at += strlen(definitions);
	at += strspn(at, "\n");
	while (at && at < end)
		at = take_piece(at, out);
	nm_text_puts(out, "\n");
	if (!at || nm_text_status(out) || !is_harmless(out->bytes))
		return nm_fail(EIO, "gnuplot's drawing is not what was expected");
	return 0;
}
