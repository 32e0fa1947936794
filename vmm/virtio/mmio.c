/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/virtio/mmio.h"

#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAGIC	0x74726976u /* "virt" */
#define VERSION 2u
#define VENDOR	0x4b524d4eu /* "NMRK" */

#define TURNS 64u /* without work, for each look at the clock */

#define BIT(feature) (1ull << (feature))

#define RING_FEATURES                                                                              \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_EVENT_IDX))

/* What a driver sets while it starts, in this order (virtio 1.2, 3.1.1). */
#define STATUS_STARTING                                                                            \
	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)

static uint32_t status_of(const struct nm_virtio *device)
{
	return __atomic_load_n(&device->status, __ATOMIC_ACQUIRE);
}

static int signal_fd(int fd)
{
	const uint64_t one = 1;

	return write(fd, &one, sizeof(one)) == (ssize_t)sizeof(one)
		       ? 0
		       : nm_fail(errno, "eventfd: %s", strerror(errno));
}

static void clear_fd(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

static int interrupt(struct nm_virtio *device, uint32_t cause)
{
	__atomic_or_fetch(&device->interrupts, cause, __ATOMIC_SEQ_CST);
	return signal_fd(device->irq_fd);
}

int nm_virtio_interrupt(struct nm_virtio *device, unsigned int queue)
{
	return nm_virtqueue_must_interrupt(&device->queues[queue])
		       ? interrupt(device, VIRTIO_MMIO_INT_VRING)
		       : 0;
}

int nm_virtio_next(struct nm_virtio *device, unsigned int queue, struct nm_chain *chain)
{
	struct nm_virtqueue *virtqueue = &device->queues[queue];
	int r;

	if (!device->ready[queue])
		return 0;
	r = nm_virtqueue_pop(virtqueue, chain);
	if (r)
		return r;
	nm_virtqueue_listen(virtqueue, true);
	r = nm_virtqueue_pop(virtqueue, chain);
	if (r > 0)
		nm_virtqueue_listen(virtqueue, false);
	return r;
}

/* A broken driver stops its own device, with a reason (virtio 1.2, 2.1.2). */
static void break_device(struct nm_virtio *device)
{
	snprintf(device->broken, sizeof(device->broken), "%s: %s", device->kind->name,
		 nm_error_last()->text);
	__atomic_or_fetch(&device->status, VIRTIO_CONFIG_S_NEEDS_RESET, __ATOMIC_SEQ_CST);
	interrupt(device, VIRTIO_MMIO_INT_CONFIG);
}

/* The thread of a device */

static bool has_event(const struct nm_virtio *device, int timeout_ms, bool *stop)
{
	struct pollfd fds[] = {
		{.fd = device->stop_fd, .events = POLLIN},
		{.fd = device->kick_fd, .events = POLLIN},
		{.fd = device->event_fd, .events = POLLIN},
	};
	int count = poll(fds, 3, timeout_ms);

	*stop = fds[0].revents != 0;
	for (int i = 1; i < 3; i++)
		if (fds[i].revents)
			clear_fd(fds[i].fd);
	return count > 0;
}

/*
 * Looks for work for a while, since a sleeper takes longer to wake up than most requests take. Where the clock is not the TSC, a
 * look at it takes as long as a request: there is one for many at the queues.
 */
static int serve_polling(struct nm_virtio *device)
{
	unsigned int turns = 0;
	uint64_t end = 0;
	int r;

	do {
		r = device->kind->serve(device);
		if (r > 0) {
			turns = 0;
			continue;
		}
		__builtin_ia32_pause();
		if (++turns == TURNS)
			end = nm_clock_ns() + device->poll_ns;
	} while (r >= 0 && device->poll_ns &&
		 (turns < TURNS || turns % TURNS || nm_clock_ns() < end) &&
		 !__atomic_load_n(&device->stopping, __ATOMIC_ACQUIRE));
	return r;
}

static void *run(void *context)
{
	struct nm_virtio *device = context;
	bool stop = false;
	int r = 0;

	if (device->cpu >= 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET((unsigned int)device->cpu, &set);
		pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	}
	while (!stop && r >= 0) {
		r = serve_polling(device);
		if (r >= 0)
			has_event(device, r ? 0 : -1, &stop);
	}
	if (r < 0)
		break_device(device);
	return NULL;
}

int nm_virtio_serve(struct nm_virtio *device)
{
	int r;

	if (!device->running || status_of(device) & VIRTIO_CONFIG_S_NEEDS_RESET)
		return 0;
	r = device->kind->serve(device);
	if (r < 0)
		break_device(device);
	return r;
}

static int start_thread(struct nm_virtio *device)
{
	int r;

	device->stopping = 0;
	r = pthread_create(&device->thread, NULL, run, device);
	return r ? nm_fail(r, "cannot start a thread: %s", strerror(r)) : 0;
}

static int start(struct nm_virtio *device)
{
	int r = 0;

	for (unsigned int i = 0; !r && i < device->kind->queues; i++) {
		struct nm_virtqueue *queue = &device->queues[i];

		if (!device->ready[i])
			continue;
		queue->vm = device->vm;
		queue->packed = device->accepted & BIT(VIRTIO_F_RING_PACKED);
		queue->event_index = device->accepted & BIT(VIRTIO_RING_F_EVENT_IDX);
		r = nm_virtqueue_start(queue);
	}
	if (!r && device->kind->start)
		r = device->kind->start(device);
	else if (!r && !device->threadless)
		r = start_thread(device);
	device->running = !r;
	return r;
}

static void stop_thread(struct nm_virtio *device)
{
	__atomic_store_n(&device->stopping, 1, __ATOMIC_RELEASE);
	signal_fd(device->stop_fd);
	pthread_join(device->thread, NULL);
	clear_fd(device->stop_fd);
}

static void stop(struct nm_virtio *device)
{
	if (!device->running)
		return;
	if (!device->threadless && !device->kind->start)
		stop_thread(device);
	device->running = false;
	if (device->kind->quiesce)
		device->kind->quiesce(device);
}

static void reset(struct nm_virtio *device)
{
	stop(device);
	memset(device->queues, 0, sizeof(device->queues));
	memset(device->ready, 0, sizeof(device->ready));
	device->accepted = 0;
	device->offered_select = device->accepted_select = device->queue_select = 0;
	device->interrupts = 0;
	device->broken[0] = 0;
	__atomic_store_n(&device->status, 0, __ATOMIC_RELEASE);
}

/* Registers */

static uint32_t half(uint64_t value, uint32_t select)
{
	return select > 1 ? 0 : (uint32_t)(value >> (32 * select));
}

static void set_half(uint64_t *value, uint32_t select, uint32_t word)
{
	if (select < 2)
		*value = (*value & ~(0xffffffffull << (32 * select))) | (uint64_t)word
										<< (32 * select);
}

static bool features_acceptable(const struct nm_virtio *device)
{
	return !(device->accepted & ~device->offered) && device->accepted & BIT(VIRTIO_F_VERSION_1);
}

static void set_status(struct nm_virtio *device, uint32_t status)
{
	const uint32_t before = status_of(device);

	if (!status) {
		reset(device);
		return;
	}
	if (status & VIRTIO_CONFIG_S_FEATURES_OK && !features_acceptable(device))
		status &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK;
	__atomic_or_fetch(&device->status, status & ~(uint32_t)VIRTIO_CONFIG_S_NEEDS_RESET,
			  __ATOMIC_SEQ_CST);
	if (!(status & VIRTIO_CONFIG_S_DRIVER_OK) || before & VIRTIO_CONFIG_S_DRIVER_OK)
		return;
	if ((status_of(device) & STATUS_STARTING) != STATUS_STARTING)
		nm_fail(EPROTO, "the driver has not negotiated");
	else if (!start(device))
		return;
	break_device(device);
}

static uint32_t read_register(const struct nm_virtio *device, uint32_t offset)
{
	const bool queue = device->queue_select < device->kind->queues;

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return device->kind->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return half(device->offered, device->offered_select);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return queue ? NM_QUEUE_MAX : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return queue && device->ready[device->queue_select];
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return __atomic_load_n(&device->interrupts, __ATOMIC_ACQUIRE);
	case VIRTIO_MMIO_STATUS:
		return status_of(device);
	default:
		return 0;
	}
}

