/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Network and entropy devices and balloons from the driver's side, served by the test itself. */
#include "helpers.h"
#include "vmm/virtio/balloon.h"
#include "vmm/virtio/net.h"
#include "vmm/virtio/rng.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <sys/socket.h>

#define MEMORY	0x80000u
#define GPA	0x100000u
#define BASE	0xd0000000u
#define SIZE	8u
#define HEADER	12u
#define RECEIVE 0u
#define SEND	1u
#define DATA	0x10000u

static unsigned char memory[MEMORY] __attribute__((aligned(4096)));
static const struct nm_vm vm = {.fd = -1,
				.slots = {{.gpa = GPA, .bytes = MEMORY, .host = memory}},
				.slot_count = 1};
static struct nm_virtio device;
static struct nm_net net;

static void set(uint32_t offset, uint32_t value)
{
	const struct nm_access access = {
		.address = BASE + offset, .bytes = 4, .count = 1, .write = true, .data = &value};

	nm_virtio_access(&device, &access);
}

/* Descriptors, driver area and device area of a queue: a page each. */
static void *area(uint32_t queue, uint32_t number)
{
	return memory + (3 * queue + number) * 4096;
}

static void place_queue(uint32_t queue)
{
	const uint32_t gpa = GPA + 3 * queue * 4096;

	set(VIRTIO_MMIO_QUEUE_SEL, queue);
	set(VIRTIO_MMIO_QUEUE_NUM, SIZE);
	set(VIRTIO_MMIO_QUEUE_DESC_LOW, gpa);
	set(VIRTIO_MMIO_QUEUE_AVAIL_LOW, gpa + 4096);
	set(VIRTIO_MMIO_QUEUE_USED_LOW, gpa + 2 * 4096);
	set(VIRTIO_MMIO_QUEUE_READY, 1);
}

static void start(void)
{
	const uint32_t bits =
		VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK;

	memset(memory, 0, sizeof(memory));
	set(VIRTIO_MMIO_STATUS, 0);
	set(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(VIRTIO_MMIO_DRIVER_FEATURES, 1u << (VIRTIO_F_VERSION_1 - 32));
	set(VIRTIO_MMIO_STATUS, bits);
	for (uint32_t queue = 0; queue < device.kind->queues; queue++)
		place_queue(queue);
	set(VIRTIO_MMIO_STATUS, bits | VIRTIO_CONFIG_S_DRIVER_OK);
	cr_assert(device.running, "%s", device.broken);
}

static void open_device(int fd)
{
	net = (struct nm_net) {.fd = fd, .mac = {2, 0, 0, 0, 0, 7}};
	device = (struct nm_virtio) {.cpu = -1, .threadless = true};
	cr_assert_eq(nm_net_init(&net, &device), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_virtio_create(&device, &vm, NULL, BASE, 0), 0, "%s", nm_error_last()->text);
	start();
}

static void open_mirror(void)
{
	open_device(-1);
}

static void open_loop(void)
{
	const int fd = nm_net_open_loop();

	cr_assert_geq(fd, 0, "%s", nm_error_last()->text);
	open_device(fd);
}

static void close_device(void)
{
	nm_virtio_destroy(&device);
	nm_net_end(&device);
	if (net.fd >= 0)
		close(net.fd);
}

/* A request of one buffer, in the next place of a queue. */
static void offer(uint32_t queue, uint32_t at, uint32_t bytes, uint16_t flags)
{
	struct vring_desc *descriptors = area(queue, 0);
	struct vring_avail *avail = area(queue, 1);
	const uint16_t place = avail->idx % SIZE;

	descriptors[place] = (struct vring_desc) {GPA + at, bytes, flags, 0};
	avail->ring[place] = place;
	avail->idx++;
}

static uint16_t used_index(uint32_t queue)
{
	const struct vring_used *used = area(queue, 2);

	return used->idx;
}

static uint32_t used_bytes(uint32_t queue, unsigned int place)
{
	const struct vring_used *used = area(queue, 2);

	return used->ring[place].len;
}

/* Until the device has nothing to do, which is no longer than a few turns. */
static int serve(void)
{
	int r = 1;

	for (unsigned int turns = 0; r > 0; turns++) {
		cr_assert_lt(turns, 100, "it never comes to rest");
		r = nm_virtio_serve(&device);
	}
	return r;
}

static void come_and_go(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const uint32_t bytes = 64 + i;
		unsigned char *sent = memory + DATA;
		unsigned char *back = memory + DATA + 0x4000;

		memset(back, 0xee, 4096);
		memset(sent, 0, HEADER);
		for (unsigned int b = 0; b < bytes; b++)
			sent[HEADER + b] = (unsigned char)(b * 3 + i);
		offer(RECEIVE, DATA + 0x4000, 2048, VRING_DESC_F_WRITE);
		offer(SEND, DATA, HEADER + bytes, 0);
		cr_assert_eq(serve(), 0, "%s", device.broken);
		cr_assert_eq(used_index(SEND), i + 1, "packet %u was not taken", i);
		cr_assert_eq(used_index(RECEIVE), i + 1, "packet %u did not come", i);
		cr_assert_eq(used_bytes(RECEIVE, i % SIZE), HEADER + bytes, "another length");
		cr_assert(!memcmp(sent + HEADER, back + HEADER, bytes), "another content");
		cr_assert_eq(back[10], 1, "of %u buffers", back[10]);
		cr_assert_eq(back[HEADER + bytes], 0xee, "it wrote on");
	}
	cr_assert_eq(net.dropped, 0, "packets were dropped");
}

