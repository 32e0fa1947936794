/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * CPUID leaf 0: always intercepted by VMX (SDM vol. 3, instructions that cause VM exits unconditionally) and by KVM on
 * SVM. The classic exit handled entirely inside KVM. Natively it exits too when this machine is itself a guest.
 */
#include "benchmarks/native.h"

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
