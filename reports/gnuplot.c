/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/gnuplot.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRIPT_FD  3
#define DATA_FD	   4
#define LIMIT_MS   10000
#define MAX_OUTPUT ((rlim_t)16 << 20)
#define MAX_MEMORY ((rlim_t)2 << 30)

/* The first gnuplot of PATH; folders that are not absolute are left out, whoever put them there. */
static bool find_gnuplot(char *path, size_t size)
{
	const char *rest = getenv("PATH");

	while (rest && *rest) {
		size_t length = strcspn(rest, ":");

		if (*rest == '/' &&
		    (size_t)snprintf(path, size, "%.*s/gnuplot", (int)length, rest) < size &&
		    !access(path, X_OK))
			return true;
		rest += length;
		rest += *rest == ':';
	}
	return false;
}

/* A file without a name; read from its beginning, whatever was written. */
static int memory_file(const char *bytes, size_t length)
{
	int fd = memfd_create("nestmark-chart", MFD_CLOEXEC);

	if (fd >= 0 && (nm_write_all(fd, bytes, length) || lseek(fd, 0, SEEK_SET))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void limit(int resource, rlim_t value)
{
	const struct rlimit limits = {value, value};

	setrlimit(resource, &limits);
}

struct files {
	int script, data, out;
};

static bool take(int fd, int as)
{
	return dup2(fd, as) == as;
}

/* High numbers first, so that none of the low ones is overwritten before it was used. */
static bool take_files(const struct files *files, int null)
{
	int script = fcntl(files->script, F_DUPFD, 10);
	int data = fcntl(files->data, F_DUPFD, 10);
	int out = fcntl(files->out, F_DUPFD, 10);
	bool taken = take(null, 0) && take(out, 1) && take(null, 2) && take(script, SCRIPT_FD) &&
		     take(data, DATA_FD);

	close(script);
	close(data);
	close(out);
	return taken;
}

static void child_main(const char *path, const struct files *files, pid_t parent)
{
	char name[] = "gnuplot";
	char no_start_up_files[] = "-d";
	char script[] = "/dev/fd/3";
	char locale[] = "LC_ALL=C";
	char *argv[] = {name, no_start_up_files, script, NULL};
	char *env[] = {locale, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0 || chdir("/") || !take_files(files, null))
		_exit(1);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, MAX_OUTPUT);
	limit(RLIMIT_AS, MAX_MEMORY);
	execve(path, argv, env);
	_exit(1);
}

/* The exit status; -1 when it had to be killed. */
static int await(pid_t child)
{
	uint64_t end = nm_clock_ns() + LIMIT_MS * NM_NS_PER_MS;
	pid_t ended;
	int status;

	while (!(ended = waitpid(child, &status, WNOHANG)) && nm_clock_ns() < end)
		poll(NULL, 0, 1);
	if (ended == child)
		return status;
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return -1;
}

static int read_output(int fd, struct nm_text *svg)
{
	struct stat info;
	char buffer[65536];
	off_t at = 0;

	if (fstat(fd, &info) || !info.st_size)
		return nm_fail(EIO, "gnuplot drew nothing");
	while (at < info.st_size) {
		ssize_t got = pread(fd, buffer, sizeof(buffer), at);

		if (got <= 0)
			return nm_fail(EIO, "gnuplot's drawing cannot be read");
		nm_text_put(svg, buffer, (size_t)got);
		at += got;
	}
	return nm_text_status(svg);
}

static int draw(const char *path, const struct files *files, struct nm_text *svg)
{
	pid_t parent = getpid();
	pid_t child = fork();
	int status;

	if (child < 0)
		return nm_fail(errno, "cannot start gnuplot: %s", strerror(errno));
	if (!child)
		child_main(path, files, parent);
	status = await(child);
	if (status < 0)
		return nm_fail(EIO, "%s did not end within %d s", path, LIMIT_MS / 1000);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return nm_fail(EIO, "%s failed", path);
	return read_output(files->out, svg);
}

int nm_gnuplot(const char *script, const struct nm_text *data, struct nm_text *svg)
{
	struct files files = {.script = memory_file(script, strlen(script)),
			      .data = memory_file(data->bytes ? data->bytes : "", data->length),
			      .out = memory_file("", 0)};
	char path[PATH_MAX];
	int r;

	if (!find_gnuplot(path, sizeof(path)))
		r = nm_fail_remedy(ENOENT, "install gnuplot", "there is no gnuplot on PATH");
	else if (files.script < 0 || files.data < 0 || files.out < 0)
		r = nm_fail(errno, "no memory for a chart: %s", strerror(errno));
	else
		r = draw(path, &files, svg);
	close(files.script);
	close(files.data);
	close(files.out);
	return r;
}
