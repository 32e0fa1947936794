/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_COMPARE_H
#define NM_ANALYSIS_COMPARE_H

#include "analysis/policy.h"
#include "core/comparison.h"
#include "core/document.h"

#include <stdbool.h>

/** Rounds of each side below which there is no verdict: no test of theirs can say anything. */
#define NM_MIN_COMPARED_ROUNDS 5u

/** The documents of one side. Rounds of the same measurement are taken together. */
struct nm_compare_side {
	const struct nm_document *const *documents;
	const char *const *paths; /* of them, for people */
	size_t count;
	const char *label; /* NULL: made of host and kernel */
};

struct nm_compare_request {
	enum nm_comparison_mode mode;
	struct nm_compare_side base;
	struct nm_compare_side changed; /* in NM_COMPARE_GUEST_NATIVE unused: base has both sides */
	const struct nm_policy *policy; /* NULL: nm_policy_default */
	struct nm_strings only;		/* globs, as of nm_name_matches() */
	struct nm_strings groups;	/* or operations of these; neither: everything */
	struct nm_strings contexts;	/* none: both */
	struct nm_strings
		allowed; /* globs on differences that are what is compared, so that they are not decisive */
	bool paired; /* rounds of one index in documents of one place are pairs: interleaved runs */
	uint64_t
		block; /* with paired: so many rounds in a row are one value of a pair; 0: one is */
	bool gate;     /* judge it by the policy */
};

/**
 * Compares. out must be zeroed; it owns all that it holds, so documents may go before it does. -EINVAL when a side has no
 * document.
 */
int nm_compare(const struct nm_compare_request *request, struct nm_comparison *out);

#endif
