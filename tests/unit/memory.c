/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Memory that operations map, without a guest. */
#include "benchmarks/memory/region.h"
#include "helpers.h"

#include <errno.h>

#define BYTES (3 * NM_PAGE_4K)

static struct nm_region region;

static void unmap(void)
{
	nm_region_unmap(&region);
}

TestSuite(memory, .fini = unmap);

static void assert_usable(enum nm_backing backing)
{
	volatile uint64_t *last;

	cr_assert_eq(nm_region_map(&region, NULL, backing, BYTES), 0, "%s", nm_error_last()->text);
	cr_assert_eq((uintptr_t)region.host % NM_PAGE_2M, 0, "backing %d is not aligned", backing);
	cr_assert_eq(nm_region_populate(&region), 0, "%s", nm_error_last()->text);
	last = (volatile uint64_t *)(region.host + BYTES - sizeof(*last));
	cr_assert_eq(*last, 0, "backing %d is not empty", backing);
	*last = 1;
	nm_region_unmap(&region);
	cr_assert_null(region.host, "backing %d is still there", backing);
}

Test(memory, of_small_pages_is_aligned_and_empty)
{
	assert_usable(NM_BACKING_ANONYMOUS);
	assert_usable(NM_BACKING_MEMFD);
}

Test(memory, of_huge_pages_says_how_many_there_are)
{
	const uint64_t small = 2 * NM_PAGE_2M;
	uint64_t bytes = 1;

	cr_assert_eq(nm_region_map(&region, NULL, NM_BACKING_ANONYMOUS, small), 0);
	cr_assert_eq(nm_region_populate(&region), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_region_huge_bytes(&region, &bytes), 0, "%s", nm_error_last()->text);
	cr_assert_eq(bytes, 0, "small pages are counted as huge ones");
}

Test(memory, is_unmapped_once)
{
	nm_region_unmap(&region);
	cr_assert_eq(nm_region_map(&region, NULL, NM_BACKING_MEMFD, BYTES), 0);
	nm_region_unmap(&region);
	nm_region_unmap(&region);
}

Test(memory, comes_in_whole_pages)
{
	const enum nm_backing huge = NM_BACKING_HUGETLB_2M;

	cr_assert_eq(nm_region_map(&region, NULL, NM_BACKING_ANONYMOUS, 0), -EINVAL);
	cr_assert_eq(nm_region_map(&region, NULL, NM_BACKING_ANONYMOUS, BYTES + 1), -EINVAL);
	cr_assert_eq(nm_region_map(&region, NULL, huge, BYTES), -EINVAL);
	assert_error_says("not whole pages");
}

Test(memory, that_the_machine_has_not_is_unsupported)
{
	const uint64_t much = 1ull << 46;

	cr_assert_eq(nm_region_map(&region, NULL, NM_BACKING_ANONYMOUS, much), -EOPNOTSUPP);
	assert_error_says("would be safe");
	cr_assert_eq(nm_region_map(&region, NULL, NM_BACKING_HUGETLB_2M, much), -EOPNOTSUPP);
	assert_error_says("free huge pages of 2048 KiB");
	cr_assert(strstr(nm_error_last()->remedy, "hugepages-2048kB/nr_hugepages"), "%s",
		  nm_error_last()->remedy);
	cr_assert_null(region.host, "something is mapped");
}

Test(memory, of_a_file_needs_a_disk)
{
	setenv("TMPDIR", "/dev/null/absent", 1);
	cr_assert_eq(nm_region_map(&region, NULL, NM_BACKING_FILE, BYTES), -EOPNOTSUPP);
	assert_error_says("no temporary file in /dev/null/absent");
	setenv("TMPDIR", "/dev/shm", 1);
	cr_assert_eq(nm_region_map(&region, NULL, NM_BACKING_FILE, BYTES), -EOPNOTSUPP);
	cr_assert(strstr(nm_error_last()->remedy, "TMPDIR"), "%s", nm_error_last()->remedy);
}
