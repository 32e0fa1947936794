/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_KVM_H
#define NM_VMM_KVM_H

#include <stddef.h>

struct kvm_cpuid2;

#define NM_KVM_DEVICE "/dev/kvm"

/** The KVM device, open and of the only API version that exists. */
struct nm_kvm {
	int fd;
	size_t run_bytes;	  /* size of a vCPU's shared kvm_run area */
	struct kvm_cpuid2 *cpuid; /* what KVM_GET_SUPPORTED_CPUID offers */
};

/**
 * Opens a KVM device. Each way in which it can fail (no node, no driver, not permitted, another API) has its
 * own message and remedy (Documentation/virt/kvm/api.rst, 4.1).
 */
int nm_kvm_open(struct nm_kvm *kvm, const char *path);
void nm_kvm_close(struct nm_kvm *kvm);

/** KVM_CHECK_EXTENSION on the system fd; 0 when absent. */
int nm_kvm_capability(const struct nm_kvm *kvm, unsigned int capability);

/** KVM_CREATE_VM with the remedy that fits its errno; the fd or -errno. */
int nm_kvm_create_vm(const struct nm_kvm *kvm);

#endif
