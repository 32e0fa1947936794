/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

struct __attribute__((packed)) table {
	uint16_t limit;
	uint64_t base;
};

#define SHORTER                                                                                    \
	16u /* so much less of each table is loaded first: what the loop loads must be the whole */

static void store(struct table *gdt, struct table *idt)
{
	__asm__ volatile("sgdt %0\n\tsidt %1" : "=m"(*gdt), "=m"(*idt));
}

static inline void load(const struct table *gdt, const struct table *idt)
{
	__asm__ volatile("lgdt %0\n\tlidt %1" : : "m"(*gdt), "m"(*idt) : "memory");
}

/* result: base and limit of the GDT, and of the IDT. */
static void report(struct nm_abi_control *control, const struct table *gdt, const struct table *idt)
{
	control->result[0] = gdt->base;
	control->result[1] = gdt->limit;
	control->result[2] = idt->base;
	control->result[3] = idt->limit;
}

/* result[4] and [5]: the limits that were loaded before. */
NM_GUEST_OP("exit.desc.load", desc_load)
{
	struct table gdt;
	struct table idt;
	struct table gdt_now;
	struct table idt_now;

	store(&gdt, &idt);
	gdt_now = (struct table) {gdt.limit - SHORTER, gdt.base};
	idt_now = (struct table) {idt.limit - SHORTER, idt.base};
	load(&gdt_now, &idt_now);
	store(&gdt_now, &idt_now);
	control->result[4] = gdt_now.limit;
	control->result[5] = idt_now.limit;
	NM_MEASURE(control, load(&gdt, &idt));
	store(&gdt_now, &idt_now);
	report(control, &gdt_now, &idt_now);
}

/* result[4] and [5]: the selectors that SLDT and STR gave. */
NM_GUEST_OP("exit.desc.store", desc_store)
{
	struct table gdt = {0, 0};
	struct table idt = {0, 0};
	uint32_t ldt = ~0u;
	uint32_t task = ~0u;

	NM_MEASURE(control, __asm__ volatile("sgdt %0\n\tsidt %1\n\tsldt %2\n\tstr %3"
					     : "=m"(gdt), "=m"(idt), "=r"(ldt), "=r"(task)));
	report(control, &gdt, &idt);
	control->result[4] = ldt;
	control->result[5] = task;
}
