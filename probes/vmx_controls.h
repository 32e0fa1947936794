/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_VMX_CONTROLS_H
#define NM_PROBES_VMX_CONTROLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The VMX capability MSRs as the SDM names them: vol. 3D, appendix A. */

#define NM_MSR_FEATURE_CONTROL 0x3au
#define NM_MSR_VMX_BASIC       0x480u
#define NM_VMX_TRUE_CONTROLS   (UINT64_C(1) << 55) /* of IA32_VMX_BASIC: MSRs 48Dh to 490h exist */

/** The revision identifier that KVM gives to its guests (VMCS12_REVISION, arch/x86/kvm/vmx/vmcs12.h). */
#define NM_VMX_KVM_REVISION 0x11e57ed0u

enum nm_vmx_kind {
	NM_VMX_CONTROLS,    /* bit X must be 1 where bit X is set, may be 1 where bit 32+X is */
	NM_VMX_CONTROLS_64, /* bit X may be 1 where bit X is set */
	NM_VMX_CAPABILITIES,
};

struct nm_vmx_bit {
	uint8_t bit;
	const char *id;
	const char *name;
	const char *
		flag; /* its word in the line "vmx flags" of /proc/cpuinfo; NULL: Linux does not print it */
	bool uncertain; /* its absence says nothing: not all kernels with that line print the word */
};

struct nm_vmx_register {
	const char *id;
	enum nm_vmx_kind kind;
	uint32_t msr;
	const char *msr_name;
	uint32_t true_msr; /* to be used instead where TRUE controls exist, or 0 */
	const char *true_name;
	const struct nm_vmx_bit *bits;
	size_t count;
};

/** A number in a capability MSR: (bits + add) * times. */
struct nm_vmx_field {
	const char *id;
	uint32_t msr;
	uint8_t low, width;
	uint8_t add;
	uint16_t times;
	const char *name;
};

/** An MSR that is shown as it is. */
struct nm_vmx_word {
	const char *id;
	uint32_t msr;
	const char *name;
};

extern const struct nm_vmx_register nm_vmx_basic;
extern const struct nm_vmx_register nm_vmx_registers[]; /* all others; id is NULL at the end */
extern const struct nm_vmx_field nm_vmx_fields[];	/* id is NULL at the end */
extern const struct nm_vmx_word nm_vmx_words[];		/* id is NULL at the end */

#endif
