/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/* Page faults, mappings, memory. */
#include "linux/agent.h"

#include <linux/membarrier.h>
#include <linux/mman.h>

#define PAGE	    4096u
#define HUGE	    (2u << 20)
#define MAP_BYTES   (64u << 10)
#define CHASE_BYTES (32u << 20)
#define CHASE_LINE  64u
#define COPY_BYTES  (1u << 20)
#define COPY_AREA   (16u << 20)

static void fault_small(struct nm_work *work)
{
	size_t pages = (size_t)(work->warmup + work->samples);
	unsigned char *area = nm_map(pages * PAGE);
	volatile unsigned char *at = area;

	if (!area) {
		work->lack = "memory for the pages";
		return;
	}
	nm_call(SYS_madvise, (long)area, (long)(pages * PAGE), MADV_NOHUGEPAGE, 0);
	NM_MEASURE_BATCH(work, ({
				 *at = 1;
				 at += PAGE;
			 }));
	for (size_t i = 0; i < pages; i++)
		if (area[i * PAGE] != 1 || area[i * PAGE + 1])
			work->wrong = "a page is not what was written to it";
	nm_unmap(area, pages * PAGE);
}

/* How many bytes of this process are in transparent huge pages: the number behind AnonHugePages, in KiB. */
static bool has_huge_pages(void)
{
	static const char key[] = "AnonHugePages:";
	static char text[4096];

	if (nm_read_text("/proc/self/smaps_rollup", text, sizeof(text)) < 0)
		return false;
	for (const char *at = text; *at; at++) {
		size_t i = 0;

		while (key[i] && at[i] == key[i])
			i++;
		if (key[i])
			continue;
		for (at += i; *at == ' '; at++)
			;
		return *at >= '1' && *at <= '9';
	}
	return false;
}

static void fault_huge(struct nm_work *work)
{
	char *memory = nm_map(2 * HUGE);
	volatile char *at = (char *)(((uintptr_t)memory + HUGE - 1) & ~(uintptr_t)(HUGE - 1));

	if (!memory) {
		work->lack = "memory for a page";
		return;
	}
	nm_call(SYS_madvise, (long)at, HUGE, MADV_HUGEPAGE, 0);
	*at = 1;
	if (!has_huge_pages()) {
		work->lack = "transparent huge pages";
		nm_unmap(memory, 2 * HUGE);
		return;
	}
	NM_MEASURE_AFTER(work, nm_call(SYS_madvise, (long)at, HUGE, MADV_DONTNEED, 0), *at = 1);
	if (*at != 1 || at[HUGE - 1] || !has_huge_pages())
		work->wrong = "the page is not a huge one, or not what was written to it";
	nm_unmap(memory, 2 * HUGE);
}

static void map_unmap(struct nm_work *work)
{
	bool failed = false;

	NM_MEASURE_BATCH(work, ({
				 void *at = nm_map(MAP_BYTES);

				 failed |= !at;
				 nm_unmap(at, MAP_BYTES);
			 }));
	if (failed)
		work->wrong = "mmap() failed";
}

/* One cycle through all lines in random order (Sattolo); xorshift64. */
static void link_lines(void **lines, size_t count)
{
	const size_t step = CHASE_LINE / sizeof(*lines);
	uint64_t random = 88172645463325252u;

	for (size_t i = 0; i < count; i++)
		lines[i * step] = &lines[i * step];
	for (size_t i = count - 1; i; i--) {
		size_t j;
		void *swap = lines[i * step];

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		j = (size_t)(random % i);
		lines[i * step] = lines[j * step];
		lines[j * step] = swap;
	}
}

static void chase(struct nm_work *work)
{
	void **lines = nm_map(CHASE_BYTES);
	void **at = lines;

	if (!lines) {
		work->lack = "32 MiB of memory";
		return;
	}
	link_lines(lines, CHASE_BYTES / CHASE_LINE);
	NM_MEASURE_BATCH(work, ({
				 at = (void **)*at;
				 __asm__ volatile("" : "+r"(at));
			 }));
	if (at < lines || at >= lines + CHASE_BYTES / sizeof(*lines))
		work->wrong = "the chain left its memory";
	nm_unmap(lines, CHASE_BYTES);
}

static void copy_bytes(void *to, const void *from, size_t bytes)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

