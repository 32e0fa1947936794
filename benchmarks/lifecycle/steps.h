/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LIFECYCLE_STEPS_H
#define NM_BENCHMARKS_LIFECYCLE_STEPS_H

#include "benchmarks/bench.h"

/*
 * What VMs go through, as steps that return 0 or -errno. A round is a process of its own: what a step that failed leaves behind
 * ends with it.
 */

/** A step that is measured, and what must be done before and after it each time. */
struct nm_life_step {
	int (*before)(void *own); /* NULL: nothing */
	int (*timed)(void *own);
	int (*after)(void *own); /* undoes both, and checks what they did */
	bool alone; /* without another VM, which keeps KVM from turning virtualization on and off */
};

/** Takes all samples of a round; on an error of a step says why and returns false. */
bool nm_life_measure(struct nm_native_round *round, const struct nm_life_step *step, void *own,
		     char *why, size_t size);

/** What a hook returns for an error of a step: why, and whether the machine lacks something. */
bool nm_life_failed(struct nm_native_round *round, int error, char *why, size_t size);

/** Creates a guest of one vCPU, with so many bytes behind its payload, and runs it until its first OUT has left to the VMM. */
int nm_life_start(struct nm_guest *guest, const struct nm_kvm *kvm, uint64_t bytes);

/** Lets a vCPU run until it leaves by an OUT to the test port; *value is what it wrote. */
int nm_life_run(const struct nm_vcpu *vcpu, uint32_t *value);

/** 0 when fd is closed. */
int nm_life_closed(int fd);

#endif
