/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/report.h"

#include "core/statistics.h"
#include "reports/view.h"
#include "sample.h"

#include <errno.h>
#include <locale.h>

static const struct nm_render_options plain = {.colour = false};
static const struct nm_render_options coloured = {.colour = true};

/* As main() does. */
static void enter_utf8(void)
{
	cr_assert(setlocale(LC_CTYPE, "C.UTF-8"), "this machine has no locale C.UTF-8");
}

TestSuite(reports, .init = enter_utf8);

static char *render(const char *format, const struct nm_document *document,
		    const struct nm_render_options *options)
{
	const struct nm_renderer *renderer = nm_renderer_find(format);
	struct nm_text text = {0};

	cr_assert(renderer, "there is no format %s", format);
	cr_assert_eq(renderer->render(document, options, &text), 0, "%s cannot be rendered: %s",
		     format, nm_error_last()->text);
	return text.bytes;
}

static char *render_sample(const char *format)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	text = render(format, &document, &plain);
	nm_document_free(&document);
	return text;
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

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

Test(reports, formats_are_found_by_their_name)
{
	cr_assert_eq(nm_renderer_find("text"), &nm_renderers[0], "text is not the first");
	cr_assert_str_eq(nm_renderer_find("md")->extension, "md", "md has another extension");
	cr_assert_str_eq(nm_renderer_find("json")->extension, "json", "so has json");
	cr_assert_null(nm_renderer_find("xml"), "xml is found");
	cr_assert_null(nm_renderer_find(""), "nothing is found");
}

/* Numbers */

static void assert_ns(double ns, const char *expected)
{
	struct nm_arena arena = {0};
	const char *text = nm_format_ns(&arena, ns);

	cr_assert_str_eq(text, expected, "%.17g ns is \"%s\", expected \"%s\"", ns, text, expected);
	nm_arena_free(&arena);
}

Test(reports, times_have_three_digits_in_the_unit_that_fits)
{
	assert_ns(0, "0.00 ns");
	assert_ns(0.5, "0.50 ns");
	assert_ns(8.306, "8.31 ns");
	assert_ns(9.996, "10.0 ns");
	assert_ns(83.06, "83.1 ns");
	assert_ns(99.96, "100 ns");
	assert_ns(830.6, "831 ns");
	assert_ns(8306, "8.31 \xc2\xb5s");
	assert_ns(1e6, "1.00 ms");
	assert_ns(12.34e6, "12.3 ms");
	assert_ns(5e9, "5.00 s");
	assert_ns(5e12, "5000 s");
	assert_ns(-8306, "-8.31 \xc2\xb5s");
	assert_ns(NAN, "\xe2\x80\x93");
}

Test(reports, times_that_round_up_to_the_next_unit_take_it)
{
	assert_ns(999.4, "999 ns");
	assert_ns(999.6, "1.00 \xc2\xb5s");
	assert_ns(999999, "1.00 ms");
	assert_ns(999.96e6, "1.00 s");
}

static void assert_instructions(double count, const char *expected)
{
	struct nm_arena arena = {0};
	const char *text = nm_format_instructions(&arena, count);

	cr_assert_str_eq(text, expected, "%.17g is \"%s\", expected \"%s\"", count, text, expected);
	nm_arena_free(&arena);
}

Test(reports, instructions_are_plain_numbers)
{
	assert_instructions(0, "0.00");
	assert_instructions(2.0107, "2.01");
	assert_instructions(11, "11.0");
	assert_instructions(339, "339");
	assert_instructions(999.6, "1,000");
	assert_instructions(1343, "1,343");
	assert_instructions(123456, "123,456");
	assert_instructions(1234567, "1,234,567");
	assert_instructions(-123, "-123");
	assert_instructions(-1234, "-1,234");
	assert_instructions(NAN, "\xe2\x80\x93");
}

/* Text */

