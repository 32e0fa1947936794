/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The life of a VM by its parts. KVM_CREATE_VM makes an address space of the VM's own known to the memory manager of this
 * process (mmu_notifier_register(), which the first time takes all its locks) and sets up two SRCU domains. The first VM of the
 * machine turns virtualization on, on every CPU, and the last one turns it off (kvm_create_vm() in virt/kvm/kvm_main.c; since
 * Linux 6.12 the parameter enable_virt_at_load decides): another VM is there meanwhile, but for life.vm.first and life.vm.last.
 * Not all is paid by the caller: grace periods of RCU, freeing of page tables and of the VM's structures go on in kernel
 * threads, on any CPU, and may delay what comes next.
 */
#include "benchmarks/lifecycle/steps.h"
#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAMPLES	       24u
#define SAMPLES_GUEST  12u
#define SAMPLES_SLOW   6u /* the irqchip: 0.1 ms to 16 ms */
#define MAX_VCPUS      8u
#define SLOT_BYTES     (2u << 20)
#define ELSEWHERE_SLOT 1u

struct life {
	const struct nm_kvm *kvm;
	struct nm_vm vm;
	struct nm_vcpu vcpus[MAX_VCPUS];
	unsigned int wanted; /* vCPUs */
	struct nm_guest guest;
	void *memory;
};

/* Steps of a bare VM */

static int create_vm(void *own)
{
	struct life *life = own;

	life->vm = (struct nm_vm) {.kvm = life->kvm, .fd = nm_kvm_create_vm(life->kvm)};
	return life->vm.fd < 0 ? life->vm.fd : 0;
}

static int close_vm(void *own)
{
	struct life *life = own;

	if (close(life->vm.fd))
		return nm_fail(errno, "close of a VM: %s", strerror(errno));
	return 0;
}

static int check_closed(void *own)
{
	const struct life *life = own;

	return nm_life_closed(life->vm.fd);
}

static int check_and_close(void *own)
{
	const struct life *life = own;

	if (ioctl(life->vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY) <= 0)
		return nm_fail(EIO, "KVM_CREATE_VM gave no VM");
	return close_vm(own);
}

/* Parts of a VM */

static int create_irqchip(void *own)
{
	struct life *life = own;

	return nm_vm_create_irqchip(&life->vm);
}

static int check_irqchip(void *own)
{
	const struct life *life = own;
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_IOAPIC};

	if (ioctl(life->vm.fd, KVM_GET_IRQCHIP, &chip))
		return nm_fail(errno, "KVM_GET_IRQCHIP: %s", strerror(errno));
	return close_vm(own);
}

static int add_slot(void *own)
{
	struct life *life = own;

	return nm_vm_add_mapped(&life->vm, 0, SLOT_BYTES, life->memory, 0);
}

/* KVM refuses another slot where one is. */
static int check_slot(void *own)
{
	const struct life *life = own;
	struct kvm_userspace_memory_region region = {
		.slot = ELSEWHERE_SLOT,
		.memory_size = SLOT_BYTES,
		.userspace_addr = (uint64_t)(uintptr_t)life->memory,
	};

	if (!ioctl(life->vm.fd, KVM_SET_USER_MEMORY_REGION, &region) || errno != EEXIST)
		return nm_fail(EIO, "the memory slot is not there");
	return close_vm(own);
}

static int open_vcpu(void *own)
{
	struct life *life = own;

	life->vcpus[0] = (struct nm_vcpu) {.fd = ioctl(life->vm.fd, KVM_CREATE_VCPU, 0)};
	if (life->vcpus[0].fd < 0)
		return nm_fail(errno, "KVM_CREATE_VCPU: %s", strerror(errno));
	return 0;
}

static int set_cpuid(void *own)
{
	const struct life *life = own;

	return nm_vcpu_set_cpuid(&life->vcpus[0], life->kvm->cpuid);
}

static int check_runnable(const struct nm_vcpu *vcpu)
{
	struct kvm_mp_state state = {.mp_state = UINT32_MAX};

	if (ioctl(vcpu->fd, KVM_GET_MP_STATE, &state))
		return nm_fail(errno, "KVM_GET_MP_STATE: %s", strerror(errno));
	return state.mp_state == KVM_MP_STATE_RUNNABLE ? 0 : nm_fail(EIO, "a vCPU cannot run");
}

