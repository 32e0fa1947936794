/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

#define PAGE 4096u

/* argument: bytes of the area at NM_ABI_MEMORY, bytes of an operation, where copies go, what is written. */
struct stream {
	uint64_t area, piece, target, value;
	uint64_t offset; /* of the next operation */
};

static struct stream start(const struct nm_abi_control *control)
{
	const uint64_t *argument = control->argument;

	for (uint64_t at = 0; at < argument[0]; at += PAGE) {
		*(const volatile uint64_t *)(NM_ABI_MEMORY + at);
		*(const volatile uint64_t *)(argument[2] + at);
	}
	return (struct stream) {argument[0], argument[1], argument[2], argument[3], 0};
}

/* Piece after piece, and round again. */
static inline uint64_t next(struct stream *stream)
{
	uint64_t at = stream->offset;

	stream->offset = (at + stream->piece) & (stream->area - 1);
	return at;
}

static inline uint64_t read(struct stream *stream)
{
	uint64_t at = NM_ABI_MEMORY + next(stream);
	const uint64_t end = at + stream->piece;
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
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static inline void write(struct stream *stream)
{
	uint64_t to = NM_ABI_MEMORY + next(stream);
	uint64_t words = stream->piece / sizeof(uint64_t);

	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(stream->value) : "memory");
}

static inline void copy(struct stream *stream)
{
	uint64_t offset = next(stream);
	uint64_t from = NM_ABI_MEMORY + offset;
	uint64_t to = stream->target + offset;
	uint64_t words = stream->piece / sizeof(uint64_t);

	__asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(words) : : "memory");
}

/* result[0]: the sum of all words read. */
NM_GUEST_OP("mem.stream.read", stream_read)
{
	struct stream stream = start(control);
	uint64_t sum = 0;

	NM_MEASURE(control, (sum += read(&stream)));
	control->result[0] = sum;
}

NM_GUEST_OP("mem.stream.write", stream_write)
{
	struct stream stream = start(control);

	NM_MEASURE(control, write(&stream));
}

NM_GUEST_OP("mem.stream.copy", stream_copy)
{
	struct stream stream = start(control);

	NM_MEASURE(control, copy(&stream));
}
