/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_KVM_MODULES_H
#define NM_PROBES_KVM_MODULES_H

#include "probes/probe.h"

/** kvm.modules, kvm.backend, kvm.nested and kvm.parameter.*: what /sys/module says of KVM. */
int nm_kvm_modules(struct nm_probe_context *context);

#endif
