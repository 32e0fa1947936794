/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_DEADLINE_H
#define NM_VMM_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct kvm_run;

/**
 * A time limit for KVM_RUN in this thread: a timer signal interrupts the ioctl, and its handler sets
 * immediate_exit, so that an entry that was about to begin returns at once too (api.rst, 4.10).
 */
struct nm_deadline {
	timer_t timer;
	bool armed;
};

/** The handler of that signal, so that one that comes before the first limit does not end the process. */
int nm_deadline_catch(void);

/** From now on, and after limit_ns at the latest, KVM_RUN in this thread returns -EINTR. */
int nm_deadline_arm(struct nm_deadline *deadline, struct kvm_run *run, uint64_t limit_ns);
void nm_deadline_disarm(struct nm_deadline *deadline);

/** Whether the limit has passed since this thread armed it last. */
bool nm_deadline_passed(void);

#endif
