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
	struct list submitted,
		ready; /* of the caller alone: not told to the threads yet, and taken from them */
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct list waiting, done;
	uint32_t any_done; /* for a look without the lock */
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

/* Moves all of one list to the end of another. */
static void move(struct list *from, struct list *to)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	*from = (struct list) {0};
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

/* Who looks clears the event first and then takes all there is: one event is enough until then. */
static void finish(struct pool *pool, struct nm_io_request *request)
{
	const uint64_t one = 1;
	bool first;

	pthread_mutex_lock(&pool->lock);
	first = !pool->done.first;
	append(&pool->done, request);
	__atomic_store_n(&pool->any_done, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&pool->lock);
	/* A counter that is full is readable as well. */
	if (first && write(pool->io->event_fd, &one, sizeof(one)) < 0)
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

	append(&pool->submitted, request);
	return 0;
}

static int flush(struct nm_io *io)
{
	struct pool *pool = io->own;
	const struct nm_io_request *request = pool->submitted.first;

	if (!request)
		return 0;
	pthread_mutex_lock(&pool->lock);
	for (; request; request = request->next)
		pthread_cond_signal(&pool->work);
	move(&pool->submitted, &pool->waiting);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

static struct nm_io_request *reap(struct nm_io *io)
{
	struct pool *pool = io->own;

	if (!pool->ready.first && __atomic_load_n(&pool->any_done, __ATOMIC_RELAXED)) {
		pthread_mutex_lock(&pool->lock);
		move(&pool->done, &pool->ready);
		pool->any_done = 0;
		pthread_mutex_unlock(&pool->lock);
	}
	return take(&pool->ready);
}

const struct nm_io_kind nm_io_threads = {
	.name = "threads",
	.open = open_threads,
	.close = close_threads,
	.submit = submit,
	.flush = flush,
	.reap = reap,
};
