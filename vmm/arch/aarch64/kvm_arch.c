/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/kvm_arch.h"

const char nm_kvm_absent_remedy[] =
	"boot at EL2 a kernel that has KVM built in: bare metal, such as a .metal instance, or a "
	"VM "
	"with nested virtualization; in a container, start it with --device /dev/kvm";
const char nm_kvm_unserved_remedy[] =
	"see the kernel log for kvm: it says whether the kernel was entered at EL2";

int nm_kvm_read_cpuid(struct nm_kvm *kvm)
{
	(void)kvm;
	return 0;
}
