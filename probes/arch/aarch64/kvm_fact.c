/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/kvm_fact.h"

void nm_kvm_fact_arch(struct nm_text *out, const struct nm_kvm *kvm)
{
	(void)out;
	(void)kvm;
}
