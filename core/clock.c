/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"

#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define CALIBRATION_NS (20 * NM_NS_PER_MS)

static uint64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * NM_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t nm_clock_raw_ns(void)
{
	return read_clock(CLOCK_MONOTONIC_RAW);
}

uint64_t nm_clock_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

struct reading {
	uint64_t tsc;
	uint64_t ns;
};

/* The pair of readings that lie closest together: an interruption between them would skew the result. */
static struct reading read_pair(void)
{
	struct reading best = {0};
	uint64_t narrowest = UINT64_MAX;

	for (int i = 0; i < 16; i++) {
		uint64_t before = nm_tsc();
		uint64_t ns = nm_clock_raw_ns();
		uint64_t after = nm_tsc();

		if (after - before < narrowest) {
			narrowest = after - before;
			best = (struct reading) {.tsc = before + narrowest / 2, .ns = ns};
		}
	}
	return best;
}

uint64_t nm_tsc_khz(void)
{
	struct reading begin = read_pair();
	struct reading end;

	while (nm_clock_raw_ns() - begin.ns < CALIBRATION_NS)
		;
	end = read_pair();
	return (end.tsc - begin.tsc) * 1000000u / (end.ns - begin.ns);
}

static void format_now(char *out, size_t size, const char *format)
{
	time_t now = time(NULL);
	struct tm parts;

	gmtime_r(&now, &parts);
	if (!strftime(out, size, format, &parts) && size)
		out[0] = '\0';
}

void nm_time_rfc3339(char *out, size_t size)
{
	format_now(out, size, "%Y-%m-%dT%H:%M:%SZ");
}

void nm_time_basic(char *out, size_t size)
{
	format_now(out, size, "%Y%m%dT%H%M%SZ");
}

int nm_uuid(char *out, size_t size)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return nm_fail(errno, "no random bytes: %s", strerror(errno));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, size, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
	return 0;
}
