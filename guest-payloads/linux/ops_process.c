/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/* Processes and threads. */
#include "linux/agent.h"

#define STACK_BYTES 65536u
#define UNITS	    4u
#define UNIT_BYTES  (1u << 20)
#define EXIT_CODE   42

/* What a compiler does to a machine: it reads files and touches memory that it never saw; the result is a byte of its sum. */
static int compile_unit(void)
{
	static char block[4096];
	unsigned char *memory = nm_map(UNIT_BYTES);
	long file = nm_call(SYS_open, (long)NM_SELF, 0, 0, 0);
	uint64_t sum = 0;
	size_t at = 0;
	long got;

	if (!memory || file < 0)
		return 0;
	while ((got = nm_call(SYS_read, file, (long)block, sizeof(block), 0)) > 0)
		for (long i = 0; i < got; i++)
			sum = sum * 31 + (unsigned char)block[i];
	for (; at < UNIT_BYTES; at += 64)
		memory[at] = (unsigned char)(sum >> at % 57);
	for (at = 0; at < UNIT_BYTES; at += 64)
		sum += memory[at];
	return (int)(sum % 255) + 1;
}

int nm_child(const char *what, const char *argument)
{
	(void)argument;
	if (nm_equal(what, "exit"))
		return EXIT_CODE;
	return nm_equal(what, "compile") ? compile_unit() : 1;
}

static void fork_exec(struct nm_work *work)
{
	long wrong = 0;

	NM_MEASURE_BATCH(work, wrong |= nm_spawn("exit", "-") ^ EXIT_CODE);
	if (wrong)
		work->wrong = "a child did not end as it should";
}

static void compile(struct nm_work *work)
{
	long expected = compile_unit();
	long wrong = !expected;

	NM_MEASURE_BATCH(work, ({
				 for (unsigned int i = 0; i < UNITS; i++)
					 wrong |= nm_spawn("compile", "-") ^ expected;
			 }));
	if (wrong)
		work->wrong = "a child gave another result";
}

static void count(void *argument)
{
	++*(uint64_t *)argument;
}

static void thread(struct nm_work *work)
{
	uint64_t counted = 0;
	long failed = 0;
	struct nm_thread thread = {
		.function = count,
		.argument = &counted,
		.cpu = work->cpus[0],
		.stack = nm_map(STACK_BYTES),
		.stack_bytes = STACK_BYTES,
	};

	if (!thread.stack) {
		work->lack = "memory for a stack";
		return;
	}
	NM_MEASURE_BATCH(work, ({
				 failed |= nm_thread_start(&thread);
				 nm_thread_join(&thread);
			 }));
	if (failed || counted != work->warmup + work->samples * work->batch)
		work->wrong = "not every thread ran";
	nm_unmap(thread.stack, STACK_BYTES);
}

const struct nm_operation nm_process_operations[] = {
	{"linux.fork-exec", fork_exec},
	{"linux.compile", compile},
	{"linux.thread", thread},
	{NULL, NULL},
};
