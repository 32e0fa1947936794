/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_FAMILY_H
#define NM_ANALYSIS_FAMILY_H

#include <stddef.h>

/** One of several tests that are judged together. */
struct nm_test {
	double p;
	double *adjusted; /* where its adjusted p goes */
};

/**
 * Adjusts the p-values of a family for the share of false discoveries (Benjamini and Hochberg, 1995; R's p.adjust with
 * method "BH"). Sorts tests. A p of NAN must not be among them.
 */
void nm_family_adjust(struct nm_test *tests, size_t count);

#endif
