/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Interrupts from one vCPU to others: a write to the x2APIC's ICR, until the handlers there have counted. The ICR's write exits
 * (KVM has a fast path for it), unless the CPU virtualizes IPIs (VT-x' IPI virtualization, AVIC). What the others exit for, the
 * kick and EOI, is not counted here: evidence is that of the sender.
 *
 * - spinning: the target runs user code. Natively a barrier does the same to another thread's CPU: membarrier() returns when
 *   the kernel's IPI has been handled there.
 * - halted: the target has just executed HLT. Natively a futex wakes a thread that sleeps.
 * - broadcast: all but self, to as many vCPUs as the axis says.
 */
#include "benchmarks/interrupts/driven.h"
#include "benchmarks/interrupts/interrupts.h"
#include "benchmarks/interrupts/pair.h"
#include "benchmarks/native.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* argument[0]: TSC ticks to wait before the next interrupt. */
static int prepare_halted(struct nm_guest_round *round)
{
	round->control->argument[0] = nm_interrupts_ticks(round, HALTING_NS);
	return round->control->argument[0] ? 0 : nm_interrupts_no_ticks();
}

/* Each vCPU counts in its own word, the first has none. */
static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	for (unsigned int i = 1; i < round->guest->vcpu_count; i++) {
		uint64_t came = round->shared->vcpu[i].value;

		if (came == round->operations)
			continue;
		snprintf(why, size, "%" PRIu64 " interrupts came to vCPU %u, expected %" PRIu64,
			 came, i, round->operations);
		return false;
	}
	return true;
}

static long membarrier(int command)
{
	return syscall(SYS_membarrier, command, 0, 0);
}

/* Where the partner does not run at this moment there is no IPI, so that its counter must have moved meanwhile. */
static uint64_t barrier_ticks(struct nm_pair *pair, long *error)
{
	uint64_t seen;
	uint64_t ticks;

	do {
		nm_pair_await_change(&pair->answer.value);
		seen = pair->answer.value;
		ticks = nm_tsc();
		*error |= membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
		ticks = nm_tsc() - ticks;
	} while (pair->answer.value == seen);
	return ticks;
}

static bool native_membarrier(struct nm_native_round *round, char *why, size_t size)
{
	struct nm_pair pair = {.run = nm_pair_spin};
	long r = 0;

	if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)) {
		snprintf(why, size, "membarrier: %s", strerror(errno));
		round->unsupported = true;
		round->remedy = "use a kernel with CONFIG_MEMBARRIER, and allow the system call";
		return false;
	}
	if (!nm_pair_start(&pair, round, why, size))
		return false;
	NM_NATIVE_TICKS(round, barrier_ticks(&pair, &r));
	nm_pair_stop(&pair);
	if (r)
		snprintf(why, size, "membarrier: %s", strerror(errno));
	return !r;
}

static void sleep_on_question(struct nm_pair *pair)
{
	while (!nm_pair_stopped(pair)) {
		uint32_t seen = (uint32_t)pair->question.value;

		pair->answer.value = seen;
		syscall(SYS_futex, &pair->question.value, FUTEX_WAIT_PRIVATE, seen, NULL);
	}
}

static void wake(struct nm_pair *pair)
{
	syscall(SYS_futex, &pair->question.value, FUTEX_WAKE_PRIVATE, INT_MAX);
}

static uint64_t wake_ticks(struct nm_pair *pair)
{
	uint64_t start;

	nm_pair_settle();
	start = nm_tsc();
	pair->question.value++;
	wake(pair);
	nm_pair_wait(&pair->answer.value, pair->question.value);
	return nm_tsc() - start;
}

static bool native_wake(struct nm_native_round *round, char *why, size_t size)
{
	struct nm_pair pair = {.run = sleep_on_question};
	bool right;

	if (!nm_pair_start(&pair, round, why, size))
		return false;
	NM_NATIVE_TICKS(round, wake_ticks(&pair));
	right = nm_pair_verify(pair.answer.value, round->warmup + round->samples, why, size);
	nm_pair_end(&pair);
	pair.question.value++;
	wake(&pair);
	nm_pair_stop(&pair);
	return right;
}

const struct nm_bench nm_bench_irq_ipi_spinning = {
	.name = "irq.ipi.spinning",
	.group = "interrupts",
	.summary = "an IPI to a vCPU that runs, until its handler has counted; natively "
		   "membarrier()",
	.happens = "The write to ICR exits to KVM, which kicks the target; that exits, takes the "
		   "interrupt, and the sender sees what the handler wrote. With virtualized IPIs "
		   "nothing exits.",
	.matters = "Guests flush remote TLBs, reschedule and call functions on other CPUs by "
		   "IPIs: databases, JVMs and munmap() of threaded programs feel them.",
	.vmexit = "ipi: there the target halts between two of them; here it runs user code",
	.version = 1,
	.cpls = NM_CPL0,
	.vcpus = 2,
	.partner = "partner.spinning",
	.native_cpus = 2,
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 0, .exits_or = 1},
	.verify = verify,
	.native = native_membarrier,
};

const struct nm_bench nm_bench_irq_ipi_halted = {
	.name = "irq.ipi.halted",
	.group = "interrupts",
	.summary = "an IPI to a vCPU that has halted, until its handler has counted; natively a "
		   "futex",
	.happens = "The write to ICR exits to KVM, which wakes the target from HLT; the interrupt "
		   "is injected there, and the sender sees what the handler wrote.",
	.matters = "Waking an idle CPU of the guest: each blocked thread that another one "
		   "unblocks, so message passing, locks under contention and pipes.",
	.vmexit =
		"ipi_halt: there the sender waits for 2000 cycles, in which the target is to halt "
		"again; here for 40 µs",
	.version = 1,
	.cpls = NM_CPL0,
	.vcpus = 2,
	.partner = "partner.halted",
	.native_cpus = 2,
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 0, .exits_or = 1},
	.prepare = prepare_halted,
	.verify = verify,
	.native = native_wake,
};

static const struct nm_axis vcpus = {.name = "vcpus", .points = {2, 4, 8, 16}, .count = 4};

const struct nm_bench nm_bench_irq_ipi_broadcast = {
	.name = "irq.ipi.broadcast",
	.group = "interrupts",
	.summary = "an IPI to all other vCPUs, which run, until all handlers have counted",
	.happens = "One write to ICR with the shorthand for all but self exits to KVM, which kicks "
		   "every other vCPU.",
	.matters = "TLB shootdowns of large guests: the time grows with the vCPUs, and every one "
		   "of them is interrupted.",
	.version = 1,
	.cpls = NM_CPL0,
	.axis = &vcpus,
	.partner = "partner.spinning",
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 0, .exits_or = 1},
	.verify = verify,
};
