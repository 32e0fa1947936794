/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/memory/backed.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int check_huge(const struct nm_region *region)
{
	uint64_t huge = 0;
	int r;

	if (region->backing != NM_BACKING_THP)
		return 0;
	r = nm_region_huge_bytes(region, &huge);
	if (r || huge == region->bytes)
		return r;
	return nm_fail_remedy(EOPNOTSUPP,
			      "free memory, so that the kernel finds whole pieces of 2 MiB",
			      "the kernel gave %" PRIu64 " of %" PRIu64 " KiB as huge pages",
			      huge >> 10, region->bytes >> 10);
}

int nm_backed_map(struct nm_region *region, enum nm_backing backing, uint64_t bytes)
{
	int r = nm_region_map(region, NULL, backing,
			      (bytes + NM_PAGE_2M - 1) / NM_PAGE_2M * NM_PAGE_2M);

	if (!r)
		r = nm_region_populate(region);
	if (!r)
		r = check_huge(region);
	if (r)
		nm_region_unmap(region);
	return r;
}

int nm_backed_prepare(struct nm_guest_round *round, enum nm_backing backing, uint64_t bytes,
		      uint64_t page_bytes)
{
	struct nm_region *region = calloc(1, sizeof(*region));
	int r;

	round->own = region;
	if (!region)
		return nm_fail(ENOMEM, "out of memory");
	r = nm_backed_map(region, backing, bytes);
	return r ? r : nm_region_add(round->guest, region, page_bytes);
}

const struct nm_region *nm_backed_region(const struct nm_guest_round *round)
{
	return round->own;
}

void nm_backed_release(struct nm_guest_round *round)
{
	if (round->own)
		nm_region_unmap(round->own);
	free(round->own);
	round->own = NULL;
}

bool nm_backed_native(struct nm_native_round *round, struct nm_region *region,
		      enum nm_backing backing, uint64_t bytes, char *why, size_t size)
{
	int r = nm_backed_map(region, backing, bytes);

	if (!r)
		return true;
	round->unsupported = r == -EOPNOTSUPP;
	round->remedy = nm_error_last()->remedy;
	snprintf(why, size, "%s", nm_error_last()->text);
	return false;
}
