/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What the VMM does without a KVM device; tests/kvm covers the rest. */
#include "helpers.h"
#include "vmm/deadline.h"
#include "vmm/guest.h"
#include "vmm/kvmstats.h"
#include "vmm/meter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

/* Payloads */

static unsigned char *image;
static struct nm_abi_image *header;
static size_t image_bytes;

/* A copy of the payload with all operations, to be damaged. */
static void copy_image(void)
{
	struct nm_payload payload;

	cr_assert_eq(nm_payload_ops(&payload), 0, "%s", nm_error_last()->text);
	image_bytes = payload.size;
	image = malloc(image_bytes);
	memcpy(image, payload.bytes, image_bytes);
	header = (struct nm_abi_image *)(void *)image;
}

static void free_image(void)
{
	free(image);
}

static void assert_image_refused(const char *says)
{
	struct nm_payload payload = {0};

	cr_assert_eq(nm_payload_check(&payload, image, image_bytes), -EINVAL, "accepted: %s", says);
	assert_error_says(says);
	cr_assert_null(payload.bytes, "%s: refused and still given out", says);
}

TestSuite(payload, .init = copy_image, .fini = free_image);

Test(payload, those_built_in_are_sound)
{
	struct nm_payload ops;
	struct nm_payload canary;

	cr_assert_eq(nm_payload_ops(&ops), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_payload_canary(&canary), 0, "%s", nm_error_last()->text);
	cr_assert_gt(ops.header.op_count, 0, "there are no operations");
	cr_assert_eq(nm_payload_check(&ops, image, image_bytes), 0, "%s", nm_error_last()->text);
	cr_assert_eq(ops.bytes, image, "the bytes were moved");
	cr_assert_eq(ops.size, image_bytes, "the size is %zu", ops.size);
}

Test(payload, what_is_too_short_is_refused)
{
	for (size_t size = 0; size < sizeof(struct nm_abi_image); size++) {
		unsigned char *cut = malloc(size + 1);
		struct nm_payload payload;

		memcpy(cut, image, size);
		cr_assert_eq(nm_payload_check(&payload, cut, size), -EINVAL, "%zu bytes pass",
			     size);
		free(cut);
	}
	assert_error_says("too short");
	image_bytes--;
	assert_image_refused("sizes in the header");
}

Test(payload, another_magic_or_version_is_refused)
{
	header->magic ^= 1;
	assert_image_refused("not a payload image");
	header->magic ^= 1;
	header->version++;
	assert_image_refused("ABI version");
}

Test(payload, sizes_that_do_not_fit_are_refused)
{
	header->file_bytes++;
	assert_image_refused("sizes in the header");
	header->file_bytes--;
	header->memory_bytes = image_bytes - 1;
	assert_image_refused("sizes in the header");
	header->memory_bytes = UINT64_MAX;
	assert_image_refused("sizes in the header");
}

Test(payload, addresses_outside_the_image_are_refused)
{
	uint64_t *const addresses[] = {&header->entry, &header->page_table, &header->gdt,
				       &header->idt, &header->ops};
	const uint64_t outside[] = {
		0,	    NM_ABI_IMAGE_BASE - 1, NM_ABI_IMAGE_BASE + image_bytes,
		UINT64_MAX, UINT64_MAX - 7,	   (uint64_t)1 << 63};

	for (size_t i = 0; i < COUNT(addresses); i++) {
		uint64_t good = *addresses[i];

		for (size_t j = 0; j < COUNT(outside); j++) {
			*addresses[i] = outside[j];
			assert_image_refused("an address in the header lies outside");
		}
		*addresses[i] = good;
	}
	header->page_table = NM_ABI_IMAGE_BASE + image_bytes - 4095;
	assert_image_refused("an address in the header lies outside");
}

