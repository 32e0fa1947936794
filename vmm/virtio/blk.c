/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/virtio/blk.h"

#include "core/error.h"

#include <errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <string.h>

#define SECTOR	     512u
#define SEGMENTS_MAX (NM_CHAIN_MAX - 2)

static const char identity[VIRTIO_BLK_ID_BYTES] = "nestmark";

void nm_blk_init(struct nm_blk *blk, struct nm_virtio *device)
{
	blk->spare = NULL;
	for (size_t i = 0; i < NM_QUEUE_MAX; i++) {
		blk->pool[i].next = blk->spare;
		blk->spare = &blk->pool[i];
	}
	device->kind = &nm_blk_kind;
	device->own = blk;
	device->event_fd = blk->io->event_fd;
}

static void config(const struct nm_virtio *device, uint32_t offset, void *out, uint32_t bytes)
{
	const struct nm_blk *blk = device->own;
	const struct virtio_blk_config all = {
		.capacity = blk->bytes / SECTOR,
		.seg_max = SEGMENTS_MAX,
		.blk_size = SECTOR,
	};

	if (offset < sizeof(all))
		memcpy(out, (const char *)&all + offset,
		       bytes < sizeof(all) - offset ? bytes : sizeof(all) - offset);
}

/* Gives a request back; the last byte that the device may write is its status. */
static void finish(struct nm_virtio *device, struct nm_blk_request *request, uint8_t status)
{
	struct nm_blk *blk = device->own;
	const uint64_t writable = nm_chain_writable(&request->chain);

	nm_chain_write(&request->chain, writable - 1, &status, 1);
	nm_virtqueue_push(&device->queues[0], &request->chain, request->bytes + 1);
	blk->requests++;
	blk->failed += status != VIRTIO_BLK_S_OK;
	request->next = blk->spare;
	blk->spare = request;
}

/* Buffers of data: all but the header in front and the status behind. */
static unsigned int add_data(struct nm_blk_request *request, uint64_t skip, uint64_t bytes,
			     bool write)
{
	const struct nm_chain *chain = &request->chain;
	const size_t end = write ? chain->readable : chain->count;
	unsigned int count = 0;

	for (size_t i = write ? 0 : chain->readable; i < end && bytes; i++) {
		const struct nm_buffer *buffer = &chain->buffers[i];
		const uint64_t from = skip < buffer->bytes ? skip : buffer->bytes;
		const uint64_t left = buffer->bytes - from;
		const uint64_t part = left < bytes ? left : bytes;

		skip -= from;
		bytes -= part;
		if (!part)
			continue;
		if (count == NM_IO_MAX_BUFFERS)
			return 0;
		request->io.buffers[count++] = (struct iovec) {buffer->host + from, part};
	}
	return count;
}

/* Hands a transfer to the backend; a status other than OK when it cannot be. */
static uint8_t start_transfer(struct nm_blk *blk, struct nm_blk_request *request, uint64_t sector,
			      bool write)
{
	const uint64_t header = sizeof(struct virtio_blk_outhdr);
	const uint64_t bytes = write ? nm_chain_readable(&request->chain) - header
				     : nm_chain_writable(&request->chain) - 1;

	if (write && blk->read_only)
		return VIRTIO_BLK_S_IOERR;
	if (bytes % SECTOR || !bytes || bytes > blk->bytes || sector > blk->bytes / SECTOR ||
	    sector * SECTOR > blk->bytes - bytes)
		return VIRTIO_BLK_S_IOERR;
	request->io.op = write ? NM_IO_WRITE : NM_IO_READ;
	request->io.offset = sector * SECTOR;
	request->io.buffer_count = add_data(request, write ? header : 0, bytes, write);
	if (!request->io.buffer_count)
		return VIRTIO_BLK_S_IOERR;
	request->bytes = write ? 0 : (uint32_t)bytes;
	return VIRTIO_BLK_S_OK;
}

