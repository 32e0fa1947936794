/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* SDM vol. 4, architectural MSRs. */
#define IA32_PRED_CMD 0x49u
#define IBPB	      1u

/* The first one, at which KVM may give the register to the guest, is not among the measured ones. */
NM_GUEST_OP("exit.wrmsr.pred_cmd", wrmsr_pred_cmd)
{
	nm_wrmsr(IA32_PRED_CMD, IBPB);
	NM_MEASURE(control, nm_wrmsr(IA32_PRED_CMD, IBPB));
}