static int check_vcpu(void *own)
{
	const struct life *life = own;
	int r = check_runnable(&life->vcpus[0]);

	close(life->vcpus[0].fd);
	return r ? r : close_vm(own);
}

static int vm_and_vcpu(void *own)
{
	int r = create_vm(own);

	return r ? r : open_vcpu(own);
}

static int create_with_vcpus(void *own)
{
	struct life *life = own;
	int r = nm_vm_create(&life->vm, life->kvm);

	for (unsigned int i = 0; !r && i < life->wanted; i++)
		r = nm_vcpu_create(&life->vcpus[i], &life->vm, i);
	return r;
}

static int check_vcpus(void *own)
{
	struct life *life = own;
	int r = 0;

	for (unsigned int i = 0; i < life->wanted; i++) {
		if (!r)
			r = check_runnable(&life->vcpus[i]);
		nm_vcpu_destroy(&life->vcpus[i]);
	}
	return r ? r : close_vm(own);
}

/* Steps of a guest */

static int start(void *own)
{
	struct life *life = own;

	return nm_life_start(&life->guest, life->kvm, 0);
}

/* What KVM has been told to forget is kept for the check. */
static int destroy(void *own)
{
	struct life *life = own;

	life->vm.fd = life->guest.vm.fd;
	life->vcpus[0].fd = life->guest.vcpus[0].fd;
	nm_guest_destroy(&life->guest);
	return 0;
}

static int check_gone(void *own)
{
	const struct life *life = own;
	int r = nm_life_closed(life->vcpus[0].fd);

	return r ? r : nm_life_closed(life->vm.fd);
}

static int destroy_and_check(void *own)
{
	int r = destroy(own);

	return r ? r : check_gone(own);
}

static int live(void *own)
{
	int r = start(own);

	return r ? r : destroy(own);
}

static bool measure(struct nm_native_round *round, const struct nm_life_step *step, char *why,
		    size_t size)
{
	struct life life = {.kvm = round->kvm, .wanted = (unsigned int)round->point};
	bool right;

	life.memory =
		mmap(NULL, SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (life.memory == MAP_FAILED)
		return nm_life_failed(round, nm_fail(errno, "mmap: %s", strerror(errno)), why,
				      size);
	right = nm_life_measure(round, step, &life, why, size);
	munmap(life.memory, SLOT_BYTES);
	return right;
}

static bool native_create(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round,
		       &(const struct nm_life_step) {.timed = create_vm, .after = check_and_close},
		       why, size);
}

static bool native_close(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round,
		       &(const struct nm_life_step) {.before = create_vm,
						     .timed = close_vm,
						     .after = check_closed},
		       why, size);
}

static bool native_first_vm(struct nm_native_round *round, char *why, size_t size)
{
	static const struct nm_life_step step = {.timed = create_vm,
						 .after = check_and_close,
						 .alone = true};

	return measure(round, &step, why, size);
}

static bool native_last_vm(struct nm_native_round *round, char *why, size_t size)
{
	static const struct nm_life_step step = {.before = create_vm,
						 .timed = close_vm,
						 .after = check_closed,
						 .alone = true};

	return measure(round, &step, why, size);
}

static bool native_irqchip(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round,
		       &(const struct nm_life_step) {.before = create_vm,
						     .timed = create_irqchip,
						     .after = check_irqchip},
		       why, size);
}

static bool native_slot(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round,
		       &(const struct nm_life_step) {.before = create_vm,
						     .timed = add_slot,
						     .after = check_slot},
		       why, size);
}

static bool native_vcpu(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round,
		       &(const struct nm_life_step) {.before = create_vm,
						     .timed = open_vcpu,
						     .after = check_vcpu},
		       why, size);
}

static bool native_cpuid(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round,
		       &(const struct nm_life_step) {.before = vm_and_vcpu,
						     .timed = set_cpuid,
						     .after = check_vcpu},
		       why, size);
}

static bool native_vcpus(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round,
		       &(const struct nm_life_step) {.timed = create_with_vcpus,
						     .after = check_vcpus},
		       why, size);
}

