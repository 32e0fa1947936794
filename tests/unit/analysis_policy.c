/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/policy.h"
#include "helpers.h"

#include <math.h>

static struct nm_policy policy;

static int parse(const char *text)
{
	char *copy = strdup(text);
	int r = nm_policy_parse("some.policy", copy, strlen(copy), &policy);

	free(copy);
	return r;
}

static void free_policy(void)
{
	nm_policy_free(&policy);
}

Test(policy, says_what_it_says, .fini = free_policy)
{
	struct nm_limits limits;

	cr_assert_eq(parse("# nightly\n"
			   "[gate]\n"
			   "q = 0.01\n"
			   "strict = yes\r\n"
			   "max-undecided = 5%\n"
			   "\n"
			   "[default]\n"
			   "floor = 4%\n"
			   "p99 = show 30 %\n"
			   "[group io]\n"
			   "floor=show\n"
			   "p50 = 12.5%\n"
			   "minimum-effect = 2 us\n"
			   "[match exit.pio.*]\n"
			   "gate = no\n"
			   "[match exit.*/guest/cpl3]\n"
			   "p50 = 7%"),
		     0, "%s", nm_error_last()->text);
	cr_assert_eq(policy.false_discovery_rate, 0.01);
	cr_assert_eq(policy.max_undecided_percent, 5);
	cr_assert(policy.strict);
	limits = nm_policy_limits(&policy, "io", "io.blk.read.4k", "io.blk.read.4k/guest/cpl0");
	cr_assert_eq(limits.threshold_percent[NM_COMPARED_FLOOR], 4);
	cr_assert(!limits.gated[NM_COMPARED_FLOOR] && limits.gated[NM_COMPARED_P50]);
	cr_assert_eq(limits.threshold_percent[NM_COMPARED_P50], 12.5);
	cr_assert_eq(limits.minimum_effect, 2000);
	limits = nm_policy_limits(&policy, "exits", "exit.pio.in", "exit.pio.in/guest/cpl3");
	cr_assert(limits.ignored && limits.gated[NM_COMPARED_FLOOR] &&
		  !limits.gated[NM_COMPARED_P99]);
	cr_assert_eq(limits.threshold_percent[NM_COMPARED_P50], 7);
	cr_assert_eq(limits.threshold_percent[NM_COMPARED_P99], 30);
	limits = nm_policy_limits(&policy, "exits", "exit.rdmsr", "exit.rdmsr/guest/cpl0");
	cr_assert(!limits.ignored);
	cr_assert_eq(limits.threshold_percent[NM_COMPARED_P50],
		     nm_policy_default.limits.threshold_percent[NM_COMPARED_P50]);
}

Test(policy, nothing_is_the_default, .fini = free_policy)
{
	cr_assert_eq(parse(""), 0);
	cr_assert_eq(policy.rules.count, 0);
	cr_assert_eq(policy.false_discovery_rate, nm_policy_default.false_discovery_rate);
}

/* What the manual shows as the default policy is the default policy. */
Test(policy, default_is_documented, .fini = free_policy)
{
	char *manual = read_text(MANUAL);
	char *text = manual ? strstr(manual, "[gate]\n") : NULL;
	struct nm_limits limits;

	cr_assert(text, "%s has no [gate]", MANUAL);
	*strstr(text, "```") = '\0';
	cr_assert_eq(parse(text), 0, "%s", nm_error_last()->text);
	limits = nm_policy_limits(&policy, "exits", "exit.hlt", "exit.hlt/guest/cpl0");
	cr_assert_eq(policy.false_discovery_rate, nm_policy_default.false_discovery_rate);
	cr_assert_eq(policy.max_undecided_percent, nm_policy_default.max_undecided_percent);
	cr_assert_eq(policy.strict, nm_policy_default.strict);
	cr_assert_eq(limits.minimum_effect, nm_policy_default.limits.minimum_effect);
	for (size_t i = 0; i < NM_COMPARED_KINDS; i++) {
		cr_assert_eq(limits.threshold_percent[i],
			     nm_policy_default.limits.threshold_percent[i]);
		cr_assert_eq(limits.gated[i], nm_policy_default.limits.gated[i]);
	}
	free(manual);
}

static const struct {
	const char *text, *says;
} refused[] = {
	{"floor = 3%", "some.policy:1: \"floor\" stands before the first section"},
	{"\n[gates]", "some.policy:2: [gates]: expected [gate], [default], [group NAME] or [match"},
	{"[group ]", "some.policy:1: [group ]: expected"},
	{"[default", "some.policy:1: the section does not end with ]"},
	{"[default]\nhello", "some.policy:2: neither a section nor key = value: hello"},
	{"[default]\np90 = 3%", "some.policy:2: no such key: \"p90\""},
	{"[default]\np50 = 3", "some.policy:2: p50 = 3: expected a threshold such as 3%, or show"},
	{"[default]\np50 = 0%", "some.policy:2: p50 = 0%: expected a threshold"},
	{"[default]\np50 = -3%", "some.policy:2: p50 = -3%: expected a threshold"},
	{"[default]\np50 = nan%", "some.policy:2: p50 = nan%: expected a threshold"},
	{"[default]\np50 = 1e4%", "some.policy:2: p50 = 1e4%: expected a threshold"},
	{"[default]\np50 = 3%\np50 = 4%", "some.policy:3: \"p50\" stands twice"},
	{"[default]\nminimum-effect = 3 parsecs", "some.policy:2: minimum-effect = 3 parsecs"},
	{"[default]\ngate = maybe", "some.policy:2: gate = maybe: expected yes or no"},
	{"[gate]\nq = 0", "some.policy:2: q = 0: expected a rate such as 0.05"},
	{"[gate]\nq = 0.6", "some.policy:2: q = 0.6: expected a rate"},
	{"[gate]\nstrict = 1", "some.policy:2: strict = 1: expected yes or no"},
	{"[gate]\nmax-undecided = 101%", "some.policy:2: max-undecided = 101%"},
	{"[gate]\nfloor = 3%", "some.policy:2: [gate] has no key \"floor\""},
};

Test(policy, refuses)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		cr_assert_eq(parse(refused[i].text), -EINVAL, "accepted: %s", refused[i].text);
		assert_error_says(refused[i].says);
		cr_assert_not(policy.arena.chunks);
	}
}

Test(policy, refuses_bytes)
{
	char text[] = "[gate]\nq = 0.05\0 hidden";

	cr_assert_eq(nm_policy_parse("some.policy", text, sizeof(text) - 1, &policy), -EINVAL);
	assert_error_says("zero byte");
}
