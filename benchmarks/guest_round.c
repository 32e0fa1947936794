/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/area.h"
#include "benchmarks/companions.h"

#include "core/clock.h"
#include "core/error.h"
#include "vmm/kvmstats.h"
#include "vmm/meter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Both statistics files of a guest, and what the marks saw. */
struct recorder {
	struct nm_kvmstats stats[2]; /* vCPU, VM */
	uint64_t *first;	     /* counters at the last mark FIRST, at BEGIN and at END */
	uint64_t *before;
	uint64_t *after;
	size_t count;
	int meter_fd;			     /* -1: none */
	uint32_t below[NM_ABI_MARK_END + 1]; /* the exit meter at each mark */
	const uint64_t *user_exits;
	uint64_t user_exits_before, user_exits_after;
	uint64_t out_ns;   /* when the mark before was done with */
	uint64_t mark_ns;  /* the least time from one mark to the next */
	uint64_t begin_ns; /* when BEGIN was done with */
	uint64_t end_ns;   /* when END came */
	unsigned int marks;
	int error;
};

static void read_counters(struct recorder *recorder, unsigned int mark, uint64_t *values)
{
	for (size_t i = 0; i < 2 && !recorder->error; i++) {
		recorder->error = nm_kvmstats_read(&recorder->stats[i], values);
		values += recorder->stats[i].count;
	}
	if (recorder->meter_fd >= 0 && !recorder->error)
		recorder->error = nm_meter_read(recorder->meter_fd, &recorder->below[mark]);
}

/* Times are taken next to the guest, statistics away from it. */
static void on_mark(void *context, const struct nm_access *access)
{
	struct recorder *recorder = context;
	uint64_t now = nm_clock_raw_ns();
	unsigned int mark = *(const unsigned char *)access->data;

	if (mark != NM_ABI_MARK_END && recorder->out_ns &&
	    now - recorder->out_ns < recorder->mark_ns)
		recorder->mark_ns = now - recorder->out_ns;
	switch (mark) {
	case NM_ABI_MARK_FIRST:
		read_counters(recorder, mark, recorder->first);
		break;
	case NM_ABI_MARK_BEGIN:
		read_counters(recorder, mark, recorder->before);
		recorder->user_exits_before = *recorder->user_exits;
		recorder->begin_ns = nm_clock_raw_ns();
		break;
	case NM_ABI_MARK_END:
		recorder->end_ns = now;
		recorder->user_exits_after = *recorder->user_exits;
		read_counters(recorder, mark, recorder->after);
		break;
	default:
		return;
	}
	recorder->marks |= 1u << mark;
	recorder->out_ns = nm_clock_raw_ns();
}

static int recorder_open(struct recorder *recorder, const struct nm_guest *guest)
{
	int r = nm_kvmstats_open(&recorder->stats[0], guest->vcpus[0].fd);

	if (!r)
		r = nm_kvmstats_open(&recorder->stats[1], guest->vm.fd);
	if (r)
		return r;
	recorder->count = recorder->stats[0].count + recorder->stats[1].count;
	recorder->first = calloc(3 * recorder->count, sizeof(uint64_t));
	if (!recorder->first)
		return nm_fail(ENOMEM, "out of memory");
	recorder->before = recorder->first + recorder->count;
	recorder->after = recorder->before + recorder->count;
	return 0;
}

static void recorder_close(struct recorder *recorder)
{
	free(recorder->first);
	nm_kvmstats_close(&recorder->stats[1]);
	nm_kvmstats_close(&recorder->stats[0]);
}

/* What moved from BEGIN to END, less what a mark alone moves. */
static uint64_t counter_delta(const struct recorder *recorder, size_t at)
{
	uint64_t loop = recorder->after[at] - recorder->before[at];
	uint64_t mark = recorder->before[at] - recorder->first[at];

	return loop > mark ? loop - mark : 0;
}

/* Recorded even when they did not move: that is what is to be shown. */
static bool is_evidence(const char *name)
{
	return !strcmp(name, "exits") || !strcmp(name, "insn_emulation");
}

