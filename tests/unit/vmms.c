/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * VMMs of others: how they are started, and that nothing of them is left. tests/vmms/standin.py stands for each: it looks at its
 * arguments and files as that VMM would, and runs the agent natively.
 */
#include "benchmarks/linux/vmms.h"

#include "benchmarks/linux/keeper.h"
#include "benchmarks/linux/side.h"
#include "benchmarks/linux/vmm.h"
#include "benchmarks/plan.h"
#include "core/error.h"
#include "core/file.h"
#include "helpers.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES 4u

static const char *const names[] = {"qemu-q35", "qemu-microvm", "firecracker", "cloud-hypervisor"};

static struct nm_document document;
static struct nm_linux side;
static struct nm_round_host host;
static const unsigned char kernel[] = "\177ELF of which nobody executes anything";

static void forget(void)
{
	nm_linux_close(&side);
	nm_document_free(&document);
}

static void forget_all(void)
{
	forget();
	leave_folder();
}

TestSuite(vmms, .init = enter_folder, .fini = forget_all);

static void write_standin(const char *name, const char *behaviour, char *specification, size_t size)
{
	char folder[200];
	FILE *file = fopen("standin", "w");

	cr_assert(getcwd(folder, sizeof(folder)));
	fprintf(file, "#!/bin/sh\nexec /usr/bin/python3 %s %s %s \"$@\"\n", STANDIN, name,
		behaviour);
	fclose(file);
	cr_assert_eq(chmod("standin", 0755), 0);
	snprintf(specification, size, "%s=%s/standin", name, folder);
}

static size_t plan(const char *operation, const char *specification)
{
	struct nm_selection chosen = {.guest = true};
	size_t number = 0;

	cr_assert_eq(nm_strings_add(&document.arena, &chosen.patterns, operation), 0);
	document.run.plan = (struct nm_plan) {.profile = "quick",
					      .samples = SAMPLES,
					      .round_limit_ns = 1000000000};
	cr_assert_eq(nm_strings_add(&document.arena, &document.run.plan.vmms, specification), 0);
	cr_assert_eq(nm_plan(&document, &chosen), 0, "%s", nm_error_last()->text);
	/* This test has no KVM. */
	for (size_t i = 0; i < document.measurements.count; i++)
		document.measurements.items[i].state = NM_STATE_FAILED;
	while (!strcmp(nm_measurement_vmm(&document.measurements.items[number]), NM_LINUX_OWN_VMM))
		number++;
	return number;
}

/* A round of the operation in a stand-in for the named VMM, which stands in the folder of the test. */
static struct nm_round_area *boot(const char *name, const char *behaviour, const char *operation)
{
	static const int cpus[] = {0, 0};
	char specification[256];
	struct nm_round_area *area =
		calloc(1, sizeof(*area) + (size_t)2 * SAMPLES * sizeof(uint64_t));
	struct nm_round_order order = {.context = NM_CONTEXT_GUEST,
				       .pass = 1,
				       .samples = SAMPLES,
				       .batch = 1,
				       .limit_ns = 1000000000,
				       .cpus = cpus,
				       .cpu_count = 1};

	write_standin(name, behaviour, specification, sizeof(specification));
	order.number = plan(operation, specification);
	order.bench = nm_bench_find(operation);
	order.vmm = nm_measurement_vmm(&document.measurements.items[order.number]);
	order.point = nm_measurement_point(&document.measurements.items[order.number]);
	side = (struct nm_linux) {.vmms = &document.run.plan.vmms, .vcpus = 1};
	side.kernel = (struct nm_kernel) {.bytes = kernel, .size = sizeof(kernel), .end = 16 << 20};
	snprintf(side.kernel_path, sizeof(side.kernel_path), "standin");
	host = (struct nm_round_host) {.linux_side = &side, .tsc_khz = 2000000};
	cr_assert_eq(nm_linux_plan(&side, &document, order.number, 1), 0, "%s",
		     nm_error_last()->text);
	nm_linux_round(&host, &order, area);
	return area;
}

static void assert_state(const struct nm_round_area *area, const char *name, enum nm_state state,
			 const char *reason)
{
	cr_assert_eq(area->state, (int)state, "%s is %s: %s", name, nm_state_names[area->state],
		     area->reason);
	cr_assert(strstr(area->reason, reason), "%s: \"%s\" expected, it says \"%s\"", name, reason,
		  area->reason);
}

Test(vmms, each_boots_the_agent)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		struct nm_round_area *area = boot(names[i], "whole", "linux.syscall");

		assert_state(area, names[i], NM_STATE_OK, "");
		for (size_t j = 0; j < SAMPLES; j++)
			cr_assert_gt(area->values[j], 0, "sample %zu", j);
		free(area);
		forget();
	}
}

