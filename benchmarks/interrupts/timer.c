/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Timers of the local APIC: how much later than it should the handler reads the clock. Without a virtualized APIC the write
 * that sets the timer exits, what ends the wait does (the host's timer interrupt or the preemption timer of VMX while the
 * guest spins, HLT itself while it does not), and EOI does; with one, EOI does not. A deadline that is over needs no wait.
 * The timer of KVM's APIC counts nanoseconds (APIC_BUS_CYCLE_NS_DEFAULT in arch/x86/kvm/lapic.h), and a periodic one is not
 * shorter than 200 µs (min_timer_period_us).
 */
#include "benchmarks/interrupts/interrupts.h"

#include "benchmarks/native.h"
#include "vmm/kvmstats.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define AHEAD_NS		 20000u
#define PERIOD_NS		 500000u
#define MAX_SAMPLES		 1000u
#define MAX_SPINS		 200u /* an interpreter takes an interrupt half a millisecond late */
#define EARLY_NS		 1000u /* what differs between clocks may make an interrupt come this early */
#define HALT_POLL_NS		 200000u
#define CPUID_1_ECX_TSC_DEADLINE (1u << 24)

/* The kernel's timers run at the rate of CLOCK_MONOTONIC, which NTP slews; the TSC does not know. */
static double monotonic_rate(void)
{
	struct timex now = {0};

	if (adjtimex(&now) < 0)
		return 1;
	return (double)now.tick / 10000 + (double)now.freq / 65536e6;
}

static int set_times(struct nm_guest_round *round, uint64_t ns)
{
	uint64_t ticks = nm_interrupts_ticks(round, ns);

	if (!ticks)
		return nm_interrupts_no_ticks();
	round->control->argument[0] = ticks;
	round->control->argument[1] = ns;
	return 0;
}

/* Since it depends on the in-kernel APIC, user space announces it (api.rst, KVM_CAP_TSC_DEADLINE_TIMER). */
static int announce_deadline(const struct nm_guest *guest)
{
	struct kvm_cpuid2 *cpuid = guest->vm.kvm->cpuid;

	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 1)
			cpuid->entries[i].ecx |= CPUID_1_ECX_TSC_DEADLINE;
	return nm_vcpu_set_cpuid(&guest->vcpus[0], cpuid);
}

static int prepare_count(struct nm_guest_round *round)
{
	return set_times(round, AHEAD_NS);
}

static int prepare_deadline(struct nm_guest_round *round)
{
	int r = announce_deadline(round->guest);

	return r ? r : set_times(round, AHEAD_NS);
}

static int prepare_period(struct nm_guest_round *round)
{
	int r = set_times(round, PERIOD_NS);

	round->control->argument[0] =
		(uint64_t)((double)nm_interrupts_ticks(round, PERIOD_NS) / monotonic_rate());
	return r;
}

static bool none_early(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[4] <= nm_interrupts_ticks(round, EARLY_NS))
		return true;
	snprintf(why, size,
		 "%" PRIu64 " of %" PRIu64 " interrupts came before their time, up to %" PRIu64
		 " ticks of the TSC",
		 result[3], result[0], result[4]);
	return false;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	return nm_interrupts_verify(round, why, size) && none_early(round, why, size);
}

/* Each time that was due had an interrupt of its own or of one before it; some came from the grid before. */
static bool verify_period(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[0] + result[5] != round->operations + result[6]) {
		snprintf(why, size,
			 "%" PRIu64 " interrupts came, expected %" PRIu64 " less %" PRIu64
			 " that were merged with others, and %" PRIu64 " stray ones",
			 result[0], round->operations, result[5], result[6]);
		return false;
	}
	return none_early(round, why, size);
}

static int halt_poll_on(const struct nm_vm *vm)
{
	return nm_vm_halt_poll(vm, HALT_POLL_NS);
}

