/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/report.h"

#include "reports/format.h"
#include "reports/table.h"

#include <errno.h>
#include <string.h>

static const char *status_colour(int status)
{
	switch (status) {
	case NM_STATUS_PASS:
		return "green";
	case NM_STATUS_FAIL:
		return "red";
	case NM_STATUS_WARN:
		return "brown";
	default:
		return NULL;
	}
}

/* One long value must not push all evidence off the screen: it is cut in its column and leads the evidence. */
#define MAX_VALUE 32u

static const char *short_value(struct nm_arena *arena, const char *value)
{
	size_t length = MAX_VALUE - 4;

	if (strlen(value) <= MAX_VALUE)
		return value;
	while (length && value[length] != ' ' && ((unsigned char)value[length] & 0xc0) != 0xc0)
		length--;
	if (length < MAX_VALUE / 2)
		length = MAX_VALUE - 4;
	while ((unsigned char)value[length] >> 6 == 2)
		length--;
	return nm_arena_printf(arena, "%.*s ...", (int)length, value);
}

static int add_finding(struct libscols_table *table, struct nm_arena *arena,
		       const struct nm_finding *finding)
{
	static const char *const words[] = {"PASS", "FAIL", "WARN", "NOTE", "UNKNOWN"};
	struct libscols_line *line = scols_table_new_line(table, NULL);
	bool advise = finding->remedy && finding->status != NM_STATUS_INFO;
	const char *value = nm_format_finding(arena, &finding->value);
	const char *cell = value ? short_value(arena, value) : NULL;
	const char *detail =
		advise ? nm_arena_printf(arena, "%s (%s)", finding->evidence, finding->remedy)
		       : finding->evidence;
	int r;

	if (cell && detail && cell != value)
		detail = nm_arena_printf(arena, "%s: %s", value, detail);
	if (!line || !cell || !detail)
		return -ENOMEM;
	r = nm_table_set_cell(arena, line, 0, finding->id);
	if (!r)
		r = nm_table_set_cell(arena, line, 1, words[finding->status]);
	if (!r)
		r = nm_table_set_cell(arena, line, 2, cell);
	if (!r)
		r = nm_table_set_cell(arena, line, 3, detail);
	if (!r)
		scols_cell_set_color(scols_line_get_cell(line, 1), status_colour(finding->status));
	return r;
}

static int print_table(const struct nm_findings *findings, const struct nm_render_options *options,
		       struct nm_text *out)
{
	static const char *const titles[] = {"finding", "level", "value", "evidence"};
	struct libscols_table *table = nm_table_new(options);
	struct nm_arena arena = {0};
	int r = table ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < sizeof(titles) / sizeof(titles[0]); i++)
		r = nm_table_add_column(&arena, table, titles[i], 0);
	for (size_t i = 0; !r && i < findings->count; i++)
		r = add_finding(table, &arena, &findings->items[i]);
	if (!r)
		r = nm_table_print(table, out);
	scols_unref_table(table);
	nm_arena_free(&arena);
	return r;
}

/* A line of text without what a terminal would obey. */
static void put_line(struct nm_text *out, const char *title, const char *text)
{
	char clean[2048];

	nm_text_printf(out, "%s: %s\n", title, nm_text_printable(clean, sizeof(clean), text));
}

int nm_render_probe_text(const struct nm_probe_view *view, const struct nm_render_options *options,
			 struct nm_text *out)
{
	const struct nm_finding *verdict = nm_findings_get(view->all, "verdict.nesting");
	size_t hidden = view->all->count - view->shown.count;
	int r = print_table(&view->shown, options, out);

	if (r)
		return r;
	nm_text_puts(out, "\n");
	if (hidden)
		nm_text_printf(out, "%zu more findings: --all shows them\n", hidden);
	if (view->replay)
		put_line(out, "replay",
			 view->note ? view->note : "a recorded machine, not this one");
	if (verdict && verdict->value.type == NM_VALUE_STRING)
		put_line(out, "nesting", verdict->value.string);
	if (verdict && verdict->remedy)
		put_line(out, "next", verdict->remedy);
	return nm_text_status(out);
}

int nm_render_probe_json(const struct nm_probe_view *view, struct nm_text *out)
{
	nm_json *document = nm_json_new_object();
	nm_json *array = nm_json_new_array();
	int r;

	for (size_t i = 0; i < view->shown.count; i++)
		nm_json_append(array, nm_record_write(&nm_finding_record, &view->shown.items[i]));
	nm_json_add(document, "schema", nm_json_string("nestmark/probe/1"));
	nm_json_add(document, "tool_version", nm_json_string(NM_VERSION));
	nm_json_add(document, "source", nm_json_string(view->replay ? "replay" : "live"));
	nm_json_add(document, "note", nm_json_string(view->note));
	nm_json_add(document, "findings", array);
	r = nm_json_write(out, document, true);
	nm_json_free(document);
	return r;
}
