/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/snapshot.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * MSRs that are no part of KVM_GET_SREGS and hold what a guest has set (SDM vol. 4; APM vol. 2, appendix A; the last four are
 * KVM's own, Documentation/virt/kvm/x86/msr.rst). Those that a vCPU does not have are left out.
 */
static const uint32_t msrs[] = {
	0x10,	    0x3b,	0x174,	    0x175,	0x176,	    0x1a0,	0x277,
	0x2ff,	    0x6e0,	0xda0,	    0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
	0xc0000102, 0xc0000103, 0x4b564d01, 0x4b564d02, 0x4b564d03, 0x4b564d04,
};

_Static_assert(sizeof(msrs) / sizeof(msrs[0]) <= NM_SNAPSHOT_MSRS, "room for all of them");

struct transfer {
	unsigned long request;
	const char *name;
	size_t offset; /* in struct nm_vcpu_state */
};

#define TRANSFER(request, member)                                                                  \
	{                                                                                          \
		request, #request, offsetof(struct nm_vcpu_state, member)                          \
	}

/* api.rst, KVM_SET_LAPIC and MSRs: the APIC must be on (SREGS) before its registers are set, and its deadline (an MSR) comes last. */
static const struct transfer reads[] = {
	TRANSFER(KVM_GET_REGS, regs),		TRANSFER(KVM_GET_SREGS, sregs),
	TRANSFER(KVM_GET_XCRS, xcrs),		TRANSFER(KVM_GET_XSAVE, xsave),
	TRANSFER(KVM_GET_DEBUGREGS, debugregs), TRANSFER(KVM_GET_MP_STATE, mp_state),
	TRANSFER(KVM_GET_VCPU_EVENTS, events),
};
static const struct transfer writes[] = {
	TRANSFER(KVM_SET_REGS, regs),		TRANSFER(KVM_SET_SREGS, sregs),
	TRANSFER(KVM_SET_XCRS, xcrs),		TRANSFER(KVM_SET_XSAVE, xsave),
	TRANSFER(KVM_SET_DEBUGREGS, debugregs),
};
static const struct transfer last_writes[] = {
	TRANSFER(KVM_SET_MP_STATE, mp_state),
	TRANSFER(KVM_SET_VCPU_EVENTS, events),
};
static const struct transfer lapic_read = TRANSFER(KVM_GET_LAPIC, lapic);
static const struct transfer lapic_write = TRANSFER(KVM_SET_LAPIC, lapic);

static int transfer(const struct nm_vcpu *vcpu, const struct transfer *list, size_t count,
		    struct nm_vcpu_state *state)
{
	for (size_t i = 0; i < count; i++)
		if (ioctl(vcpu->fd, list[i].request, (char *)state + list[i].offset))
			return nm_fail(errno, "%s: %s", list[i].name, strerror(errno));
	return 0;
}

#define ALL(list) (list), sizeof(list) / sizeof((list)[0])

/* struct kvm_msrs ends in a flexible array. */
union msr_list {
	uint64_t room[(sizeof(struct kvm_msrs) + sizeof(((struct nm_vcpu_state *)NULL)->msrs)) /
		      sizeof(uint64_t)];
	struct kvm_msr_header {
		uint32_t count, unused;
	} header;
};

static struct kvm_msr_entry *entries_of(union msr_list *list)
{
	return (struct kvm_msr_entry *)&list->room[sizeof(list->header) / sizeof(uint64_t)];
}

_Static_assert(sizeof(struct kvm_msrs) == sizeof(struct kvm_msr_header), "its entries follow");

static void save_msrs(const struct nm_vcpu *vcpu, struct nm_vcpu_state *state)
{
	state->msr_count = 0;
	for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		union msr_list one = {.header.count = 1};

		entries_of(&one)->index = msrs[i];
		if (ioctl(vcpu->fd, KVM_GET_MSRS, &one) == 1)
			state->msrs[state->msr_count++] = *entries_of(&one);
	}
}

