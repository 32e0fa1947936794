/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The formats of check documents, and that no text of a stranger breaks any of them. */
#include "helpers.h"

#include "core/document.h"
#include "reports/checks.h"

static struct nm_check_row rows[] = {
	{.requirement = "device opens",
	 .number = 1,
	 .finding = "kvm.device",
	 .level = NM_LEVEL_HARD,
	 .status = NM_STATUS_PASS,
	 .evidence = "opened"},
	{.requirement = "caps",
	 .number = 2,
	 .finding = "kvm.cap.a",
	 .level = NM_LEVEL_HARD,
	 .status = NM_STATUS_PASS,
	 .evidence = "gives 1"},
	{.requirement = "caps",
	 .number = 2,
	 .finding = "kvm.cap.b",
	 .level = NM_LEVEL_HARD,
	 .status = NM_STATUS_FAIL,
	 .evidence = "gives 0",
	 .remedy = "a newer kernel"},
	{.requirement = "caps",
	 .number = 2,
	 .finding = "kvm.cap.c",
	 .level = NM_LEVEL_HARD,
	 .status = NM_STATUS_PASS},
	{.requirement = "KSM is off",
	 .number = 3,
	 .finding = "memory.ksm",
	 .level = NM_LEVEL_SOFT,
	 .status = NM_STATUS_WARN,
	 .evidence = "on"},
	{.requirement = "modules",
	 .number = 4,
	 .finding = "kvm.modules",
	 .level = NM_LEVEL_HARD,
	 .status = NM_STATUS_UNKNOWN,
	 .evidence = "not permitted"},
	{.requirement = "the rest",
	 .number = 5,
	 .level = NM_LEVEL_INFO,
	 .status = NM_STATUS_UNKNOWN},
	{.requirement = "speed",
	 .number = 6,
	 .finding = "a.b",
	 .level = NM_LEVEL_INFO,
	 .status = NM_STATUS_INFO,
	 .evidence = "slow"},
};

static struct nm_check_workload workloads[] = {
	{.name = "thing",
	 .title = "The thing",
	 .as_of = "2026-09",
	 .source = "its manual",
	 .verdict = NM_READINESS_NOT_READY,
	 .reason = "caps: gives 0",
	 .remedy = "a newer kernel",
	 .rows = {rows, COUNT(rows)}},
	{.name = "other",
	 .title = "Other",
	 .as_of = "2026-09",
	 .source = "a page",
	 .verdict = NM_READINESS_READY,
	 .reason = "a guest ran",
	 .rows = {rows, 1}},
};

static struct nm_check check = {.schema = NM_CHECK_SCHEMA,
				.tool_version = "1.2.3",
				.host = "box",
				.time = "2026-11-21T10:20:30Z",
				.source = "live",
				.named = true,
				.workloads = {workloads, COUNT(workloads)}};

static struct nm_text out;

static const char *rendered_with(const char *format, struct nm_check_options options)
{
	const struct nm_check_renderer *renderer = nm_check_renderer_find(format);

	cr_assert(renderer, "no format %s", format);
	out.length = 0;
	cr_assert_eq(renderer->render(&check, &options, &out), 0, "%s failed", format);
	return out.bytes;
}

static const char *rendered(const char *format)
{
	return rendered_with(format, (struct nm_check_options) {0});
}

#define equals(text, expected) cr_assert_str_eq(text, expected, "\n%s", text)

static void expect_line(struct nm_text *expected, const char *title, const char *label,
			const char *rest)
{
	nm_text_printf(expected, "%s: %-60s : %s\n", title, label, rest);
}

Test(check_text, what_is_wrong_comes_first)
{
	static const char thing[] = "The thing";
	struct nm_text expected = {0};

	expect_line(&expected, thing, "caps: kvm.cap.b", "FAIL (gives 0; a newer kernel)");
	expect_line(&expected, thing, "modules", "UNKNOWN (not permitted)");
	expect_line(&expected, thing, "KSM is off", "WARN (on)");
	expect_line(&expected, thing, "the rest", "UNKNOWN");
	expect_line(&expected, thing, "speed", "NOTE (slow)");
	expect_line(&expected, thing, "device opens", "PASS");
	expect_line(&expected, thing, "caps (2 of 3)", "PASS");
	expect_line(&expected, thing, "verdict", "not ready (caps: gives 0; a newer kernel)");
	nm_text_puts(&expected, "\n");
	expect_line(&expected, "Other", "device opens", "PASS");
	expect_line(&expected, "Other", "verdict", "ready (a guest ran)");
	equals(rendered("text"), expected.bytes);
	nm_text_free(&expected);
}

