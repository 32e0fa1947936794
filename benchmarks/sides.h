/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_SIDES_H
#define NM_BENCHMARKS_SIDES_H

#include <signal.h>
#include <stdint.h>

/* Two sides that are measured in turn, each by a command of its own. */

enum nm_side { NM_SIDE_A, NM_SIDE_B, NM_SIDES };

/** Whose turn it is: A B, then B A, then A B …, so that drift hits both alike. `half` is 0 or 1. */
enum nm_side nm_abba(uint64_t pair, unsigned int half);

/**
 * Runs a command, found as a shell would, in a process group of its own, with nothing on stdin and with its stdout on stderr.
 * When it takes longer than limit_ns, or *stop is not 0, the group gets SIGTERM and 10 s later SIGKILL; what is left of the group
 * when the command ends is killed. *status is that of waitpid(). -ETIMEDOUT; -EINTR when it was stopped; -ENOENT and others
 * when there is no such command.
 */
int nm_side_run(char *const *argv, uint64_t limit_ns, const volatile sig_atomic_t *stop,
		int *status);

#endif
