/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Memory slots of a VM, by KVM_SET_USER_MEMORY_REGION, with others present. KVM keeps them in trees, and until Linux 5.17 in
 * an array that each change copies. Every change waits for the readers of the old set (synchronize_srcu_expedited() in
 * virt/kvm/kvm_main.c); a slot that is moved or deleted is made invalid first, which is a second such wait, and all
 * translations of the guest are thrown away (kvm_arch_flush_shadow_memslot() in arch/x86/kvm/x86.c).
 */
#include "benchmarks/native.h"
#include "core/error.h"
#include "vmm/payload.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Most waits are short, but the kernel defers some by a tick or two. Making 1024 slots is as many waits. */
#define PAGE	 4096ull
#define STRIDE	 (2u * PAGE) /* from one slot to the next: they do not touch */
#define LIMIT_NS (2 * NM_NS_PER_S)
#define SAMPLES	 20u
#define WARMUP	 4u

struct slots {
	int fd; /* of the VM */
	unsigned char *memory;
	uint64_t others; /* slots that stay: their numbers are 0 and up */
	uint64_t gpa;	 /* of the slot that changes, whose number comes behind theirs */
	uint64_t elsewhere;
	volatile const struct nm_abi_line *count; /* of a guest that runs meanwhile */
};

static int set(const struct slots *slots, uint64_t number, uint64_t gpa, uint64_t bytes)
{
	struct kvm_userspace_memory_region region = {
		.slot = (uint32_t)number,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uint64_t)(uintptr_t)slots->memory + number * PAGE,
	};

	return ioctl(slots->fd, KVM_SET_USER_MEMORY_REGION, &region);
}

static int create(struct slots *slots)
{
	return set(slots, slots->others, slots->gpa, PAGE);
}

static int move(struct slots *slots)
{
	uint64_t from = slots->gpa;

	slots->gpa = slots->elsewhere;
	slots->elsewhere = from;
	return create(slots);
}

static int drop(struct slots *slots)
{
	return set(slots, slots->others, 0, 0);
}

/* KVM refuses another slot where one is. */
static bool is_occupied(const struct slots *slots, uint64_t gpa)
{
	uint64_t number = slots->others + 1;

	if (set(slots, number, gpa, PAGE))
		return errno == EEXIST;
	set(slots, number, 0, 0);
	return false;
}

/* A change that is measured between two that are not. */
struct change {
	const char *name;
	int (*before)(struct slots *slots);
	int (*timed)(struct slots *slots);
	int (*after)(struct slots *slots);
};

static int change_once(const struct change *change, struct slots *slots, uint64_t *ticks)
{
	int r = change->before ? change->before(slots) : 0;
	uint64_t start = nm_tsc();

	if (!r)
		r = change->timed(slots);
	*ticks = nm_tsc() - start;
	return r || !change->after ? r : change->after(slots);
}

static int change_all(const struct change *change, struct slots *slots,
		      struct nm_native_round *round)
{
	uint64_t unused;
	int r = 0;

	NM_NATIVE_LOOP(round->overhead, round->samples, NM_NATIVE_ONCE, );
	for (uint64_t i = 0; !r && i < WARMUP; i++)
		r = change_once(change, slots, &unused);
	round->host_begin_ns = nm_clock_raw_ns();
	round->tsc_begin = nm_tsc();
	for (uint64_t i = 0; !r && i < round->samples; i++)
		r = change_once(change, slots, &round->sample[i]);
	round->tsc_end = nm_tsc();
	round->host_end_ns = nm_clock_raw_ns();
	return r;
}

static bool open_vm(struct slots *slots, const struct nm_kvm *kvm, uint64_t others)
{
	*slots = (struct slots) {.fd = nm_kvm_create_vm(kvm)};
	if (slots->fd < 0)
		return false;
	slots->memory = mmap(NULL, (others + 2) * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slots->memory == MAP_FAILED)
		return false;
	for (; slots->others < others; slots->others++)
		if (set(slots, slots->others, slots->others * STRIDE, PAGE))
			return false;
	slots->gpa = others * STRIDE;
	slots->elsewhere = slots->gpa + STRIDE;
	return true;
}

