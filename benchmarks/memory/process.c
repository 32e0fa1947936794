/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What mem.pt.* does in a guest's kernel, done by a process of this machine through its kernel: system calls, the kernel's own
 * bookkeeping, the page table and the TLB. In a machine that is itself a guest the difference to bare metal is the cost of
 * nested paging, or of shadow paging, to an ordinary process.
 */
#include "benchmarks/native.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u

static const int writable = PROT_READ | PROT_WRITE;

/* The page of this process that the operations are about; its handler needs it. */
static volatile uint64_t *page;
static volatile uint64_t faults;

static volatile uint64_t *map_page(void)
{
	void *memory = mmap(NULL, PAGE, writable, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool cycle(void)
{
	bool empty;

	page = map_page();
	if (!page)
		return false;
	empty = ++*page == 1;
	return !munmap((void *)page, PAGE) && empty;
}

static bool native_cycle(struct nm_native_round *round, char *why, size_t size)
{
	bool right = true;

	NM_NATIVE(round, right &= cycle());
	if (!right)
		snprintf(why, size, "mmap or munmap of a page failed, or it was not empty");
	return right;
}

static bool protect(void)
{
	bool right =
		!mprotect((void *)page, PAGE, PROT_READ) && !mprotect((void *)page, PAGE, writable);

	++*page;
	return right;
}

static bool is_written(bool right, uint64_t times, uint64_t expected_faults, char *why, size_t size)
{
	if (right && *page == times && faults == expected_faults)
		return true;
	snprintf(why, size,
		 "the page was written %" PRIu64 " times with %" PRIu64 " faults, expected %" PRIu64
		 " with %" PRIu64 "%s",
		 *page, faults, times, expected_faults, right ? "" : "; mprotect failed");
	return false;
}

static bool native_protect(struct nm_native_round *round, char *why, size_t size)
{
	const uint64_t times = round->warmup + round->samples * round->batch;
	bool right = true;

	page = map_page();
	if (!page) {
		snprintf(why, size, "mmap of a page: %s", strerror(errno));
		return false;
	}
	NM_NATIVE(round, right &= protect());
	right = is_written(right, times, 0, why, size);
	munmap((void *)page, PAGE);
	return right;
}

/* Faults elsewhere are taken again, and end the process. */
static void on_fault(int signal_number, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_addr != (void *)page || mprotect((void *)page, PAGE, writable))
		signal(signal_number, SIG_DFL);
	else
		faults++;
}

static bool fault(void)
{
	bool right = !mprotect((void *)page, PAGE, PROT_READ);

	++*page;
	return right;
}

static bool native_fault(struct nm_native_round *round, char *why, size_t size)
{
	const uint64_t times = round->warmup + round->samples * round->batch;
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	struct sigaction before;
	bool right = true;

	page = map_page();
	if (!page || sigaction(SIGSEGV, &action, &before)) {
		snprintf(why, size, "mmap of a page, or sigaction: %s", strerror(errno));
		return false;
	}
	NM_NATIVE(round, right &= fault());
	sigaction(SIGSEGV, &before, NULL);
	right = is_written(right, times, times, why, size);
	munmap((void *)page, PAGE);
	return right;
}

const struct nm_bench nm_bench_mem_process_cycle = {
	.name = "mem.process.cycle",
	.group = "memory",
	.summary = "a process of this machine maps a page, writes to it and unmaps it",
	.happens =
		"mmap(), a page fault in which the kernel finds and clears a page, and munmap().",
	.matters = "Allocators give memory back and take it again this way.",
	.version = 1,
	.native = native_cycle,
};

const struct nm_bench nm_bench_mem_process_protect = {
	.name = "mem.process.protect",
	.group = "memory",
	.summary = "a process of this machine makes a page read-only, then writable, and writes",
	.happens = "Two mprotect(), which change an entry of the page table and flush the TLB.",
	.matters = "Garbage collectors and JIT compilers change the protection of pages.",
	.version = 1,
	.native = native_protect,
};

const struct nm_bench nm_bench_mem_process_fault = {
	.name = "mem.process.fault",
	.group = "memory",
	.summary = "a process of this machine resolves a write to a read-only page by a signal",
	.happens = "mprotect(), a page fault that becomes a signal, mprotect() in its handler, and "
		   "the return.",
	.matters = "Write barriers of run-times and emulators in user space are built on it.",
	.version = 1,
	.native = native_fault,
};
