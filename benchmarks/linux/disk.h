/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_DISK_H
#define NM_BENCHMARKS_LINUX_DISK_H

#include "benchmarks/io/file.h"

#include <stdint.h>

/** The disk of one boot: an image with a new ext4, without a name of its own, so that it is gone however the boot ends. */
struct nm_linux_disk {
	int fd; /* past the page cache, where its filesystem can do that; -1: none */
	uint64_t bytes;
	char path[48]; /* for other processes, as long as this one lives */
};

/** Makes it in the folder of a place, by mke2fs. -EOPNOTSUPP, with the remedy, where that is not to be had. */
int nm_linux_disk_make(struct nm_linux_disk *disk, const struct nm_io_place *place);
void nm_linux_disk_close(struct nm_linux_disk *disk);

#endif
