/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The VMM and the payloads on a real KVM. Exit code 4 where there is none. */
#include "benchmarks/bench.h"
#include "core/error.h"
#include "probes/guest_round.h"
#include "vmm/guest.h"
#include "vmm/kvmstats.h"

#include <dirent.h>
#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_NS 1000000000ull

static struct nm_kvm kvm;
static struct nm_payload ops;
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

static int create(struct nm_guest *guest, unsigned int vcpus)
{
	const struct nm_guest_config config = {.payload = &ops,
					       .vcpus = vcpus,
					       .heap_bytes = 65536};
	int r = nm_guest_create(guest, &kvm, &config);

	CHECK(!r, "%s", nm_error_last()->text);
	return r;
}

static void run_one(const char *operation, struct nm_guest_result *result, uint64_t limit_ns)
{
	struct nm_guest guest;

	*result = (struct nm_guest_result) {.end = NM_GUEST_UNEXPECTED};
	if (create(&guest, 1))
		return;
	CHECK(!nm_guest_prepare(&guest, 0, operation, 0), "%s", nm_error_last()->text);
	CHECK(!nm_guest_run(&guest, 0, limit_ns, result), "%s", nm_error_last()->text);
	nm_guest_destroy(&guest);
}

static void check_functions(const struct nm_bench *bench)
{
	const char *name = bench->payload ? bench->payload : bench->name;

	CHECK(nm_payload_function(&ops, name), "%s is missing", name);
	if (bench->partner)
		CHECK(nm_payload_function(&ops, bench->partner), "%s is missing", bench->partner);
}

static void test_every_descriptor_has_a_guest_function(void)
{
	for (size_t i = 0; nm_benches[i]; i++)
		if (nm_benches[i]->cpls)
			check_functions(nm_benches[i]);
}

