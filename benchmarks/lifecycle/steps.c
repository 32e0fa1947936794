/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/lifecycle/steps.h"

#include "benchmarks/native.h"
#include "core/error.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A step costs up to tens of ms: the profile's warm-up would take longer than the samples. */
#define WARMUP 2u

/* Writes 1, 2, 3 … */
#define OPERATION "floor.kvm-exit"

static int take(const struct nm_life_step *step, void *own, uint64_t *ticks)
{
	int r = step->before ? step->before(own) : 0;
	uint64_t start = nm_tsc();

	if (!r)
		r = step->timed(own);
	*ticks = nm_tsc() - start;
	return r ? r : step->after(own);
}

bool nm_life_failed(struct nm_native_round *round, int error, char *why, size_t size)
{
	round->unsupported = error == -EOPNOTSUPP;
	round->remedy = round->unsupported ? nm_error_last()->remedy : NULL;
	snprintf(why, size, "%s", nm_error_last()->text);
	return false;
}

static int take_all(struct nm_native_round *round, const struct nm_life_step *step, void *own)
{
	uint64_t unused;
	int r = 0;

	NM_NATIVE_LOOP(round->overhead, round->samples, NM_NATIVE_ONCE, );
	for (unsigned int i = 0; !r && i < WARMUP; i++)
		r = take(step, own, &unused);
	round->host_begin_ns = nm_clock_raw_ns();
	round->tsc_begin = nm_tsc();
	for (uint64_t i = 0; !r && i < round->samples; i++)
		r = take(step, own, &round->sample[i]);
	round->tsc_end = nm_tsc();
	round->host_end_ns = nm_clock_raw_ns();
	return r;
}

bool nm_life_measure(struct nm_native_round *round, const struct nm_life_step *step, void *own,
		     char *why, size_t size)
{
	int other = step->alone ? -1 : nm_kvm_create_vm(round->kvm);
	int r = step->alone || other >= 0 ? take_all(round, step, own) : other;

	if (other >= 0)
		close(other);
	return r ? nm_life_failed(round, r, why, size) : true;
}

int nm_life_run(const struct nm_vcpu *vcpu, uint32_t *value)
{
	const struct kvm_run *run = vcpu->run;
	char text[256];

	if (ioctl(vcpu->fd, KVM_RUN, 0))
		return nm_fail(errno, "KVM_RUN: %s", strerror(errno));
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != NM_ABI_PORT_TEST) {
		nm_exit_describe(vcpu, text, sizeof(text));
		return nm_fail(EIO, "the guest did not get to its OUT: %s", text);
	}
	*value = 0;
	memcpy(value, (const unsigned char *)run + run->io.data_offset, run->io.size);
	return 0;
}

int nm_life_start(struct nm_guest *guest, const struct nm_kvm *kvm, uint64_t bytes)
{
	struct nm_payload payload;
	const struct nm_guest_config config = {.payload = &payload,
					       .vcpus = 1,
					       .heap_bytes = bytes};
	uint32_t value = 0;
	int r = nm_payload_ops(&payload);

	if (!r)
		r = nm_guest_create(guest, kvm, &config);
	if (r)
		return r;
	r = nm_guest_prepare(guest, 0, OPERATION, 0);
	if (!r)
		r = nm_life_run(&guest->vcpus[0], &value);
	if (!r && value != 1)
		r = nm_fail(EIO, "the guest wrote %" PRIu32 " at first, expected 1", value);
	if (r)
		nm_guest_destroy(guest);
	return r;
}

int nm_life_closed(int fd)
{
	if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
		return 0;
	return nm_fail(EIO, "a file of KVM is still open");
}
