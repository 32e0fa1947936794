/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Pages; tests/cli/html.py holds their form, tests/browser/ how they look. */
#include "analysis/overview.h"
#include "reports/comparison_renderers.h"
#include "reports/gnuplot.h"
#include "reports/plot.h"
#include "reports/report.h"
#include "reports/sentences.h"
#include "reports/svg.h"

#include "comparison_sample.h"
#include "sample.h"

static const struct nm_render_options plain = {.colour = false};

static char *render_document(const struct nm_document *document,
			     const struct nm_render_options *options)
{
	struct nm_text text = {0};

	cr_assert_eq(nm_renderer_find("html")->render(document, options, &text), 0, "%s",
		     nm_error_last()->text);
	return text.bytes;
}

static char *render_comparison(const struct nm_comparison *comparison)
{
	struct nm_text text = {0};

	cr_assert_eq(nm_comparison_render_html(comparison, &plain, &text), 0, "%s",
		     nm_error_last()->text);
	return text.bytes;
}

static void assert_contains(const char *text, const char *part)
{
	cr_assert(strstr(text, part), "\"%s\" is missing", shown(part, strlen(part)));
}

static void assert_lacks(const char *text, const char *part)
{
	cr_assert_not(strstr(text, part), "\"%s\" is there", shown(part, strlen(part)));
}

/* Overviews */

static struct nm_measurement *add_exit(struct nm_document *document, const char *name, double p50,
				       double ratio)
{
	struct nm_measurement *m = add_measurement(document, name, NM_CONTEXT_GUEST);

	sample_numbers(document, m);
	m->summary.p50 = (struct nm_statistic) {.value = p50, .lo = p50 * 0.99, .hi = p50 * 1.01};
	m->native_ratio = (struct nm_statistic) {.value = ratio, .lo = ratio, .hi = ratio};
	return m;
}

static void begin_document(struct nm_document *document)
{
	sample_document(document);
	document->measurements.count = 0;
}

Test(overview, a_class_has_its_middle_and_its_ends)
{
	struct nm_document document;
	struct nm_overview overview;
	const struct nm_cost *exits = &overview.costs[NM_COST_EXITS];

	begin_document(&document);
	add_exit(&document, "exit.b", 2000, 4);
	add_exit(&document, "exit.c", 9000, NAN);
	add_exit(&document, "exit.a", 1000, 2);
	add_exit(&document, "exit.d", 4000, 6);
	cr_assert_eq(nm_overview_build(&document, &overview), 0, "no memory");
	cr_assert_eq(exits->latency.count, 4, "%zu", exits->latency.count);
	cr_assert_eq(exits->latency.lowest, 1000, "%g", exits->latency.lowest);
	cr_assert_eq(exits->latency.median, 3000, "%g", exits->latency.median);
	cr_assert_eq(exits->latency.highest, 9000, "%g", exits->latency.highest);
	cr_assert_str_eq(exits->latency.at_highest->operation, "exit.c", "another");
	cr_assert_eq(exits->ratio.count, 3, "%zu", exits->ratio.count);
	cr_assert_eq(exits->ratio.median, 4, "%g", exits->ratio.median);
	cr_assert_eq(overview.states[NM_STATE_OK], 4, "%zu", overview.states[NM_STATE_OK]);
	cr_assert_float_eq(overview.interval.median, 2, 1e-9, "%g", overview.interval.median);
	nm_document_free(&document);
}

Test(overview, what_does_not_leave_the_guest_is_no_exit)
{
	struct nm_document document;
	struct nm_overview overview;

	begin_document(&document);
	add_exit(&document, "exit.a", 1000, 2)->evidence.exits_per_op = 0;
	add_exit(&document, "exit.b", 2000, 4);
	/* Without KVM's count, what must be counts. */
	add_exit(&document, "exit.c", 3000, 4)->evidence.exits_per_op = NAN;
	nm_overview_build(&document, &overview);
	cr_assert_eq(overview.costs[NM_COST_EXITS].latency.count, 2, "%zu",
		     overview.costs[NM_COST_EXITS].latency.count);
	cr_assert_eq(overview.costs[NM_COST_EXITS].inside, 1, "%zu",
		     overview.costs[NM_COST_EXITS].inside);
	nm_document_free(&document);
}

