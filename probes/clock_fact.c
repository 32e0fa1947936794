/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/clock_fact.h"

#include "core/clock.h"
#include "probes/probe.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#define ATTEMPTS 16
#define MAX_CPUS 16
#define MAX_CPU	 65536
#define ROUNDS	 256u
#define PAIR_NS	 (100 * 1000ull)    /* of round trips between two CPUs */
#define TOTAL_NS (5 * NM_NS_PER_MS) /* for all CPUs */
#define SPINS	 64u		    /* between two looks at the clock */
#define READY	 UINT32_MAX
#define LINE	 128 /* two cache lines: adjacent ones are fetched together */

struct nm_reading nm_reading_take(void)
{
	struct nm_reading best = {.width = UINT64_MAX};

	for (int i = 0; i < ATTEMPTS; i++) {
		uint64_t before = nm_tsc();
		uint64_t ns = nm_clock_raw_ns();
		uint64_t width = nm_tsc() - before;

		if (width < best.width)
			best = (struct nm_reading) {ns, before + width / 2, width};
	}
	return best;
}

/*
 * Two threads on two CPUs pass a number back and forth. The second reads its TSC between two readings of the first, so
 * its offset lies between the differences to them; over many rounds the tightest bounds remain.
 */
struct exchange {
	_Alignas(LINE) _Atomic uint32_t ping;
	_Alignas(LINE) _Atomic uint32_t pong;
	uint64_t stamp; /* TSC of the second thread, valid once pong says so */
	_Alignas(LINE) _Atomic bool over;
	_Atomic unsigned int users;
};

struct bounds {
	int64_t lo, hi;
};

/* The second thread may start after the first gave up waiting: the last to leave frees. */
static void leave(struct exchange *exchange)
{
	if (atomic_fetch_sub(&exchange->users, 1) == 1)
		free(exchange);
}

static void *answer(void *argument)
{
	struct exchange *exchange = argument;
	uint32_t seen = 0;

	atomic_store_explicit(&exchange->pong, READY, memory_order_release);
	while (!atomic_load_explicit(&exchange->over, memory_order_relaxed)) {
		uint32_t ping = atomic_load_explicit(&exchange->ping, memory_order_acquire);

		if (ping == seen)
			continue;
		exchange->stamp = nm_tsc();
		seen = ping;
		atomic_store_explicit(&exchange->pong, ping, memory_order_release);
	}
	leave(exchange);
	return NULL;
}

static bool wait_for(struct exchange *exchange, uint32_t value, uint64_t deadline)
{
	for (unsigned int spin = 1;; spin++) {
		if (atomic_load_explicit(&exchange->pong, memory_order_acquire) == value)
			return true;
		if (spin % SPINS == 0 && nm_clock_raw_ns() > deadline)
			return false;
	}
}

static bool play(struct exchange *exchange, uint64_t deadline, struct bounds *out)
{
	uint64_t end;

	*out = (struct bounds) {INT64_MIN, INT64_MAX};
	if (!wait_for(exchange, READY, deadline))
		return false;
	end = nm_clock_raw_ns() + PAIR_NS;
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		uint64_t before = nm_tsc();
		int64_t lo;
		int64_t hi;

		atomic_store_explicit(&exchange->ping, round, memory_order_release);
		if (!wait_for(exchange, round, deadline))
			return false;
		lo = (int64_t)(exchange->stamp - nm_tsc());
		hi = (int64_t)(exchange->stamp - before);
		out->lo = lo > out->lo ? lo : out->lo;
		out->hi = hi < out->hi ? hi : out->hi;
		if (round % 16 == 0 && nm_clock_raw_ns() > end)
			break;
	}
	return true;
}

/* Created where it shall run, so that it touches nothing but its argument: it may outlive the caller. */
static int start_on(int cpu, bool detached, void *(*run)(void *), void *argument, pthread_t *thread)
{
	size_t size = CPU_ALLOC_SIZE((size_t)cpu + 1);
	cpu_set_t *set = CPU_ALLOC((size_t)cpu + 1);
	pthread_attr_t attr;
	int r;

	if (!set)
		return ENOMEM;
	CPU_ZERO_S(size, set);
	CPU_SET_S((size_t)cpu, size, set);
	r = pthread_attr_init(&attr);
	if (!r) {
		r = pthread_attr_setaffinity_np(&attr, size, set);
		if (!r && detached)
			r = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		if (!r)
			r = pthread_create(thread, &attr, run, argument);
		pthread_attr_destroy(&attr);
	}
	CPU_FREE(set);
	return r;
}

static bool measure_pair(int cpu, uint64_t patience, struct bounds *out)
{
	struct exchange *exchange = aligned_alloc(LINE, sizeof(*exchange));
	pthread_t thread;
	bool done;

	if (!exchange)
		return false;
	*exchange = (struct exchange) {.users = 2};
	if (start_on(cpu, true, answer, exchange, &thread)) {
		free(exchange);
		return false;
	}
	done = play(exchange, nm_clock_raw_ns() + patience, out);
	atomic_store(&exchange->over, true);
	leave(exchange);
	return done;
}

struct survey {
	int first;
	int cpus[MAX_CPUS];
	size_t count;
	struct nm_text *out;
};

/* Each CPU may take its share of the time that is left; those that are idle take far less. */
static void survey_one(struct survey *survey, int cpu, size_t left, uint64_t deadline)
{
	uint64_t now = nm_clock_raw_ns();
	struct bounds bounds;

	if (now < deadline && measure_pair(cpu, (deadline - now) / left, &bounds))
		nm_text_printf(survey->out, "offset %d %lld %lld\n", cpu, (long long)bounds.lo,
			       (long long)bounds.hi);
	else
		nm_text_printf(survey->out, "offset %d unknown\n", cpu);
}

static void *survey_all(void *argument)
{
	struct survey *survey = argument;
	uint64_t deadline = nm_clock_raw_ns() + TOTAL_NS;

	nm_text_printf(survey->out, "cpu %d\n", survey->first);
	for (size_t i = 0; i < survey->count; i++)
		if (survey->cpus[i] != survey->first)
			survey_one(survey, survey->cpus[i], survey->count - i, deadline);
	return NULL;
}

/* In a thread of its own, so that this one stays free to run where it may. */
static void put_offsets(struct nm_text *out, const struct nm_topology *topology)
{
	struct survey survey = {.first = sched_getcpu(), .out = out};
	pthread_t thread;

	if (!topology || survey.first < 0 || survey.first >= MAX_CPU)
		return;
	survey.count = nm_topology_spread(topology, survey.cpus, MAX_CPUS);
	if (survey.count < 2)
		return;
	if (start_on(survey.first, false, survey_all, &survey, &thread))
		return;
	pthread_join(thread, NULL);
}

static void put_reading(struct nm_text *out, const struct nm_probe_context *context)
{
	struct nm_reading now = nm_reading_take();

	nm_text_printf(out, "reading %llu %llu %llu\n",
		       (unsigned long long)(now.tsc - context->started_tsc),
		       (unsigned long long)(now.ns - context->started_ns),
		       (unsigned long long)now.width);
}

int nm_clock_fact(struct nm_text *out, void *context)
{
	const struct nm_probe_context *probe = context;
	struct nm_text offsets = {0};

	nm_text_printf(out, "reading 0 0 %llu\n", (unsigned long long)probe->started_width);
	put_reading(out, probe);
	put_offsets(&offsets, probe->topology);
	put_reading(out, probe);
	if (offsets.length)
		nm_text_put(out, offsets.bytes, offsets.length);
	out->failed |= offsets.failed;
	nm_text_free(&offsets);
	return nm_text_status(out);
}
