/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/sides.h"

#include "core/clock.h"
#include "core/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_NS (20 * NM_NS_PER_S)

static volatile sig_atomic_t stop;

static int run(const char *script, uint64_t limit_ns, int *status)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	return nm_side_run((char *const *)(uintptr_t)argv, limit_ns, &stop, status);
}

Test(sides, turns_are_a_b_b_a)
{
	static const enum nm_side wanted[] = {NM_SIDE_A, NM_SIDE_B, NM_SIDE_B, NM_SIDE_A,
					      NM_SIDE_A, NM_SIDE_B, NM_SIDE_B, NM_SIDE_A};

	for (unsigned int i = 0; i < 8; i++)
		cr_assert_eq(nm_abba(i / 2, i % 2), wanted[i], "turn %u", i);
}

Test(sides, drift_hits_both_alike)
{
	unsigned int when[NM_SIDES] = {0};

	for (unsigned int i = 0; i < 40; i++)
		when[nm_abba(i / 2, i % 2)] += i;
	cr_assert_eq(when[NM_SIDE_A], when[NM_SIDE_B], "%u and %u", when[0], when[1]);
}

Test(sides, the_code_of_a_command_is_told)
{
	int status = 0;

	cr_assert_eq(run("exit 7", LIMIT_NS, &status), 0, "%s", nm_error_last()->text);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %#x", status);
	cr_assert_eq(run("kill -9 $$", LIMIT_NS, &status), 0, "%s", nm_error_last()->text);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %#x", status);
}

Test(sides, a_command_that_is_not_there_is_an_error)
{
	const char *const argv[] = {"nestmark-no-such-command", NULL};
	int status = 0;

	cr_assert_eq(nm_side_run((char *const *)(uintptr_t)argv, LIMIT_NS, &stop, &status), -ENOENT,
		     "it ran");
	cr_assert_str_eq(nm_error_last()->text,
			 "nestmark-no-such-command: No such file or directory");
}

Test(sides, a_command_gets_nothing_on_stdin)
{
	int status = 0;

	cr_assert_eq(run("read -r line && exit 1; exit 0", LIMIT_NS, &status), 0, "no end");
	cr_assert_eq(status, 0, "it has read something");
}

/* The number of a process that the command has left to itself, from the file that it wrote. */
static pid_t left_behind(const char *path)
{
	FILE *file = fopen(path, "r");
	char text[32] = "";

	cr_assert(file, "%s is not there", path);
	cr_assert(fgets(text, sizeof(text), file), "%s is empty", path);
	fclose(file);
	unlink(path);
	return (pid_t)strtol(text, NULL, 10);
}

static bool ends(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		char path[64];
		char state[256] = "";
		FILE *file;

		if (kill(pid, 0))
			return true;
		/* Without an init that reaps, a zombie is as good. */
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		file = fopen(path, "r");
		if (!file)
			return true;
		if (fgets(state, sizeof(state), file) && strstr(state, ") Z "))
			state[0] = '\0';
		fclose(file);
		if (!state[0])
			return true;
		usleep(10000);
	}
	return false;
}

static void assert_nothing_left(const char *rest, uint64_t limit_ns, int wanted)
{
	char path[] = "/tmp/nestmark-sides-XXXXXX";
	char script[256];
	int status = 0;
	int fd = mkstemp(path);

	cr_assert(fd >= 0, "no file");
	close(fd);
	snprintf(script, sizeof(script), "sleep 1000 & echo $! >%s; %s", path, rest);
	cr_assert_eq(run(script, limit_ns, &status), wanted, "%s", nm_error_last()->text);
	cr_assert(ends(left_behind(path)), "a process is left behind");
}

Test(sides, what_a_command_leaves_behind_is_killed)
{
	assert_nothing_left("exit 0", LIMIT_NS, 0);
}

Test(sides, a_command_that_takes_too_long_is_ended_with_its_children)
{
	assert_nothing_left("wait", 300 * NM_NS_PER_MS, -ETIMEDOUT);
}

static void on_alarm(int signal)
{
	stop = signal;
}

Test(sides, the_user_can_stop_a_command)
{
	signal(SIGALRM, on_alarm);
	ualarm(300000, 0);
	assert_nothing_left("wait", LIMIT_NS, -EINTR);
}