TestSuite(net, .fini = close_device);

Test(net, packets_come_back_from_the_device, .init = open_mirror)
{
	come_and_go(100);
}

Test(net, packets_come_back_from_a_socket, .init = open_loop)
{
	come_and_go(100);
}

Test(net, it_has_an_address, .init = open_mirror)
{
	unsigned char mac[8] = {0};
	const struct nm_access access = {.address = BASE + VIRTIO_MMIO_CONFIG,
					 .bytes = 8,
					 .count = 1,
					 .data = mac};

	nm_virtio_access(&device, &access);
	cr_assert(!memcmp(mac, net.mac, sizeof(net.mac)), "another one");
}

static void drop_what_has_no_room(void)
{
	offer(SEND, DATA, HEADER + 64, 0);
	cr_assert_eq(serve(), 0, "%s", device.broken);
	cr_assert_eq(net.dropped, 1, "without a buffer: %llu", (unsigned long long)net.dropped);
	offer(RECEIVE, DATA + 0x4000, HEADER + 63, VRING_DESC_F_WRITE);
	offer(SEND, DATA, HEADER + 64, 0);
	cr_assert_eq(serve(), 0, "%s", device.broken);
	cr_assert_eq(net.dropped, 2, "a byte too long: %llu", (unsigned long long)net.dropped);
	cr_assert_eq(used_index(RECEIVE), 0, "the buffer went with it");
	offer(SEND, DATA, HEADER + 63, 0);
	cr_assert_eq(serve(), 0, "%s", device.broken);
	cr_assert_eq(used_index(RECEIVE), 1, "a packet that fits did not come");
	cr_assert_eq(used_index(SEND), 3, "the driver's buffers are gone");
}

Test(net, the_mirror_drops_what_has_no_room, .init = open_mirror)
{
	drop_what_has_no_room();
}

Test(net, the_socket_drops_what_has_no_room, .init = open_loop)
{
	drop_what_has_no_room();
}

static void drop_what_no_network_takes(void)
{
	offer(RECEIVE, DATA, 0x20000, VRING_DESC_F_WRITE);
	offer(SEND, DATA, HEADER + NM_NET_PACKET_MAX + 1, 0);
	offer(SEND, DATA, HEADER + NM_NET_PACKET_MAX, 0);
	cr_assert_eq(serve(), 0, "%s", device.broken);
	cr_assert_eq(net.dropped, 1, "%llu dropped", (unsigned long long)net.dropped);
	cr_assert_eq(used_bytes(RECEIVE, 0), HEADER + NM_NET_PACKET_MAX, "%u bytes",
		     used_bytes(RECEIVE, 0));
}

Test(net, the_longest_packet_passes_the_mirror, .init = open_mirror)
{
	drop_what_no_network_takes();
}

Test(net, the_longest_packet_passes_the_socket, .init = open_loop)
{
	drop_what_no_network_takes();
}

