/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history.h"

#include "analysis/history/night.h"
#include "analysis/history/store.h"
#include "core/error.h"
#include "reports/trends.h"

#include <errno.h>
#include <string.h>

static const char *format_name(size_t format)
{
	return nm_trend_renderers[format].name;
}

static const char *format_extension(size_t format)
{
	return nm_trend_renderers[format].extension;
}

static int render(size_t format, const void *trend, const struct nm_render_options *options,
		  struct nm_text *out)
{
	return nm_trend_renderers[format].render(trend, options, out);
}

const struct nm_output_kind nm_trend_output = {format_name, format_extension, render};

/* What a check holds the night against. */
struct lists {
	struct nm_strings expected;
	struct nm_accepted_list accepted;
};

static int prepare(struct nm_history_options *options)
{
	const struct nm_command *command = &nm_command_history;
	struct nm_outputs *outputs = &options->outputs;

	if (options->json && !nm_outputs_add(command, outputs, "json:-"))
		return NM_EXIT_USAGE;
	if (!nm_outputs_to_stdout(outputs) && !nm_outputs_add(command, outputs, "text:-"))
		return NM_EXIT_USAGE;
	for (size_t i = 0; i < options->argument_count; i++)
		if (nm_strings_add(&options->arena, &options->filter.patterns,
				   options->arguments[i]))
			return nm_report_error(NM_EXIT_UNDECIDED);
	if (nm_outputs_name(outputs, &options->arena, "history") ||
	    nm_outputs_check(outputs, NULL, options->database))
		return nm_report_error(NM_EXIT_USAGE);
	return NM_EXIT_OK;
}

static int load(struct nm_history_options *options, struct nm_database *database,
		const struct lists *lists, struct nm_trend *trend)
{
	int r = nm_series_load(database, &options->filter, trend);

	trend->all = options->all;
	if (r)
		return r;
	nm_accepted_apply(&lists->accepted, trend);
	return nm_trend_find(database, &options->rule, trend);
}

static int write_trend(struct nm_history_options *options, const struct nm_trend *trend)
{
	int code;

	if (nm_outputs_open(&options->outputs, NULL))
		return nm_report_error(NM_EXIT_USAGE);
	code = nm_outputs_write(&options->outputs, trend, options->colour);
	nm_outputs_abandon(&options->outputs);
	return code;
}

int nm_history_trend(struct nm_history_options *options)
{
	static const struct lists none;
	struct nm_trend trend = {0};
	struct nm_database *database;
	int code = prepare(options);

	if (code)
		return code;
	if (nm_store_open(options->database, &database))
		return nm_report_error(NM_EXIT_USAGE);
	if (load(options, database, &none, &trend))
		code = nm_report_error(NM_EXIT_UNDECIDED);
	else if (!trend.series_count)
		code = nm_usage_error(&nm_command_history, "trend: nothing in the history matches");
	else
		code = write_trend(options, &trend);
	nm_trend_free(&trend);
	nm_database_close(database);
	return code;
}

static int judge(struct nm_history_options *options, struct nm_database *database,
		 const struct lists *lists, struct nm_trend *trend)
{
	const char *night = options->night;
	int r = 0;

	if (!night)
		r = nm_night_newest(database, &options->filter, &trend->arena, &night);
	if (!r && !night)
		return nm_fail(ENOENT, "check: nothing in the history matches");
	options->filter.until = night;
	if (!r)
		r = load(options, database, lists, trend);
	return r ? r
		 : nm_night_judge(database, &options->filter, night,
				  options->expect ? &lists->expected : NULL, trend);
}

static int verdict_code(const struct nm_trend_night *night)
{
	if (!strcmp(night->verdict, "regressed"))
		return NM_EXIT_CHECK_FAILED;
	return strcmp(night->verdict, "passed") ? NM_EXIT_UNDECIDED : NM_EXIT_OK;
}

static int check_with(struct nm_history_options *options, const struct lists *lists)
{
	struct nm_trend trend = {0};
	struct nm_database *database;
	int written;
	int code;

	if (nm_store_open(options->database, &database))
		return nm_report_error(NM_EXIT_USAGE);
	if (judge(options, database, lists, &trend)) {
		code = nm_report_error(NM_EXIT_UNDECIDED);
	} else {
		code = verdict_code(trend.night);
		written = write_trend(options, &trend);
		code = code ? code : written;
	}
	nm_trend_free(&trend);
	nm_database_close(database);
	return code;
}

int nm_history_check(struct nm_history_options *options)
{
	struct lists lists = {0};
	int code = prepare(options);

	if (code)
		return code;
	if ((options->expect &&
	     nm_expected_read(options->expect, &options->arena, &lists.expected)) ||
	    (options->accept &&
	     nm_accepted_read(options->accept, &options->arena, &lists.accepted)))
		return nm_report_error(NM_EXIT_USAGE);
	return check_with(options, &lists);
}
