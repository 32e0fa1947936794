/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/* Switches, wake-ups and timers: what the scheduler does. */
#include "linux/agent.h"
#include "linux/vdso.h"

#include <asm/signal.h>
#include <linux/wait.h>

#define STACK_BYTES    16384u
#define RING	       16u
#define NAP_NS	       100000
#define TIMER_ABSOLUTE 1 /* TIMER_ABSTIME */
#define ASLEEP_TICKS   100000

/* Answers each byte until nobody asks any more. */
static void echo(const int *from, const int *to)
{
	unsigned char byte;

	nm_call(SYS_close, from[1], 0, 0, 0);
	nm_call(SYS_close, to[0], 0, 0, 0);
	while (nm_call(SYS_read, from[0], (long)&byte, 1, 0) == 1) {
		byte++;
		if (nm_call(SYS_write, to[1], (long)&byte, 1, 0) != 1)
			break;
	}
	nm_call(SYS_exit_group, 0, 0, 0, 0);
}

static bool ask(const int *there, const int *back, unsigned char value)
{
	unsigned char byte = value;

	nm_call(SYS_write, there[1], (long)&byte, 1, 0);
	return nm_call(SYS_read, back[0], (long)&byte, 1, 0) == 1 &&
	       byte == (unsigned char)(value + 1);
}

static void switch_by_pipe(struct nm_work *work)
{
	int there[2];
	int back[2];
	unsigned char value = 0;
	bool right = true;
	long child;

	if (nm_call(SYS_pipe2, (long)there, 02000000 /* O_CLOEXEC */, 0, 0) ||
	    nm_call(SYS_pipe2, (long)back, 02000000, 0, 0)) {
		work->lack = "a pipe";
		return;
	}
	child = nm_call6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
	if (!child)
		echo(there, back);
	nm_call(SYS_close, there[0], 0, 0, 0);
	nm_call(SYS_close, back[1], 0, 0, 0);
	if (child > 0)
		NM_MEASURE_BATCH(work, right &= ask(there, back, value++));
	nm_call(SYS_close, there[1], 0, 0, 0);
	nm_call(SYS_close, back[0], 0, 0, 0);
	if (child > 0)
		nm_call(SYS_wait4, child, 0, __WALL, 0);
	if (child < 0 || !right)
		work->wrong = "the other process did not answer";
}

/* A token goes round a ring of threads; who is not its holder sleeps on a futex of its own. */
struct place {
	struct nm_thread thread;
	struct ring *ring;
	uint32_t turn; /* counts how often the token came */
	char stack[STACK_BYTES] __attribute__((aligned(16)));
};

struct ring {
	struct place places[RING];
	unsigned int count;
	uint32_t stop;
};

static void pass_on(struct place *place)
{
	__atomic_fetch_add(&place->turn, 1, __ATOMIC_RELEASE);
	nm_futex_wake(&place->turn);
}

/* Waits for the token after `seen` turns. */
static void await(struct place *place, uint32_t seen)
{
	while (__atomic_load_n(&place->turn, __ATOMIC_ACQUIRE) == seen)
		nm_futex_wait(&place->turn, seen);
}

static void sit(void *argument)
{
	struct place *place = argument;
	struct ring *ring = place->ring;
	size_t next = (size_t)(place - ring->places + 1) % ring->count;

	for (uint32_t seen = 0;; seen++) {
		await(place, seen);
		if (__atomic_load_n(&ring->stop, __ATOMIC_ACQUIRE))
			return;
		pass_on(&ring->places[next]);
	}
}

static unsigned int ring_start(struct ring *ring, const struct nm_work *work, unsigned int count)
{
	unsigned int started = 1;

	ring->count = count;
	for (unsigned int i = 0; i < count; i++)
		ring->places[i] = (struct place) {.ring = ring};
	for (; started < count; started++) {
		struct place *place = &ring->places[started];

		place->thread = (struct nm_thread) {.function = sit,
						    .argument = place,
						    .cpu = work->cpus[started % 2],
						    .stack = place->stack,
						    .stack_bytes = STACK_BYTES};
		if (nm_thread_start(&place->thread))
			break;
	}
	return started;
}

static void ring_stop(struct ring *ring, unsigned int started)
{
	__atomic_store_n(&ring->stop, 1, __ATOMIC_RELEASE);
	for (unsigned int i = 1; i < started; i++) {
		pass_on(&ring->places[i]);
		nm_thread_join(&ring->places[i].thread);
	}
}