Test(payload, tables_that_reach_outside_are_refused)
{
	uint64_t *const sizes[] = {&header->gdt_bytes, &header->idt_bytes};
	const uint64_t large[] = {65537, image_bytes + 1, UINT64_MAX};
	const uint32_t counts[] = {1025, UINT32_MAX};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint64_t good = *sizes[i];

		for (size_t j = 0; j < COUNT(large); j++) {
			*sizes[i] = large[j];
			assert_image_refused("an address in the header lies outside");
		}
		*sizes[i] = good;
	}
	for (size_t i = 0; i < COUNT(counts); i++) {
		header->op_count = counts[i];
		assert_image_refused("an address in the header lies outside");
	}
}

/* In an image large enough to hold them. */
Test(payload, tables_beyond_their_limits_are_refused)
{
	image_bytes = 200000;
	free(image);
	image = calloc(1, image_bytes);
	header = (struct nm_abi_image *)(void *)image;
	*header = (struct nm_abi_image) {.magic = NM_ABI_IMAGE_MAGIC,
					 .version = NM_ABI_VERSION,
					 .op_count = 1024,
					 .file_bytes = image_bytes,
					 .memory_bytes = image_bytes,
					 .entry = NM_ABI_IMAGE_BASE,
					 .page_table = NM_ABI_IMAGE_BASE,
					 .gdt = NM_ABI_IMAGE_BASE,
					 .gdt_bytes = 65536,
					 .idt = NM_ABI_IMAGE_BASE,
					 .idt_bytes = 65536,
					 .ops = NM_ABI_IMAGE_BASE};
	cr_assert_eq(nm_payload_check(&(struct nm_payload) {0}, image, image_bytes), 0, "%s",
		     nm_error_last()->text);
	header->op_count++;
	assert_image_refused("an address in the header");
	header->op_count--;
	header->gdt_bytes++;
	assert_image_refused("an address in the header");
	header->gdt_bytes--;
	header->idt_bytes++;
	assert_image_refused("an address in the header");
}

Test(payload, functions_are_found_by_their_whole_name)
{
	struct nm_payload payload;
	struct nm_abi_op *ops;

	cr_assert_eq(nm_payload_check(&payload, image, image_bytes), 0, "%s",
		     nm_error_last()->text);
	ops = (struct nm_abi_op *)(void *)(image + (header->ops - NM_ABI_IMAGE_BASE));
	for (uint32_t i = 0; i < header->op_count; i++)
		cr_assert_eq(nm_payload_function(&payload, ops[i].name), ops[i].function, "%s",
			     ops[i].name);
	cr_assert_neq(nm_payload_function(&payload, "exit.cpuid"), 0, "exit.cpuid is missing");
	cr_assert_eq(nm_payload_function(&payload, "exit.cpui"), 0, "half a name is enough");
	cr_assert_eq(nm_payload_function(&payload, "exit.cpuid2"), 0, "more than the name passes");
	cr_assert_eq(nm_payload_function(&payload, ""), 0, "no name is enough");
	ops[0].function = NM_ABI_IMAGE_BASE + image_bytes;
	cr_assert_eq(nm_payload_function(&payload, ops[0].name), 0, "it lies outside the image");
}

/* Exits */

static struct kvm_run run;
static const struct nm_vcpu vcpu = {.fd = -1, .run = &run};

static void assert_described(const char *expected)
{
	char text[256] = "";
	char small[16];

	nm_exit_describe(&vcpu, text, sizeof(text));
	cr_assert_str_eq(text, expected, "it is \"%s\", expected \"%s\"", text, expected);
	memset(small, '#', sizeof(small));
	nm_exit_describe(&vcpu, small, sizeof(small) - 1);
	cr_assert_eq(small[sizeof(small) - 1], '#', "%s: written behind the buffer", expected);
	cr_assert_eq(strncmp(small, expected, sizeof(small) - 2), 0, "%s: cut to %s", expected,
		     small);
}

