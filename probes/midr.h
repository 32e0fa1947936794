/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_MIDR_H
#define NM_PROBES_MIDR_H

#include "core/arena.h"

#include <stdbool.h>

/** What MIDR_EL1, the Main ID Register of arm64, says. */
struct nm_midr {
	unsigned int implementer, part, variant, revision;
};

/** Reads the register as sysfs shows it, such as 0x00000000411fd401; false for anything else. */
bool nm_midr_parse(const char *line, struct nm_midr *out);

/** Reads its fields in the first block of an arm64 machine's proc/cpuinfo; false when they are not there. */
bool nm_midr_of_cpuinfo(struct nm_arena *arena, const char *cpuinfo, struct nm_midr *out);

/** Who made it, such as "Arm"; NULL when that is not known. */
const char *nm_midr_implementer(const struct nm_midr *midr);

/** Its name, such as "Neoverse-V1"; NULL when that is not known. */
const char *nm_midr_part(const struct nm_midr *midr);

#endif
