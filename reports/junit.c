/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/junit.h"

#include "reports/escape.h"

static void put_attribute(struct nm_text *out, const char *name, const char *value)
{
	nm_text_printf(out, " %s=\"", name);
	nm_put_xml(out, value);
	nm_text_puts(out, "\"");
}

/* Without its zone: that is what the schema of Ant takes, and nothing else than a time. */
static void put_time(struct nm_text *out, const char *time)
{
	static const char form[] = "0000-00-00T00:00:00";
	size_t i = 0;

	while (form[i] && (form[i] == '0' ? time[i] >= '0' && time[i] <= '9' : time[i] == form[i]))
		i++;
	nm_text_printf(out, " timestamp=\"%.19s\"", form[i] ? "1970-01-01T00:00:00" : time);
}

static void put_host(struct nm_text *out, const char *host)
{
	size_t before;

	nm_text_puts(out, " hostname=\"");
	before = out->length;
	nm_put_xml(out, host ? host : "");
	nm_text_puts(out, out->length == before ? "localhost\"" : "\"");
}

void nm_junit_begin(struct nm_text *out)
{
	nm_text_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
}

void nm_junit_end(struct nm_text *out)
{
	nm_text_puts(out, "</testsuites>\n");
}

void nm_junit_begin_suite(struct nm_text *out, const struct nm_junit_suite *suite, size_t index)
{
	nm_text_puts(out, "  <testsuite");
	put_attribute(out, "name", suite->name);
	put_attribute(out, "package", suite->package);
	nm_text_printf(out, " id=\"%zu\"", index);
	put_host(out, suite->host);
	put_time(out, suite->time);
	nm_text_printf(out,
		       " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
		       "time=\"%.10g\">\n",
		       suite->tests, suite->counts[NM_OUTCOME_FAILURE],
		       suite->counts[NM_OUTCOME_ERROR], suite->counts[NM_OUTCOME_SKIP],
		       suite->seconds);
}

void nm_junit_end_suite(struct nm_text *out)
{
	nm_text_puts(out, "    <system-out/>\n    <system-err/>\n  </testsuite>\n");
}

void nm_junit_begin_properties(struct nm_text *out)
{
	nm_text_puts(out, "    <properties>\n");
}

void nm_junit_put_property(struct nm_text *out, const char *name, const char *value)
{
	nm_text_puts(out, "      <property");
	put_attribute(out, "name", name);
	put_attribute(out, "value", value);
	nm_text_puts(out, "/>\n");
}

void nm_junit_end_properties(struct nm_text *out)
{
	nm_text_puts(out, "    </properties>\n");
}

void nm_junit_put_case(struct nm_text *out, const struct nm_junit_case *test)
{
	static const char *const elements[] = {NULL, "skipped", "error", "failure"};

	nm_text_puts(out, "    <testcase");
	put_attribute(out, "classname", test->class);
	put_attribute(out, "name", test->name);
	nm_text_printf(out, " time=\"%.10g\"", test->seconds);
	if (test->outcome == NM_OUTCOME_PASS) {
		nm_text_puts(out, "/>\n");
		return;
	}
	nm_text_printf(out, "><%s", elements[test->outcome]);
	put_attribute(out, "type", test->type);
	put_attribute(out, "message", *test->message ? test->message : test->type);
	nm_text_puts(out, ">");
	nm_put_xml(out, test->text);
	nm_text_printf(out, "</%s></testcase>\n", elements[test->outcome]);
}
