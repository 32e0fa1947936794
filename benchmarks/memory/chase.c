/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loads of which each needs the one before: a pointer in every cache line, all of them one cycle in an order that no
 * prefetcher knows. With nested paging a TLB miss walks two dimensions: each of the guest's up to four entries lies at a
 * guest-physical address that is itself translated by up to four entries of the host, 24 loads at worst for 4 KiB pages on both
 * sides, and 15 for 2 MiB on both (SDM vol. 3, EPT translation mechanism; APM vol. 2, nested paging). Pages of 2 MiB on one side
 * alone make the walk shorter; TLBs hold 2 MiB only where both sides have them.
 *
 * The order is x → a·x + c modulo the number of lines, a power of two, which visits all of them before any again (Hull and
 * Dobell, 1962). Its low bits alone would repeat soon, so the upper half of the bits is mixed into the lower one on both
 * sides. Neither a table nor a shuffle is needed, and memory is written once from start to end, which
 * also lets the host find it. What a walk costs is shown by sizes that fit a TLB against sizes that do not; 256 MiB and 1 GiB
 * cost a round up to a second before the loop, and are measured with the profile "thorough" or by name.
 */
#include "benchmarks/memory/chase.h"

#include "benchmarks/memory/backed.h"
#include "benchmarks/native.h"

#include <inttypes.h>
#include <stdio.h>

#define LINE	   64u
#define LOADS	   32u /* of a sample: one alone is a hit or a miss */
#define MULTIPLIER 6364136223846793005u
#define INCREMENT  1442695040888963407u

/* Whose bytes are a power of two. */
struct cycle {
	uint64_t mask; /* of the numbers of its lines */
	unsigned int half;
};

static struct cycle cycle_of(uint64_t bytes)
{
	struct cycle cycle = {.mask = bytes / LINE - 1};
	unsigned int bits = 0;

	while (cycle.mask >> bits)
		bits++;
	cycle.half = (bits + 1) / 2;
	return cycle;
}

/* Undoes itself. */
static uint64_t mix(struct cycle cycle, uint64_t line)
{
	return line ^ line >> cycle.half;
}

static uint64_t next_of(struct cycle cycle, uint64_t line)
{
	return mix(cycle, (mix(cycle, line) * MULTIPLIER + INCREMENT) & cycle.mask);
}

void nm_chase_write(unsigned char *host, uint64_t bytes, uint64_t base)
{
	const struct cycle cycle = cycle_of(bytes);

	for (uint64_t line = 0; line <= cycle.mask; line++)
		*(uint64_t *)(host + line * LINE) = base + next_of(cycle, line) * LINE;
}

bool nm_chase_ends_right(uint64_t bytes, uint64_t base, uint64_t steps, uint64_t got, char *why,
			 size_t size)
{
	const struct cycle cycle = cycle_of(bytes);
	uint64_t line = 0;

	for (uint64_t i = 0; i < steps; i++)
		line = next_of(cycle, line);
	if (got == base + line * LINE)
		return true;
	snprintf(why, size,
		 "after %" PRIu64 " loads the pointer was %#" PRIx64 ", expected %#" PRIx64, steps,
		 got, base + line * LINE);
	return false;
}

static int prepare(struct nm_guest_round *round, enum nm_backing backing, uint64_t page_bytes)
{
	int r = nm_backed_prepare(round, backing, round->point, page_bytes);

	if (r)
		return r;
	nm_chase_write(nm_backed_region(round)->host, round->point, NM_ABI_MEMORY);
	round->control->argument[0] = round->point;
	return 0;
}

static int prepare_g4k_h4k(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_ANONYMOUS, NM_PAGE_4K);
}

static int prepare_g4k_h2m(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_THP, NM_PAGE_4K);
}

static int prepare_g2m_h4k(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_ANONYMOUS, NM_PAGE_2M);
}

static int prepare_g2m_h2m(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_THP, NM_PAGE_2M);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	return nm_chase_ends_right(round->point, NM_ABI_MEMORY, round->operations,
				   round->control->result[0], why, size);
}

