/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From a signal on an eventfd in another thread of the host to the guest's handler (KVM_IRQFD): how a device of vhost, VFIO
 * or a VMM's I/O thread interrupts a guest.
 *
 * - An MSI is delivered in the context of whoever signals (kvm_arch_set_irq_inatomic()). A target that runs is kicked by an
 *   IPI, which it exits for, and exits again for EOI; with posted interrupts or AVIC it does neither. A target that is
 *   halted has exited by HLT and is woken, so that only EOI is left to exit.
 * - A level of the IOAPIC is raised by a worker of the kernel, and lowered by the guest's EOI, which exits even with
 *   virtualized APICs, because KVM must signal the resample fd.
 *
 * A halted vCPU is polled for by KVM for a while (halt_poll_ns), but only while no other task wants its CPU, and then put to
 * sleep. Signals that come soon after HLT meet the former on a quiet machine; .asleep forbids it, so that waking always goes
 * through the scheduler of the host.
 */
#include "benchmarks/interrupts/driven.h"

#include "benchmarks/interrupts/interrupts.h"
#include "benchmarks/interrupts/pair.h"
#include "benchmarks/native.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int open_event(int flags)
{
	int fd = eventfd(0, EFD_CLOEXEC | flags);

	return fd < 0 ? nm_fail(errno, "eventfd: %s", strerror(errno)) : fd;
}

static int prepare_msi(struct nm_guest_round *round)
{
	const struct nm_vm *vm = &round->guest->vm;
	int fd = open_event(0);
	int r;

	if (fd < 0)
		return fd;
	round->event_fd = fd;
	r = nm_vm_route_msi(vm, NM_ABI_GSI_MSI, MSI_ADDRESS, NM_ABI_VECTOR);
	return r ? r : nm_vm_irqfd(vm, fd, NM_ABI_GSI_MSI);
}

/* What the EOI signals, and how often it did. */
struct level {
	int resample_fd;
	uint64_t lowered;
};

static int prepare_level(struct nm_guest_round *round)
{
	struct level *level = calloc(1, sizeof(*level));

	if (!level)
		return nm_fail(ENOMEM, "out of memory");
	round->own = level;
	round->event_fd = open_event(0);
	level->resample_fd = open_event(EFD_NONBLOCK);
	if (round->event_fd < 0 || level->resample_fd < 0)
		return -nm_error_last()->code;
	return nm_vm_irqfd_resample(&round->guest->vm, round->event_fd, level->resample_fd,
				    NM_ABI_GSI_LEVEL);
}

static void release_level(struct nm_guest_round *round)
{
	struct level *level = round->own;

	if (level && level->resample_fd >= 0)
		close(level->resample_fd);
	free(level);
}

static int write_one(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		return nm_fail(errno, "eventfd: %s", strerror(errno));
	return 0;
}

static int signal_event(struct nm_guest_round *round)
{
	return write_one(round->event_fd);
}

