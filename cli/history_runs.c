/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history.h"

#include "analysis/history/runs.h"
#include "analysis/history/store.h"
#include "core/error.h"
#include "reports/trends.h"

typedef int (*render_history)(const struct nm_history *history,
			      const struct nm_render_options *options, struct nm_text *out);

static int print_history(const struct nm_history_options *options, const struct nm_history *history,
			 render_history render)
{
	const struct nm_render_options render_options = {.colour = nm_use_colour(options->colour)};
	struct nm_text text = {0};
	nm_json *json;
	int code;
	int r;

	if (options->json) {
		json = nm_record_write(&nm_history_record, history);
		r = nm_json_write(&text, json, true);
		nm_json_free(json);
	} else {
		r = render(history, &render_options, &text);
	}
	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : nm_print(&text);
	nm_text_free(&text);
	return code;
}

int nm_history_list_runs(struct nm_history_options *options)
{
	const struct nm_run_filter filter = {.host = options->filter.host,
					     .since = options->filter.since,
					     .until = options->filter.until};
	struct nm_history history = {0};
	struct nm_database *database;
	int code;

	if (options->argument_count)
		return nm_usage_error(&nm_command_history, "list: takes no argument: %s",
				      options->arguments[0]);
	if (nm_store_open(options->database, &database))
		return nm_report_error(NM_EXIT_USAGE);
	if (nm_history_list(database, &filter, &history))
		code = nm_report_error(NM_EXIT_UNDECIDED);
	else
		code = print_history(options, &history, nm_history_render_runs);
	nm_arena_free(&history.arena);
	nm_database_close(database);
	return code;
}

int nm_history_show_run(struct nm_history_options *options)
{
	struct nm_history history = {0};
	struct nm_database *database;
	int code;

	if (options->argument_count != 1 || !*options->arguments[0])
		return nm_usage_error(&nm_command_history, "show: expected a run");
	if (nm_store_open(options->database, &database))
		return nm_report_error(NM_EXIT_USAGE);
	if (nm_history_show(database, options->arguments[0], &history))
		code = nm_report_error(NM_EXIT_USAGE);
	else
		code = print_history(options, &history, nm_history_render_run);
	nm_arena_free(&history.arena);
	nm_database_close(database);
	return code;
}
