/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/plot.h"

#include "core/error.h"
#include "reports/gnuplot.h"
#include "reports/svg.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define LABEL_LENGTH 48

/* Colours are numbers that reports/svg.c turns into variables of the page. */
#define COMMON                                                                                     \
	"set encoding utf8\n"                                                                      \
	"set loadpath\n"                                                                           \
	"set datafile separator tab\n"                                                             \
	"set datafile commentschars \"\"\n"                                                        \
	"set datafile missing \"?\"\n"                                                             \
	"set tics nomirror textcolor rgb '#000001'\n"                                              \
	"set border 3 lc rgb '#000001'\n"                                                          \
	"set grid xtics ytics lc rgb '#000002' lw 1 dt solid, lc rgb '#000002' lw 1 dt solid\n"    \
	"set key above left horizontal samplen 2 textcolor rgb '#000001'\n"                        \
	"set style fill transparent solid 0.35 noborder\n"                                         \
	"set bars 0.6\n"                                                                           \
	"set linetype 1 lc rgb '#000010' lw 2 pt 7 ps 0.7\n"                                       \
	"set linetype 2 lc rgb '#000011' lw 2 pt 5 ps 0.7\n"                                       \
	"set linetype 3 lc rgb '#000012' lw 2 pt 13 ps 0.9\n"                                      \
	"set linetype 4 lc rgb '#000013' lw 2 pt 9 ps 0.8\n"                                       \
	"set linetype 5 lc rgb '#000014' lw 2 pt 6 ps 0.8\n"                                       \
	"set linetype 6 lc rgb '#000015' lw 2 pt 4 ps 0.8\n"                                       \
	"data = '" NM_GNUPLOT_DATA "'\n"
#define TERMINAL(size)                                                                             \
	"set terminal svg size " size " dynamic noenhanced font 'sans,12' name 'chart' "           \
	"background rgb '#000000'\n"
#define SECONDS	     "unit = '%.0s %cs'\n"
#define INSTRUCTIONS "unit = '%.0s %c'\n"

/* Values along the horizontal axis, a row for each. */
#define ROWS                                                                                       \
	"stats data index 0 using 1 nooutput\n"                                                    \
	"rows = int(STATS_max) + 1\n"                                                              \
	"stats data using 2 nooutput\n"                                                            \
	"blocks = int(STATS_blocks)\n"                                                             \
	"low = STATS_min; high = STATS_max\n"                                                      \
	"stats data index 1:(blocks - 1) using (valid(3) ? $3 : $2) nooutput\n"                    \
	"low = STATS_min < low ? STATS_min : low\n"                                                \
	"stats data index 1:(blocks - 1) using (valid(4) ? $4 : $2) nooutput\n"                    \
	"high = STATS_max > high ? STATS_max : high\n"                                             \
	"set logscale x\n"                                                                         \
	"set format x unit\n"                                                                      \
	"set yrange [rows - 0.5 : -0.5]\n"                                                         \
	"set border 1\n"                                                                           \
	"set ytics scale 0\n"                                                                      \
	"set grid noytics\n" TERMINAL("860, 76 + 12 * rows + 11 * rows * (blocks - 1)")
#define BARS                                                                                       \
	ROWS "low = 10 ** floor(log10(low) - 0.02)\n"                                              \
	     "set xrange [low : 10 ** ceil(log10(high) + 0.02)]\n"                                 \
	     "half = blocks > 2 ? 0.19 : 0.32\n"                                                   \
	     "plot data index 0 using 2:1:ytic(3) with dots lc rgb '#000000' notitle, "            \
	     "for [i = 1 : blocks - 1] data index i using "                                        \
	     "2:1:(low):2:($1 - half):($1 + half) with boxxyerror lt i notitle, "                  \
	     "for [i = 1 : blocks - 1] data index i using 2:1:3:4 with xerrorbars lt i "           \
	     "title columnheader(1)\n"
#define RATIOS                                                                                     \
	"unit = '%g ×'\n" ROWS "low = low > 1 ? 1 : low; high = high < 1 ? 1 : high\n"             \
	"set xrange [low / 1.25 : high * 1.25]\n"                                                  \
	"set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb '#000001' lw 1.5\n"                 \
	"plot data index 0 using 2:1:ytic(3) with dots lc rgb '#000000' notitle, "                 \
	"for [i = 1 : blocks - 1] data index i using 2:1:3:4 with xerrorbars lt i "                \
	"title columnheader(1)\n"

