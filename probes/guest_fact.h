/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_GUEST_FACT_H
#define NM_PROBES_GUEST_FACT_H

#include "core/arena.h"
#include "core/text.h"

#include <stdbool.h>

/*
 * The fact "guest": what became of the canary and of one guest for each class of exit. A line of each in that order,
 * "NAME STATE" or "NAME STATE what happened", and behind that of the canary, if there is one, "remedy what to do".
 */

enum nm_proof_state {
	NM_PROOF_ABSENT, /* the fact says nothing about it */
	NM_PROOF_OK,
	NM_PROOF_FAIL,
	NM_PROOF_TIMEOUT,
	NM_PROOF_UNSUPPORTED, /* this KVM does not claim to have it */
	NM_PROOF_SKIPPED,     /* there was no time left */
};

struct nm_proof {
	int state;	  /* enum nm_proof_state */
	const char *text; /* what happened; NULL for OK */
};

/** Classes of exits in order of importance; those that are known to hang some KVM come last. */
enum nm_guest_class {
	NM_CLASS_CPUID,
	NM_CLASS_PIO_OUT,
	NM_CLASS_PIO_IN,
	NM_CLASS_MMIO_WRITE,
	NM_CLASS_MMIO_READ,
	NM_CLASS_PAGE_FAULT,
	NM_CLASS_HLT,
	NM_CLASS_CPUID_FEATURES,
	NM_CLASS_MSR,
	NM_CLASS_DE,
	NM_CLASS_UD,
	NM_CLASS_INTERRUPT,
	NM_CLASS_CPUID_CPL3,
	NM_CLASS_CPUID_FEATURES_CPL3,
	NM_CLASS_PIO_OUT_CPL3,
	NM_CLASS_PIO_IN_CPL3,
	NM_CLASS_MMIO_READ_CPL3,
	NM_CLASS_PAGE_FAULT_CPL3,
	NM_CLASS_UD_CPL3,
	NM_CLASS_PIC,
	NM_CLASS_IPI,
	NM_CLASS_WAKE,
	NM_CLASS_HYPERCALL,
	NM_GUEST_CLASSES,
};

struct nm_guest_class_info {
	const char *name;
	const char *shown; /* what it shows when it works */
	bool basic;	   /* nothing runs without */
};

extern const struct nm_guest_class_info nm_guest_classes[NM_GUEST_CLASSES];

struct nm_guest_fact {
	struct nm_proof canary;
	const char *remedy; /* of the canary; NULL without */
	struct nm_proof classes[NM_GUEST_CLASSES];
};

/** Writes a line; what a terminal would obey is dropped from the text. */
void nm_guest_fact_put(struct nm_text *out, const char *name, enum nm_proof_state state,
		       const char *text);
void nm_guest_fact_put_remedy(struct nm_text *out, const char *remedy);

/** The producer of the fact: runs all on the struct nm_kvm that is the context; -ENODEV without a device. */
int nm_guest_fact_produce(struct nm_text *out, void *kvm);

/** Reads such lines; -EINVAL with the line's number for anything else. */
int nm_guest_fact_parse(struct nm_arena *arena, const char *text, struct nm_guest_fact *out);

#endif
