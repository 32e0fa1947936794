/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/memory/region.h"

#include "core/available.h"
#include "core/error.h"
#include "core/root.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SWEEP_BYTES (32ull << 20)
#define HEADROOM    4u /* times what is mapped must be available */

#define HUGETLB_SIZE(shift) ((shift) << 26) /* MAP_HUGE_SHIFT, <linux/mman.h> */
#define HUGE_SHIFT_2M	    21
#define HUGE_SHIFT_1G	    30

/* SDM vol. 2, CPUID. */
#define CPUID_EXTENDED		   0x80000001u
#define CPUID_EXTENDED_EDX_PDPE1GB (1u << 26)

#define THP_ENABLED "sys/kernel/mm/transparent_hugepage/enabled"

uint64_t nm_backing_page(enum nm_backing backing)
{
	switch (backing) {
	case NM_BACKING_THP:
	case NM_BACKING_HUGETLB_2M:
		return NM_PAGE_2M;
	case NM_BACKING_HUGETLB_1G:
		return NM_PAGE_1G;
	default:
		return NM_PAGE_4K;
	}
}

static uint64_t number_in(const struct nm_root *root, struct nm_arena *arena, const char *path)
{
	const char *line = nm_root_line(root, arena, path);

	return line ? strtoull(line, NULL, 10) : 0;
}

static int check_available(const struct nm_root *root, uint64_t bytes)
{
	uint64_t available = nm_available_bytes(root);

	if (available / HEADROOM >= bytes)
		return 0;
	return nm_fail_remedy(EOPNOTSUPP, "give the machine more memory, or stop what uses it",
			      "%" PRIu64 " MiB of memory are available, and %" PRIu64
			      " MiB would be safe",
			      available >> 20, HEADROOM * bytes >> 20);
}

/* Pages that others have reserved but not touched yet count as free in sysfs. */
static int check_huge(const struct nm_root *root, struct nm_arena *arena, uint64_t page,
		      uint64_t count)
{
	char folder[64];
	char path[128];
	char remedy[160];
	uint64_t total;
	uint64_t free;
	uint64_t reserved;

	snprintf(folder, sizeof(folder), "sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB",
		 page >> 10);
	snprintf(path, sizeof(path), "%s/nr_hugepages", folder);
	total = number_in(root, arena, path);
	snprintf(path, sizeof(path), "%s/free_hugepages", folder);
	free = number_in(root, arena, path);
	snprintf(path, sizeof(path), "%s/resv_hugepages", folder);
	reserved = number_in(root, arena, path);
	if (free >= reserved + count)
		return 0;
	snprintf(remedy, sizeof(remedy), "echo %" PRIu64 " | sudo tee /%s/nr_hugepages",
		 total + count + reserved - free, folder);
	return nm_fail_remedy(EOPNOTSUPP, remedy,
			      "needs %" PRIu64 " free huge pages of %" PRIu64 " KiB", count,
			      page >> 10);
}

static int check_thp(const struct nm_root *root, struct nm_arena *arena)
{
	const char *line = nm_root_line(root, arena, THP_ENABLED);

	if (line && !strstr(line, "[never]"))
		return 0;
	return nm_fail_remedy(EOPNOTSUPP, "echo madvise | sudo tee /" THP_ENABLED,
			      "transparent huge pages are %s", line ? "off" : "not in this kernel");
}

static int check_machine(enum nm_backing backing, uint64_t bytes)
{
	const uint64_t page = nm_backing_page(backing);
	struct nm_arena arena = {0};
	struct nm_root root;
	int r = nm_root_open(&root, "/");

	if (r)
		return r;
	if (backing == NM_BACKING_HUGETLB_2M || backing == NM_BACKING_HUGETLB_1G)
		r = check_huge(&root, &arena, page, bytes / page);
	else
		r = check_available(&root, bytes);
	if (!r && backing == NM_BACKING_THP)
		r = check_thp(&root, &arena);
	nm_arena_free(&arena);
	nm_root_close(&root);
	return r;
}

