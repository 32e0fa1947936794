/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/*
 * What an application feels: the same program natively, where its plan is its argument, and as the init of a Linux guest, where the
 * plan is the file /plan. It writes raw samples in ticks of the TSC and computes no statistics.
 *
 *	cpus 0 1
 *	run linux.syscall SAMPLES WARMUP BATCH
 *	restart
 */
#include "linux/agent.h"
#include "linux/vdso.h"

#include <linux/reboot.h>
#include <linux/utsname.h>

#define PLAN_BYTES  8192u
#define MAX_WORDS   6u
#define MAX_CPUS    4u
#define MAX_SAMPLES 1000000u

struct plan {
	char text[PLAN_BYTES];
	unsigned int cpus[MAX_CPUS];
	unsigned int cpu_count;
	const char *file;
	const char *no_file; /* why not */
	bool is_guest;
	bool restart; /* at the end, where a machine cannot be switched off */
};

static uint64_t number(const char *text)
{
	uint64_t value = 0;

	while (*text >= '0' && *text <= '9')
		value = value * 10 + (uint64_t)(*text++ - '0');
	return value;
}

/* Cuts a line into words where it stands; the place behind it. */
static char *cut(char *line, const char *words[MAX_WORDS])
{
	size_t count = 0;

	for (size_t i = 0; i < MAX_WORDS; i++)
		words[i] = "";
	while (*line && *line != '\n') {
		while (*line == ' ')
			*line++ = '\0';
		if (*line && *line != '\n' && count < MAX_WORDS)
			words[count++] = line;
		while (*line && *line != ' ' && *line != '\n')
			line++;
	}
	if (*line)
		*line++ = '\0';
	return line;
}

static const struct nm_operation *find(const char *name)
{
	static const struct nm_operation *const tables[] = {
		nm_cpu_operations, nm_file_operations,	  nm_memory_operations,
		nm_net_operations, nm_process_operations, nm_wake_operations};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct nm_operation *at = tables[i]; at->name; at++)
			if (nm_equal(at->name, name))
				return at;
	return NULL;
}

static void measure(const struct nm_operation *operation, struct nm_work *work)
{
	nm_bind(work->cpus[0]);
	operation->run(work);
	if (work->lack) {
		nm_say("lack", work->lack);
		return;
	}
	nm_say_numbers("o", work->overhead, work->samples);
	nm_say_numbers("s", work->sample, work->samples);
	if (work->wrong)
		nm_say("wrong", work->wrong);
	else
		nm_say("done", work->name);
}

static void run(const struct plan *plan, const char *words[MAX_WORDS])
{
	const struct nm_operation *operation = find(words[1]);
	struct nm_work work = {
		.name = words[1],
		.samples = number(words[2]),
		.warmup = number(words[3]),
		.batch = number(words[4]),
		.cpus = plan->cpus,
		.cpu_count = plan->cpu_count,
		.file = plan->file,
		.lack = plan->no_file,
		.is_guest = plan->is_guest,
	};
	size_t bytes = 2 * work.samples * sizeof(uint64_t);

	nm_say("run", work.name);
	if (!operation || !work.samples || work.samples > MAX_SAMPLES || !work.batch) {
		nm_say("wrong", "no such operation, or no such numbers");
		return;
	}
	work.sample = nm_map(bytes);
	if (!work.sample) {
		nm_say("lack", "memory for the samples");
		return;
	}
	work.overhead = work.sample + work.samples;
	/* The pages must be there before the loop writes to them. */
	for (size_t i = 0; i < 2 * work.samples; i++)
		((volatile uint64_t *)work.sample)[i] = 0;
	measure(operation, &work);
	nm_unmap(work.sample, bytes);
}

static void take_cpus(struct plan *plan, const char *words[MAX_WORDS])
{
	plan->cpu_count = 0;
	for (size_t i = 1; i < MAX_WORDS && *words[i] && plan->cpu_count < MAX_CPUS; i++)
		plan->cpus[plan->cpu_count++] = (unsigned int)number(words[i]);
}

static void enter_disk(struct plan *plan)
{
	plan->no_file = nm_disk_enter();
	plan->file = plan->no_file ? NULL : "file";
}

static void follow(struct plan *plan)
{
	const char *words[MAX_WORDS];
	char *at = plan->text;

	while (*at) {
		at = cut(at, words);
		if (nm_equal(words[0], "cpus"))
			take_cpus(plan, words);
		else if (nm_equal(words[0], "module"))
			nm_module_load(words[1]);
		else if (nm_equal(words[0], "disk"))
			enter_disk(plan);
		else if (nm_equal(words[0], "file"))
			plan->file = words[1];
		else if (nm_equal(words[0], "run") && plan->cpu_count)
			run(plan, words);
		else if (nm_equal(words[0], "restart"))
			plan->restart = true;
	}
	nm_say("bye", "");
}

/* The init of a guest */

static void mount(const char *what, const char *where)
{
	nm_call6(SYS_mount, (long)what, (long)where, (long)what, 0, 0, 0);
}

static void end(const struct plan *plan)
{
	nm_call(SYS_reboot, (long)LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		plan->restart ? LINUX_REBOOT_CMD_RESTART : LINUX_REBOOT_CMD_POWER_OFF, 0);
	for (;;)
		nm_call(SYS_pause, 0, 0, 0, 0);
}

static void init(struct plan *plan)
{
	long port = nm_call(SYS_open, (long)"/dev/ttyS0", 1 /* O_WRONLY */, 0, 0);
	struct new_utsname name;

	nm_frames_to(port < 0 ? 1 : port, true);
	nm_call(SYS_uname, (long)&name, 0, 0, 0);
	nm_say("hello", name.release);
	mount("proc", "/proc");
	mount("sysfs", "/sys");
	nm_read_text("/plan", plan->text, sizeof(plan->text));
	plan->is_guest = true;
	follow(plan);
	end(plan);
}

static void copy(char *to, const char *from, size_t size)
{
	size_t i = 0;

	for (; i < size - 1 && from[i]; i++)
		to[i] = from[i];
	to[i] = '\0';
}

__attribute__((used)) void nm_main(const long *stack);
void nm_main(const long *stack)
{
	static struct plan plan;
	const char *const *arguments = (const char *const *)(stack + 1);
	long count = stack[0];
	int code = 0;

	nm_vdso_find(stack);
	if (nm_call(SYS_getpid, 0, 0, 0, 0) == 1) {
		init(&plan);
	} else if (count == 3) {
		code = nm_child(arguments[1], arguments[2]);
	} else if (count == 2) {
		copy(plan.text, arguments[1], sizeof(plan.text));
		follow(&plan);
	}
	nm_call(SYS_exit_group, code, 0, 0, 0);
}

/* The kernel leaves the arguments on the stack, and nothing to return to. */
__asm__(".globl _start\n"
	"_start:\n\t"
	"xor %ebp, %ebp\n\t"
	"mov %rsp, %rdi\n\t"
	"and $-16, %rsp\n\t"
	"call nm_main\n\t"
	"hlt\n");