Test(exit, reasons_have_the_names_of_the_api)
{
	cr_assert_str_eq(nm_exit_name(KVM_EXIT_UNKNOWN), "KVM_EXIT_UNKNOWN", "0");
	cr_assert_str_eq(nm_exit_name(KVM_EXIT_IO), "KVM_EXIT_IO", "2");
	cr_assert_str_eq(nm_exit_name(KVM_EXIT_HLT), "KVM_EXIT_HLT", "5");
	cr_assert_str_eq(nm_exit_name(KVM_EXIT_MMIO), "KVM_EXIT_MMIO", "6");
	cr_assert_str_eq(nm_exit_name(KVM_EXIT_SHUTDOWN), "KVM_EXIT_SHUTDOWN", "8");
	cr_assert_str_eq(nm_exit_name(KVM_EXIT_INTERNAL_ERROR), "KVM_EXIT_INTERNAL_ERROR", "17");
	cr_assert_str_eq(nm_exit_name(39), "KVM_EXIT_MEMORY_FAULT", "39");
}

Test(exit, unknown_reasons_keep_their_number)
{
	cr_assert_str_eq(nm_exit_name(99), "KVM_EXIT_99", "it is %s", nm_exit_name(99));
	cr_assert_str_eq(nm_exit_name(UINT32_MAX), "KVM_EXIT_4294967295", "it is %s",
			 nm_exit_name(UINT32_MAX));
	/* 16 was never given out. */
	for (uint32_t reason = 0; reason < 64; reason++)
		cr_assert_eq(strncmp(nm_exit_name(reason), "KVM_EXIT_", 9), 0, "%u is %s", reason,
			     nm_exit_name(reason));
}

Test(exit, accesses_that_nothing_serves_say_where)
{
	run.exit_reason = KVM_EXIT_IO;
	run.io.direction = KVM_EXIT_IO_OUT;
	run.io.port = 0x80;
	assert_described("KVM_EXIT_IO: OUT to port 0x80 that no device of the guest serves");
	run.io.direction = KVM_EXIT_IO_IN;
	assert_described("KVM_EXIT_IO: IN from port 0x80 that no device of the guest serves");
	run.exit_reason = KVM_EXIT_MMIO;
	run.mmio.phys_addr = 0xfee00000;
	run.mmio.is_write = 1;
	assert_described("KVM_EXIT_MMIO: write to 0xfee00000 that no device of the guest serves");
	run.mmio.is_write = 0;
	assert_described("KVM_EXIT_MMIO: read of 0xfee00000 that no device of the guest serves");
}

Test(exit, deaths_of_a_guest_say_how)
{
	run.exit_reason = KVM_EXIT_SHUTDOWN;
	assert_described("KVM_EXIT_SHUTDOWN: the guest shut down by a triple fault");
	run.exit_reason = KVM_EXIT_FAIL_ENTRY;
	run.fail_entry.hardware_entry_failure_reason = 0x80000021;
	assert_described("KVM_EXIT_FAIL_ENTRY: hardware entry failure reason 0x80000021 (VM entry "
			 "with invalid guest state)");
	run.fail_entry.hardware_entry_failure_reason = 7;
	assert_described("KVM_EXIT_FAIL_ENTRY: hardware entry failure reason 0x7 (VM entry with "
			 "invalid control fields: the CPU lacks a control that KVM uses)");
	run.fail_entry.hardware_entry_failure_reason = 0xffffffff;
	assert_described("KVM_EXIT_FAIL_ENTRY: hardware entry failure reason 0xffffffff (VMRUN "
			 "refused an invalid guest state)");
	run.fail_entry.hardware_entry_failure_reason = 0x1234;
	assert_described("KVM_EXIT_FAIL_ENTRY: hardware entry failure reason 0x1234 (unknown)");
	run.exit_reason = KVM_EXIT_UNKNOWN;
	run.hw.hardware_exit_reason = 0x12345;
	assert_described("KVM_EXIT_UNKNOWN: hardware exit reason 0x12345 (unknown)");
	run.exit_reason = KVM_EXIT_HLT;
	assert_described("KVM_EXIT_HLT");
	run.exit_reason = 1234;
	assert_described("KVM_EXIT_1234");
}