/* Values along the vertical axis, a line for each block. */
#define LINES                                                                                      \
	"stats data using 2 nooutput\n"                                                            \
	"blocks = int(STATS_blocks)\n"                                                             \
	"set logscale y\n"                                                                         \
	"set key outside below vertical maxrows 6\n"                                               \
	"set key samplen 2 left\n" TERMINAL(                                                       \
		"860, 380 + 18 * blocks") "plot for [i = 0 : blocks - 1] data index i using 1:2 "  \
					  "with linespoints lt i + 1 "                             \
					  "title columnheader(1)\n"
#define PERCENTILES                                                                                \
	"set format y unit\n"                                                                      \
	"set logscale x\n"                                                                         \
	"set xrange [0.6 : 0.0008]\n"                                                              \
	"set xtics ('p50' 0.5, 'p90' 0.1, 'p99' 0.01, 'p99.9' 0.001)\n" LINES
#define SIZES                                                                                      \
	"set format y unit\n"                                                                      \
	"set logscale x 2\n"                                                                       \
	"set format x '%.0b %BB'\n" LINES
#define HISTOGRAM                                                                                  \
	"set format x unit\n"                                                                      \
	"set logscale x\n"                                                                         \
	"set ylabel 'samples' textcolor rgb '#000001'\n"                                           \
	"set format y '%.0f'\n" LINES

static const char *script_of(const struct nm_plot *plot)
{
	static const char *const scripts[][2] = {
		[NM_PLOT_BARS] = {COMMON SECONDS BARS, COMMON INSTRUCTIONS BARS},
		[NM_PLOT_RATIOS] = {COMMON RATIOS, COMMON RATIOS},
		[NM_PLOT_PERCENTILES] = {COMMON SECONDS PERCENTILES,
					 COMMON INSTRUCTIONS PERCENTILES},
		[NM_PLOT_SIZES] = {COMMON SECONDS SIZES, COMMON INSTRUCTIONS SIZES},
		[NM_PLOT_HISTOGRAM] = {COMMON SECONDS HISTOGRAM, COMMON INSTRUCTIONS HISTOGRAM},
	};

	return scripts[plot->kind][plot->counted];
}

void nm_plot_begin_block(struct nm_plot *plot, const char *title)
{
	if (plot->blocks++)
		nm_text_puts(&plot->data, "\n\n");
	nm_plot_put_label(plot, title);
	nm_plot_end_row(plot);
}

static void put_field(struct nm_plot *plot, double value, bool present)
{
	if (present)
		nm_text_printf(&plot->data, "%.9g\t", value);
	else
		nm_text_puts(&plot->data, "?\t");
}

void nm_plot_put_number(struct nm_plot *plot, double value)
{
	/* Beyond these, logarithmic axes and formats of gnuplot go astray. */
	put_field(plot, value, isfinite(value) && value > 1e-15 && value < 1e18);
}

void nm_plot_put_position(struct nm_plot *plot, double value)
{
	put_field(plot, value, isfinite(value));
}

void nm_plot_put_label(struct nm_plot *plot, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789 ._/+-";
	size_t length = strnlen(text, LABEL_LENGTH);

	for (size_t i = 0; i < length; i++)
		nm_text_put(&plot->data, strchr(allowed, text[i]) ? &text[i] : "?", 1);
	nm_text_puts(&plot->data, text[length] ? "...\t" : "\t");
}

void nm_plot_end_row(struct nm_plot *plot)
{
	/* The last field is ended, too. */
	plot->data.length -= plot->data.length > 0;
	nm_text_puts(&plot->data, "\n");
}

static double or_else(double value, double otherwise)
{
	return isfinite(value) ? value : otherwise;
}

void nm_plot_put_bar(struct nm_plot *plot, double position, const struct nm_statistic *statistic,
		     double scale)
{
	nm_plot_put_position(plot, position);
	nm_plot_put_number(plot, statistic->value * scale);
	nm_plot_put_number(plot, or_else(statistic->lo, statistic->value) * scale);
	nm_plot_put_number(plot, or_else(statistic->hi, statistic->value) * scale);
	nm_plot_end_row(plot);
}

int nm_plot_draw(struct nm_plot *plot, struct nm_chart *chart)
{
	struct nm_text drawing = {0};
	int r = nm_text_status(&plot->data);

	if (!r)
		r = nm_gnuplot(script_of(plot), &plot->data, &drawing);
	if (!r)
		r = nm_svg_clean(&drawing, chart->view_box, sizeof(chart->view_box), &chart->body);
	nm_text_free(&drawing);
	nm_text_free(&plot->data);
	return r;
}
