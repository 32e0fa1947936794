/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_TURNS_H
#define NM_CLI_TURNS_H

/**
 * How a run waits for its turn (benchmarks/rival.h), for struct nm_session, with its struct nm_round_host as context: 0 with
 * one; 1 when this is the end; -EINTR when the user wants to stop; -ECANCELED when whoever gives turns is gone.
 */
int nm_turns_await(void *context);

#endif
