/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_TURNS_H
#define NM_CLI_TURNS_H

/*
 * How nestmark ab and the runs of its two sides take turns, over pipes: a run that waits writes the line READY to its
 * stdout, does one pass for a line on stdin, and ends, as if it had been stopped, at the end of stdin. Whatever stands between
 * them (env, taskset, sudo, a shell script) need only pass stdin, stdout and the arguments.
 */

#define NM_TURN_READY "nestmark: ready"
#define NM_TURN_GO    "go"

/**
 * The run's side, for struct nm_session with its struct nm_round_host as context: 0 with a turn; -EINTR when the user wants
 * to stop; -ECANCELED when there will be none.
 */
int nm_turns_await(void *context);

#endif
