/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_SVG_H
#define NM_REPORTS_SVG_H

#include "core/text.h"

/**
 * What gnuplot's svg terminal has drawn, made fit to stand among others in a page: without its header, definitions and
 * version, with variables of the page as colours, and shapes of nm_chart_shapes. -EIO for anything that a drawing does not have, such
 * as a reference to another place.
 */
int nm_svg_clean(const struct nm_text *drawing, char *view_box, size_t size, struct nm_text *out);

#endif
