/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_PROMETHEUS_H
#define NM_REPORTS_PROMETHEUS_H

#include "core/text.h"

#include <stddef.h>

/*
 * Files for node_exporter's textfile collector, which takes no timestamps on samples (README of node_exporter, "Textfile
 * Collector"). Samples of one metric stand together.
 */

/** What begins a gauge. */
void nm_prometheus_begin(struct nm_text *out, const char *metric, const char *help);

/** "metric{op="…",context="…",variant="…"": what tells a series; the caller adds labels and closes the brace. */
void nm_prometheus_put_series(struct nm_text *out, const char *metric, const char *name,
			      const char *operation, int context);

/** nestmark_build_info and the gauge `metric`, the time as seconds; a time that is none is left out. */
void nm_prometheus_put_times(struct nm_text *out, const char *version, const char *metric,
			     const char *help, const char *time);

#endif