/* Registers of the queue that is selected, which the driver may only touch before the device runs. */
static void write_queue(struct nm_virtio *device, uint32_t offset, uint32_t value)
{
	struct nm_virtqueue *queue;

	if (device->queue_select >= device->kind->queues ||
	    status_of(device) & VIRTIO_CONFIG_S_DRIVER_OK)
		return;
	queue = &device->queues[device->queue_select];
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		queue->size = value > NM_QUEUE_MAX ? 0 : (uint16_t)value;
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		device->ready[device->queue_select] = value & 1;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_half(&queue->descriptors_gpa, offset == VIRTIO_MMIO_QUEUE_DESC_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_half(&queue->driver_gpa, offset == VIRTIO_MMIO_QUEUE_AVAIL_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_half(&queue->device_gpa, offset == VIRTIO_MMIO_QUEUE_USED_HIGH, value);
		break;
	default:
		break;
	}
}

static void write_register(struct nm_virtio *device, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		device->offered_select = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		device->accepted_select = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		if (!(status_of(device) & VIRTIO_CONFIG_S_FEATURES_OK))
			set_half(&device->accepted, device->accepted_select, value);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		device->queue_select = value;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY: /* where KVM did not take it as an ioeventfd */
		if (device->kind->start && value < device->kind->queues)
			signal_fd(device->queue_fds[value]);
		else
			signal_fd(device->kick_fd);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		__atomic_and_fetch(&device->interrupts, ~value, __ATOMIC_SEQ_CST);
		break;
	case VIRTIO_MMIO_STATUS:
		set_status(device, value);
		break;
	default:
		write_queue(device, offset, value);
		break;
	}
}