/* EOI has come once the resample fd is signalled. */
static bool await_lowered(struct nm_guest_round *round)
{
	struct level *level = round->own;
	uint64_t count;

	while (read(level->resample_fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
		if (__atomic_load_n(round->over, __ATOMIC_ACQUIRE))
			return false;
	level->lowered += count;
	return true;
}

static bool drive_spinning(struct nm_guest_round *round, char *why, size_t size)
{
	const struct nm_interrupter how = {.interrupt = signal_event};

	return nm_interrupt_samples(round, &how, why, size);
}

static bool drive_halted(struct nm_guest_round *round, char *why, size_t size)
{
	const struct nm_interrupter how = {.interrupt = signal_event, .settle = nm_settle_halted};

	return nm_interrupt_samples(round, &how, why, size);
}

/* Nothing has lowered the line before the first interrupt. */
static bool settle_level(struct nm_guest_round *round)
{
	const struct level *level = round->own;

	return level->lowered == round->shared->vcpu[0].value || await_lowered(round);
}

static bool drive_level(struct nm_guest_round *round, char *why, size_t size)
{
	const struct nm_interrupter how = {.interrupt = signal_event, .settle = settle_level};

	return nm_interrupt_samples(round, &how, why, size);
}

static bool verify_level(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct level *level = round->own;

	if (!nm_driven_verify(round, why, size))
		return false;
	if (level->lowered == round->operations)
		return true;
	snprintf(why, size, "the resample fd was signalled %" PRIu64 " times, expected %" PRIu64,
		 level->lowered, round->operations);
	return false;
}

/* The native twin of a target that runs: a signal to a thread that spins. */

static volatile uint64_t handled;

static void count_signal(int number)
{
	(void)number;
	handled++;
}

static bool native_signal(struct nm_native_round *round, char *why, size_t size)
{
	struct sigaction action = {.sa_handler = count_signal};
	struct sigaction before;
	struct nm_pair pair = {.run = nm_pair_spin};
	uint64_t sent = 0;

	if (!nm_pair_start(&pair, round, why, size))
		return false;
	handled = 0;
	sigaction(SIGUSR1, &action, &before);
	NM_NATIVE(round, {
		pthread_kill(pair.thread, SIGUSR1);
		sent++;
		nm_pair_wait(&handled, sent);
	});
	nm_pair_stop(&pair);
	sigaction(SIGUSR1, &before, NULL);
	return nm_pair_verify(handled, sent, why, size);
}

/* That of a target that is halted: a write to an eventfd that a thread sleeps on. */

static void read_events(struct nm_pair *pair)
{
	uint64_t count;

	while (!nm_pair_stopped(pair))
		if (read(pair->fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
			pair->answer.value += count;
}

static uint64_t event_ticks(struct nm_pair *pair, uint64_t *sent)
{
	uint64_t start;

	nm_pair_settle();
	start = nm_tsc();
	write_one(pair->fd);
	nm_pair_wait(&pair->answer.value, ++*sent);
	return nm_tsc() - start;
}

static bool native_event(struct nm_native_round *round, char *why, size_t size)
{
	struct nm_pair pair = {.run = read_events, .fd = open_event(0)};
	uint64_t sent = 0;
	bool right;

	if (pair.fd < 0) {
		snprintf(why, size, "%s", nm_error_last()->text);
		return false;
	}
	right = nm_pair_start(&pair, round, why, size);
	if (right) {
		NM_NATIVE_TICKS(round, event_ticks(&pair, &sent));
		right = nm_pair_verify(pair.answer.value, sent, why, size);
		nm_pair_end(&pair);
		write_one(pair.fd);
		nm_pair_stop(&pair);
	}
	close(pair.fd);
	return right;
}

const struct nm_bench nm_bench_irq_irqfd_spinning = {
	.name = "irq.irqfd.spinning",
	.group = "interrupts",
	.summary = "an MSI by irqfd to a vCPU that runs; natively a signal to a thread that runs",
	.happens =
		"Another thread of the host signals an eventfd; KVM delivers the MSI and kicks "
		"the vCPU, which exits, takes the interrupt, and exits again for EOI. With posted "
		"interrupts or AVIC it does neither.",
	.matters = "Each packet and each completed I/O request that reaches a busy guest from "
		   "vhost, VFIO or an I/O thread takes this way.",
	.version = 1,
	.payload = "target.spinning",
	.cpls = NM_CPL3,
	.native_cpus = 2,
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.irq_routing"},
	.irqchip = true,
	.expect = {.exits = 0, .exits_or = 2},
	.prepare = prepare_msi,
	.drive = drive_spinning,
	.verify = nm_driven_verify,
	.native = native_signal,
};

const struct nm_bench nm_bench_irq_irqfd_halted = {
	.name = "irq.irqfd.halted",
	.group = "interrupts",
	.summary = "an MSI by irqfd to a vCPU that has just halted",
	.happens = "The guest halts, for which it exits; another thread of the host signals an "
		   "eventfd while KVM still polls for it; the interrupt is injected, and EOI exits "
		   "unless the CPU virtualizes the APIC.",
	.matters = "It is the way to a guest that waits for an answer it will have soon: "
		   "request and response over a network.",
	.version = 1,
	.payload = "target.halted",
	.cpls = NM_CPL0,
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.irq_routing"},
	.irqchip = true,
	.expect = {.exits = 1, .exits_or = 2},
	.prepare = prepare_msi,
	.drive = drive_halted,
	.verify = nm_driven_verify,
};

const struct nm_bench nm_bench_irq_irqfd_asleep = {
	.name = "irq.irqfd.asleep",
	.group = "interrupts",
	.summary = "an MSI by irqfd to a vCPU that sleeps; natively a thread that sleeps on an "
		   "eventfd",
	.happens = "As irq.irqfd.halted, with KVM's polling forbidden: the thread of the "
		   "vCPU sleeps, and the scheduler of the host must wake it.",
	.matters = "It is the way to a guest that has been idle for a while: the first request "
		   "after a pause pays for it.",
	.version = 1,
	.payload = "target.halted",
	.cpls = NM_CPL0,
	.native_cpus = 2,
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.irq_routing",
		     "kvm.cap.halt_poll"},
	.irqchip = true,
	.expect = {.exits = 1, .exits_or = 2},
	.configure = nm_interrupts_never_poll,
	.prepare = prepare_msi,
	.drive = drive_halted,
	.verify = nm_driven_verify,
	.native = native_event,
};

const struct nm_bench nm_bench_irq_irqfd_level = {
	.name = "irq.irqfd.level",
	.group = "interrupts",
	.summary = "a level of the IOAPIC by irqfd to a vCPU that runs, lowered by its EOI",
	.happens = "A worker of the kernel raises the line and kicks the vCPU, which exits and "
		   "takes the interrupt; EOI exits, lowers the line and signals the resample fd. "
		   "With a virtualized APIC only EOI exits.",
	.matters = "Devices without MSI interrupt like this: legacy virtio and passed-through "
		   "devices with INTx.",
	.version = 1,
	.payload = "target.level",
	.cpls = NM_CPL3,
	.max_samples = 100,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd_resample"},
	.irqchip = true,
	.expect = {.exits = 1, .exits_or = 2},
	.prepare = prepare_level,
	.drive = drive_level,
	.verify = verify_level,
	.release = release_level,
};
