/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The devices of the VMM from the driver's side: what the specification has, and what a broken driver does instead. */
#include "helpers.h"
#include "vmm/virtio/blk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <sys/mman.h>
#include <time.h>

#define MEMORY	    0x40000u
#define GPA	    0x100000u /* where the guest sees it */
#define DESCRIPTORS (GPA + 0x1000u)
#define DRIVER	    (GPA + 0x3000u)
#define DEVICE	    (GPA + 0x5000u)
#define DATA	    (GPA + 0x10000u)
#define SIZE	    8u

static unsigned char memory[MEMORY] __attribute__((aligned(4096)));
static struct nm_vm vm;
static struct nm_virtqueue queue;
static struct nm_chain chain;

static void *at(uint64_t gpa)
{
	return memory + (gpa - GPA);
}

static void set_up(void)
{
	memset(memory, 0, sizeof(memory));
	vm = (struct nm_vm) {.fd = -1,
			     .slots = {{.gpa = GPA, .bytes = MEMORY, .host = memory}},
			     .slot_count = 1};
	queue = (struct nm_virtqueue) {.vm = &vm,
				       .size = SIZE,
				       .descriptors_gpa = DESCRIPTORS,
				       .driver_gpa = DRIVER,
				       .device_gpa = DEVICE};
}

static void start(bool packed, bool event_index)
{
	queue.packed = packed;
	queue.event_index = event_index;
	cr_assert_eq(nm_virtqueue_start(&queue), 0, "%s", nm_error_last()->text);
}

/* The driver's hand on a split ring. */

static void describe(unsigned int index, uint64_t gpa, uint32_t bytes, uint16_t flags,
		     uint16_t next)
{
	struct vring_desc *descriptors = at(DESCRIPTORS);

	descriptors[index] = (struct vring_desc) {gpa, bytes, flags, next};
}

static void offer(uint16_t head)
{
	struct vring_avail *avail = at(DRIVER);

	avail->ring[avail->idx % SIZE] = head;
	avail->idx++;
}

static const struct vring_used *used(void)
{
	return at(DEVICE);
}

static void assert_broken(const char *says)
{
	cr_assert_eq(nm_virtqueue_pop(&queue, &chain), -EPROTO, "taken: %s", says);
	assert_error_says(says);
}

TestSuite(virtqueue, .init = set_up);

Test(virtqueue, a_split_request_comes_and_goes)
{
	start(false, false);
	cr_assert_eq(nm_virtqueue_pop(&queue, &chain), 0, "a request from nowhere");
	describe(3, DATA, 16, VRING_DESC_F_NEXT, 5);
	describe(5, DATA + 64, 100, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 0);
	describe(0, DATA + 256, 1, VRING_DESC_F_WRITE, 7);
	offer(3);
	cr_assert_eq(nm_virtqueue_pop(&queue, &chain), 1, "%s", nm_error_last()->text);
	cr_assert_eq(chain.id, 3, "it begins with %u", chain.id);
	cr_assert_eq(chain.count, 3, "%u buffers", chain.count);
	cr_assert_eq(chain.readable, 1, "%u of them to read", chain.readable);
	cr_assert_eq(chain.buffers[1].host, (unsigned char *)at(DATA + 64), "another place");
	cr_assert_eq(nm_chain_readable(&chain), 16, "bytes to read");
	cr_assert_eq(nm_chain_writable(&chain), 101, "bytes to write");
	cr_assert_eq(nm_virtqueue_pop(&queue, &chain), 0, "the request came twice");
	chain.id = 3;
	chain.descriptors = 3;
	nm_virtqueue_push(&queue, &chain, 101);
	cr_assert_eq(used()->idx, 1, "the used index is %u", used()->idx);
	cr_assert_eq(used()->ring[0].id, 3, "another request came back");
	cr_assert_eq(used()->ring[0].len, 101, "%u bytes", used()->ring[0].len);
	cr_assert_eq(queue.in_flight, 0, "%u are still in flight", queue.in_flight);
}

