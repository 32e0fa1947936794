/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"

#define VECTOR 0x40

/*
 * argument: the time ahead in ticks of the TSC, and in those of the APIC's timer. result: how many interrupts came; how many
 * before the HLT that was to wait for them; the TSC in the handler; how many before their time, and by how many ticks at most.
 */
#define AHEAD(control)	     ((control)->argument[0])
#define AHEAD_APIC(control)  ((uint32_t)(control)->argument[1])
#define CAME(control)	     (*(volatile uint64_t *)&(control)->result[0])
#define HANDLED_AT(control)  (*(volatile uint64_t *)&(control)->result[2])
#define EARLY(control)	     ((control)->result[3])
#define EARLY_TICKS(control) ((control)->result[4])

/* The time-stamp counter into result[2]. */
#define HANDLER_TSC                                                                                \
	"	pushq	%rax\n"                                                                            \
	"	pushq	%rdx\n"                                                                            \
	"	rdtsc\n"                                                                                 \
	"	shlq	$32, %rdx\n"                                                                        \
	"	orq	%rdx, %rax\n"                                                                        \
	"	movq	%rax, %gs:128\n"                                                                    \
	"	popq	%rdx\n"                                                                             \
	"	popq	%rax\n"

NM_HANDLER(timer_handler, HANDLER_TSC NM_HANDLER_COUNT);
NM_HANDLER(timer_handler_hlt, HANDLER_TSC NM_HANDLER_COUNT NM_HANDLER_SKIP_HLT NM_HANDLER_CLI);

static inline void sti_hlt(void)
{
	__asm__ volatile("sti\n\thlt" : : : "memory", "cc");
}

static inline void spin_until(struct nm_abi_control *control, uint64_t came)
{
	while (CAME(control) != came)
		;
}

/* How late the handler was. */
static uint64_t lateness(struct nm_abi_control *control, uint64_t due)
{
	uint64_t at = HANDLED_AT(control);

	if (at >= due)
		return at - due;
	EARLY(control)++;
	if (due - at > EARLY_TICKS(control))
		EARLY_TICKS(control) = due - at;
	return 0;
}

static void start_deadline(const char *handler)
{
	nm_set_gate(VECTOR, handler);
	nm_x2apic_enable();
	nm_x2apic_write(APIC_LVT_TIMER, LVT_TSC_DEADLINE | VECTOR);
}

static void start_count(const char *handler)
{
	nm_set_gate(VECTOR, handler);
	nm_apic_enable();
	nm_apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	nm_apic_write(APIC_LVT_TIMER, VECTOR);
}

static uint64_t deadline_spin(struct nm_abi_control *control)
{
	uint64_t came = CAME(control) + 1;
	uint64_t due = nm_tsc() + AHEAD(control);

	nm_wrmsr(MSR_TSC_DEADLINE, due);
	spin_until(control, came);
	nm_x2apic_write(APIC_EOI, 0);
	return lateness(control, due);
}

static uint64_t deadline_hlt(struct nm_abi_control *control)
{
	uint64_t due = nm_tsc() + AHEAD(control);

	nm_wrmsr(MSR_TSC_DEADLINE, due);
	sti_hlt();
	nm_x2apic_write(APIC_EOI, 0);
	return lateness(control, due);
}

/* The deadline is over when it is written. */
static uint64_t deadline_past(struct nm_abi_control *control)
{
	uint64_t due = nm_tsc();

	nm_wrmsr(MSR_TSC_DEADLINE, due);
	__asm__ volatile("nop" : : : "memory");
	nm_x2apic_write(APIC_EOI, 0);
	return lateness(control, due);
}

static uint64_t count_spin(struct nm_abi_control *control)
{
	uint64_t came = CAME(control) + 1;
	uint64_t due = nm_tsc() + AHEAD(control);

	nm_apic_write(APIC_INITIAL_COUNT, AHEAD_APIC(control));
	spin_until(control, came);
	nm_apic_write(APIC_EOI, 0);
	return lateness(control, due);
}

static uint64_t count_hlt(struct nm_abi_control *control)
{
	uint64_t due = nm_tsc() + AHEAD(control);

	nm_apic_write(APIC_INITIAL_COUNT, AHEAD_APIC(control));
	sti_hlt();
	nm_apic_write(APIC_EOI, 0);
	return lateness(control, due);
}

NM_GUEST_OP("timer.deadline.spin", timer_deadline_spin)
{
	start_deadline(timer_handler);
	nm_interrupts_on();
	NM_MEASURE_TICKS(control, deadline_spin(control));
}

NM_GUEST_OP("timer.deadline.hlt", timer_deadline_hlt)
{
	start_deadline(timer_handler_hlt);
	NM_MEASURE_TICKS(control, deadline_hlt(control));
}

NM_GUEST_OP("timer.deadline.past", timer_deadline_past)
{
	start_deadline(timer_handler);
	nm_interrupts_on();
	NM_MEASURE_TICKS(control, deadline_past(control));
}

/* At CPL3, which has the page of the APIC like all others. */
NM_GUEST_OP("timer.oneshot.spin", timer_oneshot_spin)
{
	start_count(timer_handler);
	nm_interrupts_on();
	NM_MEASURE_TICKS(control, count_spin(control));
}

NM_GUEST_OP("timer.oneshot.hlt", timer_oneshot_hlt)
{
	start_count(timer_handler_hlt);
	NM_MEASURE_TICKS(control, count_hlt(control));
}

/* So many times on one grid: the TSC and the clock of KVM's timers drift apart by parts per million. */
#define GRID 64

struct grid {
	uint64_t due;
	uint64_t left;
};

static void start_grid(struct nm_abi_control *control, struct grid *grid)
{
	grid->left = GRID;
	grid->due = nm_tsc() + AHEAD(control);
	nm_apic_write(APIC_INITIAL_COUNT, AHEAD_APIC(control));
}

/* An interrupt that was still on its way when a grid began comes well before its first time. result[6]: how many did. */
static void take_tick(struct nm_abi_control *control, uint64_t due)
{
	for (;;) {
		sti_hlt();
		nm_apic_write(APIC_EOI, 0);
		if (HANDLED_AT(control) + AHEAD(control) / 16 >= due)
			return;
		control->result[6]++;
	}
}

/*
 * One that was due before the interrupt of an earlier one came is served by that; result[5]: how many were. Then a grid
 * begins anew: a KVM that is late by periods may go on from there (advance_periodic_target_expiration() in
 * arch/x86/kvm/lapic.c).
 */
static uint64_t tick(struct nm_abi_control *control, struct grid *grid)
{
	uint64_t late;

	if (HANDLED_AT(control) >= grid->due)
		control->result[5]++;
	else
		take_tick(control, grid->due);
	late = lateness(control, grid->due);
	grid->due += AHEAD(control);
	if (late >= AHEAD(control))
		grid->left = 0;
	else if (grid->left)
		grid->left--;
	if (!grid->left && HANDLED_AT(control) < grid->due)
		start_grid(control, grid);
	return late;
}

NM_GUEST_OP("timer.periodic.hlt", timer_periodic_hlt)
{
	struct grid grid;

	start_count(timer_handler_hlt);
	nm_apic_write(APIC_LVT_TIMER, LVT_PERIODIC | VECTOR);
	start_grid(control, &grid);
	NM_MEASURE_TICKS(control, tick(control, &grid));
	nm_apic_write(APIC_LVT_TIMER, LVT_MASKED);
}
