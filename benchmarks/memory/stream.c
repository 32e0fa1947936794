/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Memory from start to end, 64 KiB an operation: 65.5 divided by the µs of an operation is GB/s. Reading is done by loads of 64
 * bits, one addition each; writing and copying by REP STOSQ and REP MOVSQ, which CPUs with fast strings do in whole cache
 * lines. Native and guest side run the same instructions. Guest and host have pages of the same size.
 */
#include "benchmarks/memory/backed.h"
#include "benchmarks/native.h"

#include <inttypes.h>
#include <stdio.h>

#define PIECE 0x10000u
#define VALUE 0x5a5a5a5a5a5a5a5au

/* What an operation does to its memory: where it reads and where it writes. */
struct stream {
	uint64_t area; /* bytes that operations walk over and over, a power of two */
	unsigned char *from, *to;
	uint64_t offset;
	uint64_t sum;
};

/* A copy has one half for what is read and one for what is written. */
static struct stream stream_over(unsigned char *host, uint64_t bytes, bool copies)
{
	const uint64_t area = copies ? bytes / 2 : bytes;

	return (struct stream) {.area = area, .from = host, .to = copies ? host + area : host};
}

static void fill(const struct stream *stream)
{
	for (uint64_t at = 0; at < stream->area; at += sizeof(uint64_t))
		*(uint64_t *)(stream->from + at) = VALUE;
}

/* The first and the last word of each page that operations have come to. */
static bool is_written(const struct stream *stream, uint64_t operations, char *why, size_t size)
{
	uint64_t end = operations * PIECE < stream->area ? operations * PIECE : stream->area;

	for (uint64_t at = 0; at < end; at += NM_PAGE_4K) {
		const uint64_t *page = (const uint64_t *)(stream->to + at);

		if (page[0] == VALUE && page[NM_PAGE_4K / sizeof(uint64_t) - 1] == VALUE)
			continue;
		snprintf(why, size, "nothing was written at %" PRIu64, at);
		return false;
	}
	return true;
}

static bool is_sum(uint64_t sum, uint64_t operations, char *why, size_t size)
{
	const uint64_t expected = operations * (PIECE / sizeof(uint64_t)) * VALUE;

	if (sum == expected)
		return true;
	snprintf(why, size, "the sum was %#" PRIx64 ", expected %#" PRIx64, sum, expected);
	return false;
}

static int prepare(struct nm_guest_round *round, enum nm_backing backing, bool copies, bool filled)
{
	int r = nm_backed_prepare(round, backing, round->point, nm_backing_page(backing));
	struct stream stream;

	if (r)
		return r;
	stream = stream_over(nm_backed_region(round)->host, round->point, copies);
	if (filled)
		fill(&stream);
	round->control->argument[0] = stream.area;
	round->control->argument[1] = PIECE;
	round->control->argument[2] = NM_ABI_MEMORY + (uint64_t)(stream.to - stream.from);
	round->control->argument[3] = VALUE;
	return 0;
}

static int prepare_read_4k(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_ANONYMOUS, false, true);
}

static int prepare_read_2m(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_THP, false, true);
}

static int prepare_write_4k(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_ANONYMOUS, false, false);
}

static int prepare_write_2m(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_THP, false, false);
}

static int prepare_copy_4k(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_ANONYMOUS, true, true);
}

static int prepare_copy_2m(struct nm_guest_round *round)
{
	return prepare(round, NM_BACKING_THP, true, true);
}

static bool verify_read(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_sum(round->control->result[0], round->operations, why, size);
}

static bool verify_write(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct stream stream =
		stream_over(nm_backed_region(round)->host, round->point, false);

	return is_written(&stream, round->operations, why, size);
}

static bool verify_copy(const struct nm_guest_round *round, char *why, size_t size)
{
	const struct stream stream = stream_over(nm_backed_region(round)->host, round->point, true);

	return is_written(&stream, round->operations, why, size);
}

static uint64_t next(struct stream *stream)
{
	uint64_t at = stream->offset;

	stream->offset = (at + PIECE) & (stream->area - 1);
	return at;
}

static void read_piece(struct stream *stream)
{
	const unsigned char *at = stream->from + next(stream);
	const unsigned char *end = at + PIECE;
	uint64_t sum[4] = {0};

	__asm__ volatile("1:\n\t"
			 "addq (%[at]), %[sum0]\n\t"
			 "addq 8(%[at]), %[sum1]\n\t"
			 "addq 16(%[at]), %[sum2]\n\t"
			 "addq 24(%[at]), %[sum3]\n\t"
			 "addq $32, %[at]\n\t"
			 "cmpq %[end], %[at]\n\t"
			 "jb 1b"
			 : [at] "+r"(at), [sum0] "+r"(sum[0]), [sum1] "+r"(sum[1]),
			   [sum2] "+r"(sum[2]), [sum3] "+r"(sum[3])
			 : [end] "r"(end)
			 : "cc", "memory");
	stream->sum += (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void write_piece(struct stream *stream)
{
	unsigned char *to = stream->to + next(stream);
	uint64_t words = PIECE / sizeof(uint64_t);

	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(VALUE) : "memory");
}

static void copy_piece(struct stream *stream)
{
	uint64_t offset = next(stream);
	const unsigned char *from = stream->from + offset;
	unsigned char *to = stream->to + offset;
	uint64_t words = PIECE / sizeof(uint64_t);

	__asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(words) : : "memory");
}

/* One side of a kind of operation. */
struct kind {
	bool copies, filled, sums;
	void (*piece)(struct stream *stream);
};

