/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Memory whose content another thread brings when it is touched (userfaultfd), as post-copy migration and lazy restore do.
 * That thread is on the same CPU as the vCPU, or as the loop of the native partner: each touch is also two switches between
 * threads, and never a wait for another CPU to wake up. What it costs to bring the content from elsewhere is not in it.
 */
#include "benchmarks/memory/scene.h"
#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAULT_SAMPLES 100u

/* <linux/userfaultfd.h> of Linux 6.1. */
#define DEVICE	   "/dev/userfaultfd"
#define DEVICE_NEW _IO(0xAA, 0x00)

struct handler {
	const struct nm_scene *scene;
	bool minor;
	int fd;
	int stop_fd;
	bool started;
	pthread_t thread;
	uint64_t resolved; /* pages that were asked for */
	int error;	   /* positive errno */
};

static int open_userfaultfd(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	int device;

	if (fd >= 0)
		return fd;
	device = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (device >= 0) {
		fd = ioctl(device, DEVICE_NEW, O_CLOEXEC | O_NONBLOCK);
		close(device);
	}
	if (fd >= 0)
		return fd;
	return nm_fail_remedy(EOPNOTSUPP,
			      "run nestmark as root, or echo 1 | sudo tee "
			      "/proc/sys/vm/unprivileged_userfaultfd",
			      "no userfaultfd that takes faults of the kernel: %s",
			      strerror(errno));
}

static int agree(const struct handler *handler)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = handler->minor ? UFFD_FEATURE_MINOR_SHMEM : 0,
	};

	if (!ioctl(handler->fd, UFFDIO_API, &api))
		return 0;
	return nm_fail_remedy(EOPNOTSUPP, "use Linux 5.14 or later",
			      "userfaultfd does not know minor faults of shared memory: %s",
			      strerror(errno));
}

static int watch(const struct handler *handler)
{
	const struct nm_region *region = &handler->scene->region;
	struct uffdio_register request = {
		.range = {.start = (uint64_t)(uintptr_t)region->host, .len = region->bytes},
		.mode = handler->minor ? UFFDIO_REGISTER_MODE_MINOR : UFFDIO_REGISTER_MODE_MISSING,
	};

	if (ioctl(handler->fd, UFFDIO_REGISTER, &request))
		return nm_fail(errno, "UFFDIO_REGISTER: %s", strerror(errno));
	return 0;
}

/* The content is in the page cache already. */
static int map_page(const struct handler *handler, uint64_t at)
{
	struct uffdio_continue request = {.range = {.start = at, .len = NM_PAGE_4K}};

	return ioctl(handler->fd, UFFDIO_CONTINUE, &request) ? errno : 0;
}

/* The content comes from elsewhere: the page's guest-physical address. */
static int bring_page(const struct handler *handler, uint64_t at)
{
	static uint64_t content[NM_PAGE_4K / sizeof(uint64_t)] __attribute__((aligned(NM_PAGE_4K)));
	struct uffdio_copy request = {.dst = at,
				      .src = (uint64_t)(uintptr_t)content,
				      .len = NM_PAGE_4K};

	content[0] = NM_ABI_MEMORY + (at - (uint64_t)(uintptr_t)handler->scene->region.host);
	return ioctl(handler->fd, UFFDIO_COPY, &request) ? errno : 0;
}

/* Who waits for a page that cannot be brought gets an empty one. */
static void give_up(struct handler *handler, int error)
{
	const struct nm_region *region = &handler->scene->region;
	struct uffdio_range range = {.start = (uint64_t)(uintptr_t)region->host,
				     .len = region->bytes};

	handler->error = error;
	ioctl(handler->fd, UFFDIO_UNREGISTER, &range);
}

static void resolve(struct handler *handler)
{
	struct uffd_msg message;
	uint64_t at;
	int error;

	if (read(handler->fd, &message, sizeof(message)) != sizeof(message) ||
	    message.event != UFFD_EVENT_PAGEFAULT)
		return;
	at = message.arg.pagefault.address / NM_PAGE_4K * NM_PAGE_4K;
	/* Before the one who waits goes on: the last page must be counted when all are. */
	__atomic_add_fetch(&handler->resolved, 1, __ATOMIC_RELEASE);
	error = handler->minor ? map_page(handler, at) : bring_page(handler, at);
	if (error)
		give_up(handler, error);
}

