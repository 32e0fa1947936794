/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/checks.h"

int nm_check_render_json(const struct nm_check *check, const struct nm_check_options *options,
			 struct nm_text *out)
{
	(void)options;
	return nm_check_write(out, check);
}
