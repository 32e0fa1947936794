/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_FORMAT_H
#define NM_REPORTS_FORMAT_H

#include "core/arena.h"
#include "core/document.h"

/* Values as people read them, with three significant digits; "–" for NAN. NULL without memory. */

/** "12,345": instructions, with as many digits as stand before the point. */
char *nm_format_instructions(struct nm_arena *arena, double count);

/** "8.31 µs": nanoseconds in the unit that fits. */
char *nm_format_ns(struct nm_arena *arena, double ns);

/** One of these two, as the unit of a measurement says. */
char *nm_format_value(struct nm_arena *arena, const char *unit, double value);

/** "8.31 µs [8.20, 8.42]": with its interval, where it has one. */
char *nm_format_statistic(struct nm_arena *arena, const char *unit,
			  const struct nm_statistic *statistic);

/** "12.3 [12.0, 13.5]"; "–" without its interval. */
char *nm_format_ratio(struct nm_arena *arena, const struct nm_statistic *ratio);

/** "+4.5 % [+1.5, +8.8]": a ratio as a change; "–" without its interval. */
char *nm_format_change(struct nm_arena *arena, const struct nm_statistic *ratio);

/** "12.3 k/s [12.1, 12.4]" or, with a unit, "50.4 MB/s [49.6, 50.8]": a rate that has its interval. */
char *nm_format_rate(struct nm_arena *arena, const struct nm_statistic *rate, const char *unit);

/** "1.00": events per operation. */
char *nm_format_count(struct nm_arena *arena, double count);

/** "20 µs": where a bucket of a histogram begins. */
char *nm_format_edge(struct nm_arena *arena, const char *unit, double value);

/** The value of a finding: "yes", "42", or its text. */
char *nm_format_finding(struct nm_arena *arena, const struct nm_value *value);

#endif