Test(exit, internal_errors_show_the_instruction_when_kvm_gives_it)
{
	run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run.emulation_failure.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run.emulation_failure.ndata = 4;
	run.emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
	run.emulation_failure.insn_size = 3;
	memcpy(run.emulation_failure.insn_bytes, "\x0f\x01\xd9", 3);
	assert_described("KVM_EXIT_INTERNAL_ERROR: suberror 1 (KVM could not emulate an "
			 "instruction): VMMCALL, instruction bytes 0f 01 d9");
	memcpy(run.emulation_failure.insn_bytes, "\x0f\x0b\x90", 3);
	assert_described("KVM_EXIT_INTERNAL_ERROR: suberror 1 (KVM could not emulate an "
			 "instruction), instruction bytes 0f 0b 90");
	run.emulation_failure.flags = 0;
	assert_described("KVM_EXIT_INTERNAL_ERROR: suberror 1 (KVM could not emulate an "
			 "instruction)");
	run.internal.suberror = KVM_INTERNAL_ERROR_DELIVERY_EV;
	run.internal.data[1] = 0xfff0;
	assert_described("KVM_EXIT_INTERNAL_ERROR: suberror 3 (an exit while an event was "
			 "delivered), hardware exit reason 0xfff0 (unknown)");
	run.internal.ndata = 1;
	assert_described("KVM_EXIT_INTERNAL_ERROR: suberror 3 (an exit while an event was "
			 "delivered)");
	run.internal.suberror = KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON;
	run.internal.data[0] = 0xffe0;
	assert_described("KVM_EXIT_INTERNAL_ERROR: suberror 4 (an exit reason that KVM does not "
			 "know), hardware exit reason 0xffe0 (unknown)");
	run.internal.suberror = 77;
	assert_described("KVM_EXIT_INTERNAL_ERROR: suberror 77 (unknown suberror)");
}

Test(exit, no_more_than_15_instruction_bytes_are_shown)
{
	char text[512];

	run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run.emulation_failure.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run.emulation_failure.ndata = 4;
	run.emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
	run.emulation_failure.insn_size = 255;
	nm_exit_describe(&vcpu, text, sizeof(text));
	cr_assert_str_eq(strstr(text, "bytes") + 5, " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
			 "it is %s", text);
}

/* Memory and devices of a guest */

Test(memory, ranges_must_lie_in_one_slot)
{
	static unsigned char first[8192];
	static unsigned char second[4096];
	const struct nm_vm vm = {.slots = {{.gpa = 0x1000, .bytes = 8192, .host = first},
					   {.gpa = 0x3000, .bytes = 4096, .host = second}},
				 .slot_count = 2};

	cr_assert_eq(nm_vm_memory(&vm, 0x1000, 8192), first, "the whole slot");
	cr_assert_eq(nm_vm_memory(&vm, 0x2fff, 1), first + 8191, "its last byte");
	cr_assert_eq(nm_vm_memory(&vm, 0x3000, 4096), second, "the second slot");
	cr_assert_null(nm_vm_memory(&vm, 0xfff, 1), "the byte before");
	cr_assert_null(nm_vm_memory(&vm, 0x4000, 1), "the byte behind");
	cr_assert_null(nm_vm_memory(&vm, 0x2fff, 2), "across two slots");
	cr_assert_null(nm_vm_memory(&vm, 0x1000, UINT64_MAX), "all of memory");
	cr_assert_null(nm_vm_memory(&vm, UINT64_MAX, 2), "around the end");
}

Test(memory, slots_must_be_whole_pages_and_apart)
{
	static const struct {
		uint64_t gpa, bytes;
		const char *says;
	} cases[] = {
		{0x1000, 0, "not whole pages"},	     {0x1001, 4096, "not whole pages"},
		{0x1000, 4095, "not whole pages"},   {UINT64_MAX - 4095, 8192, "not whole pages"},
		{0x1000, 0x1000, "overlaps slot 0"}, {0x2000, 0x1000, "overlaps slot 0"},
		{0, 0x2000, "overlaps slot 0"},	     {0, 0x10000, "overlaps slot 0"},
		{0x5000, 0x1000, "overlaps slot 1"},
	};
	static unsigned char host[4096];
	struct nm_vm vm = {.fd = -1,
			   .slots = {{.gpa = 0x1000, .bytes = 0x2000, .host = host},
				     {.gpa = 0x5000, .bytes = 0x1000, .host = host}},
			   .slot_count = 2};

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_assert_eq(nm_vm_add_mapped(&vm, cases[i].gpa, cases[i].bytes, host, 0), -EINVAL,
			     "case %zu is accepted", i);
		assert_error_says(cases[i].says);
		cr_assert_eq(vm.slot_count, 2, "case %zu has left a slot", i);
	}
	/* Beside each other they are fine: what fails now is the ioctl on no VM. */
	cr_assert_eq(nm_vm_add_mapped(&vm, 0x3000, 0x2000, host, 0), -EBADF, "%s",
		     nm_error_last()->text);
	vm.slot_count = NM_VM_MAX_SLOTS;
	cr_assert_eq(nm_vm_add_mapped(&vm, 0x100000, 0x1000, host, 0), -ENOSPC,
		     "one slot too many");
}

