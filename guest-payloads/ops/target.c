/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "target.h"

/*
 * vCPU 0 as the target of a driver on the host, which waits for shared->ready, causes control->warmup interrupts, waits for
 * shared->seen and causes control->samples more.
 */

NM_HANDLER(count_and_eoi, TARGET_COUNT NM_HANDLER_X2APIC_EOI);
NM_HANDLER(count_only, TARGET_COUNT);

#define NMI_VECTOR 2

static uint64_t start(void)
{
	nm_set_gate(NM_ABI_VECTOR, count_and_eoi);
	nm_set_gate(NMI_VECTOR, count_only);
	nm_x2apic_enable();
	return RFLAGS_IF;
}

static uint64_t start_level(void)
{
	nm_ioapic_route(NM_ABI_GSI_LEVEL, IOAPIC_LEVEL | NM_ABI_VECTOR);
	return start();
}

static void spin(struct nm_abi_control *control)
{
	struct nm_abi_shared *shared = nm_shared(control);
	unsigned int looks = 0;
	uint64_t told = 0;

	shared->ready.value = 1;
	for (; told < control->warmup; nm_look(&looks))
		nm_tell(shared, 0, &told);
	nm_begin(control);
	shared->seen.value = 1;
	for (; !shared->stop.value; nm_look(&looks))
		nm_tell(shared, 0, &told);
	nm_end(control);
}

NM_GUEST_OP("target.spinning", spinning)
{
	nm_at_cpl0(control, start);
	spin(control);
}

NM_GUEST_OP("target.level", level)
{
	nm_at_cpl0(control, start_level);
	spin(control);
}

/* STI takes effect behind HLT: an interrupt that came before wakes it at once. */
static void halt(struct nm_abi_shared *shared, uint64_t *told, uint64_t until)
{
	while (*told < until) {
		__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory", "cc");
		nm_tell(shared, 0, told);
	}
}

static void await_halted(struct nm_abi_control *control)
{
	struct nm_abi_shared *shared = nm_shared(control);
	uint64_t told = 0;

	shared->ready.value = 1;
	halt(shared, &told, control->warmup);
	nm_begin(control);
	shared->seen.value = 1;
	halt(shared, &told, control->warmup + control->samples);
	nm_spin_until(&shared->stop.value, 1);
	nm_end(control);
}

NM_GUEST_OP("target.halted", halted)
{
	start();
	await_halted(control);
}

/* The interrupt of a virtio device: an edge at the IOAPIC. */
NM_GUEST_OP("target.line", line)
{
	nm_ioapic_route(NM_ABI_VIRTIO_GSI, NM_ABI_VECTOR);
	start();
	await_halted(control);
}