/* As the guest does, which also takes its faults before. */
static void touch_lines(const unsigned char *host, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += LINE)
		*(const volatile uint64_t *)(host + at);
}

static uint64_t chase(struct nm_native_round *round, const unsigned char *host)
{
	uint64_t at = (uintptr_t)host;

	touch_lines(host, round->point);
	NM_NATIVE(round, (at = *(const volatile uint64_t *)at));
	return at;
}

static bool native(struct nm_native_round *round, enum nm_backing backing, char *why, size_t size)
{
	const uint64_t steps = round->warmup + round->samples * round->batch;
	struct nm_region region;
	uint64_t base;
	bool right;

	if (!nm_backed_native(round, &region, backing, round->point, why, size))
		return false;
	base = (uintptr_t)region.host;
	nm_chase_write(region.host, round->point, base);
	right = nm_chase_ends_right(round->point, base, steps, chase(round, region.host), why,
				    size);
	nm_region_unmap(&region);
	return right;
}

static bool native_h4k(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, NM_BACKING_ANONYMOUS, why, size);
}

static bool native_h2m(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, NM_BACKING_THP, why, size);
}

static const struct nm_axis sizes = {
	.name = "bytes",
	.points = {256u << 10, 1u << 20, 4u << 20, 16u << 20, 64u << 20, 256u << 20, 1u << 30},
	.count = 7,
	.usual = 5,
	.quick = 3,
	.counted = 1,
};

const struct nm_bench nm_bench_mem_chase_g4k_h4k = {
	.name = "mem.chase.g4k.h4k",
	.group = "memory",
	.summary = "a dependent load at random, pages of 4 KiB in guest and host",
	.happens = "Each TLB miss walks the guest's tables, and the host's for each of their "
		   "entries: up to 24 loads. The native partner has pages of 4 KiB.",
	.matters = "Databases, graphs and garbage collectors with more data than the TLB reaches; "
		   "the slope against native is the price of nested paging.",
	.version = 1,
	.payload = "mem.chase",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.batch = LOADS,
	.prepare = prepare_g4k_h4k,
	.verify = verify,
	.release = nm_backed_release,
	.native = native_h4k,
};

const struct nm_bench nm_bench_mem_chase_g4k_h2m = {
	.name = "mem.chase.g4k.h2m",
	.group = "memory",
	.summary = "a dependent load at random, pages of 4 KiB in the guest and 2 MiB in the host",
	.happens =
		"A walk of up to 19 loads; what the TLB keeps of it is 4 KiB. The native partner "
		"has pages of 2 MiB.",
	.matters = "Guests without huge pages on hosts that have them: what the host alone can do.",
	.version = 1,
	.payload = "mem.chase",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.batch = LOADS,
	.prepare = prepare_g4k_h2m,
	.verify = verify,
	.release = nm_backed_release,
	.native = native_h2m,
};

const struct nm_bench nm_bench_mem_chase_g2m_h4k = {
	.name = "mem.chase.g2m.h4k",
	.group = "memory",
	.summary = "a dependent load at random, pages of 2 MiB in the guest and 4 KiB in the host",
	.happens =
		"A walk of up to 19 loads; what the TLB keeps of it is 4 KiB. The native partner "
		"has pages of 4 KiB.",
	.matters = "Guests that use huge pages on hosts that do not: much of the gain is lost.",
	.version = 1,
	.payload = "mem.chase",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.batch = LOADS,
	.prepare = prepare_g2m_h4k,
	.verify = verify,
	.release = nm_backed_release,
	.native = native_h4k,
};

const struct nm_bench nm_bench_mem_chase_g2m_h2m = {
	.name = "mem.chase.g2m.h2m",
	.group = "memory",
	.summary = "a dependent load at random, pages of 2 MiB in guest and host",
	.happens = "A walk of up to 15 loads, of which the TLB keeps 2 MiB. The native partner has "
		   "pages of 2 MiB.",
	.matters = "What huge pages on both sides bring back of the native speed.",
	.version = 1,
	.payload = "mem.chase",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.batch = LOADS,
	.prepare = prepare_g2m_h2m,
	.verify = verify,
	.release = nm_backed_release,
	.native = native_h2m,
};