Test(check_text, verbose_shows_each_with_its_evidence)
{
	const char *text = rendered_with("text", (struct nm_check_options) {.verbose = true});

	cr_assert(strstr(text, "caps: kvm.cap.a"), "%s", text);
	cr_assert(strstr(text, "PASS (gives 1)\n"), "%s", text);
	cr_assert(strstr(text, "caps: kvm.cap.c"), "%s", text);
	cr_assert(!strstr(text, "of 3)"), "%s", text);
}

Test(check_text, a_group_that_passes_is_one_line)
{
	rows[2].status = NM_STATUS_PASS;
	cr_assert(strstr(rendered("text"), "The thing: caps (3)  "), "%s", out.bytes);
	rows[1].status = rows[2].status = rows[3].status = NM_STATUS_UNKNOWN;
	cr_assert(strstr(rendered("text"), ": UNKNOWN (gives 1)\n"), "%s", out.bytes);
	cr_assert(!strstr(out.bytes, "kvm.cap"), "one line for all");
}

Test(check_text, colour_is_only_on_the_word)
{
	const char *text = rendered_with("text", (struct nm_check_options) {.colour = true});

	cr_assert(strstr(text, " : \033[31mFAIL\033[0m (gives 0"), "%s", text);
	cr_assert(strstr(text, " : \033[32mPASS\033[0m\n"), "%s", text);
	cr_assert(strstr(text, " : \033[31mnot ready\033[0m ("), "%s", text);
	cr_assert(strstr(text, " : NOTE (slow)"), "%s", text);
	cr_assert(!strchr(rendered("text"), '\033'), "colour nobody asked for");
}

Test(check_text, nobody_named_is_an_overview)
{
	check.named = false;
	equals(rendered("text"),
	       "thing              : not ready (caps: gives 0; a newer kernel)\n"
	       "other              : ready (a guest ran)\n"
	       "\nnestmark check NAME shows what it needs, one by one, and its exit code tells.\n");
}

Test(check_text, width_counts_characters)
{
	struct nm_text expected = {0};

	rows[0].requirement = "Gerät";
	/* printf() counts bytes, of which there is one more. */
	nm_text_printf(&expected, "Other: %-61s : PASS\n", "Gerät");
	cr_assert(strstr(rendered("text"), expected.bytes), "%s", out.bytes);
	nm_text_free(&expected);
}

Test(check_outcome, named_ones_decide)
{
	static const enum nm_check_outcome expected[] = {NM_OUTCOME_PASS,    NM_OUTCOME_PASS,
							 NM_OUTCOME_FAILURE, NM_OUTCOME_PASS,
							 NM_OUTCOME_SKIP,    NM_OUTCOME_ERROR,
							 NM_OUTCOME_SKIP,    NM_OUTCOME_SKIP};

	for (size_t i = 0; i < COUNT(rows); i++)
		cr_assert_eq(nm_check_row_outcome(&check, &rows[i]), expected[i], "row %zu", i);
	check.named = false;
	cr_assert_eq(nm_check_row_outcome(&check, &rows[2]), NM_OUTCOME_SKIP);
	cr_assert_eq(nm_check_row_outcome(&check, &rows[5]), NM_OUTCOME_SKIP);
}

Test(check_outcome, of_each_verdict)
{
	static const enum nm_check_outcome named[] = {NM_OUTCOME_PASS,	NM_OUTCOME_PASS,
						      NM_OUTCOME_ERROR, NM_OUTCOME_ERROR,
						      NM_OUTCOME_ERROR, NM_OUTCOME_FAILURE};

	for (int i = 0; i < (int)COUNT(named); i++) {
		workloads[0].verdict = i;
		check.named = true;
		cr_assert_eq(nm_check_verdict_outcome(&check, &workloads[0]), named[i], "%s",
			     nm_readiness_names[i]);
		check.named = false;
		cr_assert_eq(nm_check_verdict_outcome(&check, &workloads[0]),
			     named[i] == NM_OUTCOME_PASS ? NM_OUTCOME_PASS : NM_OUTCOME_SKIP, "%s",
			     nm_readiness_names[i]);
	}
}

