/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A translation that several vCPUs use is changed: the entry, INVLPG, an IPI to all others, whose handlers execute INVLPG and
 * acknowledge. The write of the ICR exits on the sending side, unless AVIC delivers it (irq.ipi.broadcast); on each receiving side the interrupt ends the guest's run
 * unless it is posted. All vCPUs run, each on a CPU of its own: with fewer CPUs a shoot-down waits for whoever is not
 * scheduled, which is what paravirtual TLB flushes are for. Counters are those of the sender.
 *
 * There is no native partner, since no process sends IPIs: mem.process.shootdown has the kernel of this machine do it.
 */
#include "benchmarks/native.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	    4096u
#define MAX_THREADS 8u

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;
	const uint64_t vcpus = round->point;
	const uint64_t expected = round->operations * (vcpus - 1);

	if (result[0] == vcpus && result[1] == expected && result[2] == vcpus)
		return true;
	snprintf(why, size,
		 "of %" PRIu64 " vCPUs %" PRIu64 " saw the first page and %" PRIu64
		 " the second; %" PRIu64 " acknowledgements, expected %" PRIu64,
		 vcpus, result[0], result[2], result[1], expected);
	return false;
}

/* Threads that read one page as fast as they can. */
struct readers {
	const struct nm_cpus *cpus;
	const volatile uint64_t *page;
	uint32_t stop;
	struct reader {
		pthread_t thread;
		struct readers *all;
		int cpu;
		uint32_t lost; /* it could not be bound to its CPU */
		volatile uint64_t reads;
	} items[MAX_THREADS];
	unsigned int count;
};

static void *read_page(void *context)
{
	struct reader *self = context;

	if (nm_topology_bind(self->all->cpus->topology, self->cpu))
		__atomic_store_n(&self->lost, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&self->all->stop, __ATOMIC_ACQUIRE))
		self->reads += 1 + *self->all->page;
	return NULL;
}

static bool start_readers(struct readers *readers, uint64_t count)
{
	for (; readers->count < count; readers->count++) {
		struct reader *reader = &readers->items[readers->count];

		reader->all = readers;
		reader->cpu = readers->cpus->ids[readers->count + 1];
		if (pthread_create(&reader->thread, NULL, read_page, reader))
			return false;
	}
	return true;
}

/* True once each of them has read the page again, on its own CPU. */
static bool all_read(const struct readers *readers)
{
	const uint64_t end = nm_clock_raw_ns() + NM_NS_PER_S;

	for (unsigned int i = 0; i < readers->count; i++) {
		const struct reader *reader = &readers->items[i];
		const uint64_t before = reader->reads;

		while (reader->reads == before && nm_clock_raw_ns() < end)
			;
		if (reader->reads == before || __atomic_load_n(&reader->lost, __ATOMIC_ACQUIRE))
			return false;
	}
	return true;
}

static void stop_readers(struct readers *readers)
{
	__atomic_store_n(&readers->stop, 1, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < readers->count; i++)
		pthread_join(readers->items[i].thread, NULL);
}

/*
 * Protection that is given back needs no flush: it is not part of a sample. A CPU whose thread is not scheduled needs none
 * either.
 */
static bool flush(const struct readers *readers, void *page, uint64_t *ticks)
{
	bool running = all_read(readers);
	uint64_t start = nm_tsc();
	int r = mprotect(page, PAGE, PROT_READ);

	*ticks = nm_tsc() - start;
	if (!running || r || mprotect(page, PAGE, PROT_READ | PROT_WRITE))
		return false;
	*(volatile uint64_t *)page = 0;
	return true;
}

static bool flush_all(struct nm_native_round *round, const struct readers *readers, void *page)
{
	uint64_t unused;
	bool right = true;

	NM_NATIVE_LOOP(round->overhead, round->samples, NM_NATIVE_ONCE, );
	for (uint64_t i = 0; i < round->warmup; i++)
		right &= flush(readers, page, &unused);
	round->host_begin_ns = nm_clock_raw_ns();
	round->tsc_begin = nm_tsc();
	for (uint64_t i = 0; i < round->samples; i++)
		right &= flush(readers, page, &round->sample[i]);
	round->tsc_end = nm_tsc();
	round->host_end_ns = nm_clock_raw_ns();
	return right;
}

static bool measure(struct nm_native_round *round, void *page)
{
	struct readers readers = {.cpus = round->cpus, .page = page};
	bool right = start_readers(&readers, round->point - 1) && all_read(&readers);

	if (right)
		right = flush_all(round, &readers, page) && all_read(&readers);
	stop_readers(&readers);
	return right;
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	void *page;
	bool right;

	if (round->cpus->count < round->point) {
		round->unsupported = true;
		round->remedy = "give the machine more CPUs";
		snprintf(why, size, "needs %" PRIu64 " CPUs: there are %zu", round->point,
			 round->cpus->count);
		return false;
	}
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		snprintf(why, size, "mmap of a page failed");
		return false;
	}
	memset(page, 0, PAGE);
	right = measure(round, page);
	if (!right)
		snprintf(why, size, "mprotect failed, or a thread did not read the page");
	munmap(page, PAGE);
	return right;
}

static const struct nm_axis vcpus = {.name = "vcpus", .points = {2, 4, 8}, .count = 3};
static const struct nm_axis threads = {.name = "threads",
				       .points = {2, 4, MAX_THREADS},
				       .count = 3};

const struct nm_bench nm_bench_mem_shootdown = {
	.name = "mem.shootdown",
	.group = "memory",
	.summary =
		"a guest changes a page that all its vCPUs use: INVLPG, an IPI to all, their acks",
	.happens = "A write of the ICR exits, unless the CPU virtualizes IPIs to all; every other "
		   "vCPU is interrupted, executes INVLPG in its handler, acknowledges and ends the "
		   "interrupt.",
	.matters = "munmap(), mprotect() and page migration of processes with many threads: it "
		   "grows with the vCPUs and stalls where one is not scheduled.",
	.vmexit = "ipi: there one other vCPU and no INVLPG",
	.version = 1,
	.cpls = NM_CPL0,
	.axis = &vcpus,
	.partner = "mem.shootdown.target",
	.max_samples = 250,
	.single = true,
	.requires = {"kvm.cap.irqchip"},
	.expect = {.exits = 0, .exits_or = 1},
	.irqchip = true,
	.verify = verify,
};

const struct nm_bench nm_bench_mem_process_shootdown = {
	.name = "mem.process.shootdown",
	.group = "memory",
	.summary = "mprotect() of a page that all threads of a process of this machine use",
	.happens = "The kernel takes the right to write away and flushes the TLBs of all CPUs that "
		   "run the process, by IPIs or by a call to the hypervisor.",
	.matters = "In a machine that is itself a guest this is what its processes with many "
		   "threads pay for nested interrupts.",
	.version = 1,
	.axis = &threads,
	.native_cpus = 2,
	.max_samples = 250,
	.single = true,
	.native = native,
};
