/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_LINUX_AGENT_H
#define NM_GUEST_LINUX_AGENT_H

#include "linux/sys.h"

/** One operation that the agent was told to measure, and what came of it. */
struct nm_work {
	const char *name;
	uint64_t samples, warmup, batch;
	uint64_t *sample;
	uint64_t *overhead;
	const unsigned int *cpus;
	unsigned int cpu_count;
	const char *
		file; /* a name in the current folder that nobody else uses; NULL: there are no files */
	bool is_guest;	   /* whose settings nobody will miss */
	uint64_t ticks;	   /* of the loop */
	int64_t ns;	   /* of the same loop by this kernel's CLOCK_MONOTONIC_RAW */
	const char *lack;  /* what this machine does not have; NULL: it has all */
	const char *wrong; /* what came out wrong; NULL: nothing */
};

struct nm_operation {
	const char *name;
	void (*run)(struct nm_work *work);
};

/** All operations; name is NULL at the end. */
extern const struct nm_operation nm_cpu_operations[];
extern const struct nm_operation nm_file_operations[];
extern const struct nm_operation nm_memory_operations[];
extern const struct nm_operation nm_net_operations[];
extern const struct nm_operation nm_process_operations[];
extern const struct nm_operation nm_wake_operations[];

/** Marks the beginning and the end of the loop for the host (frames.c). */
void nm_loop_begin(struct nm_work *work);
void nm_loop_end(struct nm_work *work);

/** What a process does that nm_spawn() starts; its exit code. */
int nm_child(const char *what, const char *argument);

/* devices.c: of a guest. */

/** Loads a module that lies in the root folder, with its arguments of the kernel's command line. */
void nm_module_load(const char *name);
/** Mounts the ext4 on the only disk, and goes there; NULL, or what is missing. */
const char *nm_disk_enter(void);

/* frames.c: lines to the host, each with its checksum: "@nm CHECKSUM TEXT". */

/** Where they go; tty: lines leave before the call that wrote them returns. */
void nm_frames_to(long fd, bool tty);
void nm_say(const char *kind, const char *text);
void nm_say_numbers(const char *kind, const uint64_t *values, uint64_t count);
void nm_say_end(const struct nm_work *work);

/* The loops. Reading the clock twice is measured first, in the same way. */

#define NM_TIMED(out, count, operation)                                                            \
	for (uint64_t at_ = 0; at_ < (count); at_++) {                                             \
		uint64_t start_ = nm_ticks();                                                      \
		operation;                                                                         \
		(out)[at_] = nm_ticks() - start_;                                                  \
	}

/** Measures an operation of which batch are one sample. */
#define NM_MEASURE_BATCH(work, operation)                                                          \
	do {                                                                                       \
		NM_TIMED((work)->overhead, (work)->samples, );                                     \
		for (uint64_t left_ = (work)->warmup; left_; left_--) {                            \
			operation;                                                                 \
		}                                                                                  \
		nm_loop_begin(work);                                                               \
		NM_TIMED((work)->sample, (work)->samples,                                          \
			 for (uint64_t again_ = (work)->batch; again_; again_--) { operation; });  \
		nm_loop_end(work);                                                                 \
	} while (0)

/** Measures an operation, with something before each that is not. */
#define NM_MEASURE_AFTER(work, before, operation)                                                  \
	do {                                                                                       \
		NM_TIMED((work)->overhead, (work)->samples, );                                     \
		for (uint64_t left_ = (work)->warmup; left_; left_--) {                            \
			before;                                                                    \
			operation;                                                                 \
		}                                                                                  \
		nm_loop_begin(work);                                                               \
		for (uint64_t at_ = 0; at_ < (work)->samples; at_++) {                             \
			uint64_t start_;                                                           \
			before;                                                                    \
			start_ = nm_ticks();                                                       \
			operation;                                                                 \
			(work)->sample[at_] = nm_ticks() - start_;                                 \
		}                                                                                  \
		nm_loop_end(work);                                                                 \
	} while (0)

#endif
