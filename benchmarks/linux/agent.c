/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The agent on this machine: a process of its own, which a pipe leads away from. */
#include "benchmarks/linux/agent.h"

#include "benchmarks/io/file.h"
#include "benchmarks/linux/job.h"
#include "core/error.h"
#include "core/file.h"
#include "guest-payloads/images.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXEC_FAILED 127

/* The program as a file without a name: gone with its last process. */
static int program_file(void)
{
	const size_t bytes = (size_t)(nm_image_linux_agent_end - nm_image_linux_agent);
	int fd = memfd_create("nestmark-agent", MFD_CLOEXEC);

	if (fd < 0)
		return nm_fail(errno, "memfd_create: %s", strerror(errno));
	if (nm_write_all(fd, (const char *)nm_image_linux_agent, bytes)) {
		close(fd);
		return -nm_error_last()->code;
	}
	return fd;
}

static void start_agent(int program, int output, char *plan, const char *folder, pid_t parent)
{
	char name[] = "nestmark-agent";
	char *const arguments[] = {name, plan, NULL};
	char *const environment[] = {NULL};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent && dup2(output, STDOUT_FILENO) >= 0 && !chdir(folder))
		fexecve(program, arguments, environment);
	_exit(EXEC_FAILED);
}

static void read_all(int fd, struct nm_linux_reader *reader)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0 || (got < 0 && errno == EINTR))
		if (got > 0)
			nm_linux_reader_feed(reader, bytes, (size_t)got);
}

static int run_program(int program, char *plan, const char *folder, struct nm_linux_reader *reader)
{
	const pid_t parent = getpid();
	char why[64] = "the agent ended before its time";
	int status = 0;
	int pipes[2];
	pid_t child;

	if (pipe2(pipes, O_CLOEXEC))
		return nm_fail(errno, "pipe2: %s", strerror(errno));
	child = fork();
	if (!child)
		start_agent(program, pipes[1], plan, folder, parent);
	close(pipes[1]);
	if (child < 0) {
		close(pipes[0]);
		return nm_fail(errno, "cannot start the agent: %s", strerror(errno));
	}
	read_all(pipes[0], reader);
	close(pipes[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "the agent was killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == EXEC_FAILED)
		snprintf(why, sizeof(why), "the agent could not be executed");
	nm_linux_reader_end(reader, NM_STATE_FAILED, why);
	return 0;
}

static int run_job(struct nm_linux_job *job, const struct nm_cpus *cpus, const char *folder)
{
	struct nm_linux_job *const jobs[] = {job};
	const size_t used = cpus->count < NM_LINUX_VCPUS ? cpus->count : NM_LINUX_VCPUS;
	struct nm_linux_reader reader = {.jobs = jobs, .count = 1, .native = true};
	struct nm_text plan = {0};
	int program;
	int r;

	/* The process of the run removes it, whatever becomes of this one. */
	nm_text_printf(&plan, "file " NM_IO_SCRATCH "\n", (int)getppid());
	r = nm_linux_plan_text(&plan, jobs, 1, cpus->ids, used, false);

	program = r ? r : program_file();
	nm_linux_reader_init(&reader);
	r = program < 0 ? program : run_program(program, plan.bytes, folder, &reader);
	if (program >= 0)
		close(program);
	nm_text_free(&plan);
	return r;
}

static bool take_area(struct nm_native_round *round, const struct nm_round_area *area, char *why,
		      size_t size)
{
	const size_t bytes = round->samples * sizeof(uint64_t);

	memcpy(round->sample, area->values, bytes);
	memcpy(round->overhead, area->values + round->samples, bytes);
	round->tsc_end = area->tsc_ticks;
	round->host_end_ns = area->state == NM_STATE_FAILED ? 0 : area->host_ns;
	round->unsupported = area->state == NM_STATE_UNSUPPORTED;
	snprintf(why, size, "%s", area->reason);
	return area->state == NM_STATE_OK;
}

static void lacks_folder(struct nm_native_round *round, char *why, size_t size)
{
	round->unsupported = true;
	round->remedy = "name a folder with --io-path";
	snprintf(why, size, "files need a folder");
}

bool nm_agent_native(struct nm_native_round *round, char *why, size_t size)
{
	const bool has_folder = round->io && round->io->folder;
	struct nm_round_area *area =
		calloc(1, sizeof(*area) + 2 * round->samples * sizeof(uint64_t));
	struct nm_linux_job job = {
		.bench = round->bench,
		.samples = round->samples,
		.warmup = round->warmup,
		.batch = round->batch,
		.area = area,
	};
	bool right = false;

	if (!area)
		snprintf(why, size, "out of memory");
	else if (round->bench->filesystem && !has_folder)
		lacks_folder(round, why, size);
	else if (run_job(&job, round->cpus, has_folder ? round->io->folder : "."))
		snprintf(why, size, "%s", nm_error_last()->text);
	else
		right = take_area(round, area, why, size);
	free(area);
	return right;
}
