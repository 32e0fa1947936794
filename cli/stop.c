/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stop.h"

#include <stddef.h>

volatile sig_atomic_t nm_stop_signal;

static void on_stop(int signal)
{
	nm_stop_signal = signal;
}

/* A signal that the caller ignores (nohup, a job in the background) stays ignored. */
void nm_stop_catch(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	/* The second one is not caught: somebody is in a hurry. */
	const struct sigaction action = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction before;

		if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

void nm_stop_raise(void)
{
	if (!nm_stop_signal)
		return;
	signal(nm_stop_signal, SIG_DFL);
	raise(nm_stop_signal);
}
