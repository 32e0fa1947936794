/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/io/io.h"

#include "core/error.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int nm_io_open(struct nm_io *io, const struct nm_io_kind *kind, int fd, unsigned int depth)
{
	int r;

	*io = (struct nm_io) {.kind = kind, .fd = fd, .depth = depth};
	io->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (io->event_fd < 0)
		return nm_fail(errno, "eventfd: %s", strerror(errno));
	r = kind->open(io);
	if (!r)
		return 0;
	close(io->event_fd);
	io->event_fd = -1;
	return r;
}

void nm_io_close(struct nm_io *io)
{
	if (io->event_fd < 0)
		return;
	nm_io_flush(io);
	while (io->under_way) {
		struct pollfd readable = {.fd = io->event_fd, .events = POLLIN};

		if (!nm_io_reap(io))
			poll(&readable, 1, 10);
	}
	io->kind->close(io);
	close(io->event_fd);
	io->event_fd = -1;
}

int nm_io_submit(struct nm_io *io, struct nm_io_request *request)
{
	int r;

	if (io->under_way == io->depth)
		return nm_fail(EBUSY, "more than %u requests under way", io->depth);
	r = io->kind->submit(io, request);
	if (!r)
		io->under_way++;
	return r;
}

int nm_io_flush(struct nm_io *io)
{
	return io->kind->flush ? io->kind->flush(io) : 0;
}

struct nm_io_request *nm_io_reap(struct nm_io *io)
{
	struct nm_io_request *request = io->kind->reap(io);

	if (request)
		io->under_way--;
	return request;
}
