/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* A panel for each series, against time, with a line at each change. gnuplot draws (gnuplot.h). */
#include "reports/gnuplot.h"
#include "reports/plot.h"
#include "reports/trends.h"

#include "core/error.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAX_PANELS 24

/* Two blocks for each series: its points, and its changes. Floor and p50 stand on the left, the p99 on the right. */
#define SCRIPT(unit)                                                                               \
	"set encoding utf8\n"                                                                      \
	"set loadpath\n"                                                                           \
	"set datafile separator tab\n"                                                             \
	"set datafile commentschars \"\"\n"                                                        \
	"set datafile missing \"?\"\n"                                                             \
	"data = '" NM_GNUPLOT_DATA "'\n"                                                           \
	"stats data using 2 nooutput\n"                                                            \
	"panels = int(STATS_blocks) / 2\n"                                                         \
	"set terminal svg size 1000, 260 * panels dynamic noenhanced font 'sans,12' name 'chart' " \
	"background rgb '#ffffff'\n"                                                               \
	"set tics nomirror\n"                                                                      \
	"set border 3\n"                                                                           \
	"set grid xtics ytics lc rgb '#dddddd' lw 1 dt solid, lc rgb '#dddddd' lw 1 dt solid\n"    \
	"set key above left horizontal samplen 2\n"                                                \
	"set linetype 1 lc rgb '#1f6feb' lw 2 pt 7 ps 0.3\n"                                       \
	"set linetype 2 lc rgb '#8250df' lw 1 pt 7 ps 0.3\n"                                       \
	"set linetype 3 lc rgb '#9a6700' lw 1 pt 7 ps 0.3\n"                                       \
	"set linetype 4 lc rgb '#cf222e' lw 2 dt 2\n"                                              \
	"set xdata time\n"                                                                         \
	"set timefmt '%s'\n"                                                                       \
	"set format x '%Y-%m-%d'\n"                                                                \
	"set format y '" unit "'\n"                                                                \
	"set xtics rotate by -20\n"                                                                \
	"set lmargin 12\n"                                                                         \
	"set multiplot layout panels, 2\n"                                                         \
	"do for [i = 0 : panels - 1] {\n"                                                          \
	"plot for [s = 2 : 3] data index 2 * i using 1:s with linespoints lt s - 1 "               \
	"title columnheader(s), data index 2 * i + 1 using 1:2 with lines lt 4 "                   \
	"title columnheader(1)\n"                                                                  \
	"plot data index 2 * i using 1:4 with linespoints lt 3 title columnheader(4), "            \
	"data index 2 * i + 1 using 1:3 with lines lt 4 title columnheader(1)\n"                   \
	"}\n"                                                                                      \
	"unset multiplot\n"

static double seconds_of(const char *started)
{
	struct tm time = {0};
	const char *end = strptime(started, "%Y-%m-%dT%H:%M:%SZ", &time);

	return end && !*end ? (double)timegm(&time) : NAN;
}

struct range {
	double low, high;
};

static void widen(struct range *range, double value)
{
	if (isfinite(value) && value > 0) {
		range->low = fmin(range->low, value);
		range->high = fmax(range->high, value);
	}
}

static void begin_block(struct nm_plot *plot)
{
	nm_text_puts(&plot->data, plot->blocks ? "\n\n" : "");
	plot->blocks++;
}

/* What lines of the changes span. */
struct ranges {
	struct range left, right;
};

static void put_points(struct nm_plot *plot, const struct nm_trend_series *series, double scale,
		       struct ranges *ranges)
{
	char host_and_p99[64];

	snprintf(host_and_p99, sizeof(host_and_p99), "%.40s p99", series->host);
	begin_block(plot);
	nm_plot_put_label(plot, "time");
	nm_plot_put_label(plot, series->measurement);
	nm_plot_put_label(plot, "p50");
	nm_plot_put_label(plot, host_and_p99);
	nm_plot_end_row(plot);
	for (size_t i = 0; i < series->points.count; i++) {
		const struct nm_trend_point *point = &series->points.items[i];

		nm_plot_put_position(plot, seconds_of(point->started));
		nm_plot_put_number(plot, point->floor * scale);
		nm_plot_put_number(plot, point->p50 * scale);
		nm_plot_put_number(plot, point->p99 * scale);
		nm_plot_end_row(plot);
		widen(&ranges->left, point->floor * scale);
		widen(&ranges->left, point->p50 * scale);
		widen(&ranges->right, point->p99 * scale);
	}
}

static void put_end(struct nm_plot *plot, const struct nm_trend_change *change, double left,
		    double right)
{
	nm_plot_put_position(plot, seconds_of(change->started));
	nm_plot_put_number(plot, left);
	nm_plot_put_number(plot, right);
	nm_plot_end_row(plot);
}

static void put_changes(struct nm_plot *plot, const struct nm_trend_series *series,
			const struct ranges *ranges)
{
	begin_block(plot);
	nm_plot_put_label(plot, "change");
	nm_plot_put_label(plot, "");
	nm_plot_put_label(plot, "");
	nm_plot_end_row(plot);
	for (size_t i = 0; i < series->changes.count; i++) {
		put_end(plot, &series->changes.items[i], ranges->left.low, ranges->right.low);
		put_end(plot, &series->changes.items[i], ranges->left.high, ranges->right.high);
		nm_text_puts(&plot->data, "\n");
	}
	if (!series->changes.count)
		nm_text_puts(&plot->data, "?\t?\t?\n");
}

static void put_series(struct nm_plot *plot, const struct nm_trend_series *series)
{
	double scale = plot->counted ? 1 : 1e-9;
	struct ranges ranges = {.left = {.low = INFINITY}, .right = {.low = INFINITY}};

	put_points(plot, series, scale, &ranges);
	put_changes(plot, series, &ranges);
}

static bool is_counted(const struct nm_trend_series *series)
{
	return strcmp(series->unit, "ns") != 0;
}

static int check_panels(size_t panels, size_t counted)
{
	static const char remedy[] = "name some with --host or PATTERN";

	if (!panels)
		return nm_fail_remedy(EINVAL, "-a shows all series", "svg: no series has a change");
	if (panels > MAX_PANELS)
		return nm_fail_remedy(EINVAL, remedy,
				      "svg: %zu series, and a chart has room for %d", panels,
				      MAX_PANELS);
	if (counted && counted != panels)
		return nm_fail_remedy(EINVAL, remedy,
				      "svg: some series are times, and some counts");
	return 0;
}

int nm_trend_render_svg(const struct nm_trend *trend, const struct nm_render_options *options,
			struct nm_text *out)
{
	struct nm_plot plot = {0};
	size_t panels = 0;
	size_t counted = 0;
	int r;

	(void)options;
	for (size_t i = 0; i < trend->series.count; i++) {
		const struct nm_trend_series *series = &trend->series.items[i];

		if (!trend->all && !series->changes.count)
			continue;
		plot.counted = is_counted(series);
		counted += plot.counted;
		if (++panels <= MAX_PANELS)
			put_series(&plot, series);
	}
	r = check_panels(panels, counted);
	if (!r)
		r = nm_text_status(&plot.data);
	if (!r)
		r = nm_gnuplot(plot.counted ? SCRIPT("%.0s %c") : SCRIPT("%.2s %cs"), &plot.data,
			       out);
	nm_text_free(&plot.data);
	return r;
}
