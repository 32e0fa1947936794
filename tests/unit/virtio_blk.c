/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A block device from the driver's side, served by the test itself, on a real file: a million requests by each backend, of which
 * none may be lost, done twice or overtaken by one that came later. Each sector says which it is and how often it was written.
 */
#include "guest-payloads/abi.h"
#include "helpers.h"
#include "vmm/virtio/blk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>

#define REQUESTS 1000000u
#define FEW	 20000u
#define SECTORS	 1024ull
#define DEPTH	 32u
#define SIZE	 128u /* of the ring, for requests of 3 descriptors */
#define BASE	 0xd0000000u
#define GPA	 0x100000u
#define HEADERS	 0x3000u
#define PLACE	 64u /* header and status of a request */
#define DATA	 0x4000u
#define MEMORY	 (DATA + DEPTH * NM_ABI_SECTOR)

static unsigned char memory[MEMORY] __attribute__((aligned(4096)));
static const struct nm_vm vm = {.fd = -1,
				.slots = {{.gpa = GPA, .bytes = MEMORY, .host = memory}},
				.slot_count = 1};
static struct nm_virtio device;
static struct nm_blk blk;
static struct nm_io io;
static int file;

static struct request {
	bool under_way, write;
	uint64_t sector;
} requests[DEPTH];
static uint64_t generations[SECTORS]; /* writings that are done or under way */
static bool busy[SECTORS];
static uint64_t number; /* of the generator */
static uint64_t done, wrong;
static uint16_t taken;

static void set(uint32_t offset, uint32_t value)
{
	const struct nm_access access = {
		.address = BASE + offset, .bytes = 4, .count = 1, .write = true, .data = &value};

	nm_virtio_access(&device, &access);
}

