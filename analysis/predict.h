/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_PREDICT_H
#define NM_ANALYSIS_PREDICT_H

#include "core/prediction.h"

/**
 * Prices the exits in the profile of one run by what exits cost in another, or the same; out must be zeroed and refers to both.
 * -ENODATA without a profile; -EINVAL when one counts instructions and the other time.
 */
int nm_predict(const struct nm_document *profile, const struct nm_document *costs,
	       struct nm_prediction *out);

#endif
