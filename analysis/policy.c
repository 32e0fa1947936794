/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/policy.h"

#include <fnmatch.h>
#include <string.h>

const struct nm_policy nm_policy_default = {
	.name = "default",
	.false_discovery_rate = 0.05,
	.limits = {.threshold_percent =
			   {[NM_COMPARED_FLOOR] = 3, [NM_COMPARED_P50] = 5, [NM_COMPARED_P99] = 25},
		   .gated = {[NM_COMPARED_FLOOR] = true, [NM_COMPARED_P50] = true}},
};

bool nm_name_matches(const char *pattern, const char *operation, const char *name)
{
	return !fnmatch(pattern, strchr(pattern, '/') ? name : operation, 0);
}

static void apply(const struct nm_policy_rule *rule, struct nm_limits *limits)
{
	for (size_t i = 0; i < NM_COMPARED_KINDS; i++) {
		if (rule->says_threshold[i])
			limits->threshold_percent[i] = rule->limits.threshold_percent[i];
		if (rule->says_gated[i])
			limits->gated[i] = rule->limits.gated[i];
	}
	if (rule->says_minimum_effect)
		limits->minimum_effect = rule->limits.minimum_effect;
	if (rule->says_ignored)
		limits->ignored = rule->limits.ignored;
}

struct nm_limits nm_policy_limits(const struct nm_policy *policy, const char *group,
				  const char *operation, const char *name)
{
	struct nm_limits limits = policy->limits;

	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct nm_policy_rule *rule = &policy->rules.items[i];

		if ((!rule->group || !strcmp(rule->group, group)) &&
		    (!rule->pattern || nm_name_matches(rule->pattern, operation, name)))
			apply(rule, &limits);
	}
	return limits;
}
