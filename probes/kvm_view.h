/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_KVM_VIEW_H
#define NM_PROBES_KVM_VIEW_H

#include "core/cpuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A model-specific register as it was read. */
struct nm_msr {
	uint32_t index;
	int error; /* errno, or 0; EIO: the CPU refuses to read it (#GP) */
	uint64_t value;
};

struct nm_msrs {
	struct nm_msr *items;
	size_t count;
};

/** True when the register was read; *value is 0 otherwise. */
bool nm_msr_get(const struct nm_msrs *msrs, uint32_t index, uint64_t *value);

/** What KVM answered, live or recorded: the fact "kvm", parsed. */
struct nm_kvm_view {
	int error;	     /* errno of opening the device; 0: it works */
	const char *trouble; /* one line about that error, and its remedy; NULL without */
	const char *remedy;
	int64_t api;
	int64_t mmap_bytes; /* KVM_GET_VCPU_MMAP_SIZE */
	int vm_error;	    /* errno of KVM_CREATE_VM; 0: it works */
	struct {
		struct nm_kvm_capability {
			uint32_t number;
			int64_t system,
				vm; /* KVM_CHECK_EXTENSION on each fd; vm is -1 without one */
		} * items;
		size_t count;
	} capabilities;
	struct nm_msrs
		features; /* KVM_GET_MSRS on the system fd: what guests of this KVM may get */
	struct nm_cpuid_table supported; /* KVM_GET_SUPPORTED_CPUID */
};

/** Value on the VM's fd, or on the system's without one; 0 when KVM does not know it. */
int64_t nm_kvm_view_capability(const struct nm_kvm_view *view, uint32_t number);

#endif
