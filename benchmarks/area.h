/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_AREA_H
#define NM_BENCHMARKS_AREA_H

#include "benchmarks/round.h"
#include "core/document.h"

#include <stdint.h>

/* What a measuring child hands to its parent: raw values in shared memory, no statistics. */

#define NM_MAX_COUNTERS 192

/* The exit meter, among KVM's counters. */
#define NM_COUNTER_BELOW "exits_below"

/* TSC and CLOCK_MONOTONIC_RAW may differ by this much over a measured loop. */
#define NM_CLOCK_LIMIT_PERCENT 2.0

struct nm_counter {
	char name[48];
	uint64_t delta;
};

struct nm_round_area {
	uint32_t finished; /* set last: without it the child died */
	int state;	   /* enum nm_state: OK, INVALID, UNSUPPORTED, FAILED, TIMEOUT */
	char reason[512];
	char remedy[320];    /* of UNSUPPORTED */
	char failure[32];    /* what kind; empty where state alone tells */
	uint64_t tsc_khz;    /* of the samples */
	uint64_t tsc_ticks;  /* of the measured loop */
	uint64_t host_ns;    /* of the same loop and one mark, by CLOCK_MONOTONIC_RAW */
	uint64_t slack_ns;   /* what such a mark costs */
	uint64_t user_exits; /* within the measured loop */
	uint32_t counter_count;
	struct nm_counter counters[NM_MAX_COUNTERS];
	uint64_t elapsed_ns; /* of the round as a whole, as are the following */
	uint64_t steal_ns;
	uint64_t context_switches;
	uint64_t migrations;
	uint64_t values[]; /* samples, then as many overheads */
};

/** The child's two ways to measure. They fill the area; a failure is a state in it. */
void nm_guest_round(const struct nm_round_host *host, const struct nm_round_order *order,
		    struct nm_round_area *area);
void nm_native_round(const struct nm_round_host *host, const struct nm_round_order *order,
		     struct nm_round_area *area);

/** Turns what a finished child left into the summary of a round. */
int nm_round_digest(const struct nm_round_order *order, struct nm_round_area *area,
		    struct nm_arena *arena, struct nm_round *out);

#endif
