/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a guest feels of another VM on another CPU: the same two probes, an exit and a chain of loads, beside a neighbour that
 * does nothing, computes, exits or faults. Each divided by the one beside the idle neighbour is what containing a load in a
 * guest of its own does not isolate: caches, memory, locks of KVM and of the host, and in nested machines those of the
 * hypervisor below.
 */
#include "benchmarks/bench.h"
#include "benchmarks/memory/chase.h"
#include "benchmarks/memory/region.h"
#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHASE_BYTES (4u << 20)
#define LOADS	    128u /* of a sample: the loop is to be longer than a slice of a neighbour's work */
#define FAULT_BYTES (2u << 20)
#define SAMPLES	    1000u
#define LIMIT_NS    (2 * NM_NS_PER_S)

struct neighbour {
	struct nm_guest guest;
	const struct nm_cpus *cpus;
	pthread_t thread;
	bool runs;
	bool created;
	uint32_t ended;
	struct nm_guest_result result;
	int error;
	uint64_t before; /* how far it had counted when the probe began */
	struct nm_region faults;
	struct nm_region chase; /* of the probe */
};

static uint64_t progress(const struct neighbour *neighbour)
{
	return nm_guest_shared(&neighbour->guest)->go.value;
}

static void *run_neighbour(void *context)
{
	struct neighbour *neighbour = context;

	neighbour->error = nm_topology_bind(neighbour->cpus->topology, neighbour->cpus->ids[1]);
	if (!neighbour->error)
		neighbour->error = nm_guest_run(&neighbour->guest, 0, LIMIT_NS, &neighbour->result);
	__atomic_store_n(&neighbour->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

static int await_progress(const struct neighbour *neighbour)
{
	const uint64_t end = nm_clock_raw_ns() + LIMIT_NS;

	while (!progress(neighbour))
		if (__atomic_load_n(&neighbour->ended, __ATOMIC_ACQUIRE) || nm_clock_raw_ns() > end)
			return nm_fail(EIO, "the neighbour does not run: %.400s",
				       neighbour->result.text);
	return 0;
}

static void take_back(void *context, const struct nm_access *access)
{
	const struct nm_region *region = context;

	(void)access;
	madvise(region->host, region->bytes, MADV_DONTNEED);
}

static int add_faults(struct neighbour *neighbour)
{
	struct nm_region *region = &neighbour->faults;
	const struct nm_device device = {
		.bus = NM_BUS_PIO,
		.base = NM_ABI_PORT_HOST,
		.bytes = 4,
		.access = take_back,
		.context = region,
	};
	int r = nm_region_map(region, &neighbour->guest.vm, NM_BACKING_ANONYMOUS, FAULT_BYTES);

	if (!r)
		r = nm_region_add(&neighbour->guest, region, NM_PAGE_4K);
	if (!r)
		r = nm_devices_add(&neighbour->guest.devices, device);
	nm_guest_control(&neighbour->guest, 0)->argument[0] = FAULT_BYTES;
	return r;
}

static int create(struct neighbour *neighbour, const struct nm_kvm *kvm, const char *operation)
{
	struct nm_payload payload;
	const struct nm_guest_config config = {.payload = &payload, .vcpus = 1};
	int r = nm_payload_ops(&payload);

	if (!r)
		r = nm_guest_create(&neighbour->guest, kvm, &config);
	neighbour->created = !r;
	if (!r && operation)
		r = nm_guest_prepare(&neighbour->guest, 0, operation, 3);
	return r;
}

static int start(struct neighbour *neighbour)
{
	int r = pthread_create(&neighbour->thread, NULL, run_neighbour, neighbour);

	neighbour->runs = !r;
	return r ? nm_fail(r, "cannot start a thread: %s", strerror(r)) : await_progress(neighbour);
}

/* What the neighbour does; NULL: nothing, it is only there. */
static int prepare_exit(struct nm_guest_round *round, const char *operation, bool faults)
{
	struct neighbour *neighbour = calloc(1, sizeof(*neighbour));
	int r = 0;

	if (!neighbour)
		return nm_fail(ENOMEM, "out of memory");
	round->own = neighbour;
	neighbour->cpus = round->cpus;
	if (round->cpus->count < 2)
		return nm_fail(EINVAL, "no CPU for the neighbour");
	r = create(neighbour, round->guest->vm.kvm, operation);
	if (!r && faults)
		r = add_faults(neighbour);
	if (!r && operation)
		r = start(neighbour);
	if (!r)
		neighbour->before = progress(neighbour);
	return r;
}

static int add_chase(struct nm_guest_round *round)
{
	struct neighbour *neighbour = round->own;
	struct nm_region *region = &neighbour->chase;
	int r = nm_region_map(region, &round->guest->vm, NM_BACKING_ANONYMOUS, CHASE_BYTES);

	if (!r)
		r = nm_region_add(round->guest, region, NM_PAGE_4K);
	if (r)
		return r;
	nm_chase_write(region->host, CHASE_BYTES, NM_ABI_MEMORY);
	round->control->argument[0] = CHASE_BYTES;
	return 0;
}

static int prepare_chase(struct nm_guest_round *round, const char *operation, bool faults)
{
	int r = prepare_exit(round, operation, faults);

	return r ? r : add_chase(round);
}

static void stop(struct neighbour *neighbour)
{
	__atomic_store_n(&nm_guest_shared(&neighbour->guest)->stop.value, 1, __ATOMIC_RELEASE);
	pthread_join(neighbour->thread, NULL);
}

static void release(struct nm_guest_round *round)
{
	struct neighbour *neighbour = round->own;

	if (!neighbour)
		return;
	if (neighbour->runs)
		stop(neighbour);
	if (neighbour->created)
		nm_guest_destroy(&neighbour->guest);
	nm_region_unmap(&neighbour->faults);
	nm_region_unmap(&neighbour->chase);
	free(neighbour);
}

/* It was there all the time, and did something if it was to. */
static bool went_on(const struct neighbour *neighbour, char *why, size_t size)
{
	if (!neighbour->runs)
		return true;
	if (__atomic_load_n(&neighbour->ended, __ATOMIC_ACQUIRE)) {
		snprintf(why, size, "the neighbour ended: %.400s", neighbour->result.text);
		return false;
	}
	if (progress(neighbour) > neighbour->before)
		return true;
	snprintf(why, size, "the neighbour did nothing");
	return false;
}

static bool verify_exit(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct kvm_cpuid2 *cpuid = round->guest->vm.kvm->cpuid;
	const uint64_t *result = round->control->result;

	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (!cpuid->entries[i].function && cpuid->entries[i].ebx == result[0] &&
		    cpuid->entries[i].edx == result[2])
			return went_on(round->own, why, size);
	snprintf(why, size, "CPUID leaf 0 did not give the vendor that KVM was told");
	return false;
}

static bool verify_chase(const struct nm_guest_round *round, char *why, size_t size)
{
	return nm_chase_ends_right(CHASE_BYTES, NM_ABI_MEMORY, round->operations,
				   round->control->result[0], why, size) &&
	       went_on(round->own, why, size);
}

static int exit_idle(struct nm_guest_round *round)
{
	return prepare_exit(round, NULL, false);
}

static int exit_compute(struct nm_guest_round *round)
{
	return prepare_exit(round, "life.neighbour.compute", false);
}

static int exit_exits(struct nm_guest_round *round)
{
	return prepare_exit(round, "life.neighbour.exits", false);
}

static int exit_faults(struct nm_guest_round *round)
{
	return prepare_exit(round, "life.neighbour.faults", true);
}

static int chase_idle(struct nm_guest_round *round)
{
	return prepare_chase(round, NULL, false);
}

static int chase_compute(struct nm_guest_round *round)
{
	return prepare_chase(round, "life.neighbour.compute", false);
}

static int chase_exits(struct nm_guest_round *round)
{
	return prepare_chase(round, "life.neighbour.exits", false);
}

static int chase_faults(struct nm_guest_round *round)
{
	return prepare_chase(round, "life.neighbour.faults", true);
}

const struct nm_bench nm_bench_life_neighbour_exit_idle = {
	.name = "life.neighbour.exit.idle",
	.group = "lifecycle",
	.summary = "CPUID in a guest whose neighbour is there and does nothing",
	.happens = "As exit.cpuid. The neighbour is another VM that does not run.",
	.matters = "The denominator: the others divided by this are the interference of each load.",
	.version = 1,
	.payload = "exit.cpuid",
	.cpls = NM_CPL3,
	.threads = 1,
	.max_samples = SAMPLES,
	.expect = {.exits = 1},
	.prepare = exit_idle,
	.verify = verify_exit,
	.release = release,
};

const struct nm_bench nm_bench_life_neighbour_exit_compute = {
	.name = "life.neighbour.exit.compute",
	.group = "lifecycle",
	.summary = "CPUID in a guest whose neighbour computes on another CPU",
	.happens = "As exit.cpuid. The neighbour multiplies in registers at CPL3 without an exit.",
	.matters = "Batch work beside a latency-sensitive guest; what is felt is shared power, "
		   "clock frequency or a shared core.",
	.version = 1,
	.payload = "exit.cpuid",
	.cpls = NM_CPL3,
	.threads = 1,
	.max_samples = SAMPLES,
	.expect = {.exits = 1},
	.prepare = exit_compute,
	.verify = verify_exit,
	.release = release,
};

const struct nm_bench nm_bench_life_neighbour_exit_exits = {
	.name = "life.neighbour.exit.exits",
	.group = "lifecycle",
	.summary = "CPUID in a guest whose neighbour exits all the time on another CPU",
	.happens = "As exit.cpuid. The neighbour executes CPUID in a loop: KVM, and the hypervisor "
		   "below this machine, are entered all the time.",
	.matters = "Whether one guest that exits much slows the exits of others: shared locks and, "
		   "nested, a hypervisor below that takes turns.",
	.version = 1,
	.payload = "exit.cpuid",
	.cpls = NM_CPL3,
	.threads = 1,
	.max_samples = SAMPLES,
	.expect = {.exits = 1},
	.prepare = exit_exits,
	.verify = verify_exit,
	.release = release,
};

const struct nm_bench nm_bench_life_neighbour_exit_faults = {
	.name = "life.neighbour.exit.faults",
	.group = "lifecycle",
	.summary = "CPUID in a guest whose neighbour faults in memory all the time on another CPU",
	.happens =
		"As exit.cpuid. The neighbour writes to 2 MiB, which the VMM takes back each time: "
		"nested page faults, pages that are cleared, mappings that are thrown away.",
	.matters = "Guests that start, balloon or are overcommitted beside a quiet one: locks of "
		   "memory management, memory bandwidth and TLB flushes.",
	.version = 1,
	.payload = "exit.cpuid",
	.cpls = NM_CPL3,
	.threads = 1,
	.max_samples = SAMPLES,
	.expect = {.exits = 1},
	.prepare = exit_faults,
	.verify = verify_exit,
	.release = release,
};

const struct nm_bench nm_bench_life_neighbour_chase_idle = {
	.name = "life.neighbour.chase.idle",
	.group = "lifecycle",
	.summary = "a dependent load in 4 MiB of a guest whose neighbour is there and does nothing",
	.happens = "As mem.chase.g4k.h4k at 4 MiB. The neighbour is another VM that does not run.",
	.matters = "The denominator: the others divided by this are the interference of each load.",
	.version = 1,
	.payload = "mem.chase",
	.cpls = NM_CPL3,
	.threads = 1,
	.max_samples = SAMPLES,
	.batch = LOADS,
	.prepare = chase_idle,
	.verify = verify_chase,
	.release = release,
};

const struct nm_bench nm_bench_life_neighbour_chase_compute = {
	.name = "life.neighbour.chase.compute",
	.group = "lifecycle",
	.summary = "a dependent load in 4 MiB of a guest whose neighbour computes on another CPU",
	.happens = "As mem.chase.g4k.h4k at 4 MiB. The neighbour multiplies in registers at CPL3 "
		   "without an exit.",
	.matters = "Batch work beside a latency-sensitive guest; what is felt is shared power, "
		   "clock frequency or a shared core.",
	.version = 1,
	.payload = "mem.chase",
	.cpls = NM_CPL3,
	.threads = 1,
	.max_samples = SAMPLES,
	.batch = LOADS,
	.prepare = chase_compute,
	.verify = verify_chase,
	.release = release,
};

const struct nm_bench nm_bench_life_neighbour_chase_exits = {
	.name = "life.neighbour.chase.exits",
	.group = "lifecycle",
	.summary = "a dependent load in 4 MiB of a guest whose neighbour exits all the time on "
		   "another CPU",
	.happens = "As mem.chase.g4k.h4k at 4 MiB. The neighbour executes CPUID in a loop: KVM, "
		   "and the hypervisor below this machine, are entered all the time.",
	.matters = "Whether one guest that exits much slows the exits of others: shared locks and, "
		   "nested, a hypervisor below that takes turns.",
	.version = 1,
	.payload = "mem.chase",
	.cpls = NM_CPL3,
	.threads = 1,
	.max_samples = SAMPLES,
	.batch = LOADS,
	.prepare = chase_exits,
	.verify = verify_chase,
	.release = release,
};

const struct nm_bench nm_bench_life_neighbour_chase_faults = {
	.name = "life.neighbour.chase.faults",
	.group = "lifecycle",
	.summary = "a dependent load in 4 MiB of a guest whose neighbour faults in memory all the "
		   "time on another CPU",
	.happens = "As mem.chase.g4k.h4k at 4 MiB. The neighbour writes to 2 MiB, which the VMM "
		   "takes back each time: nested page faults, pages that are cleared, mappings "
		   "that are thrown away.",
	.matters = "Guests that start, balloon or are overcommitted beside a quiet one: locks of "
		   "memory management, memory bandwidth and TLB flushes.",
	.version = 1,
	.payload = "mem.chase",
	.cpls = NM_CPL3,
	.threads = 1,
	.max_samples = SAMPLES,
	.batch = LOADS,
	.prepare = chase_faults,
	.verify = verify_chase,
	.release = release,
};
