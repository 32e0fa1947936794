/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* A boot in a VMM of others (vmms.c): a process with the serial port on its stdout, kept by keeper.c. */
#include "benchmarks/linux/vmm.h"

#include "benchmarks/linux/keeper.h"
#include "benchmarks/linux/side.h"
#include "benchmarks/linux/vmms.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define VALUE_BYTES 64u

struct started {
	struct nm_moment at;
	int error; /* why it could not be executed */
};

/* Everything that is ready before a VMM starts. */
struct launch {
	const char *specification;
	const struct nm_linux_boot *boot;
	struct nm_vmm_command command;
	const char *values[NM_VMM_WORDS];
	char texts[NM_VMM_WORDS][VALUE_BYTES]; /* of those values that nobody else holds */
	int files[NM_VMM_WORDS];	       /* behind them, without a name; -1: none */
	int output;
	struct started *started; /* shared with the process that becomes the VMM */
};

static const char *specification_of(const struct nm_linux_boot *boot)
{
	const struct nm_strings *all = boot->side->vmms;

	for (size_t i = 0; i < all->count; i++)
		if (!strcmp(nm_vmm_name(all->items[i]), boot->order->vmm))
			return all->items[i];
	return boot->order->vmm;
}

static int set_file(struct launch *launch, enum nm_vmm_word word, const void *bytes, size_t length)
{
	const int fd = memfd_create("nestmark", 0);

	if (fd < 0)
		return nm_fail(errno, "memfd_create: %s", strerror(errno));
	launch->files[word] = fd;
	snprintf(launch->texts[word], VALUE_BYTES, "/proc/self/fd/%d", fd);
	launch->values[word] = launch->texts[word];
	return nm_write_all(fd, bytes, length);
}

static void set_number(struct launch *launch, enum nm_vmm_word word, uint64_t value)
{
	snprintf(launch->texts[word], VALUE_BYTES, "%" PRIu64, value);
	launch->values[word] = launch->texts[word];
}

static int set_kernel(struct launch *launch, const struct nm_vmm *vmm, const struct nm_linux *side)
{
	launch->values[NM_VMM_KERNEL] = side->kernel_path;
	if (!vmm->unpacked)
		return 0;
	if (side->kernel.payload)
		return nm_fail_remedy(ENOEXEC, "name a vmlinux by --kernel",
				      "%s takes uncompressed kernels only, and %.200s cannot be "
				      "unpacked",
				      vmm->name, side->kernel_path);
	return set_file(launch, NM_VMM_KERNEL, side->kernel.bytes, side->kernel.size);
}

static int set_configuration(struct launch *launch, const struct nm_vmm *vmm)
{
	struct nm_text text = {0};
	int r = vmm->configure(launch->values, &text);

	if (!r)
		r = set_file(launch, NM_VMM_CONFIGURATION, text.bytes, text.length);
	nm_text_free(&text);
	return r;
}