static bool native_first(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round,
		       &(const struct nm_life_step) {.timed = start, .after = destroy_and_check},
		       why, size);
}

static bool native_destroy(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round,
		       &(const struct nm_life_step) {.before = start,
						     .timed = destroy,
						     .after = check_gone},
		       why, size);
}

static bool native_whole(struct nm_native_round *round, char *why, size_t size)
{
	return measure(round, &(const struct nm_life_step) {.timed = live, .after = check_gone},
		       why, size);
}

const struct nm_bench nm_bench_life_vm_create = {
	.name = "life.vm.create",
	.group = "lifecycle",
	.summary = "KVM_CREATE_VM alone",
	.happens = "KVM makes a VM: its structures, its hook in the memory manager of this process "
		   "and its files. Part of it is asynchronous: grace periods of RCU and SRCU go on "
		   "in kernel threads after the call.",
	.matters = "The least that a sandbox or micro-VM costs to start; on a machine that is "
		   "itself a guest, what creates the hardware's structures leaves to the "
		   "hypervisor below.",
	.version = 1,
	.native_requires = {"kvm.device"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_create,
};

const struct nm_bench nm_bench_life_vm_destroy = {
	.name = "life.vm.destroy",
	.group = "lifecycle",
	.summary = "the last close() of a VM without vCPUs",
	.happens = "KVM takes the VM off its list, waits for readers of SRCU and for its hook in "
		   "the memory manager, and frees it; some is freed later by kernel threads.",
	.matters =
		"What life.vm.create costs at the other end; a host that runs a sandbox for each "
		"request pays both.",
	.version = 1,
	.native_requires = {"kvm.device"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_close,
};

const struct nm_bench nm_bench_life_vm_first = {
	.name = "life.vm.first",
	.group = "lifecycle",
	.summary = "KVM_CREATE_VM where no other VM is there, unless somebody else has one",
	.happens =
		"As life.vm.create; KVMs that turn virtualization on with the first VM interrupt "
		"every CPU for it, and where this machine is itself a guest each CPU leaves to "
		"the hypervisor below.",
	.matters = "Hosts that run one VM at a time pay it for each; one that keeps an idle VM, or "
		   "the module parameter enable_virt_at_load, saves it.",
	.version = 1,
	.native_requires = {"kvm.device"},
	.max_samples = SAMPLES_GUEST,
	.single = true,
	.native = native_first_vm,
};

const struct nm_bench nm_bench_life_vm_last = {
	.name = "life.vm.last",
	.group = "lifecycle",
	.summary = "the last close() of the only VM, unless somebody else has one",
	.happens = "As life.vm.destroy; KVMs that turned virtualization on with the first VM turn "
		   "it off again on every CPU.",
	.matters = "The other end of life.vm.first.",
	.version = 1,
	.native_requires = {"kvm.device"},
	.max_samples = SAMPLES_GUEST,
	.single = true,
	.native = native_last_vm,
};

const struct nm_bench nm_bench_life_irqchip_create = {
	.name = "life.irqchip.create",
	.group = "lifecycle",
	.summary = "KVM_CREATE_IRQCHIP in a new VM",
	.happens = "KVM makes two 8259As and an IOAPIC and publishes the routes of their lines, "
		   "for which it waits for a grace period of SRCU.",
	.matters = "Nearly every VM has them; the waiting is often most of what creating a VM "
		   "takes.",
	.version = 1,
	.native_requires = {"kvm.device", "kvm.cap.irqchip"},
	.max_samples = SAMPLES_SLOW,
	.single = true,
	.native = native_irqchip,
};

const struct nm_bench nm_bench_life_slot_add = {
	.name = "life.slot.add",
	.group = "lifecycle",
	.summary = "KVM_SET_USER_MEMORY_REGION: the first 2 MiB of a new VM",
	.happens = "KVM makes a slot, publishes it and waits until nobody reads the old set, which "
		   "is empty. No memory is mapped yet.",
	.matters = "The memory of a VM is one to a few of these when it starts; mem.slot.create is "
		   "the same beside others.",
	.version = 1,
	.native_requires = {"kvm.device"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_slot,
};

const struct nm_bench nm_bench_life_vcpu_create = {
	.name = "life.vcpu.create",
	.group = "lifecycle",
	.summary = "KVM_CREATE_VCPU: the first of a new VM",
	.happens = "KVM allocates the vCPU, its FPU state, its caches of page tables and what the "
		   "hardware keeps of it (VMCS or VMCB), and resets it.",
	.matters = "Every vCPU of every VM costs this once; with hotplug also later.",
	.version = 1,
	.native_requires = {"kvm.device", "kvm.cap.mp_state"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_vcpu,
};

const struct nm_bench nm_bench_life_vcpu_cpuid = {
	.name = "life.vcpu.cpuid",
	.group = "lifecycle",
	.summary = "KVM_SET_CPUID2 with all that KVM supports",
	.happens = "KVM copies the table and derives from it what the vCPU may do; it executes "
		   "CPUID for the sizes of XSAVE, each of which is an exit where this machine is "
		   "itself a guest (xstate_required_size() in arch/x86/kvm/cpuid.c; newer kernels "
		   "remember them).",
	.matters = "Every vCPU of every VM costs this once; nested, on older kernels, it can be "
		   "the dearest part of a vCPU.",
	.version = 1,
	.native_requires = {"kvm.device", "kvm.cap.mp_state"},
	.max_samples = SAMPLES,
	.single = true,
	.native = native_cpuid,
};

static const struct nm_axis vcpus = {
	.name = "vcpus", .points = {1, 2, 4, 8}, .count = 4, .quick = 2, .counted = 2};

const struct nm_bench nm_bench_life_vcpus = {
	.name = "life.vcpus",
	.group = "lifecycle",
	.summary = "a VM and so many vCPUs with their CPUID, none of which runs",
	.happens =
		"KVM_CREATE_VM, and for each vCPU KVM_CREATE_VCPU, the mapping of its kvm_run and "
		"KVM_SET_CPUID2. Not all of the VM's creation is paid by the caller.",
	.matters = "How the start of a VM grows with its size: the slope is the price of a vCPU.",
	.version = 1,
	.axis = &vcpus,
	.native_requires = {"kvm.device", "kvm.cap.mp_state"},
	.max_samples = SAMPLES_GUEST,
	.single = true,
	.native = native_vcpus,
};

const struct nm_bench nm_bench_life_first_instruction = {
	.name = "life.first-instruction",
	.group = "lifecycle",
	.summary = "from KVM_CREATE_VM until the first OUT of a small guest has come",
	.happens = "A VM, its memory with a payload of 0.1 MiB copied into it, a vCPU with "
		   "CPUID and registers, and the first KVM_RUN: the pages that the guest touches "
		   "first are faulted in on the way. No interrupt controllers, no firmware.",
	.matters = "Functions and sandboxes that start a VM for each request wait at least this "
		   "long before any of their code runs.",
	.version = 1,
	.native_requires = {"kvm.device", "guest.canary"},
	.max_samples = SAMPLES_GUEST,
	.single = true,
	.native = native_first,
};

const struct nm_bench nm_bench_life_destroy = {
	.name = "life.destroy",
	.group = "lifecycle",
	.summary = "the end of a small guest that has run: vCPU, VM and memory",
	.happens = "The last references to vCPU and VM go: KVM frees the vCPU, the page tables and "
		   "the VM, with waits for grace periods, and the host takes back the memory.",
	.matters = "Hosts that replace sandboxes pay it as often as life.first-instruction.",
	.version = 1,
	.native_requires = {"kvm.device", "guest.canary"},
	.max_samples = SAMPLES_GUEST,
	.single = true,
	.native = native_destroy,
};

const struct nm_bench nm_bench_life_whole = {
	.name = "life.whole",
	.group = "lifecycle",
	.summary = "a small guest from KVM_CREATE_VM, by its first OUT, until it is gone",
	.happens = "life.first-instruction and life.destroy in one.",
	.matters = "Its inverse is how many guests one CPU can start and end in a second.",
	.version = 1,
	.native_requires = {"kvm.device", "guest.canary"},
	.max_samples = SAMPLES_GUEST,
	.single = true,
	.native = native_whole,
};