Test(reports, text_shows_machine_run_and_measurements)
{
	char *text = render_sample("text");

	assert_contains(text, "Intel(R) Xeon(R) CPU @ 2.80GHz, 8 hardware threads, 16.0 GiB");
	assert_contains(text, "itself a guest: guests are L2, hypervisor KVMKVMKVM");
	assert_contains(text, "product: Google Compute Engine");
	assert_contains(text, "profile standard, soak, at most 10 rounds of 2000 samples, "
			      "seed 18446744073709551615");
	assert_contains(text, "incomplete: signal 2");
	assert_contains(text, "kernel: 6.1.0-18-amd64, clock source tsc, governor not visible");
	assert_contains(text, "virtualization: emulated (read from a sample)");
	assert_contains(text, "changed during the run: governor: powersave -> performance");
	assert_contains(text, "exit.cpuid");
	assert_contains(text, "guest cpl3");
	assert_contains(text, "1.23 \xc2\xb5s [1.20, 1.30]");
	assert_contains(text, "12.3 [12.0, 13.5]");
	assert_contains(text, "floor.loop/native failed: 1 of 1 rounds failed: killed; "
			      "to change that: try again");
	assert_lacks(text, "\x1b");
	free(text);
}

static const char *const both_formats[] = {"text", "md"};

Test(reports, a_soak_has_a_section)
{
	char *text = render_sample("text");
	char *md = render_sample("md");

	assert_contains(text, "\nSoak:\n  duration 2:00:00 of 2:00:00, 5000 rounds; ");
	assert_contains(text, "at most 10 of each measurement");
	assert_contains(text, "failed rounds: 3 (1.5 per hour); changes of state: 2\n");
	assert_contains(text, "shutdown: 3 (1.5 per hour): exit.cpuid/guest/cpl3 3\n");
	assert_contains(text, "failed rounds by hour: 2 1\n");
	assert_contains(text, "2026-01-05T02:20:00Z (0:02:51), exit.cpuid/guest/cpl3, round 42, "
			      "shutdown: KVM_EXIT_SHUTDOWN: the guest shut down\n");
	cr_assert_null(strstr(strstr(text, "round 42") + 1, "round 42"),
		       "a failure is shown twice");
	assert_contains(md, "\n## Soak\n\n- duration 2:00:00");
	free(text);
	free(md);
}

Test(reports, what_is_compared_and_how_many_guests_fit_have_sections)
{
	char *text = render_sample("text");
	char *md = render_sample("md");

	assert_contains(text, "\nbeside another of this run:\n  exit.cpuid/guest/cpl3: p50 × 1.25 "
			      "[1.12, 1.50], p99 × –, of exit.cpuid/guest/cpl0\n");
	assert_contains(text, "\nhow many guests fit:\n  with up to 10 guests the p99 of "
			      "life.density.exit stays within 1.5 times that with the fewest; with "
			      "30 the p99 is 1.60 times as long\n");
	assert_contains(text, "\n  10 guests: p99 1.50 µs, × 1.25, steal 0.5 %; of each 2.2 MiB "
			      "resident and 12.0 KiB of KVM's page tables\n");
	assert_contains(md, "\n## Beside another of this run\n\n- exit.cpuid/guest/cpl3: p50");
	assert_contains(md, "\n## How many guests fit\n\n- with up to 10 guests");
	free(text);
	free(md);
}

static void add_guest_of(struct nm_document *document, const char *vmm, double p50)
{
	struct nm_measurement *m = add_measurement(document, "linux.mmap", NM_CONTEXT_GUEST);

	nm_map_set(&document->arena, &m->parameters, "vmm", NM_STRING(vmm));
	m->summary.p50 = (struct nm_statistic) {.value = p50, .lo = p50, .hi = p50};
	m->state = isfinite(p50) ? NM_STATE_OK : NM_STATE_FAILED;
	m->reason = "a reason";
}

static char *render_vmms(const char *format, const char *second)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	add_guest_of(&document, "nestmark", 1000);
	if (second)
		add_guest_of(&document, second, NAN);
	text = render(format, &document, &plain);
	nm_document_free(&document);
	return text;
}

