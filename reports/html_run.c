/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The report of a run as a page: first what it says, then what it rests on, then what is missing. */
#include "analysis/overview.h"
#include "reports/html.h"
#include "reports/renderers.h"
#include "reports/sentences.h"
#include "reports/values.h"
#include "reports/view.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct page {
	const struct nm_document *document;
	const struct nm_check *readiness; /* NULL: not told */
	struct nm_overview overview;
	struct nm_view view;
	struct nm_charts charts;
	struct nm_arena *arena;
	struct nm_text *out;
};

static const char *const status_classes[] = {
	[NM_STATUS_PASS] = "good", [NM_STATUS_FAIL] = "bad",	 [NM_STATUS_WARN] = "warn",
	[NM_STATUS_INFO] = "",	   [NM_STATUS_UNKNOWN] = "warn",
};

static const char *const state_classes[] = {
	[NM_STATE_OK] = "good",	     [NM_STATE_NOISY] = "warn", [NM_STATE_INVALID] = "bad",
	[NM_STATE_UNSUPPORTED] = "", [NM_STATE_FAILED] = "bad", [NM_STATE_TIMEOUT] = "bad",
};

/* A text that may have met the end of memory. */
static int put(struct page *page, const char *tag, const char *class, const char *text)
{
	if (!text)
		return -ENOMEM;
	if (*text)
		nm_html_put(page->out, tag, class, text);
	return 0;
}

static int put_cost(struct page *page, enum nm_cost_class kind)
{
	const char *figure = nm_cost_figure(page->arena, &page->overview, kind);
	const char *sentence = nm_cost_sentence(page->arena, &page->overview, kind);

	if (!figure || !sentence)
		return -ENOMEM;
	nm_text_puts(page->out, "<div>");
	nm_html_put(page->out, "dt", NULL, nm_cost_titles[kind]);
	nm_html_put(page->out, "dd", "figure", figure);
	nm_html_put(page->out, "dd", NULL, sentence);
	nm_text_puts(page->out, "</div>\n");
	return 0;
}

static int put_costs(struct page *page)
{
	const char *rest = "";
	int r = 0;

	nm_html_put(page->out, "h3", NULL, "What it costs");
	nm_text_puts(page->out, "<dl class=\"cards\">\n");
	for (enum nm_cost_class kind = 0; !r && kind < NM_COST_CLASSES; kind++) {
		if (page->overview.costs[kind].planned)
			r = put_cost(page, kind);
		else
			rest = nm_arena_printf(page->arena, "%s%s%s", rest, *rest ? ", " : "",
					       nm_cost_titles[kind]);
		if (!rest)
			return -ENOMEM;
	}
	nm_text_puts(page->out, "</dl>\n");
	if (!r && *rest)
		r = put(page, "p", "note",
			nm_arena_printf(page->arena,
					"Not among the guest measurements of this run: %s.", rest));
	return r;
}

