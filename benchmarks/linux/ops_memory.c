/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Page faults, mappings and memory of Linux, by the agent (guest-payloads/linux/ops_memory.c).
 */
#include "benchmarks/linux/agent.h"

const struct nm_bench nm_bench_linux_fault_4k = {
	.name = "linux.fault.4k",
	NM_AGENT,
	.summary = "the first write to a page of 4 KiB of anonymous memory",
	.happens = "The kernel allocates, clears and maps a page. In a guest the page may be new "
		   "to the host too: then the host does the same once more, behind an exit.",
	.matters = "Everything that allocates: start of processes, garbage collectors, caches that "
		   "grow.",
	.single = true,
	.max_samples = 1000,
};

const struct nm_bench nm_bench_linux_fault_thp = {
	.name = "linux.fault.thp",
	NM_AGENT,
	.summary = "the first write to a transparent huge page of 2 MiB",
	.happens = "The kernel allocates, clears and maps 2 MiB at once, again and again at the "
		   "same place.",
	.matters = "Programs with large heaps. It says what clearing memory costs; whether the "
		   "host gives huge pages is mem.*.",
	.single = true,
	.max_samples = 200,
};

const struct nm_bench nm_bench_linux_mmap = {
	.name = "linux.mmap",
	NM_AGENT,
	.summary = "mmap() and munmap() of 64 KiB that nobody touches",
	.happens = "Two system calls that change the tree of mappings and touch no page table.",
	.matters = "Allocators that give memory back at once.",
	.max_samples = 1000,
};

const struct nm_bench nm_bench_linux_mem_chase = {
	.name = "linux.mem.chase",
	NM_AGENT,
	.summary = "a load that depends on the one before, in 32 MiB in random order",
	.happens = "Each load misses the first caches, and mostly the TLB: in a guest a miss is a "
		   "walk of two dimensions.",
	.matters =
		"Databases, graphs, interpreters: what a guest costs where nothing exits at all.",
	.batch = 512,
	.max_samples = 200,
};

const struct nm_bench nm_bench_linux_mem_copy = {
	.name = "linux.mem.copy",
	NM_AGENT,
	.summary = "1 MiB copied by REP MOVSB, within 32 MiB",
	.happens = "Streams through caches and memory; no exit is needed.",
	.matters = "Bandwidth: 1 MiB per 100 us are 10 GiB/s read and as much written.",
	.max_samples = 200,
};

const struct nm_bench nm_bench_linux_tlb = {
	.name = "linux.tlb",
	NM_AGENT,
	.summary = "mprotect() to read-only of a page that a thread on another CPU has in its TLB",
	.happens = "The kernel sends an interrupt to the other CPU, whose TLB is flushed, and "
		   "waits: a shoot-down. In a guest the interrupt is one between vCPUs.",
	.matters =
		"Garbage collectors, allocators that give memory back, programs with many threads.",
	.vcpus = 2,
	.native_cpus = 2,
	.single = true,
	.max_samples = 300,
};

const struct nm_bench nm_bench_linux_ipi = {
	.name = "linux.ipi",
	NM_AGENT,
	.summary =
		"membarrier(): an interrupt to a thread that runs on another CPU, and its answer",
	.happens = "The kernel interrupts each CPU on which this process runs, and waits for all "
		   "of them. Nothing else happens.",
	.matters = "What of linux.tlb is the interrupt; and every wake-up of another CPU.",
	.vcpus = 2,
	.native_cpus = 2,
	.single = true,
	.max_samples = 300,
};
