/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a touch costs when the host already has the page, and only KVM's translation is missing: the pure EPT or NPT fill.
 * KVMs without the TDP MMU (kvm.parameter.kvm.tdp_mmu is N) also fill up to 7 neighbours that the host has
 * (direct_pte_prefetch() in arch/x86/kvm/mmu/mmu.c): here it has every second page only, so that each touch is a fill.
 *
 * mem.fill maps memory that a guest has never used. mem.refill has the guest use it before; then its memory slot is taken away
 * and given back, which drops KVM's translations and nothing else. On a nested host the KVM below had then mapped the same
 * pages for this machine already: what is left is the building of the shadow of EPT (NPT) by the hypervisor below, warm,
 * where mem.touch is cold.
 */
#include "benchmarks/memory/scene.h"

#include "core/error.h"
#include "vmm/dirty.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_SAMPLES 8u

/* A page, and one that is not there. */
#define APART (2 * NM_PAGE_4K)

static int renew(struct nm_scene *scene)
{
	return nm_vm_renew_slot(&scene->round->guest->vm, NM_ABI_MEMORY);
}

/* The pages are in the memfd, but this process has no translation of them: its own faults are the native partner. */
static int forget(struct nm_scene *scene)
{
	if (scene->round || !madvise(scene->region.host, scene->region.bytes, MADV_DONTNEED))
		return 0;
	return nm_fail(errno, "MADV_DONTNEED: %s", strerror(errno));
}

static const struct nm_scene_kind write_anon = {.backing = NM_BACKING_ANONYMOUS,
						.guest_page = NM_PAGE_4K,
						.step = APART,
						.populated = true};
static const struct nm_scene_kind read_anon = {.backing = NM_BACKING_ANONYMOUS,
					       .guest_page = NM_PAGE_4K,
					       .step = APART,
					       .populated = true,
					       .read = true,
					       .filled = true};
static const struct nm_scene_kind write_memfd = {.backing = NM_BACKING_MEMFD,
						 .guest_page = NM_PAGE_4K,
						 .step = APART,
						 .populated = true,
						 .begin = forget};
static const struct nm_scene_kind guest_2m = {.backing = NM_BACKING_ANONYMOUS,
					      .guest_page = NM_PAGE_2M,
					      .step = APART,
					      .populated = true};
static const struct nm_scene_kind guest_1g = {.backing = NM_BACKING_ANONYMOUS,
					      .guest_page = NM_PAGE_1G,
					      .step = APART,
					      .populated = true};
static const struct nm_scene_kind write_thp = {.backing = NM_BACKING_THP,
					       .guest_page = NM_PAGE_2M,
					       .step = NM_PAGE_2M,
					       .populated = true};
static const struct nm_scene_kind write_2m = {.backing = NM_BACKING_HUGETLB_2M,
					      .guest_page = NM_PAGE_2M,
					      .step = NM_PAGE_2M,
					      .populated = true};
static const struct nm_scene_kind again = {.backing = NM_BACKING_ANONYMOUS,
					   .guest_page = NM_PAGE_4K,
					   .step = APART,
					   .used = true,
					   .between = renew};
static const struct nm_scene_kind again_read = {.backing = NM_BACKING_ANONYMOUS,
						.guest_page = NM_PAGE_4K,
						.step = APART,
						.used = true,
						.between = renew,
						.read = true,
						.filled = true};

NM_SCENE_GUEST(write_anon)
NM_SCENE_GUEST(read_anon)
NM_SCENE_GUEST(write_memfd)
NM_SCENE_GUEST(guest_2m)
NM_SCENE_GUEST(guest_1g)
NM_SCENE_GUEST(write_thp)
NM_SCENE_GUEST(write_2m)
NM_SCENE_GUEST(again)
NM_SCENE_GUEST(again_read)
NM_SCENE_NATIVE(write_memfd)

