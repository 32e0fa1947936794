/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_MEMORY_REGION_H
#define NM_BENCHMARKS_MEMORY_REGION_H

#include "vmm/guest.h"

#include <stddef.h>
#include <stdint.h>

/* Memory of one round, by what the host backs it with. */

#define NM_PAGE_4K 0x1000ull
#define NM_PAGE_2M 0x200000ull
#define NM_PAGE_1G 0x40000000ull

enum nm_backing {
	NM_BACKING_ANONYMOUS,	/* in pages of 4 KiB */
	NM_BACKING_THP,		/* anonymous, in transparent huge pages of 2 MiB */
	NM_BACKING_MEMFD,	/* shared memory in pages of 4 KiB */
	NM_BACKING_HUGETLB_2M,	/* reserved huge pages, never by nestmark */
	NM_BACKING_HUGETLB_1G,	/* the same */
	NM_BACKING_FILE,	/* a file on a disk, without a name */
	NM_BACKING_GUEST_MEMFD, /* what KVM keeps for a VM, also mapped here (Linux 6.18) */
};

struct nm_region {
	enum nm_backing backing;
	unsigned char *host; /* aligned to 2 MiB, or to 1 GiB with HUGETLB_1G */
	uint64_t bytes;
	int fd;	       /* -1: none */
	void *mapping; /* host, and what alignment took before and behind it */
	size_t mapping_bytes;
};

/** Page size of the host behind it: what one fault brings in. */
uint64_t nm_backing_page(enum nm_backing backing);

/**
 * Maps that many bytes, nothing of them touched; whole pages of the backing. `vm` only matters to GUEST_MEMFD. -EOPNOTSUPP
 * with a remedy where the machine lacks the backing, or has not four times the memory available. Nothing is reserved on
 * the machine for it, and a touch never raises SIGBUS.
 */
int nm_region_map(struct nm_region *region, const struct nm_vm *vm, enum nm_backing backing,
		  uint64_t bytes);

/** Unmaps it; harmless on one that is zero, and on one that could not be mapped. */
void nm_region_unmap(struct nm_region *region);

/** Lets the host find all of the memory. */
int nm_region_populate(const struct nm_region *region);

/** How much of what was touched the host has backed by transparent huge pages: all of it, or it was short of them. */
int nm_region_huge_bytes(const struct nm_region *region, uint64_t *bytes);

/**
 * Makes it the guest's memory at NM_ABI_MEMORY, mapped there by its page tables in pages of that size, the last of which
 * may reach beyond it.
 */
int nm_region_add(struct nm_guest *guest, const struct nm_region *region, uint64_t page_bytes);

#endif
