/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The two messages of which every request of a virtio device consists, each alone: the doorbell that wakes the thread of the device,
 * and the interrupt that says that something is done. Together they are what a request costs before its device has done anything.
 * The native twin of the doorbell is a write to the eventfd that the same thread sleeps on.
 */
#include "benchmarks/interrupts/driven.h"

#include "benchmarks/interrupts/interrupts.h"
#include "benchmarks/interrupts/pair.h"
#include "benchmarks/native.h"
#include "core/error.h"
#include "vmm/virtio/mmio.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A device whose thread tells that it was kicked, and does nothing else. */
struct bell {
	struct nm_virtio device;
	volatile uint64_t *ready, *seen;
};

/* It is called once before anybody can have kicked. */
static int answer(struct nm_virtio *device)
{
	struct bell *bell = device->own;

	if (*bell->ready)
		__atomic_store_n(bell->seen, *bell->seen + 1, __ATOMIC_RELEASE);
	else
		__atomic_store_n(bell->ready, 1, __ATOMIC_RELEASE);
	return 0;
}

static const struct nm_virtio_kind bell_kind = {
	.name = "doorbell",
	.id = VIRTIO_ID_BLOCK,
	.queues = 1,
	.serve = answer,
};

static void init_bell(struct bell *bell, struct nm_abi_shared *shared, int cpu)
{
	bell->ready = &shared->ready.value;
	bell->seen = &shared->seen.value;
	bell->device =
		(struct nm_virtio) {.kind = &bell_kind, .own = bell, .event_fd = -1, .cpu = cpu};
}

static int prepare_kick(struct nm_guest_round *round)
{
	const unsigned int next = round->guest->vcpu_count;
	struct bell *bell = calloc(1, sizeof(*bell));

	if (!bell)
		return nm_fail(ENOMEM, "out of memory");
	round->own = bell;
	round->control->argument[0] = nm_interrupts_ticks(round, HALTING_NS);
	if (!round->control->argument[0])
		return nm_interrupts_no_ticks();
	init_bell(bell, round->shared, round->cpus->count > next ? round->cpus->ids[next] : -1);
	return nm_virtio_create(&bell->device, &round->guest->vm, &round->guest->devices,
				NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static bool verify_kick(const struct nm_guest_round *round, char *why, size_t size)
{
	struct bell *bell = round->own;

	nm_virtio_destroy(&bell->device);
	if (bell->device.broken[0]) {
		snprintf(why, size, "%s", bell->device.broken);
		return false;
	}
	if (*bell->seen == round->operations)
		return true;
	snprintf(why, size, "the thread was woken %" PRIu64 " times, expected %" PRIu64,
		 *bell->seen, round->operations);
	return false;
}

static void release_kick(struct nm_guest_round *round)
{
	struct bell *bell = round->own;

	if (bell && bell->device.kind)
		nm_virtio_destroy(&bell->device);
	free(bell);
}

/* Natively: the device without a machine around it. */

static void set_register(struct nm_virtio *device, uint32_t offset, uint32_t value)
{
	const struct nm_access access = {
		.address = offset, .bytes = 4, .count = 1, .write = true, .data = &value};

	nm_virtio_access(device, &access);
}

static int start_bell(struct nm_virtio *device)
{
	const uint32_t status =
		VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK;
	int r = nm_virtio_create(device, NULL, NULL, 0, 0);

	if (r)
		return r;
	set_register(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set_register(device, VIRTIO_MMIO_DRIVER_FEATURES, 1u << (VIRTIO_F_VERSION_1 - 32));
	set_register(device, VIRTIO_MMIO_STATUS, status);
	set_register(device, VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_DRIVER_OK);
	return device->running ? 0 : -nm_error_last()->code;
}

static uint64_t kick(const struct bell *bell, uint64_t *kicks)
{
	const uint64_t one = 1;
	uint64_t start;
	uint64_t ticks;

	nm_pair_settle();
	start = nm_tsc();
	/* A counter of an eventfd is never full here. */
	if (write(bell->device.kick_fd, &one, sizeof(one)) < 0)
		return 0;
	nm_pair_wait(bell->seen, ++*kicks);
	ticks = nm_tsc() - start;
	return ticks;
}

static bool native_kick(struct nm_native_round *round, char *why, size_t size)
{
	struct nm_abi_shared shared = {0};
	struct bell bell;
	uint64_t kicks = 0;

	init_bell(&bell, &shared, round->cpus->count > 1 ? round->cpus->ids[1] : -1);
	if (start_bell(&bell.device)) {
		snprintf(why, size, "%s", nm_error_last()->text);
		return false;
	}
	nm_pair_wait(bell.ready, 1);
	NM_NATIVE_TICKS(round, kick(&bell, &kicks));
	nm_virtio_destroy(&bell.device);
	return nm_pair_verify(*bell.seen, kicks, why, size);
}

/* The other way */

static int prepare_completion(struct nm_guest_round *round)
{
	round->event_fd = eventfd(0, EFD_CLOEXEC);
	if (round->event_fd < 0)
		return nm_fail(errno, "eventfd: %s", strerror(errno));
	return nm_vm_irqfd(&round->guest->vm, round->event_fd, NM_ABI_VIRTIO_GSI);
}

static int complete(struct nm_guest_round *round)
{
	const uint64_t one = 1;

	if (write(round->event_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		return nm_fail(errno, "eventfd: %s", strerror(errno));
	return 0;
}

static bool drive_completion(struct nm_guest_round *round, char *why, size_t size)
{
	const struct nm_interrupter how = {.interrupt = complete, .settle = nm_settle_halted};

	return nm_interrupt_samples(round, &how, why, size);
}

const struct nm_bench nm_bench_io_virtio_kick = {
	.name = "io.virtio.kick",
	.group = "io",
	.summary = "a virtio doorbell that wakes the sleeping thread of its device",
	.happens = "A store exits to KVM, which decodes it and signals an ioeventfd; the thread of "
		   "the VMM that sleeps in poll() on it is woken on another CPU and tells that it "
		   "runs in a cache line that the guest looks at. Natively a write() to the same "
		   "eventfd.",
	.matters = "The way there of every request to a device that has been idle: half of what "
		   "notifications cost.",
	.version = 1,
	.cpls = NM_CPL3,
	.threads = 1,
	.native_cpus = 2,
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"},
	.irqchip = true,
	.expect = {.exits = 1, .insn_emulation = 1},
	.prepare = prepare_kick,
	.verify = verify_kick,
	.release = release_kick,
	.native = native_kick,
};

const struct nm_bench nm_bench_io_virtio_completion = {
	.name = "io.virtio.completion",
	.group = "io",
	.summary = "the interrupt of a virtio-mmio device, by irqfd, to a vCPU that has halted",
	.happens = "A thread of the host signals an irqfd; a worker of the kernel raises the line "
		   "at the IOAPIC, and the vCPU, which has left by HLT, wakes up and takes the "
		   "interrupt. Its EOI is another exit unless the CPU virtualizes the APIC.",
	.matters = "The way back of every request that a driver awaits by interrupt: the other "
		   "half of what notifications cost.",
	.version = 1,
	.payload = "target.line",
	.cpls = NM_CPL0,
	.max_samples = 300,
	.single = true,
	.histogram = true,
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd"},
	.irqchip = true,
	.expect = {.exits = 1, .exits_or = 2},
	.prepare = prepare_completion,
	.drive = drive_completion,
	.verify = nm_driven_verify,
};
