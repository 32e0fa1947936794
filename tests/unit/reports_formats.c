/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Formats that other programs read; tests/cli/formats.sh holds them against strict readers. */
#include "reports/comparison_renderers.h"
#include "reports/escape.h"
#include "reports/report.h"
#include "reports/summary.h"

#include "comparison_sample.h"
#include "sample.h"

static const struct nm_render_options plain = {.colour = false};

static char *render_document(const char *format, const struct nm_document *document)
{
	const struct nm_renderer *renderer = nm_renderer_find(format);
	struct nm_text text = {0};

	cr_assert(renderer, "there is no format %s", format);
	cr_assert_eq(renderer->render(document, &plain, &text), 0, "%s: %s", format,
		     nm_error_last()->text);
	return text.bytes;
}

static char *render_sample(const char *format)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	text = render_document(format, &document);
	nm_document_free(&document);
	return text;
}

typedef int (*comparison_renderer)(const struct nm_comparison *, const struct nm_render_options *,
				   struct nm_text *);

static char *render_comparison(comparison_renderer render)
{
	struct nm_comparison comparison;
	struct nm_text text = {0};

	sample_comparison(&comparison);
	cr_assert_eq(render(&comparison, &plain, &text), 0, "%s", nm_error_last()->text);
	nm_comparison_free(&comparison);
	return text.bytes;
}

static void assert_contains(const char *text, const char *part)
{
	cr_assert(strstr(text, part), "\"%s\" is missing in:\n%s", shown(part, strlen(part)),
		  shown(text, strlen(text)));
}

static void assert_lacks(const char *text, const char *part)
{
	cr_assert_not(strstr(text, part), "\"%s\" is in:\n%s", shown(part, strlen(part)),
		      shown(text, strlen(text)));
}

/* Escaping */

static void assert_put(void (*put)(struct nm_text *, const char *), const char *text,
		       const char *expected)
{
	struct nm_text out = {0};

	put(&out, text);
	cr_assert_eq(nm_text_status(&out), 0, "it fails");
	cr_assert_str_eq(out.bytes ? out.bytes : "", expected, "\"%s\" becomes \"%s\"",
			 shown(text, strlen(text)), shown(out.bytes ? out.bytes : "", out.length));
	nm_text_free(&out);
}

Test(escape, xml)
{
	assert_put(nm_put_xml, "a<b>&\"c\"'d'\x1b\n\x7f",
		   "a&lt;b&gt;&amp;&quot;c&quot;&apos;d&apos; ");
	assert_put(nm_put_xml, "x\xef\xbf\xbfy\xef\xbf\xbez\xef\xb7\x90\xf0\x9f\xbf\xbe", "xyz");
	assert_put(nm_put_xml, "\xe2\x80\xae\xf0\x9f\x98\x80\xff", "\xf0\x9f\x98\x80");
}

Test(escape, csv_fields_are_no_formulas)
{
	assert_put(nm_put_csv, "plain", "plain");
	assert_put(nm_put_csv, "", "");
	assert_put(nm_put_csv, "a,b", "\"a,b\"");
	assert_put(nm_put_csv, "say \"x\"\n", "\"say \"\"x\"\" \"");
	assert_put(nm_put_csv, "=1+1", "\"'=1+1\"");
	assert_put(nm_put_csv, "\t\r=cmd|' /C calc'!A0", "\"' =cmd|' /C calc'!A0\"");
	assert_put(nm_put_csv, "-5", "\"'-5\"");
	assert_put(nm_put_csv, "@SUM(A1)", "\"'@SUM(A1)\"");
	assert_put(nm_put_csv, "+1", "\"'+1\"");
	assert_put(nm_put_csv,
		   "\xef\xbc\x9d"
		   "1",
		   "\"'\xef\xbc\x9d"
		   "1\"");
	assert_put(nm_put_csv, "a=b", "a=b");
}

Test(escape, others)
{
	assert_put(nm_put_ktap, "x # SKIP\n2", "x   SKIP 2");
	assert_put(nm_put_label, "a\\b\"c\nd", "a\\\\b\\\"c d");
	assert_put(nm_put_word, "a b\tc", "a_b_c");
	assert_put(nm_put_word, "\x1b", "-");
	assert_put(nm_put_markdown, "|`a`<b>\n&", "\\|\\`a\\`\\<b\\> &amp;");
}

Test(escape, numbers_that_are_none_are_absent)
{
	struct nm_text out = {0};

	nm_put_number(&out, NAN, "-");
	nm_put_number(&out, INFINITY, "-");
	nm_put_number(&out, 1234567.125, "-");
	cr_assert_str_eq(out.bytes, "--1234567.125", "%s", out.bytes);
	nm_text_free(&out);
}

/* Runs */

