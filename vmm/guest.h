/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_GUEST_H
#define NM_VMM_GUEST_H

#include "vmm/devices.h"
#include "vmm/payload.h"
#include "vmm/vcpu.h"
#include "vmm/vm.h"

#include <stdbool.h>
#include <stdint.h>

/* A VM with a payload in it, ready to run one operation on each of its vCPUs. */

struct nm_guest_config {
	const struct nm_payload *payload;
	unsigned int vcpus;
	bool irqchip;
	bool pit;
	uint64_t heap_bytes; /* memory behind the payload, for samples and what operations need */
	/** Enables capabilities of the VM that must come before vCPUs; NULL: none. */
	int (*configure)(const struct nm_vm *vm);
};

struct nm_guest {
	struct nm_vm vm;
	struct nm_payload payload;
	struct nm_vcpu *vcpus;
	unsigned int vcpu_count;
	uint64_t cpu_blocks; /* guest addresses */
	uint64_t shared;     /* struct nm_abi_shared */
	uint64_t heap;
	uint64_t heap_bytes;
	uint64_t tables_used; /* bytes of page tables that nm_guest_map() has made */
	struct nm_devices devices;
	uint64_t delay;	  /* turns of nm_delay() after each exit to user space; 0: none */
	bool resume_halt; /* HLT that leaves to user space is part of the operation */
	/** Serves KVM_EXIT_DEBUG of a vCPU; false: it was not expected. NULL: none is. */
	bool (*on_debug)(void *context, const struct nm_vcpu *vcpu);
	void *debug_context;
};

int nm_guest_create(struct nm_guest *guest, const struct nm_kvm *kvm,
		    const struct nm_guest_config *config);
void nm_guest_destroy(struct nm_guest *guest);

/** The control page of a vCPU, as the payload sees it. */
struct nm_abi_control *nm_guest_control(const struct nm_guest *guest, unsigned int vcpu);

/** The page that all its vCPUs and the host share. */
struct nm_abi_shared *nm_guest_shared(const struct nm_guest *guest);

/**
 * Maps guest-virtual [address, address + bytes) to the same guest-physical addresses, writable at CPL0 and CPL3, in pages
 * of 4 KiB, 2 MiB or 1 GiB; in paging.c. Both are multiples of that, address lies at NM_ABI_MEMORY or above, and no larger
 * page is there. -EINVAL otherwise, -ENOSPC when the tables are full (NM_GUEST_TABLE_BYTES).
 */
int nm_guest_map(struct nm_guest *guest, uint64_t address, uint64_t bytes, uint64_t page_bytes);

/* Where the tables lie, within reach of the payload, and how much room there is: 4 GiB in pages of 4 KiB. */
#define NM_GUEST_TABLES	     0x38000000u
#define NM_GUEST_TABLE_BYTES 0x900000u

/** How a guest ended. Only DONE is as it should be. */
enum nm_guest_end {
	NM_GUEST_DONE,
	NM_GUEST_EXCEPTION,  /* one that the payload did not expect */
	NM_GUEST_TIMEOUT,    /* it spun, or KVM_RUN did not return */
	NM_GUEST_SHUTDOWN,   /* triple fault */
	NM_GUEST_KVM_ERROR,  /* internal error or failed entry: KVM gave up */
	NM_GUEST_UNEXPECTED, /* an exit that no device serves */
};

struct nm_guest_result {
	enum nm_guest_end end;
	uint64_t user_exits; /* returns of KVM_RUN that were served */
	char text[320];	     /* one line for everything but DONE, */
	char failure[32];    /* and its kind: "shutdown", "internal_error.1" … */
};

/**
 * Prepares vCPU number `vcpu` to run the named operation at cpl 0 or 3. Set the rest of its control page
 * afterwards. -ENOENT when the payload lacks the operation.
 */
int nm_guest_prepare(const struct nm_guest *guest, unsigned int vcpu, const char *operation,
		     unsigned int cpl);

/** Runs a prepared vCPU in this thread until it ends in one of the ways above, at most limit_ns. */
int nm_guest_run(struct nm_guest *guest, unsigned int vcpu, uint64_t limit_ns,
		 struct nm_guest_result *result);

#endif
