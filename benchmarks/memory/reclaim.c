/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Touches of memory that the guest had and the host took back, each by another call or daemon. All of them tell KVM by MMU
 * notifiers, which drop its translations; what differs is what the host has left of the page.
 *
 * Where the host copies a page, that is such a change too: KVM, which sees it while it handles the fault, starts anew
 * (is_page_fault_stale() in arch/x86/kvm/mmu/mmu.c), and the store exits twice.
 */
#include "benchmarks/memory/scene.h"
#include "core/error.h"
#include "core/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define APART (2 * NM_PAGE_4K) /* see fill.c */

#define KSM_RUN	    "sys/kernel/mm/ksm/run"
#define KSM_MERGED  "proc/self/ksm_merging_pages"
#define KSM_SAMPLES 100u
#define KSM_CONTENT 0x6e6d6b736dull
#define KSM_LOOKS   100u
#define KSM_LOOK_NS 10000000

static int advise(const struct nm_scene *scene, int advice, const char *name)
{
	if (!madvise(scene->region.host, scene->region.bytes, advice))
		return 0;
	return nm_fail(errno, "%s: %s", name, strerror(errno));
}

static int drop(struct nm_scene *scene)
{
	return advise(scene, MADV_DONTNEED, "MADV_DONTNEED");
}

static int free_lazily(struct nm_scene *scene)
{
	return advise(scene, MADV_FREE, "MADV_FREE");
}

static int check_ksm(const struct nm_root *root, struct nm_arena *arena)
{
	const char *run = nm_root_line(root, arena, KSM_RUN);

	if (!run || strcmp(run, "1") != 0)
		return nm_fail_remedy(EOPNOTSUPP, "echo 1 | sudo tee /" KSM_RUN,
				      "the kernel does not merge equal pages (KSM)");
	if (!nm_root_line(root, arena, KSM_MERGED))
		return nm_fail_remedy(EOPNOTSUPP, "use Linux 5.19 or later",
				      "the kernel does not say which pages it has merged");
	return 0;
}

/* The daemon goes through the memory of all processes: where there is a lot of it, it does not come here in time. */
static int await_ksm(const struct nm_root *root, uint64_t pages)
{
	const struct timespec pause = {.tv_nsec = KSM_LOOK_NS};
	uint64_t merged = 0;

	for (unsigned int look = 0; look < KSM_LOOKS && merged < pages; look++) {
		struct nm_arena arena = {0};
		const char *line;

		nanosleep(&pause, NULL);
		line = nm_root_line(root, &arena, KSM_MERGED);
		merged = line ? strtoull(line, NULL, 10) : 0;
		nm_arena_free(&arena);
	}
	if (merged >= pages)
		return 0;
	return nm_fail_remedy(EOPNOTSUPP, "raise /sys/kernel/mm/ksm/pages_to_scan",
			      "the kernel did not merge equal pages within a second");
}

/* One page less than there are counts as merged, for the rest share it. */
static int merge(struct nm_scene *scene)
{
	struct nm_arena arena = {0};
	struct nm_root root;
	int r = nm_root_open(&root, "/");

	if (r)
		return r;
	r = check_ksm(&root, &arena);
	for (uint64_t page = 0; !r && page < scene->pages; page++)
		*(uint64_t *)(scene->region.host + page * scene->kind->step) = KSM_CONTENT;
	if (!r)
		r = advise(scene, MADV_MERGEABLE, "MADV_MERGEABLE");
	if (!r)
		r = await_ksm(&root, scene->pages - 1);
	nm_arena_free(&arena);
	nm_root_close(&root);
	return r;
}

static const struct nm_scene_kind dropped = {.backing = NM_BACKING_ANONYMOUS,
					     .guest_page = NM_PAGE_4K,
					     .step = NM_PAGE_4K,
					     .used = true,
					     .between = drop};
static const struct nm_scene_kind dropped_read = {.backing = NM_BACKING_ANONYMOUS,
						  .guest_page = NM_PAGE_4K,
						  .step = NM_PAGE_4K,
						  .used = true,
						  .between = drop,
						  .read = true};
static const struct nm_scene_kind lazy = {.backing = NM_BACKING_ANONYMOUS,
					  .guest_page = NM_PAGE_4K,
					  .step = APART,
					  .used = true,
					  .between = free_lazily};
static const struct nm_scene_kind merged = {.backing = NM_BACKING_ANONYMOUS,
					    .guest_page = NM_PAGE_4K,
					    .step = NM_PAGE_4K,
					    .populated = true,
					    .begin = merge};

NM_SCENE_GUEST(dropped)
NM_SCENE_GUEST(dropped_read)
NM_SCENE_GUEST(lazy)
NM_SCENE_GUEST(merged)
NM_SCENE_NATIVE(dropped)
NM_SCENE_NATIVE(dropped_read)
NM_SCENE_NATIVE(merged)

const struct nm_bench nm_bench_mem_balloon_write = {
	.name = "mem.balloon.write",
	.group = "memory",
	.summary = "write to a page that the host took away (MADV_DONTNEED)",
	.happens = "The guest had used the page; MADV_DONTNEED drops it from the host and from EPT "
		   "or NPT. The store exits, and the host finds and clears another page.",
	.matters = "Guests whose balloon deflates, and guests that report free pages, take memory "
		   "back this way.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_dropped,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_dropped,
};

const struct nm_bench nm_bench_mem_balloon_read = {
	.name = "mem.balloon.read",
	.group = "memory",
	.summary = "read of a page that the host took away (MADV_DONTNEED)",
	.happens = "As mem.balloon.write, by a load, which finds zeros: KVM maps the host's page "
		   "of zeros without write access.",
	.matters = "Guests that scan memory which their balloon has given back.",
	.version = 1,
	.payload = "mem.touch.read",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_dropped_read,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_dropped_read,
};

const struct nm_bench nm_bench_mem_free_write = {
	.name = "mem.lazyfree.write",
	.group = "memory",
	.summary = "write to a page that the host may take (MADV_FREE) and has not taken",
	.happens = "MADV_FREE marks pages clean and drops KVM's translations; the host takes the "
		   "pages when it needs them. The store exits for the translation alone. A process "
		   "does not even fault.",
	.matters = "Free page reporting by MADV_FREE costs less than by MADV_DONTNEED while the "
		   "host has memory.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.expect = {.exits = 1},
	.prepare = prepare_lazy,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};

const struct nm_bench nm_bench_mem_ksm_write = {
	.name = "mem.ksm.write",
	.group = "memory",
	.summary = "write to a page that the host has merged with equal ones (KSM)",
	.happens = "The store exits; the host's page is shared and read-only, so that the host "
		   "copies it for this guest. KVM sees the change and lets the guest try again: a "
		   "second exit, in which it maps the copy.",
	.matters = "Hosts that merge pages of their guests take this back with each write, and "
		   "its time shows which pages others have.",
	.version = 1,
	.payload = "mem.touch.write",
	.cpls = NM_CPL3,
	.max_samples = KSM_SAMPLES,
	.single = true,
	.expect = {.exits = 2},
	.prepare = prepare_merged,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
	.native = native_merged,
};
