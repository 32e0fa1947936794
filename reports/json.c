/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/renderers.h"

int nm_render_json(const struct nm_document *document, const struct nm_render_options *options,
		   struct nm_text *out)
{
	(void)options;
	return nm_document_write(out, document, true);
}