/* Of vCPU 0 since it exists; -1 when this KVM does not count it. */
static int64_t counter_of(const struct nm_guest_round *round, const char *name)
{
	struct nm_kvmstats stats;
	uint64_t *values = NULL;
	int64_t found = -1;

	if (!nm_kvmstats_open(&stats, round->guest->vcpus[0].fd))
		values = calloc(stats.count, sizeof(*values));
	for (size_t i = 0; values && !nm_kvmstats_read(&stats, values) && i < stats.count; i++)
		if (!strcmp(stats.stats[i].name, name))
			found = (int64_t)values[i];
	free(values);
	nm_kvmstats_close(&stats);
	return found;
}

static bool verify_poll_off(const struct nm_guest_round *round, char *why, size_t size)
{
	int64_t polls = counter_of(round, "halt_attempted_poll");

	if (!verify(round, why, size))
		return false;
	if (polls <= 0)
		return true;
	snprintf(why, size, "KVM polled %" PRId64 " times, although this VM allows it no time",
		 polls);
	return false;
}

static bool verify_poll_on(const struct nm_guest_round *round, char *why, size_t size)
{
	int64_t polls = counter_of(round, "halt_attempted_poll");

	if (!verify(round, why, size))
		return false;
	if (polls > 0)
		return true;
	snprintf(why, size, "KVM did not poll, although this VM allows it %u ns", HALT_POLL_NS);
	return false;
}

/* How late a native wait ended, in ns. */
typedef bool (*wait_fn)(void *context, uint64_t *late_ns);

/* Samples are taken in ns and become ticks by what the TSC did in the meantime. */
static void to_ticks(struct nm_native_round *round)
{
	double rate = (double)(round->tsc_end - round->tsc_begin) /
		      (double)(round->host_end_ns - round->host_begin_ns);

	for (uint64_t i = 0; i < round->samples; i++)
		round->sample[i] = (uint64_t)((double)round->sample[i] * rate);
}

/* KVM's timers have no slack, so this thread's have none either. */
static bool measure_waits(struct nm_native_round *round, wait_fn wait, void *context, char *why,
			  size_t size)
{
	uint64_t unused;
	bool right = !prctl(PR_SET_TIMERSLACK, 1ul);

	for (uint64_t i = 0; right && i < round->warmup; i++)
		right = wait(context, &unused);
	round->host_begin_ns = nm_clock_raw_ns();
	round->tsc_begin = nm_tsc();
	for (uint64_t i = 0; right && i < round->samples; i++)
		right = wait(context, &round->sample[i]);
	round->tsc_end = nm_tsc();
	round->host_end_ns = nm_clock_raw_ns();
	to_ticks(round);
	if (!right)
		snprintf(why, size, "the wait ended too early, or with %s", strerror(errno));
	return right;
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec) {.tv_sec = (time_t)(ns / NM_NS_PER_S),
				  .tv_nsec = (long)(ns % NM_NS_PER_S)};
}

static bool sleep_until(uint64_t due, uint64_t *late_ns)
{
	const struct timespec until = to_timespec(due);
	int r = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	uint64_t now = nm_clock_ns();

	*late_ns = now - due;
	errno = r;
	return !r && now >= due;
}

static bool sleep_ahead(void *context, uint64_t *late_ns)
{
	(void)context;
	return sleep_until(nm_clock_ns() + AHEAD_NS, late_ns);
}

/* Times that are due lie on a grid; those that are over already are skipped. */
static bool sleep_on_grid(void *context, uint64_t *late_ns)
{
	uint64_t *due = context;
	bool right = sleep_until(*due, late_ns);

	*due += (*late_ns / PERIOD_NS + 1) * PERIOD_NS;
	return right;
}

static bool timer_ahead(void *context, uint64_t *late_ns)
{
	const int fd = *(const int *)context;
	uint64_t due = nm_clock_ns() + AHEAD_NS;
	const struct itimerspec timer = {.it_value = to_timespec(due)};
	uint64_t expired = 0;
	uint64_t now;

	if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &timer, NULL) ||
	    read(fd, &expired, sizeof(expired)) != sizeof(expired))
		return false;
	now = nm_clock_ns();
	*late_ns = now - due;
	return expired == 1 && now >= due;
}