static void add_counter(struct nm_round_area *area, const char *name, uint64_t delta)
{
	struct nm_counter *counter = &area->counters[area->counter_count];

	if (area->counter_count == NM_MAX_COUNTERS)
		return;
	snprintf(counter->name, sizeof(counter->name), "%s", name);
	counter->delta = delta;
	area->counter_count++;
}

static void store_counters(const struct recorder *recorder, struct nm_round_area *area)
{
	const uint32_t *below = recorder->below;
	size_t at = 0;

	if (recorder->meter_fd >= 0)
		add_counter(area, NM_COUNTER_BELOW,
			    nm_meter_delta(below[NM_ABI_MARK_FIRST], below[NM_ABI_MARK_BEGIN],
					   below[NM_ABI_MARK_END]));
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < recorder->stats[s].count; i++, at++) {
			const char *name = recorder->stats[s].stats[i].name;
			uint64_t delta = counter_delta(recorder, at);

			if (delta || is_evidence(name))
				add_counter(area, name, delta);
		}
	}
}

static void set_state(struct nm_round_area *area, enum nm_state state, const char *reason)
{
	area->state = state;
	snprintf(area->reason, sizeof(area->reason), "%s", reason);
}

/* What this machine lacks is no failure of it. */
static void set_error(struct nm_round_area *area, int error)
{
	set_state(area, error == -EOPNOTSUPP ? NM_STATE_UNSUPPORTED : NM_STATE_FAILED,
		  nm_error_last()->text);
	snprintf(area->remedy, sizeof(area->remedy), "%s", nm_error_last()->remedy);
}

/* The mark that ends the loop is an exit too; it belongs to neither side. */
static void store_times(const struct recorder *recorder, const struct nm_abi_control *control,
			struct nm_round_area *area)
{
	area->tsc_ticks = control->tsc_end - control->tsc_begin;
	area->host_ns = recorder->end_ns - recorder->begin_ns;
	area->slack_ns = recorder->mark_ns;
	area->user_exits = recorder->user_exits_after - recorder->user_exits_before - 1;
}

/* A driver reads the TSC of the host; everything else of a round is in ticks of the guest. */
static void to_guest_ticks(struct nm_round_area *area, uint64_t samples, uint64_t host_khz)
{
	if (!area->tsc_khz || !host_khz || area->tsc_khz == host_khz)
		return;
	for (uint64_t i = 0; i < 2 * samples; i++)
		area->values[i] = (uint64_t)((double)area->values[i] * (double)area->tsc_khz /
					     (double)host_khz);
}

static void store(const struct nm_round_order *order, struct nm_guest_round *round,
		  const struct recorder *recorder, uint64_t host_khz, struct nm_round_area *area)
{
	const unsigned int all =
		1u << NM_ABI_MARK_FIRST | 1u << NM_ABI_MARK_BEGIN | 1u << NM_ABI_MARK_END;
	const struct nm_bench *bench = order->bench;
	size_t bytes = order->samples * sizeof(uint64_t);

	if (recorder->marks != all) {
		set_state(area, NM_STATE_FAILED,
			  "the guest ended without having measured anything");
		return;
	}
	if (recorder->error) {
		set_state(area, NM_STATE_FAILED, nm_error_last()->text);
		return;
	}
	memcpy(area->values, round->sample, bytes);
	memcpy(area->values + order->samples,
	       nm_vm_memory(&round->guest->vm, round->control->overhead_gpa, bytes), bytes);
	if (bench->drive)
		to_guest_ticks(area, order->samples, host_khz);
	store_times(recorder, round->control, area);
	store_counters(recorder, area);
	if (bench->verify && !bench->verify(round, area->reason, sizeof(area->reason)))
		area->state = NM_STATE_INVALID;
}

static int prepare(const struct nm_round_order *order, struct nm_guest_round *round,
		   struct recorder *recorder)
{
	struct nm_guest *guest = round->guest;
	struct nm_device marks = {
		.bus = NM_BUS_PIO,
		.base = NM_ABI_PORT_MARK,
		.bytes = 1,
		.access = on_mark,
		.context = recorder,
	};
	const struct nm_bench *bench = order->bench;
	int r = nm_guest_prepare(guest, 0, bench->payload ? bench->payload : bench->name,
				 order->cpl);

