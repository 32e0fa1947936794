/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What it costs the VMM to learn which pages a guest has written to. The guest writes to all of a slot and asks the host, which
 * takes the time of one ioctl; that is the sample. The guest's writes and its exit are not in it.
 *
 * Fetching a bitmap (KVM_GET_DIRTY_LOG) protects the pages in it again, unless it is cleared by hand (KVM_CLEAR_DIRTY_LOG);
 * entries of rings are protected again when they are given back (KVM_RESET_DIRTY_RINGS).
 */
#include "benchmarks/bench.h"
#include "benchmarks/memory/region.h"
#include "core/clock.h"
#include "core/error.h"
#include "vmm/dirty.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGES	     64u /* of 4 KiB: the fewest that can be cleared by hand */
#define LOG_SAMPLES  32u
#define LOOK_SAMPLES 100u
#define WARMUP	     4u
#define RING_ENTRIES 1024u
#define WORD_BITS    64u

struct log_round;

struct log_kind {
	uint64_t bytes; /* of the slot */
	uint64_t pages; /* of it that the guest writes to each time */
	/** One sample in ticks, or -errno; *found is how many dirty pages there were. */
	int64_t (*ask)(struct log_round *log, uint64_t *found);
	bool ring;
};

struct log_round {
	const struct log_kind *kind;
	struct nm_guest_round *round;
	uint64_t *bitmap;
	struct nm_dirty_ring ring;
	uint64_t asked;
	char wrong[512];
};

static uint64_t bits_of(const uint64_t *bitmap, uint64_t pages)
{
	uint64_t bits = 0;

	for (uint64_t word = 0; word < pages / WORD_BITS; word++)
		bits += (uint64_t)__builtin_popcountll(bitmap[word]);
	return bits;
}

static int64_t get_log(struct log_round *log, uint64_t *found)
{
	uint64_t begin = nm_tsc();
	int r = nm_vm_get_dirty_log(&log->round->guest->vm, NM_ABI_MEMORY, log->bitmap);
	uint64_t end = nm_tsc();

	*found = bits_of(log->bitmap, log->kind->bytes / NM_PAGE_4K);
	return r ? r : (int64_t)(end - begin);
}

static int64_t clear_log(struct log_round *log, uint64_t *found)
{
	const struct nm_vm *vm = &log->round->guest->vm;
	int r = nm_vm_get_dirty_log(vm, NM_ABI_MEMORY, log->bitmap);
	uint64_t begin;
	uint64_t end;

	*found = bits_of(log->bitmap, log->kind->pages);
	if (r)
		return r;
	begin = nm_tsc();
	r = nm_vm_clear_dirty_log(vm, NM_ABI_MEMORY, log->kind->pages, log->bitmap);
	end = nm_tsc();
	return r ? r : (int64_t)(end - begin);
}

static int64_t reset_ring(struct log_round *log, uint64_t *found)
{
	uint32_t taken = nm_dirty_ring_harvest(&log->ring);
	uint64_t begin = nm_tsc();
	int reset = nm_vm_reset_dirty_rings(&log->round->guest->vm);
	uint64_t end = nm_tsc();

	*found = reset == (int)taken ? taken : 0;
	return reset < 0 ? reset : (int64_t)(end - begin);
}

static void on_request(void *context, const struct nm_access *access)
{
	struct log_round *log = context;
	uint64_t found = 0;
	int64_t ticks = log->kind->ask(log, &found);

	(void)access;
	log->asked++;
	if (ticks < 0)
		snprintf(log->wrong, sizeof(log->wrong), "%s", nm_error_last()->text);
	else if (found != log->kind->pages)
		snprintf(log->wrong, sizeof(log->wrong),
			 "%" PRIu64 " pages were dirty, expected %" PRIu64, found,
			 log->kind->pages);
	log->round->shared->seen.value = ticks < 0 ? 0 : (uint64_t)ticks;
}

static int add_device(struct log_round *log)
{
	const struct nm_device device = {
		.bus = NM_BUS_PIO,
		.base = NM_ABI_PORT_HOST,
		.bytes = 4,
		.access = on_request,
		.context = log,
	};

	return nm_devices_add(&log->round->guest->devices, device);
}

/* Memory that is not written to is not there. */
static int add_slot(struct log_round *log)
{
	struct nm_guest *guest = log->round->guest;
	int r = nm_vm_add_memory(&guest->vm, NM_ABI_MEMORY, log->kind->bytes);

	if (!r)
		r = nm_guest_map(guest, NM_ABI_MEMORY, PAGES * NM_PAGE_4K, NM_PAGE_4K);
	if (!r)
		r = nm_vm_log_dirty(&guest->vm, NM_ABI_MEMORY, true);
	return r;
}

static int prepare(struct nm_guest_round *round, const struct log_kind *kind)
{
	struct log_round *log = calloc(1, sizeof(*log));
	int r;

	if (!log)
		return nm_fail(ENOMEM, "out of memory");
	*log = (struct log_round) {.kind = kind, .round = round};
	round->own = log;
	round->warmup = kind->pages ? 1 : WARMUP;
	round->control->warmup = round->warmup;
	round->operations = round->warmup + round->samples;
	round->control->argument[0] = kind->pages;
	log->bitmap = calloc(kind->bytes / NM_PAGE_4K / WORD_BITS, sizeof(uint64_t));
	if (!log->bitmap)
		return nm_fail(ENOMEM, "out of memory");
	r = add_slot(log);
	if (!r && kind->ring)
		r = nm_dirty_ring_map(&log->ring, &round->guest->vcpus[0], RING_ENTRIES);
	return r ? r : add_device(log);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct log_round *log = round->own;

	if (!log->wrong[0] && log->asked == round->operations)
		return true;
	if (log->wrong[0])
		snprintf(why, size, "%s", log->wrong);
	else
		snprintf(why, size, "the host was asked %" PRIu64 " times, expected %" PRIu64,
			 log->asked, round->operations);
	return false;
}