Test(reports, vmms_stand_beside_each_other)
{
	char *text = render_vmms("text", "qemu-q35");
	char *md = render_vmms("md", "qemu|\033[31m");
	char *html = render_vmms("html", "qemu<q35");
	char *alone = render_vmms("text", NULL);

	assert_contains(text, "\np50 by VMM:\noperation  native");
	assert_contains(text, " nestmark qemu-q35\n");
	assert_contains(text, "1.00 µs");
	assert_contains(md, "\n## p50 by VMM\n\n| operation | native | nestmark | qemu\\|");
	assert_lacks(md, "\033");
	assert_contains(html, ">qemu&lt;q35</th>");
	assert_lacks(alone, "by VMM");
	free(text);
	free(md);
	free(html);
	free(alone);
}

Test(reports, other_runs_have_none)
{
	for (size_t i = 0; i < COUNT(both_formats); i++) {
		struct nm_document document;
		char *text;

		sample_document(&document);
		document.soak = NULL;
		document.run.plan.soak_ns = 0;
		text = render(both_formats[i], &document, &plain);
		assert_lacks(text, "Soak");
		assert_lacks(text, "soak");
		free(text);
		nm_document_free(&document);
	}
}

Test(reports, counted_instructions_are_not_shown_as_time)
{
	for (size_t i = 0; i < COUNT(both_formats); i++) {
		struct nm_document document;
		char *text;

		sample_document(&document);
		document.run.clock = NM_CLOCK_INSTRUCTIONS;
		document.run.plan.inject_delay_ns = 0;
		for (size_t m = 0; m < document.measurements.count; m++)
			document.measurements.items[m].unit = "instructions";
		text = render(both_formats[i], &document, &plain);
		assert_contains(text, "clock: counts instructions");
		assert_contains(text, "instructions are not time");
		assert_contains(text, i ? "1,234 \\[1,200, 1,300\\]" : "1,234 [1,200, 1,300]");
		assert_lacks(text, "\xc2\xb5s");
		assert_lacks(text, " ns");
		free(text);
		nm_document_free(&document);
	}
}

Test(reports, the_clock_is_no_news_when_it_is_time)
{
	char *text = render_sample("text");

	assert_lacks(text, "clock: counts");
	free(text);
}

Test(reports, exits_below_are_a_column_where_they_were_measured)
{
	for (size_t i = 0; i < COUNT(both_formats); i++) {
		struct nm_document document;
		char *text;

		sample_document(&document);
		text = render(both_formats[i], &document, &plain);
		assert_contains(text, "exits below/op");
		assert_contains(text, "21.50");
		free(text);
		for (size_t m = 0; m < document.measurements.count; m++)
			document.measurements.items[m].evidence.exits_below_per_op = NAN;
		text = render(both_formats[i], &document, &plain);
		assert_lacks(text, "exits below");
		assert_contains(text, "emulated/op");
		free(text);
		nm_document_free(&document);
	}
}

Test(reports, throughput_is_one_line_in_the_units_that_fit)
{
	for (size_t i = 0; i < COUNT(both_formats); i++) {
		struct nm_document document;
		char *text;

		sample_document(&document);
		text = render(both_formats[i], &document, &plain);
		assert_contains(text, "ow much in a second");
		assert_contains(text, "exit.cpuid/guest/cpl3: 12.3 k/s ");
		assert_contains(text, ", 50.6 MB/s ");
		assert_contains(text, ", \xc3\x97 native 0.25 ");
		free(text);
		document.measurements.items[0].throughput->bytes_per_s.value = NAN;
		document.measurements.items[0].throughput->native_ratio.value = NAN;
		text = render(both_formats[i], &document, &plain);
		assert_contains(text, "cpl3: 12.3 k/s ");
		assert_lacks(text, "MB/s");
		assert_lacks(text, "native 0.25");
		free(text);
		document.measurements.items[0].throughput->operations_per_s.value = NAN;
		text = render(both_formats[i], &document, &plain);
		assert_lacks(text, "in a second");
		free(text);
		nm_document_free(&document);
	}
}

