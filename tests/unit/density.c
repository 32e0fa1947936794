/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* How many guests fit, and what memory there is for them. */
#include "benchmarks/lifecycle/fit.h"
#include "benchmarks/session.h"
#include "core/available.h"
#include "helpers.h"

#include <math.h>

static struct nm_document document;

static struct nm_measurement *add(const char *operation, enum nm_context context, int64_t guests)
{
	struct nm_measurement *m = nm_arena_append(&document.arena, &document.measurements.items,
						   &document.measurements.count, sizeof(*m));

	m->operation = operation;
	m->context = context;
	m->series = "guests";
	m->batch = 1;
	m->unit = "ns";
	if (context == NM_CONTEXT_GUEST)
		nm_map_set(&document.arena, &m->parameters, "cpl", NM_INT(3));
	nm_map_set(&document.arena, &m->parameters, "guests", NM_INT(guests));
	return m;
}

static void add_round(struct nm_measurement *m, uint64_t index, double p99)
{
	struct nm_round *round = nm_arena_append(&document.arena, &m->rounds.items,
						 &m->rounds.count, sizeof(*round));

	*round = (struct nm_round) {.index = index,
				    .samples = 1000,
				    .min = 1000,
				    .p5 = 1000,
				    .p50 = 1000,
				    .p90 = 1000,
				    .p99 = p99,
				    .p99_reason = "needs 1000 samples in a round",
				    .p999 = NAN,
				    .max = p99,
				    .mean = 1000,
				    .overhead = 10,
				    .duration_ns = 1000000,
				    .elapsed_ns = 2000000};
	nm_map_set(&document.arena, &round->counters_per_op, "exits", NM_REAL(1));
	nm_map_set(&document.arena, &round->counters_per_op, "rss_bytes", NM_INT(2 << 20));
}

/* An exit among so many guests, whose p99 is this in each round. */
static void measured(int64_t guests, double p99)
{
	struct nm_measurement *m = add("life.density.exit", NM_CONTEXT_GUEST, guests);

	for (uint64_t i = 1; i <= 5; i++)
		add_round(m, i, p99);
}

static const struct nm_density *fitted(double factor)
{
	document.run.seed = 7;
	document.run.plan.density_factor = factor;
	cr_assert_eq(nm_session_summarise(&document), 0, "%s", nm_error_last()->text);
	return document.density;
}

static void forget(void)
{
	nm_document_free(&document);
}

TestSuite(density, .fini = forget);

Test(density, the_largest_number_is_the_last_before_the_first_that_is_too_slow)
{
	const struct nm_density *density;

	measured(1, 2000);
	measured(10, 3000);
	measured(30, 4100);
	measured(50, 2100);
	density = fitted(2);
	cr_assert_not_null(density, "it is not said");
	cr_assert_eq(density->largest, 10, "%lu guests", density->largest);
	cr_assert_str_eq(density->limited, "with 30 the p99 is 2.05 times as long", "%s",
			 density->limited);
	cr_assert_eq(density->points.count, 4, "%zu points", density->points.count);
	cr_assert(density->points.items[2].p99 == 4100, "%g", density->points.items[2].p99);
	cr_assert(fabs(density->points.items[2].p99_ratio - 2.05) < 1e-12, "%g",
		  density->points.items[2].p99_ratio);
	cr_assert(isnan(density->points.items[0].rss_bytes), "memory that was not measured");
}

Test(density, the_factor_is_the_users)
{
	measured(1, 2000);
	measured(10, 3000);
	measured(30, 4100);
	cr_assert_eq(fitted(1.2)->largest, 1, "%lu guests", document.density->largest);
	cr_assert_eq(fitted(2.5)->largest, 30, "%lu guests", document.density->largest);
	cr_assert_str_eq(document.density->limited, "no more were measured", "%s",
			 document.density->limited);
	cr_assert_eq(fitted(0)->factor, 2, "the factor is %g", document.density->factor);
}

