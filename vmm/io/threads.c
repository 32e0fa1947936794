/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* For hosts that forbid io_uring: threads that wait in preadv() and pwritev(). */
#include "vmm/io/io.h"

#include "core/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAX_THREADS 32u

struct list {
	struct nm_io_request *first, *last;
};

struct pool {
	struct nm_io *io;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct list waiting, done;
	bool stop;
	unsigned int count;
	pthread_t threads[MAX_THREADS];
};

static void append(struct list *list, struct nm_io_request *request)
{
	request->next = NULL;
	if (list->last)
		list->last->next = request;
	else
		list->first = request;
	list->last = request;
}

static struct nm_io_request *take(struct list *list)
{
	struct nm_io_request *request = list->first;

	if (request)
		list->first = request->next;
	if (!list->first)
		list->last = NULL;
	return request;
}

static int64_t transfer(int fd, const struct nm_io_request *request)
{
	const int count = (int)request->buffer_count;
	ssize_t done;

	do {
		if (request->op == NM_IO_READ)
			done = preadv(fd, request->buffers, count, (off_t)request->offset);
		else if (request->op == NM_IO_WRITE)
			done = pwritev(fd, request->buffers, count, (off_t)request->offset);
		else
			done = fdatasync(fd);
	} while (done < 0 && errno == EINTR);
	return done < 0 ? -errno : done;
}

static void finish(struct pool *pool, struct nm_io_request *request)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&pool->lock);
	append(&pool->done, request);
	pthread_mutex_unlock(&pool->lock);
	/* A counter that is full is readable as well. */
	if (write(pool->io->event_fd, &one, sizeof(one)) < 0)
		return;
}

static void *work(void *context)
{
	struct pool *pool = context;
	struct nm_io_request *request;

	for (;;) {
		pthread_mutex_lock(&pool->lock);
		while (!pool->waiting.first && !pool->stop)
			pthread_cond_wait(&pool->work, &pool->lock);
		request = take(&pool->waiting);
		pthread_mutex_unlock(&pool->lock);
		if (!request)
			return NULL;
		request->result = transfer(pool->io->fd, request);
		finish(pool, request);
	}
}

static void close_threads(struct nm_io *io)
{
	struct pool *pool = io->own;

	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static int open_threads(struct nm_io *io)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	int r = 0;

	if (!pool)
		return nm_fail(ENOMEM, "out of memory");
	pool->io = io;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	io->own = pool;
	while (!r && pool->count < io->depth && pool->count < MAX_THREADS) {
		r = pthread_create(&pool->threads[pool->count], NULL, work, pool);
		pool->count += !r;
	}
	if (r) {
		close_threads(io);
		return nm_fail(r, "cannot start a thread: %s", strerror(r));
	}
	return 0;
}

static int submit(struct nm_io *io, struct nm_io_request *request)
{
	struct pool *pool = io->own;

	pthread_mutex_lock(&pool->lock);
	append(&pool->waiting, request);
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

static struct nm_io_request *reap(struct nm_io *io)
{
	struct pool *pool = io->own;
	struct nm_io_request *request;

	pthread_mutex_lock(&pool->lock);
	request = take(&pool->done);
	pthread_mutex_unlock(&pool->lock);
	return request;
}

const struct nm_io_kind nm_io_threads = {
	.name = "threads",
	.open = open_threads,
	.close = close_threads,
	.submit = submit,
	.reap = reap,
};