static void test_canary(void)
{
	struct nm_payload canary;
	struct nm_guest guest;
	struct nm_guest_result result;
	const struct nm_guest_config config = {.payload = &canary, .vcpus = 1};

	CHECK(!nm_payload_canary(&canary), "%s", nm_error_last()->text);
	CHECK(!nm_guest_create(&guest, &kvm, &config), "%s", nm_error_last()->text);
	CHECK(!nm_guest_prepare(&guest, 0, "canary", 0), "%s", nm_error_last()->text);
	CHECK(nm_guest_prepare(&guest, 0, "absent", 0) == -ENOENT,
	      "an operation that is not there");
	CHECK(!nm_guest_run(&guest, 0, LIMIT_NS, &result), "%s", nm_error_last()->text);
	CHECK(result.end == NM_GUEST_DONE, "%s", result.text);
	CHECK(nm_guest_control(&guest, 0)->result[0] == 0x6e6d, "the canary did not write");
	nm_guest_destroy(&guest);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_spinning_guest_is_ended(void)
{
	struct nm_guest_result result;
	double begin = seconds();

	run_one("drill.spin", &result, LIMIT_NS / 5);
	CHECK(result.end == NM_GUEST_TIMEOUT, "ended as %d: %s", (int)result.end, result.text);
	/* Not a measurement: only that it ended at all, long before a test would be given up. */
	CHECK(seconds() - begin < 10, "took %f s", seconds() - begin);
}

static void test_guests_that_go_wrong(void)
{
	struct nm_guest_result result;

	run_one("drill.triple-fault", &result, LIMIT_NS);
	CHECK(result.end == NM_GUEST_SHUTDOWN, "ended as %d: %s", (int)result.end, result.text);
	CHECK(strstr(result.text, "triple fault"), "%s", result.text);
	CHECK(!strcmp(result.failure, "shutdown"), "%s", result.failure);
	run_one("drill.exception", &result, LIMIT_NS);
	CHECK(result.end == NM_GUEST_EXCEPTION, "ended as %d: %s", (int)result.end, result.text);
	CHECK(strstr(result.text, "#UD") && strstr(result.text, "RIP 0x1"), "%s", result.text);
	CHECK(!strcmp(result.failure, "exception"), "%s", result.failure);
	run_one("drill.internal-error", &result, LIMIT_NS);
	CHECK(result.end == NM_GUEST_KVM_ERROR, "ended as %d: %s", (int)result.end, result.text);
	CHECK(strstr(result.text, "KVM_EXIT_INTERNAL_ERROR: suberror 1"), "%s", result.text);
	CHECK(!strcmp(result.failure, "internal_error.1"), "%s", result.failure);
}

/* At CPL3, where no KVM interprets the store. */
static void test_memory_that_the_host_has_not(void)
{
	const uint64_t gpa = 0x10000000;
	void *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nm_guest_result result = {0};
	struct nm_guest guest;

	CHECK(nothing != MAP_FAILED, "mmap");
	if (create(&guest, 1))
		return;
	CHECK(!nm_vm_add_mapped(&guest.vm, gpa, 4096, nothing, 0), "%s", nm_error_last()->text);
	CHECK(!nm_guest_prepare(&guest, 0, "floor.loop", 3), "%s", nm_error_last()->text);
	nm_guest_control(&guest, 0)->samples = 1;
	nm_guest_control(&guest, 0)->overhead_gpa = gpa;
	CHECK(!nm_guest_run(&guest, 0, LIMIT_NS, &result), "%s", nm_error_last()->text);
	CHECK(result.end == NM_GUEST_KVM_ERROR, "ended as %d: %s", (int)result.end, result.text);
	CHECK(strstr(result.text, "the host has no memory"), "%s", result.text);
	CHECK(!result.failure[0], "%s", result.failure);
	nm_guest_destroy(&guest);
	munmap(nothing, 4096);
}

static void ignore_access(void *context, const struct nm_access *access)
{
	(void)access;
	++*(uint64_t *)context;
}

struct vcpu_thread {
	struct nm_guest *guest;
	unsigned int vcpu;
	struct nm_guest_result result;
	int r;
};

static void *vcpu_main(void *context)
{
	struct vcpu_thread *thread = context;

	thread->r = nm_guest_run(thread->guest, thread->vcpu, 5 * LIMIT_NS, &thread->result);
	return NULL;
}

/* Each vCPU has its own stack, control page and TSS, and may run in a thread of its own, at either level. */
static void test_several_vcpus(void)
{
	enum { COUNT = 4 };
	struct vcpu_thread threads[COUNT];
	pthread_t ids[COUNT];
	struct nm_guest guest;
	uint64_t marks = 0;
	struct nm_device device = {.bus = NM_BUS_PIO,
				   .base = NM_ABI_PORT_MARK,
				   .bytes = 1,
				   .access = ignore_access,
				   .context = &marks};

	if (create(&guest, COUNT))
		return;
	CHECK(!nm_devices_add(&guest.devices, device), "%s", nm_error_last()->text);
	for (unsigned int i = 0; i < COUNT; i++) {
		struct nm_abi_control *control = nm_guest_control(&guest, i);

		CHECK(!nm_guest_prepare(&guest, i, "exit.cpuid", i % 2 ? 3 : 0), "%s",
		      nm_error_last()->text);
		control->samples = 16;
		control->batch = 1;
		control->sample_gpa = guest.heap + i * 1024ull;
		control->overhead_gpa = control->sample_gpa + 512;
		threads[i] = (struct vcpu_thread) {.guest = &guest, .vcpu = i};
	}
	for (unsigned int i = 0; i < COUNT; i++)
		pthread_create(&ids[i], NULL, vcpu_main, &threads[i]);
	for (unsigned int i = 0; i < COUNT; i++) {
		const uint64_t *sample = nm_vm_memory(&guest.vm, guest.heap + i * 1024ull, 128);

		pthread_join(ids[i], NULL);
		CHECK(!threads[i].r && threads[i].result.end == NM_GUEST_DONE, "vCPU %u: %s", i,
		      threads[i].result.text);
		CHECK(sample[0] && sample[15], "vCPU %u wrote no samples", i);
	}
	nm_guest_destroy(&guest);
}

/* Where the guest's tables lead, walked as the SDM has it; 0 where they end. */
static uint64_t walk(const struct nm_guest *guest, uint64_t address, uint64_t *page_bytes)
{
	uint64_t table = guest->payload.header.page_table;

	for (unsigned int shift = 39; shift >= 12; shift -= 9) {
		const uint64_t *entries = nm_vm_memory(&guest->vm, table, 4096);
		uint64_t entry = entries ? entries[address >> shift & 511] : 0;

		*page_bytes = 1ull << shift;
		if ((entry & 7) != 7)
			return 0;
		table = entry & 0xffffffffff000ull;
		if (shift == 12 || entry & 0x80)
			return table + (address & (*page_bytes - 1));
	}
	return 0;
}

static void test_mapping(void)
{
	static const uint64_t sizes[] = {4096, 1u << 21, 1u << 30};
	struct nm_guest guest;
	uint64_t page = 0;

	if (create(&guest, 1))
		return;
	for (size_t i = 0; i < 3; i++) {
		const uint64_t base = NM_ABI_MEMORY + (i << 31);
		const uint64_t last = base + 3 * sizes[i] - 8;

		CHECK(!nm_guest_map(&guest, base, 3 * sizes[i], sizes[i]), "%s",
		      nm_error_last()->text);
		CHECK(walk(&guest, base, &page) == base && page == sizes[i], "the first page");
		CHECK(walk(&guest, last, &page) == last && page == sizes[i], "the last page");
		if (sizes[i] < 1u << 30)
			CHECK(!walk(&guest, last + 8, &page), "one page too many");
	}
	CHECK(walk(&guest, 0x10000, &page) == 0x10000, "the payload itself");
	CHECK(nm_guest_map(&guest, NM_ABI_MEMORY + 4096, 1u << 21, 1u << 21) == -EINVAL, "crooked");
	CHECK(nm_guest_map(&guest, NM_ABI_MEMORY, 8192, 8192) == -EINVAL, "no page size");
	CHECK(nm_guest_map(&guest, 0, 4096, 4096) == -EINVAL, "over the payload");
	CHECK(nm_guest_map(&guest, NM_ABI_MEMORY + (1ull << 31), 4096, 4096) == -EINVAL,
	      "within a larger page");
	CHECK(nm_guest_map(&guest, 16 * NM_ABI_MEMORY, NM_ABI_MEMORY * 2, 4096) == -ENOSPC,
	      "more tables than there is room for");
	nm_guest_destroy(&guest);
}

static void test_statistics(void)
{
	uint64_t before[512];
	uint64_t after[512];
	struct nm_guest_result result;
	struct nm_kvmstats stats;
	struct nm_guest guest;
	bool moved = false;

	if (create(&guest, 1))
		return;
	CHECK(!nm_kvmstats_open(&stats, guest.vcpus[0].fd), "%s", nm_error_last()->text);
	CHECK(stats.count > 10 && stats.count <= 512, "%zu counters", stats.count);
	CHECK(!nm_kvmstats_read(&stats, before), "%s", nm_error_last()->text);
	nm_guest_prepare(&guest, 0, "drill.silent", 0);
	nm_guest_run(&guest, 0, LIMIT_NS, &result);
	CHECK(!nm_kvmstats_read(&stats, after), "%s", nm_error_last()->text);
	for (size_t i = 0; i < stats.count; i++)
		moved |= !strcmp(stats.stats[i].name, "exits") && after[i] > before[i];
	CHECK(moved, "the counter exits did not move");
	nm_kvmstats_close(&stats);
	nm_guest_destroy(&guest);
}

static void test_memory_slots(void)
{
	struct nm_vm vm;

	CHECK(!nm_vm_create(&vm, &kvm), "%s", nm_error_last()->text);
	CHECK(!nm_vm_add_memory(&vm, 0, 65536), "%s", nm_error_last()->text);
	CHECK(!nm_vm_add_memory(&vm, 0x100000, 4096), "%s", nm_error_last()->text);
	CHECK(nm_vm_add_memory(&vm, 4096, 4096) == -EINVAL, "an overlap was accepted");
	CHECK(nm_vm_add_memory(&vm, 0x200000, 100) == -EINVAL, "half a page was accepted");
	CHECK(nm_vm_add_memory(&vm, UINT64_MAX - 4095, 8192) == -EINVAL,
	      "an overflow was accepted");
	CHECK(nm_vm_memory(&vm, 65535, 1), "the last byte of a slot");
	CHECK(!nm_vm_memory(&vm, 65535, 2), "an access beyond a slot");
	CHECK(!nm_vm_memory(&vm, 0, UINT64_MAX), "an access that overflows");
	nm_vm_destroy(&vm);
}

static void test_interrupt_devices(void)
{
	int event_fd = eventfd(0, EFD_CLOEXEC);
	struct kvm_irqchip pic = {.chip_id = KVM_IRQCHIP_PIC_MASTER};
	struct nm_vcpu vcpu;
	struct nm_vm vm;
	uint64_t one = 1;

	CHECK(!nm_vm_create(&vm, &kvm), "%s", nm_error_last()->text);
	CHECK(!nm_vm_create_irqchip(&vm), "%s", nm_error_last()->text);
	CHECK(!nm_vm_create_pit(&vm), "%s", nm_error_last()->text);
	CHECK(!nm_vcpu_create(&vcpu, &vm, 0), "%s", nm_error_last()->text);
	CHECK(!nm_vm_irqfd(&vm, event_fd, 5), "%s", nm_error_last()->text);
	CHECK(write(event_fd, &one, sizeof(one)) == (ssize_t)sizeof(one), "eventfd");
	/* KVM raises the line from a worker of its own. */
	for (int i = 0; i < 200 && !(pic.chip.pic.irr & 1u << 5); i++) {
		CHECK(!ioctl(vm.fd, KVM_GET_IRQCHIP, &pic), "KVM_GET_IRQCHIP: %s", strerror(errno));
		usleep(10000);
	}
	CHECK(pic.chip.pic.irr & 1u << 5, "line 5 did not reach the 8259A");
	CHECK(!nm_vm_ioeventfd(&vm, NM_BUS_PIO, 0x510, 2, event_fd), "%s", nm_error_last()->text);
	CHECK(nm_vm_ioeventfd(&vm, NM_BUS_PIO, 0x510, 2, event_fd) == -EEXIST,
	      "the same ioeventfd twice");
	nm_vcpu_destroy(&vcpu);
	nm_vm_destroy(&vm);
	close(event_fd);
}

static void keep_access(void *context, const struct nm_access *access)
{
	uint64_t *kept = context;

	kept[0]++;
	if (access->write)
		memcpy(&kept[1], access->data, sizeof(kept[1]));
}

/* A guest writes an MSR that KVM does not know: #GP without the capability, an access to the device with it. */
static void run_unknown_msr(bool forward, struct nm_guest_result *result, uint64_t kept[2])
{
	struct nm_guest guest;
	uint64_t marks = 0;
	const struct nm_device devices[] = {
		{NM_BUS_MSR, NM_ABI_MSR_TEST, 1, keep_access, kept},
		{NM_BUS_PIO, NM_ABI_PORT_MARK, 1, ignore_access, &marks},
	};

	*result = (struct nm_guest_result) {.end = NM_GUEST_UNEXPECTED};
	if (create(&guest, 1))
		return;
	for (size_t i = 0; i < 2; i++)
		CHECK(!nm_devices_add(&guest.devices, devices[i]), "%s", nm_error_last()->text);
	CHECK(!forward || !nm_vm_forward_unknown_msrs(&guest.vm), "%s", nm_error_last()->text);
	CHECK(!nm_guest_prepare(&guest, 0, "exit.wrmsr.user", 0), "%s", nm_error_last()->text);
	nm_guest_control(&guest, 0)->warmup = 3;
	CHECK(!nm_guest_run(&guest, 0, LIMIT_NS, result), "%s", nm_error_last()->text);
	nm_guest_destroy(&guest);
}

static void test_unknown_msrs(void)
{
	struct nm_guest_result result;
	uint64_t kept[2] = {0};

	if (!nm_kvm_capability(&kvm, KVM_CAP_X86_USER_SPACE_MSR))
		return;
	run_unknown_msr(false, &result, kept);
	CHECK(result.end == NM_GUEST_EXCEPTION && strstr(result.text, "#GP"), "%s", result.text);
	CHECK(!kept[0], "%llu accesses", (unsigned long long)kept[0]);
	run_unknown_msr(true, &result, kept);
	CHECK(result.end == NM_GUEST_DONE, "%s", result.text);
	CHECK(kept[0] == 3 && kept[1] == NM_ABI_TEST_BYTE, "%llu accesses, the last of %#llx",
	      (unsigned long long)kept[0], (unsigned long long)kept[1]);
}

static void test_ioeventfds_by_value(void)
{
	int event_fd = eventfd(0, EFD_CLOEXEC);
	struct nm_vm vm;

	CHECK(!nm_vm_create(&vm, &kvm), "%s", nm_error_last()->text);
	CHECK(!nm_vm_ioeventfd_match(&vm, NM_BUS_PIO, 0x510, 1, 1, event_fd), "%s",
	      nm_error_last()->text);
	CHECK(!nm_vm_ioeventfd_match(&vm, NM_BUS_PIO, 0x510, 1, 2, event_fd), "%s",
	      nm_error_last()->text);
	CHECK(nm_vm_ioeventfd_match(&vm, NM_BUS_PIO, 0x510, 1, 2, event_fd) == -EEXIST,
	      "the same value twice");
	CHECK(nm_vm_ioeventfd_match(&vm, NM_BUS_MMIO, 0x30000000, 3, 1, event_fd) == -EINVAL,
	      "three bytes");
	CHECK(!nm_vm_coalesce(&vm, NM_BUS_MMIO, 0x30001000, 4), "%s", nm_error_last()->text);
	nm_vm_destroy(&vm);
	close(event_fd);
}

static unsigned int open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (folder && readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void test_nothing_is_left_behind(void)
{
	struct nm_guest_result result;
	unsigned int before = open_files();

	for (int i = 0; i < 20; i++)
		run_one("drill.silent", &result, LIMIT_NS);
	CHECK(open_files() == before, "%u open files, %u before", open_files(), before);
}

/* What probes do: one exit of each class. Which of them work depends on the KVM; that all are tried does not. */
static void test_proof(void)
{
	unsigned int before = open_files();
	double begin = seconds();
	struct nm_arena arena = {0};
	struct nm_text text = {0};
	struct nm_guest_fact fact;
	struct nm_kvm none = {.fd = -1};

	CHECK(nm_guest_fact_produce(&text, &none) == -ENODEV, "guests without a device");
	CHECK(!nm_guest_fact_produce(&text, &kvm), "%s", nm_error_last()->text);
	CHECK(seconds() - begin < 2, "took %f s", seconds() - begin);
	CHECK(!nm_guest_fact_parse(&arena, text.bytes, &fact), "%s", nm_error_last()->text);
	CHECK(fact.canary.state == NM_PROOF_OK, "%s", fact.canary.text);
	for (int i = 0; i < NM_GUEST_CLASSES; i++) {
		CHECK(nm_payload_function(&ops, nm_guest_steps[i].operation), "%s is missing",
		      nm_guest_steps[i].operation);
		CHECK(fact.classes[i].state != NM_PROOF_ABSENT, "%s", nm_guest_classes[i].name);
		CHECK(!nm_guest_classes[i].basic || fact.classes[i].state == NM_PROOF_OK, "%s: %s",
		      nm_guest_classes[i].name, fact.classes[i].text);
	}
	CHECK(open_files() == before, "%u open files, %u before", open_files(), before);
	nm_text_free(&text);
	nm_arena_free(&arena);
}

int main(void)
{
	if (nm_kvm_open(&kvm, NM_KVM_DEVICE)) {
		printf("skipped: %s\n", nm_error_last()->text);
		return 4;
	}
	CHECK(!nm_payload_ops(&ops), "%s", nm_error_last()->text);
	test_every_descriptor_has_a_guest_function();
	test_canary();
	test_spinning_guest_is_ended();
	test_guests_that_go_wrong();
	test_memory_that_the_host_has_not();
	test_several_vcpus();
	test_mapping();
	test_statistics();
	test_memory_slots();
	test_interrupt_devices();
	test_unknown_msrs();
	test_ioeventfds_by_value();
	test_nothing_is_left_behind();
	test_proof();
	nm_kvm_close(&kvm);
	printf("%d failures\n", failures);
	return failures != 0;
}
