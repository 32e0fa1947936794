/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Virtio devices under a hostile guest, without KVM: the input is what the guest does, to registers and to its memory, and when the
 * device gets its turn. Inputs: the number of a device, then operations (corpus.py writes some).
 */
#include "core/error.h"
#include "vmm/virtio/balloon.h"
#include "vmm/virtio/blk.h"
#include "vmm/virtio/net.h"
#include "vmm/virtio/rng.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY	   0x10000u
#define GPA	   0x100000u
#define BASE	   0xd0000000u
#define DISK_BYTES 0x8000u
#define AREA	   0x1000u /* of a ring; a queue has three */
#define MAX_TURNS  64u
#define THREADS	   2u
#define MAX_SERVES 64u
#define STATUS_BITS                                                                                \
	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)

struct input {
	const uint8_t *at;
	size_t left;
};

static unsigned char memory[MEMORY] __attribute__((aligned(4096)));
static const struct nm_vm vm = {
	.fd = -1,
	.slots = {{.gpa = GPA, .bytes = MEMORY, .host = memory}},
	.slot_count = 1,
};
static struct nm_virtio device;

/* The next number; zeroes behind the end. */
static uint32_t take(struct input *input, size_t bytes)
{
	uint32_t value = 0;

	bytes = bytes < input->left ? bytes : input->left;
	memcpy(&value, input->at, bytes);
	input->at += bytes;
	input->left -= bytes;
	return value;
}

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %s\n", what, nm_error_last()->text);
	abort();
}

/* What a guest does */

static void set(uint32_t offset, uint32_t value)
{
	const struct nm_access access = {
		.address = BASE + offset, .bytes = 4, .count = 1, .write = true, .data = &value};

	nm_virtio_access(&device, &access);
}

static void write_register(struct input *input)
{
	const uint32_t offset = take(input, 2) % NM_VIRTIO_MMIO_BYTES;

	set(offset, take(input, 4));
}

static void read_register(struct input *input)
{
	uint64_t value;
	const struct nm_access access = {
		.address = BASE + take(input, 2) % NM_VIRTIO_MMIO_BYTES,
		.bytes = 1u << take(input, 1) % 4,
		.count = 1,
		.data = &value,
	};

	nm_virtio_access(&device, &access);
}

static void write_memory(struct input *input)
{
	const uint32_t at = take(input, 2) % MEMORY;
	size_t bytes = take(input, 1);

	bytes = bytes < input->left ? bytes : input->left;
	bytes = bytes < MEMORY - at ? bytes : MEMORY - at;
	memcpy(memory + at, input->at, bytes);
	input->at += bytes;
	input->left -= bytes;
}