Test(formats, csv_has_a_row_for_each_measurement)
{
	char *text = render_sample("csv");

	assert_contains(text, "run_uuid,host,started,nestmark,name,operation,group,context,variant,"
			      "version,state,unit,floor,floor_lo,floor_hi,p50,");
	assert_contains(text, ",exit.cpuid/guest/cpl3,exit.cpuid,exits,guest,cpl3,1,ok,ns,1234.5,"
			      "1200.25,1300.125,");
	assert_contains(text, ",1234.5,1200.25,1300.125,,,,1234.5,");
	assert_contains(text, ",12345,12000,12500,4096,");
	assert_contains(text, ",floor.loop/native,floor.loop,floors,native,,1,failed,");
	assert_contains(text, "\"1 of 1 rounds failed: killed\"\n");
	free(text);
}

Test(formats, junit_counts_states)
{
	char *text = render_sample("junit");

	assert_contains(text, "<testsuite name=\"nestmark run\" package=\"nestmark.run\" id=\"0\" "
			      "hostname=\"sample\" timestamp=\"2026-01-05T02:17:09\" tests=\"2\" "
			      "failures=\"0\" errors=\"1\" skipped=\"0\" time=\"0.06\">");
	assert_contains(text, "<property name=\"run_uuid\" value=\"01234567-89ab-");
	assert_contains(text, "<testcase classname=\"exits\" name=\"exit.cpuid/guest/cpl3\" "
			      "time=\"0.06\"/>");
	assert_contains(text, "<error type=\"failed\" message=\"1 of 1 rounds failed: killed\">");
	free(text);
}

Test(formats, a_time_that_is_none_does_not_reach_junit)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	document.run.started = "\"><x y=\"";
	document.run.host = "\x01";
	text = render_document("junit", &document);
	assert_contains(text, "timestamp=\"1970-01-01T00:00:00\"");
	assert_contains(text, "hostname=\"localhost\"");
	assert_lacks(text, "<x");
	free(text);
	nm_document_free(&document);
}

static char *ktap_of_state(int state)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	document.measurements.items[1].state = state;
	document.measurements.items[1].reason = state == NM_STATE_OK ? NULL : "why";
	document.measurements.items[1].summary.p50.value = NAN;
	text = render_document("ktap", &document);
	nm_document_free(&document);
	return text;
}

Test(formats, ktap_tells_the_states_apart)
{
	static const char *const lines[] = {
		[NM_STATE_OK] = "\nok 2 floor.loop/native\n",
		[NM_STATE_NOISY] = "\nnot ok 2 floor.loop/native # ERROR noisy: why\n",
		[NM_STATE_INVALID] = "\nnot ok 2 floor.loop/native # ERROR invalid: why\n",
		[NM_STATE_UNSUPPORTED] = "\nok 2 floor.loop/native # SKIP unsupported: why\n",
		[NM_STATE_FAILED] = "\nnot ok 2 floor.loop/native # ERROR failed: why\n",
		[NM_STATE_TIMEOUT] = "\nnot ok 2 floor.loop/native # TIMEOUT timeout: why\n",
	};

	for (size_t state = 0; state < COUNT(lines); state++) {
		char *text = ktap_of_state((int)state);

		assert_contains(text, "KTAP version 1\n1..2\n# quiet floor 1.23 \xc2\xb5s");
		assert_contains(text, "\nok 1 exit.cpuid/guest/cpl3\n");
		assert_contains(text, lines[state]);
		free(text);
	}
}

Test(formats, annotations_begin_with_what_failed)
{
	char *text = render_sample("github");

	cr_assert(!strncmp(text, "::error title=floor.loop/native failed::1 of 1 rounds", 52), "%s",
		  text);
	assert_contains(text, "::warning title=nestmark run::measurements: 1 ok, 0 skipped, "
			      "0 failed, 1 errors; the run is incomplete\n");
	free(text);
}

Test(formats, a_step_summary_is_cut_at_what_github_takes)
{
	struct nm_text text = {0};

	while (text.length <= NM_SUMMARY_MAX_BYTES)
		nm_text_puts(&text, "| a row of some length |\n");
	nm_summary_cut(&text);
	cr_assert_leq(text.length, NM_SUMMARY_MAX_BYTES, "%zu bytes", text.length);
	assert_contains(text.bytes + text.length - 80, "more lines did not fit");
	nm_text_free(&text);
	nm_text_puts(&text, "short\n");
	nm_summary_cut(&text);
	cr_assert_str_eq(text.bytes, "short\n", "%s", text.bytes);
	nm_text_free(&text);
}

Test(formats, values_of_what_failed_stay_inside)
{
	static const char *const formats[] = {"github-benchmark", "bencher", "prometheus"};

	for (size_t i = 0; i < COUNT(formats); i++) {
		char *text = render_sample(formats[i]);

		assert_contains(text, "exit.cpuid");
		assert_lacks(text, "floor.loop");
		free(text);
	}
}

