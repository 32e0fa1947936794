/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_JOB_H
#define NM_BENCHMARKS_LINUX_JOB_H

#include "benchmarks/area.h"
#include "benchmarks/linux/frames.h"
#include "vmm/exit_trace.h"
#include "vmm/kvmstats.h"

#include <stdbool.h>
#include <stdint.h>

/* At most as many vCPUs as an operation has use for. */
#define NM_LINUX_VCPUS 2u

/** One operation that a Linux guest, or the agent natively, is to do, and where what comes of it goes. */
struct nm_linux_job {
	const struct nm_bench *bench;
	const char *vmm;
	size_t number; /* of the measurement */
	uint64_t point, samples, warmup, batch;
	bool tried; /* its guest was started */
	struct nm_round_area *area;
};

/** A moment by both clocks; ns is 0 when it has not come. */
struct nm_moment {
	uint64_t tsc, ns;
};

struct nm_moment nm_moment_now(void);

/** When counters are read: the line before the mark is through, the mark comes, it is through, the loop is over. */
enum nm_linux_moment {
	NM_LINUX_FIRST,
	NM_LINUX_MARK,
	NM_LINUX_BEGIN,
	NM_LINUX_END,
	NM_LINUX_MOMENTS,
};

/* What counts exits of one reason: this, and the reason's name. */
#define NM_COUNTER_REASON "reason."

/** KVM's statistics of a VM and all of its vCPUs, which are added up, and exits by their reason where they are asked for. */
struct nm_linux_counters {
	struct nm_kvmstats vm;
	struct nm_kvmstats vcpus[NM_LINUX_VCPUS];
	unsigned int vcpu_count;
	struct nm_exit_trace trace;
	size_t count;	  /* of counters: those of a vCPU, of the VM, and of reasons */
	uint64_t *values; /* of one vCPU, while they are added up */
	uint64_t *at[NM_LINUX_MOMENTS];
};

/** In the thread that starts the vCPUs; with a tracepoint other than 0 also by reason. */
int nm_linux_counters_open(struct nm_linux_counters *counters, int vm_fd, const int *vcpu_fds,
			   unsigned int count, uint64_t tracepoint);
void nm_linux_counters_close(struct nm_linux_counters *counters);
int nm_linux_counters_read(struct nm_linux_counters *counters, enum nm_linux_moment moment);
/** Puts what moved in the loop into the area, less what moves from a line to the next without one. */
void nm_linux_counters_store(const struct nm_linux_counters *counters, struct nm_round_area *area);

/** What an agent says, made into results; zero it, then set the first group. */
struct nm_linux_reader {
	struct nm_linux_job *const *jobs; /* in the order of the agent's plan */
	size_t count;
	uint64_t tsc_khz; /* of the samples */
	const struct nm_root *root;
	int cpu;			    /* whose stolen time is taken */
	bool native;			    /* the agent's second clock is this machine's */
	struct nm_linux_counters *counters; /* NULL: none */
	const uint64_t *user_exits;	    /* NULL: nobody counts them */

	struct nm_frames frames;
	size_t next; /* the first job that the agent has not begun */
	struct nm_linux_job *current;
	uint64_t have_samples, have_overheads;
	unsigned int moments;					/* that have been, a bit for each */
	uint64_t ns[NM_LINUX_MOMENTS], exits[NM_LINUX_MOMENTS]; /* .user_exits at them */
	uint64_t started_ns, started_steal_ns, started_switches;
	struct nm_moment first_line, hello;
	bool bye;
};

void nm_linux_reader_init(struct nm_linux_reader *reader);
void nm_linux_reader_feed(void *reader, const char *bytes, size_t length);

/** Nothing more will come: what the guest or the process became of. */
void nm_linux_reader_end(struct nm_linux_reader *reader, enum nm_state state, const char *why);

/** The agent's plan for these jobs on the first `cpus` of ids; restarts: how its guest ends, where it cannot be switched off. */
int nm_linux_plan_text(struct nm_text *out, struct nm_linux_job *const *jobs, size_t count,
		       const int *ids, size_t cpus, bool restarts);

#endif
