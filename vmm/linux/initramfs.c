/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/initramfs.h"

#include <string.h>
#include <sys/stat.h>

struct entry {
	const char *name;
	unsigned int mode;
	unsigned int device_major, device_minor;
	const unsigned char *data;
	size_t bytes;
};

static void align(struct nm_text *out)
{
	while (out->length % 4 && !out->failed)
		nm_text_put(out, "", 1);
}

static void put(struct nm_text *out, unsigned int number, const struct entry *entry)
{
	const unsigned int name_bytes = (unsigned int)strlen(entry->name) + 1;

	nm_text_printf(out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", number,
		       entry->mode, 0u, 0u, 1u, 0u, (unsigned int)entry->bytes, 0u, 0u,
		       entry->device_major, entry->device_minor, name_bytes, 0u);
	nm_text_put(out, entry->name, name_bytes);
	align(out);
	if (entry->bytes)
		nm_text_put(out, (const char *)entry->data, entry->bytes);
	align(out);
}

int nm_initramfs_write(struct nm_text *out, const unsigned char *init, size_t init_bytes)
{
	const struct entry entries[] = {
		{.name = "dev", .mode = S_IFDIR | 0755},
		{.name = "dev/console",
		 .mode = S_IFCHR | 0600,
		 .device_major = 5,
		 .device_minor = 1},
		{.name = "init", .mode = S_IFREG | 0755, .data = init, .bytes = init_bytes},
		{.name = "TRAILER!!!"},
	};

	for (unsigned int i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		put(out, i + 1, &entries[i]);
	return nm_text_status(out);
}
