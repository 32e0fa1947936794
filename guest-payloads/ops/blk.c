/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"
#include "virtio.h"

/* A request: its header, its data, its status (virtio 1.2, 5.2.6). */
#define BUFFERS	     3
#define RING_SIZE    128 /* of the depth of 32 */
#define DEVICE_ID    2
#define TYPE_IN	     0
#define TYPE_OUT     1
#define TYPE_FLUSH   4
#define STATUS_OK    0
#define HEADER_BYTES 16
#define PLACE_BYTES  64 /* header and status of one request */

#define FEATURE_FLUSH	    (1ull << 9)
#define FEATURE_EVENT_INDEX (1ull << 29)
#define FEATURE_VERSION_1   (1ull << 32)
#define FEATURE_PACKED	    (1ull << 34)

#define PAGE 4096u

/* result[0] counts interrupts. */
NM_HANDLER(blk_handler, NM_HANDLER_COUNT NM_HANDLER_X2APIC_EOI NM_HANDLER_SKIP_HLT NM_HANDLER_CLI);

struct header {
	volatile uint32_t type;
	volatile uint32_t reserved;
	volatile uint64_t sector;
};

struct disk {
	struct nm_abi_blk *plan;
	struct nm_vring ring;
	uint64_t headers; /* PLACE_BYTES for each place */
	uint64_t data;	  /* plan->bytes, in whole pages, for each place */
	uint64_t random;
	uint64_t next; /* sector, when sequential */
	uint64_t started[NM_ABI_BLK_MAX_DEPTH];
	uint64_t sector[NM_ABI_BLK_MAX_DEPTH];
	uint32_t op[NM_ABI_BLK_MAX_DEPTH];
	uint32_t spare[NM_ABI_BLK_MAX_DEPTH]; /* places without a request, and how many */
	uint32_t spares;
	uint64_t looks;
};

static struct disk disk;

