/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* The second GiB, which start.S leaves unmapped: its first page is what the operations map, unmap and protect. */
#define WINDOW	     0x40000000u
#define WINDOW_SLOT  1
#define ADDRESS_BITS 0xffffffffff000ull
#define READABLE     1u
#define WRITABLE     3u
#define TABLE	     7u
#define PAGE_FAULT   14

static uint64_t directory[512] __attribute__((aligned(4096)));
static volatile uint64_t table[512] __attribute__((aligned(4096), used));
static volatile uint64_t page[512] __attribute__((aligned(4096)));

/* The entry that the handler writes, and how often it did. */
static volatile uint64_t repaired __attribute__((used));
static volatile uint64_t faults __attribute__((used));

/* Without an interrupt controller HLT ends the guest: so does a fault elsewhere. */
__asm__(".text\n"
	".balign 16\n"
	"on_page_fault:\n\t"
	"pushq %rax\n\t"
	"movq %cr2, %rax\n\t"
	"cmpq $0x40000000, %rax\n\t"
	"jne 1f\n\t"
	"movq repaired, %rax\n\t"
	"movq %rax, table\n\t"
	"invlpg 0x40000000\n\t"
	"incq faults\n\t"
	"popq %rax\n\t"
	"addq $8, %rsp\n\t"
	"iretq\n"
	"1:\thlt\n\t"
	"jmp 1b\n");

extern const char on_page_fault[];

static inline uint64_t entry(unsigned int flags)
{
	return (uint64_t)page | flags;
}

static inline void set(uint64_t value)
{
	table[0] = value;
}

static inline void invlpg(void)
{
	__asm__ volatile("invlpg (%0)" : : "r"((uint64_t)WINDOW) : "memory");
}

static inline void touch(void)
{
	(*(volatile uint64_t *)(uint64_t)WINDOW)++;
}

static void open_window(uint64_t first)
{
	uint64_t root;
	volatile uint64_t *slot;

	__asm__ volatile("mov %%cr3, %0" : "=r"(root));
	slot = (volatile uint64_t *)(*(const uint64_t *)root & ADDRESS_BITS) + WINDOW_SLOT;
	page[0] = 0;
	repaired = entry(WRITABLE);
	set(first);
	directory[0] = (uint64_t)table | TABLE;
	*slot = (uint64_t)directory | TABLE;
	nm_set_gate(PAGE_FAULT, on_page_fault);
}

/* result: how often the page was written, how often that faulted, and both after one more write. */
#define MEASURE_WINDOW(control, first, measured)                                                   \
	do {                                                                                       \
		open_window(first);                                                                \
		measured;                                                                          \
		(control)->result[0] = page[0];                                                    \
		(control)->result[1] = faults;                                                     \
		touch();                                                                           \
		(control)->result[2] = page[0];                                                    \
		(control)->result[3] = faults;                                                     \
	} while (0)

static inline uint64_t map_ticks(void)
{
	uint64_t start = nm_tsc();
	uint64_t ticks;

	set(entry(WRITABLE));
	touch();
	ticks = nm_tsc() - start;
	set(0);
	invlpg();
	return ticks;
}

static inline uint64_t unmap_ticks(void)
{
	uint64_t start;

	set(entry(WRITABLE));
	touch();
	start = nm_tsc();
	set(0);
	invlpg();
	return nm_tsc() - start;
}

NM_GUEST_OP("mem.pt.map", pt_map)
{
	MEASURE_WINDOW(control, 0, NM_MEASURE_TICKS(control, map_ticks()));
}

NM_GUEST_OP("mem.pt.unmap", pt_unmap)
{
	MEASURE_WINDOW(control, 0, NM_MEASURE_TICKS(control, unmap_ticks()));
}

NM_GUEST_OP("mem.pt.cycle", pt_cycle)
{
	MEASURE_WINDOW(control, 0,
		       NM_MEASURE(control, (set(entry(WRITABLE)), touch(), set(0), invlpg())));
}

NM_GUEST_OP("mem.pt.protect", pt_protect)
{
	MEASURE_WINDOW(control, entry(WRITABLE),
		       NM_MEASURE(control, (set(entry(READABLE)), invlpg(), set(entry(WRITABLE)),
					    invlpg(), touch())));
}

NM_GUEST_OP("mem.pt.fault", pt_fault)
{
	MEASURE_WINDOW(control, entry(WRITABLE),
		       NM_MEASURE(control, (set(entry(READABLE)), invlpg(), touch())));
}
