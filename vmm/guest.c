/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/guest.h"

#include "core/error.h"
#include "vmm/deadline.h"
#include "vmm/delay.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define PAGE 4096u

/* SDM vol. 3, 64-bit TSS: RSP0 at 4, the offset of the I/O bitmap at 102. */
#define TSS_RSP0      4
#define TSS_IO_BITMAP 102
#define TSS_BYTES     104

static uint64_t round_up(uint64_t value)
{
	return (value + PAGE - 1) / PAGE * PAGE;
}

static uint64_t block_of(const struct nm_guest *guest, unsigned int vcpu)
{
	return guest->cpu_blocks + (uint64_t)vcpu * NM_ABI_CPU_BYTES;
}

/* All ports are open to CPL3; the byte behind the bitmap must be all ones. */
static void write_tss(unsigned char *tss, uint64_t stack_top)
{
	uint16_t bitmap = TSS_BYTES;

	memcpy(tss + TSS_RSP0, &stack_top, sizeof(stack_top));
	memcpy(tss + TSS_IO_BITMAP, &bitmap, sizeof(bitmap));
	tss[NM_ABI_TSS_LIMIT] = 0xff;
}

static int load_payload(struct nm_guest *guest, const struct nm_guest_config *config)
{
	uint64_t total;
	unsigned char *memory;
	int r;

	guest->payload = *config->payload;
	guest->cpu_blocks = round_up(NM_ABI_IMAGE_BASE + guest->payload.header.memory_bytes);
	guest->shared = guest->cpu_blocks + (uint64_t)config->vcpus * NM_ABI_CPU_BYTES;
	guest->heap = guest->shared + PAGE;
	guest->heap_bytes = round_up(config->heap_bytes);
	total = guest->heap + guest->heap_bytes;
	if (config->vcpus < 1 || config->vcpus > NM_ABI_MAX_VCPUS || total > NM_ABI_MMIO_TEST)
		return nm_fail(EINVAL, "guest of %u vCPUs and %" PRIu64 " bytes", config->vcpus,
			       total);
	r = nm_vm_add_memory(&guest->vm, 0, total);
	if (r)
		return r;
	memory = nm_vm_memory(&guest->vm, 0, total);
	memcpy(memory + NM_ABI_IMAGE_BASE, guest->payload.bytes, guest->payload.size);
	/* Samples must not wait for the host to find memory. */
	if (guest->heap_bytes &&
	    madvise(memory + guest->heap, guest->heap_bytes, MADV_POPULATE_WRITE))
		memset(memory + guest->heap, 0, guest->heap_bytes);
	return 0;
}

static int create_vcpus(struct nm_guest *guest, unsigned int count)
{
	int r = 0;

	guest->vcpus = calloc(count, sizeof(*guest->vcpus));
	if (!guest->vcpus)
		return nm_fail(ENOMEM, "out of memory");
	while (!r && guest->vcpu_count < count) {
		r = nm_vcpu_create(&guest->vcpus[guest->vcpu_count], &guest->vm, guest->vcpu_count);
		if (!r)
			guest->vcpu_count++;
	}
	return r;
}

int nm_guest_create(struct nm_guest *guest, const struct nm_kvm *kvm,
		    const struct nm_guest_config *config)
{
	int r;

	*guest = (struct nm_guest) {.vm = {.fd = -1}};
	r = nm_vm_create(&guest->vm, kvm);
	if (!r && config->configure)
		r = config->configure(&guest->vm);
	if (!r && config->irqchip)
		r = nm_vm_create_irqchip(&guest->vm);
	if (!r && config->pit)
		r = nm_vm_create_pit(&guest->vm);
	if (!r)
		r = load_payload(guest, config);
	if (!r)
		r = create_vcpus(guest, config->vcpus);
	if (r)
		nm_guest_destroy(guest);
	return r;
}

void nm_guest_destroy(struct nm_guest *guest)
{
	for (unsigned int i = 0; i < guest->vcpu_count; i++)
		nm_vcpu_destroy(&guest->vcpus[i]);
	free(guest->vcpus);
	nm_vm_destroy(&guest->vm);
	*guest = (struct nm_guest) {.vm = {.fd = -1}};
}

