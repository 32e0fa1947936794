/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/companions.h"

#include "benchmarks/native.h"
#include "core/clock.h"
#include "core/error.h"
#include "vmm/deadline.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A further vCPU may run this much longer than the first, which ends it. */
#define GRACE_NS NM_NS_PER_S

bool nm_drive_wait(const struct nm_guest_round *round, const volatile uint64_t *word,
		   uint64_t value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < value) {
		if (__atomic_load_n(round->over, __ATOMIC_ACQUIRE))
			return __atomic_load_n(word, __ATOMIC_ACQUIRE) >= value;
		__builtin_ia32_pause();
	}
	return true;
}

static bool is_over(const struct nm_companions *companions)
{
	return __atomic_load_n(&companions->over, __ATOMIC_ACQUIRE);
}

/*
 * vCPU 0 waits for what will not come: the signal of its time limit comes now. One that came before it had armed that limit
 * would be forgotten.
 */
static void break_off(struct nm_companion *self)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	self->broke = true;
	while (!is_over(self->all)) {
		pthread_kill(self->all->first, SIGRTMIN);
		nanosleep(&pause, NULL);
	}
}

static void fail(struct nm_companion *self, int error)
{
	self->error = error;
	snprintf(self->text, sizeof(self->text), "%s", nm_error_last()->text);
}

/* Before the operation is over only its end allows a further vCPU to end. */
static bool ended_too_early(const struct nm_companion *self)
{
	const bool ending = __atomic_load_n(&self->all->shared->stop.value, __ATOMIC_ACQUIRE);
	const bool done = !self->error && self->result.end == NM_GUEST_DONE;

	return !is_over(self->all) && !(done && ending);
}

