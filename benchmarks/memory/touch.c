/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first touch of memory that nobody has: KVM takes a violation of its second-level page tables (EPT, NPT), the host finds
 * and clears a page, and KVM enters it into those tables (direct_page_fault() in arch/x86/kvm/mmu/mmu.c). Where the host backs
 * memory by 2 MiB or 1 GiB, one violation brings in as much at once; what a sample is then says its summary.
 *
 * On a nested host this is the cold case: neither this machine's KVM nor the one below has ever mapped the page. Compare
 * mem.refill, where only translations are missing.
 */
#include "benchmarks/memory/scene.h"

/* 2 MiB take milliseconds to clear on slow machines. */
#define HUGE_SAMPLES  8u
#define GIANT_SAMPLES 1u

static const struct nm_scene_kind write_anon = {.backing = NM_BACKING_ANONYMOUS,
						.guest_page = NM_PAGE_4K,
						.step = NM_PAGE_4K};
static const struct nm_scene_kind read_anon = {.backing = NM_BACKING_ANONYMOUS,
					       .guest_page = NM_PAGE_4K,
					       .step = NM_PAGE_4K,
					       .read = true};
static const struct nm_scene_kind write_read = {.backing = NM_BACKING_ANONYMOUS,
						.guest_page = NM_PAGE_4K,
						.step = NM_PAGE_4K,
						.looked = true};
static const struct nm_scene_kind write_memfd = {.backing = NM_BACKING_MEMFD,
						 .guest_page = NM_PAGE_4K,
						 .step = NM_PAGE_4K};
static const struct nm_scene_kind read_memfd = {.backing = NM_BACKING_MEMFD,
						.guest_page = NM_PAGE_4K,
						.step = NM_PAGE_4K,
						.read = true};
static const struct nm_scene_kind write_file = {.backing = NM_BACKING_FILE,
						.guest_page = NM_PAGE_4K,
						.step = NM_PAGE_4K};
static const struct nm_scene_kind write_guest_memfd = {.backing = NM_BACKING_GUEST_MEMFD,
						       .guest_page = NM_PAGE_4K,
						       .step = NM_PAGE_4K};
static const struct nm_scene_kind write_thp = {.backing = NM_BACKING_THP,
					       .guest_page = NM_PAGE_2M,
					       .step = NM_PAGE_2M};
static const struct nm_scene_kind write_2m = {.backing = NM_BACKING_HUGETLB_2M,
					      .guest_page = NM_PAGE_2M,
					      .step = NM_PAGE_2M};
static const struct nm_scene_kind write_1g = {.backing = NM_BACKING_HUGETLB_1G,
					      .guest_page = NM_PAGE_2M,
					      .step = NM_PAGE_1G};

NM_SCENE_GUEST(write_anon)
NM_SCENE_GUEST(read_anon)
NM_SCENE_GUEST(write_read)
NM_SCENE_GUEST(write_memfd)
NM_SCENE_GUEST(read_memfd)
NM_SCENE_GUEST(write_file)
NM_SCENE_GUEST(write_guest_memfd)
NM_SCENE_GUEST(write_thp)
NM_SCENE_GUEST(write_2m)
NM_SCENE_GUEST(write_1g)
NM_SCENE_NATIVE(write_anon)
NM_SCENE_NATIVE(read_anon)
NM_SCENE_NATIVE(write_read)
NM_SCENE_NATIVE(write_memfd)
NM_SCENE_NATIVE(read_memfd)
NM_SCENE_NATIVE(write_file)
NM_SCENE_NATIVE(write_thp)
NM_SCENE_NATIVE(write_2m)
NM_SCENE_NATIVE(write_1g)

const struct nm_bench nm_bench_mem_touch_write_anon = {
	.name = "mem.touch.write.anon",
	.group = "memory",
	.summary = "first write to a 4 KiB page of anonymous memory",
	.happens = "The store misses in EPT or NPT and exits; the host finds and clears a page, "
		   "and KVM maps it. On a nested host each level does that once: the cold case.",
	.matters = "A guest that boots, or a program in it that grows, takes memory which its host "
		   "has not given it yet.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_write_anon,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_write_anon,
};