static void close_vm(const struct slots *slots)
{
	if (slots->fd >= 0)
		close(slots->fd);
	if (slots->memory && slots->memory != MAP_FAILED)
		munmap(slots->memory, (slots->others + 2) * PAGE);
}

/* Whether the slot came, went or moved, by what KVM says about its place. */
static bool is_right(struct slots *slots, char *why, size_t size)
{
	bool created = !create(slots) && is_occupied(slots, slots->gpa);
	bool moved = created && !move(slots) && is_occupied(slots, slots->gpa) &&
		     !is_occupied(slots, slots->elsewhere);
	bool deleted = moved && !drop(slots) && !is_occupied(slots, slots->gpa);

	if (!deleted)
		snprintf(why, size, "a memory slot was not %s",
			 !created ? "created"
			 : !moved ? "moved"
				  : "deleted");
	return deleted;
}

static bool measure(struct nm_native_round *round, const struct change *change, char *why,
		    size_t size)
{
	struct slots slots;
	bool right = open_vm(&slots, round->kvm, round->point);

	if (right && change->timed == move)
		right = !create(&slots);
	if (right)
		right = !change_all(change, &slots, round);
	if (right && change->timed == move)
		right = !drop(&slots);
	if (!right)
		snprintf(why, size, "%s of a memory slot with %" PRIu64 " others: %s", change->name,
			 round->point, strerror(errno));
	if (right)
		right = is_right(&slots, why, size);
	close_vm(&slots);
	return right;
}

static bool native_create(struct nm_native_round *round, char *why, size_t size)
{
	static const struct change change = {"creation", NULL, create, drop};

	return measure(round, &change, why, size);
}

static bool native_move(struct nm_native_round *round, char *why, size_t size)
{
	static const struct change change = {"move", NULL, move, NULL};

	return measure(round, &change, why, size);
}

static bool native_delete(struct nm_native_round *round, char *why, size_t size)
{
	static const struct change change = {"deletion", create, drop, NULL};

	return measure(round, &change, why, size);
}

/* A guest that runs meanwhile, on a CPU of its own, and counts in memory that all translations lead through. */
struct runner {
	struct nm_guest guest;
	const struct nm_cpus *cpus;
	pthread_t thread;
	struct nm_guest_result result;
	int error;
};

static void *run_guest(void *context)
{
	struct runner *runner = context;

	runner->error = nm_topology_bind(runner->cpus->topology, runner->cpus->ids[1]);
	if (!runner->error)
		runner->error = nm_guest_run(&runner->guest, 0, LIMIT_NS, &runner->result);
	return NULL;
}

static int start_guest(struct runner *runner, const struct nm_kvm *kvm)
{
	struct nm_payload payload;
	const struct nm_guest_config config = {.payload = &payload, .vcpus = 1};
	int r = nm_payload_ops(&payload);

	if (!r)
		r = nm_guest_create(&runner->guest, kvm, &config);
	if (r)
		return r;
	r = nm_guest_prepare(&runner->guest, 0, "mem.slot.delete.running", 3);
	if (!r) {
		r = pthread_create(&runner->thread, NULL, run_guest, runner);
		if (r)
			r = nm_fail(r, "cannot start a thread: %s", strerror(r));
	}
	if (r)
		nm_guest_destroy(&runner->guest);
	return r;
}

/* True when it ended as it was told to. */
static bool stop_guest(struct runner *runner)
{
	__atomic_store_n(&nm_guest_shared(&runner->guest)->stop.value, 1, __ATOMIC_RELEASE);
	pthread_join(runner->thread, NULL);
	nm_guest_destroy(&runner->guest);
	return !runner->error && runner->result.end == NM_GUEST_DONE;
}