const struct nm_bench nm_bench_mem_fill_write_anon = {
	.name = "mem.fill.write.anon",
	.group = "memory",
	.summary = "first write to a 4 KiB page that the host already has",
	.happens = "The store exits, and KVM only has to look the page up and enter it into EPT or "
		   "NPT.",
	.matters = "What is left of a first touch when the VMM has populated the guest's memory, "
		   "as it does for guests with assigned devices.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_write_anon,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_fill_read_anon = {
	.name = "mem.fill.read.anon",
	.group = "memory",
	.summary = "first read of a 4 KiB page that the host already has",
	.happens = "The load exits; the host's page is writable, so that KVM maps it writable at "
		   "once, and a later store does not exit.",
	.matters = "What a guest pays that reads memory which its VMM has loaded: firmware, "
		   "kernels, snapshots.",
	.version = 1,
	.payload = "mem.touch.read",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_read_anon,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_fill_write_memfd = {
	.name = "mem.fill.write.memfd",
	.group = "memory",
	.summary = "first write to a 4 KiB page that is in the host's page cache",
	.happens = "As mem.fill.write.anon. Natively it is a minor fault: the page is in the page "
		   "cache, and the process has no translation of it yet.",
	.matters = "The same work, a missing translation, done by the CPU's two ways to page "
		   "tables: the multiple of the native fault is what virtualization adds.",
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

const struct nm_bench nm_bench_mem_fill_guest_2m = {
	.name = "mem.fill.write.guest-2m",
	.group = "memory",
	.summary = "mem.fill.write.anon with 2 MiB pages in the guest's page tables",
	.happens = "With EPT or NPT the same as mem.fill.write.anon: KVM does not look at the "
		   "guest's tables. Under shadow paging it does.",
	.matters = "Guests map their kernel and their huge pages this way on hosts that only give "
		   "them pages of 4 KiB.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_guest_2m,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_fill_guest_1g = {
	.name = "mem.fill.write.guest-1g",
	.group = "memory",
	.summary = "mem.fill.write.anon with a 1 GiB page in the guest's page tables",
	.happens = "As mem.fill.write.guest-2m, by one entry of the guest's third level.",
	.matters = "Linux maps all memory of a large guest for its kernel this way.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.requires = {"cpu.flag.pdpe1gb"},
	.expect = {.exits = 1},
	.prepare = prepare_guest_1g,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_fill_write_thp = {
	.name = "mem.fill.write.thp",
	.group = "memory",
	.summary = "first write to 2 MiB that the host already has as a transparent huge page",
	.happens = "The store exits once for 2 MiB, and KVM enters them by one entry of the second "
		   "level.",
	.matters = "A populated guest on huge pages pays this 512 times for each GiB, where one on "
		   "pages of 4 KiB pays 262,144 times.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = HUGE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_write_thp,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_fill_write_2m = {
	.name = "mem.fill.write.hugetlb.2m",
	.group = "memory",
	.summary = "first write to 2 MiB that the host already has as a reserved huge page",
	.happens = "The store exits once for 2 MiB, and KVM enters them by one entry of the second "
		   "level.",
	.matters = "Guests on reserved huge pages whose VMM has populated them before the start.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = HUGE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_write_2m,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_refill_write = {
	.name = "mem.refill.write.anon",
	.group = "memory",
	.summary = "write to a 4 KiB page in use, after its memory slot was given anew",
	.happens = "The VMM takes the slot away and gives it back, and KVM drops its tables; the "
		   "store exits, and the same host page is entered again. On a nested host the "
		   "hypervisor below has mapped that page before: the warm case.",
	.matters =
		"VMMs change slots when firmware maps devices and when memory is added or taken: "
		"everything then faults in once more.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_again,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_refill_read = {
	.name = "mem.refill.read.anon",
	.group = "memory",
	.summary = "read of a 4 KiB page in use, after its memory slot was given anew",
	.happens = "As mem.refill.write.anon, by a load, which finds what the guest had written.",
	.matters = "The same as for mem.refill.write.anon.",
	.version = 1,
	.payload = "mem.touch.read",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_again_read,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};
