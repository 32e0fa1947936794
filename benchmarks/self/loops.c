/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The loops of linux.syscall and linux.switch with nothing in them: many operations between two readings of a clock. agent.py builds it
 * twice: with loops_raw.h it makes its system calls itself, as the agent does, with loops_libc.h by the C library, as perf bench does.
 *
 *     loops syscall|switch OPERATIONS
 */
#include LOOPS_CALLS

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARMUP 100

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_RAW, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int turn_syscall(long count)
{
	while (count-- > 0)
		nm_parent();
	return 0;
}

static int there[2], back[2];

static void echo(void)
{
	char byte;

	while (nm_receive(there[0], &byte) == 1 && nm_send(back[1], &byte) == 1)
		;
	_exit(0);
}

static int turn_switch(long count)
{
	char byte = 0;

	while (count-- > 0)
		if (nm_send(there[1], &byte) != 1 || nm_receive(back[0], &byte) != 1)
			return -1;
	return 0;
}

static int start_echo(void)
{
	pid_t child;

	if (pipe(there) || pipe(back))
		return -1;
	child = fork();
	if (!child) {
		close(there[1]);
		close(back[0]);
		echo();
	}
	close(there[0]);
	close(back[1]);
	return child < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	int (*turn)(long) = argc == 3 && !strcmp(argv[1], "switch") ? turn_switch : turn_syscall;
	long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	double begin;
	double end;

	if (count <= 0 || (turn == turn_switch && start_echo()) || turn(WARMUP))
		return 2;
	begin = now_ns();
	if (turn(count))
		return 1;
	end = now_ns();
	printf("%.2f\n", (end - begin) / (double)count);
	return 0;
}
