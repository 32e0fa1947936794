/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_RIVAL_H
#define NM_BENCHMARKS_RIVAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One side of a comparison while it runs: a command that ends up in nestmark run --turns. It writes the line READY to its
 * stdout when it waits, does one pass for the line GO on stdin, ends well for END, and ends as if it had been stopped at
 * the end of stdin. Whatever stands between (env, taskset, sudo, a script) need only pass stdin, stdout and the arguments.
 */

#define NM_TURN_READY "nestmark: ready"
#define NM_TURN_GO    "go"
#define NM_TURN_END   "end"

enum nm_side { NM_SIDE_A, NM_SIDE_B, NM_SIDES };

/** Whose turn it is: A B, then B A, then A B …, so that drift hits both alike. `half` is 0 or 1. */
enum nm_side nm_abba(uint64_t pair, unsigned int half);

struct nm_rival {
	pid_t pid;	   /* 0: not running. It leads a process group of its own */
	int in, out;	   /* its stdin and stdout */
	bool ended;	   /* without having been told to: it is done, or has failed */
	int status;	   /* of waitpid(), once it is gone */
	uint64_t limit_ns; /* that it may take for an answer, and to end */
	const volatile sig_atomic_t *stop; /* the user wants to stop once this is not 0 */
	char line[64];			   /* of its stdout, as far as it was read */
	size_t length;
};

/** What came of waiting for a rival. */
enum nm_rival_answer { NM_RIVAL_READY, NM_RIVAL_ENDED };

/**
 * Starts the command, found as a shell would, and waits until it is ready. Returns an answer; -EINTR when the user wants
 * to stop; -ETIMEDOUT; -ENOENT and others when there is no such command.
 */
int nm_rival_start(struct nm_rival *rival, char *const *argv);

/** Gives it a turn and waits until that is over. Returns as nm_rival_start() does. */
int nm_rival_turn(struct nm_rival *rival);

/**
 * Ends it and all of its process group, and reaps it: by END when it has done well, else by the end of its stdin; by SIGTERM when
 * that takes longer than its limit, by SIGKILL when that does not help. Harmless when it does not run.
 */
void nm_rival_end(struct nm_rival *rival, bool well);

#endif
