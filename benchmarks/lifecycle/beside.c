/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a guest feels of another VM on another CPU: four operations of other groups as they are, an exit, a timer, a chain of loads
 * and a read of a disk, beside a neighbour that does nothing, computes, exits, faults or does I/O. Each divided by the one beside
 * the idle neighbour is what containing a load in a guest of its own does not isolate: caches, memory, the disk, locks of KVM and of
 * the host, and in nested machines those of the hypervisor below.
 */
#include "benchmarks/bench.h"
#include "benchmarks/io/file.h"
#include "benchmarks/lifecycle/neighbour.h"
#include "core/error.h"

#include <errno.h>
#include <stdlib.h>

#define CHASE_BYTES (4u << 20)
#define LOADS	    128u /* of a sample: the loop is to be longer than a slice of a neighbour's work */
#define SAMPLES	    1000u
#define SAMPLES_IO  300u

extern const struct nm_bench nm_bench_exit_cpuid;
extern const struct nm_bench nm_bench_timer_deadline_hlt;
extern const struct nm_bench nm_bench_mem_chase_g4k_h4k;
extern const struct nm_bench nm_bench_io_blk_read_4k;

/* The operation that is measured has the round as if it were alone. */
struct pair {
	const struct nm_bench *probe;
	struct nm_guest_round round;
	struct nm_neighbour neighbour;
};

static int prepare(struct nm_guest_round *round, const struct nm_bench *probe, uint64_t point,
		   enum nm_load load)
{
	const unsigned int next = round->guest->vcpu_count + probe->threads;
	struct pair *pair = calloc(1, sizeof(*pair));
	int r = 0;

	if (!pair)
		return nm_fail(ENOMEM, "out of memory");
	pair->probe = probe;
	pair->round = *round;
	pair->round.point = point;
	round->own = pair;
	if (round->cpus->count <= next)
		return nm_fail(EINVAL, "no CPU for the neighbour");
	pair->neighbour.load = load;
	pair->neighbour.topology = round->cpus->topology;
	pair->neighbour.cpu = round->cpus->ids[next];
	pair->neighbour.file_fd = round->io->fd;
	pair->neighbour.file_bytes = round->io->bytes;
	if (probe->prepare)
		r = probe->prepare(&pair->round);
	return r ? r : nm_neighbour_start(&pair->neighbour, round->guest->vm.kvm);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct pair *pair = round->own;

	return nm_neighbour_went_on(&pair->neighbour, why, size) &&
	       pair->probe->verify(&pair->round, why, size);
}

static void release(struct nm_guest_round *round)
{
	struct pair *pair = round->own;

	if (!pair)
		return;
	nm_neighbour_end(&pair->neighbour);
	if (pair->probe->release)
		pair->probe->release(&pair->round);
	free(pair);
}

#define EXIT                                                                                       \
	.payload = "exit.cpuid", .cpls = NM_CPL3, .threads = 1, .max_samples = SAMPLES,            \
	.expect = {.exits = 1}

#define TIMER                                                                                      \
	.payload = "timer.deadline.hlt", .cpls = NM_CPL0, .threads = 1, .max_samples = SAMPLES,    \
	.single = true, .irqchip = true, .expect = {.exits = 3, .exits_or = 2},                    \
	.requires = {"kvm.cap.irqchip", "kvm.cap.tsc_deadline_timer"}

#define CHASE                                                                                      \
	.payload = "mem.chase", .cpls = NM_CPL3, .threads = 1, .max_samples = SAMPLES,             \
	.batch = LOADS

/* Besides the neighbour there is the thread of the device. */
#define READ                                                                                       \
	.payload = "io.blk", .cpls = NM_CPL3, .threads = 2, .max_samples = SAMPLES_IO,             \
	.single = true, .irqchip = true, .disk = true, .expect = {.exits_vary = true},             \
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"}

#define IDLE_HAPPENS "The neighbour is another VM that does not run."
#define IDLE_MATTERS                                                                               \
	"The denominator: the others divided by this are the interference of each load."
#define COMPUTE_HAPPENS "The neighbour multiplies in registers at CPL3 without an exit."
#define COMPUTE_MATTERS                                                                            \
	"Batch work beside a latency-sensitive guest; what is felt is shared power, clock "        \
	"frequency or a shared core."
#define EXITS_HAPPENS                                                                              \
	"The neighbour executes CPUID in a loop: KVM, and the hypervisor below this machine, are " \
	"entered all the time."
