/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * CPUID leaf 0: always intercepted by VMX (SDM vol. 3, instructions that cause VM exits unconditionally) and by KVM on
 * SVM. The classic exit handled entirely inside KVM. Natively it exits too when this machine is itself a guest.
 *
 * KVM finds a leaf by walking its table from the start (arch/x86/kvm/cpuid.c), so leaves at
 * the end cost more: 0Dh, which has many subleaves around it, and 40000000h, by which guests recognise their hypervisor.
 */
#include "benchmarks/native.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_vendor(const char *text, char *why, size_t size)
{
	if (!strcmp(text, "GenuineIntel") || !strcmp(text, "AuthenticAMD") ||
	    !strcmp(text, "HygonGenuine") || !strcmp(text, "CentaurHauls") ||
	    !strcmp(text, "  Shanghai  "))
		return true;
	snprintf(why, size, "CPUID leaf 0 gave no known vendor");
	return false;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	char vendor[13] = "";

	memcpy(vendor, &round->control->result[0], 4);
	memcpy(vendor + 4, &round->control->result[2], 4);
	memcpy(vendor + 8, &round->control->result[1], 4);
	return is_vendor(vendor, why, size);
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	uint32_t a;
	uint32_t b = 0;
	uint32_t c = 0;
	uint32_t d = 0;
	char vendor[13] = "";

	NM_NATIVE(round, __asm__ volatile("cpuid"
					  : "=a"(a), "=b"(b), "=c"(c), "=d"(d)
					  : "a"(0), "c"(0)));
	memcpy(vendor, &b, 4);
	memcpy(vendor + 4, &d, 4);
	memcpy(vendor + 8, &c, 4);
	return is_vendor(vendor, why, size);
}

const struct nm_bench nm_bench_exit_cpuid = {
	.name = "exit.cpuid",
	.group = "exits",
	.summary = "CPUID: the exit that KVM handles by itself",
	.happens = "CPUID leaves the guest unconditionally on VMX and by an intercept on SVM; KVM "
		   "looks the leaf up and enters again.",
	.matters = "It is the plainest exit that KVM handles by itself, so its cost is that of "
		   "world switch and dispatch; run-time libraries and JIT compilers execute it "
		   "when they start.",
	.vmexit = "cpuid: there the leaf is whatever EAX holds",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1},
	.verify = verify,
	.native = native,
};

const struct nm_bench nm_bench_exit_cpuid_irqchip = {
	.name = "exit.cpuid.irqchip",
	.group = "exits",
	.summary = "CPUID in a VM with an in-kernel local APIC",
	.happens =
		"As exit.cpuid, with a local APIC in KVM that the entry looks at for interrupts.",
	.matters = "Nearly all VMs have their APICs there: this is nearer to the exit.cpuid of a "
		   "real guest.",
	.version = 1,
	.payload = "exit.cpuid",
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.irqchip"},
	.irqchip = true,
	.expect = {.exits = 1},
	.verify = verify,
};

/* SDM vol. 1, XCR0: x87 is always there, SSE on all 64-bit CPUs; the area of both, and its header, are 576 bytes. */
#define XCR0_X87_SSE   3u
#define XSAVE_SMALLEST 576u

static bool is_xsave(uint64_t mask, uint64_t largest, char *why, size_t size)
{
	if ((mask & XCR0_X87_SSE) == XCR0_X87_SSE && largest >= XSAVE_SMALLEST)
		return true;
	snprintf(why, size, "CPUID leaf 0Dh gave mask %#" PRIx64 " and %" PRIu64 " bytes", mask,
		 largest);
	return false;
}

static bool verify_0d(const struct nm_guest_round *round, char *why, size_t size)
{
	return is_xsave(round->control->result[0], round->control->result[2], why, size);
}

static bool native_0d(struct nm_native_round *round, char *why, size_t size)
{
	uint32_t a = 0;
	uint32_t b;
	uint32_t c = 0;
	uint32_t d;

	NM_NATIVE(round, __asm__ volatile("cpuid"
					  : "=a"(a), "=b"(b), "=c"(c), "=d"(d)
					  : "a"(0xd), "c"(0)));
	return is_xsave(a, c, why, size);
}

static bool verify_hypervisor(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;
	char name[13] = "";

	for (int i = 0; i < 3; i++)
		memcpy(name + 4 * (ptrdiff_t)i, &result[i + 1], 4);
	if (!strcmp(name, "KVMKVMKVM"))
		return true;
	snprintf(why, size, "CPUID leaf 40000000h gave EBX %#" PRIx64 " and not KVM's signature",
		 result[1]);
	return false;
}

const struct nm_bench nm_bench_exit_cpuid_0d = {
	.name = "exit.cpuid.0d",
	.group = "exits",
	.summary = "CPUID leaf 0Dh, XSAVE: far behind in KVM's table",
	.happens = "As exit.cpuid, but KVM finds leaf 0Dh late in the table that it searches from "
		   "its start.",
	.matters = "The size of the XSAVE area is asked for by threading and signal libraries when "
		   "programs start.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"cpu.flag.xsave"},
	.native_requires = {"cpu.flag.xsave"},
	.expect = {.exits = 1},
	.verify = verify_0d,
	.native = native_0d,
};

const struct nm_bench nm_bench_exit_cpuid_hypervisor = {
	.name = "exit.cpuid.hypervisor",
	.group = "exits",
	.summary = "CPUID leaf 40000000h: which hypervisor this is",
	.happens = "As exit.cpuid; the leaf exists only where KVM was told to give its guests one.",
	.matters = "Guests look for paravirtual features there when they boot, and so do tools "
		   "that ask where they run.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1},
	.verify = verify_hypervisor,
};
