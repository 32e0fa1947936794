/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/virtio/rng.h"

#include "core/error.h"

#include <errno.h>
#include <linux/virtio_ids.h>
#include <string.h>
#include <sys/random.h>

static int fill_random(struct nm_rng *rng, void *out, size_t bytes)
{
	size_t done = 0;

	(void)rng;
	while (done < bytes) {
		const ssize_t more = getrandom((char *)out + done, bytes - done, 0);

		if (more < 0 && errno != EINTR)
			return nm_fail(errno, "getrandom: %s", strerror(errno));
		done += more > 0 ? (size_t)more : 0;
	}
	return 0;
}

void nm_rng_init(struct nm_rng *rng, struct nm_virtio *device)
{
	if (!rng->fill)
		rng->fill = fill_random;
	rng->requests = 0;
	device->kind = &nm_rng_kind;
	device->own = rng;
	device->event_fd = -1;
}

static int serve_request(struct nm_virtio *device, const struct nm_chain *chain)
{
	struct nm_rng *rng = device->own;
	const uint64_t room = nm_chain_writable(chain);
	const size_t bytes = room < NM_RNG_MAX_BYTES ? (size_t)room : NM_RNG_MAX_BYTES;
	int r;

	if (chain->readable)
		return nm_fail(EPROTO, "a buffer to read");
	r = rng->fill(rng, rng->bytes, bytes);
	if (r < 0)
		return r;
	nm_chain_write(chain, 0, rng->bytes, bytes);
	nm_virtqueue_push(&device->queues[0], chain, (uint32_t)bytes);
	rng->requests++;
	return 1;
}

/* No longer than a queue is: the caller looks whether it is to stop. */
static int serve(struct nm_virtio *device)
{
	struct nm_chain chain;
	unsigned int count = 0;
	int r = 1;

	while (r > 0 && count < NM_QUEUE_MAX) {
		r = nm_virtio_next(device, 0, &chain);
		if (r > 0)
			r = serve_request(device, &chain);
		count += r > 0;
	}
	if (r >= 0 && count)
		r = nm_virtio_interrupt(device, 0);
	return r < 0 ? r : count > 0;
}

const struct nm_virtio_kind nm_rng_kind = {
	.name = "virtio-rng",
	.id = VIRTIO_ID_RNG,
	.queues = 1,
	.serve = serve,
};
