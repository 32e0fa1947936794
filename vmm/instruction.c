/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/instruction.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE 0x0f
#define REP    0xf3
#define ANY    0xff /* of the ModR/M byte */

/* What bits 7:6 of the ModR/M byte say of the operand. */
enum operand { EITHER, MEMORY, REGISTER };

/* The ModR/M byte as a whole, or the extension of the opcode in its bits 5:3. */
struct two_byte {
	uint8_t opcode;
	uint8_t modrm;	   /* ANY: not looked at here */
	uint8_t extension; /* ANY: none */
	enum operand operand;
	bool wide;     /* with REX.W only */
	bool repeated; /* with F3h, and without otherwise */
	const char *name;
};

static const struct two_byte two_bytes[] = {
	{0x01, 0xc1, ANY, EITHER, false, false, "VMCALL"},
	{0x01, 0xc8, ANY, EITHER, false, false, "MONITOR"},
	{0x01, 0xc9, ANY, EITHER, false, false, "MWAIT"},
	{0x01, 0xca, ANY, EITHER, false, false, "CLAC"},
	{0x01, 0xcb, ANY, EITHER, false, false, "STAC"},
	{0x01, 0xd0, ANY, EITHER, false, false, "XGETBV"},
	{0x01, 0xd1, ANY, EITHER, false, false, "XSETBV"},
	{0x01, 0xd9, ANY, EITHER, false, false, "VMMCALL"},
	{0x01, 0xf9, ANY, EITHER, false, false, "RDTSCP"},
	{0x02, ANY, ANY, EITHER, false, false, "LAR"},
	{0x03, ANY, ANY, EITHER, false, false, "LSL"},
	{0xae, ANY, 0, MEMORY, true, false, "FXSAVE64"},
	{0xae, ANY, 1, MEMORY, true, false, "FXRSTOR64"},
	{0xae, ANY, 4, MEMORY, false, false, "XSAVE"},
	{0xae, ANY, 5, MEMORY, false, false, "XRSTOR"},
	{0xae, ANY, 6, MEMORY, false, false, "XSAVEOPT"},
	{0xae, ANY, 5, REGISTER, false, false, "LFENCE"},
	{0xae, ANY, 6, REGISTER, false, false, "MFENCE"},
	{0xae, ANY, 7, REGISTER, false, false, "SFENCE"},
	{0xae, ANY, 0, REGISTER, false, true, "RDFSBASE"},
	{0xae, ANY, 1, REGISTER, false, true, "RDGSBASE"},
	{0xae, ANY, 2, REGISTER, false, true, "WRFSBASE"},
	{0xae, ANY, 3, REGISTER, false, true, "WRGSBASE"},
	{0xb8, ANY, ANY, EITHER, false, true, "POPCNT"},
	{0xc7, ANY, 1, MEMORY, true, false, "CMPXCHG16B"},
	{0xc7, ANY, 1, MEMORY, false, false, "CMPXCHG8B"},
	{0xc7, ANY, 3, MEMORY, false, false, "XRSTORS"},
	{0xc7, ANY, 4, MEMORY, false, false, "XSAVEC"},
	{0xc7, ANY, 5, MEMORY, false, false, "XSAVES"},
	{0xc7, ANY, 6, REGISTER, false, false, "RDRAND"},
	{0xc7, ANY, 7, REGISTER, false, false, "RDSEED"},
	{0xc7, ANY, 7, REGISTER, false, true, "RDPID"},
};

static bool is_legacy_prefix(uint8_t byte)
{
	return byte && strchr("\x66\x67\xf0\xf2\xf3\x26\x2e\x36\x3e\x64\x65", byte);
}

static const char *one_byte_name(uint8_t opcode)
{
	if (opcode >= 0xd8 && opcode <= 0xdf)
		return "an x87 instruction";
	switch (opcode) {
	case 0x62:
		return "an EVEX instruction";
	case 0x9b:
		return "FWAIT";
	case 0xc4:
	case 0xc5:
		return "a VEX instruction";
	case 0xcc:
		return "INT3";
	case 0xcd:
		return "INT n";
	default:
		return NULL;
	}
}

static bool is_it(const struct two_byte *known, uint8_t opcode, uint8_t modrm)
{
	return known->opcode == opcode && (known->modrm == ANY || known->modrm == modrm) &&
	       (known->extension == ANY || known->extension == (modrm >> 3 & 7)) &&
	       (known->operand == EITHER || known->operand == (modrm >= 0xc0 ? REGISTER : MEMORY));
}

static const char *two_byte_name(uint8_t opcode, uint8_t modrm, bool wide, bool repeated)
{
	for (size_t i = 0; i < sizeof(two_bytes) / sizeof(two_bytes[0]); i++) {
		const struct two_byte *known = &two_bytes[i];

		if (is_it(known, opcode, modrm) && (!known->wide || wide) &&
		    known->repeated == repeated)
			return known->name;
	}
	return NULL;
}

const char *nm_instruction_name(const uint8_t *bytes, size_t count)
{
	bool wide = false;
	bool repeated = false;
	size_t at = 0;

	for (; at < count && is_legacy_prefix(bytes[at]); at++)
		repeated |= bytes[at] == REP;
	if (at < count && (bytes[at] & 0xf0) == 0x40)
		wide = bytes[at++] & 8;
	if (at >= count)
		return NULL;
	if (bytes[at] != ESCAPE)
		return one_byte_name(bytes[at]);
	if (at + 2 >= count)
		return NULL;
	if (bytes[at + 1] == 0x38)
		return bytes[at + 2] == 0x82 ? "INVPCID" : NULL;
	return two_byte_name(bytes[at + 1], bytes[at + 2], wide, repeated);
}

void nm_instruction_describe(const uint8_t *bytes, size_t count, char *out, size_t size)
{
	const char *name = nm_instruction_name(bytes, count);
	int used = snprintf(out, size, "%s%sinstruction bytes", name ? name : "", name ? ", " : "");

	for (size_t i = 0; i < count; i++) {
		if (used < 0 || (size_t)used >= size)
			return;
		used += snprintf(out + used, size - (size_t)used, " %02x", bytes[i]);
	}
}
