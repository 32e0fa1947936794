/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A small guest that counts in a register and in its memory stands still, and goes on in other VMs: once with its memory
 * copied, once with it shared until it is written to (MAP_PRIVATE of a memfd).
 */
#include "vmm/snapshot.h"

#include "benchmarks/lifecycle/steps.h"
#include "core/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OPERATION    "life.count"
#define EXITS	     3u /* of the guest before the snapshot */
#define SAMPLES	     4u
#define SAMPLES_FAST 12u
#define CANARY	     0x6e6d6c69666521ull

struct restore {
	const struct nm_kvm *kvm;
	struct nm_guest guest; /* the one that was taken, or was made of it */
	struct nm_snapshot snapshot;
	enum nm_snapshot_memory how;
	uint32_t restored; /* how often its registers alone were */
};

/* In the last page, which the guest itself does not touch. */
static uint64_t *canary(const struct nm_guest *guest)
{
	const struct nm_memory_slot *slot = &guest->vm.slots[0];

	return (uint64_t *)(slot->host + slot->bytes - sizeof(uint64_t));
}

static int expect(const struct nm_vcpu *vcpu, uint32_t in_register, uint32_t in_memory)
{
	const uint32_t expected = in_register << 16 | in_memory;
	uint32_t value = 0;
	int r = nm_life_run(vcpu, &value);

	if (r || value == expected)
		return r;
	return nm_fail(EIO, "the guest counted to %#" PRIx32 ", expected %#" PRIx32, value,
		       expected);
}

/* A guest with so many bytes behind its payload that has counted to EXITS. */
static int make_guest(struct restore *restore, uint64_t bytes)
{
	struct nm_payload payload;
	const struct nm_guest_config config = {.payload = &payload,
					       .vcpus = 1,
					       .heap_bytes = bytes};
	int r = nm_payload_ops(&payload);

	if (!r)
		r = nm_guest_create(&restore->guest, restore->kvm, &config);
	if (!r)
		r = nm_guest_prepare(&restore->guest, 0, OPERATION, 0);
	for (uint32_t i = 1; !r && i <= EXITS; i++)
		r = expect(&restore->guest.vcpus[0], i, i);
	if (!r)
		*canary(&restore->guest) = CANARY;
	return r;
}

static int take(void *own)
{
	struct restore *restore = own;

	return nm_snapshot_take(&restore->snapshot, &restore->guest, false);
}

/* Also the run to the first instruction, which is the one behind the last OUT. */
static int go_on(void *own)
{
	struct restore *restore = own;
	int r = nm_snapshot_restore(&restore->snapshot, restore->kvm, restore->how,
				    &restore->guest);

	return r ? r : expect(&restore->guest.vcpus[0], EXITS + 1, EXITS + 1);
}

static int check_and_end(void *own)
{
	struct restore *restore = own;
	const bool right = *canary(&restore->guest) == CANARY;

	nm_guest_destroy(&restore->guest);
	return right ? 0 : nm_fail(EIO, "the restored memory is not that of the snapshot");
}

/* The guest that was taken stays for the next sample. */
static int check_taken(void *own)
{
	struct restore *restore = own;
	struct restore other = *restore;
	int r = go_on(&other);

	if (!r)
		r = check_and_end(&other);
	nm_snapshot_free(&restore->snapshot);
	return r;
}

static int restore_registers(void *own)
{
	struct restore *restore = own;

	restore->restored++;
	return nm_vcpu_restore(&restore->guest.vcpus[0], false, &restore->snapshot.vcpu);
}

/* Its memory has gone on. */
static int check_registers(void *own)
{
	struct restore *restore = own;

	return expect(&restore->guest.vcpus[0], EXITS + 1, EXITS + restore->restored);
}

static bool native_take(struct nm_native_round *round, char *why, size_t size)
{
	static const struct nm_life_step step = {.timed = take, .after = check_taken};
	struct restore restore = {.kvm = round->kvm, .how = NM_SNAPSHOT_COPY_ON_WRITE};
	int r = make_guest(&restore, round->point);
	bool right;

	if (r)
		return nm_life_failed(round, r, why, size);
	right = nm_life_measure(round, &step, &restore, why, size);
	nm_guest_destroy(&restore.guest);
	return right;
}

