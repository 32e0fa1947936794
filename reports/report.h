/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_REPORT_H
#define NM_REPORTS_REPORT_H

#include "core/check.h"
#include "core/document.h"
#include "core/text.h"

#include <stdbool.h>

struct nm_render_options {
	bool colour;
	const struct nm_check *readiness; /* of a run's findings, for formats that show it; NULL */
};

/** A format: a document in, bytes out. Renderers format values and never compute any. */
struct nm_renderer {
	const char *name;
	const char *extension;
	int (*render)(const struct nm_document *document, const struct nm_render_options *options,
		      struct nm_text *out);
	bool shows_readiness;
};

/** All renderers; name is NULL at the end. */
extern const struct nm_renderer nm_renderers[];
const struct nm_renderer *nm_renderer_find(const char *name);

/** What `probe` shows of a machine. */
struct nm_probe_view {
	const struct nm_findings *all;
	struct nm_findings shown;
	bool replay;	  /* of a recorded machine */
	const char *note; /* of its capture; NULL without */
};

/** A table for people, with the verdict as its last line; and the JSON document. */
int nm_render_probe_text(const struct nm_probe_view *view, const struct nm_render_options *options,
			 struct nm_text *out);
int nm_render_probe_json(const struct nm_probe_view *view, struct nm_text *out);

#endif