Test(overview, only_what_was_measured_counts)
{
	for (int state = NM_STATE_OK; state <= NM_STATE_TIMEOUT; state++) {
		bool counts = state == NM_STATE_OK || state == NM_STATE_NOISY;
		struct nm_document document;
		struct nm_overview overview;
		const struct nm_cost *exits = &overview.costs[NM_COST_EXITS];

		begin_document(&document);
		add_exit(&document, "exit.a", 1000, 2)->state = state;
		nm_overview_build(&document, &overview);
		cr_assert_eq(exits->latency.count, counts, "%s", nm_state_names[state]);
		cr_assert_eq(exits->planned, 1, "%s", nm_state_names[state]);
		cr_assert_eq(exits->noisy, state == NM_STATE_NOISY, "%s", nm_state_names[state]);
		cr_assert_eq(exits->example_missing != NULL, !counts, "%s", nm_state_names[state]);
		nm_document_free(&document);
	}
}

Test(overview, operations_have_classes)
{
	static const struct {
		const char *operation;
		enum nm_cost_class kind;
	} known[] = {
		{"exit.cpuid", NM_COST_EXITS},
		{"exception.pf", NM_COST_EXITS},
		{"mem.touch.write.anon", NM_COST_FAULTS},
		{"mem.chase.g4k.h4k", NM_COST_MEMORY},
		{"irq.ipi.halted", NM_COST_INTERRUPTS},
		{"timer.deadline.hlt", NM_COST_INTERRUPTS},
		{"io.blk.read.4k", NM_COST_IO},
		{"life.vm.create", NM_COST_LIFECYCLE},
		{"noise.gaps", NM_COST_NOISE},
		{"floor.loop", NM_COST_CLASSES},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		const struct nm_measurement m = {.operation = known[i].operation};

		cr_assert_eq(nm_cost_class_of(&m), known[i].kind, "%s", known[i].operation);
	}
}

/* Sentences */

Test(sentences, say_what_a_class_costs)
{
	struct nm_document document;
	struct nm_overview overview;
	const char *sentence;

	begin_document(&document);
	add_exit(&document, "exit.a", 1000, 2)->state = NM_STATE_NOISY;
	add_exit(&document, "exit.b", 2000, 4)->evidence.emulated = true;
	nm_overview_build(&document, &overview);
	sentence = nm_cost_sentence(&document.arena, &overview, NM_COST_EXITS);
	cr_assert_str_eq(nm_cost_figure(&document.arena, &overview, NM_COST_EXITS),
			 "1.50 \xc2\xb5s", "another figure");
	assert_contains(sentence, "from 1.00 \xc2\xb5s (exit.a) to 2.00 \xc2\xb5s (exit.b)");
	assert_contains(sentence, "takes 3.00 times as long as without a guest (2.00 to 4.00, 2 "
				  "pairs)");
	assert_contains(sentence, "1 of 2 are noisy");
	assert_contains(sentence, "1 of 2 ran in an interpreter");
	nm_document_free(&document);
}

Test(sentences, say_why_there_is_nothing)
{
	struct nm_document document;
	struct nm_overview overview;
	struct nm_measurement *m;

	begin_document(&document);
	m = add_exit(&document, "exit.a", NAN, NAN);
	m->state = NM_STATE_UNSUPPORTED;
	m->reason = "needs kvm.device: absent";
	nm_overview_build(&document, &overview);
	cr_assert_str_eq(nm_cost_figure(&document.arena, &overview, NM_COST_EXITS), "no figure",
			 "a figure");
	assert_contains(nm_cost_sentence(&document.arena, &overview, NM_COST_EXITS),
			"1 planned, none gave a figure. The first: unsupported, needs kvm.device");
	nm_document_free(&document);
}

/* Pages */

Test(pages, a_run_opens_with_its_verdict)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	text = render_document(&document, &plain);
	cr_assert_lt(strstr(text, "id=\"verdict\""), strstr(text, "id=\"charts\""), "its place");
	assert_contains(text, "Itself a guest: guests here are L2.");
	assert_contains(text, "<h1>sample</h1>");
	assert_contains(text, "The run is incomplete: signal 2.");
	assert_contains(text, "Changed during the run: governor: powersave -&gt; performance.");
	assert_contains(text, "<td><span class=\"badge bad\">failed</span></td>");
	assert_contains(text, "floor.loop/native failed: 1 of 1 rounds failed: killed");
	assert_contains(text, "<h2 id=\"soak\">Soak</h2>");
	free(text);
	nm_document_free(&document);
}

Test(pages, an_injected_delay_is_said_first)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	document.run.plan.inject_delay_ns = 20;
	text = render_document(&document, &plain);
	assert_contains(text, "<p class=\"answer bad\">No measurement of this machine");
	free(text);
	document.run.plan.inject_delay_ns = 0;
	text = render_document(&document, &plain);
	assert_lacks(text, "No measurement of this machine");
	free(text);
	nm_document_free(&document);
}

