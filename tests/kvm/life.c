/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Guests that come and go on a real KVM, and snapshots of them. Exit code 4 where there is none. */
#include "benchmarks/lifecycle/crowd.h"
#include "benchmarks/lifecycle/meminfo.h"
#include "benchmarks/lifecycle/steps.h"
#include "core/error.h"
#include "vmm/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CROWD	      100u
#define ALLOWED_BYTES (4u << 20) /* what the C library may keep */

static struct nm_kvm kvm;
static int failures;

#define CHECK(condition, ...)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			failures++;                                                                \
			printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);                     \
			printf(__VA_ARGS__);                                                       \
			printf("\n");                                                              \
		}                                                                                  \
	} while (0)

struct usage {
	unsigned int fds, threads;
	uint64_t bytes;
};

static unsigned int entries_of(const char *path)
{
	DIR *folder = opendir(path);
	unsigned int count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

static struct usage usage_now(void)
{
	return (struct usage) {
		.fds = entries_of("/proc/self/fd"),
		.threads = entries_of("/proc/self/task"),
		.bytes = nm_resident_bytes(),
	};
}

static void come_and_go(uint64_t count)
{
	struct nm_crowd crowd;

	CHECK(!nm_crowd_create(&crowd, count), "%s", nm_error_last()->text);
	for (uint64_t i = 0; i < count; i++)
		CHECK(!nm_crowd_add(&crowd, &kvm), "%s", nm_error_last()->text);
	CHECK(crowd.count == count, "%" PRIu64 " guests", crowd.count);
	CHECK(nm_crowd_add(&crowd, &kvm) == -ENOSPC, "one guest too many");
	nm_crowd_destroy(&crowd);
}

static void test_a_crowd_leaves_nothing_behind(void)
{
	struct usage before;
	struct usage after;

	come_and_go(1);
	before = usage_now();
	come_and_go(CROWD);
	after = usage_now();
	CHECK(after.fds == before.fds, "%u files, %u before", after.fds, before.fds);
	CHECK(after.threads == before.threads, "%u threads, %u before", after.threads,
	      before.threads);
	CHECK(after.bytes <= before.bytes + ALLOWED_BYTES, "%" PRIu64 " bytes, %" PRIu64 " before",
	      after.bytes, before.bytes);
}

static void test_a_crowd_has_limits(void)
{
	CHECK(!nm_crowd_check(1, 1), "%s", nm_error_last()->text);
	CHECK(nm_crowd_check(33, 32) == -EOPNOTSUPP, "more than allowed");
	CHECK(strstr(nm_error_last()->remedy, "--density-max 33"), "%s", nm_error_last()->remedy);
	CHECK(nm_crowd_check(1u << 30, UINT64_MAX) == -EOPNOTSUPP, "more than fits");
	CHECK(strstr(nm_error_last()->text, "60 %"), "%s", nm_error_last()->text);
}

static int start(struct nm_guest *guest, bool irqchip)
{
	struct nm_payload payload;
	const struct nm_guest_config config = {.payload = &payload,
					       .vcpus = 1,
					       .irqchip = irqchip,
					       .heap_bytes = 65536};
	uint32_t value = 0;
	int r = nm_payload_ops(&payload);

	if (!r)
		r = nm_guest_create(guest, &kvm, &config);
	CHECK(!r, "%s", nm_error_last()->text);
	if (r)
		return r;
	CHECK(!nm_guest_prepare(guest, 0, "life.count", 0), "%s", nm_error_last()->text);
	CHECK(!nm_life_run(&guest->vcpus[0], &value), "%s", nm_error_last()->text);
	CHECK(value == 0x10001, "%#x", value);
	return 0;
}

/* Times go on by themselves. */
static void forget_times(struct nm_vcpu_state *state)
{
	for (uint32_t i = 0; i < state->msr_count; i++)
		if (state->msrs[i].index == 0x10)
			state->msrs[i].data = 0;
}

/* As it was: the same registers are read from a VM that has been made of the snapshot. */
static void check_same(const struct nm_snapshot *snapshot, const struct nm_guest *guest)
{
	static struct nm_vcpu_state again;
	static struct nm_vcpu_state before;

	before = snapshot->vcpu;
	memset(&again, 0, sizeof(again));
	CHECK(!nm_vcpu_save(&guest->vcpus[0], snapshot->irqchip, &again), "%s",
	      nm_error_last()->text);
	forget_times(&before);
	forget_times(&again);
	CHECK(!memcmp(&before.regs, &again.regs, sizeof(before.regs)), "general registers");
	CHECK(!memcmp(&before.sregs, &again.sregs, sizeof(before.sregs)), "system registers");
	CHECK(!memcmp(before.xsave, again.xsave, sizeof(before.xsave)), "the FPU");
	CHECK(!memcmp(before.msrs, again.msrs, sizeof(before.msrs)), "MSRs");
	CHECK(before.mp_state.mp_state == again.mp_state.mp_state, "the state of the vCPU");
}

static void check_goes_on(const struct nm_snapshot *snapshot, enum nm_snapshot_memory how)
{
	struct nm_guest guest;
	uint32_t value = 0;

	CHECK(!nm_snapshot_restore(snapshot, &kvm, how, &guest), "%s", nm_error_last()->text);
	if (!guest.vcpu_count)
		return;
	check_same(snapshot, &guest);
	for (uint32_t i = 2; i < 5; i++) {
		CHECK(!nm_life_run(&guest.vcpus[0], &value), "%s", nm_error_last()->text);
		CHECK(value == (i << 16 | i), "%#x at %u", value, i);
	}
	nm_guest_destroy(&guest);
}

static void test_snapshot(bool irqchip)
{
	struct nm_snapshot snapshot;
	struct nm_guest guest;

	if (start(&guest, irqchip))
		return;
	CHECK(!nm_snapshot_take(&snapshot, &guest, irqchip), "%s", nm_error_last()->text);
	nm_guest_destroy(&guest);
	check_goes_on(&snapshot, NM_SNAPSHOT_COPY);
	check_goes_on(&snapshot, NM_SNAPSHOT_COPY_ON_WRITE);
	check_goes_on(&snapshot, NM_SNAPSHOT_COPY_ON_WRITE);
	nm_snapshot_free(&snapshot);
}

static void test_snapshot_of_two_vcpus_is_refused(void)
{
	struct nm_payload payload;
	const struct nm_guest_config config = {.payload = &payload, .vcpus = 2};
	struct nm_snapshot snapshot;
	struct nm_guest guest;

	CHECK(!nm_payload_ops(&payload), "%s", nm_error_last()->text);
	if (nm_guest_create(&guest, &kvm, &config)) {
		CHECK(false, "%s", nm_error_last()->text);
		return;
	}
	CHECK(nm_snapshot_take(&snapshot, &guest, false) == -EINVAL, "it was taken");
	nm_snapshot_free(&snapshot);
	nm_guest_destroy(&guest);
}

int main(void)
{
	struct usage before;

	if (nm_kvm_open(&kvm, NM_KVM_DEVICE)) {
		printf("skipped: %s\n", nm_error_last()->text);
		return 4;
	}
	test_a_crowd_has_limits();
	test_a_crowd_leaves_nothing_behind();
	before = usage_now();
	test_snapshot(false);
	test_snapshot(true);
	test_snapshot_of_two_vcpus_is_refused();
	CHECK(usage_now().fds == before.fds, "files are left open");
	nm_kvm_close(&kvm);
	printf("%s\n", failures ? "failed" : "passed");
	return failures ? 1 : 0;
}