Test(guest, devices_are_limited)
{
	static struct nm_guest guest;
	const struct nm_device device = {.bus = NM_BUS_PIO, .base = 0x80, .bytes = 1};

	for (unsigned int i = 0; i < NM_MAX_DEVICES; i++)
		cr_assert_eq(nm_devices_add(&guest.devices, device), 0, "device %u", i);
	cr_assert_eq(nm_devices_add(&guest.devices, device), -ENOSPC, "one device too many");
	cr_assert_eq(guest.devices.count, NM_MAX_DEVICES, "%u devices", guest.devices.count);
}

Test(guest, operations_that_the_payload_lacks_are_refused)
{
	static unsigned char block[NM_ABI_CPU_BYTES];
	struct nm_guest guest = {
		.vm = {.slots = {{.bytes = sizeof(block), .host = block}}, .slot_count = 1}};

	cr_assert_eq(nm_payload_ops(&guest.payload), 0, "%s", nm_error_last()->text);
	cr_assert_eq(nm_guest_prepare(&guest, 0, "no.such", 0), -ENOENT, "it is prepared");
	assert_error_says("no.such");
}

/* The KVM device */

TestSuite(kvm, .init = enter_folder, .fini = leave_folder);

static void assert_no_kvm(const char *path, int code, const char *says)
{
	struct nm_kvm kvm;

	cr_assert_eq(nm_kvm_open(&kvm, path), code, "%s gives another error: %s", path,
		     nm_error_last()->text);
	assert_error_says(path);
	assert_error_says(says);
	cr_assert_str_not_empty(nm_error_last()->remedy, "%s: there is no remedy", path);
	cr_assert_eq(kvm.fd, -1, "%s is still open", path);
	nm_kvm_close(&kvm);
}

Test(kvm, each_way_to_fail_has_its_own_message)
{
	write_text("plain", "");
	assert_no_kvm("absent", -ENOENT, "not there");
	assert_no_kvm("/dev/null", -ENODEV, "is not a KVM device");
	assert_no_kvm("plain", -ENODEV, "is not a KVM device");
	assert_no_kvm(".", -EISDIR, "open failed");
}

Test(kvm, a_vm_cannot_be_created_without_one)
{
	const struct nm_kvm kvm = {.fd = -1};
	struct nm_vm vm;

	cr_assert_eq(nm_vm_create(&vm, &kvm), -EBADF, "%s", nm_error_last()->text);
	assert_error_says("KVM_CREATE_VM");
	nm_vm_destroy(&vm);
	cr_assert_eq(nm_kvm_capability(&kvm, KVM_CAP_IRQCHIP), 0, "there is a capability");
}

Test(kvm, what_has_no_statistics_is_refused)
{
	struct nm_kvmstats stats;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(nm_kvmstats_open(&stats, fd), -ENOTTY, "%s", nm_error_last()->text);
	assert_error_says("KVM_GET_STATS_FD");
	nm_kvmstats_close(&stats);
	close(fd);
}

