/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_PROBE_H
#define NM_PROBES_PROBE_H

#include "core/cpuid.h"
#include "core/document.h"
#include "core/root.h"
#include "core/topology.h"
#include "probes/kvm_view.h"
#include "vmm/kvm.h"

#include <stdbool.h>

/** What all probes look at and where they put what they found. */
struct nm_probe_context {
	const struct nm_root *root;
	const struct nm_topology *topology; /* NULL on a recorded machine */
	const char *kvm_device;
	bool run_guest; /* whether guests may be started */
	bool prove_linux;
	const char *linux_kernel; /* that is to be booted; NULL: this machine's own */
	uint64_t linux_limit_ns;
	bool ask_cloud; /* whether the instance metadata service may be asked */
	const char *
		cloud_service; /* which: "ec2", "gce", "azure"; NULL: that of the recognised cloud */
	struct nm_arena *arena;
	struct nm_findings *findings;
	struct nm_machine *machine;
	struct nm_kvm kvm; /* fd is -1 until the device was opened; the caller closes it */
	struct nm_cpuid_table cpuid; /* of this machine's CPU; empty where it cannot be had */
	struct nm_kvm_view kvm_view; /* what KVM answered */
	struct nm_kept *kept; /* files that were read (probes/kept.h); NULL: they are not kept */
	uint64_t started_ns;  /* CLOCK_MONOTONIC_RAW and TSC when the probes began */
	uint64_t started_tsc;
	uint64_t started_width; /* in TSC ticks: how far apart the two may have been read */
};

/** A probe is one file and one line in registry.c. It returns 0, or -errno when it could not record what it saw. */
struct nm_probe {
	const char *name;
	int (*run)(struct nm_probe_context *context);
	const char *
		architecture; /* of the machines that it is about, as cpu.architecture; NULL: all */
};

/** Runs all probes in order. Facts that cannot be had are findings with status unknown, not errors. */
int nm_probe_all(struct nm_probe_context *context);

/** Adds a finding; its strings are copied. */
int nm_finding_add(struct nm_probe_context *context, const char *id, enum nm_status status,
		   struct nm_value value, const char *remedy, const char *evidence, ...)
	__attribute__((format(printf, 6, 7)));

/** The same for one of many that only those want to see who ask for all: a capability, a bit, a parameter. */
int nm_detail_add(struct nm_probe_context *context, const char *id, enum nm_status status,
		  struct nm_value value, const char *remedy, const char *evidence, ...)
	__attribute__((format(printf, 6, 7)));

/** A finding that could not be made: status unknown, no value. */
int nm_unknown_add(struct nm_probe_context *context, const char *id, const char *remedy,
		   const char *evidence, ...) __attribute__((format(printf, 4, 5)));

/* What earlier probes found. */

/** The finding, or NULL. */
const struct nm_finding *nm_found(const struct nm_probe_context *context, const char *id);

/** Whether there is such a finding with this status. */
bool nm_found_status(const struct nm_probe_context *context, const char *id, enum nm_status status);
bool nm_found_pass(const struct nm_probe_context *context, const char *id);

/** The string value of a finding; "" when it has none. */
const char *nm_found_string(const struct nm_probe_context *context, const char *id);

/** Whether its string value is this one. */
bool nm_found_is(const struct nm_probe_context *context, const char *id, const char *value);

/**
 * cpu.architecture, by which probes and names are chosen. A machine of which it is not known is taken for x86-64, whose probes
 * then say what is unknown.
 */
const char *nm_found_architecture(const struct nm_probe_context *context);
bool nm_found_arm64(const struct nm_probe_context *context);

/** The boolean value of a finding; false when it has none. */
bool nm_found_true(const struct nm_probe_context *context, const char *id);

#endif
