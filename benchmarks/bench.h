/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_BENCH_H
#define NM_BENCHMARKS_BENCH_H

#include "vmm/guest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One operation is one const descriptor at the end of one file, and one line in registry.c. */

#define NM_CPL0 (1u << 0)
#define NM_CPL3 (1u << 3)

#define NM_MAX_REQUIRES 4

/** A guest round as the hooks of a descriptor see it. */
struct nm_guest_round {
	struct nm_guest *guest;
	struct nm_abi_control *control;
	unsigned int cpl;
	uint64_t operations; /* warm-up and measured ones together */
	int event_fd;	     /* of operations that signal one; -1 */
	uint64_t accesses;   /* that reached the test device in user space */
	uint64_t last_value; /* that the test device gave to a read, or got by a write */
};

/** A native round: what to do, and where the samples go. */
struct nm_native_round {
	const struct nm_kvm *kvm; /* NULL without a KVM device */
	uint64_t samples;
	uint64_t warmup;
	uint64_t batch;
	uint64_t *sample;
	uint64_t *overhead;
	uint64_t tsc_begin, tsc_end;
	uint64_t host_begin_ns, host_end_ns;
};

/** What KVM's own counters must show for one operation on a KVM that uses VMX or SVM. */
struct nm_expect {
	double exits;
	double exits_or; /* where SVM and VMX, or versions of KVM, differ: this many are right too; 0: no */
	double user_exits;
	double insn_emulation;
};

struct nm_bench {
	const char *name; /* also the name of the guest function in the payload */
	const char *group;
	const char *summary; /* one line for people */
	const char *happens; /* a sentence: what happens architecturally */
	const char *matters; /* a sentence: which workloads feel it */
	const char
		*vmexit; /* the test of kvm-unit-tests' x86/vmexit.c and what differs; NULL: none */
	uint32_t version;  /* raise it when the number means something else than before */
	unsigned int cpls; /* NM_CPL0 | NM_CPL3: where the guest function runs; 0: no guest side */
	const char *requires[NM_MAX_REQUIRES]; /* findings that must pass for the guest side */
	const char *native_requires[NM_MAX_REQUIRES];
	struct nm_expect expect;
	bool irqchip; /* needs the in-kernel interrupt controllers */
	bool pit;     /* needs the in-kernel 8254; only with the irqchip */
	bool drill;   /* goes wrong on purpose; runs only when named */

	/** Adds devices and arguments before the guest starts. */
	int (*prepare)(struct nm_guest_round *round);
	/** Checks the result; on a wrong one says why and returns false. */
	bool (*verify)(const struct nm_guest_round *round, char *why, size_t size);
	/** Measures the native partner; on a wrong result says why and returns false. */
	bool (*native)(struct nm_native_round *round, char *why, size_t size);
};

/** All descriptors, NULL at the end. */
extern const struct nm_bench *const nm_benches[];

/** The descriptor of that name, or NULL. */
const struct nm_bench *nm_bench_find(const char *name);

/* Shared by descriptors, in device.c. */

/** A device in user space at the test port, MMIO address or MSR, that counts accesses. */
int nm_test_device(struct nm_guest_round *round, enum nm_bus bus);
/** True when every operation reached that device, and the last one wrote NM_ABI_TEST_BYTE. */
bool nm_test_device_verify_write(const struct nm_guest_round *round, char *why, size_t size);
/** True when every operation reached it, and the guest has read the value that the device gave last. */
bool nm_test_device_verify_read(const struct nm_guest_round *round, char *why, size_t size);
/** An ioeventfd at the event port or MMIO address. */
int nm_test_event(struct nm_guest_round *round, enum nm_bus bus);
/** The same for writes of that many bytes; 0: of any number. */
int nm_test_event_of(struct nm_guest_round *round, enum nm_bus bus, uint32_t bytes);
/** The same for writes of NM_ABI_TEST_BYTE alone; others reach a device in user space that counts them. */
int nm_test_event_match(struct nm_guest_round *round, enum nm_bus bus);
/** True when the eventfd counted every operation. */
bool nm_test_event_verify(const struct nm_guest_round *round, char *why, size_t size);

#endif