static int put_fitness(struct page *page)
{
	static const struct {
		const char *begin;
		enum nm_readiness from, to;
	} verdicts[] = {
		{"Fit to move here:", NM_READINESS_READY, NM_READINESS_READY},
		{"Would run, and is not advised (the table says why):", NM_READINESS_NOT_ADVISED,
		 NM_READINESS_NOT_ADVISED},
		{"Nothing known is missing, yet not proven by a guest or not fully known:",
		 NM_READINESS_NOT_PROVEN, NM_READINESS_CONDITIONS_MET},
		{"Could not be told:", NM_READINESS_UNKNOWN, NM_READINESS_UNKNOWN},
		{"Not fit:", NM_READINESS_NOT_READY, NM_READINESS_NOT_READY},
	};
	int r = 0;

	nm_html_put(page->out, "h3", NULL, "What is fit to move");
	if (!page->readiness)
		return put(page, "p", "note",
			   "This document was rendered without the requirements of workloads; "
			   "nestmark check tells.");
	for (size_t i = 0; !r && i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		r = put(page, "p", NULL,
			nm_readiness_sentence(page->arena, page->readiness, verdicts[i].begin,
					      verdicts[i].from, verdicts[i].to));
	return r;
}

static int put_certainty(struct page *page)
{
	const struct nm_run *run = &page->document->run;
	const struct nm_strings *changed = &page->document->environment.changed;
	int r = 0;

	nm_html_put(page->out, "h3", NULL, "How sure this is");
	r = put(page, "p", NULL,
		nm_certainty_sentence(page->arena, page->document, &page->overview));
	if (!r && page->overview.emulated)
		r = put(page, "p", NULL,
			nm_arena_printf(
				page->arena,
				"%zu measurements ran in an interpreter of guest code. They "
				"say what this machine gives, and nothing about VMX or SVM.",
				page->overview.emulated));
	if (!r && page->overview.counted)
		r = put(page, "p", NULL,
			"Figures are instructions, counted in an emulator. They are not time.");
	if (!r && run->state == NM_RUN_INCOMPLETE)
		r = put(page, "p", NULL,
			nm_arena_printf(page->arena, "The run is incomplete: %s.",
					run->reason ? run->reason : "no reason recorded"));
	for (size_t i = 0; !r && i < changed->count; i++)
		r = put(page, "p", NULL,
			nm_arena_printf(page->arena, "Changed during the run: %s.",
					changed->items[i]));
	if (!r && page->view.reasons.count)
		nm_text_puts(page->out, "<p>What was not measured, and why, is "
					"<a href=\"#missing\">listed below</a>.</p>\n");
	return r;
}

static int put_verdict(struct page *page)
{
	const struct nm_finding *kind =
		nm_findings_get(&page->document->findings, "verdict.virtualization");
	char class[32];
	int status;
	int r;

	nm_html_begin_section(page->out, "verdict", "Verdict");
	if (page->document->run.plan.inject_delay_ns)
		nm_html_put(page->out, "p", "answer bad",
			    "No measurement of this machine: a delay was injected into every "
			    "operation, to see whether it is found.");
	r = put(page, "p", NULL, nm_machine_sentence(page->arena, &page->document->machine));
	if (!r) {
		const char *sentence =
			nm_virtualization_sentence(page->arena, page->document, &status);

		snprintf(class, sizeof(class), "answer %s", status_classes[status]);
		r = put(page, "p", class, sentence);
	}
	if (!r && kind && kind->remedy)
		r = put(page, "p", NULL,
			nm_arena_printf(page->arena, "Next step: %s.", kind->remedy));
	if (!r)
		r = put_costs(page);
	if (!r)
		r = put_fitness(page);
	if (!r)
		r = put_certainty(page);
	nm_html_end_section(page->out);
	return r;
}

static int put_readiness(struct page *page)
{
	static const char *const classes[] = {"good", "good", "warn", "warn", "warn", "bad"};
	static const struct nm_html_column columns[] = {
		{"Workload", NM_HTML_TEXT}, {"Reason", NM_HTML_TEXT},  {"What to do", NM_HTML_TEXT},
		{"As of", NM_HTML_TEXT},    {"Verdict", NM_HTML_TEXT}, {0},
	};

	if (!page->readiness)
		return 0;
	nm_html_begin_section(page->out, "readiness", "Workloads");
	nm_html_begin_table(page->out,
			    "What each workload requires, held against what was found here",
			    columns);
	for (size_t i = 0; i < page->readiness->workloads.count; i++) {
		const struct nm_check_workload *w = &page->readiness->workloads.items[i];
		const char *const cells[] = {w->title, w->reason ? w->reason : "",
					     w->remedy ? w->remedy : "", w->as_of,
					     nm_readiness_titles[w->verdict]};

		nm_html_row(page->out, columns, cells, classes[w->verdict]);
	}
	nm_html_end_table(page->out);
	nm_html_end_section(page->out);
	return 0;
}

/* Groups of operations in the order of the page; what has another is in the last. */
static const struct {
	const char *group, *title, *caption;
} groups[] = {
	{"exits", "Exits", "One operation that leaves the guest, with 95 % intervals"},
	{"interrupts", "Interrupts and timers",
	 "From the cause of an interrupt to its effect, with 95 % intervals"},
	{"memory", "Memory", "One access, or one page, with 95 % intervals"},
	{"io", "I/O", "One request, with 95 % intervals"},
	{"lifecycle", "Life cycle", "One step in the life of a VM, with 95 % intervals"},
	{"linux", "Linux guests", "What a Linux guest takes, with 95 % intervals"},
	{"floors", "Floors", "What all other operations contain, with 95 % intervals"},
	{"drills", "Drills", "What goes wrong on purpose"},
	{NULL, "Other operations", "Other operations, with 95 % intervals"},
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static size_t group_of(const struct nm_measurement *m)
{
	size_t i = 0;

	while (groups[i].group && strcmp(groups[i].group, m->group) != 0)
		i++;
	return i;
}

/* The columns of the view that are shown, and where their cells come from. */
struct columns {
	struct nm_html_column items[NM_COLUMNS + 1];
	enum nm_column from[NM_COLUMNS];
	size_t count;
};

static enum nm_html_kind kind_of(size_t column)
{
	if (column >= NM_COLUMN_FLOOR && column < NM_COLUMN_STATE)
		return NM_HTML_NUMBER;
	return column == NM_COLUMN_CONTEXT ? NM_HTML_TIGHT : NM_HTML_TEXT;
}

static void choose_columns(const struct nm_view *view, struct columns *out)
{
	*out = (struct columns) {0};
	for (size_t c = 0; c < NM_COLUMNS; c++) {
		if (!view->shown[c])
			continue;
		out->items[out->count] = (struct nm_html_column) {nm_column_titles[c], kind_of(c)};
		out->from[out->count++] = (enum nm_column)c;
	}
}

static void put_measurement(struct page *page, const struct columns *columns,
			    const struct nm_view_row *row)
{
	const char *cells[NM_COLUMNS];

	for (size_t c = 0; c < columns->count; c++)
		cells[c] = row->cells[columns->from[c]];
	nm_html_row(page->out, columns->items, cells, state_classes[row->state]);
}

static void put_group(struct page *page, const struct columns *columns, size_t group)
{
	const struct nm_measurement *items = page->document->measurements.items;
	bool begun = false;

	for (size_t i = 0; i < page->view.rows.count; i++) {
		if (group_of(&items[i]) != group)
			continue;
		if (!begun) {
			nm_html_put(page->out, "h3", NULL, groups[group].title);
			nm_html_begin_table(page->out, groups[group].caption, columns->items);
		}
		begun = true;
		put_measurement(page, columns, &page->view.rows.items[i]);
	}
	if (begun)
		nm_html_end_table(page->out);
}

static void put_measurements(struct page *page)
{
	struct columns columns;

	choose_columns(&page->view, &columns);
	nm_html_begin_section(page->out, "measurements", "Measurements");
	for (size_t g = 0; g < GROUPS; g++)
		put_group(page, &columns, g);
	if (!page->view.rows.count)
		nm_html_put(page->out, "p", "note", "There are none.");
	nm_html_end_section(page->out);
}

static void put_vmms(struct page *page)
{
	const struct nm_view_vmms *vmms = &page->view.vmms;
	struct nm_html_column columns[NM_VMM_COLUMNS + 1] = {{0}};

	if (!vmms->rows.count)
		return;
	for (size_t c = 0; c < vmms->columns; c++)
		columns[c] = (struct nm_html_column) {vmms->titles[c],
						      c ? NM_HTML_NUMBER : NM_HTML_TEXT};
	nm_html_begin_section(page->out, "vmms", "By VMM");
	nm_html_begin_table(page->out, "p50 of the same operations in guests of several VMMs",
			    columns);
	for (size_t i = 0; i < vmms->rows.count; i++)
		nm_html_row(page->out, columns, vmms->rows.items[i].cells, NULL);
	nm_html_end_table(page->out);
	nm_html_list(page->out, &vmms->commands);
	nm_html_end_section(page->out);
}

static void put_lines(struct page *page, const char *id, const char *title,
		      const struct nm_strings *lines)
{
	if (!lines->count)
		return;
	nm_html_begin_section(page->out, id, title);
	nm_html_list(page->out, lines);
	nm_html_end_section(page->out);
}

static bool is_worth_a_look(const struct nm_finding *finding)
{
	return !finding->detail && finding->status != NM_STATUS_PASS &&
	       finding->status != NM_STATUS_INFO;
}

static int put_findings(struct page *page)
{
	static const char *const words[] = {"pass", "fail", "warn", "note", "unknown"};
	static const struct nm_html_column columns[] = {
		{"Finding", NM_HTML_TEXT},    {"Value", NM_HTML_TEXT}, {"Evidence", NM_HTML_TEXT},
		{"What to do", NM_HTML_TEXT}, {"Level", NM_HTML_TEXT}, {0},
	};
	const struct nm_findings *findings = &page->document->findings;

	nm_html_begin_section(page->out, "findings", "What to look at on this machine");
	nm_html_begin_table(page->out, "Findings that are not as they should be, or not known",
			    columns);
	for (size_t i = 0; i < findings->count; i++) {
		const struct nm_finding *f = &findings->items[i];
		const char *value = nm_format_finding(page->arena, &f->value);
		const char *const cells[] = {f->id, value, f->evidence ? f->evidence : "",
					     f->remedy ? f->remedy : "", words[f->status]};

		if (!value)
			return -ENOMEM;
		if (is_worth_a_look(f))
			nm_html_row(page->out, columns, cells, status_classes[f->status]);
	}
	nm_html_end_table(page->out);
	nm_html_end_section(page->out);
	return 0;
}

static void put_fact(struct page *page, const char *name, const char *value)
{
	nm_html_put(page->out, "dt", NULL, name);
	nm_html_put(page->out, "dd", NULL, value && *value ? value : "not known");
}

static int put_map(struct page *page, const char *title, const char *column,
		   const struct nm_map *map)
{
	const struct nm_html_column columns[] = {{column, NM_HTML_TEXT},
						 {"Value", NM_HTML_TEXT},
						 {0}};

	if (!map->count)
		return 0;
	nm_html_put(page->out, "h3", NULL, title);
	nm_html_begin_table(page->out, title, columns);
	for (size_t i = 0; i < map->count; i++) {
		const char *value = nm_format_finding(page->arena, &map->pairs[i].value);
		const char *const cells[] = {map->pairs[i].name, value};

		if (!value)
			return -ENOMEM;
		nm_html_row(page->out, columns, cells, NULL);
	}
	nm_html_end_table(page->out);
	return 0;
}

static const char *command_line(struct nm_arena *arena, const struct nm_strings *argv)
{
	const char *line = "";

	for (size_t i = 0; line && i < argv->count; i++)
		line = nm_arena_printf(arena, "%s%s%s", line, i ? " " : "", argv->items[i]);
	return line;
}

static int put_machine(struct page *page)
{
	const struct nm_environment *e = &page->document->environment;
	const struct nm_machine *m = &page->document->machine;
	const char *load = nm_format_count(page->arena, e->load_before);
	int r;

	if (!load)
		return -ENOMEM;
	nm_html_begin_section(page->out, "machine", "Machine and environment");
	nm_text_puts(page->out, "<dl class=\"facts\">\n");
	put_fact(page, "CPU", m->brand);
	put_fact(page, "Microcode", m->microcode);
	put_fact(page, "Hypervisor below", m->hypervisor ? m->hypervisor : "none that answers");
	put_fact(page, "Product", m->product);
	put_fact(page, "Kernel", e->kernel_release);
	put_fact(page, "Kernel version", e->kernel_version);
	put_fact(page, "Command line", e->kernel_cmdline);
	put_fact(page, "Distribution", e->distribution);
	put_fact(page, "Clock source", e->clocksource);
	put_fact(page, "Frequency governor", e->governor ? e->governor : "not visible");
	put_fact(page, "SMT", e->smt);
	put_fact(page, "Transparent huge pages", e->transparent_hugepage);
	put_fact(page, "Preemption", e->preemption);
	put_fact(page, "Load before the run", load);
	nm_text_puts(page->out, "</dl>\n");
	r = put_map(page, "CPU vulnerabilities", "Vulnerability", &e->vulnerabilities);
	if (!r)
		r = put_map(page, "Parameters of KVM's modules", "Parameter",
			    &e->module_parameters);
	nm_html_end_section(page->out);
	return r;
}

static int put_method(struct page *page)
{
	const struct nm_run *run = &page->document->run;
	const char *command = command_line(page->arena, &run->argv);
	const char *rounds = nm_arena_printf(
		page->arena, "%llu of %llu samples, in fresh VMs and processes, in shuffled order",
		(unsigned long long)run->plan.rounds, (unsigned long long)run->plan.samples);
	const char *seed = nm_arena_printf(page->arena, "%llu", (unsigned long long)run->seed);

	if (!command || !rounds || !seed)
		return -ENOMEM;
	nm_html_begin_section(page->out, "method", "How this was measured, and how to read it");
	nm_html_list(page->out, &page->view.notes);
	nm_text_puts(page->out, "<dl class=\"facts\">\n");
	put_fact(page, "Command", command);
	put_fact(page, "Profile", run->plan.profile);
	put_fact(page, "Rounds", rounds);
	put_fact(page, "Seed", seed);
	put_fact(page, "Started", run->started);
	put_fact(page, "Ended", run->ended);
	put_fact(page, "Run", run->uuid);
	put_fact(page, "State", nm_run_state_names[run->state]);
	put_fact(page, "nestmark", run->tool_version);
	put_fact(page, "Compiler", run->compiler);
	nm_text_puts(page->out, "</dl>\n");
	nm_html_end_section(page->out);
	return 0;
}

static void put_navigation(struct page *page)
{
	const struct nm_html_section all[] = {
		{"verdict", "Verdict"},
		{page->readiness ? "readiness" : NULL, "Workloads"},
		{"charts", "Charts"},
		{"measurements", "Measurements"},
		{page->view.vmms.rows.count ? "vmms" : NULL, "By VMM"},
		{page->view.relations.count ? "beside" : NULL, "Beside another"},
		{page->view.exits.count ? "exits" : NULL, "What Linux guests exit for"},
		{page->view.density.count ? "density" : NULL, "How many guests fit"},
		{page->view.soak.count ? "soak" : NULL, "Soak"},
		{page->view.reasons.count ? "missing" : NULL, "Not measured"},
		{"findings", "Findings"},
		{"machine", "Machine"},
		{"method", "Method"},
	};
	struct nm_html_section shown[sizeof(all) / sizeof(all[0]) + 1] = {0};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].id)
			shown[count++] = all[i];
	nm_html_navigation(page->out, shown);
}