static void copy(struct nm_work *work)
{
	uint64_t *area = nm_map(2 * (size_t)COPY_AREA);
	const size_t words = COPY_AREA / sizeof(*area);
	size_t at = 0;

	if (!area) {
		work->lack = "32 MiB of memory";
		return;
	}
	for (size_t i = 0; i < words; i++)
		area[i] = i * 0x9e3779b97f4a7c15u;
	for (size_t i = words; i < 2 * words; i += PAGE / sizeof(*area))
		area[i] = 1;
	NM_MEASURE_AFTER(work, at = (at + COPY_BYTES / sizeof(*area)) % words,
			 copy_bytes(area + words + at, area + at, COPY_BYTES));
	for (size_t i = at; i < at + COPY_BYTES / sizeof(*area); i++)
		if (area[words + i] != area[i])
			work->wrong = "the copy is not what was copied";
	nm_unmap(area, 2 * (size_t)COPY_AREA);
}

/* Another thread of this process on another CPU, which never sleeps: its TLB must be flushed, and it can be. */
struct spinner {
	struct nm_thread thread;
	const volatile unsigned char *page;
	uint64_t rounds;
	uint32_t stop;
};

static void spin(void *argument)
{
	struct spinner *spinner = argument;

	while (!__atomic_load_n(&spinner->stop, __ATOMIC_RELAXED)) {
		(void)*spinner->page;
		__atomic_fetch_add(&spinner->rounds, 1, __ATOMIC_RELAXED);
	}
}

/* Where others run on its CPU too, nothing would be interrupted. */
static void until_it_runs(const struct spinner *spinner)
{
	uint64_t rounds = __atomic_load_n(&spinner->rounds, __ATOMIC_RELAXED);

	while (__atomic_load_n(&spinner->rounds, __ATOMIC_RELAXED) == rounds)
		;
}

static bool spinner_start(struct spinner *spinner, struct nm_work *work, unsigned char *page)
{
	static char stack[16384] __attribute__((aligned(16)));

	*spinner = (struct spinner) {
		.thread = {.function = spin,
			   .argument = spinner,
			   .cpu = work->cpus[work->cpu_count > 1],
			   .stack = stack,
			   .stack_bytes = sizeof(stack)},
		.page = page,
	};
	if (work->cpu_count < 2) {
		work->lack = "a second CPU";
		return false;
	}
	if (nm_thread_start(&spinner->thread)) {
		work->wrong = "no thread could be started";
		return false;
	}
	while (!__atomic_load_n(&spinner->rounds, __ATOMIC_RELAXED))
		nm_call(SYS_sched_yield, 0, 0, 0, 0);
	return true;
}

static void spinner_stop(struct spinner *spinner)
{
	__atomic_store_n(&spinner->stop, 1, __ATOMIC_RELAXED);
	nm_thread_join(&spinner->thread);
}

static void shoot_down(struct nm_work *work)
{
	unsigned char *page = nm_map(PAGE);
	struct spinner spinner;
	uint64_t written = 0;
	long failed = 0;

	if (!page) {
		work->lack = "memory for a page";
		return;
	}
	*page = 0;
	if (spinner_start(&spinner, work, page)) {
		NM_MEASURE_AFTER(work, ({
					 failed |= nm_call(SYS_mprotect, (long)page, PAGE,
							   PROT_READ | PROT_WRITE, 0);
					 ++*page;
					 written++;
					 until_it_runs(&spinner);
				 }),
				 failed |= nm_call(SYS_mprotect, (long)page, PAGE, PROT_READ, 0));
		spinner_stop(&spinner);
		if (failed || *page != (unsigned char)written)
			work->wrong = "mprotect() failed, or a write was lost";
	}
	nm_unmap(page, PAGE);
}

static void interrupt(struct nm_work *work)
{
	static unsigned char page[1];
	struct spinner spinner;
	long failed = nm_call(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0, 0);

	if (failed) {
		work->lack = "membarrier()";
		return;
	}
	if (!spinner_start(&spinner, work, page))
		return;
	NM_MEASURE_AFTER(work, until_it_runs(&spinner),
			 failed |=
			 nm_call(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0, 0));
	spinner_stop(&spinner);
	if (failed)
		work->wrong = "membarrier() failed";
}

const struct nm_operation nm_memory_operations[] = {
	{"linux.fault.4k", fault_small}, {"linux.fault.thp", fault_huge},
	{"linux.mmap", map_unmap},	 {"linux.mem.chase", chase},
	{"linux.mem.copy", copy},	 {"linux.tlb", shoot_down},
	{"linux.ipi", interrupt},	 {NULL, NULL},
};
