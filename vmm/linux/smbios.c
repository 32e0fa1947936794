/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/firmware.h"

#include "core/error.h"
#include "vmm/linux/layout.h"

#include <errno.h>
#include <string.h>

/* SMBIOS 3.6: entry point 5.2.1, structures 7.1 to 7.4; a structure is followed by its strings. */
struct entry_point {
	char anchor[4];
	uint8_t checksum;
	uint8_t length;
	uint8_t major, minor;
	uint16_t largest;
	uint8_t revision;
	uint8_t formatted[5];
	char intermediate[5];
	uint8_t intermediate_checksum;
	uint16_t table_bytes;
	uint32_t table;
	uint16_t count;
	uint8_t bcd;
} __attribute__((packed));

#define TABLE_OFFSET 0x20u

#define TYPE_BIOS    0
#define TYPE_SYSTEM  1
#define TYPE_BOARD   2
#define TYPE_CHASSIS 3
#define TYPE_END     127

/* 7.1.2.2: the system is a virtual machine. */
#define BIOS_EXTENSION_VM 0x10u
/* 7.4.1: other. */
#define CHASSIS_OTHER 1
#define WAKE_UP_POWER 6

#define MAX_STRINGS 6

struct writer {
	unsigned char *memory;
	size_t bytes;
	size_t used;
	uint16_t count;
	uint16_t largest;
	int error;
};

/* Strings are numbered from 1 in a structure; those that are not given stay 0. */
struct strings {
	const char *items[MAX_STRINGS];
	uint8_t count;
};

static uint8_t string(struct strings *strings, const char *text)
{
	if (!text)
		return 0;
	strings->items[strings->count++] = text;
	return strings->count;
}

static void put(struct writer *writer, const void *data, size_t length)
{
	if (writer->error || length > writer->bytes - writer->used) {
		writer->error = -ENOSPC;
		return;
	}
	memcpy(writer->memory + writer->used, data, length);
	writer->used += length;
}

static void put_structure(struct writer *writer, uint8_t type, const void *body, size_t length,
			  const struct strings *strings)
{
	const uint16_t handle = writer->count;
	const unsigned char head[4] = {type, (uint8_t)(length + 4), (uint8_t)handle,
				       (uint8_t)(handle >> 8)};
	size_t start = writer->used;

	put(writer, head, sizeof(head));
	put(writer, body, length);
	for (uint8_t i = 0; i < strings->count; i++)
		put(writer, strings->items[i], strlen(strings->items[i]) + 1);
	put(writer, "\0", strings->count ? 1 : 2);
	writer->count++;
	if (writer->used - start > writer->largest)
		writer->largest = (uint16_t)(writer->used - start);
}

static void put_bios(struct writer *writer, const struct nm_identity *identity)
{
	struct strings strings = {0};
	unsigned char body[20] = {0};

	body[0] = string(&strings, identity->bios_vendor);
	body[1] = string(&strings, "1.0");
	body[4] = string(&strings, "01/01/2026");
	body[15] = identity->signature ? BIOS_EXTENSION_VM : 0;
	body[16] = 1;
	body[18] = 0xff;
	body[19] = 0xff;
	put_structure(writer, TYPE_BIOS, body, sizeof(body), &strings);
}

static void put_system(struct writer *writer, const struct nm_identity *identity)
{
	struct strings strings = {0};
	unsigned char body[23] = {0};

	body[0] = string(&strings, identity->vendor);
	body[1] = string(&strings, identity->product);
	body[3] = string(&strings, identity->serial);
	memcpy(body + 4, identity->uuid, sizeof(identity->uuid));
	body[20] = WAKE_UP_POWER;
	put_structure(writer, TYPE_SYSTEM, body, sizeof(body), &strings);
}

static void put_board(struct writer *writer, const struct nm_identity *identity)
{
	struct strings strings = {0};
	unsigned char body[11] = {0};

	body[0] = string(&strings, identity->vendor);
	body[1] = string(&strings, identity->product);
	body[4] = string(&strings, identity->board_asset);
	body[9] = 0x0a; /* 7.3.2: motherboard */
	put_structure(writer, TYPE_BOARD, body, sizeof(body), &strings);
}

static void put_chassis(struct writer *writer, const struct nm_identity *identity)
{
	struct strings strings = {0};
	unsigned char body[17] = {0};

	body[0] = string(&strings, identity->vendor);
	body[1] = CHASSIS_OTHER;
	body[4] = string(&strings, identity->chassis_asset);
	put_structure(writer, TYPE_CHASSIS, body, sizeof(body), &strings);
}

static void write_entry_point(const struct writer *writer)
{
	struct entry_point entry = {
		.length = sizeof(entry),
		.major = 2,
		.minor = 8,
		.largest = writer->largest,
		.table_bytes = (uint16_t)(writer->used - TABLE_OFFSET),
		.table = NM_LINUX_SMBIOS + TABLE_OFFSET,
		.count = writer->count,
		.bcd = 0x28,
	};

	memcpy(entry.anchor, "_SM_", 4);
	memcpy(entry.intermediate, "_DMI_", 5);
	entry.intermediate_checksum = nm_firmware_checksum(entry.intermediate, 15);
	entry.checksum = nm_firmware_checksum(&entry, sizeof(entry));
	memcpy(writer->memory, &entry, sizeof(entry));
}

int nm_smbios_write(unsigned char *memory, size_t bytes, const struct nm_identity *identity)
{
	struct writer writer = {.memory = memory,
				.bytes = bytes,
				.used = TABLE_OFFSET,
				.error = bytes < TABLE_OFFSET ? -ENOSPC : 0};

	put_bios(&writer, identity);
	put_system(&writer, identity);
	put_board(&writer, identity);
	put_chassis(&writer, identity);
	put_structure(&writer, TYPE_END, "", 0, &(const struct strings) {0});
	if (writer.error)
		return nm_fail(ENOSPC, "SMBIOS tables need more than %zu bytes", bytes);
	write_entry_point(&writer);
	return 0;
}
