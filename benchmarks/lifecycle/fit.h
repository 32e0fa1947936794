/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LIFECYCLE_FIT_H
#define NM_BENCHMARKS_LIFECYCLE_FIT_H

#include "core/document.h"

/** The p99 of an exit may double unless the user says otherwise. */
#define NM_DENSITY_FACTOR     2.0
#define NM_DENSITY_MAX_FACTOR 1000.0

/**
 * Fills document->density from the measurements of life.density.*, once they are summarised and related to each other: how many
 * guests fit.
 */
int nm_density_fit(struct nm_document *document);

#endif
