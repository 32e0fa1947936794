/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/resume.h"

#include "benchmarks/journal.h"
#include "benchmarks/linux/vmms.h"
#include "benchmarks/plan.h"
#include "benchmarks/round.h"
#include "benchmarks/soak.h"
#include "core/error.h"
#include "core/statistics.h"
#include "vmm/delay.h"

#include <errno.h>
#include <string.h>

#define MAX_BATCH 1000000u

/* Operations write and count threads by their point, so it must be one of theirs. */
static bool is_planned_point(const struct nm_axis *axis, const struct nm_measurement *measurement)
{
	if (!axis || !measurement->series)
		return !axis && !measurement->series;
	for (size_t i = 0; i < axis->count; i++)
		if (axis->points[i] == nm_measurement_point(measurement))
			return !strcmp(axis->name, measurement->series);
	return false;
}

/* Nor does memory that is touched once bear a larger batch. */
static bool is_planned_batch(const struct nm_bench *bench, uint64_t batch)
{
	if (bench->single && batch > 1)
		return false;
	return !batch || !bench->batch || batch == bench->batch;
}

static bool is_planned_guest(const struct nm_bench *bench, const struct nm_measurement *measurement)
{
	const char *vmm = nm_measurement_vmm(measurement);

	if (bench->linux_guest)
		return nm_vmm_name(vmm) && !strcmp(nm_vmm_name(vmm), vmm);
	return !*vmm && bench->cpls >> nm_measurement_cpl(measurement) & 1;
}

static int check_measurement(const struct nm_measurement *measurement, int clock, const char *path)
{
	const struct nm_bench *bench = nm_bench_find(measurement->operation);

	if (!bench || bench->version != measurement->version)
		return nm_fail_remedy(EINVAL, "start a new run",
				      "%s: %s version %llu is not what this nestmark measures",
				      path, measurement->operation,
				      (unsigned long long)measurement->version);
	if (measurement->batch > MAX_BATCH || !is_planned_batch(bench, measurement->batch) ||
	    !is_planned_point(bench->axis, measurement) ||
	    measurement->rounds.count > NM_MAX_ROUNDS + 1 ||
	    strcmp(measurement->unit, nm_clock_units[clock]) != 0 ||
	    (measurement->stopped_by &&
	     nm_name_index(nm_stop_names, measurement->stopped_by) < 0) ||
	    (measurement->context == NM_CONTEXT_NATIVE && !bench->native) ||
	    (measurement->context == NM_CONTEXT_GUEST && !is_planned_guest(bench, measurement)))
		return nm_fail(EINVAL, "%s: %s: numbers that no plan has", path,
			       measurement->operation);
	return 0;
}

static bool is_same(const struct nm_measurement *a, const struct nm_measurement *b)
{
	return !strcmp(a->operation, b->operation) && a->version == b->version &&
	       a->context == b->context && nm_measurement_cpl(a) == nm_measurement_cpl(b) &&
	       nm_measurement_point(a) == nm_measurement_point(b);
}

static void take_batch(struct nm_measurement *measurement, const struct nm_document *other)
{
	const struct nm_bench *bench = nm_bench_find(measurement->operation);

	for (size_t i = 0; i < other->measurements.count; i++) {
		const struct nm_measurement *m = &other->measurements.items[i];

		if (is_same(measurement, m) && m->batch <= MAX_BATCH &&
		    is_planned_batch(bench, m->batch))
			measurement->batch = m->batch;
	}
}

int nm_resume_batches(struct nm_document *document, const char *path)
{
	struct nm_document other = {0};
	int r = nm_journal_recover(path, &other);

	for (size_t i = 0; !r && i < document->measurements.count; i++)
		if (document->measurements.items[i].state != NM_STATE_UNSUPPORTED)
			take_batch(&document->measurements.items[i], &other);
	nm_document_free(&other);
	return r;
}

int nm_resume_check(const struct nm_document *document, const char *path)
{
	const struct nm_plan *plan = &document->run.plan;
	int r = 0;

	if (document->run.state == NM_RUN_COMPLETE)
		return nm_fail(EINVAL, "%s: is complete, there is nothing to resume", path);
	if (!document->run.tool_version || strcmp(document->run.tool_version, NM_VERSION) != 0)
		return nm_fail_remedy(EINVAL, "start a new run", "%s: was begun by nestmark %s",
				      path,
				      document->run.tool_version ? document->run.tool_version
								 : "of unknown version");
	if (!plan->rounds || plan->rounds > NM_MAX_ROUNDS || plan->samples < NM_MIN_SAMPLES ||
	    plan->samples > NM_MAX_SAMPLES || plan->inject_delay_ns > NM_MAX_DELAY_NS ||
	    !plan->round_limit_ns || plan->round_limit_ns > NM_MAX_ROUND_LIMIT_NS)
		return nm_fail(EINVAL, "%s: run.plan: numbers that no plan has", path);
	for (size_t i = 0; !r && i < document->measurements.count; i++)
		r = check_measurement(&document->measurements.items[i], document->run.clock, path);
	return r ? r : nm_soak_check(document, path);
}

static int match(const char *path, const char *what, const char *before, const char *now)
{
	before = before ? before : "unknown";
	now = now ? now : "unknown";
	if (!strcmp(before, now))
		return 0;
	return nm_fail_remedy(EINVAL, "start a new run",
			      "%s: %s was \"%.80s\", now it is \"%.80s\"", path, what, before, now);
}

/* What could be measured then must still be possible. */
static int match_requirements(const struct nm_measurement *measurement,
			      const struct nm_findings *findings, const char *path)
{
	const struct nm_finding *finding = NULL;
	const char *id = NULL;

	if (measurement->state == NM_STATE_UNSUPPORTED ||
	    !nm_unmet(nm_bench_find(measurement->operation), (enum nm_context)measurement->context,
		      nm_measurement_point(measurement), findings, &id, &finding))
		return 0;
	return nm_fail_remedy(EINVAL,
			      finding && finding->remedy ? finding->remedy : "start a new run",
			      "%s: %s needs %s, which is no longer there: %s", path,
			      measurement->operation, id,
			      finding && finding->evidence ? finding->evidence : "not established");
}

int nm_resume_match(const struct nm_document *document, const struct nm_document *now,
		    const char *path)
{
	int r = match(path, "the CPU", document->machine.brand, now->machine.brand);

	if (!r)
		r = match(path, "the microcode", document->machine.microcode,
			  now->machine.microcode);
	if (!r)
		r = match(path, "the hypervisor", document->machine.hypervisor,
			  now->machine.hypervisor);
	if (!r)
		r = match(path, "the kernel", document->environment.kernel_release,
			  now->environment.kernel_release);
	if (!r)
		r = match(path, "the KVM device", document->run.plan.kvm_device,
			  now->run.plan.kvm_device);
	for (size_t i = 0; !r && i < document->measurements.count; i++)
		r = match_requirements(&document->measurements.items[i], &now->findings, path);
	return r;
}
