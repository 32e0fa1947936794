/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "target.h"

NM_HANDLER(count_and_eoi, TARGET_COUNT NM_HANDLER_X2APIC_EOI);

#define ICR_ALL_BUT_SELF 0xc4000u /* shorthand, level assert, fixed */

/* SDM vol. 3, ICR in x2APIC mode: the destination is in bits 32 to 63. KVM's APIC IDs are the numbers of its vCPUs. */
#define TO_VCPU_1 (1ull << 32 | ICR_FIXED | NM_ABI_VECTOR)
#define TO_OTHERS (ICR_ALL_BUT_SELF | NM_ABI_VECTOR)

static void start_sender(struct nm_abi_control *control)
{
	nm_x2apic_enable();
	nm_spin_until(&nm_shared(control)->ready.value, control->vcpus - 1);
}

static void start_target(struct nm_abi_control *control)
{
	nm_set_gate(NM_ABI_VECTOR, count_and_eoi);
	nm_x2apic_enable();
	__atomic_fetch_add(&nm_shared(control)->ready.value, 1, __ATOMIC_SEQ_CST);
}

/* Until all others have counted; then, outside of what is measured, until they are where they were before. */
static uint64_t interrupt(struct nm_abi_control *control, uint64_t icr)
{
	struct nm_abi_shared *shared = nm_shared(control);
	uint64_t number = shared->vcpu[1].value + 1;
	uint64_t start = nm_tsc();
	uint64_t ticks;

	nm_x2apic_write(APIC_ICR, icr);
	for (uint32_t i = 1; i < control->vcpus; i++)
		nm_spin_until(&shared->vcpu[i].value, number);
	ticks = nm_tsc() - start;
	nm_spin_until(&shared->go.value, number * (control->vcpus - 1));
	return ticks;
}

/* argument[0]: how many ticks a target takes at most until it is halted again. */
static uint64_t interrupt_halted(struct nm_abi_control *control)
{
	uint64_t end = nm_tsc() + control->argument[0];
	unsigned int looks = 0;

	while (nm_tsc() < end)
		nm_look(&looks);
	return interrupt(control, TO_VCPU_1);
}

NM_GUEST_OP("irq.ipi.spinning", ipi_spinning)
{
	start_sender(control);
	NM_MEASURE_TICKS(control, interrupt(control, TO_VCPU_1));
}

NM_GUEST_OP("irq.ipi.halted", ipi_halted)
{
	start_sender(control);
	NM_MEASURE_TICKS(control, interrupt_halted(control));
}

NM_GUEST_OP("irq.ipi.broadcast", ipi_broadcast)
{
	start_sender(control);
	NM_MEASURE_TICKS(control, interrupt(control, TO_OTHERS));
}

static void run_user(struct nm_abi_control *control)
{
	struct nm_abi_shared *shared = nm_shared(control);
	unsigned int looks = 0;
	uint64_t told = 0;

	for (; !shared->stop.value; nm_look(&looks))
		nm_tell(shared, control->vcpu, &told);
	for (;;)
		nm_out8(NM_ABI_PORT_DONE, 0);
}

/* Targets that run do so at CPL3, like the user code that IPIs of a guest interrupt. */
NM_GUEST_OP("partner.spinning", partner_spinning)
{
	start_target(control);
	nm_enter_cpl3(control, run_user);
}

/* STI takes effect behind HLT: an interrupt that came before wakes it at once. */
NM_GUEST_OP("partner.halted", partner_halted)
{
	struct nm_abi_shared *shared = nm_shared(control);
	uint64_t told = 0;

	start_target(control);
	while (!shared->stop.value) {
		__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory", "cc");
		nm_tell(shared, control->vcpu, &told);
	}
}
