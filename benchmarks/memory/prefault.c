/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * KVM_PRE_FAULT_MEMORY: the same work as in mem.fill.write.anon, asked for by the VMM. For each page the guest asks the host,
 * which takes the time of the ioctl; that is the sample. The guest then writes to the page, and that must not exit.
 *
 * KVM asks the host for a page to read (kvm_arch_vcpu_pre_fault_memory() in arch/x86/kvm/mmu/mmu.c). Of anonymous memory that
 * nobody has touched it would map the page of zeros, and the write would exit after all: here the host has the page before.
 */
#include "benchmarks/memory/scene.h"
#include "core/clock.h"
#include "core/error.h"

#include <stdlib.h>

static int count_pages(struct nm_scene *scene)
{
	scene->own = calloc(1, sizeof(uint64_t));
	return scene->own ? 0 : nm_fail(ENOMEM, "out of memory");
}

static int map_next(struct nm_scene *scene)
{
	uint64_t *next = scene->own;
	uint64_t begin = nm_tsc();
	int r = nm_vcpu_pre_fault(&scene->round->guest->vcpus[0],
				  NM_ABI_MEMORY + *next * scene->kind->step, NM_PAGE_4K);

	scene->round->shared->seen.value = nm_tsc() - begin;
	++*next;
	return r;
}

static const struct nm_scene_kind anon = {.backing = NM_BACKING_ANONYMOUS,
					  .guest_page = NM_PAGE_4K,
					  .step = NM_PAGE_4K,
					  .populated = true,
					  .begin = count_pages,
					  .between = map_next};

NM_SCENE_GUEST(anon)

const struct nm_bench nm_bench_mem_prefault = {
	.name = "mem.prefault",
	.group = "memory",
	.summary = "KVM_PRE_FAULT_MEMORY of one 4 KiB page that the host already has",
	.happens = "The VMM asks KVM to map a page; KVM looks it up and enters it into EPT or NPT, "
		   "without an exit of the guest.",
	.matters = "A VMM can map the memory of a guest before its start: this against "
		   "mem.fill.write.anon is what that saves per page.",
	.version = 1,
	.cpls = NM_CPL3,
	.max_samples = NM_SCENE_SAMPLES,
	.single = true,
	.requires = {"kvm.cap.pre_fault_memory"},
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare_anon,
	.verify = nm_scene_verify,
	.release = nm_scene_release,
};
