/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

int nm_probe_svm(struct nm_probe_context *context)
{
	(void)context;
	return 0;
}