Test(reports, a_histogram_is_one_line_of_the_buckets_that_have_samples)
{
	for (size_t i = 0; i < COUNT(both_formats); i++) {
		struct nm_document document;
		char *text;

		sample_document(&document);
		text = render(both_formats[i], &document, &plain);
		assert_contains(text, "ow many samples reached how much");
		assert_contains(text, "exit.cpuid/guest/cpl3: from 0 ns: 1, 2 \xc2\xb5s: 1234, "
				      "50 ms: 2\n");
		assert_lacks(text, "floor.loop/native: from");
		free(text);
		document.measurements.items[0].unit = "instructions";
		text = render(both_formats[i], &document, &plain);
		assert_contains(text, "cpl3: from 0: 1, 2000: 1234, 50000000: 2\n");
		free(text);
		document.measurements.items[0].histogram.count = 0;
		text = render(both_formats[i], &document, &plain);
		assert_lacks(text, "reached how much");
		free(text);
		nm_document_free(&document);
	}
}

Test(reports, a_histogram_without_numbers_is_left_out)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	for (size_t i = 0; i < document.measurements.items[0].histogram.count; i++)
		document.measurements.items[0].histogram.pairs[i].name = "1e999";
	text = render("text", &document, &plain);
	assert_lacks(text, "reached how much");
	free(text);
	document.measurements.items[0].histogram.pairs[0] =
		(struct nm_pair) {.name = "5", .value = NM_STRING("x")};
	text = render("text", &document, &plain);
	assert_lacks(text, "reached how much");
	free(text);
	nm_document_free(&document);
}

Test(reports, everything_but_ok_has_a_reason)
{
	for (int state = NM_STATE_OK; state <= NM_STATE_TIMEOUT; state++) {
		struct nm_document document;
		char expected[64];
		char *text;

		sample_document(&document);
		document.measurements.items[0].state = state;
		document.measurements.items[0].reason = state == NM_STATE_OK ? NULL : "some reason";
		text = render("md", &document, &plain);
		snprintf(expected, sizeof(expected), "- exit.cpuid/guest/cpl3 %s: some reason\n",
			 nm_state_names[state]);
		if (state == NM_STATE_OK)
			assert_lacks(text, "- exit.cpuid/guest/cpl3 ");
		else
			assert_contains(text, expected);
		free(text);
		nm_document_free(&document);
	}
}

Test(reports, a_reason_that_measurements_share_is_said_once)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	for (size_t i = 0; i < 2; i++) {
		document.measurements.items[i].state = NM_STATE_UNSUPPORTED;
		document.measurements.items[i].reason = "needs kvm.device: absent";
	}
	text = render("text", &document, &plain);
	assert_contains(text,
			"  exit.cpuid/guest/cpl3, floor.loop/native unsupported: needs kvm.device");
	cr_assert_null(strstr(strstr(text, "absent") + 1, "absent"), "it is said twice:\n%s",
		       shown(text, strlen(text)));
	free(text);
	nm_document_free(&document);
}

Test(reports, colours_appear_only_when_asked_for)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	text = render("text", &document, &coloured);
	assert_contains(text, "\x1b[");
	free(text);
	nm_document_free(&document);
}

Test(reports, long_names_are_not_cut)
{
	char name[401];
	struct nm_document document;
	char *text;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	sample_document(&document);
	document.measurements.items[0].operation = name;
	text = render("text", &document, &plain);
	assert_contains(text, name);
	free(text);
	nm_document_free(&document);
}

Test(reports, emulation_and_quick_runs_are_pointed_out)
{
	static const char *const formats[] = {"text", "md"};
	struct nm_document document;

	for (size_t i = 0; i < COUNT(formats); i++) {
		char *text = render_sample(formats[i]);

		assert_lacks(text, "emulated: this KVM");
		assert_lacks(text, "profile quick");
		free(text);
		sample_document(&document);
		document.measurements.items[0].evidence.emulated = true;
		document.run.plan.profile = "quick";
		text = render(formats[i], &document, &plain);
		assert_contains(text, "ok, emulated");
		assert_contains(text, "emulated: this KVM interprets");
		assert_contains(text, "profile quick: for a look, not for a verdict");
		free(text);
		nm_document_free(&document);
	}
}

