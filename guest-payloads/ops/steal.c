/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* Documentation/virt/kvm/x86/msr.rst: version is odd while KVM writes. */
struct steal_page {
	uint64_t ns;
	uint32_t version;
};

static uint64_t read_steal(const volatile struct steal_page *page)
{
	uint32_t version;
	uint64_t ns;

	do {
		version = page->version & ~1u;
		ns = page->ns;
	} while (page->version != version);
	return ns;
}

/* Spins for a window; in ns, which are not ticks yet. */
static uint64_t stolen(const volatile struct steal_page *page, uint64_t window)
{
	uint64_t before = read_steal(page);
	uint64_t start = nm_tsc();

	while (nm_tsc() - start < window)
		;
	return read_steal(page) - before;
}

/*
 * The page is the line of vCPU 0, where the VMM has put it. argument: ticks of a window, and of a ms. result: what was stolen
 * between the two times that the host was asked how long this thread has waited; the version.
 */
NM_GUEST_OP("steal.report", steal_report)
{
	const volatile struct steal_page *page =
		(const volatile struct steal_page *)&nm_shared(control)->vcpu[0];
	volatile uint64_t *out = (volatile uint64_t *)control->sample_gpa;
	uint64_t before;

	nm_interrupts_on();
	nm_touch(control->overhead_gpa, control->samples * sizeof(uint64_t));
	nm_out32(NM_ABI_PORT_HOST, 0);
	before = read_steal(page);
	nm_begin(control);
	for (uint64_t left = control->samples; left; left--)
		*out++ = stolen(page, control->argument[0]) * control->argument[1] / 1000000;
	nm_end(control);
	nm_out32(NM_ABI_PORT_HOST, 1);
	control->result[0] = read_steal(page) - before;
	control->result[1] = page->version;
}