#define EXITS_MATTERS                                                                              \
	"Whether one guest that exits much slows others: shared locks and, nested, a hypervisor "  \
	"below that takes turns."
#define FAULTS_HAPPENS                                                                             \
	"The neighbour writes to 2 MiB, which the VMM takes back each time: nested page faults, "  \
	"pages that are cleared, mappings that are thrown away."
#define FAULTS_MATTERS                                                                             \
	"Guests that start, balloon or are overcommitted beside a quiet one: locks of memory "     \
	"management, memory bandwidth and TLB flushes."
#define IO_HAPPENS                                                                                 \
	"The neighbour reads 4 KiB by virtio-blk, one request after the other, each with a "       \
	"doorbell, HLT, a wake-up of the device's thread and an interrupt; there is no medium."
#define IO_MATTERS                                                                                 \
	"A busy database or builder beside a quiet guest: what its notifications, wake-ups and "   \
	"interrupts take from others."

#define BESIDE(id, probe, point, load)                                                             \
	static int prepare_##id(struct nm_guest_round *round)                                      \
	{                                                                                          \
		return prepare(round, &(probe), point, load);                                      \
	}

#define COMMON .group = "lifecycle", .version = 1, .verify = verify, .release = release

BESIDE(exit_idle, nm_bench_exit_cpuid, 0, NM_LOAD_IDLE)

BESIDE(exit_compute, nm_bench_exit_cpuid, 0, NM_LOAD_COMPUTE)

BESIDE(exit_exits, nm_bench_exit_cpuid, 0, NM_LOAD_EXITS)

BESIDE(exit_faults, nm_bench_exit_cpuid, 0, NM_LOAD_FAULTS)

BESIDE(exit_io, nm_bench_exit_cpuid, 0, NM_LOAD_IO)

BESIDE(timer_idle, nm_bench_timer_deadline_hlt, 0, NM_LOAD_IDLE)

BESIDE(timer_compute, nm_bench_timer_deadline_hlt, 0, NM_LOAD_COMPUTE)

BESIDE(timer_exits, nm_bench_timer_deadline_hlt, 0, NM_LOAD_EXITS)

BESIDE(timer_faults, nm_bench_timer_deadline_hlt, 0, NM_LOAD_FAULTS)

BESIDE(timer_io, nm_bench_timer_deadline_hlt, 0, NM_LOAD_IO)

BESIDE(chase_idle, nm_bench_mem_chase_g4k_h4k, CHASE_BYTES, NM_LOAD_IDLE)

BESIDE(chase_compute, nm_bench_mem_chase_g4k_h4k, CHASE_BYTES, NM_LOAD_COMPUTE)

BESIDE(chase_exits, nm_bench_mem_chase_g4k_h4k, CHASE_BYTES, NM_LOAD_EXITS)

BESIDE(chase_faults, nm_bench_mem_chase_g4k_h4k, CHASE_BYTES, NM_LOAD_FAULTS)

BESIDE(chase_io, nm_bench_mem_chase_g4k_h4k, CHASE_BYTES, NM_LOAD_IO)

BESIDE(read_idle, nm_bench_io_blk_read_4k, 1, NM_LOAD_IDLE)

BESIDE(read_compute, nm_bench_io_blk_read_4k, 1, NM_LOAD_COMPUTE)

BESIDE(read_exits, nm_bench_io_blk_read_4k, 1, NM_LOAD_EXITS)

BESIDE(read_faults, nm_bench_io_blk_read_4k, 1, NM_LOAD_FAULTS)

BESIDE(read_io, nm_bench_io_blk_read_4k, 1, NM_LOAD_FILE)

const struct nm_bench nm_bench_life_neighbour_exit_idle = {
	COMMON,
	EXIT,
	.name = "life.neighbour.exit.idle",
	.summary = "CPUID in a guest whose neighbour is there and does nothing",
	.happens = "As exit.cpuid. " IDLE_HAPPENS,
	.matters = IDLE_MATTERS,
	.prepare = prepare_exit_idle,
};

const struct nm_bench nm_bench_life_neighbour_exit_compute = {
	COMMON,
	EXIT,
	.name = "life.neighbour.exit.compute",
	.summary = "CPUID in a guest whose neighbour computes on another CPU",
	.happens = "As exit.cpuid. " COMPUTE_HAPPENS,
	.matters = COMPUTE_MATTERS,
	.against = "life.neighbour.exit.idle",
	.prepare = prepare_exit_compute,
};