Test(reports, what_is_unknown_is_said)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	document.machine = (struct nm_machine) {.level = -1};
	document.environment = (struct nm_environment) {0};
	document.findings.count = 0;
	text = render("text", &document, &plain);
	assert_contains(text, "machine: unknown, ");
	assert_contains(text, "level unknown");
	assert_contains(text, "kernel: unknown, clock source unknown");
	assert_lacks(text, "product:");
	assert_lacks(text, "(null)");
	free(text);
	nm_document_free(&document);
}

Test(reports, a_document_without_measurements_is_rendered)
{
	static const char *const formats[] = {"text", "md", "json"};

	for (size_t i = 0; i < COUNT(formats); i++) {
		struct nm_document document;
		char *text;

		sample_document(&document);
		document.measurements.count = 0;
		text = render(formats[i], &document, &plain);
		assert_contains(text, "Xeon");
		free(text);
		nm_document_free(&document);
	}
}

/* Strings from strangers */

static const char hostile[] =
	"\x1b[31m|`a`\\|<script>&amp;*_[x](http://y)\n| b |\n# c\r\n\x7f\xc2\x9bZ";

static void sample_hostile(struct nm_document *document)
{
	sample_document(document);
	document->measurements.items[0].operation = hostile;
	document->measurements.items[0].parameters.pairs[0].value = NM_STRING(hostile);
	document->measurements.items[1].reason = hostile;
	document->measurements.items[1].remedy = hostile;
	document->machine.brand = hostile;
	document->machine.hypervisor = hostile;
	document->machine.product = hostile;
	document->run.reason = hostile;
	document->run.plan.profile = hostile;
	document->run.tool_version = hostile;
	document->run.started = hostile;
	document->environment.kernel_release = hostile;
	document->environment.governor = hostile;
	document->environment.changed.items[0] = hostile;
	document->findings.items[4].value = NM_STRING(hostile);
	document->findings.items[4].evidence = hostile;
	document->soak->measurements.items[0].measurement = hostile;
	document->soak->all.failures.pairs[0].name = hostile;
	document->soak->failures.items[0].reason = hostile;
	document->soak->failures.items[0].time = hostile;
	for (size_t i = 0; i < 2; i++) {
		document->soak->failures.items[i].measurement = hostile;
		document->soak->failures.items[i].failure = hostile;
	}
}

static char *render_hostile(const char *format)
{
	struct nm_document document;
	char *text;

	sample_hostile(&document);
	text = render(format, &document, &plain);
	nm_document_free(&document);
	return text;
}

static void assert_no_control_characters(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		cr_assert((*c >= 0x20 || *c == '\n') && *c != 0x7f &&
				  !(c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f),
			  "character %#x at %zu", *c, (size_t)(c - (const unsigned char *)text));
}

Test(reports, hostile_strings_do_not_reach_the_terminal)
{
	char *benign = render_sample("text");
	char *text = render_hostile("text");

	assert_no_control_characters(text);
	assert_contains(text, "[31m|`a`\\|<script>");
	cr_assert_eq(count_lines(text), count_lines(benign), "%zu lines instead of %zu:\n%s",
		     count_lines(text), count_lines(benign), shown(text, strlen(text)));
	free(text);
	free(benign);
}

/* Pipes of a line that end a cell: those that no backslash takes away. */
static size_t open_pipes(const char *line)
{
	size_t pipes = 0;

	for (; *line && *line != '\n'; line++) {
		if (*line == '\\' && line[1] && line[1] != '\n')
			line++;
		else
			pipes += *line == '|';
	}
	return pipes;
}

static const char *next_line(const char *line)
{
	const char *newline = strchr(line, '\n');

	return newline && newline[1] ? newline + 1 : NULL;
}

static void assert_table(const char *text, size_t rows)
{
	size_t lines = 0;

	for (const char *line = text; line; line = next_line(line)) {
		if (*line == '|') {
			lines++;
			cr_assert_eq(open_pipes(line), NM_COLUMNS + 1, "%zu pipes in %.*s",
				     open_pipes(line), (int)strcspn(line, "\n"), line);
		} else {
			cr_assert_eq(open_pipes(line), 0, "a pipe outside the table: %.*s",
				     (int)strcspn(line, "\n"), line);
		}
	}
	cr_assert_eq(lines, rows + 2, "the table has %zu lines:\n%s", lines,
		     shown(text, strlen(text)));
}

