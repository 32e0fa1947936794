/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/turns.h"

#include "benchmarks/round.h"
#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char ready[] = NM_TURN_READY "\n";

/* 1 with a line, 0 at the end, -errno. A signal breaks off the wait. */
static int read_line(const volatile sig_atomic_t *stop)
{
	char c = 0;
	ssize_t got = 1;

	while (c != '\n' && got > 0 && !*stop) {
		got = read(STDIN_FILENO, &c, 1);
		if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (*stop)
		return -EINTR;
	return got < 0 ? nm_fail(errno, "stdin: %s", strerror(errno)) : (int)got;
}

int nm_turns_await(void *context)
{
	const struct nm_round_host *host = context;
	int r = nm_write_all(STDOUT_FILENO, ready, strlen(ready));

	if (!r)
		r = read_line(host->stop);
	if (r < 0 && r != -EINTR && r != -EPIPE)
		return r;
	if (r < 0)
		return r == -EINTR ? r : nm_fail(ECANCELED, "nestmark ab is gone");
	return r ? 0 : nm_fail(ECANCELED, "given no further turn");
}
