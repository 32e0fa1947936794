/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * vCPUs that hand a token round and wait for it in loops of PAUSE: spin locks, as guests have them. When all vCPUs run, nothing
 * exits. Where one of them does not, the others spin in vain, and pause-loop exiting (VMX at CPL0, SVM's PAUSE filter) gives
 * their CPUs to somebody else; how often is for the machine to say, so exits are shown and not judged.
 */
#include "benchmarks/interrupts/pair.h"
#include "benchmarks/native.h"

#include <inttypes.h>
#include <stdio.h>

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t handed = round->shared->go.value;
	uint64_t expected = round->operations * round->guest->vcpu_count;

	if (handed == expected)
		return true;
	snprintf(why, size, "the token was handed on %" PRIu64 " times, expected %" PRIu64, handed,
		 expected);
	return false;
}

/* The token is the number of times that it was handed on; its holder is that modulo the threads. */
static void hand_on(struct nm_pair *pair)
{
	uint64_t next = pair->number;

	while (!nm_pair_stopped(pair)) {
		if (pair->token->value == next) {
			pair->token->value = next + 1;
			next += pair->threads;
		}
		__builtin_ia32_pause();
	}
}

static void once_round(struct nm_word *token, uint64_t threads)
{
	uint64_t back = token->value + threads;

	token->value++;
	while (token->value != back)
		__builtin_ia32_pause();
}

static size_t start_all(struct nm_pair *pairs, struct nm_word *token,
			const struct nm_native_round *round, char *why, size_t size)
{
	size_t started = 0;

	while (started + 1 < round->point) {
		pairs[started] = (struct nm_pair) {
			.run = hand_on,
			.number = started + 1,
			.token = token,
			.threads = round->point,
		};
		if (!nm_pair_start(&pairs[started], round, why, size))
			break;
		started++;
	}
	return started;
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	struct nm_pair pairs[NM_ABI_MAX_VCPUS];
	struct nm_word token = {0};
	size_t started;

	if (round->cpus->count < round->point) {
		snprintf(why, size, "needs %" PRIu64 " CPUs: this process may use %zu",
			 round->point, round->cpus->count);
		round->unsupported = true;
		round->remedy = "run it on a machine with more CPUs";
		return false;
	}
	started = start_all(pairs, &token, round, why, size);
	if (started + 1 == round->point)
		NM_NATIVE(round, once_round(&token, round->point));
	for (size_t i = 0; i < started; i++)
		nm_pair_stop(&pairs[i]);
	return started + 1 == round->point;
}

static const struct nm_axis vcpus = {.name = "vcpus", .points = {2, 4, 8, 16}, .count = 4};

const struct nm_bench nm_bench_irq_spin_ring = {
	.name = "irq.spin.ring",
	.group = "interrupts",
	.summary = "vCPUs, or threads, that hand a token round by spinning with PAUSE",
	.happens = "Each vCPU spins on a word in memory until it is its turn and hands on; a cache "
		   "line moves from CPU to CPU, and nothing exits while all of them run.",
	.matters = "It is what spin locks cost; where a vCPU is descheduled, pause-loop exiting "
		   "decides how long the others spin in vain.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.axis = &vcpus,
	.partner = "partner.ring",
	.native_cpus = 2,
	.expect = {.exits_vary = true},
	.verify = verify,
	.native = native,
};
