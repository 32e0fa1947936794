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

int nm_initramfs_write(struct nm_text *out, const struct nm_initramfs_file *files, size_t count)
{
	static const struct entry places[] = {
		{.name = "dev", .mode = S_IFDIR | 0755},
		{.name = "dev/console",
		 .mode = S_IFCHR | 0600,
		 .device_major = 5,
		 .device_minor = 1},
		{.name = "dev/ttyS0",
		 .mode = S_IFCHR | 0600,
		 .device_major = 4,
		 .device_minor = 64},
		{.name = "proc", .mode = S_IFDIR | 0755},
		{.name = "sys", .mode = S_IFDIR | 0755},
	};
	const struct entry end = {.name = "TRAILER!!!"};
	unsigned int number = 1;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		put(out, number++, &places[i]);
	for (size_t i = 0; i < count; i++) {
		const struct entry entry = {.name = files[i].name,
					    .mode = S_IFREG | files[i].mode,
					    .data = files[i].bytes,
					    .bytes = files[i].length};

		put(out, number++, &entry);
	}
	put(out, number, &end);
	return nm_text_status(out);
}