static bool native(struct nm_native_round *round, enum nm_backing backing, const struct kind *kind,
		   char *why, size_t size)
{
	const uint64_t operations = round->warmup + round->samples * round->batch;
	struct nm_region region;
	struct stream stream;
	bool right;

	if (!nm_backed_native(round, &region, backing, round->point, why, size))
		return false;
	stream = stream_over(region.host, round->point, kind->copies);
	if (kind->filled)
		fill(&stream);
	NM_NATIVE(round, kind->piece(&stream));
	right = kind->sums ? is_sum(stream.sum, operations, why, size)
			   : is_written(&stream, operations, why, size);
	nm_region_unmap(&region);
	return right;
}

static const struct kind reads = {.filled = true, .sums = true, .piece = read_piece};
static const struct kind writes = {.piece = write_piece};
static const struct kind copies = {.copies = true, .filled = true, .piece = copy_piece};

static bool native_read_4k(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, NM_BACKING_ANONYMOUS, &reads, why, size);
}

static bool native_read_2m(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, NM_BACKING_THP, &reads, why, size);
}

static bool native_write_4k(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, NM_BACKING_ANONYMOUS, &writes, why, size);
}

static bool native_write_2m(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, NM_BACKING_THP, &writes, why, size);
}

static bool native_copy_4k(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, NM_BACKING_ANONYMOUS, &copies, why, size);
}

static bool native_copy_2m(struct nm_native_round *round, char *why, size_t size)
{
	return native(round, NM_BACKING_THP, &copies, why, size);
}

static const struct nm_axis sizes = {
	.name = "bytes",
	.points = {1u << 20, 64u << 20},
	.count = 2,
	.quick = 1,
	.counted = 1,
};

const struct nm_bench nm_bench_mem_stream_read_4k = {
	.name = "mem.stream.read.4k",
	.group = "memory",
	.summary = "read 64 KiB by loads of 64 bits, pages of 4 KiB",
	.happens = "Loads one after the other: the prefetchers hide most of each walk.",
	.matters = "Scans, checksums and searches through large data.",
	.version = 1,
	.throughput = true,
	.bytes = PIECE,
	.payload = "mem.stream.read",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.prepare = prepare_read_4k,
	.verify = verify_read,
	.release = nm_backed_release,
	.native = native_read_4k,
};

const struct nm_bench nm_bench_mem_stream_read_2m = {
	.name = "mem.stream.read.2m",
	.group = "memory",
	.summary = "read 64 KiB by loads of 64 bits, pages of 2 MiB",
	.happens = "Loads one after the other: the prefetchers hide most of each walk.",
	.matters = "Scans, checksums and searches through large data.",
	.version = 1,
	.throughput = true,
	.bytes = PIECE,
	.payload = "mem.stream.read",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.prepare = prepare_read_2m,
	.verify = verify_read,
	.release = nm_backed_release,
	.native = native_read_2m,
};

const struct nm_bench nm_bench_mem_stream_write_4k = {
	.name = "mem.stream.write.4k",
	.group = "memory",
	.summary = "write 64 KiB by REP STOSQ, pages of 4 KiB",
	.happens = "Microcode or hardware writes whole cache lines, page after page.",
	.matters = "Clearing memory: each page that a kernel gives to a process is cleared so.",
	.version = 1,
	.throughput = true,
	.bytes = PIECE,
	.payload = "mem.stream.write",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.prepare = prepare_write_4k,
	.verify = verify_write,
	.release = nm_backed_release,
	.native = native_write_4k,
};

const struct nm_bench nm_bench_mem_stream_write_2m = {
	.name = "mem.stream.write.2m",
	.group = "memory",
	.summary = "write 64 KiB by REP STOSQ, pages of 2 MiB",
	.happens = "Microcode or hardware writes whole cache lines, page after page.",
	.matters = "Clearing memory: each page that a kernel gives to a process is cleared so.",
	.version = 1,
	.throughput = true,
	.bytes = PIECE,
	.payload = "mem.stream.write",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.prepare = prepare_write_2m,
	.verify = verify_write,
	.release = nm_backed_release,
	.native = native_write_2m,
};

const struct nm_bench nm_bench_mem_stream_copy_4k = {
	.name = "mem.stream.copy.4k",
	.group = "memory",
	.summary = "copy 64 KiB by REP MOVSQ, pages of 4 KiB",
	.happens = "Microcode or hardware copies whole cache lines from one half of the memory to "
		   "the other.",
	.matters = "Copies between kernels, processes and devices: network, pipes and files.",
	.version = 1,
	.throughput = true,
	.bytes = PIECE,
	.payload = "mem.stream.copy",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.prepare = prepare_copy_4k,
	.verify = verify_copy,
	.release = nm_backed_release,
	.native = native_copy_4k,
};

const struct nm_bench nm_bench_mem_stream_copy_2m = {
	.name = "mem.stream.copy.2m",
	.group = "memory",
	.summary = "copy 64 KiB by REP MOVSQ, pages of 2 MiB",
	.happens = "Microcode or hardware copies whole cache lines from one half of the memory to "
		   "the other.",
	.matters = "Copies between kernels, processes and devices: network, pipes and files.",
	.version = 1,
	.throughput = true,
	.bytes = PIECE,
	.payload = "mem.stream.copy",
	.cpls = NM_CPL3,
	.axis = &sizes,
	.prepare = prepare_copy_2m,
	.verify = verify_copy,
	.release = nm_backed_release,
	.native = native_copy_2m,
};