Test(vmms, stages_of_a_boot_come_one_after_another)
{
	static const char *const stages[] = {"linux.boot.first-line", "linux.boot.init",
					     "linux.boot.off"};
	uint64_t before = 0;

	for (size_t i = 0; i < COUNT(stages); i++) {
		struct nm_round_area *area = boot("firecracker", "whole", stages[i]);

		assert_state(area, stages[i], NM_STATE_OK, "");
		cr_assert_gt(area->host_ns, 0);
		before = area->host_ns;
		free(area);
		forget();
	}
	cr_assert_gt(before, 0);
}

Test(vmms, what_it_says_before_it_ends_is_kept_or_told)
{
	struct nm_round_area *area = boot("firecracker", "dies", "linux.syscall");

	assert_state(area, "dies", NM_STATE_FAILED, "killed by signal 9");
	free(area);
	forget();
	area = boot("cloud-hypervisor", "garbage", "linux.syscall");
	assert_state(area, "garbage", NM_STATE_FAILED, "not reached: ");
	free(area);
	forget();
	/* Arguments that this VMM does not take. */
	area = boot("qemu-microvm", "whole --more", "linux.syscall");
	assert_state(area, "refused", NM_STATE_FAILED, "ended with code 9");
	cr_assert(strstr(area->reason, "unknown argument --more"), "%s", area->reason);
	free(area);
}

Test(vmms, a_kernel_that_cannot_be_unpacked_is_refused_where_it_must_be)
{
	struct nm_round_area *area;

	side.kernel.payload = 1;
	area = boot("qemu-q35", "whole", "linux.syscall");
	assert_state(area, "qemu-q35", NM_STATE_OK, "");
	free(area);
}

/* Whether a process that the stand-in has noted in its file is still there. */
static size_t alive(size_t *noted)
{
	struct nm_text text = {0};
	size_t count = 0;
	char *at;
	char *next;

	*noted = 0;
	if (!nm_file_read("pids", 4096, &text) && text.length)
		for (at = text.bytes; *at; at = next + 1) {
			const long pid = strtol(at, &next, 10);

			if (next == at || *next != '\n')
				break;
			(*noted)++;
			count += !kill((pid_t)pid, 0) || errno != ESRCH;
		}
	nm_text_free(&text);
	return count;
}

static void nap(void)
{
	nanosleep(&(struct timespec) {.tv_nsec = 10000000}, NULL);
}

static void wait_until(size_t processes, size_t least_noted)
{
	size_t noted = 0;

	for (int i = 0; i < 1000 && (alive(&noted) != processes || noted < least_noted); i++)
		nap();
	cr_assert_eq(alive(&noted), processes, "of %zu processes", noted);
	cr_assert_geq(noted, least_noted);
}

/* It has left the group and the session of its VMM, holds the console, and ignores SIGTERM. */
Test(vmms, what_it_leaves_behind_is_gone_when_it_has_ended)
{
	size_t noted;
	struct nm_round_area *area = boot("cloud-hypervisor", "leaves", "linux.syscall");

	assert_state(area, "leaves", NM_STATE_OK, "");
	cr_assert_eq(alive(&noted), 0, "it is still there");
	cr_assert_eq(noted, 1);
	free(area);
}

Test(vmms, nothing_is_left_of_a_round_that_is_killed)
{
	const pid_t round = fork();

	if (!round) {
		free(boot("firecracker", "hangs", "linux.syscall"));
		_exit(0);
	}
	wait_until(2, 2);
	kill(round, SIGKILL);
	waitpid(round, NULL, 0);
	wait_until(0, 2);
}

/* The keeper */

static void start_shell(void *context)
{
	execl("/bin/sh", "sh", "-c", (const char *)context, (char *)NULL);
	_exit(1);
}

static int keep(char *script, bool end)
{
	const pid_t keeper = nm_keeper_start(start_shell, script, -1);
	int status;

	cr_assert_gt(keeper, 0);
	if (end) {
		wait_until(2, 2);
		nm_keeper_end(keeper);
	}
	cr_assert_eq(waitpid(keeper, &status, 0), keeper);
	return status;
}

Test(vmms, a_keeper_ends_as_its_program_did)
{
	char ends[] = "exit 7";
	char killed[] = "kill -KILL $$";
	char hangs[] =
		"trap '' TERM; echo $$ >>pids; "
		"(setsid sh -c 'trap \"\" TERM; echo $$ >>pids; while :; do sleep 1; done' &) "
		"; while :; do sleep 1; done";
	int status = keep(ends, false);

	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7, "%#x", (unsigned int)status);
	status = keep(killed, false);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%#x", (unsigned int)status);
	status = keep(hangs, true);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%#x", (unsigned int)status);
	wait_until(0, 2);
}

