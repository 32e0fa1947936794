/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/guest_round.h"

#include "core/clock.h"
#include "core/error.h"
#include "vmm/instruction.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define TOTAL_NS	NM_NS_PER_S
#define CANARY_LIMIT_NS (NM_NS_PER_S / 2)
#define MIN_LIMIT_NS	(NM_NS_PER_S / 20)
#define MAX_LIMIT_NS	(NM_NS_PER_S / 7)
#define CANARY_VALUE	0x6e6du

/* A guest is used again while all went well in it: on an emulated machine a new one takes longer than a class. */
struct prover {
	const struct nm_kvm *kvm;
	struct nm_payload payload;
	struct nm_guest guest;
	bool there;
	bool irqchip; /* of the guest that is there */
	uint64_t end_ns;
	uint64_t limit_ns; /* of a class */
};

/* Where a guest stands that did not end well, and at which instruction: the payload's addresses are physical ones. */
static void append_place(const struct nm_guest *guest, struct nm_guest_result *result)
{
	char *out = result->text + strlen(result->text);
	size_t size = sizeof(result->text) - strlen(result->text);
	const uint8_t *code = NULL;
	struct kvm_regs regs;
	int used;

	if (strstr(result->text, "instruction bytes"))
		return;
	if (result->end == NM_GUEST_EXCEPTION)
		regs.rip = nm_guest_control(guest, 0)->fault.rip;
	else if (ioctl(guest->vcpus[0].fd, KVM_GET_REGS, &regs))
		return;
	code = nm_vm_memory(&guest->vm, regs.rip, NM_INSTRUCTION_BYTES);
	used = snprintf(out, size, "; at RIP %#llx%s", regs.rip, code ? ": " : "");
	if (code && used > 0 && (size_t)used < size)
		nm_instruction_describe(code, NM_INSTRUCTION_BYTES, out + used,
					size - (size_t)used);
}

static int run_canary(const struct nm_kvm *kvm, struct nm_guest_result *result, uint64_t *value)
{
	struct nm_payload payload;
	struct nm_guest guest;
	const struct nm_guest_config config = {.payload = &payload, .vcpus = 1};
	int r = nm_payload_canary(&payload);

	if (!r)
		r = nm_guest_create(&guest, kvm, &config);
	if (r)
		return r;
	r = nm_guest_prepare(&guest, 0, "canary", 0);
	if (!r)
		r = nm_guest_run(&guest, 0, CANARY_LIMIT_NS, result);
	*value = nm_guest_control(&guest, 0)->result[0];
	if (!r && result->end != NM_GUEST_DONE)
		append_place(&guest, result);
	nm_guest_destroy(&guest);
	return r;
}

static enum nm_proof_state put_canary(struct nm_text *out, const struct nm_kvm *kvm)
{
	struct nm_guest_result result = {0};
	enum nm_proof_state state = NM_PROOF_FAIL;
	const char *what = NULL;
	uint64_t value = 0;
	int r = run_canary(kvm, &result, &value);

	if (r)
		what = nm_error_last()->text;
	else if (result.end != NM_GUEST_DONE)
		what = result.text;
	else if (value != CANARY_VALUE)
		what = "the guest ran, but its memory is not what it wrote";
	else
		state = NM_PROOF_OK;
	if (!r && result.end == NM_GUEST_TIMEOUT)
		state = NM_PROOF_TIMEOUT;
	nm_guest_fact_put(out, "canary", state, what);
	if (r && nm_error_last()->remedy[0])
		nm_guest_fact_put_remedy(out, nm_error_last()->remedy);
	return state;
}

static void drop_guest(struct prover *prover)
{
	if (prover->there)
		nm_guest_destroy(&prover->guest);
	prover->there = false;
}

/* The last OUT of the operation before is complete only when KVM has been entered again (api.rst, KVM_RUN). */
static void settle(const struct nm_guest *guest)
{
	guest->vcpus[0].run->immediate_exit = 1;
	(void)ioctl(guest->vcpus[0].fd, KVM_RUN, 0);
}

static int take_guest(struct prover *prover, bool irqchip)
{
	const struct nm_guest_config config = {.payload = &prover->payload,
					       .vcpus = 1,
					       .irqchip = irqchip,
					       .heap_bytes = NM_ROUND_HEAP_BYTES};
	int r;

	if (prover->there && prover->irqchip == irqchip) {
		settle(&prover->guest);
		prover->guest.devices.count = 0;
		prover->guest.resume_halt = false;
		return 0;
	}
	drop_guest(prover);
	r = nm_guest_create(&prover->guest, prover->kvm, &config);
	prover->there = !r;
	prover->irqchip = irqchip;
	return r;
}

static void count_mark(void *context, const struct nm_access *access)
{
	struct nm_guest_once *once = context;

	(void)access;
	once->marks++;
}

