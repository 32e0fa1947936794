/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/ktap.h"

#include "reports/escape.h"

static const char *directive(const struct nm_ktap_result *result)
{
	static const char *const directives[] = {NULL, "SKIP", "ERROR", NULL};

	return result->timeout ? "TIMEOUT" : directives[result->outcome];
}

void nm_ktap_put_comment(struct nm_text *out, const char *indent, const char *text)
{
	nm_text_printf(out, "%s# ", indent);
	nm_put_ktap(out, text);
	nm_text_puts(out, "\n");
}

void nm_ktap_put_result(struct nm_text *out, struct nm_ktap_totals *totals, const char *indent,
			size_t number, const struct nm_ktap_result *result)
{
	totals->by_outcome[result->outcome]++;
	if (result->outcome == NM_OUTCOME_FAILURE)
		nm_ktap_put_comment(out, indent, result->detail);
	nm_text_printf(out, "%s%s %zu ", indent,
		       result->outcome >= NM_OUTCOME_ERROR ? "not ok" : "ok", number);
	nm_put_ktap(out, result->name);
	if (directive(result)) {
		nm_text_printf(out, " # %s ", directive(result));
		nm_put_ktap(out, result->detail);
	}
	nm_text_puts(out, "\n");
}

void nm_ktap_put_totals(struct nm_text *out, const struct nm_ktap_totals *totals,
			const char *indent)
{
	nm_text_printf(out, "%s# Totals: pass:%zu fail:%zu xfail:0 xpass:0 skip:%zu error:%zu\n",
		       indent, totals->by_outcome[NM_OUTCOME_PASS],
		       totals->by_outcome[NM_OUTCOME_FAILURE], totals->by_outcome[NM_OUTCOME_SKIP],
		       totals->by_outcome[NM_OUTCOME_ERROR]);
}