static uint64_t page_align(uint64_t bytes)
{
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

static struct header *header_of(uint32_t place)
{
	return (struct header *)(disk.headers + (uint64_t)place * PLACE_BYTES);
}

static volatile uint8_t *status_of(uint32_t place)
{
	return (volatile uint8_t *)header_of(place) + HEADER_BYTES;
}

static volatile uint64_t *data_of(uint32_t place)
{
	return (volatile uint64_t *)(disk.data + place * page_align(disk.plan->bytes));
}

/* Marsaglia's xorshift: every number but 0 once. */
static uint64_t next_random(void)
{
	disk.random ^= disk.random << 13;
	disk.random ^= disk.random >> 7;
	disk.random ^= disk.random << 17;
	return disk.random;
}

static uint64_t next_sector(void)
{
	const uint64_t sectors = disk.plan->bytes / NM_ABI_SECTOR;
	uint64_t sector = disk.next;

	if (!disk.plan->sequential)
		return next_random() % (disk.plan->sectors / sectors) * sectors;
	disk.next += sectors;
	if (disk.next + sectors > disk.plan->sectors)
		disk.next = 0;
	return sector;
}

static uint64_t sectors_of_request(void)
{
	return disk.plan->bytes / NM_ABI_SECTOR;
}

static volatile uint64_t *sector_of(uint32_t place, uint64_t i)
{
	return data_of(place) + i * (NM_ABI_SECTOR / 8);
}

static void fill(uint32_t place)
{
	for (uint64_t i = 0; i < sectors_of_request(); i++) {
		volatile uint64_t *sector = sector_of(place, i);

		for (uint64_t word = 0; word < NM_ABI_SECTOR / 8; word++)
			sector[word] = nm_abi_disk_word(disk.sector[place] + i, word);
	}
}

/* The first and the last word of every sector. */
static uint64_t holds_pattern(uint32_t place)
{
	const uint64_t last = NM_ABI_SECTOR / 8 - 1;

	for (uint64_t i = 0; i < sectors_of_request(); i++) {
		const volatile uint64_t *sector = sector_of(place, i);

		if (sector[0] != nm_abi_disk_word(disk.sector[place] + i, 0) ||
		    sector[last] != nm_abi_disk_word(disk.sector[place] + i, last))
			return 0;
	}
	return 1;
}

/* Requests that are verified: of a block at most one is under way, so that it is known what a read must find. */

#define BUSY (1ull << 63) /* of a generation: a request is under way */

static volatile uint64_t *generation_of(uint64_t sector)
{
	return (volatile uint64_t *)disk.plan->generations_gpa + sector / sectors_of_request();
}

static uint64_t free_sector(void)
{
	uint64_t sector = next_sector();

	while (*generation_of(sector) & BUSY) {
		sector += sectors_of_request();
		if (sector == disk.plan->sectors)
			sector = 0;
	}
	return sector;
}

/* What a read must bring is not there before. */
static void spoil(uint32_t place)
{
	for (uint64_t i = 0; i < sectors_of_request(); i++)
		sector_of(place, i)[NM_ABI_BLOCK_SUM]++;
}

static void choose_verified(uint32_t place)
{
	const uint64_t sector = free_sector();
	volatile uint64_t *generation = generation_of(sector);

	disk.sector[place] = sector;
	disk.op[place] = next_random() >> 32 & 1 ? NM_ABI_IO_WRITE : NM_ABI_IO_READ;
	if (disk.op[place] == NM_ABI_IO_READ)
		spoil(place);
	else
		++*generation;
	for (uint64_t i = 0; disk.op[place] == NM_ABI_IO_WRITE && i < sectors_of_request(); i++)
		nm_abi_block_fill(sector_of(place, i), sector + i, *generation);
	*generation |= BUSY;
}

static uint64_t is_verified(uint32_t place)
{
	volatile uint64_t *generation = generation_of(disk.sector[place]);
	uint64_t right = *generation & BUSY; /* else it comes back twice */

	*generation &= ~BUSY;
	for (uint64_t i = 0; right && i < sectors_of_request(); i++)
		right = nm_abi_block_is(sector_of(place, i), disk.sector[place] + i, *generation);
	return !!right;
}

static uint64_t is_right(uint32_t place)
{
	const uint64_t content = disk.plan->op == NM_ABI_IO_VERIFY ? is_verified(place)
				 : disk.plan->op == NM_ABI_IO_READ ? holds_pattern(place)
								   : 1;

	return content && *status_of(place) == STATUS_OK;
}

static void buffers_of(uint32_t place, struct nm_vring_buffer *out)
{
	const uint32_t reads = disk.op[place] == NM_ABI_IO_READ;

	out[0] = (struct nm_vring_buffer) {(uint64_t)header_of(place), HEADER_BYTES, 0};
	out[1] = (struct nm_vring_buffer) {(uint64_t)data_of(place), disk.plan->bytes, reads};
	out[2] = (struct nm_vring_buffer) {(uint64_t)status_of(place), 1, 1};
}

/* Buffers of a flush: there is no data. */
static void flush_buffers_of(uint32_t place, struct nm_vring_buffer *out)
{
	buffers_of(place, out);
	out[1] = out[2];
}

static void place_buffers(uint32_t place, struct nm_vring_buffer *out)
{
	if (disk.plan->op == NM_ABI_IO_FLUSH)
		flush_buffers_of(place, out);
	else
		buffers_of(place, out);
}

/* Which request a place has next. */
static void choose(uint32_t place)
{
	if (disk.plan->op == NM_ABI_IO_VERIFY) {
		choose_verified(place);
		return;
	}
	disk.sector[place] = disk.plan->op == NM_ABI_IO_FLUSH ? 0 : next_sector();
	if (disk.plan->op == NM_ABI_IO_WRITE)
		fill(place);
}

/* Makes the next request in a place. */
static void make(uint32_t place)
{
	static const uint32_t types[] = {TYPE_IN, TYPE_OUT, TYPE_FLUSH};
	struct nm_vring_buffer buffers[BUFFERS];
	struct header *header = header_of(place);

	choose(place);
	header->type = types[disk.op[place]];
	header->sector = disk.sector[place];
	*status_of(place) = 0xff;
	if (disk.plan->op == NM_ABI_IO_VERIFY) {
		place_buffers(place, buffers);
		nm_vring_describe(&disk.ring, place, buffers);
	}
}

/* Offers what was made there. It starts when it was to, or else now. */
static void offer(uint32_t place, uint64_t intended)
{
	struct nm_vring_buffer buffers[BUFFERS];

	place_buffers(place, buffers);
	disk.started[place] = intended ? intended : nm_tsc();
	nm_vring_offer(&disk.ring, place, buffers);
}

static uint64_t open_disk(struct nm_abi_control *control)
{
	struct nm_abi_blk *plan = (struct nm_abi_blk *)control->argument[0];
	const uint64_t memory = control->argument[0] + PAGE;
	struct nm_vring_buffer buffers[BUFFERS];

	disk.plan = plan;
	disk.ring = (struct nm_vring) {
		.base = NM_ABI_VIRTIO_BASE,
		.size = RING_SIZE,
		.packed = plan->packed,
		.buffers = plan->op == NM_ABI_IO_FLUSH ? 2 : BUFFERS,
		.memory = memory,
	};
	disk.headers = memory + NM_VRING_BYTES;
	disk.data = disk.headers + PAGE;
	disk.random = plan->seed | 1;
	if (!nm_virtio_begin(NM_ABI_VIRTIO_BASE, DEVICE_ID,
			     FEATURE_FLUSH | FEATURE_EVENT_INDEX | FEATURE_VERSION_1 |
				     (plan->packed ? FEATURE_PACKED : 0)))
		return 0;
	if (plan->halt) {
		nm_set_gate(NM_ABI_VECTOR, blk_handler);
		nm_x2apic_enable();
		nm_ioapic_route(NM_ABI_VIRTIO_GSI, NM_ABI_VECTOR);
	}
	nm_vring_begin(&disk.ring);
	nm_virtio_end(NM_ABI_VIRTIO_BASE);
	nm_vring_listen(&disk.ring, 0);
	for (uint32_t place = 0; place < plan->depth; place++) {
		disk.op[place] = plan->op;
		place_buffers(place, buffers);
		nm_vring_describe(&disk.ring, place, buffers);
	}
	return 1;
}

/* What a request that came back at `now` took, and whether it was right. */
static uint64_t finish(uint32_t place, uint64_t now)
{
	disk.plan->done++;
	disk.plan->wrong += !is_right(place);
	return now - disk.started[place];
}

/* Takes one request back: its place, or -1 where the device has broken down. */
static int64_t take(uint64_t *ticks)
{
	uint32_t written;
	const int64_t place = nm_vring_await(&disk.ring, disk.plan->halt, &written);
	const uint64_t now = nm_tsc();

	if (place >= 0)
		*ticks = finish((uint32_t)place, now);
	return place;
}

static void offer_next(uint32_t place)
{
	if (disk.plan->rest)
		nm_virtio_rest(disk.plan->rest);
	make(place);
	offer(place, 0);
	nm_vring_kick(&disk.ring, 1);
}

static void run_closed(uint64_t count, volatile uint64_t *out)
{
	uint64_t left = count;
	uint64_t ticks = 0;

	for (uint32_t place = 0; place < disk.plan->depth && left; place++, left--) {
		make(place);
		offer(place, 0);
	}
	nm_vring_kick(&disk.ring, (uint32_t)(count - left));
	for (uint64_t i = 0; i < count; i++) {
		const int64_t place = take(&ticks);

		if (place < 0)
			return;
		if (out)
			*out++ = ticks;
		if (!left)
			continue;
		left--;
		offer_next((uint32_t)place);
	}
}

/* The place of a request that is made before its time. */
static int64_t make_next(void)
{
	const uint32_t place = disk.spare[--disk.spares];

	make(place);
	return place;
}

/* 0 where the device has broken down. */
static uint64_t look_again(void)
{
	__asm__ volatile("pause");
	return ++disk.looks % NM_VRING_LOOKS || !nm_virtio_broken(disk.ring.base);
}

/* A request that finds no room starts late, and its sample counts from when it was to start. */
static void run_open(uint64_t count, volatile uint64_t *out)
{
	uint64_t due = nm_tsc();
	uint64_t offered = 0;
	uint64_t done = 0;
	int64_t next = -1;
	uint32_t written;

	for (disk.spares = 0; disk.spares < disk.plan->depth; disk.spares++)
		disk.spare[disk.spares] = disk.spares;
	while (done < count) {
		int64_t place;

		if (next < 0 && disk.spares && offered < count)
			next = make_next();
		if (next >= 0 && (int64_t)(nm_tsc() - due) >= 0) {
			offer((uint32_t)next, due);
			nm_vring_kick(&disk.ring, 1);
			due += disk.plan->interval;
			offered++;
			next = -1;
		}
		place = nm_vring_take(&disk.ring, &written);
		if (place >= 0) {
			const uint64_t ticks = finish((uint32_t)place, nm_tsc());

			if (out)
				out[done] = ticks;
			done++;
			disk.spare[disk.spares++] = (uint32_t)place;
		} else if (!look_again()) {
			return;
		}
	}
}

static void run(uint64_t count, volatile uint64_t *out)
{
	if (disk.plan->interval)
		run_open(count, out);
	else
		run_closed(count, out);
}

/* Requests of a block device: a number of them under way all the time, or each at its time. */
NM_GUEST_OP("io.blk", blk)
{
	struct nm_abi_blk *plan = (struct nm_abi_blk *)control->argument[0];

	if (!open_disk(control))
		return;
	nm_touch(control->overhead_gpa, control->samples * sizeof(uint64_t));
	run(control->warmup, 0);
	disk.ring.kicks = 0;
	plan->interrupts = control->result[0];
	nm_begin(control);
	run(control->samples, (volatile uint64_t *)control->sample_gpa);
	nm_end(control);
	plan->kicks = disk.ring.kicks;
	plan->interrupts = control->result[0] - plan->interrupts;
}
