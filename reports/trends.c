/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/trends.h"

const struct nm_trend_renderer nm_trend_renderers[] = {
	{"text", "txt", nm_trend_render_text},	{"md", "md", nm_trend_render_markdown},
	{"json", "json", nm_trend_render_json}, {"csv", "csv", nm_trend_render_csv},
	{"svg", "svg", nm_trend_render_svg},	{0},
};

int nm_trend_render_json(const struct nm_trend *trend, const struct nm_render_options *options,
			 struct nm_text *out)
{
	(void)options;
	return nm_trend_write(out, trend);
}
