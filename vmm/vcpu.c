/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vcpu.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* SDM vol. 3, control registers: PE MP ET NE WP AM PG; PAE OSFXSR OSXMMEXCPT; SCE LME LMA NXE. */
#define CR0_LONG_MODE  0x80050033u
#define CR4_LONG_MODE  0x620u
#define EFER_LONG_MODE 0xd01u
#define RFLAGS_FIXED   0x2u
/* PE, and ET, which is fixed to 1. */
#define CR0_PROTECTED_MODE 0x11u

#define SEGMENT_CODE 0xb
#define SEGMENT_DATA 0x3
#define SEGMENT_TSS  0xb

int nm_vcpu_create(struct nm_vcpu *vcpu, const struct nm_vm *vm, unsigned int id)
{
	void *run;
	int r = 0;

	*vcpu = (struct nm_vcpu) {.run_bytes = vm->kvm->run_bytes};
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)id);
	if (vcpu->fd < 0)
		return nm_fail(errno, "KVM_CREATE_VCPU %u: %s", id, strerror(errno));
	run = mmap(NULL, vcpu->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (run == MAP_FAILED)
		r = nm_fail(errno, "vCPU %u: cannot map kvm_run: %s", id, strerror(errno));
	else
		vcpu->run = run;
	if (!r)
		r = nm_vcpu_set_cpuid(vcpu, vm->kvm->cpuid);
	if (r)
		nm_vcpu_destroy(vcpu);
	return r;
}

void nm_vcpu_destroy(struct nm_vcpu *vcpu)
{
	if (vcpu->run)
		munmap(vcpu->run, vcpu->run_bytes);
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	*vcpu = (struct nm_vcpu) {.fd = -1};
}

static struct kvm_segment segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment) {
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.dpl = selector & 3,
		.s = 1,
		.g = 1,
		.db = type == SEGMENT_DATA,
		.l = type == SEGMENT_CODE,
	};
}

static void set_segments(struct kvm_sregs *sregs, const struct nm_long_mode *mode)
{
	sregs->cs = segment(mode->code_selector, SEGMENT_CODE);
	sregs->ss = segment(mode->data_selector, SEGMENT_DATA);
	/* CPL3 selectors: a return to CPL3 would clear others. */
	sregs->ds = segment(mode->segment_selector, SEGMENT_DATA);
	sregs->es = sregs->ds;
	sregs->fs = sregs->ds;
	sregs->gs = sregs->ds;
	sregs->gs.base = mode->gs_base;
	sregs->tr = (struct kvm_segment) {
		.base = mode->tss,
		.limit = mode->tss_limit,
		.selector = mode->tss_selector,
		.type = SEGMENT_TSS,
		.present = 1,
	};
	sregs->ldt = (struct kvm_segment) {.unusable = 1};
}

static int set_registers(const struct nm_vcpu *vcpu, const struct kvm_sregs *sregs,
			 const struct kvm_regs *regs)
{
	if (ioctl(vcpu->fd, KVM_SET_SREGS, sregs))
		return nm_fail(errno, "KVM_SET_SREGS: %s", strerror(errno));
	if (ioctl(vcpu->fd, KVM_SET_REGS, regs))
		return nm_fail(errno, "KVM_SET_REGS: %s", strerror(errno));
	return 0;
}

int nm_vcpu_enter_long_mode(const struct nm_vcpu *vcpu, const struct nm_long_mode *mode)
{
	struct kvm_regs regs = {.rip = mode->rip,
				.rsp = mode->rsp,
				.rdi = mode->rdi,
				.rsi = mode->rsi,
				.rflags = RFLAGS_FIXED};
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return nm_fail(errno, "KVM_GET_SREGS: %s", strerror(errno));
	set_segments(&sregs, mode);
	sregs.gdt = (struct kvm_dtable) {.base = mode->gdt, .limit = mode->gdt_limit};
	sregs.idt = (struct kvm_dtable) {.base = mode->idt, .limit = mode->idt_limit};
	sregs.cr0 = CR0_LONG_MODE;
	sregs.cr3 = mode->page_table;
	sregs.cr4 = CR4_LONG_MODE;
	sregs.efer = EFER_LONG_MODE;
	return set_registers(vcpu, &sregs, &regs);
}

int nm_vcpu_make_runnable(const struct nm_vcpu *vcpu)
{
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_RUNNABLE};

	if (ioctl(vcpu->fd, KVM_SET_MP_STATE, &state))
		return nm_fail(errno, "KVM_SET_MP_STATE: %s", strerror(errno));
	return 0;
}

int nm_vcpu_enter_protected_mode(const struct nm_vcpu *vcpu, uint32_t eip, uint32_t ebx)
{
	struct kvm_regs regs = {.rip = eip, .rbx = ebx, .rflags = RFLAGS_FIXED};
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return nm_fail(errno, "KVM_GET_SREGS: %s", strerror(errno));
	sregs.cs = segment(0x8, SEGMENT_CODE);
	sregs.cs.l = 0;
	sregs.cs.db = 1;
	sregs.ds = segment(0x10, SEGMENT_DATA);
	sregs.es = sregs.ds;
	sregs.ss = sregs.ds;
	sregs.tr = (struct kvm_segment) {.limit = 0x67, .type = SEGMENT_TSS, .present = 1};
	sregs.cr0 = CR0_PROTECTED_MODE;
	sregs.cr4 = 0;
	sregs.efer = 0;
	return set_registers(vcpu, &sregs, &regs);
}

int nm_vcpu_set_cpuid(const struct nm_vcpu *vcpu, const struct kvm_cpuid2 *cpuid)
{
	if (ioctl(vcpu->fd, KVM_SET_CPUID2, cpuid))
		return nm_fail(errno, "KVM_SET_CPUID2: %s", strerror(errno));
	return 0;
}

int nm_vcpu_interrupt(const struct nm_vcpu *vcpu, unsigned int vector)
{
	struct kvm_interrupt request = {.irq = vector};

	if (ioctl(vcpu->fd, KVM_INTERRUPT, &request))
		return nm_fail(errno, "KVM_INTERRUPT %u: %s", vector, strerror(errno));
	return 0;
}

int nm_vcpu_nmi(const struct nm_vcpu *vcpu)
{
	if (ioctl(vcpu->fd, KVM_NMI))
		return nm_fail(errno, "KVM_NMI: %s", strerror(errno));
	return 0;
}

uint64_t nm_vcpu_tsc_khz(const struct nm_vcpu *vcpu)
{
	int khz = ioctl(vcpu->fd, KVM_GET_TSC_KHZ, 0);

	return khz > 0 ? (uint64_t)khz : 0;
}