/* KVM stops at the first that it refuses. One that can be read and not set is 0, as in the new vCPU. */
static int restore_msrs(const struct nm_vcpu *vcpu, const struct nm_vcpu_state *state)
{
	uint32_t done = 0;

	while (done < state->msr_count) {
		union msr_list rest = {.header.count = state->msr_count - done};
		int taken;

		memcpy(entries_of(&rest), state->msrs + done,
		       rest.header.count * sizeof(*state->msrs));
		taken = ioctl(vcpu->fd, KVM_SET_MSRS, &rest);
		if (taken < 0)
			return nm_fail(errno, "KVM_SET_MSRS: %s", strerror(errno));
		done += (uint32_t)taken;
		if (done < state->msr_count && state->msrs[done++].data)
			return nm_fail(EIO, "KVM_SET_MSRS: MSR %#" PRIx32 " cannot be set",
				       (uint32_t)state->msrs[done - 1].index);
	}
	return 0;
}

/* api.rst, 5: an access that left to user space is complete only once KVM_RUN has been entered again. */
static int complete(const struct nm_vcpu *vcpu)
{
	int r;

	vcpu->run->immediate_exit = 1;
	r = ioctl(vcpu->fd, KVM_RUN, 0);
	vcpu->run->immediate_exit = 0;
	if (r && errno == EINTR)
		return 0;
	return nm_fail(r ? errno : EIO, "KVM_RUN with immediate_exit: %s",
		       r ? strerror(errno) : "it ran");
}

int nm_vcpu_save(const struct nm_vcpu *vcpu, bool irqchip, struct nm_vcpu_state *state)
{
	int r = complete(vcpu);

	if (!r)
		r = transfer(vcpu, ALL(reads), state);
	if (!r && irqchip)
		r = transfer(vcpu, &lapic_read, 1, state);
	if (!r)
		save_msrs(vcpu, state);
	return r;
}

int nm_vcpu_restore(const struct nm_vcpu *vcpu, bool irqchip, const struct nm_vcpu_state *state)
{
	struct nm_vcpu_state *given = (struct nm_vcpu_state *)state;
	int r = transfer(vcpu, ALL(writes), given);

	if (!r && irqchip)
		r = transfer(vcpu, &lapic_write, 1, given);
	if (!r)
		r = restore_msrs(vcpu, state);
	return r ? r : transfer(vcpu, ALL(last_writes), given);
}

static int save_chips(const struct nm_guest *guest, struct nm_snapshot *snapshot)
{
	for (uint32_t i = 0; i < NM_SNAPSHOT_CHIPS; i++) {
		snapshot->chips[i].chip_id = i;
		if (ioctl(guest->vm.fd, KVM_GET_IRQCHIP, &snapshot->chips[i]))
			return nm_fail(errno, "KVM_GET_IRQCHIP: %s", strerror(errno));
	}
	return 0;
}

static int restore_chips(const struct nm_snapshot *snapshot, struct nm_guest *guest)
{
	int r = nm_vm_create_irqchip(&guest->vm);

	for (uint32_t i = 0; !r && i < NM_SNAPSHOT_CHIPS; i++)
		if (ioctl(guest->vm.fd, KVM_SET_IRQCHIP, &snapshot->chips[i]))
			r = nm_fail(errno, "KVM_SET_IRQCHIP: %s", strerror(errno));
	return r;
}

static int save_memory(struct nm_snapshot *snapshot, const struct nm_memory_slot *slot)
{
	snapshot->bytes = slot->bytes;
	snapshot->memory_fd = memfd_create("nestmark-snapshot", MFD_CLOEXEC);
	if (snapshot->memory_fd < 0)
		return nm_fail(errno, "memfd_create: %s", strerror(errno));
	if (ftruncate(snapshot->memory_fd, (off_t)slot->bytes))
		return nm_fail(errno, "a memfd of %" PRIu64 " bytes: %s", slot->bytes,
			       strerror(errno));
	snapshot->memory =
		mmap(NULL, slot->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, snapshot->memory_fd, 0);
	if (snapshot->memory == MAP_FAILED) {
		snapshot->memory = NULL;
		return nm_fail(errno, "mmap of a memfd: %s", strerror(errno));
	}
	memcpy(snapshot->memory, slot->host, slot->bytes);
	return 0;
}