Test(pages, workloads_are_told_by_their_readiness)
{
	struct nm_check_workload workloads[] = {
		{.name = "a", .title = "Alpha", .as_of = "2026-09", .verdict = NM_READINESS_READY},
		{.name = "b",
		 .title = "Beta<",
		 .as_of = "2026-09",
		 .reason = "no KVM",
		 .verdict = NM_READINESS_NOT_READY},
	};
	const struct nm_check check = {.workloads = {workloads, 2}};
	const struct nm_render_options options = {.readiness = &check};
	struct nm_document document;
	char *text;

	sample_document(&document);
	text = render_document(&document, &options);
	assert_contains(text, "Fit to move here: Alpha.");
	assert_contains(text, "Not fit: Beta&lt;.");
	assert_contains(text, "<span class=\"badge bad\">not ready</span>");
	free(text);
	text = render_document(&document, &plain);
	assert_contains(text, "without the requirements of workloads");
	free(text);
	nm_document_free(&document);
}

Test(pages, the_same_document_gives_the_same_page)
{
	struct nm_document document;
	char *first;
	char *second;

	sample_document(&document);
	first = render_document(&document, &plain);
	second = render_document(&document, &plain);
	cr_assert_str_eq(first, second, "it does not");
	free(first);
	free(second);
	nm_document_free(&document);
}

static const char hostile[] =
	"<script>alert(1)</script>\"' onload=x `id` \x1b[31m\xe2\x80\xae@macro";

