/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_GITHUB_H
#define NM_REPORTS_GITHUB_H

#include "core/arena.h"
#include "core/text.h"

/*
 * Annotations of GitHub Actions (docs.github.com, "Workflow commands"). A step shows ten of a level: where there are
 * more, the nine worst and one that counts the rest.
 */

enum nm_severity { NM_SEVERITY_ERROR, NM_SEVERITY_WARNING, NM_SEVERITY_NOTICE, NM_SEVERITIES };

struct nm_annotations {
	struct nm_arena arena;
	struct nm_annotation {
		enum nm_severity severity;
		double weight; /* the larger the worse */
		size_t order;  /* of those of one weight */
		const char *title;
		const char *message;
	} * items;
	size_t count;
};

/** Texts must live as long as the list; NULL ones are -ENOMEM. */
int nm_annotations_add(struct nm_annotations *list, enum nm_severity severity, double weight,
		       const char *title, const char *message);

/** Puts the worst of each level, and frees the list; title is that of what counts the rest. */
int nm_annotations_put(struct nm_text *out, struct nm_annotations *list, const char *title);

#endif