static bool native_registers(struct nm_native_round *round, char *why, size_t size)
{
	static const struct nm_life_step step = {.timed = restore_registers,
						 .after = check_registers};
	struct restore restore = {.kvm = round->kvm};
	int r = make_guest(&restore, 0);
	bool right;

	if (!r)
		r = take(&restore);
	if (r)
		return nm_life_failed(round, r, why, size);
	right = nm_life_measure(round, &step, &restore, why, size);
	nm_guest_destroy(&restore.guest);
	nm_snapshot_free(&restore.snapshot);
	return right;
}

static bool restore(struct nm_native_round *round, enum nm_snapshot_memory how, char *why,
		    size_t size)
{
	static const struct nm_life_step step = {.timed = go_on, .after = check_and_end};
	struct restore restore = {.kvm = round->kvm, .how = how};
	int r = make_guest(&restore, round->point);
	bool right;

	if (!r)
		r = take(&restore);
	if (r)
		return nm_life_failed(round, r, why, size);
	nm_guest_destroy(&restore.guest);
	right = nm_life_measure(round, &step, &restore, why, size);
	nm_snapshot_free(&restore.snapshot);
	return right;
}

static bool native_copy(struct nm_native_round *round, char *why, size_t size)
{
	return restore(round, NM_SNAPSHOT_COPY, why, size);
}

static bool native_cow(struct nm_native_round *round, char *why, size_t size)
{
	return restore(round, NM_SNAPSHOT_COPY_ON_WRITE, why, size);
}

static const struct nm_axis sizes = {.name = "bytes",
				     .points = {1u << 20, 16u << 20, 64u << 20},
				     .count = 3,
				     .usual = 2,
				     .quick = 1,
				     .counted = 1};

const struct nm_bench nm_bench_life_snapshot = {
	.name = "life.snapshot",
	.group = "lifecycle",
	.summary = "a snapshot of a guest that stands still: registers, and a copy of its memory",
	.happens = "The VMM lets KVM finish the last exit, reads registers, FPU state, events and "
		   "MSRs by ioctls, and copies all memory into a new memfd, whose pages the kernel "
		   "must find and clear.",
	.matters = "Pools of warm sandboxes, checkpoints and the last phase of live migration: the "
		   "guest stands still for as long.",
	.version = 1,
	.axis = &sizes,
	.native_requires = {"kvm.device", "guest.canary"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_take,
};

const struct nm_bench nm_bench_life_restore_registers = {
	.name = "life.restore.registers",
	.group = "lifecycle",
	.summary = "all registers of a vCPU are set: general ones, system ones, FPU, MSRs, events",
	.happens = "Eight ioctls, each of which loads the vCPU; a change of CR0, CR4 or EFER makes "
		   "KVM look at its page tables anew.",
	.matters = "What a restored guest pays beside its memory; snapshots of fuzzers are reset "
		   "this way thousands of times a second.",
	.version = 1,
	.native_requires = {"kvm.device", "guest.canary"},
	.max_samples = SAMPLES_FAST,
	.single = true,
	.native = native_registers,
};

const struct nm_bench nm_bench_life_restore_copy = {
	.name = "life.restore.copy",
	.group = "lifecycle",
	.summary = "from KVM_CREATE_VM until a restored guest goes on, its memory copied",
	.happens = "As life.first-instruction, but all memory is copied from the snapshot, for "
		   "which the kernel finds and clears every page, and all registers are set.",
	.matters = "A restored guest that must not wait for its pages later; the slope is the cost "
		   "of a byte.",
	.version = 1,
	.axis = &sizes,
	.native_requires = {"kvm.device", "guest.canary"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_copy,
};

const struct nm_bench nm_bench_life_restore_cow = {
	.name = "life.restore.cow",
	.group = "lifecycle",
	.summary = "from KVM_CREATE_VM until a restored guest goes on, its memory copy-on-write",
	.happens = "As life.restore.copy, but the memory is a private mapping of the snapshot: "
		   "only the pages that the guest needs are faulted in, and copied when it writes.",
	.matters = "How sandboxes for functions start in milliseconds whatever their size; should "
		   "hardly depend on it.",
	.version = 1,
	.axis = &sizes,
	.native_requires = {"kvm.device", "guest.canary"},
	.max_samples = SAMPLES_FAST,
	.single = true,
	.native = native_cow,
};
