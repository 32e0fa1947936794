/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_INTERRUPTS_PAIR_H
#define NM_BENCHMARKS_INTERRUPTS_PAIR_H

#include "benchmarks/bench.h"

#include <pthread.h>

/* A further thread of a native side, on a CPU of its own: the partner of a further vCPU. */

/** A word that two threads tell each other, in a cache line of its own. */
struct nm_word {
	_Alignas(64) volatile uint64_t value;
};

struct nm_pair {
	void (*run)(struct nm_pair *pair); /* until nm_pair_stopped() */
	size_t number;			   /* of its CPU among those of the round; 0: 1 */
	int fd, back_fd;
	struct nm_word *token; /* as the operation has it, as are the following */
	uint64_t threads;
	struct nm_word question, answer;
	const struct nm_cpus *cpus;
	pthread_t thread;
	uint32_t started, stopped;
	int error;
	char text[512];
};

/** Starts the thread and returns when it is on its CPU; false with the reason when that cannot be. */
bool nm_pair_start(struct nm_pair *pair, const struct nm_native_round *round, char *why,
		   size_t size);
/** The thread is to end; what wakes it comes after this. */
void nm_pair_end(struct nm_pair *pair);
bool nm_pair_stopped(const struct nm_pair *pair);
/** Ends and joins it. */
void nm_pair_stop(struct nm_pair *pair);

/** A .run that counts in answer, and nothing else. */
void nm_pair_spin(struct nm_pair *pair);

/** Spins until *word is at least value. */
void nm_pair_wait(const volatile uint64_t *word, uint64_t value);
/** Spins until *word is another value than at first. */
void nm_pair_await_change(const volatile uint64_t *word);
/** Until a thread that was about to sleep does. */
void nm_pair_settle(void);
/** True when as many answers came as questions were sent. */
bool nm_pair_verify(uint64_t came, uint64_t sent, char *why, size_t size);

#endif