static void start(void)
{
	const uint32_t bits =
		VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK;

	set(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(VIRTIO_MMIO_DRIVER_FEATURES, 1u << (VIRTIO_F_VERSION_1 - 32));
	set(VIRTIO_MMIO_STATUS, bits);
	set(VIRTIO_MMIO_QUEUE_NUM, SIZE);
	set(VIRTIO_MMIO_QUEUE_DESC_LOW, GPA);
	set(VIRTIO_MMIO_QUEUE_AVAIL_LOW, GPA + 0x1000);
	set(VIRTIO_MMIO_QUEUE_USED_LOW, GPA + 0x2000);
	set(VIRTIO_MMIO_QUEUE_READY, 1);
	set(VIRTIO_MMIO_STATUS, bits | VIRTIO_CONFIG_S_DRIVER_OK);
	cr_assert(device.running, "%s", device.broken);
}

/* A file without a name, of sectors that were never written. */
static void open_file(void)
{
	uint64_t words[NM_ABI_SECTOR / sizeof(uint64_t)];

	file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	cr_assert_geq(file, 0, "a file in /tmp: %s", strerror(errno));
	for (uint64_t sector = 0; sector < SECTORS; sector++) {
		nm_abi_block_fill(words, sector, 0);
		cr_assert_eq(write(file, words, sizeof(words)), (ssize_t)sizeof(words), "write");
	}
}

static void open_disk(const struct nm_io_kind *kind)
{
	open_file();
	cr_assert_eq(nm_io_open(&io, kind, file, DEPTH), 0, "%s", nm_error_last()->text);
	blk = (struct nm_blk) {.io = &io, .bytes = SECTORS * NM_ABI_SECTOR};
	device = (struct nm_virtio) {.cpu = -1, .threadless = true};
	nm_blk_init(&blk, &device);
	cr_assert_eq(nm_virtio_create(&device, &vm, NULL, BASE, 0), 0, "%s", nm_error_last()->text);
	number = 1;
	start();
}

static void close_disk(void)
{
	nm_virtio_destroy(&device);
	nm_io_close(&io);
	close(file);
}

static uint64_t next_number(void)
{
	number ^= number << 13;
	number ^= number >> 7;
	number ^= number << 17;
	return number;
}

static volatile uint64_t *data_of(uint32_t place)
{
	return (volatile uint64_t *)(void *)(memory + DATA + (size_t)place * NM_ABI_SECTOR);
}

static void choose(struct request *request, uint32_t place)
{
	uint64_t sector = next_number() % SECTORS;

	while (busy[sector])
		sector = (sector + 1) % SECTORS;
	busy[sector] = true;
	*request = (struct request) {.under_way = true,
				     .write = next_number() >> 32 & 1,
				     .sector = sector};
	if (request->write)
		nm_abi_block_fill(data_of(place), sector, ++generations[sector]);
	else
		data_of(place)[NM_ABI_BLOCK_SUM]++;
}

static void describe(uint32_t place, uint16_t i, uint32_t at, uint32_t bytes, uint16_t flags)
{
	struct vring_desc *all = (struct vring_desc *)(void *)memory;
	const uint16_t number_of = (uint16_t)(3 * place + i);

	all[number_of] = (struct vring_desc) {GPA + at, bytes, flags, (uint16_t)(number_of + 1)};
}

static void offer(uint32_t place)
{
	struct vring_avail *avail = (struct vring_avail *)(void *)(memory + 0x1000);
	const uint32_t header_at = HEADERS + place * PLACE;
	struct virtio_blk_outhdr header = {.type = VIRTIO_BLK_T_IN};
	struct request *request = &requests[place];

	choose(request, place);
	if (request->write)
		header.type = VIRTIO_BLK_T_OUT;
	header.sector = request->sector;
	memcpy(memory + header_at, &header, sizeof(header));
	memory[header_at + sizeof(header)] = 0xff;
	describe(place, 0, header_at, sizeof(header), VRING_DESC_F_NEXT);
	describe(place, 1, DATA + place * NM_ABI_SECTOR, NM_ABI_SECTOR,
		 VRING_DESC_F_NEXT | (request->write ? 0 : VRING_DESC_F_WRITE));
	describe(place, 2, header_at + (uint32_t)sizeof(header), 1, VRING_DESC_F_WRITE);
	avail->ring[avail->idx % SIZE] = (uint16_t)(3 * place);
	__atomic_store_n(&avail->idx, avail->idx + 1, __ATOMIC_RELEASE);
}

static bool is_right(uint32_t place)
{
	struct request *request = &requests[place];
	const bool once = request->under_way;

	request->under_way = false;
	busy[request->sector] = false;
	return once && memory[HEADERS + place * PLACE + sizeof(struct virtio_blk_outhdr)] == 0 &&
	       nm_abi_block_is(data_of(place), request->sector, generations[request->sector]);
}

/* The place of a request that came back, or -1. */
static int64_t take(void)
{
	const struct vring_used *used = (const struct vring_used *)(void *)(memory + 0x2000);

	if (used->idx == taken)
		return -1;
	return used->ring[taken++ % SIZE].id / 3;
}

static bool nothing_came_back(void)
{
	const struct vring_used *used = (const struct vring_used *)(void *)(memory + 0x2000);

	return used->idx == taken;
}

/* As the thread of a device does: what came before it was cleared is found afterwards. */
static void await_event(void)
{
	struct pollfd event = {.fd = io.event_fd, .events = POLLIN};
	uint64_t count;

	if (poll(&event, 1, 1000) > 0)
		cr_assert_eq(read(io.event_fd, &count, sizeof(count)), (ssize_t)sizeof(count),
			     "event");
	cr_assert_geq(nm_virtio_serve(&device), 0, "%s", device.broken);
}

/* Keeps DEPTH requests under way until `count` have come back. */
static void run(uint64_t count)
{
	uint64_t offered = 0;

	for (; offered < DEPTH; offered++)
		offer((uint32_t)offered);
	while (done < count) {
		int64_t place;

		cr_assert_geq(nm_virtio_serve(&device), 0, "%s", device.broken);
		if (nothing_came_back())
			await_event();
		while ((place = take()) >= 0) {
			done++;
			wrong += !is_right((uint32_t)place);
			if (offered++ < count)
				offer((uint32_t)place);
		}
	}
}

/* Sectors that do not hold what was written last, when nothing is under way. */
static uint64_t stale_sectors(void)
{
	uint64_t words[NM_ABI_SECTOR / sizeof(uint64_t)];
	uint64_t stale = 0;

	for (uint64_t sector = 0; sector < SECTORS; sector++) {
		cr_assert_eq(pread(file, words, sizeof(words), (off_t)(sector * sizeof(words))),
			     (ssize_t)sizeof(words), "read");
		stale += !nm_abi_block_is(words, sector, generations[sector]);
	}
	return stale;
}

static void verify(const struct nm_io_kind *kind, uint64_t count)
{
	open_disk(kind);
	run(count);
	cr_assert_eq(done, count, "%llu came back", (unsigned long long)done);
	cr_assert_eq(blk.requests, count, "the device did %llu", (unsigned long long)blk.requests);
	cr_assert_eq(wrong, 0, "%llu came back wrong", (unsigned long long)wrong);
	cr_assert_eq(stale_sectors(), 0, "the file holds something else");
}

TestSuite(blk, .fini = close_disk);

Test(blk, a_million_requests_by_io_uring)
{
	verify(&nm_io_uring, REQUESTS);
}

Test(blk, a_million_requests_by_threads)
{
	verify(&nm_io_threads, REQUESTS);
}

/* That the above would find what it is there for. */

static uint64_t submitted;
static struct nm_io_request *held;

static int open_plain(struct nm_io *of)
{
	of->own = NULL;
	return 0;
}

static void close_plain(struct nm_io *of)
{
	(void)of;
}

static void transfer(const struct nm_io *of, struct nm_io_request *request)
{
	const int count = (int)request->buffer_count;

	request->result = request->op == NM_IO_WRITE
				  ? pwritev(of->fd, request->buffers, count, (off_t)request->offset)
				  : preadv(of->fd, request->buffers, count, (off_t)request->offset);
}

static int finish(struct nm_io *of, struct nm_io_request *request)
{
	request->next = of->own;
	of->own = request;
	return 0;
}

static struct nm_io_request *reap(struct nm_io *of)
{
	struct nm_io_request *request = of->own;

	if (request)
		of->own = request->next;
	return request;
}

/* One write is said to be done that was not. */
static int submit_losing(struct nm_io *of, struct nm_io_request *request)
{
	if (request->op == NM_IO_WRITE && ++submitted == FEW / 4)
		request->result = (int64_t)NM_ABI_SECTOR;
	else
		transfer(of, request);
	return finish(of, request);
}

/* One write reaches the file a thousand requests after it was said to be done. */
static int submit_late(struct nm_io *of, struct nm_io_request *request)
{
	static struct nm_io_request copy;
	static unsigned char bytes[NM_ABI_SECTOR];

	if (request->op == NM_IO_WRITE && ++submitted == FEW / 4) {
		copy = *request;
		memcpy(bytes, request->buffers[0].iov_base, sizeof(bytes));
		copy.buffers[0].iov_base = bytes;
		held = &copy;
		request->result = (int64_t)NM_ABI_SECTOR;
		return finish(of, request);
	}
	if (held && request->op == NM_IO_WRITE && submitted == FEW / 4 + 1000) {
		transfer(of, held);
		held = NULL;
	}
	transfer(of, request);
	return finish(of, request);
}

/* One read brings another sector. */
static int submit_astray(struct nm_io *of, struct nm_io_request *request)
{
	if (request->op == NM_IO_READ && ++submitted == FEW / 4)
		request->offset ^= NM_ABI_SECTOR;
	transfer(of, request);
	return finish(of, request);
}

#define PLAIN(submits)                                                                             \
	{                                                                                          \
		.name = "plain", .open = open_plain, .close = close_plain, .submit = (submits),    \
		.reap = reap                                                                       \
	}

static void assert_found(const struct nm_io_kind *kind)
{
	open_disk(kind);
	run(FEW);
	cr_assert_gt(wrong + stale_sectors(), 0, "nothing was found");
}

Test(blk, a_write_that_is_lost_is_found)
{
	static const struct nm_io_kind losing = PLAIN(submit_losing);

	assert_found(&losing);
}

Test(blk, a_write_that_is_late_is_found)
{
	static const struct nm_io_kind late = PLAIN(submit_late);

	assert_found(&late);
}

Test(blk, a_read_of_another_sector_is_found)
{
	static const struct nm_io_kind astray = PLAIN(submit_astray);

	assert_found(&astray);
	cr_assert_eq(wrong, 1, "%llu", (unsigned long long)wrong);
}
