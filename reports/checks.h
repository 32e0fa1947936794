/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_CHECKS_H
#define NM_REPORTS_CHECKS_H

#include "core/check.h"
#include "core/text.h"

#include <stdbool.h>

struct nm_check_options {
	bool colour;
	bool verbose; /* each result on a line of its own, with its evidence */
};

/** A format of check documents: only formats what readiness found. */
struct nm_check_renderer {
	const char *name;
	const char *extension;
	int (*render)(const struct nm_check *check, const struct nm_check_options *options,
		      struct nm_text *out);
};

/** All renderers; name is NULL at the end. */
extern const struct nm_check_renderer nm_check_renderers[];
const struct nm_check_renderer *nm_check_renderer_find(const char *name);

int nm_check_render_text(const struct nm_check *check, const struct nm_check_options *options,
			 struct nm_text *out);
int nm_check_render_json(const struct nm_check *check, const struct nm_check_options *options,
			 struct nm_text *out);
int nm_check_render_junit(const struct nm_check *check, const struct nm_check_options *options,
			  struct nm_text *out);
int nm_check_render_ktap(const struct nm_check *check, const struct nm_check_options *options,
			 struct nm_text *out);
int nm_check_render_github(const struct nm_check *check, const struct nm_check_options *options,
			   struct nm_text *out);

/* What several formats show. Texts from the machine and from profiles come out without control characters. */

/** How many rows a requirement has. */
size_t nm_check_count_rows(const struct nm_check_workload *workload, uint64_t number);

/** "label", or "label: finding" where the requirement has several rows. NULL without memory. */
char *nm_check_row_name(struct nm_arena *arena, const struct nm_check_workload *workload,
			const struct nm_check_row *row);

/** "evidence; remedy", or what there is of them. NULL without memory. */
char *nm_check_detail(struct nm_arena *arena, const char *evidence, const char *remedy);

/** "not ready: reason; remedy". NULL without memory. */
char *nm_check_verdict_text(struct nm_arena *arena, const struct nm_check_workload *workload);

#endif