static void read_config(const struct nm_virtio *device, uint32_t offset,
			const struct nm_access *access)
{
	if (device->kind->config && offset + access->bytes <= NM_VIRTIO_MMIO_BYTES)
		device->kind->config(device, offset - VIRTIO_MMIO_CONFIG, access->data,
				     access->bytes);
}

/* Registers are of 32 bits and aligned; configuration may be read in any way, and is not written to. */
void nm_virtio_access(struct nm_virtio *device, const struct nm_access *access)
{
	const uint32_t offset = (uint32_t)(access->address - device->base);
	uint32_t value = 0;

	if (!access->write)
		memset(access->data, 0, access->bytes);
	if (offset >= VIRTIO_MMIO_CONFIG) {
		if (!access->write)
			read_config(device, offset, access);
		return;
	}
	if (access->bytes != sizeof(value) || offset % sizeof(value))
		return;
	if (access->write) {
		memcpy(&value, access->data, sizeof(value));
		write_register(device, offset, value);
	} else {
		value = read_register(device, offset);
		memcpy(access->data, &value, sizeof(value));
	}
}

static void on_access(void *context, const struct nm_access *access)
{
	nm_virtio_access(context, access);
}

static int open_fd(int *fd)
{
	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return *fd < 0 ? nm_fail(errno, "eventfd: %s", strerror(errno)) : 0;
}

static int connect_kicks(const struct nm_virtio *device)
{
	const uint64_t address = device->base + VIRTIO_MMIO_QUEUE_NOTIFY;
	int r = 0;

	if (!device->kind->start)
		return nm_vm_ioeventfd(device->vm, NM_BUS_MMIO, address, 4, device->kick_fd);
	for (unsigned int i = 0; !r && i < device->kind->queues; i++)
		r = nm_vm_ioeventfd_match(device->vm, NM_BUS_MMIO, address, 4, i,
					  device->queue_fds[i]);
	return r;
}

static int connect_vm(struct nm_virtio *device, struct nm_devices *devices, uint32_t gsi)
{
	const struct nm_device place = {
		.bus = NM_BUS_MMIO,
		.base = device->base,
		.bytes = NM_VIRTIO_MMIO_BYTES,
		.access = on_access,
		.context = device,
	};
	int r = nm_devices_add(devices, place);

	if (!r)
		r = connect_kicks(device);
	return r ? r : nm_vm_irqfd(device->vm, device->irq_fd, gsi);
}

int nm_virtio_create(struct nm_virtio *device, const struct nm_vm *vm, struct nm_devices *devices,
		     uint64_t base, uint32_t gsi)
{
	int r;

	device->vm = vm;
	device->base = base;
	device->offered = device->kind->features | RING_FEATURES;
	device->kick_fd = device->stop_fd = device->irq_fd = -1;
	for (size_t i = 0; i < NM_VIRTIO_MAX_QUEUES; i++)
		device->queue_fds[i] = -1;
	r = open_fd(&device->kick_fd);
	for (unsigned int i = 0; !r && device->kind->start && i < device->kind->queues; i++)
		r = open_fd(&device->queue_fds[i]);
	if (!r)
		r = open_fd(&device->stop_fd);
	if (!r)
		r = open_fd(&device->irq_fd);
	if (!r && devices)
		r = connect_vm(device, devices, gsi);
	if (r)
		nm_virtio_destroy(device);
	return r;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void nm_virtio_destroy(struct nm_virtio *device)
{
	stop(device);
	close_fd(&device->kick_fd);
	close_fd(&device->stop_fd);
	close_fd(&device->irq_fd);
	for (size_t i = 0; i < NM_VIRTIO_MAX_QUEUES; i++)
		close_fd(&device->queue_fds[i]);
}