/* A kernel that was given no name is called "(none)", which stands in documents without its brackets. */
static const char *name_of(const struct nm_document *document)
{
	const char *host = document->run.host;
	const char *product = document->machine.product;

	if (*host && strcmp(host, "-none-") != 0 && strcmp(host, "localhost") != 0)
		return host;
	return product && *product ? product : "A machine without a name";
}

static int put_page(struct page *page)
{
	const struct nm_run *run = &page->document->run;
	const char *lead =
		nm_arena_printf(page->arena, "Measured on %s by nestmark %s, profile %s.",
				run->started, run->tool_version,
				run->plan.profile ? run->plan.profile : "of its own");
	int r;

	if (!lead)
		return -ENOMEM;
	nm_html_begin(page->out, "nestmark report", name_of(page->document), lead);
	put_navigation(page);
	r = put_verdict(page);
	if (!r)
		r = put_readiness(page);
	if (r)
		return r;
	nm_html_charts(page->out, &page->charts);
	put_measurements(page);
	put_vmms(page);
	put_lines(page, "throughput", "How much in a second", &page->view.throughput);
	put_lines(page, "beside", "Beside another of this run", &page->view.relations);
	put_lines(page, "exits", "What Linux guests exit for", &page->view.exits);
	put_lines(page, "density", "How many guests fit", &page->view.density);
	put_lines(page, "soak", "Soak", &page->view.soak);
	put_lines(page, "missing", "Not measured, or not ok, and why", &page->view.reasons);
	r = put_findings(page);
	if (!r)
		r = put_machine(page);
	if (!r)
		r = put_method(page);
	nm_html_end(page->out, "Made by nestmark report from the run document, which holds every "
			       "round. The same document gives the same page.");
	return r;
}

int nm_render_html(const struct nm_document *document, const struct nm_render_options *options,
		   struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct page page = {.document = document,
			    .readiness = options->readiness,
			    .arena = &arena,
			    .out = out};
	int r = nm_overview_build(document, &page.overview);

	if (!r)
		r = nm_view_build(&page.view, &arena, document);
	if (!r)
		r = nm_charts_of_run(&arena, document, &page.charts);
	if (!r)
		r = put_page(&page);
	nm_charts_free(&page.charts);
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