const struct nm_bench nm_bench_life_neighbour_exit_exits = {
	COMMON,
	EXIT,
	.name = "life.neighbour.exit.exits",
	.summary = "CPUID in a guest whose neighbour exits all the time on another CPU",
	.happens = "As exit.cpuid. " EXITS_HAPPENS,
	.matters = EXITS_MATTERS,
	.against = "life.neighbour.exit.idle",
	.prepare = prepare_exit_exits,
};

const struct nm_bench nm_bench_life_neighbour_exit_faults = {
	COMMON,
	EXIT,
	.name = "life.neighbour.exit.faults",
	.summary = "CPUID in a guest whose neighbour faults in memory all the time on another CPU",
	.happens = "As exit.cpuid. " FAULTS_HAPPENS,
	.matters = FAULTS_MATTERS,
	.against = "life.neighbour.exit.idle",
	.prepare = prepare_exit_faults,
};

const struct nm_bench nm_bench_life_neighbour_exit_io = {
	COMMON,
	EXIT,
	.name = "life.neighbour.exit.io",
	.summary = "CPUID in a guest whose neighbour does I/O all the time on another CPU",
	.happens = "As exit.cpuid. " IO_HAPPENS,
	.matters = IO_MATTERS,
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"},
	.against = "life.neighbour.exit.idle",
	.prepare = prepare_exit_io,
};

const struct nm_bench nm_bench_life_neighbour_timer_idle = {
	COMMON,
	TIMER,
	.name = "life.neighbour.timer.idle",
	.summary =
		"lateness of a TSC deadline in a guest whose neighbour is there and does nothing",
	.happens = "As timer.deadline.hlt. " IDLE_HAPPENS,
	.matters = IDLE_MATTERS,
	.prepare = prepare_timer_idle,
};

const struct nm_bench nm_bench_life_neighbour_timer_compute = {
	COMMON,
	TIMER,
	.name = "life.neighbour.timer.compute",
	.summary = "lateness of a TSC deadline in a guest whose neighbour computes on another CPU",
	.happens = "As timer.deadline.hlt. " COMPUTE_HAPPENS,
	.matters = COMPUTE_MATTERS,
	.against = "life.neighbour.timer.idle",
	.prepare = prepare_timer_compute,
};

const struct nm_bench nm_bench_life_neighbour_timer_exits = {
	COMMON,
	TIMER,
	.name = "life.neighbour.timer.exits",
	.summary = "lateness of a TSC deadline in a guest whose neighbour exits all the time on "
		   "another CPU",
	.happens = "As timer.deadline.hlt. " EXITS_HAPPENS,
	.matters = EXITS_MATTERS,
	.against = "life.neighbour.timer.idle",
	.prepare = prepare_timer_exits,
};

const struct nm_bench nm_bench_life_neighbour_timer_faults = {
	COMMON,
	TIMER,
	.name = "life.neighbour.timer.faults",
	.summary = "lateness of a TSC deadline in a guest whose neighbour faults in memory all the "
		   "time on another CPU",
	.happens = "As timer.deadline.hlt. " FAULTS_HAPPENS,
	.matters = FAULTS_MATTERS,
	.against = "life.neighbour.timer.idle",
	.prepare = prepare_timer_faults,
};

const struct nm_bench nm_bench_life_neighbour_timer_io = {
	COMMON,
	TIMER,
	.name = "life.neighbour.timer.io",
	.summary = "lateness of a TSC deadline in a guest whose neighbour does I/O all the time on "
		   "another CPU",
	.happens = "As timer.deadline.hlt. " IO_HAPPENS,
	.matters = IO_MATTERS,
	.against = "life.neighbour.timer.idle",
	.prepare = prepare_timer_io,
};

const struct nm_bench nm_bench_life_neighbour_chase_idle = {
	COMMON,
	CHASE,
	.name = "life.neighbour.chase.idle",
	.summary = "a dependent load in 4 MiB in a guest whose neighbour is there and does nothing",
	.happens = "As mem.chase.g4k.h4k at 4 MiB. " IDLE_HAPPENS,
	.matters = IDLE_MATTERS,
	.prepare = prepare_chase_idle,
};

