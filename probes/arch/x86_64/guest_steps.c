/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/guest_round.h"

#include "core/cpuid.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <linux/kvm_para.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define READ_BYTE	  0xc3u /* what the test device gives */
#define INTERRUPT_MASK	  0xa5u
#define VECTOR		  0x61u
#define WAKE_TICKS	  100000u /* 0.1 ms: KVM's local APIC counts ns (APIC_BUS_CYCLE_NS, lapic.h) */
#define UNKNOWN_HYPERCALL 0x6e6du
#define WORD		  0x6e6d746f75636820ull
#define ADDED		  0x1000001u

#define IA32_MISC_ENABLE 0x1a0u
#define FAST_STRINGS	 1u

/* SDM vol. 2, CPUID leaf 1: what follows CR4, IA32_MISC_ENABLE and IA32_APIC_BASE, and is not as it was given. */
#define ECX_MONITOR (1u << 3)
#define ECX_OSXSAVE (1u << 27)
#define EDX_APIC    (1u << 9)

static void serve(void *context, const struct nm_access *access)
{
	struct nm_guest_once *once = context;

	once->accesses++;
	if (access->write) {
		once->value = *(const unsigned char *)access->data;
		return;
	}
	once->value = READ_BYTE;
	memset(access->data, 0, (size_t)access->bytes * access->count);
	memcpy(access->data, &once->value, 1);
}

static int add_device(struct nm_guest_once *once, enum nm_bus bus, nm_access_fn access)
{
	const struct nm_device device = {
		.bus = bus,
		.base = bus == NM_BUS_PIO ? NM_ABI_PORT_TEST : NM_ABI_MMIO_TEST,
		.bytes = 1,
		.access = access,
		.context = once,
	};

	return nm_devices_add(&once->guest->devices, device);
}

static int prepare_pio(struct nm_guest_once *once)
{
	return add_device(once, NM_BUS_PIO, serve);
}

static int prepare_mmio(struct nm_guest_once *once)
{
	return add_device(once, NM_BUS_MMIO, serve);
}

static bool verify_access(const struct nm_guest_once *once, uint64_t wanted, uint64_t got,
			  char *why, size_t size)
{
	if (once->accesses == 1 && got == wanted)
		return true;
	snprintf(why, size,
		 "%" PRIu64 " accesses reached user space, expected 1; the value was %#" PRIx64
		 ", expected %#" PRIx64,
		 once->accesses, got, wanted);
	return false;
}

static bool verify_write(const struct nm_guest_once *once, char *why, size_t size)
{
	return verify_access(once, NM_ABI_TEST_BYTE, once->value, why, size);
}

static bool verify_read(const struct nm_guest_once *once, char *why, size_t size)
{
	return verify_access(once, READ_BYTE, once->control->result[0], why, size);
}

static bool same(const char *what, uint64_t got, uint32_t given, char *why, size_t size)
{
	if (got == given)
		return true;
	snprintf(why, size, "CPUID gave %s %08" PRIx64 "h, KVM was told %08" PRIx32 "h", what, got,
		 given);
	return false;
}

static const struct kvm_cpuid_entry2 *given_leaf(const struct nm_guest_once *once, uint32_t leaf,
						 char *why, size_t size)
{
	for (uint32_t i = 0; i < once->cpuid->nent; i++)
		if (once->cpuid->entries[i].function == leaf)
			return &once->cpuid->entries[i];
	snprintf(why, size, "KVM_GET_SUPPORTED_CPUID has no leaf %" PRIu32, leaf);
	return NULL;
}

static bool verify_vendor(const struct nm_guest_once *once, char *why, size_t size)
{
	const uint64_t *got = once->control->result;
	const struct kvm_cpuid_entry2 *given = given_leaf(once, 0, why, size);

	return given && same("0h EBX", got[1], given->ebx, why, size) &&
	       same("0h ECX", got[2], given->ecx, why, size) &&
	       same("0h EDX", got[3], given->edx, why, size);
}

static int prepare_features(struct nm_guest_once *once)
{
	once->control->argument[0] = 1;
	return 0;
}

