/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/virtio/queue.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/virtio_ring.h>
#include <string.h>

/* Flags of a descriptor in a packed ring (virtio 1.2, 2.8.1). */
#define PACKED_AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define PACKED_USED  (1u << VRING_PACKED_DESC_F_USED)

#define WRAP_BIT 0x8000u

#define LOAD(word)		   __atomic_load_n(&(word), __ATOMIC_RELAXED)
#define LOAD_ACQUIRE(word)	   __atomic_load_n(&(word), __ATOMIC_ACQUIRE)
#define STORE(word, value)	   __atomic_store_n(&(word), (value), __ATOMIC_RELAXED)
#define STORE_RELEASE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELEASE)

/* What a ring has for one buffer. */
struct descriptor {
	uint64_t gpa;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next; /* or id */
};

/* An area of the queue in guest memory, which must lie in one piece, aligned. */
static int find_area(const struct nm_virtqueue *queue, const char *what, uint64_t gpa, size_t bytes,
		     uint64_t alignment, void **out)
{
	*out = gpa % alignment ? NULL : nm_vm_memory(queue->vm, gpa, bytes);
	if (*out)
		return 0;
	return nm_fail(EPROTO, "virtqueue: the %s at %#" PRIx64 " %s", what, gpa,
		       gpa % alignment ? "is not aligned" : "does not lie in guest memory");
}

int nm_virtqueue_start(struct nm_virtqueue *queue)
{
	const size_t size = queue->size;
	const bool packed = queue->packed;
	const size_t driver = packed ? sizeof(struct vring_packed_desc_event) : 6 + 2 * size;
	const size_t device = packed ? sizeof(struct vring_packed_desc_event) : 6 + 8 * size;
	int r;

	if (!size || size > NM_QUEUE_MAX || (!packed && (size & (size - 1))))
		return nm_fail(EPROTO, "virtqueue: a size of %zu", size);
	queue->next_avail = queue->next_used = queue->in_flight = queue->pushed = 0;
	queue->avail_wrap = queue->used_wrap = true;
	r = find_area(queue, "descriptors", queue->descriptors_gpa,
		      size * sizeof(struct vring_desc), 16, &queue->descriptors);
	if (!r)
		r = find_area(queue, "driver area", queue->driver_gpa, driver, packed ? 4 : 2,
			      &queue->driver);
	if (!r)
		r = find_area(queue, "device area", queue->device_gpa, device, 4, &queue->device);
	return r;
}

static int add_buffer(const struct nm_virtqueue *queue, struct nm_chain *chain,
		      const struct descriptor *descriptor)
{
	const bool write = descriptor->flags & VRING_DESC_F_WRITE;
	struct nm_buffer *buffer = &chain->buffers[chain->count];

	if (descriptor->flags & VRING_DESC_F_INDIRECT)
		return nm_fail(EPROTO, "virtqueue: an indirect descriptor, which was not offered");
	if (chain->count == NM_CHAIN_MAX)
		return nm_fail(EPROTO, "virtqueue: a request of more than %u buffers",
			       NM_CHAIN_MAX);
	if (!write && chain->count > chain->readable)
		return nm_fail(EPROTO, "virtqueue: a buffer to read behind one to write");
	buffer->bytes = descriptor->bytes;
	buffer->host = descriptor->bytes
			       ? nm_vm_memory(queue->vm, descriptor->gpa, descriptor->bytes)
			       : NULL;
	if (!buffer->host)
		return nm_fail(EPROTO,
			       "virtqueue: a buffer of %" PRIu32 " bytes at %#" PRIx64
			       " does not lie in guest memory",
			       descriptor->bytes, descriptor->gpa);
	chain->count++;
	chain->readable += !write;
	return 0;
}

static int take(struct nm_virtqueue *queue, const struct nm_chain *chain)
{
	if (chain->descriptors > queue->size - queue->in_flight)
		return nm_fail(EPROTO, "virtqueue: more descriptors in flight than it has");
	queue->in_flight += chain->descriptors;
	return 1;
}

/* Split */

static struct descriptor split_descriptor(const struct nm_virtqueue *queue, uint16_t index)
{
	const struct vring_desc *at = &((const struct vring_desc *)queue->descriptors)[index];

	return (struct descriptor) {.gpa = LOAD(at->addr),
				    .bytes = LOAD(at->len),
				    .flags = LOAD(at->flags),
				    .next = LOAD(at->next)};
}

