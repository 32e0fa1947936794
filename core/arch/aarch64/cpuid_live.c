/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpuid.h"

#include "core/error.h"

struct nm_cpuid nm_cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)leaf;
	(void)subleaf;
	return (struct nm_cpuid) {0};
}

int nm_cpuid_dump(struct nm_text *out)
{
	(void)out;
	return nm_fail(ENOTSUP, "arm64 has no CPUID");
}