/* Names and command lines */

Test(vmms, names_are_those_of_the_table)
{
	for (size_t i = 0; i < COUNT(names); i++)
		cr_assert_str_eq(nm_vmm_name(names[i]), names[i]);
	cr_assert_str_eq(nm_vmm_name("qemu"), "qemu-q35");
	cr_assert_str_eq(nm_vmm_name("firecracker=/opt/fc"), "firecracker");
	cr_assert_str_eq(nm_vmm_name("nestmark"), "nestmark");
	cr_assert_null(nm_vmm_name("qemu-q3"));
	cr_assert_null(nm_vmm_name(""));
	cr_assert_null(nm_vmm_find("nestmark"));
	cr_assert_str_eq(nm_vmm_program("cloud-hypervisor"), "cloud-hypervisor");
	cr_assert_str_eq(nm_vmm_program("qemu=/opt/a=b"), "/opt/a=b");
}

static void assert_described(const char *specification, const char *begin, const char *part)
{
	struct nm_text text = {0};

	cr_assert_eq(nm_vmm_describe(specification, "/boot/vmlinuz", 2, &text), 0);
	cr_assert_eq(strncmp(text.bytes, begin, strlen(begin)), 0, "%s", text.bytes);
	cr_assert(strstr(text.bytes, part), "%s", text.bytes);
	nm_text_free(&text);
}

Test(vmms, command_lines_are_told)
{
	assert_described("qemu=/opt/qemu", "/opt/qemu -machine q35,accel=kvm -cpu host -smp 2 ",
			 "-kernel /boot/vmlinuz -initrd INITRAMFS -append ARGUMENTS");
	assert_described("qemu-microvm", "qemu-system-x86_64 -machine microvm,accel=kvm,",
			 "-serial stdio");
	assert_described("firecracker", "firecracker --no-api --level Error --config-file ",
			 "CONFIGURATION is {\"boot-source\":{\"kernel_image_path\":\"VMLINUX\"");
	assert_described("cloud-hypervisor", "cloud-hypervisor --kernel VMLINUX ",
			 "--cmdline ARGUMENTS --cpus boot=2 --memory size=MEMORYM --serial tty");
}

/* Values are one argument each, whatever they hold. */
Test(vmms, disks_and_networks_are_added_where_a_boot_has_them)
{
	const char *const values[NM_VMM_WORDS] = {
		[NM_VMM_KERNEL] = "/a kernel",
		[NM_VMM_INITRAMFS] = "i",
		[NM_VMM_ARGUMENTS] = "quiet {x}",
		[NM_VMM_CONFIGURATION] = "c",
		[NM_VMM_VCPUS] = "2",
		[NM_VMM_MEMORY] = "512",
		[NM_VMM_DISK] = "/a disk",
		[NM_VMM_DIRECT] = "off",
		[NM_VMM_NETWORK] = "9",
	};
	struct nm_vmm_command command = {0};
	struct nm_text all = {0};

	cr_assert_eq(nm_vmm_command("qemu-microvm", values, &command), 0);
	for (char **at = command.arguments; *at; at++)
		nm_text_printf(&all, "[%s]", *at);
	cr_assert(strstr(all.bytes, "[-kernel][/a kernel]"), "%s", all.bytes);
	cr_assert(strstr(all.bytes, "[-append][quiet {x}]"), "%s", all.bytes);
	cr_assert(strstr(all.bytes,
			 "[-drive][file=/a disk,format=raw,if=none,id=disk,cache.direct=off]"),
		  "%s", all.bytes);
	cr_assert(strstr(all.bytes, "local.str=9][-device][virtio-net-device,netdev=net]"), "%s",
		  all.bytes);
	nm_text_free(&all);
	nm_text_free(&command.text);
}

Test(vmms, a_configuration_names_the_disk)
{
	const char *const values[NM_VMM_WORDS] = {
		[NM_VMM_KERNEL] = "/k", [NM_VMM_INITRAMFS] = "/i", [NM_VMM_ARGUMENTS] = "a \"b\"",
		[NM_VMM_VCPUS] = "2",	[NM_VMM_MEMORY] = "512",   [NM_VMM_DISK] = "disk.raw",
	};
	struct nm_text text = {0};

	cr_assert_eq(nm_vmm_find("firecracker")->configure(values, &text), 0);
	cr_assert(strstr(text.bytes, "\"boot_args\":\"a \\\"b\\\"\""), "%s", text.bytes);
	cr_assert(strstr(text.bytes, "{\"vcpu_count\":2,\"mem_size_mib\":512}"), "%s", text.bytes);
	cr_assert(strstr(text.bytes, "\"path_on_host\":\"disk.raw\",\"is_root_device\":false"),
		  "%s", text.bytes);
	nm_text_free(&text);
}