Test(formats, prometheus_counts_in_seconds)
{
	char *text = render_sample("prometheus");

	assert_contains(text, "\nnestmark_latency_seconds{op=\"exit.cpuid\",context=\"guest\","
			      "variant=\"cpl3\",stat=\"p50\"} 1.2345e-06\n");
	assert_contains(text, "\nnestmark_native_ratio{op=\"exit.cpuid\",context=\"guest\","
			      "variant=\"cpl3\"} 12.34\n");
	assert_contains(text, "\nnestmark_measurements{state=\"failed\"} 1\n");
	assert_contains(text, "\nnestmark_run_complete 0\n");
	assert_contains(text, "\nnestmark_run_timestamp_seconds 1767580030\n");
	assert_lacks(text, "nestmark_instructions");
	free(text);
}

Test(formats, counted_instructions_are_no_seconds)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	document.measurements.items[0].unit = "instructions";
	text = render_document("prometheus", &document);
	assert_contains(text, "stat=\"p50\"} 1234.5\n");
	assert_lacks(text, "seconds{");
	free(text);
	text = render_document("bencher", &document);
	assert_contains(text, "\"instructions\"");
	assert_lacks(text, "latency");
	free(text);
	nm_document_free(&document);
}

Test(formats, a_series_stands_there_once)
{
	static const char *const formats[] = {"prometheus", "bencher"};

	for (size_t i = 0; i < COUNT(formats); i++) {
		struct nm_document document;
		const char *first;
		char *text;

		sample_document(&document);
		document.measurements.items[1] = document.measurements.items[0];
		/* Looks the same once it is printable. */
		document.measurements.items[1].operation = "exit.\x01"
							   "cpuid";
		text = render_document(formats[i], &document);
		first = strstr(text, i ? "\"exit.cpuid/guest/cpl3\"" : "stat=\"p50\"");
		cr_assert(first, "%s", text);
		cr_assert_not(strstr(first + 1, i ? "\"exit.cpuid/guest/cpl3\"" : "stat=\"p50\""),
			      "%s", text);
		free(text);
		nm_document_free(&document);
	}
}

Test(formats, plain_lines_are_frozen)
{
	char *text = render_sample("plain");

	cr_assert_eq(strstr(text, "nestmark: exit.cpuid guest/cpl3 state ok -\n"
				  "nestmark: exit.cpuid guest/cpl3 floor 1234.5 ns\n"
				  "nestmark: exit.cpuid guest/cpl3 p50 1234.5 ns\n"),
		     text, "%s", text);
	assert_contains(text, "nestmark: floor.loop native state failed -\n");
	free(text);
}

Test(formats, directions_have_a_file_each)
{
	char *smaller = render_sample("github-benchmark");
	char *bigger = render_sample("github-benchmark-bigger");

	assert_contains(smaller, "\"exit.cpuid/guest/cpl3/p50\"");
	assert_contains(smaller, "\"range\": \"1200.25..1300.125\"");
	assert_contains(bigger, "\"exit.cpuid/guest/cpl3/quiet_share\"");
	assert_lacks(bigger, "p50");
	free(smaller);
	free(bigger);
}

Test(formats, extensions_differ)
{
	for (const struct nm_renderer *a = nm_renderers; a->name; a++)
		for (const struct nm_renderer *b = nm_renderers; b != a; b++)
			cr_assert_str_neq(a->extension, b->extension, "%s and %s", a->name,
					  b->name);
}

/* Comparisons */

Test(comparisons, ktap_tells_the_verdicts_apart)
{
	char *text = render_comparison(nm_comparison_render_ktap);

	assert_contains(text, "# floor: base 2.00 \xc2\xb5s [1.98, 2.02], new 21.0 \xc2\xb5s "
			      "[20.8, 21.2], ratio 10.5 [10.5, 10.5]; p50:");
	assert_contains(text, "# regressed\nnot ok 1 exit.cpuid/guest/cpl0\n");
	assert_contains(text, "\nok 2 exit.hlt/guest/cpl0\n");
	assert_contains(text, "\nok 3 exit.rdmsr/guest/cpl0\n");
	assert_contains(text, "\nok 4 exit.pio.in/guest/cpl0 # SKIP inconclusive: some reason\n");
	assert_contains(text, "\nnot ok 5 exit.pio.out/guest/cpl0 # ERROR invalid: some reason\n");
	assert_contains(text, "\nnot ok 6 exit.wrmsr/guest/cpl0 # ERROR missing: some reason\n");
	assert_contains(text, "\nok 7 exit.mmio/guest/cpl0 # SKIP added: some reason\n");
	assert_contains(text, "\nok 8 exit.mwait/guest/cpl0 # SKIP unsupported: some reason\n");
	assert_contains(text, "# Totals: pass:2 fail:1 xfail:0 xpass:0 skip:3 error:2\n");
	free(text);
}

