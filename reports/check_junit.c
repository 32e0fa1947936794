/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * JUnit XML that two schemas agree with: Ant's (github.com/windyroad/JUnit-Schema) and Jenkins' junit-10.xsd
 * (github.com/jenkinsci/xunit-plugin). One suite for each workload; its verdict is the last test of it.
 */
#include "reports/checks.h"

#include "core/document.h"

#include <errno.h>
#include <string.h>

/* Escapes what XML gives a meaning, and leaves out U+FFFE and U+FFFF, which it forbids; controls are gone already. */
static void put_escaped(struct nm_text *out, const char *text)
{
	while (*text) {
		size_t length = nm_utf8_length(text);

		if (*text == '&')
			nm_text_puts(out, "&amp;");
		else if (*text == '<')
			nm_text_puts(out, "&lt;");
		else if (*text == '>')
			nm_text_puts(out, "&gt;");
		else if (*text == '"')
			nm_text_puts(out, "&quot;");
		else if (*text == '\'')
			nm_text_puts(out, "&apos;");
		else if (strncmp(text, "\xef\xbf\xbe", 3) != 0 &&
			 strncmp(text, "\xef\xbf\xbf", 3) != 0)
			nm_text_put(out, text, length);
		text += length ? length : 1;
	}
}

static void put_attribute(struct nm_text *out, const char *name, const char *value)
{
	nm_text_printf(out, " %s=\"", name);
	put_escaped(out, value);
	nm_text_puts(out, "\"");
}

static int put_property(struct nm_text *out, struct nm_arena *arena, const char *name,
			const char *value)
{
	const char *clean = nm_check_clean(arena, value);

	if (!clean)
		return -ENOMEM;
	nm_text_puts(out, "      <property");
	put_attribute(out, "name", name);
	put_attribute(out, "value", clean);
	nm_text_puts(out, "/>\n");
	return 0;
}

static void put_case(struct nm_text *out, const struct nm_check_workload *workload,
		     const char *name, enum nm_check_outcome outcome, const char *type,
		     const char *detail)
{
	static const char *const elements[] = {NULL, "skipped", "error", "failure"};

	nm_text_puts(out, "    <testcase");
	put_attribute(out, "classname", workload->name);
	nm_text_puts(out, " name=\"");
	put_escaped(out, workload->name);
	nm_text_puts(out, ": ");
	put_escaped(out, name);
	nm_text_puts(out, "\" time=\"0\"");
	if (outcome == NM_OUTCOME_PASS) {
		nm_text_puts(out, "/>\n");
		return;
	}
	nm_text_printf(out, "><%s", elements[outcome]);
	put_attribute(out, "type", type);
	put_attribute(out, "message", *detail ? detail : type);
	nm_text_puts(out, ">");
	put_escaped(out, detail);
	nm_text_printf(out, "</%s></testcase>\n", elements[outcome]);
}

static int put_cases(struct nm_text *out, struct nm_arena *arena, const struct nm_check *check,
		     const struct nm_check_workload *workload)
{
	const char *verdict = nm_check_verdict_text(arena, workload);

	for (size_t i = 0; i < workload->rows.count; i++) {
		const struct nm_check_row *row = &workload->rows.items[i];
		const char *name = nm_check_row_name(arena, workload, row);
		const char *detail = nm_check_detail(arena, row->evidence, row->remedy);

		if (!name || !detail)
			return -ENOMEM;
		put_case(out, workload, name, nm_check_row_outcome(check, row),
			 nm_status_names[row->status], detail);
	}
	if (!verdict)
		return -ENOMEM;
	put_case(out, workload, "verdict", nm_check_verdict_outcome(check, workload),
		 nm_readiness_names[workload->verdict], verdict);
	return 0;
}

static int put_properties(struct nm_text *out, struct nm_arena *arena, const struct nm_check *check,
			  const struct nm_check_workload *workload)
{
	const struct {
		const char *name, *value;
	} properties[] = {
		{"nestmark", check->tool_version},
		{"machine", check->source},
		{"title", workload->title},
		{"as_of", workload->as_of},
		{"source", workload->source},
		{"verdict", nm_readiness_names[workload->verdict]},
	};
	int r = 0;

	nm_text_puts(out, "    <properties>\n");
	for (size_t i = 0; !r && i < sizeof(properties) / sizeof(properties[0]); i++)
		r = put_property(out, arena, properties[i].name, properties[i].value);
	nm_text_puts(out, "    </properties>\n");
	return r;
}

static void put_counts(struct nm_text *out, const struct nm_check *check,
		       const struct nm_check_workload *workload)
{
	size_t counts[NM_OUTCOME_FAILURE + 1] = {0};

	for (size_t i = 0; i < workload->rows.count; i++)
		counts[nm_check_row_outcome(check, &workload->rows.items[i])]++;
	counts[nm_check_verdict_outcome(check, workload)]++;
	nm_text_printf(out,
		       " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
		       "time=\"0\">\n",
		       workload->rows.count + 1, counts[NM_OUTCOME_FAILURE],
		       counts[NM_OUTCOME_ERROR], counts[NM_OUTCOME_SKIP]);
}

static int put_suite(struct nm_text *out, struct nm_arena *arena, const struct nm_check *check,
		     size_t index)
{
	const struct nm_check_workload *workload = &check->workloads.items[index];
	const char *host = nm_check_clean(arena, check->host ? check->host : "");
	int r;

	if (!host)
		return -ENOMEM;
	nm_text_puts(out, "  <testsuite");
	put_attribute(out, "name", workload->name);
	put_attribute(out, "package", "nestmark.check");
	nm_text_printf(out, " id=\"%zu\"", index);
	put_attribute(out, "hostname", *host ? host : "localhost");
	/* Without its zone: that is what the schema of Ant takes. */
	nm_text_printf(out, " timestamp=\"%.19s\"", check->time);
	put_counts(out, check, workload);
	r = put_properties(out, arena, check, workload);
	if (!r)
		r = put_cases(out, arena, check, workload);
	nm_text_puts(out, "    <system-out/>\n    <system-err/>\n  </testsuite>\n");
	return r;
}

int nm_check_render_junit(const struct nm_check *check, const struct nm_check_options *options,
			  struct nm_text *out)
{
	struct nm_arena arena = {0};
	int r = 0;

	(void)options;
	nm_text_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	for (size_t i = 0; !r && i < check->workloads.count; i++)
		r = put_suite(out, &arena, check, i);
	nm_text_puts(out, "</testsuites>\n");
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