static void wake_storm(struct nm_work *work)
{
	const unsigned int count = RING;
	struct ring *ring;
	unsigned int started;
	uint32_t turns = 0;

	if (work->cpu_count < 2) {
		work->lack = "a second CPU";
		return;
	}
	ring = nm_map(sizeof(*ring));
	if (!ring) {
		work->lack = "memory for the threads";
		return;
	}
	started = ring_start(ring, work, count);
	if (started == count)
		NM_MEASURE_BATCH(work, ({
					 pass_on(&ring->places[1]);
					 await(&ring->places[0], turns++);
				 }));
	ring_stop(ring, started);
	if (started < count || ring->places[0].turn != work->warmup + work->samples * work->batch)
		work->wrong = "the token did not come round";
	nm_unmap(ring, sizeof(*ring));
}

/* A thread that sleeps on another CPU until it is called, and answers. */
struct sleeper {
	struct nm_thread thread;
	uint32_t call, answer, stop;
	char stack[STACK_BYTES] __attribute__((aligned(16)));
};

static void sleep_until_called(void *argument)
{
	struct sleeper *sleeper = argument;

	for (uint32_t seen = 0; !__atomic_load_n(&sleeper->stop, __ATOMIC_ACQUIRE); seen++) {
		while (__atomic_load_n(&sleeper->call, __ATOMIC_ACQUIRE) == seen)
			nm_futex_wait(&sleeper->call, seen);
		__atomic_store_n(&sleeper->answer, seen + 1, __ATOMIC_RELEASE);
	}
}

/* Long enough for the other one to fall asleep, and its CPU to become idle. */
static void wait_until_asleep(void)
{
	uint64_t begin = nm_ticks();

	while (nm_ticks() - begin < ASLEEP_TICKS)
		;
}

static void call(struct sleeper *sleeper)
{
	uint32_t number = __atomic_add_fetch(&sleeper->call, 1, __ATOMIC_RELEASE);

	nm_futex_wake(&sleeper->call);
	while (__atomic_load_n(&sleeper->answer, __ATOMIC_ACQUIRE) != number)
		;
}

static void wake_by_futex(struct nm_work *work)
{
	static struct sleeper sleeper;

	if (work->cpu_count < 2) {
		work->lack = "a second CPU";
		return;
	}
	sleeper = (struct sleeper) {.thread = {.function = sleep_until_called,
					       .argument = &sleeper,
					       .cpu = work->cpus[1],
					       .stack = sleeper.stack,
					       .stack_bytes = STACK_BYTES}};
	if (nm_thread_start(&sleeper.thread)) {
		work->wrong = "no thread could be started";
		return;
	}
	NM_MEASURE_AFTER(work, wait_until_asleep(), call(&sleeper));
	__atomic_store_n(&sleeper.stop, 1, __ATOMIC_RELEASE);
	call(&sleeper);
	nm_thread_join(&sleeper.thread);
	if (sleeper.answer != work->warmup + work->samples + 1)
		work->wrong = "the sleeper missed a call";
}

/* How long after its time a sleeper runs, in ns. */
static int64_t lateness(nm_clock_fn clock)
{
	struct nm_timespec due;
	struct nm_timespec now;

	clock(1 /* CLOCK_MONOTONIC */, &due);
	due.nanoseconds += NAP_NS;
	if (due.nanoseconds >= 1000000000) {
		due.nanoseconds -= 1000000000;
		due.seconds++;
	}
	while (nm_call(SYS_clock_nanosleep, 1, TIMER_ABSOLUTE, (long)&due, 0))
		;
	clock(1, &now);
	return (now.seconds - due.seconds) * 1000000000 + now.nanoseconds - due.nanoseconds;
}

/* Samples are taken in ns and then made ticks, by how long the whole loop took in both. */
static void timer(struct nm_work *work)
{
	nm_clock_fn clock = nm_vdso_clock();
	bool early = false;

	if (!clock) {
		work->lack = "a vDSO with clock_gettime()";
		return;
	}
	for (uint64_t left = work->warmup; left; left--)
		lateness(clock);
	nm_loop_begin(work);
	for (uint64_t i = 0; i < work->samples; i++) {
		int64_t late = lateness(clock);

		early |= late < 0;
		work->sample[i] = late < 0 ? 0 : (uint64_t)late;
	}
	nm_loop_end(work);
	for (uint64_t i = 0; i < work->samples && work->ns > 0; i++)
		work->sample[i] =
			work->sample[i] * (work->ticks >> 10) / ((uint64_t)work->ns >> 10);
	if (early)
		work->wrong = "the timer came before its time";
}

const struct nm_operation nm_wake_operations[] = {
	{"linux.switch", switch_by_pipe},
	{"linux.wake", wake_by_futex},
	{"linux.wake.storm", wake_storm},
	{"linux.timer", timer},
	{NULL, NULL},
};