Test(reports, markdown_has_one_table_line_per_measurement)
{
	char *text = render_sample("md");

	cr_assert_eq(strncmp(text, "# nestmark report\n", 18), 0, "it begins with %.20s", text);
	assert_table(text, 2);
	assert_contains(text, "\n| exit.cpuid | guest cpl3 | 1.23 \xc2\xb5s \\[1.20, 1.30\\] |");
	assert_contains(text, "\n## Not ok, and why\n\n- floor.loop/native failed: ");
	free(text);
}

Test(reports, hostile_strings_do_not_break_the_markdown_table)
{
	char *benign = render_sample("md");
	char *text = render_hostile("md");

	assert_table(text, 2);
	cr_assert_eq(count_lines(text), count_lines(benign), "%zu lines instead of %zu:\n%s",
		     count_lines(text), count_lines(benign), shown(text, strlen(text)));
	free(text);
	free(benign);
}

Test(reports, hostile_strings_do_not_reach_the_terminal_through_markdown)
{
	char *text = render_hostile("md");

	assert_no_control_characters(text);
	free(text);
}

/* Every character with a meaning in Markdown or HTML stands behind a backslash or is an entity. */
Test(reports, hostile_strings_are_no_markdown)
{
	char *text = render_hostile("md");
	const char *body = strstr(text, "- machine: ");

	cr_assert(body, "no machine in %s", shown(text, strlen(text)));
	for (const char *at = body; *at; at++) {
		if (*at == '\\')
			at++;
		else if (*at == '&')
			cr_assert_eq(strncmp(at, "&amp;", 5), 0, "an entity: %.10s", at);
		else
			cr_assert_not(strchr("`*_[]<>", *at), "a bare %c in: %.30s", *at, at - 5);
	}
	assert_contains(text, "&amp;amp;");
	assert_contains(text, "\\<script\\>");
	free(text);
}

Test(reports, every_cell_survives_any_byte)
{
	limit_time(20);
	for (int byte = 1; byte < 256; byte++) {
		const char name[] = {'a', (char)byte, '|', (char)byte, (char)byte, '\0'};
		struct nm_document document;
		char *text;

		sample_document(&document);
		document.measurements.items[0].operation = name;
		document.measurements.items[1].reason = name;
		text = render("md", &document, &plain);
		assert_table(text, 2);
		free(text);
		free(render("text", &document, &plain));
		nm_document_free(&document);
	}
}

/* Series */

static void add_point(struct nm_document *document, int64_t bytes)
{
	struct nm_measurement *m = add_measurement(document, "mem.walk", NM_CONTEXT_GUEST);

	m->series = "bytes";
	nm_map_set(&document->arena, &m->parameters, "cpl", NM_INT(3));
	nm_map_set(&document->arena, &m->parameters, "bytes", NM_INT(bytes));
	sample_numbers(document, m);
}

static char *render_series(const char *format)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	add_point(&document, 65536);
	add_point(&document, 16777216);
	text = render(format, &document, &plain);
	nm_document_free(&document);
	return text;
}

Test(reports, a_series_is_a_row_for_each_point_in_their_order)
{
	for (size_t i = 0; i < COUNT(both_formats); i++) {
		char *text = render_series(both_formats[i]);
		const char *first = strstr(text, "guest cpl3 64KiB");

		cr_assert(first && strstr(first, "guest cpl3 16MiB"), "%s:\n%s", both_formats[i],
			  shown(text, strlen(text)));
		free(text);
	}
}

/* JSON */

Test(reports, json_says_along_what_a_series_goes)
{
	char *text = render_series("json");
	struct nm_document document = {0};

	cr_assert_eq(nm_document_parse("json", text, strlen(text), &document), 0, "not read: %s",
		     nm_error_last()->text);
	cr_assert_eq(document.measurements.count, 4, "%zu", document.measurements.count);
	cr_assert_null(document.measurements.items[1].series, "a series of one");
	cr_assert_str_eq(document.measurements.items[3].series, "bytes", "another series");
	nm_document_free(&document);
	free(text);
}

