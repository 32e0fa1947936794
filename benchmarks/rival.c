/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/rival.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A signal may come right before a wait begins, and a grandchild may hold a pipe open: look this often. */
#define LOOK_MS 100
#define TERM_NS (5 * NM_NS_PER_S)

enum nm_side nm_abba(uint64_t pair, unsigned int half)
{
	return (pair + half) % 2 ? NM_SIDE_B : NM_SIDE_A;
}

/* The child */

static void default_signals(void)
{
	static const int signals[] = {SIGPIPE, SIGXFSZ};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
}

/* Ctrl-C is for the parent, which ends both sides in order: hence the process group. */
static void become(char *const *argv, const int in[2], const int out[2], int error, pid_t parent)
{
	int code;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	default_signals();
	if (dup2(in[0], STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0)
		execvp(argv[0], argv);
	code = errno;
	(void)nm_write_all(error, (const char *)&code, sizeof(code));
	_exit(127);
}

static void close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

/* The pipe that tells why exec failed closes when it did not. */
static int await_exec(struct nm_rival *rival, const char *name, int error)
{
	int code = 0;
	ssize_t got;

	do
		got = read(error, &code, sizeof(code));
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(code))
		return 0;
	nm_rival_end(rival, false);
	return nm_fail(code, "%s: %s", name, strerror(code));
}

static int launch(struct nm_rival *rival, char *const *argv, const int in[2], const int out[2],
		  const int error[2])
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child < 0)
		return nm_fail(errno, "cannot start %s: %s", argv[0], strerror(errno));
	if (!child)
		become(argv, in, out, error[1], parent);
	/* Both do it, so that it is done whoever comes first. */
	setpgid(child, child);
	rival->pid = child;
	rival->in = in[1];
	rival->out = out[0];
	rival->ended = false;
	rival->status = 0;
	rival->length = 0;
	close(in[0]);
	close(out[1]);
	close(error[1]);
	return await_exec(rival, argv[0], error[0]);
}

/* Its answers */

static bool is_gone(const struct nm_rival *rival)
{
	siginfo_t info = {0};

	return !waitid(P_PID, (id_t)rival->pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       info.si_pid == rival->pid;
}

/* Whether the line that was read is the answer; other lines are somebody else's. */
static bool take_char(struct nm_rival *rival, char c)
{
	bool ready;

	if (c != '\n') {
		if (rival->length < sizeof(rival->line))
			rival->line[rival->length++] = c;
		return false;
	}
	ready = rival->length == strlen(NM_TURN_READY) &&
		!memcmp(rival->line, NM_TURN_READY, rival->length);
	rival->length = 0;
	return ready;
}

/* 1 when it is ready, 0 when there is more to come, -EPIPE at the end. It writes nothing behind that line until it is answered. */
static int read_some(struct nm_rival *rival)
{
	char bytes[256];
	ssize_t got = read(rival->out, bytes, sizeof(bytes));

	if (got < 0 && errno == EINTR)
		return 0;
	if (got <= 0)
		return -EPIPE;
	for (ssize_t i = 0; i < got; i++)
		if (take_char(rival, bytes[i]))
			return 1;
	return 0;
}

static int await_ready(struct nm_rival *rival)
{
	uint64_t end = nm_clock_ns() + rival->limit_ns;

	for (;;) {
		struct pollfd output = {.fd = rival->out, .events = POLLIN};
		int r = poll(&output, 1, LOOK_MS);

		if (rival->stop && *rival->stop)
			return -EINTR;
		r = r > 0 ? read_some(rival) : 0;
		if (r > 0)
			return NM_RIVAL_READY;
		if (r < 0 || (!output.revents && is_gone(rival))) {
			rival->ended = true;
			return NM_RIVAL_ENDED;
		}
		if (nm_clock_ns() >= end)
			return nm_fail_remedy(ETIMEDOUT, "give it more with --turn-limit",
					      "gave no answer within %llu ms",
					      (unsigned long long)(rival->limit_ns / NM_NS_PER_MS));
	}
}

int nm_rival_start(struct nm_rival *rival, char *const *argv)
{
	int in[2];
	int out[2];
	int error[2];
	int r;

	if (pipe2(in, O_CLOEXEC))
		return nm_fail(errno, "pipe: %s", strerror(errno));
	if (pipe2(out, O_CLOEXEC)) {
		close_pair(in);
		return nm_fail(errno, "pipe: %s", strerror(errno));
	}
	if (pipe2(error, O_CLOEXEC)) {
		close_pair(in);
		close_pair(out);
		return nm_fail(errno, "pipe: %s", strerror(errno));
	}
	r = launch(rival, argv, in, out, error);
	if (r && !rival->pid) {
		close_pair(in);
		close_pair(out);
		close(error[1]);
	}
	close(error[0]);
	return r ? r : await_ready(rival);
}

/* One that is gone is found out by its answer. */
static void tell(const struct nm_rival *rival, const char *line)
{
	(void)nm_write_all(rival->in, line, strlen(line));
}

int nm_rival_turn(struct nm_rival *rival)
{
	tell(rival, NM_TURN_GO "\n");
	return await_ready(rival);
}

/* Its end */

static bool await_end(struct nm_rival *rival, uint64_t limit_ns)
{
	uint64_t end = nm_clock_ns() + limit_ns;

	while (!is_gone(rival)) {
		struct pollfd output = {.fd = rival->out, .events = POLLIN};

		if (nm_clock_ns() >= end)
			return false;
		/* At the end of its stdout, what is left is a wait for its end. */
		if (poll(&output, rival->out >= 0 ? 1 : 0, rival->out >= 0 ? LOOK_MS : 1) > 0 &&
		    read_some(rival) < 0) {
			close(rival->out);
			rival->out = -1;
		}
	}
	return true;
}

void nm_rival_end(struct nm_rival *rival, bool well)
{
	if (!rival->pid)
		return;
	if (well)
		tell(rival, NM_TURN_END "\n");
	close(rival->in);
	if (!await_end(rival, rival->limit_ns)) {
		kill(-rival->pid, SIGTERM);
		(void)await_end(rival, TERM_NS);
	}
	/* Before it is reaped, so that the number still means its group; whoever of that is left goes too. */
	kill(-rival->pid, SIGKILL);
	while (waitpid(rival->pid, &rival->status, 0) < 0 && errno == EINTR)
		;
	if (rival->out >= 0)
		close(rival->out);
	rival->pid = 0;
}