/* Blocks of the disk are taken at once: a touch of a file without them can raise SIGBUS. */
static int open_file(uint64_t bytes)
{
	const char *folder = getenv("TMPDIR");
	struct statfs where;
	int error;
	int fd;

	if (!folder || !folder[0])
		folder = "/var/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return nm_fail_remedy(EOPNOTSUPP, "set TMPDIR to a folder on a disk",
				      "no temporary file in %s: %s", folder, strerror(errno));
	if (!fstatfs(fd, &where) && (where.f_type == TMPFS_MAGIC || where.f_type == RAMFS_MAGIC)) {
		close(fd);
		return nm_fail_remedy(EOPNOTSUPP, "set TMPDIR to a folder on a disk",
				      "files in %s are in memory", folder);
	}
	error = posix_fallocate(fd, 0, (off_t)bytes);
	if (!error)
		return fd;
	close(fd);
	return nm_fail_remedy(EOPNOTSUPP, "set TMPDIR to a folder with room",
			      "a file of %" PRIu64 " bytes in %s: %s", bytes, folder,
			      strerror(error));
}

static int open_memfd(uint64_t bytes)
{
	int fd = memfd_create("nestmark", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return nm_fail(errno, "memfd_create: %s", strerror(errno));
	if (!ftruncate(fd, (off_t)bytes))
		return fd;
	r = nm_fail(errno, "a memfd of %" PRIu64 " bytes: %s", bytes, strerror(errno));
	close(fd);
	return r;
}

static int open_backing(const struct nm_vm *vm, enum nm_backing backing, uint64_t bytes)
{
	switch (backing) {
	case NM_BACKING_MEMFD:
		return open_memfd(bytes);
	case NM_BACKING_FILE:
		return open_file(bytes);
	case NM_BACKING_GUEST_MEMFD:
		return nm_vm_create_guest_memfd(vm, bytes);
	default:
		return -1;
	}
}

static int flags_of(const struct nm_region *region)
{
	switch (region->backing) {
	case NM_BACKING_HUGETLB_2M:
		return MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | HUGETLB_SIZE(HUGE_SHIFT_2M);
	case NM_BACKING_HUGETLB_1G:
		return MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | HUGETLB_SIZE(HUGE_SHIFT_1G);
	default:
		return region->fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	}
}

/* Room for aligned memory, in which that is then placed. Huge pages are reserved for this mapping by mmap() itself. */
static int map_aligned(struct nm_region *region)
{
	const uint64_t page = nm_backing_page(region->backing);
	const uint64_t align = page > NM_PAGE_2M ? page : NM_PAGE_2M;
	void *host;

	region->mapping_bytes = region->bytes + align;
	region->mapping = mmap(NULL, region->mapping_bytes, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (region->mapping == MAP_FAILED) {
		region->mapping = NULL;
		return nm_fail(errno, "mmap of %" PRIu64 " bytes: %s", region->bytes,
			       strerror(errno));
	}
	host = (void *)(((uintptr_t)region->mapping + align - 1) / align * align);
	host = mmap(host, region->bytes, PROT_READ | PROT_WRITE, MAP_FIXED | flags_of(region),
		    region->fd, 0);
	if (host == MAP_FAILED)
		return nm_fail(errno, "mmap of %" PRIu64 " bytes: %s", region->bytes,
			       strerror(errno));
	region->host = host;
	return 0;
}

static int advise(const struct nm_region *region)
{
	int advice = MADV_NOHUGEPAGE;

	if (region->backing == NM_BACKING_THP)
		advice = MADV_HUGEPAGE;
	else if (region->backing != NM_BACKING_ANONYMOUS && region->backing != NM_BACKING_MEMFD)
		return 0;
	/* Kernels without transparent huge pages know neither. */
	if (madvise(region->host, region->bytes, advice) && errno != EINVAL)
		return nm_fail(errno, "madvise: %s", strerror(errno));
	return 0;
}

/* Writes to so many bytes of other memory, so that the caches hold that. */
static int sweep_caches(uint64_t bytes)
{
	void *other = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (other == MAP_FAILED)
		return nm_fail(errno, "mmap of %" PRIu64 " bytes: %s", bytes, strerror(errno));
	madvise(other, bytes, MADV_HUGEPAGE);
	memset(other, 1, bytes);
	munmap(other, bytes);
	return 0;
}

/*
 * Huge pages that the hypervisor below this machine has never seen cost 512 faults of its own, 5 ms instead of 0.25 ms, in one round
 * of ten or so. The kernel gives again those that were freed last, and they should not be the ones in the caches.
 */
static int warm_up(const struct nm_region *region)
{
	int r;

	if (region->backing != NM_BACKING_THP)
		return 0;
	r = nm_region_populate(region);
	if (!r)
		r = sweep_caches(SWEEP_BYTES);
	if (!r && madvise(region->host, region->bytes, MADV_DONTNEED))
		r = nm_fail(errno, "MADV_DONTNEED: %s", strerror(errno));
	return r;
}

int nm_region_map(struct nm_region *region, const struct nm_vm *vm, enum nm_backing backing,
		  uint64_t bytes)
{
	const bool has_file = backing == NM_BACKING_MEMFD || backing == NM_BACKING_FILE ||
			      backing == NM_BACKING_GUEST_MEMFD;
	int r;

	*region = (struct nm_region) {.backing = backing, .bytes = bytes, .fd = -1};
	if (!bytes || bytes % nm_backing_page(backing))
		return nm_fail(EINVAL, "%" PRIu64 " bytes of memory: not whole pages", bytes);
	r = check_machine(backing, bytes);
	if (r)
		return r;
	region->fd = open_backing(vm, backing, bytes);
	if (has_file && region->fd < 0)
		r = region->fd;
	if (!r)
		r = map_aligned(region);
	if (!r)
		r = advise(region);
	if (!r)
		r = warm_up(region);
	if (r)
		nm_region_unmap(region);
	return r;
}

void nm_region_unmap(struct nm_region *region)
{
	if (region->mapping)
		munmap(region->mapping, region->mapping_bytes);
	if (region->mapping_bytes && region->fd >= 0)
		close(region->fd);
	*region = (struct nm_region) {.fd = -1};
}

int nm_region_populate(const struct nm_region *region)
{
	if (madvise(region->host, region->bytes, MADV_POPULATE_WRITE))
		return nm_fail(errno, "MADV_POPULATE_WRITE of %" PRIu64 " bytes: %s", region->bytes,
			       strerror(errno));
	return 0;
}

/* proc(5), smaps: "ADDRESS-ADDRESS …" opens each mapping, and this one is a mapping of its own. */
static uint64_t huge_bytes_at(const char *smaps, const void *host)
{
	static const char key[] = "\nAnonHugePages:";
	char start[32];
	const char *at;

	snprintf(start, sizeof(start), "\n%" PRIxPTR "-", (uintptr_t)host);
	at = strstr(smaps, start);
	if (at)
		at = strstr(at, key);
	return at ? strtoull(at + strlen(key), NULL, 10) * 1024 : 0;
}

int nm_region_huge_bytes(const struct nm_region *region, uint64_t *bytes)
{
	struct nm_arena arena = {0};
	struct nm_root root;
	const char *smaps;
	int r = nm_root_open(&root, "/");

	if (r)
		return r;
	smaps = nm_root_text(&root, &arena, "proc/self/smaps");
	if (smaps)
		*bytes = huge_bytes_at(smaps, region->host);
	else
		r = nm_fail(errno, "/proc/self/smaps: %s", strerror(errno));
	nm_arena_free(&arena);
	nm_root_close(&root);
	return r;
}

static int check_giant_pages(const struct nm_guest *guest)
{
	const struct kvm_cpuid2 *cpuid = guest->vm.kvm->cpuid;

	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == CPUID_EXTENDED &&
		    cpuid->entries[i].edx & CPUID_EXTENDED_EDX_PDPE1GB)
			return 0;
	return nm_fail(EOPNOTSUPP, "this KVM offers its guests no pages of 1 GiB");
}

int nm_region_add(struct nm_guest *guest, const struct nm_region *region, uint64_t page_bytes)
{
	int r = page_bytes == NM_PAGE_1G ? check_giant_pages(guest) : 0;

	if (r)
		return r;
	if (region->backing == NM_BACKING_GUEST_MEMFD)
		r = nm_vm_add_guest_memfd(&guest->vm, NM_ABI_MEMORY, region->bytes, region->host,
					  region->fd);
	else
		r = nm_vm_add_mapped(&guest->vm, NM_ABI_MEMORY, region->bytes, region->host, 0);
	if (!r)
		r = nm_guest_map(guest, NM_ABI_MEMORY,
				 (region->bytes + page_bytes - 1) / page_bytes * page_bytes,
				 page_bytes);
	return r;
}
