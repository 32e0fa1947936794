/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/guest.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* SDM vol. 3, 4-level paging: P, R/W and U/S; A and D, so that walks have nothing to write; PS. */
#define ENTRY_TABLE  0x27u
#define ENTRY_PAGE   0x67u
#define ENTRY_LARGE  0x80u
#define ENTRY_TARGET 0xffffffffff000ull
#define INDEX_BITS   9
#define PAGE_SHIFT   12
#define LEVELS	     4

static uint64_t *table_at(const struct nm_guest *guest, uint64_t gpa)
{
	return nm_vm_memory(&guest->vm, gpa, 1u << PAGE_SHIFT);
}

static int new_table(struct nm_guest *guest, uint64_t *gpa)
{
	int r = 0;

	if (guest->tables_used + (1u << PAGE_SHIFT) > NM_GUEST_TABLE_BYTES)
		return nm_fail(ENOSPC, "more than %u bytes of page tables", NM_GUEST_TABLE_BYTES);
	if (!guest->tables_used)
		r = nm_vm_add_memory(&guest->vm, NM_GUEST_TABLES, NM_GUEST_TABLE_BYTES);
	*gpa = NM_GUEST_TABLES + guest->tables_used;
	if (!r)
		guest->tables_used += 1u << PAGE_SHIFT;
	return r;
}

static unsigned int shift_of(int level)
{
	return PAGE_SHIFT + INDEX_BITS * (unsigned int)(level - 1);
}

/* The entry of address at a level, with the tables above it. */
static int entry_at(struct nm_guest *guest, uint64_t address, int level, uint64_t **entry)
{
	uint64_t *table = table_at(guest, guest->payload.header.page_table);

	for (int at = LEVELS;; at--) {
		uint64_t next;
		int r;

		*entry = &table[address >> shift_of(at) & ((1u << INDEX_BITS) - 1)];
		if (at == level)
			return 0;
		if (**entry & ENTRY_LARGE)
			return nm_fail(EINVAL, "%#" PRIx64 " lies in a larger page already",
				       address);
		if (!**entry) {
			r = new_table(guest, &next);
			if (r)
				return r;
			**entry = next | ENTRY_TABLE;
		}
		table = table_at(guest, **entry & ENTRY_TARGET);
	}
}

static int level_of(uint64_t page_bytes)
{
	for (int level = 1; level < LEVELS; level++)
		if (page_bytes == 1ull << shift_of(level))
			return level;
	return 0;
}

int nm_guest_map(struct nm_guest *guest, uint64_t address, uint64_t bytes, uint64_t page_bytes)
{
	const int level = level_of(page_bytes);
	uint64_t *entry;
	int r = 0;

	if (!level || address < NM_ABI_MEMORY || address % page_bytes || bytes % page_bytes)
		return nm_fail(EINVAL,
			       "cannot map %#" PRIx64 "+%#" PRIx64 " in pages of %" PRIu64 " bytes",
			       address, bytes, page_bytes);
	for (uint64_t at = address; !r && at < address + bytes; at += page_bytes) {
		r = entry_at(guest, at, level, &entry);
		if (!r)
			*entry = at | ENTRY_PAGE | (level > 1 ? ENTRY_LARGE : 0);
	}
	return r;
}
