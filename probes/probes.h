/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_PROBES_H
#define NM_PROBES_PROBES_H

#include "probes/probe.h"

/* One per file; registry.c puts them in order. */
int nm_probe_cpu(struct nm_probe_context *context);
int nm_probe_arm_cpu(struct nm_probe_context *context);
int nm_probe_cpu_flags(struct nm_probe_context *context);
int nm_probe_platform(struct nm_probe_context *context);
int nm_probe_kernel(struct nm_probe_context *context);
int nm_probe_topology(struct nm_probe_context *context);
int nm_probe_memory(struct nm_probe_context *context);
int nm_probe_kvm(struct nm_probe_context *context);
int nm_probe_vmx(struct nm_probe_context *context);
int nm_probe_svm(struct nm_probe_context *context);
int nm_probe_arm(struct nm_probe_context *context);
int nm_probe_nesting(struct nm_probe_context *context);
int nm_probe_isolation(struct nm_probe_context *context);
int nm_probe_devices(struct nm_probe_context *context);
int nm_probe_privileges(struct nm_probe_context *context);
int nm_probe_guest(struct nm_probe_context *context);
int nm_probe_linux(struct nm_probe_context *context);
int nm_probe_time(struct nm_probe_context *context);
int nm_probe_verdict(struct nm_probe_context *context);

#endif
