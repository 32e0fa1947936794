/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Steal time under competition: another thread of the host burns the CPU of the vCPU, and the guest reads what KVM tells it
 * about the time that it did not get. KVM passes on the run delay of the vCPU's thread (record_steal_time() in
 * arch/x86/kvm/x86.c). That must be the time in which this thread did not run: it never blocks. Natively that is the sample.
 */
#include "benchmarks/interrupts/interrupts.h"

#include "benchmarks/native.h"
#include "core/error.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Documentation/virt/kvm/x86/msr.rst. */
#define MSR_KVM_STEAL_TIME 0x4b564d03u

/* A window holds several slices of the host's scheduler. */
#define WINDOW_NS   32000000u
#define MAX_SAMPLES 6u

/* What the guest is told may be off by this factor, and by a slice that ends between two readings. */
#define APART	 1.25
#define SLICE_NS 6000000.0

struct rival {
	pthread_t thread;
	uint32_t stop;
	bool runs;
	uint64_t delay[2]; /* of the thread of vCPU 0, before and after the loop */
};

static void *burn(void *context)
{
	struct rival *rival = context;

	while (!__atomic_load_n(&rival->stop, __ATOMIC_RELAXED))
		;
	return NULL;
}

/* It inherits the one CPU that this thread is bound to. */
static int start_rival(struct rival *rival)
{
	int r = pthread_create(&rival->thread, NULL, burn, rival);

	rival->runs = !r;
	return r ? nm_fail(r, "cannot start a thread: %s", strerror(r)) : 0;
}

static void stop_rival(struct rival *rival)
{
	if (!rival->runs)
		return;
	__atomic_store_n(&rival->stop, 1, __ATOMIC_RELAXED);
	pthread_join(rival->thread, NULL);
	rival->runs = false;
}

/* How long this thread has not run; differences mean something. One that never blocks has waited all that time. */
static uint64_t not_run_ns(void)
{
	struct timespec ran;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
	return nm_clock_ns() - ((uint64_t)ran.tv_sec * NM_NS_PER_S + (uint64_t)ran.tv_nsec);
}

/* KVM serves the guest in the thread of its vCPU. */
static void on_ask(void *context, const struct nm_access *access)
{
	struct rival *rival = context;
	uint32_t number;

	memcpy(&number, access->data, sizeof(number));
	rival->delay[number & 1] = not_run_ns();
}

static int set_window(const struct nm_guest_round *round)
{
	uint64_t *argument = round->control->argument;

	argument[0] = nm_interrupts_ticks(round, WINDOW_NS);
	argument[1] = nm_interrupts_ticks(round, NM_NS_PER_MS);
	if (!argument[0])
		return nm_interrupts_no_ticks();
	return nm_interrupts_set_page(round->guest, MSR_KVM_STEAL_TIME);
}

static int prepare(struct nm_guest_round *round)
{
	struct rival *rival = calloc(1, sizeof(*rival));
	struct nm_device device = {
		.bus = NM_BUS_PIO,
		.base = NM_ABI_PORT_HOST,
		.bytes = 4,
		.access = on_ask,
		.context = rival,
	};
	int r = rival ? set_window(round) : nm_fail(ENOMEM, "out of memory");

	round->own = rival;
	if (!r)
		r = nm_devices_add(&round->guest->devices, device);
	return r ? r : start_rival(rival);
}

static void release(struct nm_guest_round *round)
{
	if (round->own)
		stop_rival(round->own);
	free(round->own);
}

/* The rival gets about a half: a tenth shows that it ran. */
static bool competed(uint64_t waited, uint64_t samples, char *why, size_t size)
{
	if (waited >= samples * WINDOW_NS / 10)
		return true;
	snprintf(why, size, "the thread waited for %.1f ms of %.1f ms only: nothing competed",
		 (double)waited / 1e6, (double)samples * WINDOW_NS / 1e6);
	return false;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct rival *rival = round->own;
	uint64_t waited = rival->delay[1] - rival->delay[0];
	uint64_t stolen = round->control->result[0];
	double more = fmax((double)waited, (double)stolen);
	double less = fmin((double)waited, (double)stolen);

	if (!competed(waited, round->samples, why, size))
		return false;
	if (more <= less * APART + SLICE_NS)
		return true;
	snprintf(why, size,
		 "the guest was told of %.1f ms stolen, its thread waited for %.1f ms: more than a "
		 "factor of %.2f apart",
		 (double)stolen / 1e6, (double)waited / 1e6, APART);
	return false;
}

/* Ticks of a window in which this thread did not run. */
static uint64_t native_window(uint64_t window, uint64_t khz, uint64_t *total)
{
	uint64_t start = nm_tsc();
	uint64_t before = not_run_ns();
	uint64_t waited;

	while (nm_tsc() - start < window)
		;
	waited = not_run_ns() - before;
	*total += waited;
	return (uint64_t)((double)waited * (double)khz / 1e6);
}

static bool native_windows(struct nm_native_round *round, char *why, size_t size)
{
	uint64_t khz = nm_tsc_khz();
	uint64_t total = 0;

	round->host_begin_ns = nm_clock_raw_ns();
	round->tsc_begin = nm_tsc();
	for (uint64_t i = 0; i < round->samples; i++)
		round->sample[i] = native_window(khz * (WINDOW_NS / 1000000), khz, &total);
	round->tsc_end = nm_tsc();
	round->host_end_ns = nm_clock_raw_ns();
	return competed(total, round->samples, why, size);
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	struct rival rival = {0};
	bool right;

	if (start_rival(&rival)) {
		snprintf(why, size, "%s", nm_error_last()->text);
		return false;
	}
	right = native_windows(round, why, size);
	stop_rival(&rival);
	return right;
}

const struct nm_bench nm_bench_steal_report = {
	.name = "steal.report",
	.group = "interrupts",
	.summary = "steal time that the guest is told of, in windows of 32 ms with a rival",
	.happens =
		"Another thread burns the CPU of the vCPU while the guest spins; the sample is "
		"what KVM adds to the steal time behind MSR 4B564D03h in 32 ms. Natively the "
		"time in which the same thread did not run: a ratio of 1 means that the guest is "
		"told the truth.",
	.matters = "Schedulers, autoscalers and administrators of guests judge by steal time "
		   "whether the machine is overcommitted.",
	.version = 1,
	.cpls = NM_CPL3,
	.max_samples = MAX_SAMPLES,
	.single = true,
	.requires = {"kvm.cap.steal_time"},
	.prepare = prepare,
	.verify = verify,
	.release = release,
	.native = native,
};
