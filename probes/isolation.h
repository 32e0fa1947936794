/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_ISOLATION_H
#define NM_PROBES_ISOLATION_H

#include "probes/probe.h"

#include <stdbool.h>

/* What the files of the isolation probe tell each other. */

/** isolation.vulnerability.*, isolation.vulnerabilities */
int nm_isolation_vulnerabilities(struct nm_probe_context *context);

/** isolation.mitigations */
int nm_isolation_mitigations(struct nm_probe_context *context);

/** isolation.parameter.*, isolation.kvm_parameters */
int nm_isolation_parameters(struct nm_probe_context *context);

/** isolation.smt_rsb */
int nm_isolation_smt_rsb(struct nm_probe_context *context);

/** What the kernel says of a vulnerability; NULL with errno. */
const char *nm_isolation_state(const struct nm_probe_context *context, const char *name);

/** pass, warn or unknown, by those words. */
enum nm_status nm_isolation_judge(const char *state);

/** For evidence: what a probe inside a guest reads is what the hypervisor wants it to see. */
const char *nm_isolation_shown_by(const struct nm_probe_context *context);

/** "a, b" for people; list is "" at first. */
const char *nm_isolation_join(const struct nm_probe_context *context, const char *list,
			      const char *name);

/** Whether a module parameter is on. */
bool nm_isolation_is_yes(const char *line);

#endif
