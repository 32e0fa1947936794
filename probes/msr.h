/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_MSR_H
#define NM_PROBES_MSR_H

#include "probes/probe.h"

#include <stdbool.h>

#define NM_MSR_SOURCE "/dev/cpu/0/msr"

enum nm_virtualization {
	NM_VIRTUALIZATION_NONE,
	NM_VIRTUALIZATION_VMX,
	NM_VIRTUALIZATION_SVM,
};

/** What the CPU shows to this machine; leaf 8000000Ah means SVM on CPUs with SVM only. */
enum nm_virtualization nm_virtualization(const struct nm_probe_context *context);

/**
 * The CPU's own registers about VMX or SVM, by the msr device: the fact "msr". 0, or -errno when the device cannot
 * be opened (nm_msr_remedy() tells what to do) and -EINVAL when a recorded fact is not as it is written.
 */
int nm_msr_read(const struct nm_probe_context *context, enum nm_virtualization kind,
		struct nm_msrs *out);

/** What gives access to the msr device after a negative errno of nm_msr_read(); NULL when nothing does. */
const char *nm_msr_remedy(int error);

/** Why nm_msr_read() failed, in words. */
const char *nm_msr_trouble(int error);

#endif
