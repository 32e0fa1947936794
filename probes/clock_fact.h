/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_CLOCK_FACT_H
#define NM_PROBES_CLOCK_FACT_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** CLOCK_MONOTONIC_RAW and the TSC at one moment: the TSC was read within width/2 ticks of it. */
struct nm_reading {
	uint64_t ns, tsc, width;
};

/** Reads both clocks as closely together as several attempts allow. */
struct nm_reading nm_reading_take(void);

/**
 * The fact "time"; context is the struct nm_probe_context. "reading TICKS NS WIDTH" for moments since the probes began, the
 * first one 0 0; then, with a second CPU, "cpu N" and for others "offset N LO HI": by how many ticks the TSC of CPU N
 * is ahead of the first CPU's, within bounds; or "offset N unknown".
 */
int nm_clock_fact(struct nm_text *out, void *context);

#define NM_MAX_READINGS 8
#define NM_MAX_OFFSETS	64

struct nm_clock_reading {
	uint64_t ticks, ns, width;
};

struct nm_clock_offset {
	uint64_t cpu;
	bool known;
	int64_t lo, hi;
};

/** The fact "time", parsed. */
struct nm_clocks {
	struct nm_clock_reading readings[NM_MAX_READINGS];
	size_t reading_count;
	bool has_offsets;
	uint64_t cpu;
	struct nm_clock_offset offsets[NM_MAX_OFFSETS];
	size_t offset_count;
};

/** out must be zeroed; false for what is not as it is written. */
bool nm_clock_fact_parse(const char *text, struct nm_clocks *out);

#endif