/* What the device does by itself, or starts: *started when the backend will give it back. */
static uint8_t begin(struct nm_blk *blk, struct nm_blk_request *request, bool *started)
{
	struct virtio_blk_outhdr header;
	uint8_t status = VIRTIO_BLK_S_UNSUPP;

	nm_chain_read(&request->chain, 0, &header, sizeof(header));
	*started = false;
	switch (header.type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		status = start_transfer(blk, request, header.sector,
					header.type == VIRTIO_BLK_T_OUT);
		break;
	case VIRTIO_BLK_T_FLUSH:
		request->io.op = NM_IO_FLUSH;
		request->io.buffer_count = 0;
		status = VIRTIO_BLK_S_OK;
		break;
	case VIRTIO_BLK_T_GET_ID:
		if (nm_chain_writable(&request->chain) <= sizeof(identity))
			return VIRTIO_BLK_S_IOERR;
		request->bytes = sizeof(identity);
		nm_chain_write(&request->chain, 0, identity, sizeof(identity));
		return VIRTIO_BLK_S_OK;
	default:
		break;
	}
	*started = status == VIRTIO_BLK_S_OK;
	return status;
}

static int serve_request(struct nm_virtio *device, struct nm_blk_request *request)
{
	struct nm_blk *blk = device->own;
	bool started;
	uint8_t status;

	if (nm_chain_readable(&request->chain) < sizeof(struct virtio_blk_outhdr) ||
	    !nm_chain_writable(&request->chain))
		return nm_fail(EPROTO, "a request without header or status");
	request->bytes = 0;
	request->io.context = request;
	status = begin(blk, request, &started);
	if (started)
		return nm_io_submit(blk->io, &request->io);
	finish(device, request, status);
	return 0;
}

/* How many requests the driver had; an error ends the device. */
static int take_requests(struct nm_virtio *device)
{
	struct nm_blk *blk = device->own;
	int count = 0;

	while (blk->spare && blk->io->under_way < blk->io->depth) {
		struct nm_blk_request *request = blk->spare;
		int r = nm_virtio_next(device, 0, &request->chain);

		if (r > 0) {
			blk->spare = request->next;
			r = serve_request(device, request);
			if (r < 0)
				return r;
			count++;
			continue;
		}
		if (r < 0)
			return r;
		break;
	}
	return count;
}

static uint8_t status_of(const struct nm_blk_request *request)
{
	int64_t expected = 0;

	for (unsigned int i = 0; i < request->io.buffer_count; i++)
		expected += (int64_t)request->io.buffers[i].iov_len;
	return request->io.result == expected ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
}

static int give_back(struct nm_virtio *device)
{
	struct nm_blk *blk = device->own;
	struct nm_io_request *done;
	int count = 0;

	while ((done = nm_io_reap(blk->io))) {
		struct nm_blk_request *request = done->context;

		finish(device, request, status_of(request));
		count++;
	}
	return count;
}

static int serve(struct nm_virtio *device)
{
	struct nm_blk *blk = device->own;
	int taken = take_requests(device);
	int given;
	int r = 0;

	if (taken > 0)
		r = nm_io_flush(blk->io);
	if (taken < 0 || r)
		return taken < 0 ? taken : r;
	given = give_back(device);
	if (given)
		r = nm_virtio_interrupt(device, 0);
	return r ? r : taken || given;
}

/* What is under way comes back into a queue that nobody reads any more. */
static void quiesce(struct nm_virtio *device)
{
	struct nm_blk *blk = device->own;
	struct nm_io_request *done;

	nm_io_flush(blk->io);
	while (blk->io->under_way) {
		done = nm_io_reap(blk->io);
		if (done) {
			struct nm_blk_request *request = done->context;

			request->next = blk->spare;
			blk->spare = request;
		}
	}
}

const struct nm_virtio_kind nm_blk_kind = {
	.name = "virtio-blk",
	.id = VIRTIO_ID_BLOCK,
	.features = 1ull << VIRTIO_BLK_F_FLUSH | 1ull << VIRTIO_BLK_F_SEG_MAX,
	.queues = 1,
	.config = config,
	.serve = serve,
	.quiesce = quiesce,
};
