/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Run documents as tests. */
#include "reports/renderers.h"
#include "reports/results.h"

static int render(const struct nm_document *document, struct nm_text *out,
		  int (*put)(struct nm_results *, struct nm_text *))
{
	struct nm_results results = {0};
	int r = nm_results_of_run(&results, document);

	if (!r)
		r = put(&results, out);
	nm_results_free(&results);
	return r;
}

int nm_render_junit(const struct nm_document *document, const struct nm_render_options *options,
		    struct nm_text *out)
{
	(void)options;
	return render(document, out, nm_results_junit);
}

int nm_render_ktap(const struct nm_document *document, const struct nm_render_options *options,
		   struct nm_text *out)
{
	(void)options;
	return render(document, out, nm_results_ktap);
}

int nm_render_github(const struct nm_document *document, const struct nm_render_options *options,
		     struct nm_text *out)
{
	(void)options;
	return render(document, out, nm_results_github);
}
