/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The clock that KVM keeps in memory of the guest: the guest scales its TSC by what it finds there, and nothing exits. What
 * the host says for the same moment (KVM_GET_CLOCK) must lie between two readings.
 */
#include "benchmarks/interrupts/interrupts.h"

#include "benchmarks/native.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* Documentation/virt/kvm/x86/msr.rst. */
#define MSR_KVM_SYSTEM_TIME_NEW 0x4b564d01u

/* Without a master clock KVM and the guest scale different readings of the TSC. */
#define APART_NS 20000u

struct asked {
	int vm_fd;
	int error;
	uint64_t ns;
};

static void on_ask(void *context, const struct nm_access *access)
{
	struct asked *asked = context;
	struct kvm_clock_data clock = {0};

	(void)access;
	asked->error = ioctl(asked->vm_fd, KVM_GET_CLOCK, &clock) ? errno : 0;
	asked->ns = clock.clock;
}

static int prepare(struct nm_guest_round *round)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	struct nm_device device = {
		.bus = NM_BUS_PIO,
		.base = NM_ABI_PORT_HOST,
		.bytes = 4,
		.access = on_ask,
		.context = asked,
	};

	if (!asked)
		return nm_fail(ENOMEM, "out of memory");
	asked->vm_fd = round->guest->vm.fd;
	round->own = asked;
	/* At CPL3 it cannot write the MSR itself. */
	if (round->cpl && nm_interrupts_set_page(round->guest, MSR_KVM_SYSTEM_TIME_NEW))
		return -nm_error_last()->code;
	return nm_devices_add(&round->guest->devices, device);
}

static void release(struct nm_guest_round *round)
{
	free(round->own);
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;
	const struct asked *asked = round->own;

	if (!result[3])
		snprintf(why, size, "KVM never wrote the page of the clock");
	else if (result[0])
		snprintf(why, size, "the clock went back %" PRIu64 " times", result[0]);
	else if (asked->error)
		snprintf(why, size, "KVM_GET_CLOCK: %s", strerror(asked->error));
	else if (asked->ns + APART_NS < result[1] || asked->ns > result[2] + APART_NS)
		snprintf(why, size,
			 "KVM_GET_CLOCK gave %" PRIu64 " ns between the guest's %" PRIu64
			 " and %" PRIu64,
			 asked->ns, result[1], result[2]);
	else
		return true;
	return false;
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	uint64_t last = 0;
	uint64_t back = 0;

	NM_NATIVE(round, {
		uint64_t now = nm_clock_ns();

		back += now < last;
		last = now;
	});
	if (!back)
		return true;
	snprintf(why, size, "the clock went back %" PRIu64 " times", back);
	return false;
}

const struct nm_bench nm_bench_clock_kvmclock = {
	.name = "clock.kvmclock",
	.group = "interrupts",
	.summary = "the time by the page that KVM keeps for the guest",
	.happens =
		"The guest reads version, time and scale from the page behind MSR 4B564D01h, and "
		"the TSC between them; nothing exits. Natively clock_gettime() of "
		"CLOCK_MONOTONIC, by the vDSO.",
	.matters = "Programs in Linux guests ask for the time all the while: databases, logs, "
		   "tracing and garbage collectors.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"kvm.cap.adjust_clock"},
	.prepare = prepare,
	.verify = verify,
	.release = release,
	.native = native,
};
