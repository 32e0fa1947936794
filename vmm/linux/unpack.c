/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/unpack.h"

#include "core/error.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define CHUNK	  (1u << 20)
#define XZ_MEMORY (256u << 20)
#define DAMAGED	  "the compressed kernel is damaged"

static const unsigned char xz_magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};

static int keep(struct nm_text *out, const char *chunk, size_t length, size_t limit)
{
	if (out->length + length > limit)
		return nm_fail(EFBIG, "the unpacked kernel is larger than %zu MiB", limit >> 20);
	nm_text_put(out, chunk, length);
	return nm_text_status(out);
}

static int unpack_xz(const unsigned char *bytes, size_t size, size_t limit, char *chunk,
		     struct nm_text *out)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret state = lzma_stream_decoder(&stream, XZ_MEMORY, 0);
	int r = 0;

	stream.next_in = bytes;
	stream.avail_in = size;
	while (!r && state == LZMA_OK) {
		stream.next_out = (uint8_t *)chunk;
		stream.avail_out = CHUNK;
		state = lzma_code(&stream, LZMA_RUN);
		if (state == LZMA_OK || state == LZMA_STREAM_END)
			r = keep(out, chunk, CHUNK - stream.avail_out, limit);
	}
	lzma_end(&stream);
	if (!r && state != LZMA_STREAM_END)
		r = nm_fail(EBADMSG, DAMAGED);
	return r;
}

static int unpack_zstd(const unsigned char *bytes, size_t size, size_t limit, char *chunk,
		       struct nm_text *out)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer in = {.src = bytes, .size = size};
	size_t left = 1;
	int r = stream ? 0 : nm_fail(ENOMEM, "out of memory");

	while (!r && left) {
		ZSTD_outBuffer piece = {.dst = chunk, .size = CHUNK};
		size_t before = in.pos;

		left = ZSTD_decompressStream(stream, &piece, &in);
		if (ZSTD_isError(left) || (!piece.pos && in.pos == before))
			r = nm_fail(EBADMSG, DAMAGED);
		else
			r = keep(out, chunk, piece.pos, limit);
	}
	ZSTD_freeDStream(stream);
	return r;
}

int nm_unpack(const unsigned char *bytes, size_t size, size_t limit, struct nm_text *out)
{
	char *chunk = malloc(CHUNK);
	int r;

	if (!chunk)
		return nm_fail(ENOMEM, "out of memory");
	if (size > sizeof(xz_magic) && !memcmp(bytes, xz_magic, sizeof(xz_magic)))
		r = unpack_xz(bytes, size, limit, chunk, out);
	else if (size > sizeof(zstd_magic) && !memcmp(bytes, zstd_magic, sizeof(zstd_magic)))
		r = unpack_zstd(bytes, size, limit, chunk, out);
	else
		r = nm_fail(ENOTSUP, "neither xz nor zstd");
	free(chunk);
	return r;
}
