/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/interrupts/pair.h"

#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* As the guest's side waits (guest-payloads/target.h). */
#define BETWEEN_LOOKS 256

#define SETTLE_NS 20000u

static void look(unsigned int *looks)
{
	if (++*looks % BETWEEN_LOOKS == 0)
		__builtin_ia32_pause();
}

static void *run(void *context)
{
	struct nm_pair *pair = context;

	pair->error = nm_topology_bind(pair->cpus->topology, pair->cpus->ids[pair->number]);
	if (pair->error)
		snprintf(pair->text, sizeof(pair->text), "%s", nm_error_last()->text);
	__atomic_store_n(&pair->started, 1, __ATOMIC_RELEASE);
	if (!pair->error)
		pair->run(pair);
	return NULL;
}

bool nm_pair_start(struct nm_pair *pair, const struct nm_native_round *round, char *why,
		   size_t size)
{
	int r;

	pair->cpus = round->cpus;
	pair->number = pair->number ? pair->number : 1;
	r = pthread_create(&pair->thread, NULL, run, pair);
	if (r) {
		snprintf(why, size, "cannot start a thread: %s", strerror(r));
		return false;
	}
	/* It begins on the CPU of this thread, and gets there only when this one lets it. */
	while (!__atomic_load_n(&pair->started, __ATOMIC_ACQUIRE))
		sched_yield();
	if (!pair->error)
		return true;
	pthread_join(pair->thread, NULL);
	snprintf(why, size, "%s", pair->text);
	return false;
}

void nm_pair_end(struct nm_pair *pair)
{
	__atomic_store_n(&pair->stopped, 1, __ATOMIC_SEQ_CST);
}

bool nm_pair_stopped(const struct nm_pair *pair)
{
	return __atomic_load_n(&pair->stopped, __ATOMIC_SEQ_CST);
}

void nm_pair_stop(struct nm_pair *pair)
{
	nm_pair_end(pair);
	pthread_join(pair->thread, NULL);
}

void nm_pair_spin(struct nm_pair *pair)
{
	unsigned int looks = 0;

	while (!nm_pair_stopped(pair)) {
		pair->answer.value++;
		look(&looks);
	}
}

void nm_pair_wait(const volatile uint64_t *word, uint64_t value)
{
	unsigned int looks = 0;

	while (*word < value)
		look(&looks);
}

void nm_pair_await_change(const volatile uint64_t *word)
{
	const uint64_t first = *word;
	unsigned int looks = 0;

	while (*word == first)
		look(&looks);
}

void nm_pair_settle(void)
{
	uint64_t end = nm_clock_raw_ns() + SETTLE_NS;

	while (nm_clock_raw_ns() < end)
		__builtin_ia32_pause();
}

bool nm_pair_verify(uint64_t came, uint64_t sent, char *why, size_t size)
{
	if (came == sent)
		return true;
	snprintf(why, size, "%" PRIu64 " came, expected %" PRIu64, came, sent);
	return false;
}