static bool verify_features(const struct nm_guest_once *once, char *why, size_t size)
{
	const uint32_t fixed_c = ~(ECX_MONITOR | ECX_OSXSAVE);
	const uint64_t *got = once->control->result;
	const struct kvm_cpuid_entry2 *given = given_leaf(once, 1, why, size);

	return given && same("1h EAX", got[0], given->eax, why, size) &&
	       same("1h ECX", got[2] & fixed_c, given->ecx & fixed_c, why, size) &&
	       same("1h EDX", got[3] & ~EDX_APIC, given->edx & ~EDX_APIC, why, size);
}

static unsigned char *touched(const struct nm_guest_once *once)
{
	return nm_vm_memory(&once->guest->vm, once->guest->heap + NM_ROUND_TOUCH_OFFSET,
			    NM_ROUND_TOUCH_BYTES);
}

/* Neither page is mapped in the guest any more, and the second is not even there. */
static int prepare_touch(struct nm_guest_once *once)
{
	const uint64_t word = WORD;
	unsigned char *pages = touched(once);

	if (madvise(pages, NM_ROUND_TOUCH_BYTES, MADV_DONTNEED))
		return nm_fail(errno, "MADV_DONTNEED: %s", strerror(errno));
	memcpy(pages, &word, sizeof(word));
	once->control->argument[0] = once->guest->heap + NM_ROUND_TOUCH_OFFSET;
	once->control->argument[1] = ADDED;
	return 0;
}

static bool verify_touch(const struct nm_guest_once *once, char *why, size_t size)
{
	static const uint64_t wanted[] = {WORD, 0};

	for (size_t page = 0; page < 2; page++) {
		uint64_t read = once->control->result[page];
		uint64_t left;

		memcpy(&left, touched(once) + page * 4096, sizeof(left));
		if (read == wanted[page] && left == wanted[page] + ADDED)
			continue;
		snprintf(why, size,
			 "page %zu: the guest read %#" PRIx64 ", expected %#" PRIx64
			 "; it left %#" PRIx64,
			 page, read, wanted[page], left);
		return false;
	}
	return true;
}

static int prepare_hlt(struct nm_guest_once *once)
{
	once->guest->resume_halt = true;
	return 0;
}

/* Besides the marks one exit for HLT, and the one that ended it all. */
static bool verify_hlt(const struct nm_guest_once *once, char *why, size_t size)
{
	uint64_t halts = once->user_exits - once->marks - 1;

	if (halts == 1)
		return true;
	snprintf(why, size, "%" PRIu64 " exits for one HLT", halts);
	return false;
}

static int prepare_msr(struct nm_guest_once *once)
{
	once->control->argument[0] = IA32_MISC_ENABLE;
	once->control->argument[1] = FAST_STRINGS;
	return 0;
}

static bool verify_msr(const struct nm_guest_once *once, char *why, size_t size)
{
	const uint64_t *result = once->control->result;

	if (result[2] == (result[0] ^ FAST_STRINGS) && result[1] == result[0])
		return true;
	snprintf(why, size,
		 "IA32_MISC_ENABLE was %#" PRIx64 ", with one bit changed %#" PRIx64
		 ", changed back %#" PRIx64,
		 result[0], result[2], result[1]);
	return false;
}

static bool verify_count(const struct nm_guest_once *once, char *why, size_t size)
{
	uint64_t handled = once->control->result[0];

	if (handled == 1)
		return true;
	snprintf(why, size, "the guest's handler ran %" PRIu64 " times, expected 1", handled);
	return false;
}

/* Without an irqchip KVM_INTERRUPT gives the vCPU an interrupt at its next entry, if it takes any (api.rst, 4.16). */
static void raise(void *context, const struct nm_access *access)
{
	struct nm_guest_once *once = context;
	const struct kvm_interrupt interrupt = {.irq = VECTOR};

	serve(context, access);
	if (!once->guest->vcpus[0].run->if_flag)
		once->error = nm_fail(EBUSY, "the guest takes no interrupts behind STI");
	else if (ioctl(once->guest->vcpus[0].fd, KVM_INTERRUPT, &interrupt))
		once->error = nm_fail(errno, "KVM_INTERRUPT: %s", strerror(errno));
}

static int prepare_interrupt(struct nm_guest_once *once)
{
	once->control->argument[0] = VECTOR;
	return add_device(once, NM_BUS_PIO, raise);
}

