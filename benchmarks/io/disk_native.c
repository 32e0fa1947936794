/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The requests of block operations without a guest: the same, by the same backend, from the thread that measures. */
#include "benchmarks/io/disk.h"

#include "benchmarks/io/file.h"
#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct native {
	struct nm_native_round *round;
	struct nm_abi_blk plan;
	struct nm_io io;
	unsigned char *buffers;
	uint64_t random, next;
	uint64_t wrong;
	size_t spare[NM_ABI_BLK_MAX_DEPTH]; /* places without a request, and how many */
	size_t spares;
	uint64_t started[NM_ABI_BLK_MAX_DEPTH];
	struct nm_io_request requests[NM_ABI_BLK_MAX_DEPTH];
};

/* As the payload has it: Marsaglia's xorshift, or one behind the other. */
static uint64_t next_sector(struct native *native)
{
	const uint64_t sectors = native->plan.bytes / NM_ABI_SECTOR;
	const uint64_t sector = native->next;

	if (!native->plan.sequential) {
		native->random ^= native->random << 13;
		native->random ^= native->random >> 7;
		native->random ^= native->random << 17;
		return native->random % (native->plan.sectors / sectors) * sectors;
	}
	native->next += sectors;
	if (native->next + sectors > native->plan.sectors)
		native->next = 0;
	return sector;
}

static void fill(const struct nm_io_request *request)
{
	const uint64_t first = request->offset / NM_ABI_SECTOR;
	uint64_t *words = request->buffers[0].iov_base;

	for (uint64_t i = 0; i < request->buffers[0].iov_len / sizeof(*words); i++)
		words[i] = nm_abi_disk_word(first, i);
}

static bool is_right(const struct native *native, const struct nm_io_request *request)
{
	const uint64_t sector = request->offset / NM_ABI_SECTOR;
	const uint64_t words = request->buffers[0].iov_len / sizeof(uint64_t);
	const uint64_t *data = request->buffers[0].iov_base;

	if (native->plan.op == NM_ABI_IO_FLUSH)
		return !request->result;
	if (request->result != (int64_t)request->buffers[0].iov_len)
		return false;
	return native->plan.op == NM_ABI_IO_WRITE ||
	       (data[0] == nm_abi_disk_word(sector, 0) &&
		data[words - 1] == nm_abi_disk_word(sector, words - 1));
}

static void make(struct native *native, struct nm_io_request *request)
{
	static const enum nm_io_op ops[] = {NM_IO_READ, NM_IO_WRITE, NM_IO_FLUSH};
	const size_t place = (size_t)(request - native->requests);

	request->op = ops[native->plan.op];
	request->buffer_count = native->plan.op != NM_ABI_IO_FLUSH;
	if (request->buffer_count) {
		request->offset = next_sector(native) * NM_ABI_SECTOR;
		request->buffers[0].iov_base = native->buffers + place * native->plan.bytes;
		request->buffers[0].iov_len = native->plan.bytes;
	}
	if (native->plan.op == NM_ABI_IO_WRITE)
		fill(request);
}

/* It starts when it was to, or else now. */
static int offer(struct native *native, struct nm_io_request *request, uint64_t intended)
{
	native->started[request - native->requests] = intended ? intended : nm_tsc();
	return nm_io_submit(&native->io, request);
}

/* Looks for what is done, as the thread of the device does. */
static struct nm_io_request *await(struct native *native)
{
	struct nm_io_request *done;

	while (!(done = nm_io_reap(&native->io)))
		__builtin_ia32_pause();
	return done;
}

/* What a request that came back took; whether it was right is looked at afterwards. */
static uint64_t finish(struct native *native, const struct nm_io_request *done)
{
	const uint64_t ticks = nm_tsc() - native->started[done - native->requests];

	native->wrong += !is_right(native, done);
	return ticks;
}

static int offer_next(struct native *native, struct nm_io_request *request)
{
	int r;

	make(native, request);
	r = offer(native, request, 0);
	return r ? r : nm_io_flush(&native->io);
}

static int run_closed(struct native *native, uint64_t count, uint64_t *out)
{
	uint64_t left = count;
	int r = 0;

	for (uint32_t i = 0; !r && i < native->plan.depth && left; i++, left--) {
		make(native, &native->requests[i]);
		r = offer(native, &native->requests[i], 0);
	}
	if (!r)
		r = nm_io_flush(&native->io);
	for (uint64_t i = 0; !r && i < count; i++) {
		struct nm_io_request *done = await(native);
		const uint64_t ticks = finish(native, done);

		if (out)
			out[i] = ticks;
		if (!left)
			continue;
		left--;
		r = offer_next(native, done);
	}
	return r;
}

