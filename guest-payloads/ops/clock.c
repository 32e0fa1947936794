/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* Documentation/virt/kvm/x86/msr.rst: an address of 4 bytes' alignment, and bit 0 to enable it. */
#define MSR_KVM_SYSTEM_TIME_NEW 0x4b564d01u
#define ENABLED			1u

/* The structure that KVM writes there; version is odd while it does. */
struct clock_page {
	uint32_t version;
	uint32_t unused;
	uint64_t tsc;
	uint64_t ns;
	uint32_t multiplier;
	int8_t shift;
	uint8_t flags;
};

static uint64_t scale(uint64_t ticks, uint32_t multiplier, int8_t shift)
{
	ticks = shift < 0 ? ticks >> -shift : ticks << shift;
	return (uint64_t)((unsigned __int128)ticks * multiplier >> 32);
}

static inline uint64_t read_clock(const volatile struct clock_page *page)
{
	uint32_t version;
	uint64_t ns;

	do {
		version = page->version & ~1u;
		ns = page->ns + scale(nm_tsc() - page->tsc, page->multiplier, page->shift);
	} while (page->version != version);
	return ns;
}

/*
 * The page is the line of vCPU 0, where the VMM has put it for CPL3. result: how often the clock went back; its value before
 * and after the host was asked for the same; the version.
 */
NM_GUEST_OP("clock.kvmclock", kvmclock)
{
	struct nm_abi_line *line = &nm_shared(control)->vcpu[0];
	const volatile struct clock_page *page = (const volatile struct clock_page *)line;
	uint64_t last = 0;

	if (!control->cpl)
		nm_wrmsr(MSR_KVM_SYSTEM_TIME_NEW, (uint64_t)line | ENABLED);
	NM_MEASURE(control, {
		uint64_t now = read_clock(page);

		control->result[0] += now < last;
		last = now;
	});
	control->result[1] = read_clock(page);
	nm_out32(NM_ABI_PORT_HOST, 0);
	control->result[2] = read_clock(page);
	control->result[3] = page->version;
}
