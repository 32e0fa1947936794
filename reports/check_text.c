/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Lines as users know them from virt-host-validate; within a workload what is wrong comes first. */
#include "reports/checks.h"
#include "reports/escape.h"

#include "core/document.h"

#include <errno.h>

#define LABEL_WIDTH 60
#define NAME_WIDTH  18

static const char *const level_words[] = {"PASS", "FAIL", "WARN", "NOTE", "UNKNOWN"};

enum rank { RANK_FAIL, RANK_UNDECIDED, RANK_WARN, RANK_UNKNOWN, RANK_NOTE, RANK_PASS, RANKS };

static enum rank rank_of(const struct nm_check_row *row)
{
	switch (row->status) {
	case NM_STATUS_FAIL:
		return RANK_FAIL;
	case NM_STATUS_UNKNOWN:
		return row->level == NM_LEVEL_HARD ? RANK_UNDECIDED : RANK_UNKNOWN;
	case NM_STATUS_WARN:
		return RANK_WARN;
	case NM_STATUS_INFO:
		return RANK_NOTE;
	default:
		return RANK_PASS;
	}
}

/* SGR parameters: green, red, yellow; the word says the same. */
static const char *status_colour(int status)
{
	static const char *const colours[] = {"32", "31", "33", NULL, "33"};

	return colours[status];
}

static const char *verdict_colour(int verdict)
{
	static const char *const colours[] = {"32", "33", "33", "33", "33", "31"};

	return colours[verdict];
}

static void put_padded(struct nm_text *out, const char *text, int width)
{
	nm_text_puts(out, text);
	for (size_t length; *text; text += length ? length : 1, width--)
		length = nm_utf8_length(text);
	nm_text_printf(out, "%*s", width > 0 ? width : 0, "");
}

static void put_word(struct nm_text *out, const struct nm_check_options *options, const char *word,
		     const char *colour)
{
	if (options->colour && colour)
		nm_text_printf(out, "\033[%sm%s\033[0m", colour, word);
	else
		nm_text_puts(out, word);
}

struct printer {
	const struct nm_check_workload *workload;
	const struct nm_check_options *options;
	const char *title;
	struct nm_arena *arena;
	struct nm_text *out;
};

static int put_line(const struct printer *printer, const char *label, const char *word,
		    const char *colour, const char *detail)
{
	if (!label || !detail)
		return -ENOMEM;
	nm_text_printf(printer->out, "%s: ", printer->title);
	put_padded(printer->out, label, LABEL_WIDTH);
	nm_text_puts(printer->out, " : ");
	put_word(printer->out, printer->options, word, colour);
	nm_text_printf(printer->out, *detail ? " (%s)\n" : "%s\n", detail);
	return 0;
}

static int put_row(const struct printer *printer, const struct nm_check_row *row, const char *label)
{
	bool explain = row->status != NM_STATUS_PASS || printer->options->verbose;

	return put_line(printer, label, level_words[row->status], status_colour(row->status),
			explain ? nm_check_detail(printer->arena, row->evidence, row->remedy) : "");
}

/* One line for all rows of a requirement that ended alike: "KVM capabilities (13 of 14)". */
static int put_summary(const struct printer *printer, size_t index)
{
	const struct nm_check_workload *workload = printer->workload;
	const struct nm_check_row *row = &workload->rows.items[index];
	size_t total = nm_check_count_rows(workload, row->number);
	size_t alike = 0;
	char *label;

	for (size_t i = 0; i < workload->rows.count; i++) {
		const struct nm_check_row *other = &workload->rows.items[i];
		bool same = other->number == row->number && other->status == row->status;

		/* The first of them speaks for all. */
		if (same && i < index)
			return 0;
		alike += same;
	}
	label = nm_printable(printer->arena, row->requirement);
	if (label && total > 1)
		label = alike == total ? nm_arena_printf(printer->arena, "%s (%zu)", label, total)
				       : nm_arena_printf(printer->arena, "%s (%zu of %zu)", label,
							 alike, total);
	return put_row(printer, row, label);
}

static int put_rows(const struct printer *printer, enum rank rank)
{
	const struct nm_check_workload *workload = printer->workload;
	bool each = printer->options->verbose || rank == RANK_FAIL || rank == RANK_WARN;
	int r = 0;

	for (size_t i = 0; !r && i < workload->rows.count; i++) {
		const struct nm_check_row *row = &workload->rows.items[i];

		if (rank_of(row) == rank)
			r = each ? put_row(printer, row,
					   nm_check_row_name(printer->arena, workload, row))
				 : put_summary(printer, i);
	}
	return r;
}

static int put_workload(struct printer *printer)
{
	const struct nm_check_workload *workload = printer->workload;
	int r = 0;

	printer->title = nm_printable(printer->arena, workload->title);
	if (!printer->title)
		return -ENOMEM;
	for (enum rank rank = 0; !r && rank < RANKS; rank++)
		r = put_rows(printer, rank);
	return r ? r
		 : put_line(printer, "verdict", nm_readiness_titles[workload->verdict],
			    verdict_colour(workload->verdict),
			    nm_check_detail(printer->arena, workload->reason, workload->remedy));
}

/* Nobody was named: one line for each, with what decided. */
static int put_overview(const struct printer *printer)
{
	const struct nm_check_workload *workload = printer->workload;
	const char *detail = nm_check_detail(printer->arena, workload->reason, workload->remedy);

	if (!detail)
		return -ENOMEM;
	put_padded(printer->out, workload->name, NAME_WIDTH);
	nm_text_puts(printer->out, " : ");
	put_word(printer->out, printer->options, nm_readiness_titles[workload->verdict],
		 verdict_colour(workload->verdict));
	nm_text_printf(printer->out, " (%s)\n", detail);
	return 0;
}

int nm_check_render_text(const struct nm_check *check, const struct nm_check_options *options,
			 struct nm_text *out)
{
	bool overview = !check->named && !options->verbose;
	struct nm_arena arena = {0};
	int r = 0;

	for (size_t i = 0; !r && i < check->workloads.count; i++) {
		struct printer printer = {.workload = &check->workloads.items[i],
					  .options = options,
					  .arena = &arena,
					  .out = out};

		if (i && !overview)
			nm_text_puts(out, "\n");
		r = overview ? put_overview(&printer) : put_workload(&printer);
	}
	if (overview)
		nm_text_puts(out, "\nnestmark check NAME shows what it needs, one by one, and "
				  "its exit code tells.\n");
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
