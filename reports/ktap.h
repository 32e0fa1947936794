/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_KTAP_H
#define NM_REPORTS_KTAP_H

#include "core/check.h"
#include "core/text.h"

/* KTAP, Documentation/dev-tools/ktap.rst. */

struct nm_ktap_totals {
	size_t by_outcome[NM_OUTCOME_FAILURE + 1];
};

struct nm_ktap_result {
	enum nm_check_outcome outcome;
	bool timeout; /* of an error: it has a directive of its own */
	const char *name;
	const char *detail;
};

/** Puts the result, after its detail where no directive can hold that, and counts it. */
void nm_ktap_put_result(struct nm_text *out, struct nm_ktap_totals *totals, const char *indent,
			size_t number, const struct nm_ktap_result *result);

void nm_ktap_put_comment(struct nm_text *out, const char *indent, const char *text);

void nm_ktap_put_totals(struct nm_text *out, const struct nm_ktap_totals *totals,
			const char *indent);

#endif
