/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* No medium at all: a request is done when it is submitted. What remains is the cost of the way there and back. */
#include "vmm/io/io.h"

#include <sys/eventfd.h>

static int open_null(struct nm_io *io)
{
	(void)io;
	return 0;
}

static void close_null(struct nm_io *io)
{
	(void)io;
}

static uint64_t bytes_of(const struct nm_io_request *request)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < request->buffer_count; i++)
		bytes += request->buffers[i].iov_len;
	return bytes;
}

/* The queue of what is done, last in first out: own is its head. */
static int submit(struct nm_io *io, struct nm_io_request *request)
{
	request->result = (int64_t)bytes_of(request);
	request->next = io->own;
	io->own = request;
	return 0;
}

static struct nm_io_request *reap(struct nm_io *io)
{
	struct nm_io_request *request = io->own;

	if (request)
		io->own = request->next;
	return request;
}

const struct nm_io_kind nm_io_null = {
	.name = "null",
	.open = open_null,
	.close = close_null,
	.submit = submit,
	.reap = reap,
};
