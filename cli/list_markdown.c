/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The reference of operations, docs/operations.md, from their descriptors. */
#include "cli/list_markdown.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char introduction[] =
	"# Operations\n\n"
	"<!-- nestmark list --markdown -->\n"
	"Made from the descriptors by `nestmark list --markdown`. How a number is made, and how "
	"far\n"
	"to trust it, is in [measurement.md](measurement.md). *Exits* are those that one operation "
	"must\n"
	"cause in this machine's KVM on VMX or SVM, by KVM's own counters; another count makes a\n"
	"measurement `invalid`.\n\n"
	"*vmexit* names the test of kvm-unit-tests' `x86/vmexit.c` that does the same or nearly "
	"so,\n"
	"for a cross-check, and what differs. It prints the mean of a loop, on all vCPUs at once\n"
	"where it can, in TSC ticks, loop and timer included; nestmark's median is of single\n"
	"operations on one vCPU, without the cost of reading the clock.\n";

static void put_contexts(struct nm_text *out, const struct nm_bench *bench)
{
	bool kernel = bench->cpls & NM_CPL0;
	bool user = bench->cpls & NM_CPL3;

	nm_text_printf(out, "%s%s%s",
		       bench->linux_guest ? "Linux guest"
		       : kernel && user	  ? "guest CPL0 and CPL3"
		       : kernel		  ? "guest CPL0"
		       : user		  ? "guest CPL3"
					  : "",
		       nm_bench_has_guest(bench) && bench->native ? "; " : "",
		       bench->native ? "native" : "");
}

static void put_expectation(struct nm_text *out, const struct nm_bench *bench)
{
	if (!nm_bench_has_guest(bench))
		return;
	if (bench->expect.exits_vary)
		nm_text_puts(out, ". Exits: shown and not judged");
	else
		nm_text_printf(out, ". Exits: %g", bench->expect.exits);
	if (bench->expect.exits_or > 0)
		nm_text_printf(out, " or %g", bench->expect.exits_or);
	if (bench->expect.user_exits > 0)
		nm_text_printf(out, ", %g of them to user space", bench->expect.user_exits);
}

static void put_series(struct nm_text *out, const struct nm_axis *axis)
{
	nm_text_printf(out, ". A series over %s: ", axis->name);
	for (size_t i = 0; i < axis->count; i++) {
		char point[32];

		snprintf(point, sizeof(point), "%" PRIu64, axis->points[i]);
		if (!strcmp(axis->name, "bytes"))
			nm_text_bytes(point, sizeof(point), axis->points[i]);
		nm_text_printf(out, "%s%s", i ? ", " : "", point);
	}
}

static void put_requirements(struct nm_text *out, const struct nm_bench *bench)
{
	for (size_t i = 0; i < NM_MAX_REQUIRES && bench->requires[i]; i++)
		nm_text_printf(out, "%s`%s`", i ? ", " : ". Needs ", bench->requires[i]);
}

static void put_bench(struct nm_text *out, const struct nm_bench *bench)
{
	nm_text_printf(out, "\n### %s\n\n*%s*\n\n%s\n%s\n\n*Where:* ", bench->name, bench->summary,
		       bench->happens, bench->matters);
	put_contexts(out, bench);
	put_expectation(out, bench);
	put_requirements(out, bench);
	if (bench->axis)
		put_series(out, bench->axis);
	if (bench->vmexit)
		nm_text_printf(out, ".\n*vmexit:* %s", bench->vmexit);
	nm_text_puts(out, ".\n");
}

int nm_list_markdown(struct nm_text *out)
{
	const char *group = "";

	nm_text_puts(out, introduction);
	for (size_t i = 0; nm_benches[i]; i++) {
		if (nm_benches[i]->drill)
			continue;
		if (strcmp(group, nm_benches[i]->group) != 0)
			nm_text_printf(out, "\n## %s\n", nm_benches[i]->group);
		group = nm_benches[i]->group;
		put_bench(out, nm_benches[i]);
	}
	return nm_text_status(out);
}
