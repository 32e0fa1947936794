/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Many small guests in one instance, which is what nesting is often bought for. Those that are not measured have run and
 * stand still: what they cost the others is memory, the host's bookkeeping, and what KVM walks over all VMs for.
 */
#include "benchmarks/lifecycle/crowd.h"
#include "benchmarks/lifecycle/meminfo.h"
#include "benchmarks/lifecycle/steps.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES	      8u
#define SAMPLES_EXITS 1000u

static int fill(struct nm_crowd *crowd, const struct nm_kvm *kvm, uint64_t count)
{
	int r = 0;

	while (!r && crowd->count < count)
		r = nm_crowd_add(crowd, kvm);
	return r;
}

/* The probe guest */

static int prepare(struct nm_guest_round *round)
{
	struct nm_crowd *crowd = calloc(1, sizeof(*crowd));
	int r = nm_crowd_check(round->point, round->density_max);

	round->own = crowd;
	if (!r && !crowd)
		r = nm_fail(ENOMEM, "out of memory");
	if (!r)
		r = nm_crowd_create(crowd, round->point);
	return r ? r : fill(crowd, round->guest->vm.kvm, round->point - 1);
}

static void release(struct nm_guest_round *round)
{
	if (round->own)
		nm_crowd_destroy(round->own);
	free(round->own);
}

/* EBX, ECX and EDX of leaf 0, which KVM was told. */
static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct kvm_cpuid2 *cpuid = round->guest->vm.kvm->cpuid;
	const uint64_t *result = round->control->result;

	for (uint32_t i = 0; i < cpuid->nent; i++) {
		const struct kvm_cpuid_entry2 *leaf = &cpuid->entries[i];

		if (!leaf->function && leaf->ebx == result[0] && leaf->ecx == result[1] &&
		    leaf->edx == result[2])
			return true;
	}
	snprintf(why, size, "CPUID leaf 0 did not give the vendor that KVM was told");
	return false;
}

/* The start of one more */

struct density {
	const struct nm_kvm *kvm;
	struct nm_crowd crowd;
};

static int add(void *own)
{
	struct density *density = own;

	return nm_crowd_add(&density->crowd, density->kvm);
}

/* Its first OUT has been looked at. */
static int drop(void *own)
{
	struct density *density = own;

	nm_crowd_drop(&density->crowd);
	return 0;
}

static uint64_t growth(uint64_t before, uint64_t after, uint64_t count)
{
	return after > before ? (after - before) / count : 0;
}

/* Secondary page tables are those that KVM keeps for guests; of the whole machine, since Linux 6.1. */
static int weigh(struct nm_native_round *round, struct density *density)
{
	const uint64_t resident = nm_resident_bytes();
	const uint64_t tables = nm_meminfo_bytes("SecPageTables");
	int r = fill(&density->crowd, round->kvm, round->point);

	if (r)
		return r;
	round->counts[0] =
		(struct nm_native_count) {"rss_bytes",
					  growth(resident, nm_resident_bytes(), round->point)};
	round->counts[1] =
		(struct nm_native_count) {"secondary_page_table_bytes",
					  growth(tables, nm_meminfo_bytes("SecPageTables"),
						 round->point)};
	return drop(density);
}

static bool native_start(struct nm_native_round *round, char *why, size_t size)
{
	static const struct nm_life_step step = {.timed = add, .after = drop, .alone = true};
	struct density density = {.kvm = round->kvm};
	int r = nm_crowd_check(round->point, round->density_max);
	bool right;

	if (!r)
		r = nm_crowd_create(&density.crowd, round->point);
	if (!r)
		r = weigh(round, &density);
	right = r ? nm_life_failed(round, r, why, size)
		  : nm_life_measure(round, &step, &density, why, size);
	nm_crowd_destroy(&density.crowd);
	return right;
}

static const struct nm_axis guests = {.name = "guests",
				      .points = {1, 10, 30, 50, 100, 200},
				      .count = 6,
				      .usual = 3,
				      .quick = 2,
				      .counted = 2};

const struct nm_bench nm_bench_life_density_start = {
	.name = "life.density.start",
	.group = "lifecycle",
	.summary = "start of the n-th guest of 2 MiB, from KVM_CREATE_VM to its first OUT",
	.happens = "As life.first-instruction, with 2 MiB of memory that is populated, while n-1 "
		   "others are there; the first of the machine may also turn virtualization on. "
		   "Memory per guest is recorded beside it: resident, and KVM's "
		   "page tables.",
	.matters = "Platforms that start an environment for each customer or job in one instance: "
		   "a curve that rises says how many fit.",
	.version = 1,
	.axis = &guests,
	.native_requires = {"kvm.device", "guest.canary"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_start,
};

const struct nm_bench nm_bench_life_density_exit = {
	.name = "life.density.exit",
	.group = "lifecycle",
	.summary = "CPUID in one of n guests, of which the others stand still",
	.happens = "As exit.cpuid; the n-1 other guests have run, keep their memory and their "
		   "place in KVM, and do nothing.",
	.matters = "Whether idle neighbours in the same instance cost anything: the largest n "
		   "whose p99 is still good is how many may be parked.",
	.version = 1,
	.payload = "exit.cpuid",
	.cpls = NM_CPL3,
	.axis = &guests,
	.against = "life.density.exit",
	.max_samples = SAMPLES_EXITS,
	.expect = {.exits = 1},
	.prepare = prepare,
	.verify = verify,
	.release = release,
};