static bool native_sleep(struct nm_native_round *round, char *why, size_t size)
{
	return measure_waits(round, sleep_ahead, NULL, why, size);
}

static bool native_grid(struct nm_native_round *round, char *why, size_t size)
{
	uint64_t due = nm_clock_ns() + PERIOD_NS;

	return measure_waits(round, sleep_on_grid, &due, why, size);
}

static bool native_timerfd(struct nm_native_round *round, char *why, size_t size)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	bool right = fd >= 0 && measure_waits(round, timer_ahead, &fd, why, size);

	if (fd < 0)
		snprintf(why, size, "timerfd_create: %s", strerror(errno));
	else
		close(fd);
	return right;
}

#define SPIN_MATTERS                                                                               \
	"Guests that are busy get their preemption, their timeouts and their pacing of packets "   \
	"this late."
#define HLT_MATTERS                                                                                \
	"Guests that sleep for a short time, as event loops, media and databases do, wake up "     \
	"this late."

const struct nm_bench nm_bench_timer_deadline_spin = {
	.name = "timer.deadline.spin",
	.group = "interrupts",
	.summary = "lateness of a TSC deadline 20 µs ahead, the guest spinning",
	.happens = "The guest writes a deadline into MSR 6E0h and spins until the handler has read "
		   "the TSC; the write, what ends the spinning and EOI exit, the last unless the "
		   "CPU virtualizes the APIC.",
	.matters = SPIN_MATTERS,
	.vmexit = "tscdeadline: there 3000 ticks ahead, and the time includes the wait",
	.version = 1,
	.cpls = NM_CPL0,
	.max_samples = MAX_SPINS,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.tsc_deadline_timer"},
	.irqchip = true,
	.expect = {.exits = 3, .exits_or = 2},
	.prepare = prepare_deadline,
	.verify = verify,
};

const struct nm_bench nm_bench_timer_deadline_hlt = {
	.name = "timer.deadline.hlt",
	.group = "interrupts",
	.summary = "lateness of a TSC deadline 20 µs ahead, the guest halted",
	.happens =
		"The guest writes a deadline into MSR 6E0h and halts; KVM blocks or polls as the "
		"machine's settings say, and the handler reads the TSC. Natively "
		"clock_nanosleep() with an absolute time, without timer slack.",
	.matters = HLT_MATTERS,
	.version = 1,
	.cpls = NM_CPL0,
	.max_samples = MAX_SAMPLES,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.tsc_deadline_timer"},
	.irqchip = true,
	.expect = {.exits = 3, .exits_or = 2},
	.prepare = prepare_deadline,
	.verify = verify,
	.native = native_sleep,
};

const struct nm_bench nm_bench_timer_deadline_past = {
	.name = "timer.deadline.past",
	.group = "interrupts",
	.summary = "a TSC deadline that is over at once, until the handler",
	.happens =
		"The guest writes the present TSC into MSR 6E0h, which exits, and KVM injects the "
		"interrupt on the way back; EOI exits too, unless the CPU virtualizes the APIC.",
	.matters = "Guests that program the next of several timers find it over when the machine "
		   "is busy, and must still be interrupted.",
	.vmexit = "tscdeadline_immed",
	.version = 1,
	.cpls = NM_CPL0,
	.max_samples = MAX_SAMPLES,
	.single = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.tsc_deadline_timer"},
	.irqchip = true,
	.expect = {.exits = 2, .exits_or = 1},
	.prepare = prepare_deadline,
	.verify = verify,
};