	if (r)
		return r;
	round->control->samples = order->samples;
	round->control->warmup = order->warmup;
	round->control->batch = order->batch;
	round->control->sample_gpa = guest->heap;
	round->control->overhead_gpa = guest->heap + order->samples * sizeof(uint64_t);
	round->sample = nm_vm_memory(&guest->vm, round->control->sample_gpa,
				     order->samples * sizeof(uint64_t));
	r = recorder_open(recorder, guest);
	if (!r && bench->prepare)
		r = bench->prepare(round);
	/* The device that is asked first is the one of the operation. */
	if (!r)
		r = nm_devices_add(&guest->devices, marks);
	return r;
}

static void run(const struct nm_round_host *host, const struct nm_round_order *order,
		struct nm_guest_round *round, struct nm_round_area *area)
{
	struct nm_guest_result result = {0};
	struct recorder recorder = {.stats = {{.fd = -1}, {.fd = -1}},
				    .meter_fd = host->exits_below ? host->meter_fd : -1,
				    .user_exits = &result.user_exits,
				    .mark_ns = UINT64_MAX};
	struct nm_companions companions = {0};
	uint64_t khz = nm_vcpu_tsc_khz(&round->guest->vcpus[0]);
	struct nm_blame blame = {.state = NM_STATE_OK};
	int r = prepare(order, round, &recorder);

	area->tsc_khz = khz ? khz : host->tsc_khz;
	if (!r)
		r = nm_companions_start(&companions, host, order, round);
	if (!r) {
		r = nm_guest_run(round->guest, 0, order->limit_ns, &result);
		nm_companions_stop(&companions, !r && result.end == NM_GUEST_DONE, &blame);
	}
	memcpy(area->failure, blame.state == NM_STATE_OK ? result.failure : blame.failure,
	       sizeof(area->failure));
	if (r)
		set_error(area, r);
	else if (blame.state != NM_STATE_OK)
		set_state(area, blame.state, blame.reason);
	else if (result.end == NM_GUEST_TIMEOUT)
		set_state(area, NM_STATE_TIMEOUT, result.text);
	else if (result.end != NM_GUEST_DONE)
		set_state(area, NM_STATE_FAILED, result.text);
	else
		store(order, round, &recorder, host->tsc_khz, area);
	recorder_close(&recorder);
}

void nm_guest_round(const struct nm_round_host *host, const struct nm_round_order *order,
		    struct nm_round_area *area)
{
	struct nm_payload payload;
	struct nm_guest guest;
	const struct nm_guest_config config = {
		.payload = &payload,
		.vcpus = nm_bench_vcpus(order->bench, order->point),
		.irqchip = order->bench->irqchip,
		.pit = order->bench->pit,
		.heap_bytes = 2 * order->samples * sizeof(uint64_t),
		.configure = order->bench->configure,
	};
	const struct nm_cpus cpus = {
		.topology = host->topology,
		.ids = order->cpus,
		.count = order->cpu_count,
	};
	struct nm_guest_round round = {
		.guest = &guest,
		.cpl = order->cpl,
		.cpus = &cpus,
		.io = host->io,
		.point = order->point,
		.warmup = order->warmup,
		.samples = order->samples,
		.operations = order->warmup + order->samples * order->batch,
		.event_fd = -1,
		.density_max = host->density_max,
	};

	if (nm_payload_ops(&payload) || nm_guest_create(&guest, host->kvm, &config)) {
		set_error(area, -nm_error_last()->code);
		return;
	}
	guest.delay = host->delay;
	round.control = nm_guest_control(&guest, 0);
	round.shared = nm_guest_shared(&guest);
	run(host, order, &round, area);
	nm_guest_destroy(&guest);
	if (order->bench->release)
		order->bench->release(&round);
	if (round.event_fd >= 0)
		close(round.event_fd);
}