Test(check_ktap, is_nested)
{
	equals(rendered("ktap"), "KTAP version 1\n"
				 "1..2\n"
				 "  KTAP version 1\n"
				 "  1..8\n"
				 "  ok 1 device opens\n"
				 "  ok 2 caps: kvm.cap.a\n"
				 "  # fail: gives 0; a newer kernel\n"
				 "  not ok 3 caps: kvm.cap.b\n"
				 "  ok 4 caps: kvm.cap.c\n"
				 "  ok 5 KSM is off # SKIP warn: on\n"
				 "  not ok 6 modules # ERROR unknown: not permitted\n"
				 "  ok 7 the rest # SKIP unknown\n"
				 "  ok 8 speed # SKIP info: slow\n"
				 "  # Totals: pass:3 fail:1 xfail:0 xpass:0 skip:3 error:1\n"
				 "# not ready: caps: gives 0; a newer kernel\n"
				 "not ok 1 thing\n"
				 "  KTAP version 1\n"
				 "  1..1\n"
				 "  ok 1 device opens\n"
				 "  # Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0\n"
				 "ok 2 other\n"
				 "# Totals: pass:1 fail:1 xfail:0 xpass:0 skip:0 error:0\n");
}

Test(check_ktap, a_text_cannot_become_a_directive)
{
	rows[0].requirement = "x # SKIP me\nok 9 forged";
	cr_assert(strstr(rendered("ktap"), "  ok 1 x   SKIP me ok 9 forged\n"), "%s", out.bytes);
}

Test(check_junit, counts_and_elements)
{
	const char *xml = rendered("junit");
	static const char *const parts[] = {
		"<testsuites>\n  <testsuite name=\"thing\" package=\"nestmark.check\" id=\"0\" "
		"hostname=\"box\" timestamp=\"2026-11-21T10:20:30\" tests=\"9\" failures=\"2\" "
		"errors=\"1\" skipped=\"3\" time=\"0\">\n    <properties>\n",
		"      <property name=\"verdict\" value=\"not_ready\"/>\n",
		"<testcase classname=\"thing\" name=\"thing: device opens\" time=\"0\"/>\n",
		"<testcase classname=\"thing\" name=\"thing: caps: kvm.cap.b\" time=\"0\"><failure "
		"type=\"fail\" message=\"gives 0; a newer kernel\">gives 0; a newer "
		"kernel</failure></testcase>\n",
		"name=\"thing: modules\" time=\"0\"><error type=\"unknown\" message=\"not "
		"permitted\">",
		"name=\"thing: the rest\" time=\"0\"><skipped type=\"unknown\" "
		"message=\"unknown\"></skipped>",
		"name=\"thing: verdict\" time=\"0\"><failure type=\"not_ready\" ",
		"id=\"1\" hostname=\"box\" timestamp=\"2026-11-21T10:20:30\" tests=\"2\" "
		"failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0\">",
		"    <system-out/>\n    <system-err/>\n  </testsuite>\n</testsuites>\n",
	};

	for (size_t i = 0; i < COUNT(parts); i++)
		cr_assert(strstr(xml, parts[i]), "%s\nis not in\n%s", parts[i], xml);
}

Test(check_junit, escapes_and_drops)
{
	rows[2].evidence = "a<b>&\"c\"'d' \x1b[31m\x01 \xef\xbf\xbf\xef\xbf\xbe\xff end";
	cr_assert(strstr(rendered("junit"), "message=\"a&lt;b&gt;&amp;&quot;c&quot;&apos;d&apos; "
					    "[31m  end; a newer kernel\""),
		  "%s", out.bytes);
	check.host = "";
	cr_assert(strstr(rendered("junit"), "hostname=\"localhost\""), "%s", out.bytes);
	check.host = NULL;
	cr_assert(strstr(rendered("junit"), "hostname=\"localhost\""), "%s", out.bytes);
}

Test(check_github, the_levels)
{
	equals(rendered("github"),
	       "::error title=thing%3A caps%3A kvm.cap.b::gives 0; a newer kernel\n"
	       "::warning title=thing%3A modules::not permitted\n"
	       "::warning title=thing%3A KSM is off::on\n"
	       "::notice title=thing::not ready: caps: gives 0; a newer kernel\n"
	       "::notice title=other::ready: a guest ran\n");
	check.named = false;
	equals(rendered("github"),
	       "::notice title=thing::not ready: caps: gives 0; a newer kernel\n"
	       "::notice title=other::ready: a guest ran\n");
}

