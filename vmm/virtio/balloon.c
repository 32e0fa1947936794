/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/virtio/balloon.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_ids.h>
#include <string.h>
#include <sys/mman.h>

/* Queues of the device. */
#define INFLATE 0u
#define DEFLATE 1u

#define NUMBERS_MAX 1024u /* pages of a request */

void nm_balloon_init(struct nm_balloon *balloon, struct nm_virtio *device)
{
	balloon->given = balloon->returned = 0;
	device->kind = &nm_balloon_kind;
	device->own = balloon;
	device->event_fd = -1;
}

static void config(const struct nm_virtio *device, uint32_t offset, void *out, uint32_t bytes)
{
	const struct nm_balloon *balloon = device->own;
	const struct virtio_balloon_config all = {.num_pages = balloon->wanted};

	if (offset < sizeof(all))
		memcpy(out, (const char *)&all + offset,
		       bytes < sizeof(all) - offset ? bytes : sizeof(all) - offset);
}

/* What is under a page goes; the next access finds zeroes. */
static int give_page(const struct nm_virtio *device, uint32_t number)
{
	const uint64_t gpa = (uint64_t)number * NM_BALLOON_PAGE;
	void *page = nm_vm_memory(device->vm, gpa, NM_BALLOON_PAGE);

	if (!page)
		return nm_fail(EPROTO, "a page at %#" PRIx64 " that is no memory of the guest",
			       gpa);
	if (!madvise(page, NM_BALLOON_PAGE, MADV_DONTNEED))
		return 0;
	return nm_fail(errno, "MADV_DONTNEED: %s", strerror(errno));
}

/* The numbers are read before the first page goes, as they may lie in one of these. */
static int serve_request(struct nm_virtio *device, unsigned int queue, const struct nm_chain *chain)
{
	struct nm_balloon *balloon = device->own;
	uint32_t numbers[NUMBERS_MAX];
	const uint64_t bytes = nm_chain_readable(chain);
	const size_t count = (size_t)(bytes / sizeof(numbers[0]));
	int r = 0;

	if (bytes > sizeof(numbers) || bytes % sizeof(numbers[0]) ||
	    chain->readable != chain->count)
		return nm_fail(EPROTO, "%" PRIu64 " bytes of page numbers", bytes);
	nm_chain_read(chain, 0, numbers, sizeof(numbers));
	for (size_t i = 0; queue == INFLATE && !r && i < count; i++)
		r = give_page(device, numbers[i]);
	if (r)
		return r;
	*(queue == INFLATE ? &balloon->given : &balloon->returned) += count;
	nm_virtqueue_push(&device->queues[queue], chain, 0);
	return 1;
}

/* No longer than a queue is: the caller looks whether it is to stop. */
static int serve_queue(struct nm_virtio *device, unsigned int queue)
{
	struct nm_chain chain;
	unsigned int count = 0;
	int r = 1;

	while (r > 0 && count < NM_QUEUE_MAX) {
		r = nm_virtio_next(device, queue, &chain);
		if (r > 0)
			r = serve_request(device, queue, &chain);
		count += r > 0;
	}
	if (r >= 0 && count)
		r = nm_virtio_interrupt(device, queue);
	return r < 0 ? r : count > 0;
}

static int serve(struct nm_virtio *device)
{
	const int inflated = serve_queue(device, INFLATE);
	const int deflated = inflated < 0 ? inflated : serve_queue(device, DEFLATE);

	return deflated < 0 ? deflated : inflated || deflated;
}

const struct nm_virtio_kind nm_balloon_kind = {
	.name = "virtio-balloon",
	.id = VIRTIO_ID_BALLOON,
	.features = 1ull << VIRTIO_BALLOON_F_MUST_TELL_HOST,
	.queues = 2,
	.config = config,
	.serve = serve,
};