static bool goes_on(struct slots *slots)
{
	const uint64_t end = nm_clock_raw_ns() + LIMIT_NS;
	const uint64_t before = slots->count->value;

	while (slots->count->value == before)
		if (nm_clock_raw_ns() > end)
			return false;
	return true;
}

static int create_beside(struct slots *slots)
{
	return goes_on(slots) ? create(slots) : -1;
}

static bool delete_beside(struct nm_native_round *round, struct runner *runner)
{
	static const struct change change = {"deletion", create_beside, drop, NULL};
	struct slots slots = {
		.fd = runner->guest.vm.fd,
		.others = runner->guest.vm.slot_count,
		.gpa = NM_ABI_MEMORY,
		.count = &nm_guest_shared(&runner->guest)->go,
	};
	bool right;

	slots.memory = mmap(NULL, (slots.others + 1) * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slots.memory == MAP_FAILED)
		return false;
	right = !change_all(&change, &slots, round) && goes_on(&slots);
	munmap(slots.memory, (slots.others + 1) * PAGE);
	return right;
}

static bool native_running(struct nm_native_round *round, char *why, size_t size)
{
	struct runner runner = {.cpus = round->cpus};
	bool right;

	if (start_guest(&runner, round->kvm)) {
		snprintf(why, size, "%s", nm_error_last()->text);
		return false;
	}
	right = delete_beside(round, &runner);
	right &= stop_guest(&runner);
	if (!right)
		snprintf(why, size, "a slot was not deleted, or the guest did not go on: %s",
			 runner.result.text);
	return right;
}

static const struct nm_axis present = {
	.name = "slots", .points = {1, 64, 1024}, .count = 3, .usual = 2, .counted = 1};

const struct nm_bench nm_bench_mem_slot_create = {
	.name = "mem.slot.create",
	.group = "memory",
	.summary = "KVM_SET_USER_MEMORY_REGION: a new slot of 4 KiB beside others, no vCPU",
	.happens = "KVM makes a new set of slots, publishes it and waits until nobody reads the "
		   "old one.",
	.matters = "VMMs add slots when they plug in memory and when guests move the registers of "
		   "devices; with many slots each of it costs more where the set is copied.",
	.version = 1,
	.axis = &present,
	.native_requires = {"kvm.device"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_create,
};

const struct nm_bench nm_bench_mem_slot_move = {
	.name = "mem.slot.move",
	.group = "memory",
	.summary = "KVM_SET_USER_MEMORY_REGION: a slot of 4 KiB gets another address, no vCPU",
	.happens = "KVM makes the slot invalid, waits for readers, throws away all translations of "
		   "the guest, and publishes the slot at its new address, with a second wait.",
	.matters = "Guests that reprogram a BAR behind which is memory, such as a frame buffer, "
		   "make the VMM do this.",
	.version = 1,
	.axis = &present,
	.native_requires = {"kvm.device"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_move,
};

const struct nm_bench nm_bench_mem_slot_delete = {
	.name = "mem.slot.delete",
	.group = "memory",
	.summary = "KVM_SET_USER_MEMORY_REGION: a slot of 4 KiB goes, no vCPU",
	.happens = "KVM makes the slot invalid, waits for readers, throws away all translations of "
		   "the guest, and publishes a set without it, with a second wait.",
	.matters = "Memory that is unplugged, and firmware that hides its memory, end here; the "
		   "guest then faults in all that it still uses.",
	.version = 1,
	.axis = &present,
	.native_requires = {"kvm.device"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_delete,
};

const struct nm_bench nm_bench_mem_slot_delete_running = {
	.name = "mem.slot.delete.running",
	.group = "memory",
	.summary = "KVM_SET_USER_MEMORY_REGION: a slot of 4 KiB goes while a vCPU runs",
	.happens = "As mem.slot.delete; KVM also makes the vCPU exit, and it faults in again all "
		   "pages that it uses.",
	.matters = "Live guests whose VMM unplugs memory or moves a BAR pause for this long.",
	.version = 1,
	.native_cpus = 2,
	.native_requires = {"kvm.device", "guest.canary"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_running,
};
