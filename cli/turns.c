/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/turns.h"

#include "benchmarks/rival.h"
#include "benchmarks/round.h"
#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char ready[] = NM_TURN_READY "\n";

/* 0 with a line, which is cut off where it is too long; -ECANCELED at the end. A signal breaks off the wait. */
static int read_line(const volatile sig_atomic_t *stop, char *line, size_t size)
{
	size_t length = 0;
	char c = 0;

	while (c != '\n') {
		ssize_t got = *stop ? -1 : read(STDIN_FILENO, &c, 1);

		if (*stop)
			return -EINTR;
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return nm_fail(ECANCELED, "given no further turn");
		if (c != '\n' && length + 1 < size)
			line[length++] = c;
	}
	line[length] = '\0';
	return 0;
}

int nm_turns_await(void *context)
{
	const struct nm_round_host *host = context;
	char line[16];
	int r = nm_write_all(STDOUT_FILENO, ready, strlen(ready));

	if (r)
		return nm_fail(ECANCELED, "given no further turn");
	r = read_line(host->stop, line, sizeof(line));
	return r ? r : !strcmp(line, NM_TURN_END);
}
