/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/deadline.h"

#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc 2.36 does not name the member of the union that SIGEV_THREAD_ID uses. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static _Thread_local struct kvm_run *volatile running;
static _Thread_local volatile sig_atomic_t passed;

static void on_limit(int signal)
{
	struct kvm_run *run = running;

	(void)signal;
	passed = 1;
	if (run)
		*(volatile uint8_t *)&run->immediate_exit = 1;
}

int nm_deadline_catch(void)
{
	struct sigaction action = {.sa_handler = on_limit};

	if (sigaction(SIGRTMIN, &action, NULL))
		return nm_fail(errno, "time limit: %s", strerror(errno));
	return 0;
}

int nm_deadline_arm(struct nm_deadline *deadline, struct kvm_run *run, uint64_t limit_ns)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
	/* The repetition costs nothing and covers a signal that comes before KVM_RUN is entered. */
	struct itimerspec limit = {
		.it_value = {.tv_sec = (time_t)(limit_ns / NM_NS_PER_S),
			     .tv_nsec = (long)(limit_ns % NM_NS_PER_S)},
		.it_interval = {.tv_nsec = 100000000},
	};
	sigset_t unblocked;
	int r = nm_deadline_catch();

	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	sigemptyset(&unblocked);
	sigaddset(&unblocked, SIGRTMIN);
	passed = 0;
	run->immediate_exit = 0;
	deadline->armed = false;
	if (r)
		return r;
	if (pthread_sigmask(SIG_UNBLOCK, &unblocked, NULL))
		return nm_fail(errno, "time limit: %s", strerror(errno));
	if (timer_create(CLOCK_MONOTONIC, &event, &deadline->timer))
		return nm_fail(errno, "time limit: %s", strerror(errno));
	deadline->armed = true;
	running = run;
	if (timer_settime(deadline->timer, 0, &limit, NULL)) {
		r = nm_fail(errno, "time limit: %s", strerror(errno));
		nm_deadline_disarm(deadline);
	}
	return r;
}

void nm_deadline_disarm(struct nm_deadline *deadline)
{
	if (deadline->armed)
		timer_delete(deadline->timer);
	deadline->armed = false;
	running = NULL;
}

bool nm_deadline_passed(void)
{
	return passed;
}