Test(check_github, escapes)
{
	rows[2].requirement = "50%, a:b\n::error::forged";
	rows[2].evidence = "5 %\r\n::error::x";
	cr_assert(strstr(rendered("github"),
			 "::error title=thing%3A 50%25%2C a%3Ab %3A%3Aerror%3A%3Aforged%3A "
			 "kvm.cap.b::5 %25 ::error::x; a newer kernel\n"),
		  "%s", out.bytes);
}

static size_t count_lines(const char *text, const char *start)
{
	size_t count = 0;

	for (const char *at = text; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		count += !strncmp(at, start, strlen(start));
	return count;
}

static void given_failures(size_t count)
{
	static struct nm_check_row many[20];

	for (size_t i = 0; i < count; i++)
		many[i] = rows[2];
	workloads[0].rows.items = many;
	workloads[0].rows.count = count;
}

Test(check_github, ten_of_a_level_are_shown)
{
	given_failures(10);
	cr_assert_eq(count_lines(rendered("github"), "::error "), 10, "%s", out.bytes);
	cr_assert(!strstr(out.bytes, "more like these"), "%s", out.bytes);
	given_failures(11);
	cr_assert_eq(count_lines(rendered("github"), "::error "), 10, "%s", out.bytes);
	cr_assert(strstr(out.bytes, "::error title=nestmark check::2 more like these\n"), "%s",
		  out.bytes);
}

Test(check_github, the_worst_come_first)
{
	static struct nm_check_workload many[12];

	for (size_t i = 0; i < COUNT(many); i++) {
		many[i] = workloads[1];
		many[i].verdict = i == 11 ? NM_READINESS_NOT_READY : NM_READINESS_READY;
	}
	check.workloads.items = many;
	check.workloads.count = COUNT(many);
	check.named = false;
	cr_assert(!strncmp(rendered("github"), "::notice title=other::not ready", 31), "%s",
		  out.bytes);
	cr_assert(strstr(out.bytes, "3 more like these"), "%s", out.bytes);
}

Test(check_json, has_all)
{
	const char *text = rendered("json");
	nm_json *document;
	nm_json *list;
	nm_json *value;
	size_t length;

	cr_assert_eq(nm_json_parse(text, strlen(text), &document), 0, "%s", nm_error_last()->text);
	cr_assert(nm_json_get(document, "schema", &value));
	cr_assert_str_eq(nm_json_to_string(value, &length), "nestmark/check/1");
	cr_assert(nm_json_get(document, "workloads", &list));
	cr_assert(nm_json_get(nm_json_at(list, 0), "verdict", &value));
	cr_assert_str_eq(nm_json_to_string(value, &length), "not_ready");
	cr_assert(nm_json_get(nm_json_at(list, 0), "rows", &list));
	cr_assert_eq(nm_json_count(list), COUNT(rows));
	cr_assert(nm_json_get(nm_json_at(list, 2), "status", &value));
	cr_assert_str_eq(nm_json_to_string(value, &length), "fail");
	cr_assert(nm_json_get(nm_json_at(list, 6), "finding", &value));
	cr_assert_null(value);
	nm_json_free(document);
}

/* Whatever a machine or a profile says, no control character leaves. */
Test(check_formats, strip_control_characters)
{
	static const char *const formats[] = {"text", "junit", "ktap", "github"};

	rows[2].requirement = rows[2].evidence = "\x1b]0;x\x07 \xc2\x9b 31m";
	workloads[0].title = workloads[0].source = "\x1b[2J";
	for (size_t i = 0; i < COUNT(formats); i++) {
		const char *text = rendered(formats[i]);

		for (const char *at = text; *at; at++)
			cr_assert(*at == '\n' || (unsigned char)*at >= 0x20, "%s: %02x", formats[i],
				  (unsigned char)*at);
		cr_assert(!strstr(text, "\xc2\x9b"), "%s lets C1 through", formats[i]);
	}
}

Test(check_formats, are_found_by_name)
{
	cr_assert(nm_check_renderer_find("github"));
	cr_assert_null(nm_check_renderer_find("md"));
}
