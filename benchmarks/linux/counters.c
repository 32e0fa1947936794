/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/linux/job.h"

#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int nm_linux_counters_open(struct nm_linux_counters *counters, int vm_fd, const int *vcpu_fds,
			   unsigned int count, uint64_t tracepoint)
{
	int r = nm_kvmstats_open(&counters->vm, vm_fd);

	for (unsigned int i = 0; !r && i < count && i < NM_LINUX_VCPUS; i++) {
		r = nm_kvmstats_open(&counters->vcpus[i], vcpu_fds[i]);
		counters->vcpu_count += !r;
	}
	if (!r && tracepoint)
		r = nm_exit_trace_open(&counters->trace, tracepoint);
	if (r)
		return r;
	counters->count = counters->vcpus[0].count + counters->vm.count + counters->trace.count;
	counters->values = calloc((1 + NM_LINUX_MOMENTS) * counters->count, sizeof(uint64_t));
	if (!counters->values)
		return nm_fail(ENOMEM, "out of memory");
	for (size_t i = 0; i < NM_LINUX_MOMENTS; i++)
		counters->at[i] = counters->values + (i + 1) * counters->count;
	return 0;
}

void nm_linux_counters_close(struct nm_linux_counters *counters)
{
	free(counters->values);
	for (unsigned int i = 0; i < counters->vcpu_count; i++)
		nm_kvmstats_close(&counters->vcpus[i]);
	nm_kvmstats_close(&counters->vm);
	nm_exit_trace_close(&counters->trace);
}

/* One kernel gives all vCPUs the same counters in the same order. */
int nm_linux_counters_read(struct nm_linux_counters *counters, enum nm_linux_moment moment)
{
	uint64_t *out = counters->at[moment];
	const size_t each = counters->vcpus[0].count;
	int r = nm_kvmstats_read(&counters->vm, out + each);

	if (!r)
		r = nm_exit_trace_read(&counters->trace, out + each + counters->vm.count);
	memset(out, 0, each * sizeof(*out));
	for (unsigned int i = 0; !r && i < counters->vcpu_count; i++) {
		r = nm_kvmstats_read(&counters->vcpus[i], counters->values);
		for (size_t j = 0; j < each; j++)
			out[j] += counters->values[j];
	}
	return r;
}

static void name_of(const struct nm_linux_counters *counters, size_t at, char *out, size_t size)
{
	const size_t each = counters->vcpus[0].count;
	const size_t stats = each + counters->vm.count;

	if (at < each)
		snprintf(out, size, "%s", counters->vcpus[0].stats[at].name);
	else if (at < stats)
		snprintf(out, size, "%s", counters->vm.stats[at - each].name);
	else
		snprintf(out, size, NM_COUNTER_REASON "%s",
			 counters->trace.reasons[at - stats].name);
}

static uint64_t moved(const struct nm_linux_counters *counters, size_t i)
{
	uint64_t loop = counters->at[NM_LINUX_END][i] - counters->at[NM_LINUX_BEGIN][i];
	uint64_t mark = counters->at[NM_LINUX_MARK][i] - counters->at[NM_LINUX_FIRST][i];

	return loop > mark ? loop - mark : 0;
}

void nm_linux_counters_store(const struct nm_linux_counters *counters, struct nm_round_area *area)
{
	for (size_t i = 0; i < counters->count && area->counter_count < NM_MAX_COUNTERS; i++) {
		struct nm_counter *counter = &area->counters[area->counter_count];

		name_of(counters, i, counter->name, sizeof(counter->name));
		counter->delta = moved(counters, i);

		/* These are shown even when they did not move. */
		area->counter_count += counter->delta || !strcmp(counter->name, "exits") ||
				       !strcmp(counter->name, "insn_emulation");
	}
}