struct nm_abi_control *nm_guest_control(const struct nm_guest *guest, unsigned int vcpu)
{
	return nm_vm_memory(&guest->vm, block_of(guest, vcpu), sizeof(struct nm_abi_control));
}

struct nm_abi_shared *nm_guest_shared(const struct nm_guest *guest)
{
	return nm_vm_memory(&guest->vm, guest->shared, sizeof(struct nm_abi_shared));
}

int nm_guest_prepare(const struct nm_guest *guest, unsigned int vcpu, const char *operation,
		     unsigned int cpl)
{
	const struct nm_abi_image *image = &guest->payload.header;
	uint64_t block = block_of(guest, vcpu);
	struct nm_abi_control *control = nm_guest_control(guest, vcpu);
	const struct nm_long_mode mode = {
		.page_table = image->page_table,
		.gdt = image->gdt,
		.gdt_limit = (uint16_t)(image->gdt_bytes - 1),
		.idt = image->idt,
		.idt_limit = (uint16_t)(image->idt_bytes - 1),
		.tss = block + NM_ABI_CPU_TSS,
		.tss_limit = NM_ABI_TSS_LIMIT,
		.gs_base = block,
		.code_selector = NM_ABI_KERNEL_CS,
		.data_selector = NM_ABI_KERNEL_DS,
		.segment_selector = NM_ABI_USER_DS,
		.tss_selector = NM_ABI_TSS,
		.rip = image->entry,
		.rsp = block + NM_ABI_CPU_STACK0_TOP,
		.rdi = block,
	};
	uint64_t function = nm_payload_function(&guest->payload, operation);
	int r;

	if (!function)
		return nm_fail(ENOENT, "the payload has no operation %s", operation);
	*control = (struct nm_abi_control) {
		.magic = NM_ABI_CONTROL_MAGIC,
		.version = NM_ABI_VERSION,
		.cpl = cpl,
		.function = function,
		.vcpu = vcpu,
		.vcpus = guest->vcpu_count,
		.shared_gpa = guest->shared,
	};
	write_tss(nm_vm_memory(&guest->vm, mode.tss, NM_ABI_TSS_LIMIT + 1), mode.rsp);
	r = nm_vcpu_enter_long_mode(&guest->vcpus[vcpu], &mode);
	return r || !vcpu ? r : nm_vcpu_make_runnable(&guest->vcpus[vcpu]);
}

static const char *exception_name(uint64_t vector)
{
	static const char *const names[] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
					    "#DF", "09h", "#TS", "#NP", "#SS", "#GP", "#PF", "0fh",
					    "#MF", "#AC", "#MC", "#XM", "#VE", "#CP"};

	return vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "interrupt";
}

static void describe_fault(const struct nm_abi_fault *fault, struct nm_guest_result *result)
{
	result->end = NM_GUEST_EXCEPTION;
	snprintf(result->text, sizeof(result->text),
		 "unexpected %s in the guest (vector %" PRIu64 ", error code %#" PRIx64
		 ", RIP %#" PRIx64 ", CS %#" PRIx64 ", CR2 %#" PRIx64 ")",
		 exception_name(fault->vector), fault->vector, fault->error_code, fault->rip,
		 fault->cs, fault->cr2);
}

/* Everything that is not an access to a device; true ends the run. */
static bool ended(const struct nm_guest *guest, unsigned int number, struct nm_guest_result *result)
{
	const struct nm_vcpu *vcpu = &guest->vcpus[number];
	const struct kvm_run *run = vcpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_HLT:
		if (guest->resume_halt)
			return false;
		result->end = NM_GUEST_UNEXPECTED;
		break;
	case KVM_EXIT_DEBUG:
		if (guest->on_debug && guest->on_debug(guest->debug_context, vcpu))
			return false;
		result->end = NM_GUEST_UNEXPECTED;
		break;
	case KVM_EXIT_IO:
		if (run->io.port == NM_ABI_PORT_DONE) {
			result->end = NM_GUEST_DONE;
			return true;
		}
		if (run->io.port == NM_ABI_PORT_FAULT) {
			describe_fault(&nm_guest_control(guest, number)->fault, result);
			return true;
		}
		result->end = NM_GUEST_UNEXPECTED;
		break;
	case KVM_EXIT_SHUTDOWN:
		result->end = NM_GUEST_SHUTDOWN;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
	case KVM_EXIT_FAIL_ENTRY:
		result->end = NM_GUEST_KVM_ERROR;
		break;
	default:
		result->end = NM_GUEST_UNEXPECTED;
		break;
	}
	nm_exit_describe(vcpu, result->text, sizeof(result->text));
	return true;
}

