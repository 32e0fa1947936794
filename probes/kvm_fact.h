/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_KVM_FACT_H
#define NM_PROBES_KVM_FACT_H

#include "core/text.h"
#include "vmm/kvm.h"

/*
 * The fact "kvm", line by line in this order. After a line with the name of an error about the device itself, nothing
 * follows.
 *
 *	device PATH opened	or the errno of open(), such as EACCES
 *	api 12			KVM_GET_API_VERSION, or its errno
 *	mmap 12288		KVM_GET_VCPU_MMAP_SIZE, or its errno
 *	cpuid EINVAL		only when KVM_GET_SUPPORTED_CPUID failed
 *	vm created		or the errno of KVM_CREATE_VM
 *	capability 9 2 2	number, KVM_CHECK_EXTENSION on the device and on the VM; "-": could not be asked
 *	msr 0x0000010a 0x...	KVM_GET_MSRS on the device, or EIO: refused
 *	msrs EINVAL		only when KVM_GET_MSR_FEATURE_INDEX_LIST failed
 *	   0x00000000 0x00: ...	KVM_GET_SUPPORTED_CPUID, lines of nm_cpuid_print()
 */

struct nm_kvm_question {
	struct nm_kvm *kvm; /* left open when it could be opened */
	const char *device;
};

/** Opens the device and asks everything; context is a struct nm_kvm_question. Creates and closes one VM. */
int nm_kvm_fact(struct nm_text *out, void *context);

/** The lines that only one architecture has; probes/arch/ has one for each. */
void nm_kvm_fact_arch(struct nm_text *out, const struct nm_kvm *kvm);

#endif
