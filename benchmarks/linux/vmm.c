/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * VMMs of others. Each is a process with the serial port on its stdout, without a disk, a network or a display, and no file but the
 * kernel: the initramfs is one without a name, which it inherits.
 */
#include "benchmarks/linux/vmm.h"

#include "benchmarks/linux/side.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define VALUE_BYTES 64u
#define EXEC_FAILED 127

static const struct vmm {
	const char *name;
	const char *machine;
	const char *program;
} vmms[] = {
	{"qemu-q35", "q35,accel=kvm", "qemu-system-x86_64"},
};

/* Words in capitals stand for what differs from boot to boot. */
static const char *const qemu_arguments[] = {
	"-machine",   "MACHINE",  "-cpu",    "host",	    "-smp",
	"VCPUS",      "-m",	  "MEMORY",  "-nodefaults", "-no-user-config",
	"-no-reboot", "-display", "none",    "-serial",	    "stdio",
	"-kernel",    "KERNEL",	  "-initrd", "INITRAMFS",   "-append",
	"ARGUMENTS",  NULL,
};

static const struct vmm *find(const char *specification)
{
	const size_t length = strcspn(specification, "=");

	for (size_t i = 0; i < sizeof(vmms) / sizeof(vmms[0]); i++)
		if (strlen(vmms[i].name) == length && !strncmp(vmms[i].name, specification, length))
			return &vmms[i];
	return NULL;
}

const char *nm_vmm_name(const char *specification)
{
	const struct vmm *vmm = find(specification);

	if (!strcmp(specification, NM_LINUX_OWN_VMM))
		return NM_LINUX_OWN_VMM;
	return vmm ? vmm->name : NULL;
}

static const char *program_of(const struct vmm *vmm, const char *specification)
{
	const char *program = strchr(specification, '=');

	return program ? program + 1 : vmm->program;
}

/* What the words in capitals are in a boot. */
struct values {
	const char *machine, *kernel, *initramfs, *arguments;
	char vcpus[VALUE_BYTES], memory[VALUE_BYTES];
};

static const char *value_of(const char *argument, const struct values *values)
{
	const struct {
		const char *word, *value;
	} words[] = {
		{"MACHINE", values->machine},	  {"KERNEL", values->kernel},
		{"INITRAMFS", values->initramfs}, {"ARGUMENTS", values->arguments},
		{"VCPUS", values->vcpus},	  {"MEMORY", values->memory},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(argument, words[i].word))
			return words[i].value;
	return argument;
}

int nm_vmm_describe(const char *specification, const char *kernel, unsigned int vcpus,
		    struct nm_text *out)
{
	const struct vmm *vmm = find(specification);
	struct values values = {.machine = vmm->machine,
				.kernel = kernel,
				.initramfs = "INITRAMFS",
				.arguments = "ARGUMENTS"};

	snprintf(values.vcpus, sizeof(values.vcpus), "%u", vcpus);
	snprintf(values.memory, sizeof(values.memory), "MEMORY");
	nm_text_puts(out, program_of(vmm, specification));
	for (size_t i = 0; qemu_arguments[i]; i++)
		nm_text_printf(out, " %s", value_of(qemu_arguments[i], &values));
	return nm_text_status(out);
}

static const char *specification_of(const struct nm_linux_boot *boot)
{
	const struct nm_strings *all = boot->side->vmms;

	for (size_t i = 0; i < all->count; i++)
		if (!strcmp(nm_vmm_name(all->items[i]), boot->order->vmm))
			return all->items[i];
	return boot->order->vmm;
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

static void start(const struct nm_linux_boot *boot, int output, int initramfs, pid_t parent)
{
	const char *specification = specification_of(boot);
	const struct vmm *vmm = find(specification);
	const char *program = program_of(vmm, specification);
	const int nothing = open("/dev/null", O_RDWR);
	const char *arguments[sizeof(qemu_arguments) / sizeof(qemu_arguments[0]) + 1] = {program};
	char path[VALUE_BYTES];
	struct values values = {.machine = vmm->machine,
				.kernel = boot->side->kernel_path,
				.initramfs = path,
				.arguments = boot->command_line};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", initramfs);
	snprintf(values.vcpus, sizeof(values.vcpus), "%u", boot->side->vcpus);
	snprintf(values.memory, sizeof(values.memory), "%" PRIu64 "M", boot->memory_bytes >> 20);
	for (size_t i = 0; qemu_arguments[i]; i++)
		arguments[i + 1] = value_of(qemu_arguments[i], &values);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	spread(boot->order);
	if (getppid() == parent && dup2(nothing, STDIN_FILENO) >= 0 &&
	    dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)
		execvp(program, (char *const *)arguments);
	_exit(EXEC_FAILED);
}

/* Until it closes its output, which it does when it ends; false when the time is over. */
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

static void conclude(struct nm_linux_boot *boot, bool late, int status)
{
	const char *program = program_of(find(boot->order->vmm), specification_of(boot));
	char what[256];

	if (late)
		snprintf(what, sizeof(what), "%.128s did not end within its time", program);
	else if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "%.128s was killed by signal %d", program,
			 WTERMSIG(status));
	else if (WEXITSTATUS(status) == EXEC_FAILED)
		snprintf(what, sizeof(what), "%.128s could not be started", program);
	else
		snprintf(what, sizeof(what), "%.128s ended with code %d", program,
			 WEXITSTATUS(status));
	nm_linux_boot_end(boot, late ? NM_STATE_TIMEOUT : NM_STATE_FAILED, what);
}

static int initramfs_file(const struct nm_linux_boot *boot)
{
	int fd = memfd_create("initramfs", 0);

	if (fd < 0)
		return nm_fail(errno, "memfd_create: %s", strerror(errno));
	if (nm_write_all(fd, boot->initrd, boot->initrd_bytes)) {
		close(fd);
		return -nm_error_last()->code;
	}
	return fd;
}

static void watch(struct nm_linux_boot *boot, pid_t child, int output)
{
	const uint64_t limit = nm_linux_limit_ns(boot->side, boot->order);
	const bool late = !read_until(output, nm_clock_ns() + limit, &boot->reader);
	int status = 0;

	if (!late)
		boot->off = nm_moment_now();
	else
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (late || !WIFEXITED(status) || WEXITSTATUS(status))
		boot->off.ns = 0;
	conclude(boot, late, status);
}

void nm_linux_boot_vmm(struct nm_linux_boot *boot)
{
	const pid_t parent = getpid();
	int initramfs = initramfs_file(boot);
	int pipes[2];
	pid_t child = -1;

	if (initramfs < 0) {
		nm_linux_boot_end(boot, NM_STATE_FAILED, nm_error_last()->text);
	} else if (pipe2(pipes, O_CLOEXEC)) {
		nm_linux_boot_end(boot, NM_STATE_FAILED, strerror(errno));
	} else {
		boot->begin = nm_moment_now();
		child = fork();
		if (!child)
			start(boot, pipes[1], initramfs, parent);
		close(pipes[1]);
		if (child > 0)
			watch(boot, child, pipes[0]);
		else
			nm_linux_boot_end(boot, NM_STATE_FAILED, strerror(errno));
		close(pipes[0]);
	}
	if (initramfs >= 0)
		close(initramfs);
}
