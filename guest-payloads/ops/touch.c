/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

#define PAGE   4096u
#define USED   1u
#define LOOKED 2u

/*
 * argument[0]: bytes from one touch to the next. [1]: bit 0 when every page is to be written to before, and the host
 * then asked to change something; bit 1 when every page is to be read before. [2] and [3]: where the page tables of this memory lie, which no touch is to wait for.
 */
static void set_the_scene(const struct nm_abi_control *control)
{
	const uint64_t step = control->argument[0];
	const uint64_t end = NM_ABI_MEMORY + (control->warmup + control->samples) * step;

	if (control->argument[1] & USED) {
		for (uint64_t at = NM_ABI_MEMORY; at < end; at += step)
			*(volatile uint64_t *)at = at;
		nm_out32(NM_ABI_PORT_HOST, 0);
	}
	for (uint64_t at = NM_ABI_MEMORY; control->argument[1] & LOOKED && at < end; at += step)
		(void)*(volatile uint64_t *)at;
	for (uint64_t table = 0; table < control->argument[3]; table += PAGE)
		(void)*(volatile uint64_t *)(control->argument[2] + table);
}

NM_GUEST_OP("mem.touch.write", touch_write)
{
	const uint64_t step = control->argument[0];
	uint64_t at = NM_ABI_MEMORY;

	set_the_scene(control);
	NM_MEASURE(control, {
		*(volatile uint64_t *)at = at + 1;
		at += step;
	});
}

/* result[0]: the sum of what was read. */
NM_GUEST_OP("mem.touch.read", touch_read)
{
	const uint64_t step = control->argument[0];
	uint64_t at = NM_ABI_MEMORY;
	uint64_t sum = 0;

	set_the_scene(control);
	NM_MEASURE(control, {
		sum += *(volatile uint64_t *)at;
		at += step;
	});
	control->result[0] = sum;
}

/* The host maps the next page, and says how many ticks that took; writing to it is no part of that. */
static uint64_t write_prepared(const struct nm_abi_control *control, uint64_t at)
{
	nm_out32(NM_ABI_PORT_HOST, 0);
	*(volatile uint64_t *)at = at + 1;
	return nm_shared(control)->seen.value;
}

NM_GUEST_OP("mem.prefault", prefault)
{
	const uint64_t step = control->argument[0];
	uint64_t at = NM_ABI_MEMORY - step;

	NM_MEASURE_TICKS(control, write_prepared(control, at += step));
}
