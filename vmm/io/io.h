/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_IO_IO_H
#define NM_VMM_IO_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Asynchronous requests to a file or block device, by whichever way the machine permits. One thread uses it at a time. */

#define NM_IO_MAX_BUFFERS 64u

enum nm_io_op { NM_IO_READ, NM_IO_WRITE, NM_IO_FLUSH };

/** A request; the caller keeps it until it comes back from nm_io_reap(). */
struct nm_io_request {
	enum nm_io_op op;
	uint64_t offset;
	struct iovec buffers[NM_IO_MAX_BUFFERS];
	unsigned int buffer_count;
	int64_t result;		    /* bytes, or -errno */
	struct nm_io_request *next; /* of the backend */
	void *context;		    /* of the caller */
};

struct nm_io;

/** A way to do requests. */
struct nm_io_kind {
	const char *name;
	int (*open)(struct nm_io *io);
	void (*close)(struct nm_io *io);
	int (*submit)(struct nm_io *io, struct nm_io_request *request);
	/** Tells the kernel of what was submitted; NULL: submit does. */
	int (*flush)(struct nm_io *io);
	struct nm_io_request *(*reap)(struct nm_io *io);
};

struct nm_io {
	const struct nm_io_kind *kind;
	int fd;		    /* of the file, opened by the caller */
	int event_fd;	    /* becomes readable when there is something to reap */
	unsigned int depth; /* requests under way at most */
	unsigned int under_way;
	void *own; /* of the kind */
};

/** io_uring, threads that call preadv() and pwritev(), and one that touches no medium: reads leave the buffers as they are. */
extern const struct nm_io_kind nm_io_uring, nm_io_threads, nm_io_null;

/**
 * Starts a way of doing requests on fd. -EOPNOTSUPP with the remedy when this machine forbids it (io_uring: the sysctl
 * io_uring_disabled, or a seccomp filter).
 */
int nm_io_open(struct nm_io *io, const struct nm_io_kind *kind, int fd, unsigned int depth);

/** Waits for what is under way, and ends it. */
void nm_io_close(struct nm_io *io);

int nm_io_submit(struct nm_io *io, struct nm_io_request *request);
int nm_io_flush(struct nm_io *io);

/** A request that is done, or NULL. */
struct nm_io_request *nm_io_reap(struct nm_io *io);

#endif
