/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_PAYLOAD_H
#define NM_VMM_PAYLOAD_H

#include "guest-payloads/abi.h"

#include <stddef.h>
#include <stdint.h>

/** A checked payload image. The header is a copy; the bytes stay where they are. */
struct nm_payload {
	const unsigned char *bytes;
	size_t size;
	struct nm_abi_image header;
};

/** The payload with all operations, and the canary, as built into this program. */
int nm_payload_ops(struct nm_payload *out);
int nm_payload_canary(struct nm_payload *out);

/** Checks magic, version and every address and size of an image before anything uses them. */
int nm_payload_check(struct nm_payload *out, const unsigned char *bytes, size_t size);

/** Guest address of an operation's function, or 0 when the image has none of that name. */
uint64_t nm_payload_function(const struct nm_payload *payload, const char *name);

#endif