static int prepare(const struct nm_guest_step *step, struct nm_guest_once *once)
{
	struct nm_guest *guest = once->guest;
	const struct nm_device marks = {
		.bus = NM_BUS_PIO,
		.base = NM_ABI_PORT_MARK,
		.bytes = 1,
		.access = count_mark,
		.context = once,
	};
	int r = nm_guest_prepare(guest, 0, step->operation, step->cpl);

	if (r)
		return r;
	once->control = nm_guest_control(guest, 0);
	once->control->samples = 1;
	once->control->batch = 1;
	once->control->sample_gpa = guest->heap;
	once->control->overhead_gpa = guest->heap + sizeof(uint64_t);
	if (step->prepare)
		r = step->prepare(once);
	return r ? r : nm_devices_add(&guest->devices, marks);
}

/* One class in one guest; what went wrong goes into result. */
static int run_step(struct prover *prover, const struct nm_guest_step *step,
		    struct nm_guest_result *result, bool *right)
{
	struct nm_guest_once once = {.guest = &prover->guest, .cpuid = prover->kvm->cpuid};
	int r = take_guest(prover, step->irqchip);

	if (!r)
		r = prepare(step, &once);
	if (!r)
		r = nm_guest_run(&prover->guest, 0, prover->limit_ns, result);
	/* What the device could not do explains how the guest ended. */
	if (!r)
		r = once.error;
	if (r)
		return r;
	once.user_exits = result->user_exits;
	if (result->end == NM_GUEST_DONE)
		*right = step->verify(&once, result->text, sizeof(result->text));
	else
		append_place(&prover->guest, result);
	return 0;
}

static bool has_time(const struct prover *prover)
{
	return nm_clock_raw_ns() + prover->limit_ns <= prover->end_ns;
}

static uint64_t thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NM_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* A guest that spins uses its time. One that got none of it, where CPU time is rationed, is tried again. */
static int run_fairly(struct prover *prover, const struct nm_guest_step *step,
		      struct nm_guest_result *result, bool *right)
{
	uint64_t before = thread_ns();
	int r = run_step(prover, step, result, right);

	if (r || result->end != NM_GUEST_TIMEOUT || thread_ns() - before > prover->limit_ns / 4 ||
	    !has_time(prover))
		return r;
	drop_guest(prover);
	return run_step(prover, step, result, right);
}

static void prove(struct nm_text *out, struct prover *prover, const char *name,
		  const struct nm_guest_step *step)
{
	struct nm_guest_result result = {0};
	bool right = false;
	int r = run_fairly(prover, step, &result, &right);
	bool late = !r && result.end == NM_GUEST_TIMEOUT;

	if (right) {
		nm_guest_fact_put(out, name, NM_PROOF_OK, NULL);
		return;
	}
	nm_guest_fact_put(out, name, late ? NM_PROOF_TIMEOUT : NM_PROOF_FAIL,
			  r ? nm_error_last()->text : result.text);
	drop_guest(prover);
}

static void put_class(struct nm_text *out, struct prover *prover, int index)
{
	const struct nm_guest_step *step = &nm_guest_steps[index];
	const char *name = nm_guest_classes[index].name;

	/* A class has its whole limit or none: what is slow must not look like what hangs. */
	if (!has_time(prover))
		nm_guest_fact_put(out, name, NM_PROOF_SKIPPED, "no time was left");
	else if (step->irqchip && nm_kvm_capability(prover->kvm, KVM_CAP_IRQCHIP) <= 0)
		nm_guest_fact_put(out, name, NM_PROOF_UNSUPPORTED,
				  "KVM has no irqchip (KVM_CAP_IRQCHIP)");
	else
		prove(out, prover, name, step);
}

/* A class takes less than making and ending the canary's guest, even where all is emulated. */
static uint64_t class_limit(uint64_t canary_ns)
{
	if (canary_ns < MIN_LIMIT_NS)
		return MIN_LIMIT_NS;
	return canary_ns < MAX_LIMIT_NS ? canary_ns : MAX_LIMIT_NS;
}

int nm_guest_fact_produce(struct nm_text *out, void *context)
{
	uint64_t begin = nm_clock_raw_ns();
	struct prover prover = {.kvm = context, .end_ns = begin + TOTAL_NS};
	int r;

	if (prover.kvm->fd < 0)
		return -ENODEV;
	if (put_canary(out, prover.kvm) != NM_PROOF_OK)
		return nm_text_status(out);
	prover.limit_ns = class_limit(nm_clock_raw_ns() - begin);
	r = nm_payload_ops(&prover.payload);
	for (int i = 0; !r && i < NM_GUEST_CLASSES; i++)
		put_class(out, &prover, i);
	drop_guest(&prover);
	return r ? r : nm_text_status(out);
}
