/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_EXIT_PROFILE_H
#define NM_BENCHMARKS_LINUX_EXIT_PROFILE_H

#include "core/document.h"

/** Fills document->exit_profile from the measurements of the agent in guests, once they are summarised. */
int nm_exit_profile_fill(struct nm_document *document);

#endif