const struct nm_bench nm_bench_timer_oneshot_spin = {
	.name = "timer.oneshot.spin",
	.group = "interrupts",
	.summary = "lateness of the APIC's one-shot timer 20 µs ahead, a program spinning",
	.happens =
		"A program stores the count into the page of the APIC and spins at CPL3 until the "
		"handler has read the TSC; the store, what ends the spinning and EOI exit, the "
		"last unless the CPU virtualizes the APIC.",
	.matters = SPIN_MATTERS,
	.version = 1,
	.cpls = NM_CPL3,
	.max_samples = MAX_SAMPLES,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 3, .exits_or = 2, .insn_emulation = 2},
	.prepare = prepare_count,
	.verify = verify,
};

const struct nm_bench nm_bench_timer_oneshot_hlt = {
	.name = "timer.oneshot.hlt",
	.group = "interrupts",
	.summary = "lateness of the APIC's one-shot timer 20 µs ahead, the guest halted",
	.happens = "The guest stores the count into the page of the APIC and halts; the handler "
		   "reads the TSC. Natively a timerfd set to an absolute time, and read(), without "
		   "timer slack.",
	.matters = HLT_MATTERS,
	.version = 1,
	.cpls = NM_CPL0,
	.max_samples = MAX_SAMPLES,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 3, .exits_or = 2, .insn_emulation = 2},
	.prepare = prepare_count,
	.verify = verify,
	.native = native_timerfd,
};

const struct nm_bench nm_bench_timer_periodic_hlt = {
	.name = "timer.periodic.hlt",
	.group = "interrupts",
	.summary = "lateness of the APIC's periodic timer of 2 kHz against its grid",
	.happens =
		"The APIC's timer runs with a period of 500 µs while the guest halts between its "
		"interrupts; each is compared with a grid that a late one does not shift, "
		"unless it is a period late. Natively clock_nanosleep() to the times of a grid, "
		"without timer "
		"slack.",
	.matters = "Control loops, audio and cyclic real-time tasks live by the worst of these, "
		   "which the histogram shows.",
	.version = 1,
	.cpls = NM_CPL0,
	.max_samples = MAX_SAMPLES,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 2, .exits_or = 1, .insn_emulation = 1},
	.prepare = prepare_period,
	.verify = verify_period,
	.native = native_grid,
};

const struct nm_bench nm_bench_timer_halt_poll_off = {
	.name = "timer.halt_poll.off",
	.group = "interrupts",
	.summary = "lateness of a TSC deadline 20 µs ahead, the guest halted, KVM not polling",
	.happens = "As timer.deadline.hlt, in a VM whose halts KVM does not poll for "
		   "(KVM_CAP_HALT_POLL): the thread of the vCPU sleeps at once.",
	.matters = "The difference to timer.halt_poll.on is what polling buys a guest that wakes "
		   "up often, for CPU time of the host.",
	.version = 1,
	.payload = "timer.deadline.hlt",
	.cpls = NM_CPL0,
	.max_samples = MAX_SAMPLES,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.tsc_deadline_timer", "kvm.cap.halt_poll"},
	.irqchip = true,
	.expect = {.exits = 3, .exits_or = 2},
	.configure = nm_interrupts_never_poll,
	.prepare = prepare_deadline,
	.verify = verify_poll_off,
};

const struct nm_bench nm_bench_timer_halt_poll_on = {
	.name = "timer.halt_poll.on",
	.group = "interrupts",
	.summary = "lateness of a TSC deadline 20 µs ahead, the guest halted, KVM polling",
	.happens = "As timer.deadline.hlt, in a VM whose halts KVM may poll for up to 200 µs "
		   "(KVM_CAP_HALT_POLL) before the thread of the vCPU sleeps.",
	.matters = "The difference to timer.halt_poll.off is what polling buys a guest that wakes "
		   "up often, for CPU time of the host.",
	.version = 1,
	.payload = "timer.deadline.hlt",
	.cpls = NM_CPL0,
	.max_samples = MAX_SAMPLES,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.tsc_deadline_timer", "kvm.cap.halt_poll"},
	.irqchip = true,
	.expect = {.exits = 3, .exits_or = 2},
	.configure = halt_poll_on,
	.prepare = prepare_deadline,
	.verify = verify_poll_on,
};