/* What every driver does before its first request, in few bytes: features beside VERSION_1, and the size of all queues. */
static void start(struct input *input)
{
	const uint32_t features = take(input, 4);
	const uint32_t above = take(input, 1);
	const uint32_t size = take(input, 2);

	set(VIRTIO_MMIO_STATUS, 0);
	set(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set(VIRTIO_MMIO_DRIVER_FEATURES, features);
	set(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(VIRTIO_MMIO_DRIVER_FEATURES, above);
	set(VIRTIO_MMIO_STATUS, STATUS_BITS);
	for (uint32_t i = 0; i < device.kind->queues; i++) {
		set(VIRTIO_MMIO_QUEUE_SEL, i);
		set(VIRTIO_MMIO_QUEUE_NUM, size);
		set(VIRTIO_MMIO_QUEUE_DESC_LOW, GPA + 3 * i * AREA);
		set(VIRTIO_MMIO_QUEUE_AVAIL_LOW, GPA + (3 * i + 1) * AREA);
		set(VIRTIO_MMIO_QUEUE_USED_LOW, GPA + (3 * i + 2) * AREA);
		set(VIRTIO_MMIO_QUEUE_READY, 1);
	}
	set(VIRTIO_MMIO_STATUS, STATUS_BITS | VIRTIO_CONFIG_S_DRIVER_OK);
}

/*
 * While it has work under way it is asked again, but not for ever: what it writes may be its next request. What another thread does
 * for it is awaited, so that each run is like the last.
 */
static void serve(struct nm_io *io)
{
	unsigned int turns = 0;

	while (nm_virtio_serve(&device) > 0 && turns < MAX_TURNS)
		turns++;
	while (io && io->under_way && device.running && !device.broken[0]) {
		struct pollfd done = {.fd = io->event_fd, .events = POLLIN};

		poll(&done, 1, 1);
		nm_virtio_serve(&device);
	}
}

static void drive(struct input *input, struct nm_io *io)
{
	unsigned int serves = 0;

	while (input->left && serves < MAX_SERVES) {
		switch (take(input, 1) % 5) {
		case 0:
			write_register(input);
			break;
		case 1:
			read_register(input);
			break;
		case 2:
			write_memory(input);
			break;
		case 3:
			serve(io);
			serves++;
			break;
		default:
			start(input);
			break;
		}
	}
}

/* Devices: each is made, driven and gone within one input. */

static void drive_device(struct input *input, struct nm_io *io)
{
	device.threadless = true;
	require(!nm_virtio_create(&device, &vm, NULL, BASE, 0), "a device");
	drive(input, io);
	nm_virtio_destroy(&device);
}

static void drive_blk(struct input *input, const struct nm_io_kind *kind, int fd, bool read_only)
{
	static struct nm_blk blk;
	struct nm_io io;

	require(!nm_io_open(&io, kind, fd, THREADS), "a backend");
	blk = (struct nm_blk) {.io = &io, .bytes = DISK_BYTES, .read_only = read_only};
	nm_blk_init(&blk, &device);
	drive_device(input, &io);
	require(!io.under_way, "requests that nobody awaits");
	nm_io_close(&io);
}

static void drive_blk_null(struct input *input)
{
	drive_blk(input, &nm_io_null, -1, false);
}

static void drive_blk_read_only(struct input *input)
{
	drive_blk(input, &nm_io_null, -1, true);
}

static void drive_blk_file(struct input *input)
{
	const int fd = memfd_create("disk", MFD_CLOEXEC);

	require(fd >= 0 && !ftruncate(fd, DISK_BYTES), "a disk");
	drive_blk(input, &nm_io_threads, fd, false);
	close(fd);
}

static void drive_net(struct input *input, int fd)
{
	static struct nm_net net;

	net = (struct nm_net) {.fd = fd, .mac = {2, 0, 0, 0, 0, 1}};
	require(!nm_net_init(&net, &device), "a network device");
	drive_device(input, NULL);
	require(net.received <= net.sent, "a packet from nowhere");
	nm_net_end(&device);
}

static void drive_net_mirror(struct input *input)
{
	drive_net(input, -1);
}

static void drive_net_loop(struct input *input)
{
	const int fd = nm_net_open_loop();

	require(fd >= 0, "a socket");
	drive_net(input, fd);
	close(fd);
}

static void drive_rng(struct input *input)
{
	static struct nm_rng rng;

	nm_rng_init(&rng, &device);
	drive_device(input, NULL);
}

/* What the target has in a static array goes like any other memory: it is zero then. */
static void drive_balloon(struct input *input)
{
	static struct nm_balloon balloon = {.wanted = 3};

	nm_balloon_init(&balloon, &device);
	drive_device(input, NULL);
}

static void (*const devices[])(struct input *input) = {
	drive_blk_null, drive_blk_read_only, drive_blk_file, drive_net_mirror,
	drive_net_loop, drive_rng,	     drive_balloon,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input input = {.at = data, .left = bytes};

	memset(memory, 0, sizeof(memory));
	device = (struct nm_virtio) {.cpu = -1};
	devices[take(&input, 1) % (sizeof(devices) / sizeof(devices[0]))](&input);
	return 0;
}