Test(reports, json_is_the_document_itself)
{
	char *text = render_sample("json");
	struct nm_document document = {0};
	struct nm_text again = {0};

	cr_assert_eq(nm_document_parse("json", text, strlen(text), &document), 0, "not read: %s",
		     nm_error_last()->text);
	cr_assert_eq(nm_document_write(&again, &document, true), 0, "not written");
	cr_assert_str_eq(again.bytes, text, "other bytes:\n%s", text);
	nm_text_free(&again);
	nm_document_free(&document);
	free(text);
}

Test(reports, hostile_strings_stay_what_they_are_in_json)
{
	char *text = render_hostile("json");
	struct nm_document document = {0};

	cr_assert_eq(nm_document_parse("json", text, strlen(text), &document), 0, "not read: %s",
		     nm_error_last()->text);
	cr_assert_str_eq(document.machine.brand, hostile, "the brand is %s",
			 document.machine.brand);
	cr_assert_str_eq(document.measurements.items[0].operation, hostile, "the operation");
	for (const char *c = text; *c; c++)
		cr_assert((unsigned char)*c >= 0x20 || *c == '\n', "a raw control character");
	nm_document_free(&document);
	free(text);
}

static void render_all(const char *bytes, size_t length)
{
	static const char *const formats[] = {"text", "md", "json"};
	struct nm_document document = {0};

	if (nm_document_parse("name", bytes, length, &document))
		return;
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct nm_text text = {0};

		cr_assert_eq(nm_renderer_find(formats[i])->render(&document, &plain, &text), 0,
			     "%s of %.*s", formats[i], (int)length, bytes);
		nm_text_free(&text);
	}
	nm_document_free(&document);
}

Test(reports, every_document_that_is_read_can_be_rendered)
{
	limit_time(60);
	cr_assert_gt(each_wrong_value(render_all), 1000, "too few documents");
}

/* Findings */

static int render_probe(const struct nm_findings *findings, struct nm_text *out)
{
	const struct nm_probe_view view = {.all = findings, .shown = *findings};

	return nm_render_probe_text(&view, &plain, out);
}

Test(reports, a_probe_ends_with_its_verdict)
{
	struct nm_finding items[] = {
		{.id = "cpu.brand",
		 .value = NM_STRING("a CPU"),
		 .status = NM_STATUS_INFO,
		 .evidence = "e"},
		{.id = "kvm.cap.irqchip",
		 .value = NM_INT(1),
		 .status = NM_STATUS_PASS,
		 .evidence = "e",
		 .detail = true},
		{.id = "verdict.nesting",
		 .value = NM_STRING("none: \x1b[31mno KVM"),
		 .status = NM_STATUS_FAIL,
		 .evidence = "e",
		 .remedy = "enable it"},
	};
	const struct nm_findings all = {items, COUNT(items)};
	const struct nm_probe_view view = {.all = &all,
					   .shown = {items, 1},
					   .replay = true,
					   .note = "a\x07machine"};
	struct nm_text text = {0};

	cr_assert_eq(nm_render_probe_text(&view, &plain, &text), 0, "not rendered");
	assert_contains(text.bytes, "\n\n2 more findings: --all shows them\nreplay: amachine\n"
				    "nesting: none: [31mno KVM\nnext: enable it\n");
	assert_lacks(text.bytes, "kvm.cap.irqchip");
	nm_text_free(&text);
	cr_assert_eq(nm_render_probe_json(&view, &text), 0, "not rendered");
	assert_contains(text.bytes, "\"source\": \"replay\"");
	nm_text_free(&text);
}

Test(reports, findings_are_listed_with_level_and_remedy)
{
	struct nm_document document;
	struct nm_text text = {0};

	sample_document(&document);
	document.findings.items[1].remedy = "not needed";
	cr_assert_eq(render_probe(&document.findings, &text), 0, "not rendered");
	cr_assert_eq(count_lines(text.bytes), 7, "%zu lines:\n%s", count_lines(text.bytes),
		     text.bytes);
	assert_contains(text.bytes, "kvm.device");
	assert_contains(text.bytes, "PASS    yes");
	assert_contains(text.bytes, "NOTE    12");
	assert_contains(text.bytes, "WARN    0.5");
	assert_contains(text.bytes, "UNKNOWN \xe2\x80\x93");
	assert_contains(text.bytes, "FAIL    emulated");
	assert_contains(text.bytes, "read from a sample (use another machine)");
	assert_lacks(text.bytes, "not needed");
	nm_text_free(&text);
	nm_document_free(&document);
}