static void *run(void *context)
{
	struct handler *handler = context;
	struct pollfd fds[2] = {{.fd = handler->fd, .events = POLLIN},
				{.fd = handler->stop_fd, .events = POLLIN}};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[1].revents)
			return NULL;
		if (fds[0].revents)
			resolve(handler);
	}
}

static int start(struct handler *handler)
{
	int r = agree(handler);

	if (!r)
		r = watch(handler);
	if (r)
		return r;
	handler->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (handler->stop_fd < 0)
		return nm_fail(errno, "eventfd: %s", strerror(errno));
	r = pthread_create(&handler->thread, NULL, run, handler);
	if (r)
		return nm_fail(r, "cannot start a thread: %s", strerror(r));
	handler->started = true;
	return 0;
}

static int begin(struct nm_scene *scene, bool minor)
{
	struct handler *handler = calloc(1, sizeof(*handler));

	if (!handler)
		return nm_fail(ENOMEM, "out of memory");
	*handler = (struct handler) {.scene = scene, .minor = minor, .stop_fd = -1};
	scene->own = handler;
	handler->fd = open_userfaultfd();
	return handler->fd < 0 ? handler->fd : start(handler);
}

static int begin_missing(struct nm_scene *scene)
{
	return begin(scene, false);
}

/* The pages stay in the memfd; this process forgets them. */
static int begin_minor(struct nm_scene *scene)
{
	if (madvise(scene->region.host, scene->region.bytes, MADV_DONTNEED))
		return nm_fail(errno, "MADV_DONTNEED: %s", strerror(errno));
	return begin(scene, true);
}

static void end(struct nm_scene *scene)
{
	struct handler *handler = scene->own;
	const uint64_t one = 1;

	if (!handler)
		return;
	if (handler->started && write(handler->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(handler->thread, NULL);
	if (handler->stop_fd >= 0)
		close(handler->stop_fd);
	if (handler->fd >= 0)
		close(handler->fd);
}

static bool check(struct nm_scene *scene, char *why, size_t size)
{
	const struct handler *handler = scene->own;
	uint64_t resolved = __atomic_load_n(&handler->resolved, __ATOMIC_ACQUIRE);

	if (!handler->error && resolved == scene->pages)
		return true;
	snprintf(why, size, "%" PRIu64 " of %" PRIu64 " pages faulted: %s", resolved, scene->pages,
		 handler->error ? strerror(handler->error) : "the rest were there");
	return false;
}

static const struct nm_scene_kind missing = {.backing = NM_BACKING_ANONYMOUS,
					     .guest_page = NM_PAGE_4K,
					     .step = NM_PAGE_4K,
					     .read = true,
					     .filled = true,
					     .begin = begin_missing,
					     .end = end,
					     .check = check};
static const struct nm_scene_kind minor = {.backing = NM_BACKING_MEMFD,
					   .guest_page = NM_PAGE_4K,
					   .step = NM_PAGE_4K,
					   .read = true,
					   .filled = true,
					   .populated = true,
					   .begin = begin_minor,
					   .end = end,
					   .check = check};

NM_SCENE_GUEST(missing)
NM_SCENE_GUEST(minor)
NM_SCENE_NATIVE(missing)
NM_SCENE_NATIVE(minor)

const struct nm_bench nm_bench_mem_userfault_missing = {
	.name = "mem.userfault.missing",
	.group = "memory",
	.summary = "read of a page whose content a thread of the VMM copies in (UFFDIO_COPY)",
	.happens = "The load exits, and the vCPU sleeps in the host's page fault; the thread reads "
		   "the fault from a userfaultfd, copies a page to there, and wakes the vCPU.",
	.matters = "Post-copy live migration and lazily restored snapshots: what remains when the "
		   "content is at hand.",
	.version = 1,
	.payload = "mem.touch.read",
	.cpls = NM_CPL3,
	.max_samples = FAULT_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_missing,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_missing,
};

const struct nm_bench nm_bench_mem_userfault_minor = {
	.name = "mem.userfault.minor",
	.group = "memory",
	.summary = "read of a page that is in a memfd, let in by a thread of the VMM "
		   "(UFFDIO_CONTINUE)",
	.happens = "As mem.userfault.missing, but the content is in shared memory already, and the "
		   "thread only lets the host map it.",
	.matters = "Post-copy live migration on shared memory, where the content arrives without "
		   "another copy.",
	.version = 1,
	.payload = "mem.touch.read",
	.cpls = NM_CPL3,
	.max_samples = FAULT_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_minor,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_minor,
};
