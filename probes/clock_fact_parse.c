/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/clock_fact.h"
#include "probes/number.h"

#define MAX_CPU	  1048576
#define MAX_TICKS ((uint64_t)1 << 53) /* exact as a double */

static bool parse_reading(const char **at, struct nm_clocks *out)
{
	struct nm_clock_reading *reading = &out->readings[out->reading_count];
	const struct nm_clock_reading *last = out->reading_count ? reading - 1 : NULL;

	if (out->reading_count == NM_MAX_READINGS || !nm_digits(at, &reading->ticks) ||
	    !nm_words(at, " ") || !nm_digits(at, &reading->ns) || !nm_words(at, " ") ||
	    !nm_digits(at, &reading->width) || !nm_words(at, "\n"))
		return false;
	out->reading_count++;
	if (reading->ticks > MAX_TICKS || reading->ns > MAX_TICKS || reading->width > MAX_TICKS)
		return false;
	return last ? reading->ticks >= last->ticks && reading->ns >= last->ns
		    : !reading->ticks && !reading->ns;
}

static bool parse_signed(const char **at, int64_t *out)
{
	bool negative = nm_words(at, "-");
	uint64_t value;

	if (!nm_digits(at, &value) || value > INT64_MAX)
		return false;
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

static bool parse_offset(const char **at, struct nm_clocks *out)
{
	struct nm_clock_offset *offset = &out->offsets[out->offset_count];

	if (!out->has_offsets || out->offset_count == NM_MAX_OFFSETS ||
	    !nm_digits(at, &offset->cpu) || offset->cpu > MAX_CPU)
		return false;
	out->offset_count++;
	offset->known = !nm_words(at, " unknown\n");
	return !offset->known ||
	       (nm_words(at, " ") && parse_signed(at, &offset->lo) && nm_words(at, " ") &&
		parse_signed(at, &offset->hi) && nm_words(at, "\n"));
}

static bool parse_cpu(const char **at, struct nm_clocks *out)
{
	if (out->has_offsets || !nm_digits(at, &out->cpu) || out->cpu > MAX_CPU)
		return false;
	out->has_offsets = true;
	return nm_words(at, "\n");
}

bool nm_clock_fact_parse(const char *text, struct nm_clocks *out)
{
	const char *at = text;

	while (*at) {
		bool good = nm_words(&at, "reading ")  ? parse_reading(&at, out)
			    : nm_words(&at, "cpu ")    ? parse_cpu(&at, out)
			    : nm_words(&at, "offset ") ? parse_offset(&at, out)
						       : false;

		if (!good)
			return false;
	}
	return out->reading_count >= 2;
}