/* Some file systems, such as tmpfs before Linux 6.6, cannot bypass the page cache. */
static bool can_bypass(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void set_devices(struct launch *launch, const struct nm_linux_boot *boot)
{
	launch->values[NM_VMM_DISK] = boot->disk_path;
	if (boot->disk_path)
		launch->values[NM_VMM_DIRECT] = can_bypass(boot->disk_path) ? "on" : "off";
	if (boot->net_fd >= 0)
		set_number(launch, NM_VMM_NETWORK, (uint64_t)boot->net_fd);
}

static int share_start(struct launch *launch)
{
	void *page = mmap(NULL, sizeof(*launch->started), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return nm_fail(errno, "mmap: %s", strerror(errno));
	launch->started = page;
	return 0;
}

static int prepare(struct launch *launch, const struct nm_linux_boot *boot)
{
	const struct nm_vmm *vmm = nm_vmm_find(launch->specification);
	int r = share_start(launch);

	if (!r)
		r = set_kernel(launch, vmm, boot->side);
	if (!r)
		r = set_file(launch, NM_VMM_INITRAMFS, boot->initrd, boot->initrd_bytes);
	set_devices(launch, boot);
	launch->values[NM_VMM_ARGUMENTS] = boot->command_line;
	set_number(launch, NM_VMM_VCPUS, boot->side->vcpus);
	set_number(launch, NM_VMM_MEMORY, boot->memory_bytes >> 20);
	if (!r && vmm->configure)
		r = set_configuration(launch, vmm);
	return r ? r : nm_vmm_command(launch->specification, launch->values, &launch->command);
}

static void release(struct launch *launch)
{
	for (size_t i = 0; i < NM_VMM_WORDS; i++)
		if (launch->files[i] >= 0)
			close(launch->files[i]);
	nm_text_free(&launch->command.text);
	if (launch->started)
		munmap(launch->started, sizeof(*launch->started));
}

/* Its threads go where vCPUs of our own would be: each finds a place of its own. */
static void spread(const struct nm_round_order *order)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (size_t i = 0; i < order->cpu_count && i < NM_LINUX_VCPUS; i++)
		CPU_SET((size_t)order->cpus[i], &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static void start(void *context)
{
	const struct launch *launch = context;
	const int nothing = open("/dev/null", O_RDWR);

	spread(launch->boot->order);
	if (launch->boot->net_fd >= 0)
		fcntl(launch->boot->net_fd, F_SETFD, 0);
	if (dup2(nothing, STDIN_FILENO) >= 0 && dup2(launch->output, STDOUT_FILENO) >= 0 &&
	    dup2(launch->output, STDERR_FILENO) >= 0) {
		launch->started->at = nm_moment_now();
		execvp(launch->command.arguments[0], launch->command.arguments);
	}
	launch->started->error = errno;
	_exit(1);
}

/* Until nobody has its output any more, which is when it has ended; false when the time is over. */
static bool read_until(int fd, uint64_t end_ns, struct nm_linux_reader *reader)
{
	char bytes[4096];

	for (;;) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		uint64_t now = nm_clock_ns();
		ssize_t got;

		if (now >= end_ns)
			return false;
		if (poll(&poll_fd, 1, (int)((end_ns - now) / NM_NS_PER_MS) + 1) <= 0)
			continue;
		got = read(fd, bytes, sizeof(bytes));
		if (got > 0)
			nm_linux_reader_feed(reader, bytes, (size_t)got);
		else if (!got || errno != EINTR)
			return true;
	}
}

static void conclude(struct nm_linux_boot *boot, const struct launch *launch, bool late, int status)
{
	const char *program = launch->command.arguments[0];
	const int error = launch->started->error;
	char what[256];

	if (late)
		snprintf(what, sizeof(what), "%.128s did not end within its time", program);
	else if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "%.128s was killed by signal %d", program,
			 WTERMSIG(status));
	else if (error)
		snprintf(what, sizeof(what), "%.128s could not be started: %s", program,
			 strerror(error));
	else
		snprintf(what, sizeof(what), "%.128s ended with code %d", program,
			 WEXITSTATUS(status));
	nm_linux_boot_end(boot, late ? NM_STATE_TIMEOUT : NM_STATE_FAILED, what);
}

static void watch(struct nm_linux_boot *boot, const struct launch *launch, pid_t keeper, int output)
{
	const uint64_t limit = nm_linux_limit_ns(boot->side, boot->order);
	const bool late = !read_until(output, nm_clock_ns() + limit, &boot->reader);
	int status = 0;

	if (!late)
		boot->off = nm_moment_now();
	else
		nm_keeper_end(keeper);
	boot->begin = launch->started->at;
	while (waitpid(keeper, &status, 0) < 0 && errno == EINTR)
		;
	if (late || !WIFEXITED(status) || WEXITSTATUS(status))
		boot->off.ns = 0;
	conclude(boot, launch, late, status);
}

static int run(struct nm_linux_boot *boot, struct launch *launch)
{
	int pipes[2];
	pid_t keeper;

	if (pipe2(pipes, O_CLOEXEC))
		return nm_fail(errno, "pipe2: %s", strerror(errno));
	launch->output = pipes[1];
	keeper = nm_keeper_start(start, launch, pipes[1]);
	close(pipes[1]);
	if (keeper > 0)
		watch(boot, launch, keeper, pipes[0]);
	close(pipes[0]);
	return keeper < 0 ? nm_fail(EAGAIN, "cannot start a process for the VMM") : 0;
}

void nm_linux_boot_vmm(struct nm_linux_boot *boot)
{
	struct launch launch = {.specification = specification_of(boot), .boot = boot};

	memset(launch.files, -1, sizeof(launch.files));
	if (prepare(&launch, boot) || run(boot, &launch))
		nm_linux_boot_end(boot, NM_STATE_FAILED, nm_error_last()->text);
	release(&launch);
}
