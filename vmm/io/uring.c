/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/io/io.h"

#include "core/error.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>

static int fail_open(int error)
{
	const char *remedy = "";

	if (error == ENOSYS)
		remedy = "Linux 5.1 or newer has io_uring";
	else if (error == EPERM || error == EACCES)
		remedy = "see the sysctl kernel.io_uring_disabled, and the seccomp profile of the "
			 "container";
	else if (error == ENOMEM)
		remedy = "raise the limit of locked memory (ulimit -l)";
	else
		return nm_fail(error, "io_uring: %s", strerror(error));
	return nm_fail_remedy(EOPNOTSUPP, remedy, "io_uring: %s", strerror(error));
}

static int open_uring(struct nm_io *io)
{
	struct io_uring *ring = calloc(1, sizeof(*ring));
	int r;

	if (!ring)
		return nm_fail(ENOMEM, "out of memory");
	r = io_uring_queue_init(io->depth, ring, 0);
	if (r) {
		free(ring);
		return fail_open(-r);
	}
	io->own = ring;
	r = io_uring_register_eventfd(ring, io->event_fd);
	if (!r)
		return 0;
	io_uring_queue_exit(ring);
	free(ring);
	return fail_open(-r);
}

static void close_uring(struct nm_io *io)
{
	io_uring_queue_exit(io->own);
	free(io->own);
}

static int submit(struct nm_io *io, struct nm_io_request *request)
{
	struct io_uring_sqe *entry = io_uring_get_sqe(io->own);

	if (!entry)
		return nm_fail(EBUSY, "io_uring: its queue is full");
	if (request->op == NM_IO_READ)
		io_uring_prep_readv(entry, io->fd, request->buffers, request->buffer_count,
				    request->offset);
	else if (request->op == NM_IO_WRITE)
		io_uring_prep_writev(entry, io->fd, request->buffers, request->buffer_count,
				     request->offset);
	else
		io_uring_prep_fsync(entry, io->fd, IORING_FSYNC_DATASYNC);
	io_uring_sqe_set_data(entry, request);
	return 0;
}

static int flush(struct nm_io *io)
{
	int r = io_uring_submit(io->own);

	return r < 0 ? nm_fail(-r, "io_uring_enter: %s", strerror(-r)) : 0;
}

static struct nm_io_request *reap(struct nm_io *io)
{
	struct nm_io_request *request;
	struct io_uring_cqe *entry;

	if (io_uring_peek_cqe(io->own, &entry))
		return NULL;
	request = io_uring_cqe_get_data(entry);
	request->result = entry->res;
	io_uring_cqe_seen(io->own, entry);
	return request;
}

const struct nm_io_kind nm_io_uring = {
	.name = "io_uring",
	.open = open_uring,
	.close = close_uring,
	.submit = submit,
	.flush = flush,
	.reap = reap,
};