const struct nm_bench nm_bench_life_neighbour_chase_compute = {
	COMMON,
	CHASE,
	.name = "life.neighbour.chase.compute",
	.summary = "a dependent load in 4 MiB in a guest whose neighbour computes on another CPU",
	.happens = "As mem.chase.g4k.h4k at 4 MiB. " COMPUTE_HAPPENS,
	.matters = COMPUTE_MATTERS,
	.against = "life.neighbour.chase.idle",
	.prepare = prepare_chase_compute,
};

const struct nm_bench nm_bench_life_neighbour_chase_exits = {
	COMMON,
	CHASE,
	.name = "life.neighbour.chase.exits",
	.summary = "a dependent load in 4 MiB in a guest whose neighbour exits all the time on "
		   "another CPU",
	.happens = "As mem.chase.g4k.h4k at 4 MiB. " EXITS_HAPPENS,
	.matters = EXITS_MATTERS,
	.against = "life.neighbour.chase.idle",
	.prepare = prepare_chase_exits,
};

const struct nm_bench nm_bench_life_neighbour_chase_faults = {
	COMMON,
	CHASE,
	.name = "life.neighbour.chase.faults",
	.summary = "a dependent load in 4 MiB in a guest whose neighbour faults in memory all the "
		   "time on another CPU",
	.happens = "As mem.chase.g4k.h4k at 4 MiB. " FAULTS_HAPPENS,
	.matters = FAULTS_MATTERS,
	.against = "life.neighbour.chase.idle",
	.prepare = prepare_chase_faults,
};

const struct nm_bench nm_bench_life_neighbour_chase_io = {
	COMMON,
	CHASE,
	.name = "life.neighbour.chase.io",
	.summary = "a dependent load in 4 MiB in a guest whose neighbour does I/O all the time on "
		   "another CPU",
	.happens = "As mem.chase.g4k.h4k at 4 MiB. " IO_HAPPENS,
	.matters = IO_MATTERS,
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"},
	.against = "life.neighbour.chase.idle",
	.prepare = prepare_chase_io,
};

const struct nm_bench nm_bench_life_neighbour_read_idle = {
	COMMON,
	READ,
	.name = "life.neighbour.read.idle",
	.summary = "a read of 4 KiB by virtio-blk in a guest whose neighbour is there and does "
		   "nothing",
	.happens = "As io.blk.read.4k with one request under way. " IDLE_HAPPENS,
	.matters = IDLE_MATTERS,
	.prepare = prepare_read_idle,
};

const struct nm_bench nm_bench_life_neighbour_read_compute = {
	COMMON,
	READ,
	.name = "life.neighbour.read.compute",
	.summary =
		"a read of 4 KiB by virtio-blk in a guest whose neighbour computes on another CPU",
	.happens = "As io.blk.read.4k with one request under way. " COMPUTE_HAPPENS,
	.matters = COMPUTE_MATTERS,
	.against = "life.neighbour.read.idle",
	.prepare = prepare_read_compute,
};

const struct nm_bench nm_bench_life_neighbour_read_exits = {
	COMMON,
	READ,
	.name = "life.neighbour.read.exits",
	.summary = "a read of 4 KiB by virtio-blk in a guest whose neighbour exits all the time on "
		   "another CPU",
	.happens = "As io.blk.read.4k with one request under way. " EXITS_HAPPENS,
	.matters = EXITS_MATTERS,
	.against = "life.neighbour.read.idle",
	.prepare = prepare_read_exits,
};

const struct nm_bench nm_bench_life_neighbour_read_faults = {
	COMMON,
	READ,
	.name = "life.neighbour.read.faults",
	.summary = "a read of 4 KiB by virtio-blk in a guest whose neighbour faults in memory all "
		   "the time on another CPU",
	.happens = "As io.blk.read.4k with one request under way. " FAULTS_HAPPENS,
	.matters = FAULTS_MATTERS,
	.against = "life.neighbour.read.idle",
	.prepare = prepare_read_faults,
};

const struct nm_bench nm_bench_life_neighbour_read_io = {
	COMMON,
	READ,
	.name = "life.neighbour.read.io",
	.summary = "a read of 4 KiB by virtio-blk in a guest whose neighbour does I/O all the time "
		   "on another CPU",
	.happens = "As io.blk.read.4k with one request under way. The neighbour does the same to "
		   "the same file, but halts until each request is back.",
	.matters = IO_MATTERS,
	.against = "life.neighbour.read.idle",
	.prepare = prepare_read_io,
};