/* The request that is made before its time. */
static struct nm_io_request *make_next(struct native *native)
{
	struct nm_io_request *request = &native->requests[native->spare[--native->spares]];

	make(native, request);
	return request;
}

static int offer_due(struct native *native, struct nm_io_request *request, uint64_t *due)
{
	int r = offer(native, request, *due);

	*due += native->plan.interval;
	return r ? r : nm_io_flush(&native->io);
}

/* As the payload: one that finds no room starts late, and its sample counts from when it was to start. */
static int run_open(struct native *native, uint64_t count, uint64_t *out)
{
	struct nm_io_request *next = NULL;
	uint64_t due = nm_tsc();
	uint64_t made = 0;
	uint64_t done = 0;
	int r = 0;

	for (native->spares = 0; native->spares < native->plan.depth; native->spares++)
		native->spare[native->spares] = native->spares;
	while (!r && done < count) {
		struct nm_io_request *back;
		uint64_t ticks;

		if (!next && native->spares && made < count) {
			next = make_next(native);
			made++;
		}
		if (next && (int64_t)(nm_tsc() - due) >= 0) {
			r = offer_due(native, next, &due);
			next = NULL;
		}
		back = nm_io_reap(&native->io);
		if (!back) {
			__builtin_ia32_pause();
			continue;
		}
		ticks = finish(native, back);
		if (out)
			out[done] = ticks;
		done++;
		native->spare[native->spares++] = (size_t)(back - native->requests);
	}
	return r;
}

static int run(struct native *native, uint64_t count, uint64_t *out)
{
	return native->plan.interval ? run_open(native, count, out)
				     : run_closed(native, count, out);
}

static int measure_native(struct native *native)
{
	struct nm_native_round *round = native->round;
	int r = run(native, round->warmup, NULL);

	round->host_begin_ns = nm_clock_raw_ns();
	round->tsc_begin = nm_tsc();
	if (!r)
		r = run(native, round->samples, round->sample);
	round->tsc_end = nm_tsc();
	round->host_end_ns = nm_clock_raw_ns();
	return r;
}

static bool refuse(struct nm_native_round *round, int error, char *why, size_t size)
{
	static char remedy[320];

	snprintf(why, size, "%s", nm_error_last()->text);
	snprintf(remedy, sizeof(remedy), "%s", nm_error_last()->remedy);
	round->unsupported = error == -EOPNOTSUPP;
	round->remedy = remedy;
	return false;
}

static int open_native(struct native *native, const struct nm_disk_kind *kind)
{
	const struct nm_native_round *round = native->round;

	if (!nm_disk_bytes(kind, round->io))
		return nm_io_place_lacks(round->io);
	native->plan =
		nm_disk_plan(kind, nm_disk_bytes(kind, round->io), round->point, nm_tsc_khz());
	native->random = native->plan.seed | 1;
	native->buffers =
		mmap(NULL, (size_t)native->plan.depth * kind->plan.bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (native->buffers == MAP_FAILED) {
		native->buffers = NULL;
		return nm_fail(errno, "memory for buffers: %s", strerror(errno));
	}
	return nm_io_open(&native->io, kind->backend, round->io->fd, NM_ABI_BLK_MAX_DEPTH);
}

static void close_native(struct native *native)
{
	nm_io_close(&native->io);
	if (native->buffers)
		munmap(native->buffers, (size_t)native->plan.depth * native->plan.bytes);
	free(native);
}

bool nm_disk_native(struct nm_native_round *round, const struct nm_disk_kind *kind, char *why,
		    size_t size)
{
	struct native *native = calloc(1, sizeof(*native));
	struct nm_abi_blk plan;
	uint64_t wrong;
	int r;

	if (!native)
		return refuse(round, nm_fail(ENOMEM, "out of memory"), why, size);
	native->round = round;
	native->io.event_fd = -1;
	r = open_native(native, kind);
	if (!r)
		r = measure_native(native);
	wrong = native->wrong;
	plan = native->plan;
	close_native(native);
	if (r)
		return refuse(round, r, why, size);
	if (!wrong)
		return nm_disk_kept_up(&plan, round->point, round->samples,
				       round->tsc_end - round->tsc_begin, why, size);
	snprintf(why, size, "%" PRIu64 " of %" PRIu64 " requests came back wrong", wrong,
		 round->warmup + round->samples);
	return false;
}
