/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_STUDENT_H
#define NM_ANALYSIS_STUDENT_H

#include <stddef.h>

/**
 * Student's t-test of two samples with equal variance, two-sided; scipy's ttest_ind(). 0 when both are constant and
 * differ, 1 when they are constant and the same. Each sample has a value, and both together have three.
 */
double nm_student_p(const double *a, size_t a_count, const double *b, size_t b_count);

#endif
