/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* argument[0]: the MSR; argument[1]: a bit of it that may be toggled. result: its values, see each operation. */
NM_GUEST_OP("exit.rdmsr", rdmsr)
{
	uint32_t msr = (uint32_t)control->argument[0];
	uint64_t last = 0;

	control->result[0] = nm_rdmsr(msr);
	NM_MEASURE(control, (last = nm_rdmsr(msr)));
	control->result[1] = last;
}

NM_GUEST_OP("exit.wrmsr", wrmsr)
{
	uint32_t msr = (uint32_t)control->argument[0];
	uint64_t value = nm_rdmsr(msr);

	/* Another value before, so that the measured writes must be what brings this one back. */
	control->result[0] = value;
	nm_wrmsr(msr, value ^ control->argument[1]);
	control->result[2] = nm_rdmsr(msr);
	NM_MEASURE(control, nm_wrmsr(msr, value));
	control->result[1] = nm_rdmsr(msr);
}
