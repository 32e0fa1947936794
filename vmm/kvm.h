/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_KVM_H
#define NM_VMM_KVM_H

#include <stddef.h>

struct kvm_cpuid2;

#define NM_KVM_DEVICE "/dev/kvm"

/** What a KVM device said when it was opened, question by question up to the first that failed: -errno for an error. */
struct nm_kvm_answers {
	int opened;    /* 0 */
	int version;   /* KVM_GET_API_VERSION */
	int run_bytes; /* KVM_GET_VCPU_MMAP_SIZE */
	int cpuid;     /* 0; of KVM_GET_SUPPORTED_CPUID */
};

/** The KVM device, open and of the only API version that exists. */
struct nm_kvm {
	int fd;
	struct nm_kvm_answers
		answers;	  /* kept when it could not be opened, and when it was closed */
	size_t run_bytes;	  /* size of a vCPU's shared kvm_run area */
	struct kvm_cpuid2 *cpuid; /* what KVM_GET_SUPPORTED_CPUID offers */
};

/**
 * Opens a KVM device. Each way in which it can fail (no node, no driver, not permitted, another API) has its
 * own message and remedy (Documentation/virt/kvm/api.rst, 4.1).
 */
int nm_kvm_open(struct nm_kvm *kvm, const char *path);
void nm_kvm_close(struct nm_kvm *kvm);

/**
 * What nm_kvm_open() makes of such answers, live or recorded: 0, or -errno with message and the remedy for that
 * architecture, as uname(2) names it.
 */
int nm_kvm_judge(const char *path, const struct nm_kvm_answers *answers, const char *architecture);

/** KVM_CHECK_EXTENSION on the system fd; 0 when absent. */
int nm_kvm_capability(const struct nm_kvm *kvm, unsigned int capability);

/** KVM_CREATE_VM with the remedy that fits its errno; the fd or -errno. */
int nm_kvm_create_vm(const struct nm_kvm *kvm);

/** Its message and remedy for an errno; -errno. */
int nm_kvm_fail_create_vm(int error);

#endif
