/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/html.h"

#include "reports/escape.h"

void nm_html_put(struct nm_text *out, const char *tag, const char *class, const char *text)
{
	nm_text_printf(out, "<%s", tag);
	if (class)
		nm_text_printf(out, " class=\"%s\"", class);
	nm_text_puts(out, ">");
	nm_put_xml(out, text);
	nm_text_printf(out, "</%s>\n", tag);
}

/* The policy holds even where something foreign got in: nothing runs, and nothing is fetched. */
static void put_head(struct nm_text *out, const char *kind, const char *title)
{
	nm_text_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
			  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
			  "&apos;none&apos;; style-src &apos;unsafe-inline&apos;\"/>\n"
			  "<meta name=\"viewport\" content=\"width=device-width, "
			  "initial-scale=1\"/>\n"
			  "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
	nm_put_xml(out, title);
	nm_text_printf(out, " – %s</title>\n<style>\n%s</style>\n</head>\n", kind, nm_html_style);
}

void nm_html_begin(struct nm_text *out, const char *kind, const char *title, const char *lead)
{
	put_head(out, kind, title);
	nm_text_puts(out, "<body>\n<a class=\"skip\" href=\"#verdict\">To the verdict</a>\n"
			  "<header>\n");
	nm_html_put(out, "p", "kind", kind);
	nm_html_put(out, "h1", NULL, title);
	nm_html_put(out, "p", "lead", lead);
	nm_text_puts(out, "</header>\n");
}

void nm_html_end(struct nm_text *out, const char *footer)
{
	nm_text_puts(out, "</main>\n<footer>\n");
	nm_html_put(out, "p", NULL, footer);
	nm_text_puts(out, "</footer>\n</body>\n</html>\n");
}

void nm_html_navigation(struct nm_text *out, const struct nm_html_section *sections)
{
	nm_text_puts(out, "<nav aria-label=\"Sections\">\n<ul>\n");
	for (; sections->id; sections++) {
		nm_text_printf(out, "<li><a href=\"#%s\">", sections->id);
		nm_put_xml(out, sections->title);
		nm_text_puts(out, "</a></li>\n");
	}
	nm_text_puts(out, "</ul>\n</nav>\n<main>\n");
}

void nm_html_begin_section(struct nm_text *out, const char *id, const char *title)
{
	nm_text_printf(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">", id, id);
	nm_put_xml(out, title);
	nm_text_puts(out, "</h2>\n");
}

void nm_html_end_section(struct nm_text *out)
{
	nm_text_puts(out, "</section>\n");
}

void nm_html_list(struct nm_text *out, const struct nm_strings *lines)
{
	if (!lines->count)
		return;
	nm_text_puts(out, "<ul class=\"lines\">\n");
	for (size_t i = 0; i < lines->count; i++)
		nm_html_put(out, "li", NULL, lines->items[i]);
	nm_text_puts(out, "</ul>\n");
}

/* Who cannot point at a box that scrolls can reach it by the keyboard. */
static void begin_box(struct nm_text *out, const char *class, const char *name)
{
	nm_text_printf(out, "<div class=\"%s\" role=\"region\" tabindex=\"0\" aria-label=\"",
		       class);
	nm_put_xml(out, name);
	nm_text_puts(out, "\">\n");
}

void nm_html_begin_table(struct nm_text *out, const char *caption,
			 const struct nm_html_column *columns)
{
	begin_box(out, "scroll", caption);
	nm_text_puts(out, "<table>\n");
	nm_html_put(out, "caption", NULL, caption);
	nm_text_puts(out, "<thead><tr>\n");
	for (; columns->title; columns++) {
		nm_text_printf(out, "<th scope=\"col\"%s>",
			       columns->kind == NM_HTML_NUMBER ? " class=\"n\"" : "");
		nm_put_xml(out, columns->title);
		nm_text_puts(out, "</th>\n");
	}
	nm_text_puts(out, "</tr></thead>\n<tbody>\n");
}

void nm_html_end_table(struct nm_text *out)
{
	nm_text_puts(out, "</tbody>\n</table>\n</div>\n");
}

static void put_cell(struct nm_text *out, const struct nm_html_column *column, const char *text,
		     const char *badge)
{
	static const char *const starts[] = {"<td>", "<td class=\"n\">", "<td class=\"t\">"};

	nm_text_puts(out, starts[column->kind]);
	if (badge)
		nm_text_printf(out, "<span class=\"badge %s\">", badge);
	nm_put_xml(out, text);
	nm_text_puts(out, badge ? "</span></td>" : "</td>");
}

void nm_html_row(struct nm_text *out, const struct nm_html_column *columns,
		 const char *const *cells, const char *badge)
{
	nm_text_puts(out, "<tr><th scope=\"row\">");
	nm_put_xml(out, cells[0]);
	nm_text_puts(out, "</th>");
	for (size_t i = 1; columns[i].title; i++)
		put_cell(out, &columns[i], cells[i], columns[i + 1].title ? NULL : badge);
	nm_text_puts(out, "</tr>\n");
}

static void put_chart(struct nm_text *out, const struct nm_chart *chart, size_t number)
{
	nm_text_puts(out, "<figure>\n");
	nm_html_put(out, "h3", NULL, chart->title);
	begin_box(out, "scroll chart", chart->title);
	nm_text_printf(out,
		       "<svg viewBox=\"%s\" role=\"img\" aria-labelledby=\"chart-%zu-title "
		       "chart-%zu-text\">\n<title id=\"chart-%zu-title\">",
		       chart->view_box, number, number, number);
	nm_put_xml(out, chart->title);
	nm_text_printf(out, "</title>\n<desc id=\"chart-%zu-text\">", number);
	nm_put_xml(out, chart->text);
	nm_text_puts(out, "</desc>\n");
	nm_text_put(out, chart->body.bytes, chart->body.length);
	nm_text_puts(out, "</svg>\n</div>\n<figcaption>");
	nm_put_xml(out, chart->text);
	if (chart->left_out)
		nm_text_printf(out, " %zu more are in the tables.", chart->left_out);
	nm_text_puts(out, "</figcaption>\n</figure>\n");
}

void nm_html_charts(struct nm_text *out, const struct nm_charts *charts)
{
	nm_html_begin_section(out, "charts", "Charts");
	if (charts->missing) {
		nm_text_puts(out, "<p class=\"note\">Charts are missing: ");
		nm_put_xml(out, charts->missing);
		nm_text_puts(out, ". The tables have all figures.</p>\n");
	} else if (!charts->count) {
		nm_html_put(out, "p", "note", "There is nothing to draw.");
	}
	if (charts->count)
		nm_text_puts(out, nm_chart_shapes);
	for (size_t i = 0; i < charts->count; i++)
		put_chart(out, &charts->items[i], i + 1);
	nm_html_end_section(out);
}