Test(kvm, statistics_are_read_where_their_descriptors_say)
{
	static const uint64_t data[] = {0, 11, 22, 33};
	struct nm_kvmstat entries[] = {{.name = NULL, .offset = 16}, {.name = NULL, .offset = 0}};
	unsigned char buffer[24];
	struct nm_kvmstats stats = {.count = 2,
				    .stats = entries,
				    .data_offset = 8,
				    .data_bytes = sizeof(buffer),
				    .data = buffer};
	uint64_t values[2];

	write_bytes("stats", (const char *)data, sizeof(data));
	stats.fd = open("stats", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(nm_kvmstats_read(&stats, values), 0, "%s", nm_error_last()->text);
	cr_assert_eq(values[0], 33, "the first is %llu", (unsigned long long)values[0]);
	cr_assert_eq(values[1], 11, "the second is %llu", (unsigned long long)values[1]);
	cr_assert_eq(truncate("stats", 31), 0, "cannot cut the file");
	cr_assert_eq(nm_kvmstats_read(&stats, values), -EIO, "half a value is read");
	assert_error_says("23 bytes instead of 24");
	close(stats.fd);
}

/* The exit meter */

Test(meter, a_loop_costs_what_its_mark_does_not)
{
	cr_assert_eq(nm_meter_delta(100, 110, 1120), 1000, "1010 less 10");
	cr_assert_eq(nm_meter_delta(100, 110, 120), 0, "a mark alone");
	cr_assert_eq(nm_meter_delta(100, 110, 115), 0, "less than a mark");
}

Test(meter, readings_may_wrap)
{
	cr_assert_eq(nm_meter_delta(UINT32_MAX - 4, 5, 1015), 1000, "within the mark");
	cr_assert_eq(nm_meter_delta(UINT32_MAX - 14, UINT32_MAX - 4, 1005), 1000,
		     "within the loop");
}

/* Deadlines */

static void wait_ms(long ms)
{
	struct timespec left = {.tv_nsec = ms * 1000000};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

Test(deadline, a_limit_stops_the_vcpu)
{
	struct nm_deadline deadline;

	run.immediate_exit = 1;
	cr_assert_eq(nm_deadline_arm(&deadline, &run, 50000000), 0, "%s", nm_error_last()->text);
	cr_assert_not(nm_deadline_passed(), "it has passed at once");
	cr_assert_eq(run.immediate_exit, 0, "the vCPU cannot enter");
	wait_ms(200);
	cr_assert(nm_deadline_passed(), "it has not passed");
	cr_assert_eq(run.immediate_exit, 1, "the vCPU can enter again");
	nm_deadline_disarm(&deadline);
}

Test(deadline, a_limit_that_is_taken_back_does_nothing)
{
	struct nm_deadline deadline;

	cr_assert_eq(nm_deadline_arm(&deadline, &run, 50000000), 0, "%s", nm_error_last()->text);
	nm_deadline_disarm(&deadline);
	nm_deadline_disarm(&deadline);
	wait_ms(150);
	cr_assert_not(nm_deadline_passed(), "it has passed");
	cr_assert_eq(run.immediate_exit, 0, "the vCPU cannot enter");
}

Test(deadline, an_old_limit_is_forgotten)
{
	struct nm_deadline deadline;

	cr_assert_eq(nm_deadline_arm(&deadline, &run, 1000000), 0, "%s", nm_error_last()->text);
	wait_ms(100);
	cr_assert(nm_deadline_passed(), "it has not passed");
	nm_deadline_disarm(&deadline);
	cr_assert_eq(nm_deadline_arm(&deadline, &run, 5000000000), 0, "%s", nm_error_last()->text);
	cr_assert_not(nm_deadline_passed(), "the new one has passed");
	cr_assert_eq(run.immediate_exit, 0, "the vCPU cannot enter");
	nm_deadline_disarm(&deadline);
}

Test(deadline, a_signal_before_the_first_limit_does_nothing)
{
	struct nm_deadline deadline;

	cr_assert_eq(nm_deadline_catch(), 0, "%s", nm_error_last()->text);
	raise(SIGRTMIN);
	cr_assert_eq(nm_deadline_arm(&deadline, &run, 5000000000), 0, "%s", nm_error_last()->text);
	cr_assert_not(nm_deadline_passed(), "the limit has passed");
	cr_assert_eq(run.immediate_exit, 0, "the vCPU cannot enter");
	nm_deadline_disarm(&deadline);
}
