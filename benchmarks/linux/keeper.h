/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_KEEPER_H
#define NM_BENCHMARKS_LINUX_KEEPER_H

#include <sys/types.h>

/**
 * Runs a program of which nothing shall be left, however anybody ends: between it and the caller stands a process, the keeper, to
 * which all that the program starts comes back when its parent has died, and which kills all of it when the program ends, when the
 * caller dies, even by SIGKILL, or when nm_keeper_end() says so. The keeper then ends as the program did: waitpid() it.
 *
 * start(context) executes the program or ends the process; output, if it is not -1, is left to the program alone. The keeper's
 * process, or -1 with errno.
 */
pid_t nm_keeper_start(void (*start)(void *context), void *context, int output);

void nm_keeper_end(pid_t keeper);

#endif
