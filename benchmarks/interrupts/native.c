/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What natively wakes another thread and waits until that wakes this one: the yardsticks for IPIs to halted vCPUs. */
#include "benchmarks/native.h"

#include "benchmarks/interrupts/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sleeps while the word is old. */
static void futex_wait(struct nm_word *word, uint32_t old)
{
	while ((uint32_t)word->value == old)
		syscall(SYS_futex, &word->value, FUTEX_WAIT_PRIVATE, old, NULL);
}

static void futex_tell(struct nm_word *word, uint64_t value)
{
	word->value = value;
	syscall(SYS_futex, &word->value, FUTEX_WAKE_PRIVATE, INT_MAX);
}

static void answer_futex(struct nm_pair *pair)
{
	for (uint64_t seen = 0; !nm_pair_stopped(pair); seen++) {
		futex_wait(&pair->question, (uint32_t)seen);
		futex_tell(&pair->answer, seen + 1);
	}
}

static void ask_futex(struct nm_pair *pair)
{
	uint64_t question = pair->question.value + 1;

	futex_tell(&pair->question, question);
	futex_wait(&pair->answer, (uint32_t)(question - 1));
}

static bool futex_pingpong(struct nm_native_round *round, char *why, size_t size)
{
	struct nm_pair pair = {.run = answer_futex};
	bool right;

	if (!nm_pair_start(&pair, round, why, size))
		return false;
	NM_NATIVE(round, ask_futex(&pair));
	right = nm_pair_verify(pair.answer.value, pair.question.value, why, size);
	nm_pair_end(&pair);
	futex_tell(&pair.question, pair.question.value + 1);
	nm_pair_stop(&pair);
	return right;
}

static void answer_pipe(struct nm_pair *pair)
{
	char byte;

	while (read(pair->fd, &byte, 1) == 1 && write(pair->back_fd, &byte, 1) == 1)
		pair->answer.value++;
}

static bool ask_pipe(int to, int from)
{
	char byte = NM_ABI_TEST_BYTE;
	char back = 0;

	return write(to, &byte, 1) == 1 && read(from, &back, 1) == 1 && back == byte;
}

/* The write end is closed first: the partner's read then ends it. */
static bool measure_pipes(struct nm_native_round *round, const int *there, const int *back,
			  char *why, size_t size)
{
	struct nm_pair pair = {.run = answer_pipe, .fd = there[0], .back_fd = back[1]};
	uint64_t right = 0;
	uint64_t asked = 0;

	if (!nm_pair_start(&pair, round, why, size)) {
		close(there[1]);
		return false;
	}
	NM_NATIVE(round, {
		right += ask_pipe(there[1], back[0]);
		asked++;
	});
	close(there[1]);
	nm_pair_stop(&pair);
	return nm_pair_verify(right, asked, why, size);
}

static bool pipe_pingpong(struct nm_native_round *round, char *why, size_t size)
{
	int there[2];
	int back[2];
	bool right;

	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC)) {
		snprintf(why, size, "pipe: %s", strerror(errno));
		return false;
	}
	right = measure_pipes(round, there, back, why, size);
	close(there[0]);
	close(back[0]);
	close(back[1]);
	return right;
}

const struct nm_bench nm_bench_native_futex_pingpong = {
	.name = "native.futex_pingpong",
	.group = "interrupts",
	.summary = "a thread wakes another by a futex and sleeps until that wakes it",
	.happens = "FUTEX_WAKE and FUTEX_WAIT on two CPUs in turn: two wake-ups of sleeping "
		   "threads, and two IPIs where the CPUs are idle.",
	.matters = "Where this machine is itself a guest, both IPIs and both idle CPUs are those "
		   "of the hypervisor below: nested guests start from here.",
	.version = 1,
	.native_cpus = 2,
	.native = futex_pingpong,
};

const struct nm_bench nm_bench_native_pipe_pingpong = {
	.name = "native.pipe_pingpong",
	.group = "interrupts",
	.summary = "a thread sends a byte by a pipe to another, which sends it back",
	.happens = "Two writes and two reads that sleep, on two CPUs in turn.",
	.matters = "Processes that talk by pipes or local sockets, such as a build or a shell, "
		   "live on it.",
	.version = 1,
	.native_cpus = 2,
	.native = pipe_pingpong,
};
