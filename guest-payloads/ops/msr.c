/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/*
 * argument[0]: the MSR; argument[1]: bits of it that may be toggled. result[0] and [1]: what the MSR was before and
 * what it was last, see each function. It is left as it was found.
 */

/* Toggled while it is read, so that a value that nobody wrote cannot be mistaken for it. */
static void measure_read(struct nm_abi_control *control)
{
	uint32_t msr = (uint32_t)control->argument[0];
	uint64_t value = nm_rdmsr(msr);
	uint64_t last = 0;

	nm_wrmsr(msr, value ^ control->argument[1]);
	NM_MEASURE(control, (last = nm_rdmsr(msr)));
	nm_wrmsr(msr, value);
	control->result[0] = value;
	control->result[1] = last;
}

/* result[2]: what it was when toggled. */
static void measure_write(struct nm_abi_control *control)
{
	uint32_t msr = (uint32_t)control->argument[0];
	uint64_t value = nm_rdmsr(msr);
	uint64_t toggled;

	/* Another value before, so that the measured writes must be what brings this one back. */
	nm_wrmsr(msr, value ^ control->argument[1]);
	toggled = nm_rdmsr(msr);
	NM_MEASURE(control, nm_wrmsr(msr, value));
	control->result[0] = value;
	control->result[1] = nm_rdmsr(msr);
	control->result[2] = toggled;
}

NM_GUEST_OP("exit.rdmsr", rdmsr)
{
	measure_read(control);
}

NM_GUEST_OP("exit.wrmsr", wrmsr)
{
	measure_write(control);
}

NM_GUEST_OP("exit.rdmsr.tsc_adjust", rdmsr_tsc_adjust)
{
	measure_read(control);
}

NM_GUEST_OP("exit.wrmsr.tsc_adjust", wrmsr_tsc_adjust)
{
	measure_write(control);
}

NM_GUEST_OP("exit.rdmsr.apic_base", rdmsr_apic_base)
{
	measure_read(control);
}

NM_GUEST_OP("exit.wrmsr.apic_base", wrmsr_apic_base)
{
	measure_write(control);
}

NM_GUEST_OP("exit.rdmsr.fs_base", rdmsr_fs_base)
{
	measure_read(control);
}

NM_GUEST_OP("exit.wrmsr.fs_base", wrmsr_fs_base)
{
	measure_write(control);
}

NM_GUEST_OP("exit.rdmsr.gs_base", rdmsr_gs_base)
{
	measure_read(control);
}

NM_GUEST_OP("exit.wrmsr.gs_base", wrmsr_gs_base)
{
	measure_write(control);
}

NM_GUEST_OP("exit.rdmsr.kernel_gs_base", rdmsr_kernel_gs_base)
{
	measure_read(control);
}

NM_GUEST_OP("exit.wrmsr.kernel_gs_base", wrmsr_kernel_gs_base)
{
	measure_write(control);
}

/* result[0]: the last value read. */
NM_GUEST_OP("exit.rdmsr.user", rdmsr_user)
{
	uint64_t last = 0;

	NM_MEASURE(control, (last = nm_rdmsr(NM_ABI_MSR_TEST)));
	control->result[0] = last;
}

NM_GUEST_OP("exit.wrmsr.user", wrmsr_user)
{
	NM_MEASURE(control, nm_wrmsr(NM_ABI_MSR_TEST, NM_ABI_TEST_BYTE));
}
