/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/lifecycle/neighbour.h"

#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define FAULT_BYTES (2u << 20)
#define IO_BYTES    (1u << 20) /* rings and buffers */
#define NULL_BYTES  (64ull << 20)
#define DEPTH	    1u
#define BEGIN_NS    (2 * NM_NS_PER_S)
#define LIFE_NS                                                                                    \
	(60 * NM_NS_PER_S) /* longer than rounds; the process of a round that hangs is killed */
#define SECTOR_READS 4096u

static const struct {
	const char *operation;
	unsigned int cpl;
	bool irqchip;
} loads[] = {
	[NM_LOAD_IDLE] = {NULL, 3, false},
	[NM_LOAD_COMPUTE] = {"life.neighbour.compute", 3, false},
	[NM_LOAD_EXITS] = {"life.neighbour.exits", 3, false},
	[NM_LOAD_FAULTS] = {"life.neighbour.faults", 3, false},
	[NM_LOAD_IO] = {"life.neighbour.io", 0, true},
	[NM_LOAD_FILE] = {"life.neighbour.io", 0, true},
};

static uint64_t progress(const struct nm_neighbour *neighbour)
{
	return nm_guest_shared(&neighbour->guest)->go.value;
}

static void *run(void *context)
{
	struct nm_neighbour *neighbour = context;

	neighbour->error = nm_topology_bind(neighbour->topology, neighbour->cpu);
	if (!neighbour->error)
		neighbour->error = nm_guest_run(&neighbour->guest, 0, LIFE_NS, &neighbour->result);
	__atomic_store_n(&neighbour->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

static int await_progress(const struct nm_neighbour *neighbour)
{
	const uint64_t end = nm_clock_raw_ns() + BEGIN_NS;

	while (!progress(neighbour))
		if (__atomic_load_n(&neighbour->ended, __ATOMIC_ACQUIRE) || nm_clock_raw_ns() > end)
			return nm_fail(EIO, "the neighbour does not run: %.400s",
				       neighbour->result.text);
	return 0;
}

static void take_back(void *context, const struct nm_access *access)
{
	const struct nm_region *region = context;

	(void)access;
	madvise(region->host, region->bytes, MADV_DONTNEED);
}

static int add_memory(struct nm_neighbour *neighbour, uint64_t bytes)
{
	struct nm_region *region = &neighbour->memory;
	int r = nm_region_map(region, &neighbour->guest.vm, NM_BACKING_ANONYMOUS, bytes);

	return r ? r : nm_region_add(&neighbour->guest, region, NM_PAGE_4K);
}

static int add_faults(struct nm_neighbour *neighbour)
{
	const struct nm_device device = {
		.bus = NM_BUS_PIO,
		.base = NM_ABI_PORT_HOST,
		.bytes = 4,
		.access = take_back,
		.context = &neighbour->memory,
	};
	int r = add_memory(neighbour, FAULT_BYTES);

	if (!r)
		r = nm_devices_add(&neighbour->guest.devices, device);
	nm_guest_control(&neighbour->guest, 0)->argument[0] = FAULT_BYTES;
	return r;
}

/* The thread of the device shares the CPU of the vCPU, as in a VM that may use one CPU, and does not poll: the vCPU halts. */
static int add_disk(struct nm_neighbour *neighbour)
{
	const bool file = neighbour->load == NM_LOAD_FILE;
	const uint64_t bytes = file ? neighbour->file_bytes : NULL_BYTES;
	struct nm_abi_control *control = nm_guest_control(&neighbour->guest, 0);
	int r = add_memory(neighbour, IO_BYTES);

	if (!r)
		r = nm_io_open(&neighbour->io, file ? &nm_io_uring : &nm_io_null,
			       neighbour->file_fd, DEPTH);
	if (r)
		return r;
	neighbour->blk = (struct nm_blk) {.io = &neighbour->io, .bytes = bytes};
	neighbour->device.cpu = neighbour->cpu;
	nm_blk_init(&neighbour->blk, &neighbour->device);
	control->argument[0] = NM_ABI_MEMORY;
	control->argument[1] = bytes / SECTOR_READS;
	return nm_virtio_create(&neighbour->device, &neighbour->guest.vm, &neighbour->guest.devices,
				NM_ABI_VIRTIO_BASE, NM_ABI_VIRTIO_GSI);
}

static int add_load(struct nm_neighbour *neighbour)
{
	const char *operation = loads[neighbour->load].operation;
	int r = nm_guest_prepare(&neighbour->guest, 0, operation, loads[neighbour->load].cpl);

	if (!r && neighbour->load == NM_LOAD_FAULTS)
		r = add_faults(neighbour);
	if (!r && loads[neighbour->load].irqchip)
		r = add_disk(neighbour);
	return r;
}

static int start(struct nm_neighbour *neighbour)
{
	int r = pthread_create(&neighbour->thread, NULL, run, neighbour);

	neighbour->runs = !r;
	r = r ? nm_fail(r, "cannot start a thread: %s", strerror(r)) : await_progress(neighbour);
	if (!r)
		neighbour->before = progress(neighbour);
	return r;
}

int nm_neighbour_start(struct nm_neighbour *neighbour, const struct nm_kvm *kvm)
{
	struct nm_payload payload;
	const struct nm_guest_config config = {
		.payload = &payload,
		.vcpus = 1,
		.irqchip = loads[neighbour->load].irqchip,
	};
	int r = nm_payload_ops(&payload);

	neighbour->io.event_fd = neighbour->device.event_fd = -1;
	if (!r)
		r = nm_guest_create(&neighbour->guest, kvm, &config);
	neighbour->created = !r;
	if (r || neighbour->load == NM_LOAD_IDLE)
		return r;
	r = add_load(neighbour);
	return r ? r : start(neighbour);
}

bool nm_neighbour_went_on(const struct nm_neighbour *neighbour, char *why, size_t size)
{
	if (!neighbour->runs)
		return true;
	if (__atomic_load_n(&neighbour->ended, __ATOMIC_ACQUIRE)) {
		snprintf(why, size, "the neighbour ended: %.400s", neighbour->result.text);
		return false;
	}
	if (progress(neighbour) > neighbour->before)
		return true;
	snprintf(why, size, "the neighbour did nothing");
	return false;
}

static void stop(struct nm_neighbour *neighbour)
{
	__atomic_store_n(&nm_guest_shared(&neighbour->guest)->stop.value, 1, __ATOMIC_RELEASE);
	pthread_join(neighbour->thread, NULL);
}

void nm_neighbour_end(struct nm_neighbour *neighbour)
{
	if (neighbour->runs)
		stop(neighbour);
	if (neighbour->device.kind)
		nm_virtio_destroy(&neighbour->device);
	if (neighbour->io.kind)
		nm_io_close(&neighbour->io);
	if (neighbour->created)
		nm_guest_destroy(&neighbour->guest);
	nm_region_unmap(&neighbour->memory);
}