Test(pages, hostile_strings_are_text)
{
	struct nm_document document;
	char *text;

	sample_document(&document);
	document.run.host = hostile;
	document.run.tool_version = hostile;
	document.machine.brand = hostile;
	document.measurements.items[0].operation = hostile;
	document.measurements.items[0].group = hostile;
	document.measurements.items[1].reason = hostile;
	document.findings.items[0].evidence = hostile;
	text = render_document(&document, &plain);
	assert_lacks(text, "<script");
	assert_lacks(text, "\x1b");
	assert_lacks(text, "\xe2\x80\xae");
	assert_contains(text, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&apos; onload=x `id`");
	free(text);
	nm_document_free(&document);
}

Test(pages, without_gnuplot_tables_are_left_and_it_is_said)
{
	struct nm_document document;
	char *text;

	setenv("PATH", "/nowhere", 1);
	sample_document(&document);
	text = render_document(&document, &plain);
	assert_contains(text, "Charts are missing: there is no gnuplot on PATH. The tables");
	assert_contains(text, "<table>");
	assert_lacks(text, "<figure>");
	free(text);
	nm_document_free(&document);
}

Test(pages, a_comparison_opens_with_its_verdict)
{
	struct nm_comparison comparison;
	char *text;

	sample_comparison(&comparison);
	text = render_comparison(&comparison);
	assert_contains(text, "<h1>Machine against machine</h1>");
	assert_contains(text, "<p class=\"answer bad\">On the whole slower. Of 8 measurements: "
			      "1 slower.</p>");
	assert_contains(text, "<dd class=\"figure\">1.10 ×</dd>");
	assert_contains(text, "The gate is not passed");
	assert_contains(text, "exit.cpuid/guest/cpl0 regressed");
	assert_contains(text, "22 × (The Turtles Project, OSDI 2010)");
	assert_contains(text, "<h2 id=\"undecided\">Not decided, and why</h2>");
	assert_contains(text, "<th scope=\"row\">machine.level</th>");
	free(text);
	comparison.mode = NM_COMPARE_DOCUMENTS;
	text = render_comparison(&comparison);
	assert_contains(text, "On the whole regressed.");
	free(text);
	for (size_t i = 0; i < 5; i++)
		comparison.lines.items[i].verdict = NM_VERDICT_INVALID;
	text = render_comparison(&comparison);
	assert_contains(text, "<p class=\"answer bad\">Most of it is not decided. Of 8");
	free(text);
	nm_comparison_free(&comparison);
}

Test(pages, a_comparison_of_strangers_is_text)
{
	struct nm_comparison comparison;
	char *text;

	sample_comparison(&comparison);
	comparison.base.label = hostile;
	comparison.differences.items[0].base = hostile;
	comparison.lines.items[0].group = hostile;
	comparison.lines.items[0].published.items[0].source = hostile;
	comparison.lines.items[4].reason = hostile;
	comparison.gate->failures.items[0] = hostile;
	text = render_comparison(&comparison);
	assert_lacks(text, "<script");
	assert_lacks(text, "\x1b");
	free(text);
	nm_comparison_free(&comparison);
}

/* Drawings */

static char *clean(const char *drawing)
{
	struct nm_text in = {0};
	struct nm_text out = {0};
	char view_box[48];

	nm_text_puts(&in, drawing);
	if (nm_svg_clean(&in, view_box, sizeof(view_box), &out)) {
		nm_text_free(&out);
		out.bytes = NULL;
	} else {
		cr_assert_str_eq(view_box, "0 0 8 9", "%s", view_box);
	}
	nm_text_free(&in);
	return out.bytes;
}

#define HEAD "<svg \n viewBox=\"0 0 8 9\"\n>\n<desc>x 5.4</desc><g id=\"c\"><defs></defs>\n"
#define TAIL "\n</g>\n</svg>\n"

Test(drawings, become_part_of_a_page)
{
	char *text = clean(HEAD "<g fill=\"none\" color=\"black\" stroke=\"currentColor\">\n</g>\n"
				"<path stroke='rgb(  0,   0,  17)' d='M1,2'/>"
				"<use xlink:href='#gpPt6' color='rgb(0,0,16)'/>"
				"<use xlink:href='#gpDot' x='1'/><text>10 us</text>" TAIL);

	cr_assert(text, "%s", nm_error_last()->text);
	cr_assert_str_eq(text,
			 "<path stroke='var(--c17)' d='M1,2'/><use href='#nm-pt6' "
			 "color='var(--c16)'/><text>10 µs</text>\n",
			 "%s", text);
	free(text);
}

Test(drawings, with_more_than_a_drawing_are_refused)
{
	static const char *const bodies[] = {
		"<script>x</script>",		"<image href='x'/>",
		"<a href='#x'>y</a>",		"<path fill='url(#x)'/>",
		"<use xlink:href='http://x'/>", "<!-- x -->",
		"<path stroke='rgb(1,2'/>",
	};
	char text[256];

	for (size_t i = 0; i < COUNT(bodies); i++) {
		snprintf(text, sizeof(text), "%s%s%s", HEAD, bodies[i], TAIL);
		cr_assert_null(clean(text), "%s is taken", bodies[i]);
	}
	cr_assert_null(clean("<svg/>"), "nothing is taken");
	cr_assert_null(clean(""), "nothing at all is taken");
}

Test(gnuplot, draws_by_a_script_and_data)
{
	struct nm_text data = {0};
	struct nm_text svg = {0};

	nm_text_puts(&data, "1 2\n3 4\n");
	cr_assert_eq(nm_gnuplot("set terminal svg\nplot '" NM_GNUPLOT_DATA "' with lines\n", &data,
				&svg),
		     0, "%s", nm_error_last()->text);
	assert_contains(svg.bytes, "<path");
	nm_text_free(&svg);
	cr_assert_eq(nm_gnuplot("no such command\n", &data, &svg), -EIO, "it draws");
	assert_error_says("gnuplot failed");
	cr_assert_eq(nm_gnuplot("x = 1\n", &data, &svg), -EIO, "it draws");
	assert_error_says("gnuplot drew nothing");
	nm_text_free(&data);
	nm_text_free(&svg);
}

/* A row of ratios with this interval; its drawing holds the tics of the axis. */
static void draw_ratio(double value, double lo, double hi, struct nm_chart *chart)
{
	struct nm_plot plot = {.kind = NM_PLOT_RATIOS};
	const struct nm_statistic ratio = {.value = value, .lo = lo, .hi = hi};

	nm_plot_begin_block(&plot, "labels");
	nm_plot_put_position(&plot, 0);
	nm_plot_put_number(&plot, value);
	nm_plot_put_label(&plot, "a row");
	nm_plot_end_row(&plot);
	nm_plot_begin_block(&plot, "new / base");
	nm_plot_put_bar(&plot, 0, &ratio, 1);
	cr_assert_eq(nm_plot_draw(&plot, chart), 0, "%s", nm_error_last()->text);
}

Test(gnuplot, intervals_end_within_the_frame)
{
	struct nm_chart chart = {0};

	draw_ratio(2, 1.5, 200, &chart);
	assert_contains(chart.body.bytes, ">100 ×<");
	nm_text_free(&chart.body);
	draw_ratio(2, 0.005, 3, &chart);
	assert_contains(chart.body.bytes, ">0.01 ×<");
	nm_text_free(&chart.body);
	draw_ratio(2, -1, NAN, &chart);
	nm_text_free(&chart.body);
}

Test(gnuplot, has_nothing_of_this_process)
{
	struct nm_text data = {0};
	struct nm_text out = {0};

	setenv("NESTMARK_SECRET", "x", 1);
	cr_assert_eq(nm_gnuplot("set print '-'\nprint system('env; pwd; ls /dev/fd/')\n", &data,
				&out),
		     0, "%s", nm_error_last()->text);
	assert_lacks(out.bytes, "NESTMARK");
	assert_lacks(out.bytes, "HOME=");
	nm_text_free(&out);
}
