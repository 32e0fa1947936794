/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/virtio.h"

#include "core/error.h"
#include "vmm/linux/layout.h"
#include "vmm/virtio/blk.h"
#include "vmm/virtio/net.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(NM_LINUX_VIRTIO_BYTES == NM_VIRTIO_MMIO_BYTES, "what the tables say");

#define DISK_DEPTH 64u

/* Locally administered (IEEE 802, 8.4): nobody's. */
#define MAC                                                                                        \
	{                                                                                          \
		0x02, 0x6e, 0x6d, 0, 0, 1                                                          \
	}

struct nm_linux_virtio {
	struct nm_io io;
	struct nm_blk blk;
	struct nm_net net;
	struct nm_virtio disk, network;
};

/* io_uring where the machine permits it. */
static int open_disk(struct nm_linux_virtio *virtio, int fd)
{
	int r = nm_io_open(&virtio->io, &nm_io_uring, fd, DISK_DEPTH);

	return r ? nm_io_open(&virtio->io, &nm_io_threads, fd, DISK_DEPTH) : 0;
}

static int add_disk(struct nm_linux_virtio *virtio, const struct nm_linux_virtio_config *config,
		    struct nm_vm *vm, struct nm_devices *devices)
{
	int r = open_disk(virtio, config->disk_fd);

	if (r)
		return r;
	virtio->blk = (struct nm_blk) {.io = &virtio->io, .bytes = config->disk_bytes};
	virtio->disk = (struct nm_virtio) {.cpu = -1};
	nm_blk_init(&virtio->blk, &virtio->disk);
	return nm_virtio_create(&virtio->disk, vm, devices, NM_LINUX_DISK, NM_LINUX_DISK_IRQ);
}

static int add_network(struct nm_linux_virtio *virtio, const struct nm_linux_virtio_config *config,
		       struct nm_vm *vm, struct nm_devices *devices)
{
	int r;

	virtio->net = (struct nm_net) {.fd = config->net_fd, .mac = MAC};
	virtio->network = (struct nm_virtio) {.cpu = -1};
	r = nm_net_init(&virtio->net, &virtio->network);
	return r ? r
		 : nm_virtio_create(&virtio->network, vm, devices, NM_LINUX_NET, NM_LINUX_NET_IRQ);
}

int nm_linux_virtio_create(struct nm_linux_virtio **out,
			   const struct nm_linux_virtio_config *config, struct nm_vm *vm,
			   struct nm_devices *devices)
{
	struct nm_linux_virtio *virtio = calloc(1, sizeof(*virtio));
	int r = 0;

	*out = virtio;
	if (!virtio)
		return nm_fail(ENOMEM, "out of memory");
	virtio->io.event_fd = -1;
	if (config->disk_fd >= 0)
		r = add_disk(virtio, config, vm, devices);
	if (!r && config->net_fd >= 0)
		r = add_network(virtio, config, vm, devices);
	return r;
}

void nm_linux_virtio_destroy(struct nm_linux_virtio *virtio)
{
	if (!virtio)
		return;
	if (virtio->disk.vm)
		nm_virtio_destroy(&virtio->disk);
	nm_io_close(&virtio->io);
	if (virtio->network.vm)
		nm_virtio_destroy(&virtio->network);
	if (virtio->network.kind)
		nm_net_end(&virtio->network);
	free(virtio);
}
