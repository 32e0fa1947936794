/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/bench.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Reads get a count, so that a guest cannot have guessed them. */
static void test_access(void *context, const struct nm_access *access)
{
	struct nm_guest_round *round = context;

	round->accesses++;
	if (access->write) {
		round->last_value = *(const unsigned char *)access->data;
		return;
	}
	round->last_value = round->accesses & 0xff;
	memset(access->data, 0, (size_t)access->bytes * access->count);
	memcpy(access->data, &round->last_value, 1);
}

static uint64_t test_address(enum nm_bus bus)
{
	switch (bus) {
	case NM_BUS_PIO:
		return NM_ABI_PORT_TEST;
	case NM_BUS_MMIO:
		return NM_ABI_MMIO_TEST;
	default:
		return NM_ABI_MSR_TEST;
	}
}

int nm_test_device(struct nm_guest_round *round, enum nm_bus bus)
{
	struct nm_device device = {
		.bus = bus,
		.base = test_address(bus),
		.bytes = 1,
		.access = test_access,
		.context = round,
	};

	return nm_devices_add(&round->guest->devices, device);
}

static bool saw_all(const struct nm_guest_round *round, char *why, size_t size)
{
	if (round->accesses == round->operations)
		return true;
	snprintf(why, size, "the device saw %" PRIu64 " accesses, expected %" PRIu64,
		 round->accesses, round->operations);
	return false;
}

bool nm_test_device_verify_write(const struct nm_guest_round *round, char *why, size_t size)
{
	if (!saw_all(round, why, size))
		return false;
	if (round->last_value == NM_ABI_TEST_BYTE)
		return true;
	snprintf(why, size, "the device got %#" PRIx64 ", the guest wrote %#x", round->last_value,
		 NM_ABI_TEST_BYTE);
	return false;
}

bool nm_test_device_verify_read(const struct nm_guest_round *round, char *why, size_t size)
{
	if (!saw_all(round, why, size))
		return false;
	if (round->control->result[0] == round->last_value)
		return true;
	snprintf(why, size, "the guest read %#" PRIx64 ", the device gave %#" PRIx64,
		 round->control->result[0], round->last_value);
	return false;
}

static uint64_t event_address(enum nm_bus bus)
{
	return bus == NM_BUS_PIO ? NM_ABI_PORT_EVENT : NM_ABI_MMIO_EVENT;
}

static int open_event(struct nm_guest_round *round)
{
	round->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (round->event_fd < 0)
		return nm_fail(errno, "eventfd: %s", strerror(errno));
	return 0;
}

int nm_test_event(struct nm_guest_round *round, enum nm_bus bus)
{
	return nm_test_event_of(round, bus, bus == NM_BUS_PIO ? 1 : 4);
}

int nm_test_event_of(struct nm_guest_round *round, enum nm_bus bus, uint32_t bytes)
{
	int r = open_event(round);

	return r ? r
		 : nm_vm_ioeventfd(&round->guest->vm, bus, event_address(bus), bytes,
				   round->event_fd);
}

int nm_test_event_match(struct nm_guest_round *round, enum nm_bus bus)
{
	const struct nm_device device = {
		.bus = bus,
		.base = event_address(bus),
		.bytes = 1,
		.access = test_access,
		.context = round,
	};
	int r = open_event(round);

	if (!r)
		r = nm_devices_add(&round->guest->devices, device);
	return r ? r
		 : nm_vm_ioeventfd_match(&round->guest->vm, bus, device.base,
					 bus == NM_BUS_PIO ? 1 : 4, NM_ABI_TEST_BYTE,
					 round->event_fd);
}

bool nm_test_event_verify(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t count = 0;

	if (read(round->event_fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
		count = 0;
	if (count == round->operations)
		return true;
	snprintf(why, size, "the eventfd counted %" PRIu64 " signals, expected %" PRIu64, count,
		 round->operations);
	return false;
}
