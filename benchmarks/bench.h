/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_BENCH_H
#define NM_BENCHMARKS_BENCH_H

#include "core/topology.h"
#include "vmm/guest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One operation is one const descriptor at the end of one file, and one line in registry.c. */

#define NM_CPL0 (1u << 0)
#define NM_CPL3 (1u << 3)

#define NM_MAX_REQUIRES	 4
#define NM_MAX_POINTS	 16
#define NM_NATIVE_COUNTS 2

/**
 * One parameter at several points: each is a measurement of its own, and together they are a series. With a guest side the
 * parameter "vcpus" is the number of vCPUs of the guest.
 */
struct nm_axis {
	const char *name; /* "bytes", "vcpus", "slots" */
	uint64_t points[NM_MAX_POINTS];
	size_t count;
	size_t usual; /* that all profiles measure; the others only "thorough" or an operation that is named in full; 0: all */
	size_t quick; /* that the profile "quick" measures, unless the operation is named in full; 0: as the others */
	size_t counted; /* under a clock that counts instructions, to which the others look alike; 0: no such */
};

/** The CPUs of this process, in the order in which they are given out: vCPUs, then the driver. */
struct nm_cpus {
	const struct nm_topology *topology;
	const int *ids;
	size_t count;
};

struct nm_io_place;
struct nm_bench;

/** A guest round as the hooks of a descriptor see it. */
struct nm_guest_round {
	struct nm_guest *guest;
	struct nm_abi_control *control; /* of vCPU 0 */
	struct nm_abi_shared *shared;
	unsigned int cpl;
	const struct nm_cpus *cpus;   /* vCPU i runs on number i */
	const struct nm_io_place *io; /* benchmarks/io/file.h; for descriptors with .disk */
	uint64_t point;		      /* of the axis; 0 without one */
	uint64_t operations;	      /* warm-up and measured ones together */
	uint64_t warmup, samples;
	uint64_t *sample;     /* of a driver: where its samples go, in TSC ticks of the host */
	const uint32_t *over; /* not 0 once vCPU 0 has ended, however: a driver must end too */
	void *own;	      /* what the hooks of a descriptor keep; freed by .release */
	int event_fd;	      /* of operations that signal one; -1 */
	uint64_t density_max; /* guests that may be there at a time */
	uint64_t accesses;    /* that reached the test device in user space */
	uint64_t last_value;  /* that the test device gave to a read, or got by a write */
};

/** A native round: what to do, and where the samples go. */
struct nm_native_round {
	const struct nm_bench *bench;
	const struct nm_kvm *kvm; /* NULL without a KVM device */
	const struct nm_io_place *io;
	const struct nm_cpus *cpus; /* the thread that measures is bound to the first */
	uint64_t point;		    /* of the axis; 0 without one */
	const char *remedy;	    /* with .unsupported: what would make it run */
	uint64_t density_max;	    /* guests that may be there at a time */
	bool unsupported; /* set by a hook that returns false because the machine lacks something */
	uint64_t delay;	  /* injected after each operation: turns of nm_delay(); 0: none */
	uint64_t samples;
	uint64_t warmup;
	uint64_t batch;
	uint64_t *sample;
	uint64_t *overhead;
	uint64_t tsc_begin, tsc_end;
	uint64_t host_begin_ns, host_end_ns;
	/** What else an operation costs, recorded as counters per operation. */
	struct nm_native_count {
		const char *name; /* NULL: none */
		uint64_t per_operation;
	} counts[NM_NATIVE_COUNTS];
};

/** Which Linux guest an operation is measured in; guests of one kind do all of its operations (benchmarks/linux/). */
enum nm_linux_guest {
	NM_LINUX_NONE,
	NM_LINUX_AGENT,	  /* the agent measures; .payload names no guest function */
	NM_LINUX_CONSOLE, /* the boot itself is measured: all that the kernel has to say, */
	NM_LINUX_QUIET,	  /* or nothing, on the serial console; .payload is the stage */
};