Test(reports, a_long_value_leads_its_evidence)
{
	struct nm_finding items[] = {
		{.id = "cpu.flags",
		 .value = NM_STRING("lm nx pdpe1gb rdtscp ssse3 cx16 pcid sse4_1"),
		 .evidence = "CPUID"},
		{.id = "a.b",
		 .value = NM_STRING("\u05d0\u05d0\u05d0\u05d0\u05d0\u05d0\u05d0\u05d0\u05d0\u05d0"
				    "\u05d0\u05d0\u05d0\u05d0\u05d0\u05d0\u05d0"),
		 .evidence = "e"},
		{.id = "a.c",
		 .value = NM_STRING("0123456789012345678901234567890123456789"),
		 .evidence = "e"},
		{.id = "a.d",
		 .value = NM_STRING("01234567890123456789012345678901"),
		 .evidence = "e"},
	};
	const struct nm_findings all = {items, COUNT(items)};
	struct nm_text text = {0};

	cr_assert_eq(render_probe(&all, &text), 0, "not rendered");
	assert_contains(text.bytes, "lm nx pdpe1gb rdtscp ssse3 ...");
	assert_contains(text.bytes, "lm nx pdpe1gb rdtscp ssse3 cx16 pcid sse4_1: CPUID");
	assert_contains(text.bytes, "\u05d0\u05d0 ... ");
	assert_contains(text.bytes, "0123456789012345678901234567 ... ");
	assert_contains(text.bytes, "01234567890123456789012345678901 e");
	nm_text_free(&text);
}

Test(reports, hostile_findings_do_not_reach_the_terminal)
{
	struct nm_document document;
	struct nm_text text = {0};

	sample_hostile(&document);
	cr_assert_eq(render_probe(&document.findings, &text), 0, "not rendered");
	assert_no_control_characters(text.bytes);
	cr_assert_eq(count_lines(text.bytes), 7, "%zu lines:\n%s", count_lines(text.bytes),
		     text.bytes);
	nm_text_free(&text);
	nm_document_free(&document);
}

Test(reports, findings_that_are_not_utf8_are_listed)
{
	static const char *const values[] = {"a\x80", "\xff", "a\xed\xa0\x80", "a\xe2\x82",
					     "\xc0\x80z"};

	limit_time(20);
	for (size_t i = 0; i < COUNT(values); i++) {
		struct nm_document document;
		struct nm_text text = {0};

		sample_document(&document);
		document.findings.items[1].value = NM_STRING(values[i]);
		cr_assert_eq(render_probe(&document.findings, &text), 0,
			     "value %zu is not rendered", i);
		assert_contains(text.bytes, "kvm.api");
		nm_text_free(&text);
		nm_document_free(&document);
	}
}

Test(reports, findings_in_json_have_their_own_schema)
{
	struct nm_document document;
	struct nm_text text = {0};
	nm_json *json;
	nm_json *child;

	sample_document(&document);
	cr_assert_eq(nm_render_probe_json(&(const struct nm_probe_view) {.all = &document.findings,
									 .shown =
										 document.findings},
					  &text),
		     0, "not rendered");
	cr_assert_eq(nm_json_parse(text.bytes, text.length, &json), 0, "%s", nm_error_last()->text);
	assert_contains(text.bytes, "\"schema\": \"nestmark/probe/1\"");
	cr_assert(nm_json_get(json, "findings", &child), "there are no findings");
	cr_assert_eq(nm_json_count(child), 5, "%zu findings", nm_json_count(child));
	nm_json_free(json);
	nm_document_free(&document);
	cr_assert_eq(nm_document_parse("probe", text.bytes, text.length, &document), -EINVAL,
		     "it passes as a run document");
	nm_text_free(&text);
}