static struct nm_guest layout_of(const struct nm_guest *guest)
{
	struct nm_guest layout = *guest;

	layout.vm = (struct nm_vm) {.fd = -1};
	layout.vcpus = NULL;
	layout.vcpu_count = 0;
	layout.devices = (struct nm_devices) {0};
	return layout;
}

int nm_snapshot_take(struct nm_snapshot *snapshot, const struct nm_guest *guest, bool irqchip)
{
	int r;

	*snapshot = (struct nm_snapshot) {.irqchip = irqchip,
					  .layout = layout_of(guest),
					  .memory_fd = -1};
	if (guest->vcpu_count != 1 || guest->vm.slot_count != 1 || guest->vm.slots[0].gpa)
		return nm_fail(EINVAL, "snapshot of %u vCPUs and %u pieces of memory",
			       guest->vcpu_count, guest->vm.slot_count);
	r = nm_vcpu_save(&guest->vcpus[0], irqchip, &snapshot->vcpu);
	if (!r && irqchip)
		r = save_chips(guest, snapshot);
	if (!r)
		r = save_memory(snapshot, &guest->vm.slots[0]);
	if (r)
		nm_snapshot_free(snapshot);
	return r;
}

void nm_snapshot_free(struct nm_snapshot *snapshot)
{
	if (snapshot->memory)
		munmap(snapshot->memory, snapshot->bytes);
	if (snapshot->memory_fd >= 0)
		close(snapshot->memory_fd);
	snapshot->memory = NULL;
	snapshot->memory_fd = -1;
}

static int restore_memory(const struct nm_snapshot *snapshot, enum nm_snapshot_memory how,
			  struct nm_vm *vm)
{
	void *host;
	int r;

	if (how == NM_SNAPSHOT_COPY) {
		r = nm_vm_add_memory(vm, 0, snapshot->bytes);
		if (!r)
			memcpy(vm->slots[0].host, snapshot->memory, snapshot->bytes);
		return r;
	}
	host = mmap(NULL, snapshot->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
		    snapshot->memory_fd, 0);
	if (host == MAP_FAILED)
		return nm_fail(errno, "mmap of a memfd: %s", strerror(errno));
	r = nm_vm_add_mapped(vm, 0, snapshot->bytes, host, 0);
	if (r)
		munmap(host, snapshot->bytes);
	else
		vm->slots[0].owned = true;
	return r;
}

static int restore_vcpu(const struct nm_snapshot *snapshot, struct nm_guest *guest)
{
	int r;

	guest->vcpus = calloc(1, sizeof(*guest->vcpus));
	if (!guest->vcpus)
		return nm_fail(ENOMEM, "out of memory");
	r = nm_vcpu_create(&guest->vcpus[0], &guest->vm, 0);
	if (r)
		return r;
	guest->vcpu_count = 1;
	return nm_vcpu_restore(&guest->vcpus[0], snapshot->irqchip, &snapshot->vcpu);
}

int nm_snapshot_restore(const struct nm_snapshot *snapshot, const struct nm_kvm *kvm,
			enum nm_snapshot_memory how, struct nm_guest *guest)
{
	int r;

	*guest = snapshot->layout;
	r = nm_vm_create(&guest->vm, kvm);
	if (!r && snapshot->irqchip)
		r = restore_chips(snapshot, guest);
	if (!r)
		r = restore_memory(snapshot, how, &guest->vm);
	if (!r)
		r = restore_vcpu(snapshot, guest);
	if (r)
		nm_guest_destroy(guest);
	return r;
}