static int split_chain(struct nm_virtqueue *queue, struct nm_chain *chain)
{
	struct descriptor descriptor = {.next = chain->id};
	int r;

	do {
		if (descriptor.next >= queue->size)
			return nm_fail(EPROTO, "virtqueue: descriptor %u of %u", descriptor.next,
				       queue->size);
		if (chain->descriptors == queue->size)
			return nm_fail(EPROTO, "virtqueue: a chain of descriptors that never ends");
		descriptor = split_descriptor(queue, descriptor.next);
		chain->descriptors++;
		r = add_buffer(queue, chain, &descriptor);
	} while (!r && descriptor.flags & VRING_DESC_F_NEXT);
	return r;
}

static int split_pop(struct nm_virtqueue *queue, struct nm_chain *chain)
{
	const struct vring_avail *avail = queue->driver;
	const uint16_t waiting = (uint16_t)(LOAD_ACQUIRE(avail->idx) - queue->next_avail);
	int r;

	if (!waiting)
		return 0;
	if (waiting > queue->size)
		return nm_fail(EPROTO, "virtqueue: %u requests in a queue of %u", waiting,
			       queue->size);
	chain->id = LOAD(avail->ring[queue->next_avail % queue->size]);
	r = split_chain(queue, chain);
	if (r)
		return r;
	queue->next_avail++;
	return take(queue, chain);
}

static void split_push(struct nm_virtqueue *queue, const struct nm_chain *chain, uint32_t written)
{
	struct vring_used *used = queue->device;
	struct vring_used_elem *element = &used->ring[queue->next_used % queue->size];

	STORE(element->id, chain->id);
	STORE(element->len, written);
	queue->next_used++;
	queue->pushed++;
	STORE_RELEASE(used->idx, queue->next_used);
}

