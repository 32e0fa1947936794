/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first write to a page of a slot whose writes are recorded. The page was in use; switching the log on takes KVM's write
 * access to it away, in pages of 4 KiB: large ones are split at once when kvm.parameter.kvm.eager_page_split is Y, or mapped
 * anew page by page in the first write to each, which then costs more. Every first write exits, and KVM marks the page and
 * gives the access back without a lock (fast_page_fault() in arch/x86/kvm/mmu/mmu.c).
 *
 * Where the CPU writes dirty pages into a log by itself (PML, kvm.parameter.kvm_intel.pml is Y), KVM only clears dirty bits, and
 * one write in 512 exits because that log is full.
 */
#include "vmm/dirty.h"
#include "benchmarks/memory/scene.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* SDM vol. 3, page-modification logging: entries of the log of a CPU. */
#define PML_ENTRIES  512.0
#define WORD_BITS    64u
#define RING_ENTRIES 16384u

static int log_writes(struct nm_scene *scene)
{
	return nm_vm_log_dirty(&scene->round->guest->vm, NM_ABI_MEMORY, true);
}

static bool all_set(const struct nm_scene *scene, const uint64_t *bitmap, char *why, size_t size)
{
	for (uint64_t page = 0; page < scene->pages; page++) {
		if (bitmap[page / WORD_BITS] >> (page % WORD_BITS) & 1)
			continue;
		snprintf(why, size, "page %" PRIu64 " was written to and is not in the dirty log",
			 page);
		return false;
	}
	return true;
}

static bool check_bitmap(struct nm_scene *scene, char *why, size_t size)
{
	uint64_t words = scene->region.bytes / NM_PAGE_4K / WORD_BITS + 1;
	uint64_t *bitmap = calloc(words, sizeof(*bitmap));
	bool right = false;

	if (!bitmap)
		snprintf(why, size, "out of memory");
	else if (nm_vm_get_dirty_log(&scene->round->guest->vm, NM_ABI_MEMORY, bitmap))
		snprintf(why, size, "%s", nm_error_last()->text);
	else
		right = all_set(scene, bitmap, why, size);
	free(bitmap);
	return right;
}

static int use_rings(const struct nm_vm *vm)
{
	return nm_vm_use_dirty_rings(vm, RING_ENTRIES);
}

static int map_ring(struct nm_scene *scene)
{
	scene->own = calloc(1, sizeof(struct nm_dirty_ring));
	if (!scene->own)
		return nm_fail(ENOMEM, "out of memory");
	return nm_dirty_ring_map(scene->own, &scene->round->guest->vcpus[0], RING_ENTRIES);
}

static void unmap_ring(struct nm_scene *scene)
{
	if (scene->own)
		nm_dirty_ring_unmap(scene->own);
}

static bool check_ring(struct nm_scene *scene, char *why, size_t size)
{
	uint32_t taken = nm_dirty_ring_harvest(scene->own);
	int reset = nm_vm_reset_dirty_rings(&scene->round->guest->vm);

	if (taken == scene->pages && reset == (int)taken)
		return true;
	snprintf(why, size,
		 "the dirty ring held %" PRIu32 " pages, and KVM took back %d of them, expected "
		 "%" PRIu64,
		 taken, reset, scene->pages);
	return false;
}

static const struct nm_scene_kind bitmap = {.backing = NM_BACKING_ANONYMOUS,
					    .guest_page = NM_PAGE_4K,
					    .step = NM_PAGE_4K,
					    .used = true,
					    .between = log_writes,
					    .check = check_bitmap};
static const struct nm_scene_kind split = {.backing = NM_BACKING_THP,
					   .guest_page = NM_PAGE_2M,
					   .step = NM_PAGE_4K,
					   .used = true,
					   .between = log_writes,
					   .check = check_bitmap};
static const struct nm_scene_kind ring = {.backing = NM_BACKING_ANONYMOUS,
					  .guest_page = NM_PAGE_4K,
					  .step = NM_PAGE_4K,
					  .used = true,
					  .between = log_writes,
					  .begin = map_ring,
					  .end = unmap_ring,
					  .check = check_ring};

NM_SCENE_GUEST(bitmap)
NM_SCENE_GUEST(split)
NM_SCENE_GUEST(ring)

const struct nm_bench nm_bench_mem_dirty_write = {
	.name = "mem.dirty.write",
	.group = "memory",
	.summary = "first write to a 4 KiB page since the dirty log was switched on",
	.happens =
		"The store meets a translation without write access and exits; KVM sets a bit "
		"of the slot's bitmap and gives the access back. With PML (see "
		"kvm.parameter.kvm_intel.pml) the CPU logs the page itself, and one store in 512 "
		"exits.",
	.matters = "Every page that a guest writes to during live migration or between snapshots "
		   "costs this once per round.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1, .exits_or = 1 / PML_ENTRIES},
	.prepare = prepare_bitmap,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_dirty_write_thp = {
	.name = "mem.dirty.write.thp",
	.group = "memory",
	.summary = "the same where the guest's memory was in huge pages of 2 MiB",
	.happens = "Before its pages can be logged one by one KVM gives up the huge ones: when the "
		   "log is switched on if kvm.parameter.kvm.eager_page_split is Y, and the rest is "
		   "as mem.dirty.write; else page by page, in the first write to each.",
	.matters = "Live migration takes huge pages away from guests that had them.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1, .exits_or = 1 / PML_ENTRIES},
	.prepare = prepare_split,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_dirty_ring_write = {
	.name = "mem.dirty.ring.write",
	.group = "memory",
	.summary = "first write to a 4 KiB page that goes into the vCPU's dirty ring",
	.happens = "As mem.dirty.write, but KVM puts the number of the page into a ring that the "
		   "VMM reads, instead of setting a bit.",
	.matters = "Live migration of large guests by rings only looks at pages that were written "
		   "to.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.requires = {"kvm.cap.dirty_log_ring"},
	.expect = {.exits = 1, .exits_or = 1 / PML_ENTRIES},
	.configure = use_rings,
	.prepare = prepare_ring,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};
