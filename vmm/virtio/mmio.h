/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_VIRTIO_MMIO_H
#define NM_VMM_VIRTIO_MMIO_H

#include "vmm/devices.h"
#include "vmm/virtio/queue.h"

#include <pthread.h>

/*
 * The MMIO transport (virtio 1.2, 4.2): the registers of a device, its negotiation and its life. A kick is an ioeventfd, so it is
 * handled in KVM; an interrupt is an irqfd. The device behind it runs in a thread of its own while the driver wants it to.
 */

#define NM_VIRTIO_MAX_QUEUES 3
#define NM_VIRTIO_MMIO_BYTES 0x200u

struct nm_virtio;

/** What a kind of device is. */
struct nm_virtio_kind {
	const char *name;
	uint32_t id;	   /* virtio 1.2, 5 */
	uint64_t features; /* besides those of transport and rings */
	unsigned int queues;
	/** Copies from the configuration space what lies in it; `out` is zero before. NULL: it has none. */
	void (*config)(const struct nm_virtio *device, uint32_t offset, void *out, uint32_t bytes);
	/**
	 * Serves all queues until there is nothing to do; called after a kick, after device->event_fd became readable, and, while it
	 * returns 1, again and again: it has work under way that it polls for. 0: wait. -EPROTO: the driver broke a rule, the device
	 * needs a reset; the text of the error says which. Other errors are those of the machine and end the device likewise.
	 */
	int (*serve)(struct nm_virtio *device);
	/** Starts what serves the queues instead of a thread and .serve; each queue has a kick of its own then. NULL: the thread. */
	int (*start)(struct nm_virtio *device);
	/** Ends what is under way, when the driver resets the device or the machine goes; NULL: nothing is. */
	void (*quiesce)(struct nm_virtio *device);
};

struct nm_virtio {
	const struct nm_virtio_kind *kind;
	void *own; /* of the kind */
	const struct nm_vm *vm;
	uint64_t base;
	uint64_t offered, accepted; /* features */
	uint32_t status; /* shared by the vCPU and the thread of the device, as is the next */
	uint32_t interrupts;
	uint32_t offered_select, accepted_select, queue_select;
	bool ready[NM_VIRTIO_MAX_QUEUES]; /* by the driver */
	struct nm_virtqueue queues[NM_VIRTIO_MAX_QUEUES];
	int kick_fd;			     /* of all queues, */
	int queue_fds[NM_VIRTIO_MAX_QUEUES]; /* or of each, where the kind starts by itself */
	int stop_fd;			     /* ends the thread */
	int irq_fd;			     /* raises the interrupt */
	int event_fd;	  /* of the kind, closed by it: wakes the thread; -1: none */
	int cpu;	  /* for the thread; -1: anywhere */
	uint64_t poll_ns; /* how long it looks for requests before it sleeps */
	bool threadless;  /* it has no thread: nm_virtio_serve() does that part */
	bool running;
	uint32_t stopping;
	pthread_t thread;
	/* Why it needs a reset; empty: it does not. Read it when the thread has ended. */
	char broken[600];
};

/**
 * Puts a device at `base` of a VM that has an irqchip, with its interrupt at `gsi`; without `devices` it is connected to nothing.
 * kind, own, event_fd, cpu, poll_ns and threadless are set before; the rest is zero.
 */
int nm_virtio_create(struct nm_virtio *device, const struct nm_vm *vm, struct nm_devices *devices,
		     uint64_t base, uint32_t gsi);

/** Ends its thread and closes what it has open. */
void nm_virtio_destroy(struct nm_virtio *device);

/**
 * For devices without a thread: serves once what the driver has asked for, if it has started the device and not broken it. What
 * kind->serve() returns.
 */
int nm_virtio_serve(struct nm_virtio *device);

/** For kinds: the next request of a queue, as nm_virtqueue_pop(); before it says 0 it has asked the driver to notify. */
int nm_virtio_next(struct nm_virtio *device, unsigned int queue, struct nm_chain *chain);

/** For kinds: interrupts the guest for what was pushed, where the driver wants that. */
int nm_virtio_interrupt(struct nm_virtio *device, unsigned int queue);

/* What the transport does, apart from the VM: for tests and fuzzing. */

/** A read or write of a register, as the guest does it. */
void nm_virtio_access(struct nm_virtio *device, const struct nm_access *access);

#endif