const struct nm_bench nm_bench_mem_touch_read_anon = {
	.name = "mem.touch.read.anon",
	.group = "memory",
	.summary = "first read of a 4 KiB page of anonymous memory",
	.happens = "The load exits; the host maps its page of zeros, which costs no memory, and "
		   "KVM maps that without write access.",
	.matters = "Guests read memory before they write to it when they scan it, and when they "
		   "hand out zeroed memory without clearing it.",
	.version = 1,
	.payload = "mem.touch.read",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_read_anon,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_read_anon,
};

/* The host replaces its page of zeros while KVM handles the fault, and KVM starts anew: see reclaim.c. */
const struct nm_bench nm_bench_mem_touch_write_read = {
	.name = "mem.touch.write-after-read.anon",
	.group = "memory",
	.summary = "first write to a 4 KiB page of anonymous memory that was read before",
	.happens = "The store meets the page of zeros without write access and exits; the host "
		   "gives a page of its own. KVM sees the change and lets the guest try again: a "
		   "second exit, in which it maps the page.",
	.matters = "Guests that look at memory before they use it pay for it three times.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 2},
	.prepare = prepare_write_read,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_write_read,
};

const struct nm_bench nm_bench_mem_touch_write_memfd = {
	.name = "mem.touch.write.memfd",
	.group = "memory",
	.summary = "first write to a 4 KiB page of shared memory (memfd)",
	.happens = "As with anonymous memory, but the host's page comes from tmpfs and enters the "
		   "page cache.",
	.matters = "Guests with vhost-user or virtiofs devices have all of their memory in a "
		   "memfd, so that other processes can reach it.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_write_memfd,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_write_memfd,
};

const struct nm_bench nm_bench_mem_touch_read_memfd = {
	.name = "mem.touch.read.memfd",
	.group = "memory",
	.summary = "first read of a 4 KiB page of shared memory (memfd)",
	.happens = "The load exits, and tmpfs clears a page for it: shared memory has no common "
		   "page of zeros.",
	.matters = "Guests with vhost-user or virtiofs devices that scan their memory take all of "
		   "it from the host.",
	.version = 1,
	.payload = "mem.touch.read",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_read_memfd,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_read_memfd,
};

const struct nm_bench nm_bench_mem_touch_write_file = {
	.name = "mem.touch.write.file",
	.group = "memory",
	.summary = "first write to a 4 KiB page of a file on disk, in TMPDIR or /var/tmp",
	.happens = "The store exits; the file system makes a page of the file present and "
		   "writable, which may start a transaction, and KVM maps it.",
	.matters = "Snapshots of micro-VMs are restored by mapping a file as guest memory.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_write_file,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_write_file,
};

const struct nm_bench nm_bench_mem_touch_write_guest_memfd = {
	.name = "mem.touch.write.guest-memfd",
	.group = "memory",
	.summary = "first write to a 4 KiB page of memory that KVM keeps (guest_memfd)",
	.happens = "The store exits, and KVM takes a page from the guest_memfd without looking at "
		   "page tables of the VMM.",
	.matters = "Confidential guests live in such memory, and others can since Linux 6.18.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.requires = {"kvm.cap.guest_memfd"},
	.expect = {.exits = 1},
	.prepare = prepare_write_guest_memfd,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_touch_write_thp = {
	.name = "mem.touch.write.thp",
	.group = "memory",
	.summary = "first write to 2 MiB that become one transparent huge page",
	.happens = "The store exits once for 2 MiB; the host finds and clears a huge page, and KVM "
		   "maps it by one entry.",
	.matters = "Most guests get huge pages this way: a pause of the length of clearing 2 MiB, "
		   "and none for the 511 pages behind it.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = HUGE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_write_thp,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_write_thp,
};

const struct nm_bench nm_bench_mem_touch_write_2m = {
	.name = "mem.touch.write.hugetlb.2m",
	.group = "memory",
	.summary = "first write to a reserved huge page of 2 MiB",
	.happens = "The store exits once for 2 MiB; the host takes a page out of its pool and "
		   "clears it, and KVM maps it by one entry.",
	.matters = "Clouds that sell memory without surprises reserve huge pages for their guests.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = HUGE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_write_2m,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_write_2m,
};

const struct nm_bench nm_bench_mem_touch_write_1g = {
	.name = "mem.touch.write.hugetlb.1g",
	.group = "memory",
	.summary = "first write to a reserved huge page of 1 GiB",
	.happens = "The store exits once for 1 GiB, which the host clears before it answers.",
	.matters = "Large guests on pages of 1 GiB need the fewest translations, and the longest "
		   "first touch.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = GIANT_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_write_1g,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_write_1g,
};
