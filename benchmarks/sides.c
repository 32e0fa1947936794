/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/sides.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TERM_NS (10 * NM_NS_PER_S)
#define LOOK_NS (2 * NM_NS_PER_MS)

enum nm_side nm_abba(uint64_t pair, unsigned int half)
{
	return (pair + half) % 2 ? NM_SIDE_B : NM_SIDE_A;
}

/* Ctrl-C is for the parent, which ends the command in order: hence the process group. */
static void become(char *const *argv, int error, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int code;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		execvp(argv[0], argv);
	code = errno;
	(void)nm_write_all(error, (const char *)&code, sizeof(code));
	_exit(127);
}

static bool is_gone(pid_t child)
{
	siginfo_t info = {0};

	return !waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       info.si_pid == child;
}

/* False when it is still there afterwards, or the user wants to stop. */
static bool await(pid_t child, uint64_t limit_ns, const volatile sig_atomic_t *stop)
{
	const struct timespec look = {.tv_nsec = LOOK_NS};
	uint64_t end = nm_clock_ns() + limit_ns;

	while (!is_gone(child)) {
		if (nm_clock_ns() >= end || (stop && *stop))
			return false;
		nanosleep(&look, NULL);
	}
	return true;
}

/* Not reaped yet, its number still means its group. */
static int end(pid_t child, bool gone)
{
	int status = 0;

	if (!gone) {
		kill(-child, SIGTERM);
		(void)await(child, TERM_NS, NULL);
	}
	kill(-child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Why exec failed; nothing comes when it did not. */
static int read_code(int fd)
{
	int code = 0;
	ssize_t got;

	do
		got = read(fd, &code, sizeof(code));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(code) ? code : 0;
}

int nm_side_run(char *const *argv, uint64_t limit_ns, const volatile sig_atomic_t *stop,
		int *status)
{
	pid_t parent = getpid();
	int error[2];
	pid_t child;
	bool gone;
	int code;

	if (pipe2(error, O_CLOEXEC))
		return nm_fail(errno, "pipe: %s", strerror(errno));
	child = fork();
	if (!child)
		become(argv, error[1], parent);
	close(error[1]);
	if (child < 0) {
		close(error[0]);
		return nm_fail(errno, "cannot start %s: %s", argv[0], strerror(errno));
	}
	/* Both do it, so that it is done whoever comes first. */
	setpgid(child, child);
	code = read_code(error[0]);
	close(error[0]);
	gone = await(child, limit_ns, stop);
	*status = end(child, gone);
	if (code)
		return nm_fail(code, "%s: %s", argv[0], strerror(code));
	if (!gone && stop && *stop)
		return -EINTR;
	return gone ? 0
		    : nm_fail_remedy(ETIMEDOUT, "give it more with --block-limit",
				     "%s: did not end within %llu s", argv[0],
				     (unsigned long long)(limit_ns / NM_NS_PER_S));
}