static void release(struct nm_guest_round *round)
{
	struct log_round *log = round->own;

	if (!log)
		return;
	nm_dirty_ring_unmap(&log->ring);
	free(log->bitmap);
	free(log);
	round->own = NULL;
}

static int use_rings(const struct nm_vm *vm)
{
	return nm_vm_use_dirty_rings(vm, RING_ENTRIES);
}

static const struct log_kind clean = {.bytes = NM_PAGE_1G, .ask = get_log};
static const struct log_kind dirty = {.bytes = PAGES * NM_PAGE_4K, .pages = PAGES, .ask = get_log};
static const struct log_kind by_hand = {.bytes = PAGES * NM_PAGE_4K,
					.pages = PAGES,
					.ask = clear_log};
static const struct log_kind rings = {.bytes = PAGES * NM_PAGE_4K,
				      .pages = PAGES,
				      .ask = reset_ring,
				      .ring = true};

static int prepare_clean(struct nm_guest_round *round)
{
	return prepare(round, &clean);
}

static int prepare_dirty(struct nm_guest_round *round)
{
	return prepare(round, &dirty);
}

static int prepare_by_hand(struct nm_guest_round *round)
{
	return prepare(round, &by_hand);
}

static int prepare_rings(struct nm_guest_round *round)
{
	return prepare(round, &rings);
}

const struct nm_bench nm_bench_mem_dirty_get_clean = {
	.name = "mem.dirty.get.clean",
	.group = "memory",
	.summary = "KVM_GET_DIRTY_LOG of 1 GiB in which nothing is dirty",
	.happens = "KVM looks through the bitmap of the slot, 32 KiB, and copies it to the VMM; "
		   "no translation changes.",
	.matters = "A VMM does this in each round of a live migration, and for each frame buffer "
		   "that it displays.",
	.version = 1,
	.payload = "mem.dirty.round",
	.cpls = NM_CPL3,
	.max_samples = LOOK_SAMPLES,
	.single = true,
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare_clean,
	.verify = verify,
	.release = release,
};

const struct nm_bench nm_bench_mem_dirty_get = {
	.name = "mem.dirty.get.dirty",
	.group = "memory",
	.summary = "KVM_GET_DIRTY_LOG of 256 KiB, all dirty; a GiB takes about 4096 times that",
	.happens = "KVM takes the bitmap, removes the write access of each of the 64 pages (or "
		   "clears its dirty bit, with PML), and flushes the TLBs once.",
	.matters = "Guests that write a lot stand still while their VMM fetches the log: the "
		   "second half of what a round of live migration costs.",
	.version = 1,
	.payload = "mem.dirty.round",
	.cpls = NM_CPL3,
	.max_samples = LOG_SAMPLES,
	.single = true,
	.expect = {.exits = PAGES + 1, .exits_or = 1, .user_exits = 1},
	.prepare = prepare_dirty,
	.verify = verify,
	.release = release,
};

const struct nm_bench nm_bench_mem_dirty_clear = {
	.name = "mem.dirty.clear",
	.group = "memory",
	.summary = "KVM_CLEAR_DIRTY_LOG of 256 KiB, all dirty; a GiB takes about 4096 times that",
	.happens = "KVM clears the bits that it is given and protects their pages again; the "
		   "bitmap was fetched before, which then is a copy only.",
	.matters =
		"VMMs that clear the log piece by piece (KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) hold "
		"KVM's lock for shorter times.",
	.version = 1,
	.payload = "mem.dirty.round",
	.cpls = NM_CPL3,
	.max_samples = LOG_SAMPLES,
	.single = true,
	.requires = {"kvm.cap.manual_dirty_log_protect2"},
	.expect = {.exits = PAGES + 1, .exits_or = 1, .user_exits = 1},
	.configure = nm_vm_clear_dirty_log_by_hand,
	.prepare = prepare_by_hand,
	.verify = verify,
	.release = release,
};

const struct nm_bench nm_bench_mem_dirty_ring_reset = {
	.name = "mem.dirty.ring.reset",
	.group = "memory",
	.summary = "KVM_RESET_DIRTY_RINGS of 64 pages (256 KiB); a GiB takes about 4096 times that",
	.happens = "KVM goes through the entries that the VMM has taken out of the ring, protects "
		   "their pages again, and flushes the TLBs.",
	.matters = "With rings this is the only cost of a round of live migration that grows with "
		   "what was written, and none grows with the size of the guest.",
	.version = 1,
	.payload = "mem.dirty.round",
	.cpls = NM_CPL3,
	.max_samples = LOG_SAMPLES,
	.single = true,
	.requires = {"kvm.cap.dirty_log_ring"},
	.expect = {.exits = PAGES + 1, .exits_or = 1, .user_exits = 1},
	.configure = use_rings,
	.prepare = prepare_rings,
	.verify = verify,
	.release = release,
};