Test(comparisons, junit_fails_what_regressed)
{
	char *text = render_comparison(nm_comparison_render_junit);

	assert_contains(text, "tests=\"8\" failures=\"1\" errors=\"2\" skipped=\"3\"");
	assert_contains(text, "<failure type=\"regressed\" message=\"floor: base 2.00 \xc2\xb5s");
	assert_contains(text, "<property name=\"gate\" value=\"failed\"/>");
	assert_contains(text, "<skipped type=\"inconclusive\" message=\"some reason\">");
	free(text);
}

Test(comparisons, annotations_show_the_gate)
{
	char *text = render_comparison(nm_comparison_render_github);

	cr_assert(!strncmp(text, "::error title=nestmark compare%3A gate::exit.cpuid", 50), "%s",
		  text);
	assert_contains(text, "::error title=exit.cpuid/guest/cpl0 regressed::floor: base 2.00");
	assert_contains(text, "::warning title=exit.pio.in/guest/cpl0 inconclusive::");
	assert_contains(text, "::notice title=nestmark compare::regressed: 2 ok, 3 skipped");
	free(text);
}

Test(comparisons, csv_has_a_row_for_each_statistic)
{
	char *text = render_comparison(nm_comparison_render_csv);
	size_t columns = 0;
	size_t commas = 0;

	assert_contains(text, "exit.cpuid/guest/cpl0,exit.cpuid,exits,guest,cpl0,ns,ok,ok,10,10,"
			      "regressed,,floor,regressed,2000,1980,2020,21000,");
	assert_contains(text, ",missing,\"some reason\",,");
	for (const char *c = text; *c != '\n'; c++)
		columns += *c == ',';
	for (const char *c = strstr(text, "\nexit.wrmsr") + 1; *c != '\n'; c++)
		commas += *c == ',';
	cr_assert_eq(commas, columns, "%zu instead of %zu commas", commas, columns);
	free(text);
}

Test(comparisons, prometheus_counts_verdicts)
{
	char *text = render_comparison(nm_comparison_render_prometheus);

	assert_contains(text,
			"\nnestmark_ratio{op=\"exit.cpuid\",context=\"guest\",variant=\"cpl0\","
			"stat=\"p50\"} 10.5\n");
	assert_contains(text, "\nnestmark_verdicts{verdict=\"regressed\"} 1\n");
	assert_contains(text, "\nnestmark_verdicts{verdict=\"equal\"} 1\n");
	assert_contains(text, "\nnestmark_gate_passed 0\n");
	assert_contains(text, "\nnestmark_comparison_timestamp_seconds 1767580030\n");
	free(text);
}

Test(comparisons, plain_lines_are_frozen)
{
	char *text = render_comparison(nm_comparison_render_plain);

	assert_contains(text, "nestmark: exit.cpuid guest/cpl0 verdict regressed -\n"
			      "nestmark: exit.cpuid guest/cpl0 floor-ratio 10.5 x\n");
	assert_contains(text, "nestmark: comparison verdict regressed -\n");
	free(text);
}

Test(comparisons, are_read_as_they_were_written)
{
	struct nm_comparison comparison;
	struct nm_comparison read = {0};
	struct nm_text first = {0};
	struct nm_text second = {0};
	nm_json *json = NULL;

	sample_comparison(&comparison);
	cr_assert_eq(nm_comparison_write(&first, &comparison), 0, "not written");
	cr_assert_eq(nm_json_parse(first.bytes, first.length, &json), 0, "not parsed");
	cr_assert(nm_comparison_is(json), "it is none");
	cr_assert_eq(nm_comparison_from_json("c.json", json, &read), 0, "not read: %s",
		     nm_error_last()->text);
	cr_assert_eq(nm_comparison_write(&second, &read), 0, "not written");
	cr_assert_str_eq(first.bytes, second.bytes, "other bytes:\n%s", second.bytes);
	nm_json_free(json);
	nm_text_free(&first);
	nm_text_free(&second);
	nm_comparison_free(&comparison);
	nm_comparison_free(&read);
}

Test(comparisons, a_name_that_is_not_its_own_is_refused)
{
	struct nm_comparison comparison;
	struct nm_comparison read = {0};
	struct nm_text text = {0};
	nm_json *json = NULL;

	sample_comparison(&comparison);
	comparison.lines.items[2].name = "x";
	nm_comparison_write(&text, &comparison);
	nm_json_parse(text.bytes, text.length, &json);
	cr_assert_eq(nm_comparison_from_json("c.json", json, &read), -EINVAL, "it is read");
	assert_error_says("c.json: lines[2]: name");
	nm_json_free(json);
	nm_text_free(&text);
	nm_comparison_free(&comparison);
}