/** What KVM's own counters must show for one operation on a KVM that uses VMX or SVM. */
struct nm_expect {
	double exits;
	double exits_or; /* where SVM and VMX, or versions of KVM, differ: this many are right too; 0: no */
	bool exits_vary; /* nobody can say how many exits are right, those to user space among them: they are shown and not judged */
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
	uint32_t version;    /* raise it when the number means something else than before */
	const char *payload; /* the guest function, when it is not called like the operation */
	unsigned int cpls; /* NM_CPL0 | NM_CPL3: where the guest function runs; 0: there is none */
	enum nm_linux_guest linux_guest; /* the guest side is one of these instead */
	const struct nm_axis *axis;	 /* NULL: measured at one point */
	unsigned int vcpus;		 /* 0: one. Every vCPU has a CPU of its own */
	const char
		*partner; /* the guest function of all vCPUs but the first, until that one ends */
	/* The operation that this one is compared with, in guests and at the same point; its own name: at its first point. */
	const char *against;
	unsigned int
		threads; /* of the host, on CPUs behind those of the vCPUs: devices that poll */
	unsigned int native_cpus; /* that the native side needs; 0: one */
	uint64_t
		max_samples; /* of a round, when one operation is slow; 0: as many as the profile says */
	uint64_t
		batch; /* operations of each sample, where a single one says little; 0: a pilot chooses */
	bool single;	  /* a sample is one operation, however short */
	bool throughput;  /* operations per second are a result: its loop does nothing else */
	uint64_t bytes;	  /* of data that an operation moves, for the throughput; 0: none */
	bool moves_point; /* it is the point of the axis instead */
	bool histogram;	  /* the distribution is a result: recorded by powers of 1, 2 and 5 */
	const char *requires[NM_MAX_REQUIRES]; /* findings that must pass for the guest side */
	const char *native_requires[NM_MAX_REQUIRES];
	struct nm_expect expect;
	bool irqchip;	 /* needs the in-kernel interrupt controllers */
	bool disk;	 /* both sides need a file */
	bool filesystem; /* its Linux guest has one on a disk, the native side a folder */
	bool network;	 /* its Linux guest has a network device, and a peer behind it */
	bool pit;	 /* needs the in-kernel 8254; only with the irqchip */
	bool drill;	 /* goes wrong on purpose; runs only when named */
	bool asked;	 /* runs only when its name or its group is given, too */

	/** Enables what must be there before vCPUs. */
	int (*configure)(const struct nm_vm *vm);
	/**
	 * Adds devices, memory and arguments before the guest starts. -EOPNOTSUPP, with text and remedy, where this machine lacks
	 * something that no finding tells: the measurement is then unsupported.
	 */
	int (*prepare)(struct nm_guest_round *round);
	/**
	 * Runs in a thread of the host on a CPU of its own, once vCPU 0 has set shared->ready, and takes the samples; then
	 * shared->stop is set, and the guest ends the loop. On a wrong result it says why and returns false, and the guest is
	 * ended from outside. It waits by nm_drive_wait().
	 */
	bool (*drive)(struct nm_guest_round *round, char *why, size_t size);
	/** Checks the result; on a wrong one says why and returns false. */
	bool (*verify)(const struct nm_guest_round *round, char *why, size_t size);
	/** Undoes .prepare, after the guest is gone. */
	void (*release)(struct nm_guest_round *round);
	/** Measures the native partner; on a wrong result says why and returns false. */
	bool (*native)(struct nm_native_round *round, char *why, size_t size);
};

/** All descriptors, NULL at the end. */
extern const struct nm_bench *const nm_benches[];

/** The descriptor of that name, or NULL. */
const struct nm_bench *nm_bench_find(const char *name);

/** How many vCPUs the guest of an operation has at a point of its axis. */
unsigned int nm_bench_vcpus(const struct nm_bench *bench, uint64_t point);

/** Whether it has a guest side. */
bool nm_bench_has_guest(const struct nm_bench *bench);

/** How many samples a round has where `planned` are asked for. */
uint64_t nm_bench_samples(const struct nm_bench *bench, uint64_t planned);

/** How many operations come before so many samples. */
uint64_t nm_bench_warmup(const struct nm_bench *bench, uint64_t samples);

/** For drivers, in companions.c: spins until *word is at least value; false when the guest has ended instead. */
bool nm_drive_wait(const struct nm_guest_round *round, const volatile uint64_t *word,
		   uint64_t value);

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
