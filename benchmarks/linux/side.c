/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/linux/side.h"

#include "benchmarks/plan.h"
#include "benchmarks/session.h"
#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BOOT_LIMIT_NS (60 * NM_NS_PER_S)

int nm_linux_open(struct nm_linux *side, const struct nm_plan *plan, size_t cpus)
{
	int r;

	if (plan->linux_kernel)
		snprintf(side->kernel_path, sizeof(side->kernel_path), "%s", plan->linux_kernel);
	else
		nm_kernel_running_path(side->kernel_path, sizeof(side->kernel_path));
	r = nm_kernel_read(&side->kernel, side->kernel_path, true, &side->kernel_bytes);
	side->modules = plan->linux_modules;
	side->arguments = plan->linux_arguments;
	side->vmms = &plan->vmms;
	side->vcpus = cpus < NM_LINUX_VCPUS ? 1 : NM_LINUX_VCPUS;
	return r;
}

static void forget_jobs(struct nm_linux *side)
{
	if (side->areas)
		munmap(side->areas, side->areas_bytes);
	free(side->jobs);
	side->areas = NULL;
	side->jobs = NULL;
	side->count = 0;
}

void nm_linux_close(struct nm_linux *side)
{
	forget_jobs(side);
	nm_text_free(&side->kernel_bytes);
}

static bool is_guest_of_linux(const struct nm_measurement *measurement)
{
	return measurement->context == NM_CONTEXT_GUEST &&
	       measurement->state != NM_STATE_UNSUPPORTED &&
	       nm_bench_find(measurement->operation)->linux_guest;
}

bool nm_linux_needed(const struct nm_document *document)
{
	for (size_t i = 0; i < document->measurements.count; i++)
		if (is_guest_of_linux(&document->measurements.items[i]))
			return true;
	return false;
}

/* Planning a pass */

static bool is_open(const struct nm_measurement *measurement, uint64_t pass)
{
	if (!is_guest_of_linux(measurement) || measurement->stopped_by)
		return false;
	for (size_t i = 0; i < measurement->rounds.count; i++)
		if (measurement->rounds.items[i].index == pass)
			return false;
	return true;
}

static void add_job(struct nm_linux *side, const struct nm_document *document, size_t number)
{
	const struct nm_measurement *measurement = &document->measurements.items[number];
	const struct nm_bench *bench = nm_bench_find(measurement->operation);
	const uint64_t samples = nm_bench_samples(bench, document->run.plan.samples);

	side->jobs[side->count++] = (struct nm_linux_job) {
		.bench = bench,
		.vmm = nm_measurement_vmm(measurement),
		.number = number,
		.point = nm_measurement_point(measurement),
		.samples = samples,
		.warmup = nm_bench_warmup(bench, samples),
		.batch = bench->batch ? bench->batch : 1,
	};
}

static int make_areas(struct nm_linux *side)
{
	uint64_t most = 0;
	void *areas;

	for (size_t i = 0; i < side->count; i++)
		if (side->jobs[i].samples > most)
			most = side->jobs[i].samples;
	side->area_bytes = sizeof(struct nm_round_area) + 2 * most * sizeof(uint64_t);
	side->areas_bytes = side->count * side->area_bytes;
	areas = mmap(NULL, side->areas_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (areas == MAP_FAILED)
		return nm_fail(errno, "memory for samples: %s", strerror(errno));
	side->areas = areas;
	for (size_t i = 0; i < side->count; i++)
		side->jobs[i].area = (void *)(side->areas + i * side->area_bytes);
	return 0;
}

static struct nm_linux_job *find_job(const struct nm_linux *side, size_t number, uint64_t pass)
{
	for (size_t i = 0; side->pass == pass && i < side->count; i++)
		if (side->jobs[i].number == number)
			return &side->jobs[i];
	return NULL;
}

int nm_linux_plan(struct nm_linux *side, const struct nm_document *document, size_t number,
		  uint64_t pass)
{
	const size_t count = document->measurements.count;
	size_t *order;

	if (find_job(side, number, pass))
		return 0;
	forget_jobs(side);
	order = calloc(count, sizeof(*order));
	side->jobs = calloc(count, sizeof(*side->jobs));
	if (!order || !side->jobs) {
		free(order);
		return nm_fail(ENOMEM, "out of memory");
	}
	side->pass = pass;
	nm_session_order(order, count, document->run.seed, pass);
	for (size_t i = 0; i < count; i++)
		if (order[i] == number ||
		    (!document->soak && is_open(&document->measurements.items[order[i]], pass)))
			add_job(side, document, order[i]);
	free(order);
	return make_areas(side);
}

/* Which jobs go together */

static bool same_boot(const struct nm_linux_job *a, const struct nm_linux_job *b)
{
	return a->bench->linux_guest == b->bench->linux_guest && a->point == b->point &&
	       a->bench->filesystem == b->bench->filesystem &&
	       a->bench->network == b->bench->network && !strcmp(a->vmm, b->vmm);
}

const struct nm_linux_job *nm_linux_job(const struct nm_linux *side,
					const struct nm_round_order *order)
{
	return find_job(side, order->number, order->pass);
}

size_t nm_linux_jobs_of_boot(const struct nm_linux *side, const struct nm_linux_job *job,
			     struct nm_linux_job **out)
{
	size_t count = 0;

	for (size_t i = 0; i < side->count; i++)
		if (same_boot(job, &side->jobs[i]))
			out[count++] = &side->jobs[i];
	return count;
}

uint64_t nm_linux_limit_ns(const struct nm_linux *side, const struct nm_round_order *order)
{
	const struct nm_linux_job *job = find_job(side, order->number, order->pass);
	uint64_t limit = BOOT_LIMIT_NS;

	for (size_t i = 0; job && i < side->count; i++)
		if (same_boot(job, &side->jobs[i]))
			limit += order->limit_ns;
	return limit;
}

bool nm_linux_has(const struct nm_linux *side, const struct nm_round_order *order)
{
	return find_job(side, order->number, order->pass)->area->finished;
}

/* A child that died has left what it had finished. */
bool nm_linux_take(struct nm_linux *side, const struct nm_round_order *order,
		   struct nm_round_area *area)
{
	struct nm_linux_job *job = find_job(side, order->number, order->pass);
	bool tried = job->tried;

	for (size_t i = 0; i < side->count; i++)
		side->jobs[i].tried |= same_boot(job, &side->jobs[i]);
	if (tried && job->area->finished) {
		memcpy(area, job->area, sizeof(*area) + 2 * job->samples * sizeof(uint64_t));
	} else if (tried) {
		area->state = NM_STATE_FAILED;
		snprintf(area->reason, sizeof(area->reason),
			 "the process of the guest that it was to share has died");
		area->finished = 1;
	}
	return tried;
}
