/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/error.h"
#include "vmm/virtio/vhost.h"

#include <errno.h>
#include <linux/vhost.h>
#include <linux/virtio_ids.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE "/dev/vhost-vsock"
#define QUEUES 2u /* the kernel's; that of events is nobody's */

/* CIDs that people give out by hand are small. */
#define FIRST_CID 0x6e6d0000u
#define CIDS	  0x10000u

/* One that nobody else of this machine has: the first is by the number of the process. */
static int take_cid(struct nm_vhost_vsock *vsock)
{
	const uint32_t first = (uint32_t)getpid();

	for (uint32_t i = 0; i < CIDS; i++) {
		vsock->cid = FIRST_CID + (first + i) % CIDS;
		if (!ioctl(vsock->fd, VHOST_VSOCK_SET_GUEST_CID, &vsock->cid))
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return nm_fail(errno, "VHOST_VSOCK_SET_GUEST_CID: %s", strerror(errno));
}

int nm_vhost_vsock_open(struct nm_vhost_vsock *vsock)
{
	vsock->fd = nm_vhost_open(DEVICE);
	return vsock->fd < 0 ? vsock->fd : take_cid(vsock);
}

static void config(const struct nm_virtio *device, uint32_t offset, void *out, uint32_t bytes)
{
	const struct nm_vhost_vsock *vsock = device->own;
	const size_t all = sizeof(vsock->cid);

	if (offset < all)
		memcpy(out, (const char *)&vsock->cid + offset,
		       bytes < all - offset ? bytes : all - offset);
}

static int run(int fd, int on)
{
	if (ioctl(fd, VHOST_VSOCK_SET_RUNNING, &on))
		return nm_fail(errno, "VHOST_VSOCK_SET_RUNNING: %s", strerror(errno));
	return 0;
}

static int start(struct nm_virtio *device)
{
	const struct nm_vhost_vsock *vsock = device->own;
	const int r = nm_vhost_attach(vsock->fd, device, QUEUES, 0);

	return r ? r : run(vsock->fd, 1);
}

static void stop(struct nm_virtio *device)
{
	const struct nm_vhost_vsock *vsock = device->own;

	run(vsock->fd, 0);
}

const struct nm_virtio_kind nm_vhost_vsock_kind = {
	.name = "vhost-vsock",
	.id = VIRTIO_ID_VSOCK,
	.queues = 3,
	.config = config,
	.start = start,
	.quiesce = stop,
};
