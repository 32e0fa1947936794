/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_INITRAMFS_H
#define NM_VMM_LINUX_INITRAMFS_H

#include "core/text.h"

/**
 * The smallest initramfs, in the newc format of Documentation/driver-api/early-userspace/buffer-format.rst: /init and
 * /dev/console.
 */
int nm_initramfs_write(struct nm_text *out, const unsigned char *init, size_t init_bytes);

#endif