Test(virtqueue, buffers_are_copied_across_their_edges)
{
	char out[16] = "";

	start(false, false);
	memcpy(at(DATA), "abcd", 4);
	memcpy(at(DATA + 100), "efgh", 4);
	describe(0, DATA, 4, VRING_DESC_F_NEXT, 1);
	describe(1, DATA + 100, 4, VRING_DESC_F_NEXT, 2);
	describe(2, DATA + 200, 2, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 3);
	describe(3, DATA + 300, 9, VRING_DESC_F_WRITE, 0);
	offer(0);
	cr_assert_eq(nm_virtqueue_pop(&queue, &chain), 1, "%s", nm_error_last()->text);
	cr_assert_eq(nm_chain_read(&chain, 2, out, 15), 6, "bytes from the third on");
	cr_assert_str_eq(out, "cdefgh", "it is %s", out);
	cr_assert_eq(nm_chain_read(&chain, 8, out, 1), 0, "there is something behind the end");
	cr_assert_eq(nm_chain_write(&chain, 1, "xyz", 3), 3, "they did not fit");
	cr_assert(!memcmp(at(DATA + 201), "x", 1) && !memcmp(at(DATA + 300), "yz", 2), "elsewhere");
	cr_assert_eq(nm_chain_write(&chain, 10, "xyz", 3), 1, "beyond the end");
}

Test(virtqueue, interrupts_are_where_the_driver_wants_them)
{
	struct vring_avail *avail = at(DRIVER);

	start(false, false);
	describe(0, DATA, 1, VRING_DESC_F_WRITE, 0);
	cr_assert_not(nm_virtqueue_must_interrupt(&queue), "for nothing");
	for (unsigned int i = 0; i < 2; i++) {
		avail->flags = i ? VRING_AVAIL_F_NO_INTERRUPT : 0;
		offer(0);
		nm_virtqueue_pop(&queue, &chain);
		nm_virtqueue_push(&queue, &chain, 1);
		cr_assert_eq(nm_virtqueue_must_interrupt(&queue), !i, "with flags %u",
			     avail->flags);
	}
	set_up();
	start(false, true);
	describe(0, DATA, 1, VRING_DESC_F_WRITE, 0);
	avail->ring[SIZE] = 1; /* after the second */
	for (unsigned int i = 0; i < 3; i++) {
		offer(0);
		nm_virtqueue_pop(&queue, &chain);
		nm_virtqueue_push(&queue, &chain, 1);
		cr_assert_eq(nm_virtqueue_must_interrupt(&queue), i == 1, "for request %u", i);
	}
}

Test(virtqueue, notifications_are_asked_for)
{
	const uint16_t *event = (const uint16_t *)(const void *)&used()->ring[SIZE];

	start(false, false);
	nm_virtqueue_listen(&queue, false);
	cr_assert_eq(used()->flags, VRING_USED_F_NO_NOTIFY, "the flag is not set");
	nm_virtqueue_listen(&queue, true);
	cr_assert_eq(used()->flags, 0, "the flag stays");
	start(false, true);
	queue.next_avail = 5;
	nm_virtqueue_listen(&queue, true);
	cr_assert_eq(*event, 5, "the event is at %u", *event);
	nm_virtqueue_listen(&queue, false);
	cr_assert_not(vring_need_event(*event, 6, 5), "the next request kicks");
	cr_assert_not(vring_need_event(*event, 5 + NM_QUEUE_MAX, 5), "a full queue kicks");
}

