/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/midr.h"

#include "core/root.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ARM   0x41
#define APPLE 0x61

/* Implementers and parts as arch/arm64/include/asm/cputype.h has them from the manuals of these CPUs. */
static const struct {
	unsigned int implementer;
	const char *name;
} implementers[] = {
	{ARM, "Arm"},	     {0x42, "Broadcom"}, {0x43, "Cavium"},   {0x46, "Fujitsu"},
	{0x48, "HiSilicon"}, {0x4e, "NVIDIA"},	 {0x51, "Qualcomm"}, {APPLE, "Apple"},
	{0x6d, "Microsoft"}, {0xc0, "Ampere"},
};

static const struct {
	unsigned int implementer, part;
	const char *name;
} parts[] = {
	{ARM, 0xd03, "Cortex-A53"},	   {ARM, 0xd05, "Cortex-A55"},
	{ARM, 0xd07, "Cortex-A57"},	   {ARM, 0xd08, "Cortex-A72"},
	{ARM, 0xd09, "Cortex-A73"},	   {ARM, 0xd0a, "Cortex-A75"},
	{ARM, 0xd0b, "Cortex-A76"},	   {ARM, 0xd0c, "Neoverse-N1"},
	{ARM, 0xd0d, "Cortex-A77"},	   {ARM, 0xd40, "Neoverse-V1"},
	{ARM, 0xd41, "Cortex-A78"},	   {ARM, 0xd49, "Neoverse-N2"},
	{ARM, 0xd4f, "Neoverse-V2"},	   {ARM, 0xd84, "Neoverse-V3"},
	{ARM, 0xd83, "Neoverse-V3AE"},	   {ARM, 0xd8e, "Neoverse-N3"},
	{0x43, 0x0af, "ThunderX2"},	   {0x46, 0x001, "A64FX"},
	{APPLE, 0x022, "M1 Icestorm"},	   {APPLE, 0x023, "M1 Firestorm"},
	{APPLE, 0x024, "M1 Icestorm Pro"}, {APPLE, 0x025, "M1 Firestorm Pro"},
	{APPLE, 0x028, "M1 Icestorm Max"}, {APPLE, 0x029, "M1 Firestorm Max"},
	{APPLE, 0x032, "M2 Blizzard"},	   {APPLE, 0x033, "M2 Avalanche"},
	{APPLE, 0x034, "M2 Blizzard Pro"}, {APPLE, 0x035, "M2 Avalanche Pro"},
	{APPLE, 0x038, "M2 Blizzard Max"}, {APPLE, 0x039, "M2 Avalanche Max"},
	{0x6d, 0xd49, "Azure Cobalt 100"}, {0xc0, 0xac3, "Ampere-1"},
	{0xc0, 0xac4, "Ampere-1A"},
};

/* The whole text as a number: in hexadecimal behind 0x, else in decimal. */
static bool parse_number(const char *text, unsigned long max, unsigned long *out)
{
	const bool hexadecimal = text && !strncmp(text, "0x", 2);
	const char *digits = text && hexadecimal ? text + 2 : text;
	char *end;

	if (!digits || !*digits || strspn(digits, "0123456789abcdef") != strlen(digits))
		return false;
	*out = strtoul(digits, &end, hexadecimal ? 16 : 10);
	return !*end && strlen(digits) <= 16 && *out <= max;
}

bool nm_midr_parse(const char *line, struct nm_midr *out)
{
	unsigned long value;

	/* The upper half is reserved. */
	if (!parse_number(line, 0xffffffff, &value) || line[1] != 'x')
		return false;
	*out = (struct nm_midr) {.implementer = (unsigned int)(value >> 24 & 0xff),
				 .variant = (unsigned int)(value >> 20 & 0xf),
				 .part = (unsigned int)(value >> 4 & 0xfff),
				 .revision = (unsigned int)(value & 0xf)};
	return true;
}

static bool read_field(struct nm_arena *arena, const char *cpuinfo, const char *key,
		       unsigned long max, unsigned int *out)
{
	unsigned long value;

	if (!parse_number(nm_text_field(arena, cpuinfo, key), max, &value))
		return false;
	*out = (unsigned int)value;
	return true;
}

bool nm_midr_of_cpuinfo(struct nm_arena *arena, const char *cpuinfo, struct nm_midr *out)
{
	return read_field(arena, cpuinfo, "CPU implementer", 0xff, &out->implementer) &&
	       read_field(arena, cpuinfo, "CPU part", 0xfff, &out->part) &&
	       read_field(arena, cpuinfo, "CPU variant", 0xf, &out->variant) &&
	       read_field(arena, cpuinfo, "CPU revision", 0xf, &out->revision);
}

const char *nm_midr_implementer(const struct nm_midr *midr)
{
	for (size_t i = 0; i < sizeof(implementers) / sizeof(implementers[0]); i++)
		if (implementers[i].implementer == midr->implementer)
			return implementers[i].name;
	return NULL;
}

const char *nm_midr_part(const struct nm_midr *midr)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].implementer == midr->implementer && parts[i].part == midr->part)
			return parts[i].name;
	return NULL;
}