Test(net, a_socket_that_is_full_loses_nothing, .init = open_loop)
{
	const int bytes = 4608; /* room for two packets at most */

	cr_assert_eq(setsockopt(net.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0, "SNDBUF");
	for (unsigned int i = 0; i < SIZE; i++) {
		offer(RECEIVE, DATA + 0x10000 + 4096 * i, 2048, VRING_DESC_F_WRITE);
		memory[DATA + 4096 * i + HEADER] = (unsigned char)i;
		offer(SEND, DATA + 4096 * i, HEADER + 1500, 0);
	}
	cr_assert_eq(serve(), 0, "%s", device.broken);
	cr_assert_eq(net.dropped, 0, "%llu dropped", (unsigned long long)net.dropped);
	cr_assert_eq(used_index(RECEIVE), SIZE, "%u came", used_index(RECEIVE));
	for (unsigned int i = 0; i < SIZE; i++)
		cr_assert_eq(memory[DATA + 0x10000 + 4096 * i + HEADER], i, "in another order");
}

Test(net, rules_that_a_driver_breaks_end_it, .init = open_mirror)
{
	static const struct {
		uint32_t queue, bytes;
		uint16_t flags;
		unsigned char first[2]; /* flags and GSO type of a header */
		const char *says;
	} cases[] = {
		{SEND, HEADER, 0, {0}, "a packet without content"},
		{SEND, HEADER - 1, 0, {0}, "a packet without content"},
		{SEND, 100, VRING_DESC_F_WRITE, {0}, "a packet without content"},
		{SEND, 100, 0, {VIRTIO_NET_HDR_F_NEEDS_CSUM}, "an offload"},
		{SEND, 100, 0, {0, VIRTIO_NET_HDR_GSO_TCPV4}, "an offload"},
		{RECEIVE, HEADER - 1, VRING_DESC_F_WRITE, {0}, "no room for a header"},
		{RECEIVE, 100, 0, {0}, "no room for a header"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		start();
		memcpy(memory + DATA, cases[i].first, 2);
		offer(cases[i].queue, DATA, cases[i].bytes, cases[i].flags);
		if (cases[i].queue == RECEIVE)
			offer(SEND, DATA + 0x4000, 100, 0);
		cr_assert_eq(serve(), -EPROTO, "case %zu", i);
		cr_assert(strstr(device.broken, cases[i].says), "case %zu: %s", i, device.broken);
	}
	start();
	come_and_go(3);
}

Test(net, a_reset_forgets_what_it_held, .init = open_mirror)
{
	offer(RECEIVE, DATA, 2048, VRING_DESC_F_WRITE);
	offer(SEND, DATA, HEADER + 4096, 0);
	serve();
	cr_assert(net.holds_free, "it holds no buffer");
	start();
	cr_assert_not(net.holds_free, "it still holds one");
}

Test(net, a_tap_that_cannot_be_says_what_would_help, .fini = NULL)
{
	const int fd = nm_net_open_tap("nm%d/");

	cr_assert_lt(fd, 0, "an interface with a slash");
	cr_assert_eq(nm_error_last()->code, EOPNOTSUPP, "%s", nm_error_last()->text);
	cr_assert(strstr(nm_error_last()->remedy, "CAP_NET_ADMIN"), "%s", nm_error_last()->remedy);
}

/* Entropy */

static struct nm_rng rng;

static int fill_numbers(struct nm_rng *of, void *out, size_t bytes)
{
	(void)of;
	for (size_t i = 0; i < bytes; i++)
		((unsigned char *)out)[i] = (unsigned char)(i + 1);
	return 0;
}

static int fill_nothing(struct nm_rng *of, void *out, size_t bytes)
{
	(void)of;
	(void)out;
	return nm_fail(EIO, "no %zu bytes", bytes);
}

static void open_rng(void)
{
	rng.fill = NULL;
	device = (struct nm_virtio) {.cpu = -1, .threadless = true};
	nm_rng_init(&rng, &device);
	cr_assert_eq(nm_virtio_create(&device, &vm, NULL, BASE, 0), 0, "%s", nm_error_last()->text);
	start();
}

static void close_plain(void)
{
	nm_virtio_destroy(&device);
}

TestSuite(rng, .init = open_rng, .fini = close_plain);

Test(rng, buffers_are_filled)
{
	rng.fill = fill_numbers;
	offer(0, DATA, 5, VRING_DESC_F_WRITE);
	offer(0, DATA + 64, NM_RNG_MAX_BYTES + 9, VRING_DESC_F_WRITE);
	cr_assert_eq(serve(), 0, "%s", device.broken);
	cr_assert_eq(used_bytes(0, 0), 5, "%u bytes", used_bytes(0, 0));
	cr_assert(!memcmp(memory + DATA, "\1\2\3\4\5", 6), "it wrote more, or less");
	cr_assert_eq(used_bytes(0, 1), NM_RNG_MAX_BYTES, "%u bytes", used_bytes(0, 1));
	cr_assert_eq(memory[DATA + 64 + NM_RNG_MAX_BYTES], 0, "it wrote on");
	cr_assert_eq(rng.requests, 2, "%llu requests", (unsigned long long)rng.requests);
}

Test(rng, the_kernel_gives_other_bytes_each_time)
{
	offer(0, DATA, 64, VRING_DESC_F_WRITE);
	offer(0, DATA + 64, 64, VRING_DESC_F_WRITE);
	cr_assert_eq(serve(), 0, "%s", device.broken);
	cr_assert(memcmp(memory + DATA, memory + DATA + 64, 64), "the same twice");
}

Test(rng, what_cannot_be_ends_the_device)
{
	offer(0, DATA, 64, 0);
	cr_assert_eq(serve(), -EPROTO, "a buffer to read");
	start();
	rng.fill = fill_nothing;
	offer(0, DATA, 64, VRING_DESC_F_WRITE);
	cr_assert_eq(serve(), -EIO, "without bytes");
	cr_assert(strstr(device.broken, "virtio-rng: no 64 bytes"), "%s", device.broken);
}

/* Balloons */

static struct nm_balloon balloon;

static void open_balloon(void)
{
	balloon = (struct nm_balloon) {.wanted = 7};
	device = (struct nm_virtio) {.cpu = -1, .threadless = true};
	nm_balloon_init(&balloon, &device);
	cr_assert_eq(nm_virtio_create(&device, &vm, NULL, BASE, 0), 0, "%s", nm_error_last()->text);
	start();
}

TestSuite(balloon, .init = open_balloon, .fini = close_plain);

static void put_numbers(uint32_t first, uint32_t second)
{
	memcpy(memory + DATA, &first, sizeof(first));
	memcpy(memory + DATA + 4, &second, sizeof(second));
}

Test(balloon, pages_that_are_given_are_zero)
{
	memset(memory + 0x20000, 0xaa, 0x4000);
	put_numbers((GPA + 0x20000) / NM_BALLOON_PAGE, (GPA + 0x22000) / NM_BALLOON_PAGE);
	offer(0, DATA, 8, 0);
	cr_assert_eq(serve(), 0, "%s", device.broken);
	cr_assert_eq(balloon.given, 2, "%llu pages", (unsigned long long)balloon.given);
	for (unsigned int page = 0; page < 4; page++)
		cr_assert_eq(memory[0x20000 + page * 4096 + 4095], page % 2 ? 0xaa : 0, "page %u",
			     page);
	offer(1, DATA, 8, 0);
	cr_assert_eq(serve(), 0, "%s", device.broken);
	cr_assert_eq(balloon.returned, 2, "%llu pages", (unsigned long long)balloon.returned);
	cr_assert_eq(used_index(1), 1, "the request did not come back");
}

Test(balloon, rules_that_a_driver_breaks_end_it)
{
	static const struct {
		uint32_t number, bytes;
		uint16_t flags;
		const char *says;
	} cases[] = {
		{GPA / NM_BALLOON_PAGE - 1, 8, 0, "no memory of the guest"},
		{(GPA + MEMORY) / NM_BALLOON_PAGE, 8, 0, "no memory of the guest"},
		{UINT32_MAX, 8, 0, "no memory of the guest"},
		{GPA / NM_BALLOON_PAGE, 7, 0, "7 bytes of page numbers"},
		{GPA / NM_BALLOON_PAGE, 4100, 0, "4100 bytes of page numbers"},
		{GPA / NM_BALLOON_PAGE, 8, VRING_DESC_F_WRITE, "bytes of page numbers"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		start();
		put_numbers((GPA + 0x20000) / NM_BALLOON_PAGE, cases[i].number);
		offer(0, DATA, cases[i].bytes, cases[i].flags);
		cr_assert_eq(serve(), -EPROTO, "case %zu", i);
		cr_assert(strstr(device.broken, cases[i].says), "case %zu: %s", i, device.broken);
	}
}