static bool split_must_interrupt(const struct nm_virtqueue *queue)
{
	const struct vring_avail *avail = queue->driver;

	if (!queue->event_index)
		return !(LOAD(avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	return vring_need_event(LOAD(avail->ring[queue->size]), queue->next_used,
				(uint16_t)(queue->next_used - queue->pushed));
}

static void split_listen(const struct nm_virtqueue *queue, bool on)
{
	struct vring_used *used = queue->device;
	/* Behind the ring: avail_event. Half a queue away, it will not be reached. */
	uint16_t *event = (uint16_t *)(void *)&used->ring[queue->size];

	if (queue->event_index)
		STORE(*event, on ? queue->next_avail : (uint16_t)(queue->next_avail + 0x8000u));
	else
		STORE(used->flags, on ? 0 : VRING_USED_F_NO_NOTIFY);
}

/* Packed */

static bool is_available(const struct nm_virtqueue *queue, uint16_t flags)
{
	return !!(flags & PACKED_AVAIL) == queue->avail_wrap &&
	       !!(flags & PACKED_USED) != queue->avail_wrap;
}

static void advance(const struct nm_virtqueue *queue, uint16_t *at, bool *wrap, uint16_t by)
{
	*at += by;
	if (*at < queue->size)
		return;
	*at -= queue->size;
	*wrap = !*wrap;
}

/* All descriptors of a chain are available once its first one is. */
static int packed_pop(struct nm_virtqueue *queue, struct nm_chain *chain)
{
	const struct vring_packed_desc *ring = queue->descriptors;
	uint16_t at = queue->next_avail;
	uint16_t flags = LOAD_ACQUIRE(ring[at].flags);
	int r;

	if (!is_available(queue, flags))
		return 0;
	for (;;) {
		const struct descriptor descriptor = {.gpa = LOAD(ring[at].addr),
						      .bytes = LOAD(ring[at].len),
						      .flags = flags};

		if (chain->descriptors == queue->size)
			return nm_fail(EPROTO, "virtqueue: a chain of descriptors that never ends");
		chain->descriptors++;
		chain->id = LOAD(ring[at].id);
		r = add_buffer(queue, chain, &descriptor);
		if (r)
			return r;
		if (!(flags & VRING_DESC_F_NEXT))
			break;
		at = (uint16_t)((at + 1) % queue->size);
		flags = LOAD(ring[at].flags);
	}
	advance(queue, &queue->next_avail, &queue->avail_wrap, chain->descriptors);
	return take(queue, chain);
}

static void packed_push(struct nm_virtqueue *queue, const struct nm_chain *chain, uint32_t written)
{
	struct vring_packed_desc *at =
		&((struct vring_packed_desc *)queue->descriptors)[queue->next_used];
	uint16_t flags = queue->used_wrap ? PACKED_AVAIL | PACKED_USED : 0;

	STORE(at->id, chain->id);
	STORE(at->len, written);
	if (written)
		flags |= VRING_DESC_F_WRITE;
	STORE_RELEASE(at->flags, flags);
	advance(queue, &queue->next_used, &queue->used_wrap, chain->descriptors);
	queue->pushed += chain->descriptors;
}

static bool packed_must_interrupt(const struct nm_virtqueue *queue)
{
	const struct vring_packed_desc_event *event = queue->driver;
	const uint16_t flags = LOAD(event->flags) & 3;
	const uint16_t wanted = LOAD(event->off_wrap);
	uint16_t offset = wanted & (uint16_t)~WRAP_BIT;

	if (flags != VRING_PACKED_EVENT_FLAG_DESC || !queue->event_index)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	if (!!(wanted & WRAP_BIT) != queue->used_wrap)
		offset -= queue->size;
	return vring_need_event(offset, queue->next_used,
				(uint16_t)(queue->next_used - queue->pushed));
}

static void packed_listen(const struct nm_virtqueue *queue, bool on)
{
	struct vring_packed_desc_event *event = queue->device;
	const uint16_t wrap = queue->avail_wrap ? WRAP_BIT : 0;

	if (on && queue->event_index) {
		STORE(event->off_wrap, queue->next_avail | wrap);
		STORE_RELEASE(event->flags, VRING_PACKED_EVENT_FLAG_DESC);
	} else {
		STORE(event->flags,
		      on ? VRING_PACKED_EVENT_FLAG_ENABLE : VRING_PACKED_EVENT_FLAG_DISABLE);
	}
}

/* Both */

int nm_virtqueue_pop(struct nm_virtqueue *queue, struct nm_chain *chain)
{
	chain->descriptors = chain->readable = chain->count = 0;
	return queue->packed ? packed_pop(queue, chain) : split_pop(queue, chain);
}

void nm_virtqueue_push(struct nm_virtqueue *queue, const struct nm_chain *chain, uint32_t written)
{
	if (queue->packed)
		packed_push(queue, chain, written);
	else
		split_push(queue, chain, written);
	queue->in_flight -= chain->descriptors;
}

bool nm_virtqueue_must_interrupt(struct nm_virtqueue *queue)
{
	bool must = false;

	/* What was pushed must be seen before the driver's wish is read: it does the two the other way round. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (queue->pushed)
		must = queue->packed ? packed_must_interrupt(queue) : split_must_interrupt(queue);
	queue->pushed = 0;
	return must;
}

void nm_virtqueue_listen(struct nm_virtqueue *queue, bool on)
{
	if (queue->packed)
		packed_listen(queue, on);
	else
		split_listen(queue, on);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static uint64_t bytes_of(const struct nm_chain *chain, size_t from, size_t to)
{
	uint64_t bytes = 0;

	for (size_t i = from; i < to; i++)
		bytes += chain->buffers[i].bytes;
	return bytes;
}

uint64_t nm_chain_readable(const struct nm_chain *chain)
{
	return bytes_of(chain, 0, chain->readable);
}

uint64_t nm_chain_writable(const struct nm_chain *chain)
{
	return bytes_of(chain, chain->readable, chain->count);
}

/* Walks over `bytes` bytes of buffers [from, to) and copies them, in whichever direction. */
static size_t copy(const struct nm_chain *chain, size_t from, size_t to, uint64_t offset,
		   unsigned char *out, const unsigned char *in, size_t bytes)
{
	size_t done = 0;

	for (size_t i = from; i < to && done < bytes; i++) {
		const struct nm_buffer *buffer = &chain->buffers[i];
		size_t part;

		if (offset >= buffer->bytes) {
			offset -= buffer->bytes;
			continue;
		}
		part = buffer->bytes - (size_t)offset;
		if (part > bytes - done)
			part = bytes - done;
		if (out)
			memcpy(out + done, buffer->host + offset, part);
		else
			memcpy(buffer->host + offset, in + done, part);
		done += part;
		offset = 0;
	}
	return done;
}

size_t nm_chain_read(const struct nm_chain *chain, uint64_t offset, void *to, size_t bytes)
{
	return copy(chain, 0, chain->readable, offset, to, NULL, bytes);
}

size_t nm_chain_write(const struct nm_chain *chain, uint64_t offset, const void *from, size_t bytes)
{
	return copy(chain, chain->readable, chain->count, offset, NULL, from, bytes);
}
