/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/round.h"

#include "benchmarks/area.h"
#include "benchmarks/linux/side.h"
#include "core/clock.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/instructions.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child ends itself; this much later the parent no longer believes it. */
#define GRACE_NS (2 * NM_NS_PER_S)

static size_t area_bytes(uint64_t samples)
{
	return sizeof(struct nm_round_area) + 2 * samples * sizeof(uint64_t);
}

int nm_round_host_init(struct nm_round_host *host, uint64_t max_samples)
{
	void *area = mmap(NULL, area_bytes(max_samples), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return nm_fail(errno, "memory for %" PRIu64 " samples: %s", max_samples,
			       strerror(errno));
	host->area = area;
	host->max_samples = max_samples;
	return 0;
}

void nm_round_host_free(struct nm_round_host *host)
{
	if (host->area)
		munmap(host->area, area_bytes(host->max_samples));
	host->area = NULL;
}

/* An emulator may change its mind while it runs, as QEMU does with -icount auto. */
static void check_instructions(const struct nm_round_order *order, struct nm_round_area *area)
{
	uint64_t ticks = 0;

	if (area->state != NM_STATE_OK || !order->ticks_per_instruction ||
	    (!nm_instruction_ticks(&ticks) && ticks == order->ticks_per_instruction))
		return;
	area->state = NM_STATE_INVALID;
	snprintf(area->reason, sizeof(area->reason),
		 "the TSC no longer counts %" PRIu64 " for each instruction",
		 order->ticks_per_instruction);
}

static void child_main(const struct nm_round_host *host, const struct nm_round_order *order,
		       pid_t parent)
{
	const struct rlimit no_core = {0};
	struct nm_round_area *area = host->area;
	struct rusage before;
	struct rusage after;
	uint64_t begin = nm_clock_ns();
	uint64_t steal;
	uint64_t steal_after;
	unsigned int cpu = 0;

	/* Nothing may stay behind, even when the parent is killed at this very moment. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	setrlimit(RLIMIT_CORE, &no_core);
	if (nm_topology_bind(host->topology, order->cpus[0])) {
		area->state = NM_STATE_FAILED;
		snprintf(area->reason, sizeof(area->reason), "%s", nm_error_last()->text);
		area->finished = 1;
		return;
	}
	steal = nm_steal_ns(host->root, order->cpus[0]);
	getrusage(RUSAGE_THREAD, &before);
	if (*order->vmm)
		nm_linux_round(host, order, area);
	else if (order->context == NM_CONTEXT_GUEST)
		nm_guest_round(host, order, area);
	else
		nm_native_round(host, order, area);
	getrusage(RUSAGE_THREAD, &after);
	syscall(SYS_getcpu, &cpu, NULL, NULL);
	area->migrations = (int)cpu != order->cpus[0];
	check_instructions(order, area);
	if (*order->vmm) {
		/* What it has cost is written down already, without the boot. */
		area->finished = 1;
		return;
	}
	area->elapsed_ns = nm_clock_ns() - begin;
	/* The kernel's count may go back a little. */
	steal_after = nm_steal_ns(host->root, order->cpus[0]);
	area->steal_ns = steal_after > steal ? steal_after - steal : 0;
	area->context_switches = (uint64_t)(after.ru_nivcsw - before.ru_nivcsw);
	area->finished = 1;
}

/* Waits for the child at most limit_ns; kills it when that is over or the user wants to stop. */
static int await(const struct nm_round_host *host, pid_t child, uint64_t limit_ns, int *status,
		 bool *late)
{
	int fd = (int)syscall(SYS_pidfd_open, child, 0);
	uint64_t end = nm_clock_ns() + limit_ns;
	bool stopped = false;
	pid_t ended;

	*late = false;
	for (;;) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		uint64_t now = nm_clock_ns();
		/* Kernels before 5.3 have no pidfd: look every millisecond. */
		int wait_ms = now >= end ? 0 : (int)((end - now) / NM_NS_PER_MS) + 1;

		if (fd < 0 && wait_ms > 1)
			wait_ms = 1;
		poll(&poll_fd, fd < 0 ? 0 : 1, wait_ms);
		ended = waitpid(child, status, WNOHANG);
		if (ended == child || (ended < 0 && errno == ECHILD))
			break;
		stopped = host->stop && *host->stop;
		*late = nm_clock_ns() >= end;
		if (stopped || *late) {
			kill(child, SIGKILL);
			while (waitpid(child, status, 0) < 0 && errno == EINTR)
				;
			break;
		}
	}
	if (fd >= 0)
		close(fd);
	return stopped ? -EINTR : 0;
}

static void clear_numbers(struct nm_round *out)
{
	out->min = out->p5 = out->p50 = out->p90 = out->p99 = out->p999 = NAN;
	out->max = out->mean = out->overhead = out->overhead_spread = NAN;
	out->clock_deviation_percent = NAN;
	out->operations_per_s = NAN;
	out->user_exits_per_op = NAN;
}

static uint64_t limit_of(const struct nm_round_host *host, const struct nm_round_order *order)
{
	return *order->vmm ? nm_linux_limit_ns(host->linux_side, order) : order->limit_ns;
}

int nm_round_run(const struct nm_round_host *host, const struct nm_round_order *order,
		 struct nm_arena *arena, struct nm_round *out)
{
	struct nm_round_area *area = host->area;
	pid_t parent = getpid();
	int status = 0;
	bool late;
	pid_t child;
	int r;

	clear_numbers(out);
	memset(area, 0, sizeof(*area));
	if (*order->vmm && nm_linux_take(host->linux_side, order, area))
		return nm_round_digest(order, area, arena, out);
	child = fork();
	if (child < 0)
		return nm_fail(errno, "cannot start a measuring process: %s", strerror(errno));
	if (!child) {
		child_main(host, order, parent);
		_exit(0);
	}
	r = await(host, child, limit_of(host, order) + GRACE_NS, &status, &late);
	if (r)
		return r;
	if (!area->finished && *order->vmm && nm_linux_has(host->linux_side, order))
		nm_linux_take(host->linux_side, order, area);
	if (area->finished)
		return nm_round_digest(order, area, arena, out);
	out->state = late ? NM_STATE_TIMEOUT : NM_STATE_FAILED;
	out->failure = late ? "timeout" : "process";
	if (late)
		out->reason = nm_arena_printf(arena,
					      "the measuring process did not end within %llu ms "
					      "and was killed",
					      (limit_of(host, order) + GRACE_NS) / NM_NS_PER_MS);
	else if (WIFSIGNALED(status))
		out->reason =
			nm_arena_printf(arena, "the measuring process was killed by signal %d (%s)",
					WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		out->reason = nm_arena_printf(arena, "the measuring process ended with code %d",
					      WEXITSTATUS(status));
	return out->reason ? 0 : -ENOMEM;
}