Test(density, a_point_that_could_not_be_measured_ends_the_curve)
{
	struct nm_measurement *m;

	measured(1, 2000);
	measured(10, 2000);
	m = add("life.density.exit", NM_CONTEXT_GUEST, 30);
	m->state = NM_STATE_UNSUPPORTED;
	m->reason = "30 guests are more than fit";
	cr_assert_eq(fitted(2)->largest, 10, "%lu guests", document.density->largest);
	cr_assert_str_eq(document.density->limited,
			 "30 are unsupported: 30 guests are more than fit", "%s",
			 document.density->limited);
}

Test(density, without_a_p99_none_is_known_to_fit)
{
	measured(1, NAN);
	measured(10, NAN);
	cr_assert_eq(fitted(2)->largest, 0, "%lu guests", document.density->largest);
	cr_assert(strstr(document.density->limited, "needs 1000 samples"), "%s",
		  document.density->limited);
}

Test(density, memory_of_a_guest_comes_from_their_start)
{
	struct nm_measurement *m;

	measured(1, 2000);
	m = add("life.density.start", NM_CONTEXT_NATIVE, 1);
	for (uint64_t i = 1; i <= 5; i++)
		add_round(m, i, 2000);
	cr_assert_eq(fitted(2)->points.count, 1, "%zu points", document.density->points.count);
	cr_assert(document.density->points.items[0].rss_bytes == 2 << 20, "%g bytes",
		  document.density->points.items[0].rss_bytes);
}

Test(density, other_runs_have_none)
{
	add("floor.loop", NM_CONTEXT_GUEST, 1);
	cr_assert_null(fitted(2), "it was not measured");
}

/* Memory */

static struct nm_capture capture;
static struct nm_root root = {.fd = -1, .replay = &capture};

static void given(const char *path, const char *text)
{
	const struct nm_answer answer = {.kind = text ? NM_ANSWER_TEXT : NM_ANSWER_EXISTS,
					 .path = path,
					 .bytes = text,
					 .length = text ? strlen(text) : 0};

	cr_assert_eq(nm_capture_add(&capture, &answer), 0, "out of memory");
}

static void assert_available(uint64_t expected)
{
	uint64_t bytes;

	nm_capture_sort(&capture);
	bytes = nm_available_bytes(&root);
	cr_assert_eq(bytes, expected, "%lu bytes, expected %lu", bytes, expected);
}

Test(available, is_what_the_kernel_says_without_a_limit)
{
	given("proc/meminfo", "MemTotal: 4096 kB\nMemAvailable: 2048 kB\n");
	given("proc/self/cgroup", "0::/a\n");
	given("sys/fs/cgroup/cgroup.controllers", NULL);
	given("sys/fs/cgroup/a/memory.max", "max\n");
	given("sys/fs/cgroup/a/memory.current", "4096\n");
	given("sys/fs/cgroup/a/cgroup.procs", NULL);
	assert_available(2048 * 1024);
}

Test(available, is_what_the_tightest_group_leaves)
{
	given("proc/meminfo", "MemAvailable: 2048 kB\n");
	given("proc/self/cgroup", "0::/a/b\n");
	given("sys/fs/cgroup/cgroup.controllers", NULL);
	given("sys/fs/cgroup/a/b/memory.max", "1000000\n");
	given("sys/fs/cgroup/a/b/memory.current", "100000\n");
	given("sys/fs/cgroup/a/memory.max", "1000000\n");
	given("sys/fs/cgroup/a/memory.current", "900000\n");
	given("sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file 200000\nactive_file 7\n");
	assert_available(300000);
}

Test(available, is_nothing_in_a_group_that_is_full)
{
	given("proc/meminfo", "MemAvailable: 2048 kB\n");
	given("proc/self/cgroup", "4:memory:/x\n0::/\n");
	given("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "4096\n");
	given("sys/fs/cgroup/memory/x/memory.usage_in_bytes", "8192\n");
	assert_available(0);
}