/* The path of every exit to user space: no system call but KVM_RUN. */
static int run_loop(struct nm_guest *guest, unsigned int number, struct nm_guest_result *result)
{
	const int fd = guest->vcpus[number].fd;
	struct kvm_run *run = guest->vcpus[number].run;

	for (;;) {
		if (ioctl(fd, KVM_RUN, 0)) {
			if (errno != EINTR && errno != EAGAIN)
				return nm_fail(errno, "KVM_RUN: %s", strerror(errno));
			if (!nm_deadline_passed())
				continue;
			result->end = NM_GUEST_TIMEOUT;
			return 0;
		}
		result->user_exits++;
		if (guest->delay)
			nm_delay(guest->delay);
		if (nm_devices_serve(&guest->devices, run))
			continue;
		if (ended(guest, number, result))
			return 0;
	}
}

/* How a guest ended, in a word that can be counted. An internal error goes by its suberror. */
static void name_failure(const struct kvm_run *run, struct nm_guest_result *result)
{
	static const char *const words[] = {[NM_GUEST_DONE] = "",
					    [NM_GUEST_EXCEPTION] = "exception",
					    [NM_GUEST_TIMEOUT] = "timeout",
					    [NM_GUEST_SHUTDOWN] = "shutdown",
					    [NM_GUEST_KVM_ERROR] = "failed_entry",
					    [NM_GUEST_UNEXPECTED] = "unexpected_exit"};

	if (result->end == NM_GUEST_KVM_ERROR && run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		snprintf(result->failure, sizeof(result->failure), "internal_error.%" PRIu32,
			 run->internal.suberror);
	else
		snprintf(result->failure, sizeof(result->failure), "%s", words[result->end]);
}

/*
 * KVM_RUN that fails with EIO does so ever after: KVM has killed the VM (kvm_vm_dead() in include/linux/kvm_host.h). With
 * EFAULT the host has no memory behind an address that the guest has used (kvm_handle_error_pfn() in arch/x86/kvm/mmu/mmu.c).
 */
static int describe_refusal(int r, struct nm_guest_result *result)
{
	if (r != -EIO && r != -EFAULT)
		return r;
	result->end = NM_GUEST_KVM_ERROR;
	snprintf(result->text, sizeof(result->text), "KVM_RUN: %s: %s", strerror(-r),
		 r == -EIO ? "KVM has killed the VM"
			   : "the host has no memory for an address that the guest uses");
	if (r == -EIO)
		snprintf(result->failure, sizeof(result->failure), "vm_killed");
	return 0;
}

int nm_guest_run(struct nm_guest *guest, unsigned int vcpu, uint64_t limit_ns,
		 struct nm_guest_result *result)
{
	struct nm_deadline deadline;
	int r = nm_deadline_arm(&deadline, guest->vcpus[vcpu].run, limit_ns);

	*result = (struct nm_guest_result) {0};
	if (r)
		return r;
	r = run_loop(guest, vcpu, result);
	nm_deadline_disarm(&deadline);
	if (!r)
		name_failure(guest->vcpus[vcpu].run, result);
	if (!r && result->end == NM_GUEST_TIMEOUT)
		snprintf(result->text, sizeof(result->text),
			 "the guest did not end within %" PRIu64 " ms (%" PRIu64
			 " exits to user space so far)",
			 limit_ns / 1000000u, result->user_exits);
	return describe_refusal(r, result);
}