Test(virtqueue, queues_that_cannot_be_are_refused)
{
	static const struct {
		uint16_t size;
		uint64_t descriptors, driver, device;
		const char *says;
	} cases[] = {
		{0, DESCRIPTORS, DRIVER, DEVICE, "a size of 0"},
		{6, DESCRIPTORS, DRIVER, DEVICE, "a size of 6"},
		{512, DESCRIPTORS, DRIVER, DEVICE, "a size of 512"},
		{8, DESCRIPTORS + 8, DRIVER, DEVICE, "descriptors at 0x101008 is not aligned"},
		{8, DESCRIPTORS, DRIVER + 1, DEVICE, "driver area"},
		{8, DESCRIPTORS, DRIVER, DEVICE + 2, "device area"},
		{8, GPA + MEMORY - 16, DRIVER, DEVICE, "does not lie in guest memory"},
		{8, DESCRIPTORS, GPA - 4096, DEVICE, "driver area"},
		{8, DESCRIPTORS, DRIVER, UINT64_MAX - 3, "device area"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		queue.size = cases[i].size;
		queue.descriptors_gpa = cases[i].descriptors;
		queue.driver_gpa = cases[i].driver;
		queue.device_gpa = cases[i].device;
		cr_assert_eq(nm_virtqueue_start(&queue), -EPROTO, "case %zu", i);
		assert_error_says(cases[i].says);
	}
}

Test(virtqueue, rules_that_a_driver_breaks_end_it)
{
	static const struct {
		struct vring_desc first, second;
		uint16_t head;
		const char *says;
	} cases[] = {
		{{DATA, 16, 0, 0}, {0}, SIZE, "descriptor 8 of 8"},
		{{DATA, 16, VRING_DESC_F_NEXT, SIZE}, {0}, 0, "descriptor 8 of 8"},
		{{DATA, 16, VRING_DESC_F_NEXT, 0}, {0}, 0, "never ends"},
		{{DATA, 16, VRING_DESC_F_NEXT, 1},
		 {DATA, 16, VRING_DESC_F_NEXT, 0},
		 0,
		 "never ends"},
		{{DATA, 16, VRING_DESC_F_INDIRECT, 0}, {0}, 0, "indirect"},
		{{DATA, 0, 0, 0}, {0}, 0, "0 bytes"},
		{{GPA - 8, 16, 0, 0}, {0}, 0, "does not lie in guest memory"},
		{{GPA + MEMORY - 8, 16, 0, 0}, {0}, 0, "does not lie in guest memory"},
		{{UINT64_MAX - 4, 16, 0, 0}, {0}, 0, "does not lie in guest memory"},
		{{DATA, 0xffffffffu, 0, 0}, {0}, 0, "does not lie in guest memory"},
		{{DATA, 16, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1},
		 {DATA, 16, 0, 0},
		 0,
		 "to read behind one to write"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vring_desc *descriptors;

		set_up();
		start(false, false);
		descriptors = at(DESCRIPTORS);
		descriptors[0] = cases[i].first;
		descriptors[1] = cases[i].second;
		offer(cases[i].head);
		assert_broken(cases[i].says);
	}
}

Test(virtqueue, more_requests_than_a_queue_holds_end_it)
{
	struct vring_avail *avail = at(DRIVER);

	start(false, false);
	avail->idx = SIZE + 1;
	assert_broken("9 requests in a queue of 8");
	set_up();
	start(false, false);
	describe(0, DATA, 1, 0, 0);
	for (unsigned int i = 0; i < SIZE; i++) {
		offer(0);
		cr_assert_eq(nm_virtqueue_pop(&queue, &chain), 1, "request %u", i);
	}
	offer(0);
	assert_broken("more descriptors in flight");
}

/* The driver's hand on a packed ring. */

struct packed_driver {
	uint16_t next;
	bool wrap;
};

static void offer_packed(struct packed_driver *driver, uint16_t id, unsigned int count)
{
	struct vring_packed_desc *ring = at(DESCRIPTORS);
	uint16_t first = driver->next;
	uint16_t first_flags = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint16_t flags = driver->wrap ? 1u << VRING_PACKED_DESC_F_AVAIL
					      : 1u << VRING_PACKED_DESC_F_USED;

		flags |= i + 1 < count ? VRING_DESC_F_NEXT : VRING_DESC_F_WRITE;
		ring[driver->next].addr = DATA + 64 * i;
		ring[driver->next].len = 32;
		ring[driver->next].id = id;
		if (i)
			ring[driver->next].flags = flags;
		else
			first_flags = flags;
		if (++driver->next == SIZE) {
			driver->next = 0;
			driver->wrap = !driver->wrap;
		}
	}
	ring[first].flags = first_flags;
}

Test(virtqueue, a_packed_ring_goes_round)
{
	struct packed_driver driver = {.wrap = true};
	const struct vring_packed_desc *ring = at(DESCRIPTORS);
	uint16_t place = 0;
	bool wrap = true;

	start(true, true);
	cr_assert_eq(nm_virtqueue_pop(&queue, &chain), 0, "a request from nowhere");
	for (uint16_t i = 0; i < 100; i++) {
		const uint16_t both =
			1u << VRING_PACKED_DESC_F_AVAIL | 1u << VRING_PACKED_DESC_F_USED;

		offer_packed(&driver, i, 3);
		cr_assert_eq(nm_virtqueue_pop(&queue, &chain), 1, "%s", nm_error_last()->text);
		cr_assert_eq(chain.id, i, "request %u is %u", i, chain.id);
		cr_assert_eq(chain.count, 3, "%u buffers", chain.count);
		cr_assert_eq(chain.readable, 2, "%u of them to read", chain.readable);
		cr_assert_eq(nm_virtqueue_pop(&queue, &(struct nm_chain) {0}), 0, "it came twice");
		nm_virtqueue_push(&queue, &chain, 7);
		cr_assert_eq(ring[place].id, i, "in another place");
		cr_assert_eq(ring[place].len, 7, "%u bytes", ring[place].len);
		cr_assert_eq(ring[place].flags & both, wrap ? both : 0, "not used");
		place += 3;
		if (place >= SIZE) {
			place -= SIZE;
			wrap = !wrap;
		}
	}
	cr_assert_eq(queue.in_flight, 0, "%u are still in flight", queue.in_flight);
}

Test(virtqueue, a_packed_chain_that_never_ends_is_broken)
{
	struct vring_packed_desc *ring = at(DESCRIPTORS);

	start(true, false);
	for (unsigned int i = 0; i < SIZE; i++)
		ring[i] = (struct vring_packed_desc) {DATA, 16, 0,
						      1u << VRING_PACKED_DESC_F_AVAIL |
							      VRING_DESC_F_NEXT};
	assert_broken("never ends");
}

Test(virtqueue, interrupts_of_a_packed_ring)
{
	struct packed_driver driver = {.wrap = true};
	struct vring_packed_desc_event *event = at(DRIVER);

	start(true, true);
	/* After place 4 of the laps with the wrap counter set. */
	event->flags = VRING_PACKED_EVENT_FLAG_DESC;
	event->off_wrap = 4 | 0x8000;
	for (unsigned int i = 0; i < 2 * SIZE; i++) {
		offer_packed(&driver, 0, 1);
		nm_virtqueue_pop(&queue, &chain);
		nm_virtqueue_push(&queue, &chain, 0);
		cr_assert_eq(nm_virtqueue_must_interrupt(&queue), i == 4, "for request %u", i);
	}
	event->flags = VRING_PACKED_EVENT_FLAG_DISABLE;
	offer_packed(&driver, 0, 1);
	nm_virtqueue_pop(&queue, &chain);
	nm_virtqueue_push(&queue, &chain, 0);
	cr_assert_not(nm_virtqueue_must_interrupt(&queue), "though they are off");
	event->flags = VRING_PACKED_EVENT_FLAG_ENABLE;
	offer_packed(&driver, 0, 1);
	nm_virtqueue_pop(&queue, &chain);
	nm_virtqueue_push(&queue, &chain, 0);
	cr_assert(nm_virtqueue_must_interrupt(&queue), "though they are on");
}

/* The transport */

static struct nm_virtio device;
static struct nm_io io;
static struct nm_blk blk;
static int disk = -1;

#define BASE	   0xd0000000u
#define DISK_BYTES 0x10000u

static uint32_t access_register(uint32_t offset, uint32_t value, bool write)
{
	const struct nm_access access = {
		.address = BASE + offset, .bytes = 4, .count = 1, .write = write, .data = &value};

	nm_virtio_access(&device, &access);
	return value;
}

static uint32_t get(uint32_t offset)
{
	return access_register(offset, 0, false);
}

static void set(uint32_t offset, uint32_t value)
{
	access_register(offset, value, true);
}

static void open_device(const struct nm_io_kind *kind)
{
	set_up();
	disk = memfd_create("disk", MFD_CLOEXEC);
	cr_assert_eq(ftruncate(disk, DISK_BYTES), 0, "a disk");
	cr_assert_eq(nm_io_open(&io, kind, disk, 64), 0, "%s", nm_error_last()->text);
	blk = (struct nm_blk) {.io = &io, .bytes = DISK_BYTES};
	device = (struct nm_virtio) {.cpu = -1, .poll_ns = 1000};
	nm_blk_init(&blk, &device);
	cr_assert_eq(nm_virtio_create(&device, &vm, NULL, BASE, 0), 0, "%s", nm_error_last()->text);
}

static void open_null_device(void)
{
	open_device(&nm_io_null);
}

static void close_device(void)
{
	nm_virtio_destroy(&device);
	nm_io_close(&io);
	close(disk);
}

/* What a driver does up to FEATURES_OK; the status that the device then has. */
static uint32_t negotiate(uint64_t features)
{
	set(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	for (uint32_t i = 0; i < 2; i++) {
		set(VIRTIO_MMIO_DRIVER_FEATURES_SEL, i);
		set(VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> (32 * i)));
	}
	set(VIRTIO_MMIO_STATUS,
	    VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK);
	return get(VIRTIO_MMIO_STATUS);
}

static void place_queue(void)
{
	set(VIRTIO_MMIO_QUEUE_SEL, 0);
	set(VIRTIO_MMIO_QUEUE_NUM, SIZE);
	set(VIRTIO_MMIO_QUEUE_DESC_LOW, DESCRIPTORS);
	set(VIRTIO_MMIO_QUEUE_AVAIL_LOW, DRIVER);
	set(VIRTIO_MMIO_QUEUE_USED_LOW, DEVICE);
	set(VIRTIO_MMIO_QUEUE_READY, 1);
}

static void start_device(void)
{
	cr_assert(negotiate(1ull << VIRTIO_F_VERSION_1) & VIRTIO_CONFIG_S_FEATURES_OK, "refused");
	place_queue();
	set(VIRTIO_MMIO_STATUS, get(VIRTIO_MMIO_STATUS) | VIRTIO_CONFIG_S_DRIVER_OK);
}

/* Waits until a condition of another thread holds; it is not a matter of time but of whether at all. */
#define AWAIT(condition)                                                                           \
	do {                                                                                       \
		const struct timespec pause_ = {.tv_nsec = 100000};                                \
		int left_ = 100000;                                                                \
		while (!(condition) && left_--)                                                    \
			nanosleep(&pause_, NULL);                                                  \
		cr_assert(condition, #condition);                                                  \
	} while (0)

TestSuite(virtio, .init = open_null_device, .fini = close_device);

Test(virtio, a_device_says_what_it_is)
{
	uint64_t features;

	cr_assert_eq(get(VIRTIO_MMIO_MAGIC_VALUE), 0x74726976, "magic");
	cr_assert_eq(get(VIRTIO_MMIO_VERSION), 2, "version");
	cr_assert_eq(get(VIRTIO_MMIO_DEVICE_ID), 2, "a block device");
	cr_assert_eq(get(VIRTIO_MMIO_QUEUE_NUM_MAX), NM_QUEUE_MAX, "size");
	set(VIRTIO_MMIO_QUEUE_SEL, 1);
	cr_assert_eq(get(VIRTIO_MMIO_QUEUE_NUM_MAX), 0, "a queue that is not there");
	features = get(VIRTIO_MMIO_DEVICE_FEATURES);
	set(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features |= (uint64_t)get(VIRTIO_MMIO_DEVICE_FEATURES) << 32;
	cr_assert(features & 1ull << VIRTIO_F_VERSION_1 && features & 1ull << VIRTIO_F_RING_PACKED,
		  "it offers %#llx", (unsigned long long)features);
	set(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	cr_assert_eq(get(VIRTIO_MMIO_DEVICE_FEATURES), 0, "features beyond 64");
	cr_assert_eq(get(VIRTIO_MMIO_CONFIG), DISK_BYTES / 512, "its capacity");
	cr_assert_eq(get(NM_VIRTIO_MMIO_BYTES - 4), 0, "something behind its configuration");
}

Test(virtio, odd_accesses_read_zero_and_change_nothing)
{
	uint64_t wide = UINT64_MAX;
	const struct nm_access odd[] = {
		{.address = BASE + 2, .bytes = 4, .count = 1, .data = &wide},
		{.address = BASE, .bytes = 1, .count = 1, .data = &wide},
		{.address = BASE + NM_VIRTIO_MMIO_BYTES - 2, .bytes = 4, .count = 1, .data = &wide},
	};

	for (size_t i = 0; i < COUNT(odd); i++) {
		wide = UINT64_MAX;
		nm_virtio_access(&device, &odd[i]);
		cr_assert_eq(wide & 0xff, 0, "case %zu: %#llx", i, (unsigned long long)wide);
	}
	set(VIRTIO_MMIO_CONFIG, 77);
	cr_assert_eq(get(VIRTIO_MMIO_CONFIG), DISK_BYTES / 512, "its capacity was written");
}

Test(virtio, only_features_that_were_offered_are_accepted)
{
	cr_assert_not(negotiate(0) & VIRTIO_CONFIG_S_FEATURES_OK, "without VERSION_1");
	set(VIRTIO_MMIO_STATUS, 0);
	cr_assert_not(negotiate(1ull << VIRTIO_F_VERSION_1 | 1ull << 63) &
			      VIRTIO_CONFIG_S_FEATURES_OK,
		      "what nobody offered");
	set(VIRTIO_MMIO_STATUS, 0);
	cr_assert(negotiate(1ull << VIRTIO_F_VERSION_1) & VIRTIO_CONFIG_S_FEATURES_OK, "refused");
	set(VIRTIO_MMIO_STATUS, 0);
	cr_assert_eq(get(VIRTIO_MMIO_STATUS), 0, "a reset leaves %#x", get(VIRTIO_MMIO_STATUS));
}

Test(virtio, a_driver_that_does_not_negotiate_is_told)
{
	place_queue();
	set(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_DRIVER_OK);
	cr_assert(get(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET, "it runs");
	cr_assert(strstr(device.broken, "has not negotiated"), "it says %s", device.broken);
	cr_assert_not(device.running, "a thread runs");
}

Test(virtio, a_queue_that_cannot_be_breaks_the_device)
{
	negotiate(1ull << VIRTIO_F_VERSION_1);
	place_queue();
	set(VIRTIO_MMIO_QUEUE_DESC_HIGH, 1);
	set(VIRTIO_MMIO_STATUS, get(VIRTIO_MMIO_STATUS) | VIRTIO_CONFIG_S_DRIVER_OK);
	cr_assert(get(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET, "it runs");
	cr_assert(strstr(device.broken, "virtio-blk: virtqueue: the descriptors at 0x100101000"),
		  "it says %s", device.broken);
}

Test(virtio, a_broken_driver_stops_its_device_until_it_resets_it)
{
	start_device();
	offer(SIZE + 3);
	set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	AWAIT(get(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
	AWAIT(get(VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	set(VIRTIO_MMIO_STATUS, 0);
	cr_assert_eq(get(VIRTIO_MMIO_STATUS), 0, "a reset leaves %#x", get(VIRTIO_MMIO_STATUS));
	memset(memory, 0, sizeof(memory));
	start_device();
	cr_assert_not(get(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET, "%s", device.broken);
}

Test(virtio, a_device_that_runs_keeps_its_queues)
{
	start_device();
	set(VIRTIO_MMIO_QUEUE_READY, 0);
	set(VIRTIO_MMIO_QUEUE_NUM, 4);
	cr_assert_eq(get(VIRTIO_MMIO_QUEUE_READY), 1, "the queue went away");
	cr_assert_eq(queue.size, SIZE, "its size changed");
}

/* Block devices */

#define STATUS (DATA + 0x8000u)

static unsigned char request(uint32_t type, uint64_t sector, uint64_t gpa, uint32_t bytes,
			     uint16_t data_flags)
{
	struct virtio_blk_outhdr header = {.type = type, .sector = sector};
	const uint16_t before = used()->idx;
	unsigned char *status = at(STATUS);

	memcpy(at(DATA), &header, sizeof(header));
	*status = 0xee;
	describe(0, DATA, sizeof(header), VRING_DESC_F_NEXT, bytes ? 1 : 2);
	describe(1, gpa, bytes, VRING_DESC_F_NEXT | data_flags, 2);
	describe(2, STATUS, 1, VRING_DESC_F_WRITE, 0);
	offer(0);
	set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	AWAIT(__atomic_load_n(&used()->idx, __ATOMIC_ACQUIRE) != before);
	return *status;
}

static void write_and_read_back(const struct nm_io_kind *kind)
{
	unsigned char *out = at(DATA + 0x1000);
	unsigned char *back = at(DATA + 0x3000);

	open_device(kind);
	start_device();
	for (unsigned int i = 0; i < 4096; i++)
		out[i] = (unsigned char)(i * 7 + 1);
	cr_assert_eq(request(VIRTIO_BLK_T_OUT, 8, DATA + 0x1000, 4096, 0), VIRTIO_BLK_S_OK,
		     "a write by %s", kind->name);
	cr_assert_eq(request(VIRTIO_BLK_T_FLUSH, 0, 0, 0, 0), VIRTIO_BLK_S_OK, "a flush by %s",
		     kind->name);
	cr_assert_eq(request(VIRTIO_BLK_T_IN, 8, DATA + 0x3000, 4096, VRING_DESC_F_WRITE),
		     VIRTIO_BLK_S_OK, "a read by %s", kind->name);
	if (kind != &nm_io_null) {
		cr_assert(!memcmp(out, back, 4096), "%s reads something else", kind->name);
		cr_assert_eq(pread(disk, back, 512, 8 * 512), 512, "the disk");
		cr_assert(!memcmp(out, back, 512), "%s wrote elsewhere", kind->name);
	}
	cr_assert_eq(used()->ring[2].len, 4097, "%u bytes came back", used()->ring[2].len);
	cr_assert_eq(blk.requests, 3, "%llu requests", (unsigned long long)blk.requests);
	close_device();
}

Test(blk, what_was_written_is_read_back)
{
	struct nm_io probe;

	write_and_read_back(&nm_io_null);
	write_and_read_back(&nm_io_threads);
	if (!nm_io_open(&probe, &nm_io_uring, 0, 8)) {
		nm_io_close(&probe);
		write_and_read_back(&nm_io_uring);
	} else {
		cr_assert_eq(nm_error_last()->code, EOPNOTSUPP, "%s", nm_error_last()->text);
		cr_assert(nm_error_last()->remedy[0], "no remedy");
	}
}

Test(blk, requests_that_cannot_be_fail_alone, .init = open_null_device, .fini = close_device)
{
	static const struct {
		uint32_t type;
		uint64_t sector;
		uint32_t bytes;
		uint16_t flags;
		uint8_t status;
	} cases[] = {
		{VIRTIO_BLK_T_IN, DISK_BYTES / 512, 512, VRING_DESC_F_WRITE, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_IN, DISK_BYTES / 512 - 1, 1024, VRING_DESC_F_WRITE,
		 VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_OUT, UINT64_MAX, 512, 0, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_OUT, UINT64_MAX / 512, 512, 0, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_IN, 0, 100, VRING_DESC_F_WRITE, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_IN, 0, 0, 0, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_GET_ID, 0, 8, VRING_DESC_F_WRITE, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_GET_ID, 0, 20, VRING_DESC_F_WRITE, VIRTIO_BLK_S_OK},
		{77, 0, 512, 0, VIRTIO_BLK_S_UNSUPP},
		{VIRTIO_BLK_T_IN, DISK_BYTES / 512 - 1, 512, VRING_DESC_F_WRITE, VIRTIO_BLK_S_OK},
	};

	start_device();
	for (size_t i = 0; i < COUNT(cases); i++)
		cr_assert_eq(request(cases[i].type, cases[i].sector, DATA + 0x1000, cases[i].bytes,
				     cases[i].flags),
			     cases[i].status, "case %zu", i);
	cr_assert_not(get(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET, "%s", device.broken);
	blk.read_only = true;
	cr_assert_eq(request(VIRTIO_BLK_T_OUT, 0, DATA + 0x1000, 512, 0), VIRTIO_BLK_S_IOERR,
		     "a write to what is read only");
}

Test(blk, a_request_without_a_status_ends_the_device, .init = open_null_device,
     .fini = close_device)
{
	start_device();
	describe(0, DATA, 16, 0, 0);
	offer(0);
	set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	AWAIT(get(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
	nm_virtio_destroy(&device);
	cr_assert(strstr(device.broken, "without header or status"), "it says %s", device.broken);
}
