/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/linux/keeper.h"

#include "core/file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Comes from nm_keeper_end(), and from the kernel when the caller has died. */
#define END SIGTERM

#define CHILDREN       "/proc/thread-self/children"
#define CHILDREN_BYTES 65536u

static void kill_children(void)
{
	struct nm_text text = {0};
	char *at;
	char *next;

	if (!nm_file_read(CHILDREN, CHILDREN_BYTES, &text) && text.length)
		for (at = text.bytes; *at; at = next) {
			const long child = strtol(at, &next, 10);

			if (next == at)
				break;
			kill((pid_t)child, SIGKILL);
		}
	nm_text_free(&text);
}

/* What a process that is killed has started becomes a child of this one, and is next. */
static void kill_all(pid_t program)
{
	kill(-program, SIGKILL);
	for (;;) {
		const pid_t ended = waitpid(-1, NULL, WNOHANG);

		if (ended < 0 && errno == ECHILD)
			return;
		if (!ended) {
			kill_children();
			waitpid(-1, NULL, 0);
		}
	}
}

static void unblock(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void end_like(int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		unblock();
		raise(WTERMSIG(status));
	}
	_exit(WEXITSTATUS(status));
}

static void run(void (*start)(void *context), void *context)
{
	static const int usual[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	const pid_t keeper = getppid();

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		signal(usual[i], SIG_DFL);
	unblock();
	if (getppid() == keeper)
		start(context);
	_exit(1);
}

static int await(pid_t program, const sigset_t *signals)
{
	int status = 0;

	while (!waitpid(program, &status, WNOHANG))
		if (sigwaitinfo(signals, NULL) == END) {
			kill(program, SIGKILL);
			waitpid(program, &status, 0);
			break;
		}
	return status;
}

static void keep(void (*start)(void *context), void *context, int output, pid_t caller)
{
	sigset_t signals;
	pid_t program;
	int status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, END);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	setpgid(0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, END);
	if (getppid() != caller)
		_exit(1);
	program = fork();
	if (!program)
		run(start, context);
	if (output >= 0)
		close(output);
	if (program < 0)
		_exit(1);
	status = await(program, &signals);
	kill_all(program);
	end_like(status);
}

pid_t nm_keeper_start(void (*start)(void *context), void *context, int output)
{
	const pid_t caller = getpid();
	const pid_t keeper = fork();

	if (!keeper)
		keep(start, context, output, caller);
	return keeper;
}

void nm_keeper_end(pid_t keeper)
{
	kill(keeper, END);
}
