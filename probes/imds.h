/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_IMDS_H
#define NM_PROBES_IMDS_H

#include "probes/clouds.h"
#include "probes/probe.h"

#include <stdbool.h>

/* Instance metadata services at 169.254.169.254: asked on request only, for what names no account and no instance. */

/** Whether nestmark can ask a service of this name. */
bool nm_imds_knows(const char *service);

/**
 * Findings platform.imds.*, when context->ask_cloud says so. *type becomes the instance type as the service of this cloud
 * gave it, or stays as it is.
 */
int nm_imds_probe(struct nm_probe_context *context, const struct nm_cloud *cloud,
		  const char **type);

/** Whether a value may be kept: short, plain, and without a number as long as those of accounts and projects. */
bool nm_imds_value_ok(const char *value);

/** Writes what a service says as lines "key value"; service is a name. One second in all. */
int nm_imds_ask(struct nm_text *out, void *service);

#endif
