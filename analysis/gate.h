/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_GATE_H
#define NM_ANALYSIS_GATE_H

#include "analysis/compare.h"

/** Judges a comparison by its policy: fills comparison->gate. */
int nm_gate_judge(struct nm_comparison *comparison, const struct nm_compare_request *request);

#endif