static int prepare_apic(struct nm_guest_once *once)
{
	once->control->argument[0] = VECTOR;
	once->control->argument[1] = WAKE_TICKS;
	return 0;
}

static int prepare_pic(struct nm_guest_once *once)
{
	once->control->argument[0] = INTERRUPT_MASK;
	return 0;
}

static bool verify_pic(const struct nm_guest_once *once, char *why, size_t size)
{
	if (once->control->result[0] == INTERRUPT_MASK)
		return true;
	snprintf(why, size, "the 8259A gave mask %#" PRIx64 ", expected %#x",
		 once->control->result[0], INTERRUPT_MASK);
	return false;
}

static int prepare_hypercall(struct nm_guest_once *once)
{
	char vendor[13];
	const struct nm_cpuid leaf = nm_cpuid(0, 0);

	nm_cpuid_vendor(&leaf, vendor);
	once->control->argument[0] =
		!strcmp(vendor, "AuthenticAMD") || !strcmp(vendor, "HygonGenuine");
	once->control->argument[1] = UNKNOWN_HYPERCALL;
	return 0;
}

static bool verify_hypercall(const struct nm_guest_once *once, char *why, size_t size)
{
	int64_t got = (int64_t)once->control->result[0];

	if (got == -KVM_ENOSYS)
		return true;
	snprintf(why, size, "the hypercall returned %" PRId64 ", expected %d", got, -KVM_ENOSYS);
	return false;
}

const struct nm_guest_step nm_guest_steps[NM_GUEST_CLASSES] = {
	[NM_CLASS_CPUID] = {"proof.cpuid", 0, false, NULL, verify_vendor},
	[NM_CLASS_CPUID_FEATURES] = {"proof.cpuid", 0, false, prepare_features, verify_features},
	[NM_CLASS_PIO_OUT] = {"exit.pio.out", 0, false, prepare_pio, verify_write},
	[NM_CLASS_PIO_IN] = {"exit.pio.in", 0, false, prepare_pio, verify_read},
	[NM_CLASS_MMIO_WRITE] = {"exit.mmio.write", 0, false, prepare_mmio, verify_write},
	[NM_CLASS_MMIO_READ] = {"exit.mmio.read", 0, false, prepare_mmio, verify_read},
	[NM_CLASS_PAGE_FAULT] = {"proof.touch", 0, false, prepare_touch, verify_touch},
	[NM_CLASS_HLT] = {"exit.hlt", 0, false, prepare_hlt, verify_hlt},
	[NM_CLASS_MSR] = {"exit.wrmsr", 0, false, prepare_msr, verify_msr},
	[NM_CLASS_DE] = {"exception.de", 0, false, NULL, verify_count},
	[NM_CLASS_UD] = {"exception.ud", 0, false, NULL, verify_count},
	[NM_CLASS_INTERRUPT] = {"proof.interrupt", 0, false, prepare_interrupt, verify_count},
	[NM_CLASS_CPUID_CPL3] = {"proof.cpuid", 3, false, NULL, verify_vendor},
	[NM_CLASS_CPUID_FEATURES_CPL3] = {"proof.cpuid", 3, false, prepare_features,
					  verify_features},
	[NM_CLASS_PIO_OUT_CPL3] = {"exit.pio.out", 3, false, prepare_pio, verify_write},
	[NM_CLASS_PIO_IN_CPL3] = {"exit.pio.in", 3, false, prepare_pio, verify_read},
	[NM_CLASS_MMIO_READ_CPL3] = {"exit.mmio.read", 3, false, prepare_mmio, verify_read},
	[NM_CLASS_PAGE_FAULT_CPL3] = {"proof.touch", 3, false, prepare_touch, verify_touch},
	[NM_CLASS_UD_CPL3] = {"exception.ud", 3, false, NULL, verify_count},
	[NM_CLASS_PIC] = {"exit.pio.in.kernel", 0, true, prepare_pic, verify_pic},
	[NM_CLASS_IPI] = {"proof.ipi", 0, true, prepare_apic, verify_count},
	[NM_CLASS_WAKE] = {"proof.wake", 0, true, prepare_apic, verify_count},
	[NM_CLASS_HYPERCALL] = {"exit.hypercall", 0, false, prepare_hypercall, verify_hypercall},
};
