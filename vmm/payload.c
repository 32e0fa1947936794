/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/payload.h"

#include "core/error.h"
#include "guest-payloads/images.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MAX_IMAGE ((uint64_t)64 << 20)
#define MAX_OPS	  1024u

static bool inside(const struct nm_abi_image *header, uint64_t address, uint64_t bytes)
{
	uint64_t end = NM_ABI_IMAGE_BASE + header->file_bytes;

	return address >= NM_ABI_IMAGE_BASE && address < end && bytes <= end - address;
}

/* A descriptor table has a limit of 16 bits and at least one entry. */
static bool is_table(const struct nm_abi_image *header, uint64_t address, uint64_t bytes)
{
	return bytes >= 8 && bytes <= 65536 && inside(header, address, bytes);
}

int nm_payload_check(struct nm_payload *out, const unsigned char *bytes, size_t size)
{
	struct nm_abi_image header;

	if (size < sizeof(header))
		return nm_fail(EINVAL, "payload: %zu bytes, too short for a header", size);
	memcpy(&header, bytes, sizeof(header));
	if (header.magic != NM_ABI_IMAGE_MAGIC)
		return nm_fail(EINVAL, "payload: not a payload image");
	if (header.version != NM_ABI_VERSION)
		return nm_fail(EINVAL, "payload: ABI version %u, expected %u", header.version,
			       NM_ABI_VERSION);
	if (header.file_bytes != size || header.memory_bytes < size ||
	    header.memory_bytes > MAX_IMAGE)
		return nm_fail(EINVAL, "payload: sizes in the header do not fit its %zu bytes",
			       size);
	if (!inside(&header, header.entry, 1) || !inside(&header, header.page_table, 4096) ||
	    !is_table(&header, header.gdt, header.gdt_bytes) ||
	    !is_table(&header, header.idt, header.idt_bytes) || header.page_table % 4096 ||
	    header.op_count > MAX_OPS ||
	    !inside(&header, header.ops, header.op_count * sizeof(struct nm_abi_op)))
		return nm_fail(EINVAL, "payload: an address in the header lies outside the image");
	*out = (struct nm_payload) {.bytes = bytes, .size = size, .header = header};
	return 0;
}

int nm_payload_ops(struct nm_payload *out)
{
	return nm_payload_check(out, nm_image_ops, (size_t)(nm_image_ops_end - nm_image_ops));
}

int nm_payload_canary(struct nm_payload *out)
{
	return nm_payload_check(out, nm_image_canary,
				(size_t)(nm_image_canary_end - nm_image_canary));
}

uint64_t nm_payload_function(const struct nm_payload *payload, const char *name)
{
	const unsigned char *ops = payload->bytes + (payload->header.ops - NM_ABI_IMAGE_BASE);

	for (uint32_t i = 0; i < payload->header.op_count; i++) {
		struct nm_abi_op op;

		memcpy(&op, ops + i * sizeof(op), sizeof(op));
		if (!strncmp(op.name, name, sizeof(op.name)) &&
		    inside(&payload->header, op.function, 1))
			return op.function;
	}
	return 0;
}
