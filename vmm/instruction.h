/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_INSTRUCTION_H
#define NM_VMM_INSTRUCTION_H

#include <stddef.h>
#include <stdint.h>

/**
 * The mnemonic of an instruction that emulators of KVM are known to lack (SDM vol. 2, opcode maps), or NULL. It is there to
 * name what stopped a guest, not to disassemble.
 */
const char *nm_instruction_name(const uint8_t *bytes, size_t count);

/** The longest instruction (SDM vol. 2, instruction format). */
#define NM_INSTRUCTION_BYTES 15u

/** "VMCALL, instruction bytes 0f 01 c1 …": the name where it is known, and the bytes. */
void nm_instruction_describe(const uint8_t *bytes, size_t count, char *out, size_t size);

#endif
