/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_HISTORY_H
#define NM_CLI_HISTORY_H

#include "analysis/history/series.h"
#include "analysis/history/trend.h"
#include "cli/outputs.h"

/** What the command line of nestmark history says. */
struct nm_history_options {
	struct nm_arena arena;
	const char *database;
	struct nm_series_filter filter;
	struct nm_trend_rule rule;
	struct nm_outputs outputs; /* of trend and check */
	bool json, all, quiet;
	const char *expect, *accept, *night; /* of check */
	enum nm_colour colour;
	char **arguments;
	size_t argument_count;
};

extern const struct nm_output_kind nm_trend_output;

/* The subcommands. Each returns an exit code. */
int nm_history_import(struct nm_history_options *options);
int nm_history_list_runs(struct nm_history_options *options);
int nm_history_show_run(struct nm_history_options *options);
int nm_history_trend(struct nm_history_options *options);
int nm_history_check(struct nm_history_options *options);

#endif
