/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/virtio/vhost.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <linux/virtio_ids.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int nm_vhost_open(const char *path)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	const char *name = strrchr(path, '/') + 1;
	char remedy[128];

	if (fd >= 0)
		return fd;
	snprintf(remedy, sizeof(remedy),
		 "modprobe %s, and run it as root or in the group of %s (often kvm)",
		 strcmp(name, "vhost-net") ? "vhost_vsock" : "vhost_net", path);
	return nm_fail_remedy(EOPNOTSUPP, remedy, "%s: %s", path, strerror(errno));
}

static int request(int fd, unsigned long code, const char *name, void *argument)
{
	return ioctl(fd, code, argument) ? nm_fail(errno, "%s: %s", name, strerror(errno)) : 0;
}

#define REQUEST(fd, code, argument) request(fd, code, #code, argument)

static int set_features(int fd, uint64_t wanted)
{
	uint64_t features = 0;
	int r = REQUEST(fd, VHOST_GET_FEATURES, &features);

	if (!r && wanted & ~features)
		r = nm_fail(EOPNOTSUPP, "vhost lacks features %#llx",
			    (unsigned long long)(wanted & ~features));
	return r ? r : REQUEST(fd, VHOST_SET_FEATURES, &wanted);
}

static int set_memory(int fd, const struct nm_vm *vm)
{
	const size_t bytes = vm->slot_count * sizeof(struct vhost_memory_region);
	struct vhost_memory *memory = calloc(1, sizeof(*memory) + bytes);
	int r;

	if (!memory)
		return nm_fail(ENOMEM, "out of memory");
	memory->nregions = vm->slot_count;
	for (unsigned int i = 0; i < vm->slot_count; i++)
		memory->regions[i] = (struct vhost_memory_region) {
			.guest_phys_addr = vm->slots[i].gpa,
			.memory_size = vm->slots[i].bytes,
			.userspace_addr = (uintptr_t)vm->slots[i].host,
		};
	r = REQUEST(fd, VHOST_SET_MEM_TABLE, memory);
	free(memory);
	return r;
}

static int set_queue(int fd, const struct nm_virtio *device, unsigned int number)
{
	const struct nm_virtqueue *queue = &device->queues[number];
	struct vhost_vring_state size = {.index = number, .num = queue->size};
	struct vhost_vring_state base = {.index = number};
	struct vhost_vring_addr addresses = {
		.index = number,
		.desc_user_addr = (uintptr_t)queue->descriptors,
		.avail_user_addr = (uintptr_t)queue->driver,
		.used_user_addr = (uintptr_t)queue->device,
	};
	struct vhost_vring_file kick = {.index = number, .fd = device->queue_fds[number]};
	struct vhost_vring_file call = {.index = number, .fd = device->irq_fd};
	int r = REQUEST(fd, VHOST_SET_VRING_NUM, &size);

	if (!r)
		r = REQUEST(fd, VHOST_SET_VRING_BASE, &base);
	if (!r)
		r = REQUEST(fd, VHOST_SET_VRING_ADDR, &addresses);
	if (!r)
		r = REQUEST(fd, VHOST_SET_VRING_KICK, &kick);
	return r ? r : REQUEST(fd, VHOST_SET_VRING_CALL, &call);
}

int nm_vhost_attach(int fd, struct nm_virtio *device, unsigned int queues, uint64_t features)
{
	int r = REQUEST(fd, VHOST_SET_OWNER, NULL);

	if (!r)
		r = set_features(fd, device->accepted | features);
	if (!r)
		r = set_memory(fd, device->vm);
	for (unsigned int i = 0; !r && i < queues; i++)
		r = device->ready[i] ? set_queue(fd, device, i)
				     : nm_fail(EPROTO, "the driver has not set up queue %u", i);
	return r;
}

/* Network */

static int set_taps(int fd, int tap)
{
	int r = 0;

	for (unsigned int i = 0; !r && i < nm_vhost_net_kind.queues; i++) {
		struct vhost_vring_file backend = {.index = i, .fd = tap};

		r = REQUEST(fd, VHOST_NET_SET_BACKEND, &backend);
	}
	return r;
}

/* The kernel takes the headers off and puts them on, so that the tap has plain packets. */
static int start_net(struct nm_virtio *device)
{
	const struct nm_vhost_net *net = device->own;
	const int r = nm_vhost_attach(net->fd, device, device->kind->queues,
				      1ull << VHOST_NET_F_VIRTIO_NET_HDR);

	return r ? r : set_taps(net->fd, net->tap);
}

static void stop_net(struct nm_virtio *device)
{
	const struct nm_vhost_net *net = device->own;

	set_taps(net->fd, -1);
	ioctl(net->fd, VHOST_RESET_OWNER, NULL);
}

const struct nm_virtio_kind nm_vhost_net_kind = {
	.name = "vhost-net",
	.id = VIRTIO_ID_NET,
	.queues = 2,
	.start = start_net,
	.quiesce = stop_net,
};
