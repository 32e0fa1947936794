/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_IMAGES_H
#define NM_GUEST_IMAGES_H

/* Payload images as the linker placed them into the host binary; each ends at its _end. */
extern const unsigned char nm_image_ops[], nm_image_ops_end[];
extern const unsigned char nm_image_canary[], nm_image_canary_end[];
/* An executable for Linux: the init of a guest that proves itself. */
extern const unsigned char nm_image_linux_init[], nm_image_linux_init_end[];
/* Another: what measures in a Linux guest, and natively. */
extern const unsigned char nm_image_linux_agent[], nm_image_linux_agent_end[];

#endif
