/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_EVIDENCE_H
#define NM_PROBES_EVIDENCE_H

#include "probes/probe.h"

/** Why something could not be read, behind "/path: " in evidence. EBADMSG stands for a text that was not understood. */
const char *nm_why_not(int error);

/** A finding that could not be made because of a file, with that reason as evidence. */
int nm_unread_add(struct nm_probe_context *context, const char *id, const char *path, int error);

/** A file's or user's text made fit for a finding: one line, printable, bounded. "" for NULL. */
const char *nm_clean(const struct nm_probe_context *context, const char *text);

#endif