static void *run_vcpu(void *context)
{
	struct nm_companion *self = context;
	struct nm_companions *all = self->all;
	int r = nm_topology_bind(all->host->topology, self->cpu);

	if (!r)
		r = nm_guest_run(all->round->guest, self->vcpu, all->order->limit_ns + GRACE_NS,
				 &self->result);
	if (r)
		fail(self, r);
	if (ended_too_early(self))
		break_off(self);
	__atomic_store_n(&self->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* The readings of the clock are those of the driver, so their cost is that on its CPU. */
static void drive(struct nm_companion *self)
{
	struct nm_companions *all = self->all;
	struct nm_guest_round *round = all->round;

	NM_NATIVE_LOOP(all->overhead, round->samples, NM_NATIVE_ONCE, );
	if (!nm_drive_wait(round, &all->shared->ready.value, 1))
		return;
	all->drive_right = all->order->bench->drive(round, all->why, sizeof(all->why));
	/* A guest that was told to stop would end as it should, and perhaps before the reason was known to be the driver's. */
	if (all->drive_right)
		__atomic_store_n(&all->shared->stop.value, 1, __ATOMIC_RELEASE);
	else if (!is_over(all))
		break_off(self);
}

static void *run_driver(void *context)
{
	struct nm_companion *self = context;
	int r = nm_topology_bind(self->all->host->topology, self->cpu);

	if (r) {
		fail(self, r);
		break_off(self);
	} else {
		drive(self);
	}
	__atomic_store_n(&self->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

static int start_thread(struct nm_companions *companions, struct nm_companion *self, size_t number,
			void *(*run)(void *))
{
	int r;

	self->all = companions;
	self->cpu = companions->order->cpus[number];
	r = pthread_create(&self->thread, NULL, run, self);
	return r ? nm_fail(r, "cannot start a thread: %s", strerror(r)) : 0;
}

static int start_vcpu(struct nm_companions *companions, unsigned int number)
{
	const struct nm_round_order *order = companions->order;
	struct nm_guest *guest = companions->round->guest;
	struct nm_companion *self = &companions->vcpus[companions->vcpu_count];
	struct nm_abi_control *first = nm_guest_control(guest, 0);
	struct nm_abi_control *control;
	int r = nm_guest_prepare(guest, number, order->bench->partner, order->cpl);

	if (r)
		return r;
	control = nm_guest_control(guest, number);
	memcpy(control->argument, first->argument, sizeof(control->argument));
	self->vcpu = number;
	r = start_thread(companions, self, number, run_vcpu);
	if (!r)
		companions->vcpu_count++;
	return r;
}

int nm_companions_start(struct nm_companions *companions, const struct nm_round_host *host,
			const struct nm_round_order *order, struct nm_guest_round *round)
{
	struct nm_guest *guest = round->guest;
	unsigned int vcpus = guest->vcpu_count;
	struct nm_blame nobody;
	int r = nm_deadline_catch();

	companions->host = host;
	companions->order = order;
	companions->round = round;
	companions->shared = round->shared;
	companions->first = pthread_self();
	companions->overhead =
		nm_vm_memory(&guest->vm, round->control->overhead_gpa, order->samples * 8);
	round->over = &companions->over;
	if (!r && vcpus + (order->bench->drive != NULL) > order->cpu_count)
		r = nm_fail(EINVAL, "more threads than CPUs");
	for (unsigned int i = 1; !r && i < vcpus; i++)
		r = start_vcpu(companions, i);
	if (!r && order->bench->drive) {
		r = start_thread(companions, &companions->driver, vcpus, run_driver);
		companions->driving = !r;
	}
	if (r)
		nm_companions_stop(companions, false, &nobody);
	return r;
}

/* A vCPU may be spinning, halted, or about to be entered: the signal is repeated until it has ended. */
static void end(struct nm_companion *self)
{
	const struct timespec pause = {.tv_nsec = 200000};

	while (!__atomic_load_n(&self->ended, __ATOMIC_ACQUIRE)) {
		pthread_kill(self->thread, SIGRTMIN);
		nanosleep(&pause, NULL);
	}
	pthread_join(self->thread, NULL);
}

static void blame_driver(const struct nm_companions *companions, struct nm_blame *blame)
{
	blame->state = companions->driver.error ? NM_STATE_FAILED : NM_STATE_INVALID;
	if (companions->driver.error)
		snprintf(blame->reason, sizeof(blame->reason), "driver: %.500s",
			 companions->driver.text);
	else
		snprintf(blame->reason, sizeof(blame->reason), "%s",
			 companions->why[0] ? companions->why
					    : "the driver gave up without a reason");
}

static void blame_vcpu(const struct nm_companion *self, struct nm_blame *blame)
{
	const char *text = self->error ? self->text : self->result.text;

	if (!self->error && self->result.end == NM_GUEST_DONE)
		text = "it ended before vCPU 0";
	snprintf(blame->reason, sizeof(blame->reason), "vCPU %u: %.490s", self->vcpu, text);
	memcpy(blame->failure, self->result.failure, sizeof(blame->failure));
	blame->state = !self->error && self->result.end == NM_GUEST_TIMEOUT ? NM_STATE_TIMEOUT
									    : NM_STATE_FAILED;
}

/* The companion that broke off the round, or the driver of a guest that did not wait for it. */
static void find_blame(const struct nm_companions *companions, bool done, struct nm_blame *blame)
{
	*blame = (struct nm_blame) {.state = NM_STATE_OK};
	if (companions->driver.broke) {
		blame_driver(companions, blame);
		return;
	}
	for (unsigned int i = 0; i < companions->vcpu_count; i++) {
		if (!companions->vcpus[i].broke)
			continue;
		blame_vcpu(&companions->vcpus[i], blame);
		return;
	}
	if (!done || !companions->driving || companions->drive_right)
		return;
	blame->state = NM_STATE_FAILED;
	snprintf(blame->reason, sizeof(blame->reason),
		 "the guest ended before its driver had taken the samples");
}

void nm_companions_stop(struct nm_companions *companions, bool done, struct nm_blame *blame)
{
	__atomic_store_n(&companions->over, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&companions->shared->stop.value, 1, __ATOMIC_RELEASE);
	if (companions->driving)
		pthread_join(companions->driver.thread, NULL);
	for (unsigned int i = 0; i < companions->vcpu_count; i++)
		end(&companions->vcpus[i]);
	find_blame(companions, done, blame);
}
