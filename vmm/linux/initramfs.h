/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_INITRAMFS_H
#define NM_VMM_LINUX_INITRAMFS_H

#include "core/text.h"

/** A file of an initramfs, in its root folder. */
struct nm_initramfs_file {
	const char *name;
	unsigned int mode; /* of permissions */
	const void *bytes;
	size_t length;
};

/**
 * The smallest initramfs, in the newc format of Documentation/driver-api/early-userspace/buffer-format.rst: the devices of the
 * console and of the first serial port, folders to mount on, and the files, of which one is init.
 */
int nm_initramfs_write(struct nm_text *out, const struct nm_initramfs_file *files, size_t count);

#endif
