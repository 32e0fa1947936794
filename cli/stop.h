/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_STOP_H
#define NM_CLI_STOP_H

#include <signal.h>

/** The signal by which the user wants this command to end in order; 0: none. */
extern volatile sig_atomic_t nm_stop_signal;

/** From now on SIGINT, SIGTERM and SIGHUP are taken as that, once: the second one ends the command at once. */
void nm_stop_catch(void);

/** Ends as if nobody had caught it, so that the caller sees the signal; returns when there was none. */
void nm_stop_raise(void);

#endif
